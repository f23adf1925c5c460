"""What SonicJS answers to `GET`, in both of its generations.

In: requests. Out: rows, bare under `/v1` and wrapped under `/api/v1`; one record carries its entity tag.
"""

from time import perf_counter

from flask import Response

from crud import service
from crud.dialects.sonicjs.forms import form_of
from crud.dialects.sonicjs.mounts import API_V1, V1, Row, names, wrapped
from crud.dialects.sonicjs.parameters import Listing, parse_list, parse_one
from crud.errors import ApiError
from crud.presentation import Presentation
from crud.web.dialect import answer, context, open_resource, reader
from crud.web.request import tagged
from crud.wire.paths import Scope
from sql.catalog import Resource


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
