"""What Phantom's query parameters ask: `where`, `sort`, `limit`, `offset`, `page`, `select`, `populate`.

In: the parameters of a request and the resource they speak of. Out: `Asked`; after that HTTP is unknown. The operators
of `where` are the core's, by their names (`sql.operators.OPERATORS`); a body's `filter` is read by the same grammar.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from crud.definitions.settings import Limits
from crud.errors import bad_parameter, unknown_field
from crud.wire.jsonconditions import JSON_WORDS
from crud.wire.keys import by_key
from crud.wire.params import Reader, comma_list, json_value, truth, whole_number
from crud.wire.paths import Scope, Values, all_of, compare, near, page, reach, sortable
from crud.wire.variables import At
from crud.wire.wanted import Wanted, add, parts, step
from sql.catalog import Resource
from sql.expressions import Filter, Origin
from sql.operators import OPERATORS
from sql.query import Asked, Page, Query, Sort


def parse_list(scope: Scope, resource: Resource, reader: Reader, *, limits: Limits) -> Asked:
    """The query of a list. Raises ApiError."""
    select, include = parts(scope, parse_wanted(scope, resource, reader))
    where = parse_where(scope, resource, reader)
    sort = parse_sort(scope, resource, reader)
    query = Query(resource.name, select, where, sort, parse_page(scope, reader, limits=limits), include)
    return _asked(scope, reader, query)


def parse_one(scope: Scope, resource: Resource, reader: Reader, *, key: str) -> Asked:
    """The query of one row. Raises ApiError."""
    select, include = parts(scope, parse_wanted(scope, resource, reader))
    return _asked(scope, reader, Query(resource.name, select, by_key(scope, resource, key), include=include))


def _asked(scope: Scope, reader: Reader, query: Query) -> Asked:
    reader.finish()
    assert isinstance(scope.values, Values)
    return Asked(query, scope.filled)


def listed(reader: Reader, name: str) -> list[str]:
    """`name=a,b`, `name=a&name=b`, `name[]=a` and `name[0]=a`, all in one list."""
    texts = reader.take_all(name)
    numbered = reader.take_bracketed(name)
    if not all(len(keys) == 1 and _INDEX.fullmatch(keys[0]) for keys, _ in numbered):
        raise bad_parameter(name, f"expected {name}=a,b or {name}[0]=a")
    texts += [text for _, text in sorted(numbered, key=lambda pair: int(pair[0][0] or 0))]
    return [word for text in texts for word in comma_list(text)]


_INDEX = re.compile(r"[0-9]{0,6}")


def parse_wanted(scope: Scope, resource: Resource, reader: Reader) -> Wanted:
    """`select` and `populate`. Nothing selected is everything."""
    names = listed(reader, "select")
    wanted = Wanted(resource, star=not names)
    for name in names:
        if "**" in name:
            raise unknown_field(Origin(name, "select"))
        add(scope, wanted, name, "select", depth=0)
    for name in listed(reader, "populate"):
        _populate(scope, wanted, name)
    return wanted


def _populate(scope: Scope, wanted: Wanted, name: str) -> None:
    origin = Origin(name, "populate")
    for written in near(name, "populate").split("."):
        wanted = step(scope, wanted, written, origin)
        wanted.star = True


def parse_sort(scope: Scope, resource: Resource, reader: Reader) -> tuple[Sort, ...]:
    """`sort=-f`, `sort=f:desc`, `sort=f desc`, and lists of them."""
    keys = [sort_key(text) for text in listed(reader, "sort")]
    return tuple(Sort(sortable(reach(scope, resource, name, "sort")), descending) for name, descending in keys)


def sort_key(text: str) -> tuple[str, bool]:
    """(field, descending) of one key."""
    if text.startswith("-"):
        return text[1:], True
    for mark in (":", " "):
        name, found, word = text.rpartition(mark)
        if found and word.lower() in ("asc", "desc"):
            return name.rstrip(), word.lower() == "desc"
    return text, False


def parse_page(scope: Scope, reader: Reader, *, limits: Limits) -> Page:
    """`limit`, and `offset` or `page`: an offset wins."""
    most = limits.phantom_page_max
    limit = _number(reader, "limit", (1, most), f"Limit must be an integer between 1 and {most}")
    offset = _number(reader, "offset", (0, 10**15), "Offset must be an integer of at least 0")
    number = _number(reader, "page", (1, 10**15), "Page must be an integer of at least 1")
    size = limits.phantom_page if limit is None else limit
    skip = offset if offset is not None else ((number or 1) - 1) * size
    return page(scope.values, size, skip)


def _number(reader: Reader, name: str, bounds: tuple[int, int], message: str) -> int | None:
    text = reader.take(name)
    low, high = bounds
    return None if text is None else whole_number(text, name, low=low, high=high, message=message)


# ---------------------------------------------------------------- where

# What tests a path into a JSON column is parsed by the condition language's words.
PATH_WORDS: Mapping[str, str] = MappingProxyType(
    {"json_path_exists": "jsonbPathExists", "json_path_match": "jsonbPathMatch"}
)

# An operator without operand is asked with true; false asks for its opposite.
OPPOSITES: Mapping[str, str] = MappingProxyType(
    {
        "is_null": "is_not_null",
        "is_not_null": "is_null",
        "empty": "not_empty",
        "not_empty": "empty",
        "json_is_null": "json_is_not_null",
        "json_is_not_null": "json_is_null",
    }
)


def parse_where(scope: Scope, resource: Resource, reader: Reader) -> Filter:
    """`where` as JSON and in brackets; all conditions hold."""
    text, at = reader.take("where"), At(scope, resource, "where")
    written = [] if text is None else _written_conditions(json_value(text, "where"), "where")
    return all_of(_term(at, name, op, raw) for name, op, raw in [*written, *_bracketed_conditions(reader)])


def parse_tree(at: At, tree: object) -> Filter:
    """The conditions of an object of fields, as JSON writes them; all of them hold."""
    return all_of(_term(at, name, op, raw) for name, op, raw in _written_conditions(tree, at.parameter))


def _written_conditions(tree: object, parameter: str) -> list[tuple[str, str, object]]:
    if not isinstance(tree, dict):
        raise bad_parameter(parameter, "expected an object of fields")
    if empty := [name for name, value in tree.items() if value == {}]:
        raise bad_parameter(parameter, f"no operator for field {empty[0]!r}")
    spoken = [(name, value if isinstance(value, dict) else {"eq": value}) for name, value in tree.items()]
    return [(name, op, raw) for name, operators in spoken for op, raw in operators.items()]


def _bracketed_conditions(reader: Reader) -> Iterable[tuple[str, str, object]]:
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for keys, text in reader.take_bracketed("where"):
        name, op, index = _spoken(keys)
        found.setdefault((name, op), []).append((index, text))
    for (name, op), values in found.items():
        yield name, op, _operand(name, op, [text for _, text in sorted(values, key=lambda pair: pair[0])])


def _spoken(keys: tuple[str, ...]) -> tuple[str, str, int]:
    match keys:
        case (name,):
            return name, "eq", 0
        case (name, op):
            return name, op, 0
        case (name, op, index) if _INDEX.fullmatch(index):
            return name, op, int(index or 0)
    raise bad_parameter("where", "expected the form where[field][operator]")


def _operand(name: str, op: str, texts: list[str]) -> object:
    """The value in brackets: a text, JSON for the operators of JSON, the texts where an operator takes several."""
    operator = OPERATORS.get(op)
    if len(texts) > 1 and (operator is None or operator.operands not in ("many", "two")):
        raise bad_parameter("where", f"{op} on {name!r} is given {len(texts)} times, expected once")
    if operator is not None and operator.operand == "json":
        made = [json_value(text, "where") for text in texts]
        return made[0] if len(made) == 1 else made
    return texts[0] if len(texts) == 1 else texts


def _term(at: At, name: str, op: str, raw: object) -> Filter:
    reached = reach(at.scope, at.resource, name, at.parameter)
    if op not in OPERATORS:
        known = ", ".join(OPERATORS)
        raise bad_parameter(at.parameter, f"unknown operator {op[:40]!r} on {name[:100]!r}, known are {known}")
    if op in PATH_WORDS:
        return JSON_WORDS[PATH_WORDS[op]](at, reached, raw)
    if op in OPPOSITES:
        return compare(at.scope, reached, op if _asked_true(at, raw) else OPPOSITES[op], True)
    if isinstance(raw, list) and OPERATORS[op].operands == "one" and OPERATORS[op].operand != "json":
        raise bad_parameter(at.parameter, f"{op} on {name!r} takes one value, got a list")
    return compare(at.scope, reached, op, raw)


def _asked_true(at: At, raw: object) -> bool:
    return raw if isinstance(raw, bool) else truth(str(raw), at.parameter)
