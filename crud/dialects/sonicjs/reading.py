"""What SonicJS answers to `GET`, in both of its generations.

In: requests. Out: rows, bare under `/v1` and wrapped under `/api/v1`; one record carries its entity tag.
"""

from time import perf_counter

from flask import Response

from crud import service
from crud.dialect import answer, context, open_resource, reader, scope
from crud.dialects.sonicjs.forms import form_of
from crud.dialects.sonicjs.mounts import API_V1, V1, Row, names, wrapped
from crud.dialects.sonicjs.parameters import Listing, as_asked, parse_list, parse_one
from crud.errors import ApiError
from crud.identity.callers import actor_of
from crud.params import Reader
from crud.paths import Scope, by_key
from crud.presentation import Presentation
from crud.request import tagged
from crud.state import Context
from crud.system import ACCOUNTS
from crud.wanted import Wanted, parts
from sql.catalog import Resource
from sql.query import Query


@V1.blueprint.get("/<table>")
def list_bare(table: str) -> Response:
    """The rows of a table, bare."""
    resource, within = open_resource("sonicjs", table), names()
    listing = parse_list(within, resource, reader(), limits=context().snapshot.config.limits)
    return answer(rows_of(within, listing, resource, rows=service.read(context(), listing.asked).rows))


@V1.blueprint.get("/<table>/<key>")
def get_bare(table: str, key: str) -> Response:
    """The row of a key, bare."""
    resource, within = open_resource("sonicjs", table), names()
    listing = parse_one(within, resource, reader(), key=key)
    row = _first(rows_of(within, listing, resource, rows=service.read(context(), listing.asked).rows))
    return tagged(row, row)


@V1.blueprint.get("/user")
def get_user_bare() -> Response:
    """The caller's own row, bare."""
    row = read_user(reader())
    return tagged(row, row)


@API_V1.blueprint.get("/<table>")
def list_wrapped(table: str) -> Response:
    """The rows of a table, with how many there are."""
    started = perf_counter()
    resource, within = open_resource("sonicjs", table), names()
    listing = parse_list(within, resource, reader(), limits=context().snapshot.config.limits, total=True)
    result = service.read(context(), listing.asked)
    return answer(wrapped(rows_of(within, listing, resource, rows=result.rows), result.total or 0, started))


@API_V1.blueprint.get("/<table>/<key>")
def get_wrapped(table: str, key: str) -> Response:
    """The row of a key."""
    started = perf_counter()
    resource, within = open_resource("sonicjs", table), names()
    listing = parse_one(within, resource, reader(), key=key)
    row = _first(rows_of(within, listing, resource, rows=service.read(context(), listing.asked).rows))
    return tagged(row, wrapped(row, 1, started))


@API_V1.blueprint.get("/user")
def get_user_wrapped() -> Response:
    """The caller's own row."""
    started = perf_counter()
    row = read_user(reader())
    return tagged(row, wrapped(row, 1, started))


def rows_of(within: Scope, listing: Listing, resource: Resource, *, rows: list[Row]) -> list[Row]:
    """The rows, each with its table's form where that was asked for."""
    if listing.content_type:
        assert isinstance(within.names, Presentation)
        form = form_of(within.names, resource)
        for row in rows:
            row.setdefault("contentType", form)
    return rows


def _first(rows: list[Row]) -> Row:
    if not rows:
        raise ApiError("missing_row", "Not Found")
    return rows[0]


# ---------------------------------------------------------------- the caller's own row


def read_user(reader: Reader) -> Row:
    """The account behind the bearer, or behind `sessionId`; where both are given they must agree."""
    session = reader.take("sessionId")
    reader.finish()
    asking = context() if session is None else by_session(context(), session)
    if asking.actor.id is None:
        raise ApiError("unauthorized", "Unauthorized")
    accounts = asking.snapshot.catalog.resource(ACCOUNTS)
    within = scope("sonicjs", asking)
    select, _ = parts(within, Wanted(accounts, star=True))
    query = Query(accounts.name, select, by_key(within, accounts, asking.actor.id))
    return _first(service.read(asking, as_asked(within, query)).rows)


def by_session(asking: Context, token: str) -> Context:
    """The context of a session's token."""
    actor = actor_of(asking.snapshot, token)
    if asking.actor.id not in (None, actor.id):
        raise ApiError("invalid_token", "Unauthorized")
    return Context(asking.snapshot, actor)
