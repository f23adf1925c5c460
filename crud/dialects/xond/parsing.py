"""Xond's query parameters: filters, search, order, pages, include and columns.

In: the parameters of a request, as a `Reader`, and a `Grammar`. Out: `Listing`, or the `Asked` of one record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crud.definitions.settings import Limits
from crud.errors import bad_parameter, unknown_field
from crud.wire.grammar import Grammar
from crud.wire.keys import by_key
from crud.wire.params import Reader, comma_list, json_value, truth, whole_number
from crud.wire.paths import Values, all_of, any_of, compare, page, sortable
from crud.wire.wanted import Wanted, add, parts, step
from sql.catalog import Resource
from sql.expressions import TRUE, Filter, Origin, Path, both
from sql.query import Asked, Query, Select, Sort

LAST_PAGE = 10**12

COMPARISONS: Mapping[str, str] = MappingProxyType(
    {
        "equals": "eq",
        "notEquals": "ne",
        "greaterThan": "gt",
        "greaterThanOrEqual": "gte",
        "lessThan": "lt",
        "lessThanOrEqual": "lte",
        "contains": "contains",
        "startsWith": "starts_with",
        "endsWith": "ends_with",
        "in": "in",
        "notIn": "not_in",
        "isNull": "is_null",
        "isNotNull": "is_not_null",
    }
)
CLAUSES = MappingProxyType({"and": all_of, "or": any_of})
DIRECTIONS = MappingProxyType({"asc": False, "desc": True})


@dataclass(frozen=True)
class Listing:
    """What a list asks for: the query, the page it is, and whether only the count is wanted."""

    asked: Asked
    page: int
    size: int
    count: bool


def parse_list(at: Grammar, resource: Resource, query: Reader) -> Listing:
    """The query of a list. Raises ApiError."""
    count = truth(query.take("count") or "false", "count")
    number = whole_number(query.take("page") or "1", "page", low=1, high=LAST_PAGE)
    size = page_size(at.limits, query.take("pageSize"))
    where = parse_where(at, resource, query)
    sort = parse_sort(at, resource, query.take("sort"))
    select, include = parts(at.scope, parse_wanted(at, resource, query))
    query.finish()
    rows = page(at.scope.values, 0) if count else page(at.scope.values, size, (number - 1) * size)
    asked = Query(resource.name, select, where, sort, page=rows, include=include, total=True)
    return Listing(Asked(asked, values(at)), number, size, count)


def parse_one(at: Grammar, resource: Resource, id: str, *, query: Reader) -> Asked:
    """The query of one record: its key and, ANDed, the base filter."""
    where = both(by_key(at.scope, resource, id), parse_conditions(at, resource, query, parameter="baseFilter"))
    select, include = parts(at.scope, parse_wanted(at, resource, query))
    query.finish()
    return Asked(Query(resource.name, select, where, include=include), values(at))


def values(at: Grammar) -> tuple[object, ...]:
    """The values that were collected on the way."""
    assert isinstance(at.scope.values, Values)
    return at.scope.filled


def page_size(limits: Limits, written: str | None) -> int:
    """The number of records on a page."""
    if written is None:
        return limits.xond_page
    return whole_number(written, "pageSize", low=1, high=limits.xond_page_max)


def parse_where(at: Grammar, resource: Resource, query: Reader) -> Filter:
    """baseFilter AND filter AND search, each a group of its own: none can widen another."""
    return both(parse_groups(at, resource, query), parse_search(at, resource, query))


def parse_groups(at: Grammar, resource: Resource, query: Reader) -> Filter:
    """baseFilter AND filter."""
    clause = query.take("filterClause")
    base = parse_conditions(at, resource, query, parameter="baseFilter")
    own = parse_conditions(at, resource, query, parameter="filter", clause="and" if clause is None else clause)
    return both(base, own)


def parse_conditions(at: Grammar, resource: Resource, query: Reader, *, parameter: str, clause: str = "and") -> Filter:
    """One JSON list of conditions."""
    if clause.lower() not in CLAUSES:
        raise bad_parameter("filterClause", f"{clause[:40]!r} is not and or or")
    terms = [parse_condition(at, resource, item, parameter) for item in objects(query.take(parameter), parameter)]
    return CLAUSES[clause.lower()](terms) if terms else TRUE


def parse_condition(at: Grammar, resource: Resource, item: dict[str, object], parameter: str) -> Filter:
    """`{"field", "value", "comparison"}`."""
    name = item_text(item, "field", parameter)
    word = item_text(item, "comparison", parameter)
    only(item, {"field", "value", "comparison"}, parameter)
    if word not in COMPARISONS:
        known = ", ".join(COMPARISONS)
        raise bad_parameter(parameter, f"Unknown comparison {word[:40]!r}; expected one of {known}")
    op = COMPARISONS[word]
    if "value" not in item and op not in ("is_null", "is_not_null"):
        raise bad_parameter(parameter, f"value is missing for comparison {word}")
    return compare(at.scope, at.reach(resource, name, parameter), op, item.get("value"))


def parse_search(at: Grammar, resource: Resource, query: Reader) -> Filter:
    """Some of the text fields contains the value, ignoring case."""
    fields, value = query.take("textSearchFields"), query.take("textSearchValue")
    if fields is None and value is None:
        return TRUE
    if fields is None or value is None:
        missing = "textSearchFields" if fields is None else "textSearchValue"
        raise bad_parameter(missing, "textSearchFields and textSearchValue are given together or not at all")
    names = comma_list(fields)
    if not names:
        raise bad_parameter("textSearchFields", "expected a comma list of fields")
    return any_of(search_field(at, resource, name, value) for name in names)


def search_field(at: Grammar, resource: Resource, name: str, value: str) -> Filter:
    """One field of a search; it must hold text."""
    return compare(at.scope, at.reach(resource, name, "textSearchFields"), "icontains", value)


def parse_sort(at: Grammar, resource: Resource, written: str | None) -> tuple[Sort, ...]:
    """A JSON list of `{"field", "direction"}`."""
    return tuple(parse_key(at, resource, item) for item in objects(written, "sort"))


def parse_key(at: Grammar, resource: Resource, item: dict[str, object]) -> Sort:
    """One key of the order."""
    name = item_text(item, "field", "sort")
    direction = item_text(item, "direction", "sort").lower() if "direction" in item else "asc"
    only(item, {"field", "direction"}, "sort")
    if direction not in DIRECTIONS:
        raise bad_parameter("sort", f"direction {direction[:40]!r} is not asc or desc")
    return Sort(sortable(at.reach(resource, name, "sort")), DIRECTIONS[direction])


def objects(written: str | None, parameter: str) -> list[dict[str, object]]:
    """The objects of a JSON list; none where the parameter is absent."""
    if written is None:
        return []
    found = json_value(written, parameter)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise bad_parameter(parameter, "expected a JSON list of objects")
    return found


def item_text(item: dict[str, object], key: str, parameter: str) -> str:
    """A member that must be a text."""
    value = item.get(key)
    if not isinstance(value, str):
        raise bad_parameter(parameter, f"{key} is missing or no text in {str(item)[:80]}")
    return value


def only(item: dict[str, object], keys: set[str], parameter: str) -> None:
    """Refuse members that mean nothing here."""
    if extra := sorted(set(item) - keys):
        raise bad_parameter(parameter, f"Unknown key {extra[0][:40]!r}; expected {', '.join(sorted(keys))}")


# ---------------------------------------------------------------- what an answer contains


def parse_wanted(at: Grammar, resource: Resource, query: Reader) -> Wanted:
    """Columns of the record itself, and the relations on the paths of `include` with all of their columns."""
    columns, include = query.take("columns"), query.take("include")
    wanted = whole(at, Wanted(resource)) if columns is None else chosen(at, Wanted(resource), columns)
    for path in named(include, "include"):
        embed(at, wanted, path)
    return wanted


def named(written: str | None, parameter: str) -> list[str]:
    """The names of a comma list; an empty list is a mistake."""
    names = comma_list(written or "")
    if written is not None and not names:
        raise bad_parameter(parameter, "expected a comma list of names")
    return names


def whole(at: Grammar, wanted: Wanted) -> Wanted:
    """Every column, each to be dropped where the caller may not read it unless the caller names it as well."""
    for item in at.names.view(wanted.resource).star:
        wanted.columns.setdefault(item.alias, item)
    return wanted


def chosen(at: Grammar, wanted: Wanted, columns: str) -> Wanted:
    """The named columns of the record itself."""
    for name in named(columns, "columns"):
        if at.names.view(wanted.resource).readable(name) is None:
            raise unknown_field(Origin(name, "columns"))
        add(at.scope, wanted, name, "columns", depth=0)
    return wanted


def embed(at: Grammar, wanted: Wanted, path: str) -> None:
    """The relations along a path, whole. A path may end in a column, which then is asked for by name."""
    at.bounded(path, "include")
    *relations, last = path.split(".")
    origin = Origin(path, "include")
    for written in relations:
        wanted = whole(at, step(at.scope, wanted, written, origin))
    view = at.names.view(wanted.resource)
    column = view.readable(last)
    if column is None:
        whole(at, step(at.scope, wanted, last, origin))
    else:
        asked = Select(Path(column.name, origin=origin), view.shown(column.name), view.form(column))
        wanted.columns[asked.alias] = asked
