"""The JSON of a request's body: read strictly, and its members found among the columns that may be written.

In: bytes, and a resource as a dialect shows it. Out: rows of raw JSON values under exact column names; marshmallow
checks them later (`crud.schemas`). What cannot be read safely in one way only is refused as `bad_body`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from crud.errors import ApiError, unknown_field
from crud.presentation import View
from crud.wire.strict import NotJson, strict_json
from sql.catalog import Column, Relation
from sql.errors import BadValue
from sql.expressions import Origin
from sql.types import Type
from sql.values import coerce

T = TypeVar("T")


def read_json(data: bytes) -> object:
    """The value of a body. Whole numbers are exact, those with a fraction or an exponent decimals. Raises ApiError."""
    try:
        return strict_json(data.decode("utf-8-sig"), exact=True)
    except UnicodeDecodeError:
        raise bad_body("not UTF-8") from None
    except NotJson as error:
        raise bad_body(str(error)) from None


def bad_body(problem: str, at: str = "") -> ApiError:
    """A body, or the part of it at `at`, that cannot be understood."""
    return ApiError("bad_body", f"{at or 'body'}: {problem}", parameter="body")


# ---------------------------------------------------------------- the members of a row


@dataclass(frozen=True)
class Parsed:
    """A row: raw values by exact column name, and what was written under relations, by their exact names."""

    row: dict[str, object]
    nested: dict[str, tuple[Relation, object]] = field(default_factory=dict)


def row_of(
    view: View,
    writable: Mapping[str, Column],
    data: object,
    *,
    drop_unknown: bool,
    at: str = "",
    relations: bool = False,
) -> Parsed:
    """A row out of an object of a body. What is not in `writable` is unknown, whether or not it exists. Raises
    ApiError."""
    if not isinstance(data, dict):
        raise bad_body("expected an object", at)
    parsed = Parsed({})
    for written, raw in data.items():
        column = view.input(written)
        if column is not None and column.name in writable:
            _put(parsed.row, column.name, _shaped(view, column, raw), at=at)
        elif relations and (relation := view.relation(written)) is not None:
            _put(parsed.nested, relation.name, (relation, raw), at=at)
        elif not drop_unknown:
            raise unknown_field(Origin(written[:100], at or "body"))
    return parsed


def beside_key(
    view: View,
    writable: Mapping[str, Column],
    data: object,
    *,
    key: Mapping[str, object],
    read: Callable[[Type, object], object] = coerce,
) -> tuple[object, dict[str, Column]]:
    """What a body says beside the key of its row, and the columns for it.

    Clients send whole objects back: the key as it is (`key`: exact name → value) is passed over. Another key is no
    column that could be changed. `read` makes a value of a raw one, as loosely or strictly as the dialect reads keys.
    """
    columns = {name: column for name, column in writable.items() if name not in key}
    if not isinstance(data, dict):
        return data, columns
    return {name: raw for name, raw in data.items() if not _repeats(view.input(name), raw, key, read)}, columns


def _repeats(
    column: Column | None, raw: object, key: Mapping[str, object], read: Callable[[Type, object], object]
) -> bool:
    if column is None or raw is None or key.get(column.name) is None:
        return False
    try:
        return read(column.type, raw) == key[column.name]
    except BadValue:
        return False


def _put(into: dict[str, T], name: str, value: T, *, at: str) -> None:
    """Two spellings of one name in one object: either could be the one that counts."""
    if name in into:
        raise bad_body(f"{name!r} is given twice", at)
    into[name] = value


def _shaped(view: View, column: Column, raw: object) -> object:
    """The value, and a moment where the dialect counts milliseconds; one that is none is left to validation."""
    if view.form(column) != "epoch_ms" or not isinstance(raw, (int, Decimal)) or isinstance(raw, bool):
        return raw
    try:
        return coerce(column.type, raw)
    except BadValue:
        return raw
