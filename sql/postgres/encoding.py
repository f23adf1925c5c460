"""Values on their way into and out of PostgreSQL.

In: canonical values with the type (and the native type) they are compared with. Out: marks with casts, so that no
value is ever of a wrong type to the database; what psycopg adapts; JSON-ready values.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sql.backend import Decoder, Parameter, Term
from sql.catalog import Column
from sql.fragment import Bindings, Fragment, value
from sql.ranges import Range, range_text
from sql.types import TIME, Type
from sql.values import range_json, to_json

CASTS: Mapping[str, str] = MappingProxyType(
    {
        "integer": "bigint",
        "bigint": "bigint",
        "epoch_ms": "bigint",
        "number": "float8",
        "decimal": "numeric",
        "boolean": "boolean",
        "uuid": "uuid",
        "date": "date",
        "time": "time",
        "datetime": "timestamptz",
        "datetime_local": "timestamp",
        "json": "jsonb",
        "bytes": "bytea",
    }
)
_RANGES: Mapping[str, str] = MappingProxyType(
    {
        "integer": "int4range",
        "bigint": "int8range",
        "decimal": "numrange",
        "number": "numrange",
        "date": "daterange",
        "datetime": "tstzrange",
        "datetime_local": "tsrange",
        "time": "tsrange",
    }
)
# Types that compare as their own: an enum only knows its words, a range only its kind.
_NATIVE = frozenset({"enum", "range"})
_DAY = date(1970, 1, 1)
_PLAIN = ("text", "varchar", "char", "bpchar")
# Trailing blanks mean nothing to these; compared as text they would.
_PADDED = ("character(", "bpchar")
_READ_BY_COLUMN = frozenset({"text", "uuid", "json", "range"})
_MODIFIER = re.compile(r"\(\d[\d,]*\)", re.ASCII)
_TEXTS = (*_PLAIN, "name", "citext", '"')


def foreign(column: Column) -> bool:
    """Whether the column is of a type that the catalog has no word for (interval, inet, xml …): it is used as text."""
    return column.type.name in ("text", "string") and bool(column.native) and not column.native.startswith(_TEXTS)


def cast_of(type: Type, native: str = "") -> str:
    """The SQL name of a type, as a parameter is cast."""
    if type.name == "array":
        return native or f"{cast_of(type.item or Type('text'))}[]"
    if type.name in _NATIVE and native and not native.startswith(_PLAIN):
        return native
    if native.startswith(_PADDED):
        return "bpchar"
    if type.name == "range":
        return _RANGES.get((type.item or Type("integer")).name, "int8range")
    return CASTS.get(type.name, "text")


def key_cast(column: Column) -> str:
    """How keys are cast that a column is compared with: wide enough for those of other columns, which a cast to
    integer would refuse, and one to varchar(3) cut."""
    plain = column.type.family == "text" and not foreign(column) and column.type.name not in ("enum", "citext")
    wide = plain or column.type.name in ("integer", "bigint", "decimal")
    return cast_of(column.type, column.native) if wide or not column.native else column.native


def doubled(text: str) -> str:
    """A percent sign of our own would be a mark to psycopg."""
    return text.replace("%", "%%")


def mark(parameter: Parameter, type: Type, native: str = "") -> Fragment:
    """The parameter, cast to the type."""
    get = parameter.get
    return value(f"%s::{doubled(cast_of(type, native))}", lambda bindings: encode(get(bindings), type))


def marks(parameter: Parameter, type: Type, native: str = "") -> Fragment:
    """A parameter with many values, as one array."""
    get = parameter.get

    def encoded(bindings: Bindings) -> object:
        return [encode(one, type) for one in listed(get(bindings)) if one is not None]

    return value(f"%s::{doubled(cast_of(type, native))}[]", encoded)


def assign(column: Column, parameter: Parameter) -> Fragment:
    """A value for a column. What goes as text has no cast: the column's own type reads it, whatever that is (an enum,
    an interval, xml), and refuses what is too long, which a cast to varchar(5) or bit(3) would cut off."""
    get, type = parameter.get, column.type
    if type.family in _READ_BY_COLUMN:
        return value("%s", lambda bindings: encode(get(bindings), type))
    words = cast_of(type, "" if type.name != "array" else _unmodified(column.native))
    return value(f"%s::{doubled(words)}", lambda bindings: encode(get(bindings), type))


def _unmodified(native: str) -> str:
    return native if '"' in native else _MODIFIER.sub("", native)


def listed(values: object) -> tuple[object, ...]:
    """Many values, also where there is one."""
    return tuple(values) if isinstance(values, list | tuple) else (values,)


def encode(raw: object, type: Type) -> Any:
    """A canonical value as psycopg adapts it."""
    if raw is None:
        return None
    if type.name == "json":
        return dumps(raw)
    match raw:
        case Range():
            return range_text(_on_a_day(raw))
        case tuple() | list():
            return [encode(one, type.item or Type("text")) for one in raw]
        case Decimal() | datetime() | date() | time() | bytes() | bool():
            return raw
    return raw


def _on_a_day(raw: Range) -> Range:
    """A range of times of day is kept as one of moments on the first day of 1970."""
    lower, upper = (datetime.combine(_DAY, end) if isinstance(end, time) else end for end in (raw.lower, raw.upper))
    return Range(lower, upper, raw.bounds)


def _times_of_day(raw: object) -> object:
    """Back: the times alone. Also of the range that psycopg's loader made."""
    if not isinstance(raw, dict):
        return raw
    return {name: _clock(end) if name != "bounds" else end for name, end in raw.items()}


def _clock(end: object) -> object:
    return end.partition("T")[2].removesuffix(".000") if isinstance(end, str) else end


def dumps(raw: object) -> str:
    """JSON text."""
    return json.dumps(raw, ensure_ascii=False, default=_plain)


def _plain(raw: object) -> object:
    if isinstance(raw, Decimal):
        return int(raw) if raw == raw.to_integral_value() else float(raw)
    return to_json(raw)


def decoder(term: Term) -> Decoder | None:
    """How a value becomes JSON-ready where psycopg's loaders leave something to do."""
    type = term.type
    if type.name == "range" and type.item == TIME:
        return _times_of_day
    if type.name == "range":
        return lambda raw: range_json(type, raw) if isinstance(raw, str) else raw
    return _bytes if type.name == "bytes" else None


def _bytes(raw: object) -> object:
    return b64encode(raw).decode("ascii") if isinstance(raw, bytes) else raw
