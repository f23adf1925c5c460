"""Metal's parameters: fields, filter, filter-expression, sort, cache.

In: the raw query string of a GET, or the members of a body. Out: `Selection`: the query with its values, and what kind
of value each field holds; `parse_where` for what changes rows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from crud.dialects.metal.loose import read_object
from crud.errors import ApiError, bad_parameter
from crud.presentation import View
from crud.scripting.finding import without_code
from crud.wire import expression
from crud.wire.grammar import Grammar
from crud.wire.params import Reader, comma_list
from crud.wire.paths import Values, all_of, compare, sortable, to_one_path
from sql.catalog import Column, Resource
from sql.expressions import TRUE, Filter, both
from sql.query import Asked, Query, Select, Sort

_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
PARAMETERS = ("fields", "filter", "filter-expression", "sort", "cache")
DIRECTIONS: Mapping[str, bool] = {"asc": False, "desc": True}

# family of a column's type → JavaScript's typeof of its value; every other family is a string.
KINDS: Mapping[str, str] = {
    "number": "number",
    "boolean": "boolean",
    "date": "object",
    "datetime": "object",
    "json": "object",
    "array": "object",
    "range": "object",
    "bytes": "object",
}


@dataclass(frozen=True)
class Selection:
    """A select: the query and, by field, JavaScript's word for the kind of its values. `said`: its parameters as they
    were written."""

    asked: Asked
    kinds: Mapping[str, str]
    said: Mapping[str, object]


def raw_reader(query_string: bytes) -> Reader:
    """The parameters of a GET. A doubled `%%` is the escape of a percent sign, as Metal's document says."""
    text = query_string.replace(b"%%", b"%25")
    try:
        pairs = parse_qs(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except UnicodeDecodeError:
        raise ApiError("bad_parameter", "The query string is not UTF-8; write % as %25 or %%") from None
    except ValueError:
        raise ApiError("bad_parameter", "The query string has more than 1000 parameters") from None
    return Reader(pairs.items())


def parse_select(at: Grammar, resource: Resource, query: Reader) -> Selection:
    """The query of a GET. Raises ApiError."""
    taken = {name: query.take(name) for name in PARAMETERS}
    found = selection(at, resource, taken)
    query.finish()
    return found


def selection(at: Grammar, resource: Resource, asked: Mapping[str, object]) -> Selection:
    """The query of parameters, which are texts or, in a body, what the texts would hold."""
    select, kinds = parse_fields(at, resource, text_of(asked, "fields"))
    where = parse_where(at, resource, asked)
    sort = parse_sort(at, resource, asked.get("sort"))
    seconds = parse_cache(asked.get("cache"))
    assert isinstance(at.scope.values, Values)
    said = {name: value for name, value in asked.items() if value is not None}
    return Selection(Asked(Query(resource.name, select, where, sort), at.scope.filled, seconds), kinds, said)


def parse_where(at: Grammar, resource: Resource, asked: Mapping[str, object]) -> Filter:
    """The filter and the expression, ANDed."""
    return both(
        parse_filter(at, resource, asked.get("filter")),
        parse_expression(at, resource, text_of(asked, "filter-expression")),
    )


def text_of(asked: Mapping[str, object], name: str) -> str | None:
    """A parameter that is a text, or absent."""
    value = asked.get(name)
    assert value is None or isinstance(value, str)
    return value


# ---------------------------------------------------------------- fields


def parse_fields(at: Grammar, resource: Resource, written: str | None) -> tuple[tuple[Select, ...], dict[str, str]]:
    """The fields of an answer and their kinds; `*` is all of them, and so is no parameter."""
    view = at.names.view(resource)
    names = ["*"] if written is None else comma_list(unquoted(written))
    if not names:
        raise bad_parameter("fields", "expected * or a comma list of fields")
    picked: dict[str, tuple[Select, str]] = {}
    for name in names:
        for item, found in _all(view) if name == "*" else [_one(at, view, name)]:
            if item.alias not in picked or name != "*":
                picked[item.alias] = (item, kind(found, item.form))
    return tuple(item for item, _ in picked.values()), {alias: word for alias, (_, word) in picked.items()}


def _all(view: View) -> list[tuple[Select, Column]]:
    return [(view.select(column), column) for column in view.columns.values()]


def _one(at: Grammar, view: View, name: str) -> tuple[Select, Column]:
    """A column under its own name, or one over to-one relations under the dotted name that was asked."""
    reached = at.reach(view.resource, name, "fields", shown=True)
    end = at.scope.catalog.target(reached.steps[-1]) if reached.steps else view.resource
    shown = at.names.view(end)
    alias = name if reached.steps else shown.shown(reached.column.name)
    return Select(to_one_path(reached), alias, shown.form(reached.column)), reached.column


def kind(column: Column, form: str | None) -> str:
    """JavaScript's typeof of a column's values."""
    if column.masked:
        return "string"
    return "number" if form == "epoch_ms" else KINDS.get(column.type.family, "string")


# ---------------------------------------------------------------- filters


def parse_filter(at: Grammar, resource: Resource, written: object) -> Filter:
    """`{"field": value}`: every pair holds. null is IS NULL, a list is IN."""
    if written is None:
        return TRUE
    pairs = written if isinstance(written, dict) else read_object(str(written), "filter")
    meant = at.texts.inside(pairs, "filter")
    assert isinstance(meant, dict)
    return all_of(_pair(at, resource, name, value) for name, value in meant.items()) if meant else TRUE


def _pair(at: Grammar, resource: Resource, name: str, value: object) -> Filter:
    reached = at.reach(resource, name, "filter")
    if isinstance(value, list):
        return compare(at.scope, reached, "in", [expression.fitting(reached, item) for item in value])
    return compare(at.scope, reached, "eq", expression.fitting(reached, value))


def parse_expression(at: Grammar, resource: Resource, written: str | None) -> Filter:
    """A condition of `crud.wire.expression`, which may stand in one pair of quotation marks."""
    if written is None:
        return TRUE
    text, limits = unquoted(written), at.limits
    return expression.parse(
        at.scope, resource, text, parameter="filter-expression", terms=limits.filter_terms, texts=at.texts
    )


def unquoted(written: str) -> str:
    """The text without the one pair of quotation marks around all of it, if there is one."""
    text = written.strip()
    around = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in without_code(text[1:-1])
    return text[1:-1] if around else written


# ---------------------------------------------------------------- sort and cache


def parse_sort(at: Grammar, resource: Resource, written: object) -> tuple[Sort, ...]:
    """`{"name":"asc","email":"desc"}` or `name asc, email desc`."""
    if written is None:
        return ()
    pairs = _sort_pairs(written)
    if not pairs:
        raise bad_parameter("sort", "expected fields with asc or desc")
    return tuple(_key(at, resource, name, word) for name, word in pairs)


def _sort_pairs(written: object) -> list[tuple[str, str]]:
    text = str(written)
    if not isinstance(written, dict) and not text.lstrip().startswith("{"):
        return [_direction(item) for item in comma_list(unquoted(text))]
    found = written if isinstance(written, dict) else read_object(text, "sort")
    return [(name, str(word)) for name, word in found.items()]


def _direction(item: str) -> tuple[str, str]:
    name, _, word = item.rpartition(" ")
    return (name.strip(), word) if name and word.lower() in DIRECTIONS else (item, "asc")


def _key(at: Grammar, resource: Resource, name: str, word: str) -> Sort:
    if word.lower() not in DIRECTIONS:
        raise bad_parameter("sort", f"{word[:40]!r} is not asc or desc")
    return Sort(sortable(at.reach(resource, name, "sort")), DIRECTIONS[word.lower()])


def parse_cache(written: object) -> float:
    """How many seconds an answer may be kept; 0: it may not."""
    if written is None:
        return 0
    if not _SECONDS.fullmatch(str(written)):
        raise ApiError("bad_parameter", "request/query/cache must be number", parameter="cache")
    return float(str(written))
