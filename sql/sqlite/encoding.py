"""Values on their way into and out of SQLite.

In: canonical values with the type and storage of what they are compared with; stored values.
Out: what `sqlite3` binds (int, float, str, bytes); JSON-ready values.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson

from sql.backend import Decoder, Term
from sql.errors import BadValue
from sql.ranges import Range, range_text
from sql.sqlite import storage
from sql.sqlite.storage import CANONICAL
from sql.types import INT64, Type
from sql.values import range_json, to_json

TIMES = frozenset({"date", "time", "datetime"})
EXACT_DIGITS = 15


def stored(type: Type, name: str | None) -> str | None:
    """How a time of this type is kept: as its column says, or in our own form."""
    return name or storage.CANONICAL[type.name] if type.family in TIMES else None


def encode(value: object, type: Type, keeps: str | None = None) -> Any:
    """A canonical value as it is compared with something of the type."""
    if value is None:
        return None
    if type.name == "json":
        return dumps(value)
    match value:
        case bool():
            return int(value)
        case int() | float() | str() | bytes():
            return _within(value)
        case Decimal():
            return number(value)
        case Range():
            return range_text(value)
        case datetime() | date() | time():
            return storage.encode(value, stored(type, keeps))
    return dumps(to_json(value))


def _within(value: int | float | str | bytes) -> int | float | str | bytes:
    if isinstance(value, int) and value not in INT64:
        return float(value)
    return value


def number(value: Decimal) -> int | float:
    """A decimal as SQLite's number. Beyond 15 digits it would be another one. Raises BadValue."""
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(digits) > EXACT_DIGITS:
        raise BadValue(value, f"a number of at most {EXACT_DIGITS} digits")
    whole = value == value.to_integral_value() and abs(value) < 2**63
    return int(value) if whole else float(value)


def store(value: object, type: Type, keeps: str | None = None) -> Any:
    """A canonical value as a column of the type stores it: what it cannot hold exactly is refused, only times are
    cut to the fraction that the column keeps."""
    if value is None:
        return None
    if type.name == "json":
        return dumps(value)
    match value:
        case bool():
            return int(value)
        case int() if value not in INT64:
            raise BadValue(value, type.expected)
        case Decimal():
            return _exact(value)
        case datetime() | date() | time():
            return storage.store(value, CANONICAL[type.name], keeps)
        case tuple() | list():
            return dumps([_exact(item) if isinstance(item, Decimal) else to_json(item) for item in value])
        case Range():
            return range_text(value)
    return value


def _exact(value: Decimal) -> int | float:
    """A decimal that SQLite's number shows again."""
    held = number(value)
    if isinstance(held, float) and Decimal(repr(held)) != value:
        raise BadValue(value, "a number that is neither too large nor too small")
    return held


def encode_list(values: object, type: Type, keeps: str | None = None) -> str:
    """Many values as one parameter: a JSON list. NULLs match nothing and are left out."""
    listed = values if isinstance(values, list | tuple) else (values,)
    encoded = (encode(value, type, keeps) for value in listed if value is not None)
    return json.dumps([one.hex().upper() if isinstance(one, bytes) else one for one in encoded])


def dumps(value: object) -> str:
    """JSON text, decimals with all their digits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return to_json(value)


def decoder(term: Term) -> Decoder | None:
    """How a stored value becomes JSON-ready."""
    type = term.type
    if type.family in TIMES:
        return storage.decoder(type, stored(type, term.storage))
    if type.name == "range":
        return lambda raw: range_json(type, raw)
    return DECODERS.get(type.name)


def decimal(raw: object) -> object:
    """A stored number, or a text that one of our functions made, as the decimal it shows."""
    match raw:
        case float():
            return Decimal(repr(raw))
        case int() | str():
            try:
                return Decimal(raw)
            except ArithmeticError:
                return raw
    return raw


def _boolean(raw: object) -> object:
    return bool(raw) if isinstance(raw, int) else raw


def _json(raw: object) -> object:
    """The text itself where it is JSON: nothing is parsed twice."""
    if not isinstance(raw, str):
        return raw
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw
    return orjson.Fragment(raw)


def _array(raw: object) -> object:
    try:
        return json.loads(raw) if isinstance(raw, str) else raw
    except ValueError:
        return raw


def _bytes(raw: object) -> object:
    return b64encode(raw if isinstance(raw, bytes) else str(raw).encode()).decode("ascii")


DECODERS: Mapping[str, Callable[[Any], object]] = MappingProxyType(
    {"boolean": _boolean, "decimal": decimal, "json": _json, "array": _array, "bytes": _bytes}
)
