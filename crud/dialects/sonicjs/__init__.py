"""SonicJS: `/v1/:table` in its first generation's shapes (bare rows), `/api/v1/:table` in its second's (wrapped).

In: paths and parameters of that dialect. Out: rows, or `{"message": …}`. Source: seed document of SonicJS.
"""

from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType

from flask import Response
from werkzeug.exceptions import MethodNotAllowed

from crud import auth, service
from crud.dialect import Dialect, answer, context, mount, open_resource, reader, scope
from crud.dialects.sonicjs.forms import form_of
from crud.dialects.sonicjs.parameters import Listing, as_asked, parse_list, parse_one
from crud.errors import ApiError
from crud.params import Reader
from crud.paths import Scope, by_key
from crud.presentation import Presentation
from crud.state import Context
from crud.system import ACCOUNTS
from crud.wanted import Wanted, parts
from sql.catalog import Resource
from sql.query import Query

V1 = mount("sonicjs", "/v1")
API_V1 = mount("sonicjs", "/api/v1")
Row = dict[str, object]

# kind → (status, text); a kind that is not here keeps its own.
WORDING: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "unauthorized": (401, "Unauthorized"),
        "invalid_token": (401, "Unauthorized"),
        "forbidden": (401, "Unauthorized"),
        "unknown_path": (404, "Not Found"),
        "missing_row": (404, "Not Found"),
    }
)


def render_error(error: ApiError) -> tuple[object, int]:
    """A refusal in SonicJS's envelope."""
    status, text = WORDING.get(error.kind, (error.status, error.message))
    if error.kind == "unknown_resource" and error.field:
        text = f'Table "{error.field}" not defined in your schema'
    return {"message": text}, status


dialect = Dialect("sonicjs", (V1, API_V1), render_error)

# ---------------------------------------------------------------- views


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
    return answer(_first(rows_of(within, listing, resource, rows=service.read(context(), listing.asked).rows)))


@V1.blueprint.get("/user")
def get_user_bare() -> Response:
    """The caller's own row, bare."""
    return answer(read_user(reader()))


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
    return answer(wrapped(row, 1, started))


@API_V1.blueprint.get("/user")
def get_user_wrapped() -> Response:
    """The caller's own row."""
    started = perf_counter()
    return answer(wrapped(read_user(reader()), 1, started))


@V1.blueprint.get("/auth")
@API_V1.blueprint.get("/auth")
def refuse_reserved() -> Response:
    """A reserved word is no table, whatever the method."""
    raise MethodNotAllowed


@V1.blueprint.get("/user/<path:rest>")
@V1.blueprint.get("/auth/<path:rest>")
@API_V1.blueprint.get("/user/<path:rest>")
@API_V1.blueprint.get("/auth/<path:rest>")
def refuse_below_reserved(rest: str) -> Response:
    """There is nothing below a reserved word."""
    raise ApiError("unknown_path", "Not Found")


def names() -> Scope:
    """What this request is parsed in: SonicJS's names as the caller sees them."""
    return scope("sonicjs")


def rows_of(within: Scope, listing: Listing, resource: Resource, *, rows: list[Row]) -> list[Row]:
    """The rows, each with its table's form where that was asked for."""
    if listing.content_type:
        assert isinstance(within.names, Presentation)
        form = form_of(within.names, resource)
        for row in rows:
            row.setdefault("contentType", form)
    return rows


def wrapped(data: object, total: int, started: float) -> Row:
    """The second generation's envelope. Rows of a list carry the total too, unless a column is called so."""
    for row in data if isinstance(data, list) else ():
        row.setdefault("total", total)
    milliseconds = round((perf_counter() - started) * 1000)
    return {"data": data, "source": "d1", "total": total, "executionTime": milliseconds}


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
    actor = auth.actor_of(asking.snapshot, token)
    if asking.actor.id not in (None, actor.id):
        raise ApiError("invalid_token", "Unauthorized")
    return Context(asking.snapshot, actor)
