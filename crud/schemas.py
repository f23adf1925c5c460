"""One marshmallow schema per resource, generated from its columns: what a row must be before it is written.

In: the catalog, and rows of raw JSON values under exact names. Out: rows of canonical Python values, or all that is
wrong with them as `Mistake`s. Values that are canonical already (from hooks and imports) and `Ref`s are taken too.
"""

import json
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from crud.checks import checks_of, refused
from crud.errors import ApiError, Mistake
from sql import times
from sql.catalog import Catalog, Column, Resource
from sql.commands import Ref
from sql.errors import BadValue
from sql.ranges import Range
from sql.types import Type
from sql.values import coerce_strict

# marshmallow's own messages, in our words → rule.
_REQUIRED, _NULL, _UNKNOWN = "is required", "cannot be null", "cannot be set"
_RULES: Mapping[object, str] = MappingProxyType({_REQUIRED: "required", _NULL: "null", _UNKNOWN: "unknown"})


@dataclass(frozen=True, eq=False)
class RowSchema:
    """A resource's schema. `names`: marshmallow's name of a field → exact name, which may be any text."""

    schema: Schema
    names: Mapping[str, str]
    secrets: frozenset[str]


class _Row(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {"unknown": _UNKNOWN}


class Value(fields.Field[object]):
    """The value of a column of any type."""

    default_error_messages = {"required": _REQUIRED, "null": _NULL}

    def __init__(self, column: Column, *, key: bool, required: bool, backend: str) -> None:
        said = bool(column.rules.get("required"))
        checks = checks_of(column, backend)
        super().__init__(
            required=required,
            allow_none=column.nullable and not said and not key,
            validate=checks,
        )
        self.column, self.type = column, column.type
        self.checked = checks[0] if len(checks) == 1 else validate.And(*checks)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> object:
        if isinstance(value, Ref):
            return value
        try:
            return fitted(self.type, value)
        except BadValue:
            raise refused("enum" if self.type.values else "type", f"Expected {self.type.expected}", value) from None

    def _validate(self, value: Any) -> None:
        """As marshmallow does it, with the validators put together once instead of for each value."""
        if self.validators and not isinstance(value, Ref):
            self.checked(value)


def is_required(resource: Resource, column: Column) -> bool:
    """Whether a new row must have the column: nothing else would fill it, or its definition says so."""
    if column.generated or column.auto is not None or is_status(resource, column):
        return False
    if column.default is None:
        return column.name in resource.key or not column.nullable or bool(column.rules.get("required"))
    return column.default.kind == "sql" and bool(column.rules.get("required"))


def is_status(resource: Resource, column: Column) -> bool:
    """Whether the column says by its value that a row is alive."""
    mark = resource.soft_delete
    return mark is not None and mark.column == column.name and mark.active is not None


def schemas_of(catalog: Catalog, backends: Mapping[str, str] | None = None) -> Mapping[str, RowSchema]:
    """The schemas by the exact names of resources. `backends`: source → kind of database, where that narrows values."""
    kinds = backends or {}
    return MappingProxyType({r.name: schema_of(r, kinds.get(r.source, "")) for r in catalog if r.writable})


def schema_of(resource: Resource, backend: str = "") -> RowSchema:
    """The schema of one resource. Its fields have names of ours: a column may be called `load`, or hold a dot."""
    columns = {f"c{i}": column for i, column in enumerate(resource.columns.values()) if not column.generated}
    made: dict[str, fields.Field[Any]] = {}
    for attribute, column in columns.items():
        required = is_required(resource, column)
        made[attribute] = Value(column, key=column.name in resource.key, required=required, backend=backend)
        made[attribute].data_key = column.name
    return RowSchema(
        schema=_Row.from_dict(made, name="Row")(),
        names=MappingProxyType({attribute: column.name for attribute, column in columns.items()}),
        secrets=frozenset(column.name for column in columns.values() if column.write_only),
    )


def load(
    schema: RowSchema,
    row: Mapping[str, object],
    *,
    partial: bool,
    at: str = "",
    row_number: int | None = None,
) -> tuple[dict[str, object], list[Mistake]]:
    """(values, mistakes): one of the two is empty. `partial`: what is absent is left as it is."""
    try:
        loaded = schema.schema.load(row, partial=partial)
    except ValidationError as error:
        return {}, [replace(m, row=row_number, at=at) for m in _mistakes(schema, error.messages_dict)]
    names = schema.names
    return {names[attribute]: value for attribute, value in loaded.items()}, []


def _mistakes(schema: RowSchema, found: Mapping[str, Sequence[object]]) -> Iterator[Mistake]:
    """In the order of the columns, unknown ones last."""
    known = [name for name in schema.names.values() if name in found]
    for name in [*known, *sorted(found.keys() - set(known))]:
        for message in found[name]:
            if not isinstance(message, Mistake):
                yield Mistake(name, str(message), _RULES[message])
            else:
                yield replace(message, field=name, value=None if name in schema.secrets else message.value)


# ---------------------------------------------------------------- values


def fitted(type: Type, raw: object) -> object:
    """The canonical value of typed JSON, or of a value that is canonical already. Raises BadValue."""
    if isinstance(raw, _READY):
        return _ready(type, raw)
    if type.name == "array" and isinstance(raw, (list, tuple)):
        item = type.item or Type("text")
        return tuple(None if one is None else fitted(item, one) for one in raw)
    made = coerce_strict(type, raw)
    return _without_decimals(made) if type.name == "json" else made


_READY = (date, time, bytes, Range, UUID)


def _ready(type: Type, value: object) -> object:
    match type.name, value:
        case "datetime", datetime():
            return times.as_utc(value)
        case "datetime_local", datetime():
            return times.as_utc(value).replace(tzinfo=None)
        case "epoch_ms", datetime():
            return times.epoch_ms(value)
        case ("date", date()) if not isinstance(value, datetime):
            return value
        case ("time", time()) | ("bytes", bytes()) | ("range", Range()):
            return value
        case ("uuid" | "string" | "text", UUID()):
            return str(value)
        case _:
            raise BadValue(value, type.expected)


def _without_decimals(value: object) -> object:
    """JSON as JSON has it: numbers with a fraction are floats inside a json column."""
    match value:
        case Decimal():
            return float(value)
        case list() | tuple():
            return [_without_decimals(item) for item in value]
        case dict():
            return {name: _without_decimals(item) for name, item in value.items()}
        case _:
            return value


# ---------------------------------------------------------------- rows of one request against each other


def duplicates(resource: Resource, rows: Sequence[Mapping[str, object]]) -> ApiError | None:
    """A conflict where two rows of one bulk have the same values in a unique. NULLs are distinct."""
    for unique in dict.fromkeys((resource.key, *resource.uniques)):
        met: dict[tuple[object, ...], int] = {}
        for index, row in enumerate(rows):
            values = tuple(_comparable(resource.columns[name].type, row.get(name)) for name in unique)
            if unique and None not in values and met.setdefault(values, index) != index:
                return _conflict(unique, met[values], index)
    return None


_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # as both databases fold a unique


def _comparable(type: Type, value: object) -> object:
    match value:
        case str() if type.name == "citext":
            return value.translate(_ASCII_LOWER)
        case list() | dict():
            return json.dumps(value, sort_keys=True)
        case _:
            return value


def _conflict(unique: tuple[str, ...], first: int, second: int) -> ApiError:
    message = f"Rows {first} and {second} have the same {', '.join(unique)}"
    return ApiError("conflict", message, field=unique[0], details={"row": second, "first": first, "fields": [*unique]})
