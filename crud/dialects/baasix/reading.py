"""The grammar of a Baasix read.

In: the parameters of a request and the resource they speak of. Out: `Asked`. Everything the caller names is resolved
among what the caller may see, so that a hidden name is answered as an unknown one, whatever is wrong besides.
"""

from dataclasses import dataclass

from crud.dialects.baasix.fields import read_fields, read_names
from crud.dialects.baasix.groups import read_groups
from crud.errors import bad_parameter
from crud.web.dialect import context, scope
from crud.wire.conditions import parse
from crud.wire.grammar import Grammar
from crud.wire.keys import by_key
from crud.wire.params import Reader, comma_list, json_value, truth, whole_number
from crud.wire.paths import Reached, condition, page, reach, sortable, to_one_path
from crud.wire.wanted import Wanted, parts
from sql.catalog import Resource
from sql.expressions import TRUE, Filter, Or, Path, Relevance, Search, Value, both
from sql.query import Asked, Page, Query, Sort
from sql.types import TEXT

PAGE = 10
MOST = 10**12


def grammar() -> Grammar:
    """What the parsers of this request work in: names as this caller may know them."""
    return Grammar(scope("baasix"), context().snapshot.config.limits)


def parse_list(at: Grammar, resource: Resource, reader: Reader) -> Asked:
    """What `GET /items/:collection` asks."""
    where, sought = _filter(at, resource, reader), _search(at, resource, reader)
    where = both(where, sought.where)
    grouped = read_groups(at.scope, resource, reader)
    paged = _page(at, reader)
    if grouped is not None:
        sort = tuple(grouped.sort(key, descending) for key, descending in _sort_keys(reader))
        grouped.refuse_others(reader, relevance=bool(sought.order))
        reader.finish()
        query = Query(resource.name, (), where, sort, paged, (), grouped.groups, grouped.aggregates, total=True)
        return Asked(query, at.scope.filled)
    sort = tuple(Sort(_sort_path(at, resource, key), descending) for key, descending in _sort_keys(reader))
    select, include = parts(at.scope, _wanted(at, resource, reader))
    reader.finish()
    query = Query(resource.name, select, where, sought.order + sort, paged, include, total=True)
    return Asked(query, at.scope.filled)


def parse_one(at: Grammar, resource: Resource, reader: Reader, *, key: str) -> Asked:
    """What `GET /items/:collection/:id` asks."""
    wanted = _wanted(at, resource, reader)
    reader.finish()
    where = by_key(at.scope, resource, key)
    select, include = parts(at.scope, wanted)
    return Asked(Query(resource.name, select, where, include=include), at.scope.filled)


def parse_shown(at: Grammar, resource: Resource, reader: Reader) -> Query:
    """How a write shows its row: `fields`, as in the read of one item, and nothing else."""
    wanted = read_names(at.scope, resource, reader, limits=at.limits)
    reader.finish()
    select, include = parts(at.scope, wanted)
    return Query(resource.name, select, include=include)


def _wanted(at: Grammar, resource: Resource, reader: Reader) -> Wanted:
    return read_fields(at.scope, resource, reader, limits=at.limits)


def _filter(at: Grammar, resource: Resource, reader: Reader) -> Filter:
    text = reader.take("filter")
    return TRUE if text is None else parse(at.scope, resource, json_value(text, "filter"), parameter="filter")


# ---------------------------------------------------------------- order and page


def _sort_keys(reader: Reader) -> list[tuple[str, bool]]:
    """(name, descending) of each key: `{"f": "desc"}`, `["-f"]` or `-f,g`."""
    text = reader.take("sort")
    if text is None:
        return []
    read = json_value(text, "sort") if text.lstrip()[:1] in ("{", "[") else comma_list(text)
    if isinstance(read, dict):
        return [(name, _descending(name, direction)) for name, direction in read.items()]
    if not isinstance(read, list) or not read or not all(isinstance(key, str) and key for key in read):
        raise bad_parameter("sort", 'expected {"field": "desc"}, ["-field"] or -field')
    return [(key.removeprefix("-"), key.startswith("-")) for key in read]


def _descending(name: str, direction: object) -> bool:
    words = {"asc": False, "desc": True}
    word = direction.lower() if isinstance(direction, str) else ""
    if word not in words:
        raise bad_parameter("sort", f"the direction of {name!r} is asc or desc")
    return words[word]


def _sort_path(at: Grammar, resource: Resource, key: str) -> Path:
    return sortable(reach(at.scope, resource, key, "sort"))


def _page(at: Grammar, reader: Reader) -> Page:
    limit, number = reader.take("limit"), reader.take("page")
    wanted = whole_number(number, "page", low=1, high=MOST) if number is not None else 1
    if limit == "-1" or limit is None and number is None:
        if wanted > 1:
            raise bad_parameter("page", "there is one page without a limit")
        return Page()
    size = PAGE if limit is None else whole_number(limit, "limit", low=1, high=10**9)
    offset = (wanted - 1) * size
    if offset >= 2**63:
        raise bad_parameter("page", "beyond every row")
    return page(at.scope.values, size, offset)


# ---------------------------------------------------------------- search


@dataclass(frozen=True)
class Sought:
    """A search as a condition, and as an order where relevance was asked for."""

    where: Filter = TRUE
    order: tuple[Sort, ...] = ()


def _search(at: Grammar, resource: Resource, reader: Reader) -> Sought:
    text, written = reader.take("search"), reader.take("searchFields")
    relevance = reader.take("sortByRelevance")
    ranked = relevance is not None and truth(relevance, "sortByRelevance")
    if text is None:
        if written is not None or ranked:
            raise bad_parameter("searchFields" if written is not None else "sortByRelevance", "needs search")
        return Sought()
    if "\x00" in text:
        raise bad_parameter("search", "holds a NUL character")
    term = at.scope.values.bind(text, TEXT)
    reached = _searched(at, resource, written) if written is not None else None
    where = _all_texts(at, resource, term) if reached is None else _some_field(reached, term)
    if not ranked:
        return Sought(where)
    columns = _texts(at, resource) if reached is None else tuple(to_one_path(each) for each in reached)
    return Sought(where, (Sort(Relevance(columns, term), descending=True),))


def _texts(at: Grammar, resource: Resource) -> tuple[Path, ...]:
    """Every readable text; nobody named them, so hidden ones are left out without a word."""
    columns = at.scope.names.view(resource).columns.values()
    return tuple(Path(column.name) for column in columns if column.type.family == "text")


def _all_texts(at: Grammar, resource: Resource, term: Value) -> Filter:
    return Search(_texts(at, resource), term)


def _searched(at: Grammar, resource: Resource, written: str) -> list[Reached]:
    names = json_value(written, "searchFields") if written.startswith("[") else comma_list(written)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise bad_parameter("searchFields", "expected a list of fields")
    reached = [reach(at.scope, resource, name, "searchFields") for name in dict.fromkeys(names)]
    for each in reached:
        if each.column.type.family != "text":
            raise bad_parameter("searchFields", f"field {each.origin.text!r} does not hold text")
    return reached


def _some_field(reached: list[Reached], term: Value) -> Filter:
    return Or(tuple(condition(each, lambda path: Search((path,), term)) for each in reached))
