"""Xond's answers: four keys, whatever happened.

In: results, written rows, `ApiError`s. Out: JSON data and statuses.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flask import request

from crud.dialects.xond.parsing import Listing
from crud.errors import ApiError, Mistake, said
from crud.presentation import View
from crud.service import Result
from crud.web.refusals import MOST_SAID

Row = dict[str, object]


def envelope(data: object, pagination: object = None) -> Row:
    """The four keys of every answer."""
    return {"success": True, "data": data, "pagination": pagination, "error": None}


def render_list(result: Result, listing: Listing) -> Row:
    """A page with its pagination, or the count alone."""
    total = result.total or 0
    if listing.count:
        return envelope({"count": total})
    pages = -(-total // listing.size)
    counted = {"totalRecords": total, "totalPages": pages, "currentPage": listing.page, "pageSize": listing.size}
    return envelope(result.rows, counted)


def render_one(result: Result) -> Row:
    """The record, or the refusal of one that is not there."""
    if not result.rows:
        raise ApiError("missing_row", "Record not found")
    return result.rows[0]


def written_row(view: View, rows: tuple[Row, ...], keys: tuple[Row, ...]) -> Row:
    """The written record; its key alone for a caller who may not read it."""
    if rows:
        return rows[0]
    return view.renamed(keys[0]) if keys else {}


# ---------------------------------------------------------------- refusals

# method → what is said of a record that is not there, or out of the caller's reach: both in the same words.
MISSING: Mapping[str, str] = MappingProxyType(
    {
        "PUT": "Record not found or cannot be updated",
        "DELETE": "Record not found or cannot be deleted",
    }
)


def render_error(error: ApiError) -> tuple[object, int]:
    """A refusal: what the caller can mend is named, what is ours has the document's text."""
    return {"success": False, "data": None, "pagination": None, "error": message_of(error)}, error.status


def message_of(error: ApiError) -> str:
    """The text of a refusal."""
    match error.kind, error.details:
        case "internal", _:
            return "An error occurred while fetching data."
        case "missing_row", _:
            return MISSING.get(request.method, "Record not found")
        case "invalid", [*mistakes] if mistakes:
            return "; ".join(_said(mistake) for mistake in mistakes[:MOST_SAID] if isinstance(mistake, dict))
        case _:
            return error.message


def _said(mistake: Row) -> str:
    """A mistake with the path to its field: `orderItems[0].quantity`."""
    name, message, rule = (str(mistake[key]) for key in ("field", "message", "rule"))
    at = f"{mistake['at']}." if "at" in mistake else ""
    return said(Mistake(name, message, rule), f"{at}{name}")
