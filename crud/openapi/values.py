"""The values of columns as JSON Schema (2020-12): as answers show them, and as bodies may say them.

In: a `Column` and the form that a dialect gives to its times. Out: JSON Schemas. What a definition asks of a value is
asked of those that are sent alone: rows that were there before it may be otherwise.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from crud.checks import INT32
from crud.definitions.values import LENGTHS, bound
from sql.catalog import Column
from sql.types import INT64, Type
from sql.values import to_json

Json = dict[str, Any]

_UUID = "0a8f3c7e-1111-4000-8000-000000000001"
# name of a type → how its values are shown, and an example of one
SHOWN: Mapping[str, tuple[Json, object]] = MappingProxyType(
    {
        "integer": ({"type": "integer"}, 1),
        "bigint": ({"type": "integer", "format": "int64"}, 1),
        "number": ({"type": "number", "format": "double"}, 1.5),
        "decimal": ({"type": "number"}, 12.5),
        "epoch_ms": ({"type": "integer", "format": "int64"}, 1704067200000),
        "boolean": ({"type": "boolean"}, True),
        "string": ({"type": "string"}, "text"),
        "text": ({"type": "string"}, "text"),
        "citext": ({"type": "string"}, "text"),
        "email": ({"type": "string"}, "ann@example.com"),
        "enum": ({"type": "string"}, "word"),
        "uuid": ({"type": "string", "format": "uuid"}, _UUID),
        "date": ({"type": "string", "format": "date"}, "2024-01-31"),
        "time": ({"type": "string"}, "10:00:00"),
        "datetime": ({"type": "string", "format": "date-time"}, "2024-01-31T10:00:00.000Z"),
        "datetime_local": ({"type": "string"}, "2024-01-31T10:00:00.000"),
        "json": ({}, {"level": 4}),
        "bytes": ({"type": "string", "contentEncoding": "base64"}, "AP8="),
    }
)
BOUNDS = ("[)", "[]", "()", "(]", "empty")
EPOCH_MS: Json = {"type": "integer", "format": "int64", "description": "Milliseconds since 1970", "examples": [0]}
_DECIMAL = r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$"
# name of a type → what a value that is sent must be besides
SENT: Mapping[str, Json] = MappingProxyType(
    {
        "integer": {"minimum": INT32[0], "maximum": INT32[-1]},
        "bigint": {"minimum": INT64[0], "maximum": INT64[-1]},
        "epoch_ms": {"minimum": INT64[0], "maximum": INT64[-1]},
        "decimal": {"type": ["number", "string"], "pattern": _DECIMAL},
        "email": {"format": "email"},
    }
)


def shown(column: Column, form: str | None = None) -> Json:
    """How an answer shows the values of a column. `form`: `epoch_ms` for times of a dialect that counts them."""
    made = dict(EPOCH_MS) if form == "epoch_ms" else _exampled(_shown(column.type), column.type)
    return nullable(made) if column.nullable else made


def sent(column: Column, form: str | None = None) -> Json:
    """What a body may say of a column, unless it says null."""
    if form == "epoch_ms":
        return dict(EPOCH_MS)
    made = _exampled(_sent(column.type), column.type)
    for rule, said in column.rules.items():
        if rule in _RULES:
            made |= _RULES[rule](column.type, said)
    return made


def nullable(schema: Json) -> Json:
    """The same, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "type" not in schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [*kinds, "null"]} | words


def example(type: Type) -> object:
    """A value of a type."""
    match type:
        case Type(values=[word, *_]):
            return word
        case Type(name="array", item=Type() as item):
            return [example(item)]
        case Type(name="range", item=Type() as item):
            return {"lower": example(item), "upper": None, "bounds": "[)"}
    return SHOWN[type.name][1]


def _exampled(schema: Json, type: Type) -> Json:
    return schema | {"examples": [example(type)]} if schema else schema


def _shown(type: Type) -> Json:
    return _composed(type, _shown) or SHOWN[type.name][0] | _words(type)


def _sent(type: Type) -> Json:
    return _composed(type, _sent) or SHOWN[type.name][0] | SENT.get(type.name, {}) | _words(type)


def _words(type: Type) -> Json:
    return {"enum": list(type.values)} if type.values else {}


def _composed(type: Type, of: Callable[[Type], Json]) -> Json | None:
    item = type.item or Type("text")
    if type.name == "array":
        return {"type": "array", "items": nullable(of(item))}
    if type.name != "range":
        return None
    ends = {"lower": nullable(of(item)), "upper": nullable(of(item)), "bounds": {"enum": [*BOUNDS]}}
    return {"type": "object", "properties": ends, "additionalProperties": False}


# ---------------------------------------------------------------- what a definition asks of a value


def _limit(least: bool, sized: bool) -> Callable[[Type, object], Json]:
    """A bound: of a number, of a length where the type has one or the rule says so."""

    def made(type: Type, said: object) -> Json:
        if sized or type.family in LENGTHS:
            unit = "Items" if type.family == "array" else "Length"
            return {f"{'min' if least else 'max'}{unit}": int(str(said))}
        if type.family != "number":
            return {"description": f"At {'least' if least else 'most'} {to_json(bound(type, said))}"}
        return {"minimum" if least else "maximum": bound(type, said)}

    return made


# What Python's patterns and JavaScript's mean alike.
_PLAIN = re.compile(r"(?:[^\\(]|\((?!\?)|\(\?:|\\[dswDSW.+*?()\[\]{}|/^$-])*")


def _pattern(type: Type, said: object) -> Json:
    text = str(said)
    if not _PLAIN.fullmatch(text) or "\\" in text or not text.isascii():
        return {"description": f"Matches {text}"}
    return {"pattern": f"^(?:{text})$"}


def _each(type: Type, said: object) -> Json:
    item = type.item or Type("text")
    rules = said if isinstance(said, Mapping) else {}
    made: Json = {}
    for rule, value in rules.items():
        made |= _RULES[rule](item, value) if rule in _RULES else {}
    return {"items": nullable(_sent(item) | made)} if type.name == "array" else {}


_RULES: Mapping[str, Callable[[Type, object], Json]] = MappingProxyType(
    {
        "min": _limit(True, False),
        "max": _limit(False, False),
        "min_length": _limit(True, True),
        "max_length": _limit(False, True),
        "pattern": _pattern,
        "format": lambda type, said: {"format": "email" if said == "email" else "uri"},
        "whole": lambda type, said: {"multipleOf": 1} if said else {},
        "each": _each,
        "shape": lambda type, said: {"type": said},
    }
)
