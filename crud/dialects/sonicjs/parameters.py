"""What SonicJS's query parameters ask: `filters[f][$op]`, `sort`, `limit`, `offset`, and the two switches of an answer.

In: the parameters of a request and the table they speak of. Out: `Listing`; after that HTTP is unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from crud.definitions.settings import Limits
from crud.errors import bad_parameter
from crud.wire.keys import by_key
from crud.wire.params import Reader, comma_list, truth, whole_number
from crud.wire.paths import Reached, Scope, Values, all_of, any_of, compare, page, reach, sortable
from crud.wire.wanted import Wanted, everything, parts
from sql.catalog import Resource
from sql.expressions import Filter
from sql.operators import OPERATORS
from sql.query import Asked, Page, Query, Sort


@dataclass(frozen=True)
class Listing:
    """What is asked, and whether each row shall carry its table's form."""

    asked: Asked
    content_type: bool


def parse_list(scope: Scope, resource: Resource, reader: Reader, *, limits: Limits, total: bool = False) -> Listing:
    """The query of a list. Raises ApiError."""
    where = parse_filters(scope, resource, reader)
    sort = parse_sort(scope, resource, reader)
    paged = parse_page(scope, reader, limits=limits)
    return _listing(
        scope, resource, reader, query=Query(resource.name, where=where, sort=sort, page=paged, total=total)
    )


def parse_one(scope: Scope, resource: Resource, reader: Reader, *, key: str) -> Listing:
    """The query of one row. Raises ApiError."""
    return _listing(scope, resource, reader, query=Query(resource.name, where=by_key(scope, resource, key)))


def _listing(scope: Scope, resource: Resource, reader: Reader, *, query: Query) -> Listing:
    wanted = Wanted(resource, star=True)
    if _switch(reader, "includeRelations"):
        everything(scope, wanted, depth=1, nodes=50)
    content_type = _switch(reader, "includeContentType")
    reader.finish()
    select, include = parts(scope, wanted)
    return Listing(as_asked(scope, replace(query, select=select, include=include)), content_type)


def as_asked(scope: Scope, query: Query) -> Asked:
    """The query beside its values."""
    assert isinstance(scope.values, Values)
    return Asked(query, scope.filled)


def _switch(reader: Reader, name: str) -> bool:
    text = reader.take(name)
    return text is not None and truth(text, name)


def parse_page(scope: Scope, reader: Reader, *, limits: Limits) -> Page:
    """`limit` and `offset`."""
    limit, offset = reader.take("limit"), reader.take("offset")
    size = limits.sonicjs_page if limit is None else whole_number(limit, "limit", low=1, high=limits.sonicjs_page_max)
    return page(scope.values, size, 0 if offset is None else whole_number(offset, "offset", low=0, high=10**15))


def parse_sort(scope: Scope, resource: Resource, reader: Reader) -> tuple[Sort, ...]:
    """`sort=f`, `sort=f:desc`, comma lists of them, `sort[0]=…&sort[1]=…`."""
    texts = reader.take_all("sort")
    numbered = reader.take_bracketed("sort")
    if not all(len(keys) == 1 and _INDEX.fullmatch(keys[0]) for keys, _ in numbered):
        raise bad_parameter("sort", "expected sort=field:desc or sort[0]=field:desc")
    texts += [text for _, text in sorted(numbered, key=lambda pair: int(pair[0][0]))]
    return tuple(_sort_key(scope, resource, word) for text in texts for word in comma_list(text))


_INDEX = re.compile(r"[0-9]{1,6}")


def _sort_key(scope: Scope, resource: Resource, text: str) -> Sort:
    name, found, word = text.rpartition(":")
    if not found or word not in ("asc", "desc"):
        name, word = text, "asc"
    return Sort(sortable(reach(scope, resource, name, "sort")), word == "desc")


# ---------------------------------------------------------------- filters

OPERATORS_BY_WORD: Mapping[str, str] = MappingProxyType(
    {
        **{"$eq": "eq", "$neq": "ne", "$lt": "lt", "$lte": "lte", "$gt": "gt", "$gte": "gte"},
        **{"$in": "in", "$nin": "not_in", "$between": "between", "$nbetween": "not_between"},
        **{"$contains": "icontains", "$contain": "icontains", "$ncontains": "not_icontains"},
        **{"$starts_with": "istarts_with", "$nstarts_with": "not_istarts_with"},
        **{"$ends_with": "iends_with", "$nends_with": "not_iends_with"},
        **{"$intersects": "array_overlaps", "$nintersects": "not_array_overlaps"},
        **{"$null": "is_null", "$nnull": "is_not_null", "$empty": "empty", "$nempty": "not_empty"},
    }
)
OPPOSITES: Mapping[str, str] = MappingProxyType(
    {"is_null": "is_not_null", "is_not_null": "is_null", "empty": "not_empty", "not_empty": "empty"}
)


def parse_filters(scope: Scope, resource: Resource, reader: Reader) -> Filter:
    """`filters[f][$op]=v`: all of them hold; one given several times holds for some of its values."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for keys, text in reader.take_bracketed("filters"):
        name, word, index = _spoken(keys)
        found.setdefault((name, word), []).append((index, text))
    ordered = {key: [text for _, text in sorted(texts, key=lambda pair: pair[0])] for key, texts in found.items()}
    return all_of(_term(scope, resource, name, word=word, texts=texts) for (name, word), texts in ordered.items())


def _spoken(keys: tuple[str, ...]) -> tuple[str, str, int]:
    """(field, operator, index) of `filters[relation][field][$op][0]`; the operator and the index may be absent."""
    names, index = keys, "0"
    if len(names) > 1 and (not names[-1] or _INDEX.fullmatch(names[-1])):
        names, index = names[:-1], names[-1]
    word = "$eq"
    if len(names) > 1 and names[-1].startswith("$"):
        names, word = names[:-1], names[-1]
    return ".".join(names), word, int(index or 0)


def _term(scope: Scope, resource: Resource, name: str, *, word: str, texts: list[str]) -> Filter:
    reached = reach(scope, resource, name, "filters")
    if word not in OPERATORS_BY_WORD:
        raise bad_parameter(
            "filters", f"unknown operator {word!r} on {name!r}, known are {', '.join(OPERATORS_BY_WORD)}"
        )
    op = OPERATORS_BY_WORD[word]
    if op in OPPOSITES:
        return any_of(compare(scope, reached, op if truth(text, "filters") else OPPOSITES[op], True) for text in texts)
    if OPERATORS[op].operands in ("many", "two"):
        return compare(scope, reached, op, _raw(reached, texts if len(texts) > 1 else comma_list(texts[0])))
    return any_of(compare(scope, reached, op, raw) for raw in _raw(reached, texts))


def _raw(reached: Reached, texts: list[str]) -> list[object]:
    """The values as they are compared: digits on a column of times are milliseconds, as the answers write them."""
    times = reached.column.type.family == "datetime"
    return [int(text) if times and _EPOCH.fullmatch(text) else text for text in texts]


_EPOCH = re.compile(r"-?[0-9]{1,15}")
