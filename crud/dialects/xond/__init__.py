"""Xond: reading under `/json` as Prisma-style front ends ask for it.

In: `GET /json/:resource` and `/json/:resource/:id` with JSON lists of conditions in the query string.
Out: always the four keys success, data, pagination, error. Grammar: docs/dialects/xond.md; parsers: `parsing`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flask import Response

from crud import service
from crud.dialect import Dialect, answer, context, mount, open_resource, reader, scope
from crud.dialects.xond.parsing import Listing, parse_list, parse_one
from crud.errors import ApiError
from crud.grammar import Grammar
from sql.catalog import Resource

API = mount("xond", "/json", cookie="jwtCookie")


@API.blueprint.get("/<name>")
def list_records(name: str) -> Response:
    """A page of records, or their count."""
    resource = opened(name)
    listing = parse_list(grammar(), resource, reader())
    return answer(render_list(service.read(context(), listing.asked), listing))


@API.blueprint.get("/<name>/<id>")
def get_record(name: str, id: str) -> Response:
    """One record by its key."""
    resource = opened(name)
    asked = parse_one(grammar(), resource, id, query=reader())
    return answer(envelope(render_one(service.read(context(), asked))))


def opened(name: str) -> Resource:
    """The resource, if the caller may read it. An anonymous caller who may not is asked for a token."""
    try:
        return open_resource("xond", name)
    except ApiError as error:
        if error.kind == "forbidden" and context().actor.id is None:
            raise ApiError("unauthorized", "Authentication required") from None
        raise


def grammar() -> Grammar:
    """What the parsers of this request work in: names as this caller may know them."""
    return Grammar(scope("xond"), context().snapshot.config.limits)


# ---------------------------------------------------------------- answers


def envelope(data: object, pagination: object = None) -> dict[str, object]:
    """The four keys of every answer."""
    return {"success": True, "data": data, "pagination": pagination, "error": None}


def render_list(result: service.Result, listing: Listing) -> dict[str, object]:
    """A page with its pagination, or the count alone."""
    total = result.total or 0
    if listing.count:
        return envelope({"count": total})
    pages = -(-total // listing.size)
    counted = {"totalRecords": total, "totalPages": pages, "currentPage": listing.page, "pageSize": listing.size}
    return envelope(result.rows, counted)


def render_one(result: service.Result) -> dict[str, object]:
    """The record, or the refusal of one that is not there."""
    if not result.rows:
        raise ApiError("missing_row", "Record not found")
    return result.rows[0]


def render_error(error: ApiError) -> tuple[object, int]:
    """A refusal: what the caller can mend is named, what is ours has the document's text."""
    message = TEXTS.get(error.kind, error.message)
    return {"success": False, "data": None, "pagination": None, "error": message}, error.status


# kind → text, whatever was said: a key that cannot be one is told in no other words than a missing row.
TEXTS: Mapping[str, str] = MappingProxyType(
    {"internal": "An error occurred while fetching data.", "missing_row": "Record not found"}
)


dialect = Dialect("xond", (API,), render_error)
