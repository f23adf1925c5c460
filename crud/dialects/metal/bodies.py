"""Metal's bodies: what a POST, PATCH or DELETE says of rows and of the condition that finds them.

In: the object of a body. Out: `Insert`, `Update`, `Delete`, or the select that a POST without data is. Members are
checked as Metal's own validator does: which there are, and of what kind; then they mean what they mean in a GET.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from types import MappingProxyType

from crud.dialects.metal.parsing import Selection, parse_where, selection
from crud.errors import ApiError
from crud.limits import check_filter
from crud.presentation import View
from crud.wire.bodies import row_of
from crud.wire.grammar import Grammar
from sql.catalog import Column, Resource
from sql.commands import Delete, Insert, Update
from sql.expressions import TRUE, Filter

Body = Mapping[str, object]
Columns = Mapping[str, Column]

# member → what it may be, and the word for it
MEMBERS: Mapping[str, tuple[tuple[type, ...], str]] = MappingProxyType(
    {
        "data": ((dict, list), "object or array"),
        "filter": ((dict, str), "object"),
        "filter-expression": ((str,), "string"),
        "fields": ((str,), "string"),
        "sort": ((dict, str), "object or string"),
        "cache": ((int, Decimal, str), "number"),
        "username": ((str,), "string"),
        "password": ((str, int, Decimal), "string"),
    }
)
CONDITIONS = ("filter", "filter-expression")
SELECT = ("fields", "filter", "filter-expression", "sort", "cache")


def is_select(body: Body) -> bool:
    """Whether a POST asks for rows instead of sending some."""
    return "data" not in body and any(name in body for name in CONDITIONS)


def parse_insert(at: Grammar, view: View, columns: Columns, body: Body) -> Insert:
    """`{"data": {…}}` or `{"data": [{…}, …]}`."""
    members(body, "data", required=("data",))
    data = body["data"]
    if not isinstance(data, list):
        return Insert(view.resource.name, (row(at, view, columns, data, place="data"),), at="data")
    if len(data) > at.limits.list_items:
        raise wrong("data", f"must NOT have more than {at.limits.list_items} items", "maxItems")
    rows = (row(at, view, columns, item, place=f"data[{index}]") for index, item in enumerate(data))
    return Insert(view.resource.name, tuple(rows), at="data")


def row(at: Grammar, view: View, columns: Columns, data: object, *, place: str) -> dict[str, object]:
    """One object of `data`."""
    if not isinstance(data, dict):
        raise wrong(place, "must be object", "type")
    with in_body():
        meant = at.texts.inside(data, place)
    return row_of(view, columns, meant, drop_unknown=False, at=place).row


def parse_update(at: Grammar, view: View, columns: Columns, body: Body, *, guarded: bool) -> Update:
    """`{"filter": …, "filter-expression": …, "data": {…}}`: without a condition, every row. `guarded`: not without."""
    members(body, "data", *CONDITIONS, required=("data",))
    changes = row(at, view, columns, body["data"], place="data")
    where = condition(at, view.resource, body, guarded=guarded)
    return Update(view.resource.name, where, changes, at.scope.filled, at="data")


def parse_delete(at: Grammar, resource: Resource, body: Body, *, guarded: bool) -> Delete:
    """`{"filter": …, "filter-expression": …}`, or nothing at all: every row."""
    members(body, *CONDITIONS)
    where = condition(at, resource, body, guarded=guarded)
    return Delete(resource.name, where, at.scope.filled)


def parse_posted_select(at: Grammar, resource: Resource, body: Body) -> Selection:
    """The select of a POST without data."""
    members(body, *SELECT)
    with in_body():
        return selection(at, resource, body)


def condition(at: Grammar, resource: Resource, body: Body, *, guarded: bool) -> Filter:
    """The rows that a change is for. An empty filter finds all of them."""
    with in_body():
        where = parse_where(at, resource, body)
        check_filter(where, at.limits)
    if guarded and where == TRUE:
        raise wrong("", "must have property 'filter' or 'filter-expression': this schema requires one", "required")
    return where


# ---------------------------------------------------------------- Metal's validator


def members(body: Body, *known: str, required: tuple[str, ...] = ()) -> None:
    """Refuse a body that lacks what it needs, has a member that means nothing here, or one of the wrong kind."""
    for name in required:
        if name not in body:
            raise wrong("", f"must have required property '{name}'", "required", at=name)
    for name, value in body.items():
        if name not in known:
            raise wrong("", f"must NOT have additional property '{name[:40]}'", "additionalProperties", at=name[:40])
        kinds, word = MEMBERS[name]
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise wrong(name, f"must be {word}", "type")


def wrong(place: str, problem: str, rule: str, *, at: str = "") -> ApiError:
    """What Metal's validator says of a body: `request/body/data must be object`."""
    path = "/".join(("", "body", *(part for part in (place or at,) if part)))
    told = {"path": path, "message": problem, "errorCode": f"{rule}.openapi.validation"}
    subject = f"request/body/{place}" if place else "request/body"
    return ApiError("bad_body", f"{subject} {problem}", parameter="body", details=[told])


@contextmanager
def in_body() -> Iterator[None]:
    """A mistake in a parameter is one in the body here."""
    try:
        yield
    except ApiError as error:
        if error.kind != "bad_parameter" or not error.parameter:
            raise
        message = error.message.replace("request/query/", "request/body/")
        raise ApiError(error.kind, message, field=error.field, parameter=f"/body/{error.parameter}") from None
