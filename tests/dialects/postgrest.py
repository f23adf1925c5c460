"""A sixth dialect, in the words of PostgREST, reading only: the proof of what adding a dialect takes.

In: `/rest/posts?select=id,title,comments(*)&published=is.true&order=id.desc&limit=3`. Out: a bare array.
"""

import csv
import re

from flask import Response, request

from crud import service
from crud.errors import ApiError, bad_parameter
from crud.web.dialect import Dialect, answer, context, mount, open_resource, reader, scope
from crud.wire.params import Reader, comma_list, whole_number
from crud.wire.paths import Scope, Values, all_of, compare, page, reach, to_one_path
from crud.wire.wanted import Wanted, add, parts
from sql.catalog import Resource
from sql.expressions import Filter, Not
from sql.query import Asked, Query, Sort

API = mount("postgrest", "/rest")
RESERVED = ("select", "order", "limit", "offset")
OPERATORS = {"neq": "ne", **{word: word for word in ("eq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is")}}
WORDS = {"null": None, "true": True, "false": False}
SPLIT = re.compile(r"\s*([(),])\s*")


@API.blueprint.get("/<name>")
def rows(name: str) -> Response:
    resource = open_resource("postgrest", name)
    fields = [name for name in request.args if name not in RESERVED]
    return answer(service.read(context(), parse(scope("postgrest"), resource, reader(), fields)).rows)


def render_error(error: ApiError) -> tuple[object, int]:
    return {"code": error.kind, "message": error.message, "details": None, "hint": None}, error.status


dialect = Dialect("postgrest", (API,), render_error)


def parse(scope: Scope, resource: Resource, reader: Reader, fields: list[str]) -> Asked:
    """What a request asks."""
    assert isinstance(scope.values, Values)
    where = all_of(_condition(scope, resource, name, text) for name in fields for text in reader.take_all(name))
    sort = tuple(_sort(scope, resource, key) for key in comma_list(reader.take("order") or ""))
    wanted = Wanted(resource)
    for name in _names(reader.take("select") or "*"):
        add(scope, wanted, name, "select", depth=3)
    select, include = parts(scope, wanted)
    limit, offset = reader.take("limit"), reader.take("offset")
    most = whole_number(limit, "limit", low=0, high=10**9) if limit is not None else None
    paged = page(scope.values, most, whole_number(offset, "offset", low=0, high=10**9) if offset else 0)
    reader.finish()
    return Asked(Query(resource.name, select, where, sort, paged, include), scope.filled)


def _condition(scope: Scope, resource: Resource, name: str, text: str) -> Filter:
    """`field=operator.value`, `field=not.operator.value`."""
    reached = reach(scope, resource, name, name)
    if text.startswith("not."):
        return Not(_condition(scope, resource, name, text[4:]))
    word, _, raw = text.partition(".")
    match OPERATORS.get(word):
        case None:
            raise bad_parameter(name, f"unknown operator {word[:40]!r}; expected one of {', '.join(OPERATORS)}")
        case "is" if raw in WORDS:
            return compare(scope, reached, "eq", WORDS[raw])
        case "in" if raw[:1] == "(" and raw[-1:] == ")":
            return compare(scope, reached, "in", next(csv.reader([raw[1:-1]]), []))
        case "is" | "in":
            raise bad_parameter(name, "expected is.null, is.true, is.false or in.(a,b)")
        case "like" | "ilike" as op:
            return compare(scope, reached, op, raw.replace("*", "%"))
        case op:
            return compare(scope, reached, op, raw)


def _sort(scope: Scope, resource: Resource, key: str) -> Sort:
    name, _, direction = key.partition(".")
    if direction not in ("", "asc", "desc"):
        raise bad_parameter("order", f"{direction[:40]!r} is not asc or desc")
    return Sort(to_one_path(reach(scope, resource, name, "order")), direction == "desc")


def _names(text: str) -> list[str]:
    """`a,b,rel(c,*)` as a, b, rel.c, rel.*"""
    names: list[str] = []
    outer, last = [""], ""
    for token in filter(None, SPLIT.split(text)):
        match token:
            case "(" if last:
                outer.append(f"{names.pop()}.")
            case ")" if len(outer) > 1:
                outer.pop()
            case "(" | ")":
                raise bad_parameter("select", "expected the form a,b,relation(c,*)")
            case _ if token != ",":
                names.append(outer[-1] + token)
        last = "" if token in "()," else token
    return names
