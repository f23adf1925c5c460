"""Keys of rows: written in a path, and as conditions.

In: a key as a path has it, or values by their columns. Out: the condition that finds the row; the text of a key.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from crud.errors import ApiError
from crud.wire.paths import Scope
from sql.catalog import Column, Resource
from sql.errors import BadValue
from sql.expressions import And, Compare, Filter, Path, Slot
from sql.values import coerce

# A tilde is marked first and read last.
_MARKS = MappingProxyType({"~2C": ",", "~2F": "/", "~7E": "~"})


def by_key(scope: Scope, resource: Resource, text: str) -> Filter:
    """The row of a key written in a path: values in key order joined with commas, `~2C ~2F ~7E` inside them.

    A key that cannot be one is the answer of a row that does not exist. A resource without key has no such path. Raises
    ApiError.
    """
    if not resource.key:
        raise ApiError("unknown_path", "Not Found")
    parts = text.split(",") if len(resource.key) > 1 else [text]
    if len(parts) != len(resource.key):
        raise ApiError("missing_row", "Not found")
    terms = [_key_term(scope, resource.column(name), part) for name, part in zip(resource.key, parts, strict=True)]
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _key_term(scope: Scope, column: Column, text: str) -> Filter:
    for mark, character in _MARKS.items():
        text = text.replace(mark, character)
    try:
        value = coerce(column.type, text)
    except BadValue:
        raise ApiError("missing_row", "Not found") from None
    return Compare(Path(column.name), "eq", (scope.values.bind(value, column.type),))


def key_text(values: Iterable[object]) -> str:
    """The values of a key, in its order, as a path writes them."""
    return ",".join(map(_marked, values))


def _marked(value: object) -> str:
    text = str(value)
    for mark, character in reversed(tuple(_MARKS.items())):
        text = text.replace(character, mark)
    return text


def by_values(resource: Resource, row: Mapping[str, object]) -> tuple[Filter, tuple[object, ...]]:
    """The rows that have these values, and the values of the slots. NULL equals nothing."""
    slots = [(name, Slot(index, resource.column(name).type)) for index, name in enumerate(row)]
    terms = tuple(Compare(Path(name), "eq", (slot,)) for name, slot in slots)
    return terms[0] if len(terms) == 1 else And(terms), tuple(row.values())
