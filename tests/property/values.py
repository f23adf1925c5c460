"""Values of each type, and what they are as another type, in plain Python.

In: types. Out: canonical values; `Refused` where there is no such value. NULL is not among them.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from sql import formulas
from sql.types import Type
from sql.values import coerce, to_json
from tests.property.meaning import cast

_TEXTS = ("", "a", "A", "12", " 7 ", "it's", "2024-02-29", "true", "1.50", "100%s", "É", '{"a": [1]}')
_WIRE: dict[str, tuple[Any, ...]] = {
    "integer": (0, 1, -7, 12, 2147480000),
    "bigint": (0, 1, 12, 9007199254740993, -5),
    "epoch_ms": (0, 1700000000123, 12),
    "number": (0.5, 2.0, -1.25, 12.0, 100000.0),
    "decimal": ("0.50", "1", "12.25", "-3"),
    "boolean": (True, False),
    "email": ("a@example.com", "B@example.com"),
    "uuid": ("00000000-0000-0000-0000-00000000000a", "11111111-2222-4333-8444-555555555555"),
    "date": ("2024-02-29", "1999-12-31"),
    "time": ("10:00:00", "23:59:59.5"),
    "datetime": ("2024-02-29T10:00:00Z", "1969-12-31T23:59:59.500250Z"),
    "datetime_local": ("2024-02-29T10:00:00", "1969-12-31T23:59:59.500250"),
    "json": ({"a": [1]}, [1, "x"], "text", 5, True),
}
_INTEGERS = frozenset({"integer", "bigint", "epoch_ms"})
_TEXTUAL = frozenset({"string", "text", "email", "citext"})


class Refused(Exception):
    """The value cannot become one of the other type."""


def literals(type: Type) -> tuple[Any, ...]:
    """Some canonical values."""
    if type.name == "enum":
        return type.values
    if type.item is not None:
        made = literals(type.item)
        return (made[:2], ())
    return tuple(coerce(type, wire) for wire in _WIRE.get(type.name, _TEXTS))


def become(value: Any, old: Type, new: Type) -> Any:
    """A value of one type as one of another."""
    if old == new:
        return value
    made = _become(value, old, new)
    if made is None:
        raise Refused
    return _held(made, new)


def _become(value: Any, old: Type, new: Type) -> Any:
    if old.item is not None:
        return _list(value, old, new)
    source = "text" if old.family == "text" else old.name
    target = "text" if new.family == "text" else new.name
    if source == target:
        return value
    if target in _INTEGERS and source not in ("datetime", "datetime_local"):
        return value if source in _INTEGERS else _cast(value, old, "integer", "number decimal text boolean")
    match target:
        case "number" | "decimal":
            plain, kind = (int(value), Type("integer")) if source == "boolean" else (value, old)
            return _cast(plain, kind, target, "integer bigint epoch_ms number decimal text")
        case "boolean":
            return _cast(value, old, target, "integer bigint epoch_ms number decimal text")
        case "text":
            return _cast(
                value,
                old,
                target,
                "integer bigint epoch_ms number decimal boolean date time datetime datetime_local uuid",
            )
        case "date" | "time":
            return _cast(value, old, target, "text datetime datetime_local")
        case "datetime" | "datetime_local" | "epoch_ms":
            return _moment(value, source, target)
        case "uuid" if source == "text":
            return value.lower() if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value) else None
        case "json":
            return _json(value, source)
    return None


def _cast(value: Any, old: Type, target: str, sources: str) -> Any:
    source = "text" if old.family == "text" else old.name
    return cast(old, value, target) if source in sources.split() else None


def _list(value: Any, old: Type, new: Type) -> Any:
    assert old.item is not None
    if new.item is not None:
        return value if old.name == new.name and {old.item.name, new.item.name} <= _TEXTUAL else None
    return list(value) if new.name == "json" else None


def _json(value: Any, source: str) -> Any:
    if source == "text":
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value if source in _INTEGERS | {"number", "boolean"} else None


def _moment(value: Any, source: str, target: str) -> Any:
    match source:
        case "text":
            found = re.match(r"\d{4}-\d\d-\d\d$", value)
            moment = datetime.fromisoformat(value) if found else None
        case "date":
            moment = datetime(value.year, value.month, value.day)
        case "datetime" | "datetime_local":
            moment = value
        case "epoch_ms":
            moment = datetime(1970, 1, 1) + timedelta(milliseconds=value)
        case _:
            moment = None
    if moment is None or (target == "epoch_ms" and source not in ("datetime", "datetime_local")):
        return None
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if target == "epoch_ms":
        return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return aware if target == "datetime" else aware.replace(tzinfo=None)


def _held(value: Any, new: Type) -> Any:
    """Only what the new type holds as it is."""
    if new.name == "integer" and not -(2**31) <= value < 2**31:
        raise Refused
    if new.name == "decimal" and new.precision is not None:
        scale = new.scale or 0
        if value != round(value, scale) or abs(value) >= Decimal(10) ** (new.precision - scale):
            raise Refused
    if new.name == "enum" and value not in new.values:
        raise Refused
    return value


def computed(formula: str, row: Mapping[str, Any]) -> Any:
    """The two kinds of formulas that walks make: `"column" || 'x'` and `"column" + 1`."""
    name = formulas.names(formula)[0]
    value = row[name]
    return value if value is None else value + ("x" if formula.endswith("'x'") else 1)


def wire(value: Any) -> Any:
    """A canonical value or an answer of a database, as something that can be compared and sorted."""
    if isinstance(value, orjson.Fragment):
        value = orjson.loads(orjson.dumps(value))
    match value:
        case bool() | None:
            return json.dumps(value)
        case Decimal() | int() | float():
            return f"{Decimal(repr(value) if isinstance(value, float) else value).normalize():f}"
        case list() | tuple():
            return f"[{', '.join(map(wire, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}: {wire(value[name])}" for name in sorted(value)) + "}"
        case date():
            return str(to_json(value))
    return str(to_json(value))
