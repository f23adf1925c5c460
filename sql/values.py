"""Values: from what a client wrote to the canonical Python value of a type, and back to what JSON can carry.

In: a `Type` and a raw value (text, or anything JSON has). Out: the value that a slot carries, or `BadValue`.
`coerce` is for filter values and CSV cells, where everything may be text; `coerce_strict` for typed JSON bodies.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from sql import times
from sql.errors import BadValue
from sql.ranges import Range, range_from
from sql.types import INT64, Type

MAX_DIGITS = 1000
MAX_DEPTH = 100

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,1000}(?:\.\d{0,1000})?|\.\d{1,1000})(?:[eE][+-]?\d{1,4})?", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}(?:\1[0-9a-fA-F]{4}){2}\1[0-9a-fA-F]{12}")
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def coerce(type: Type, raw: object) -> object:
    """The canonical value of a type from text or JSON. Raises BadValue."""
    return _made(_LENIENT, type, raw)


def coerce_strict(type: Type, raw: object) -> object:
    """The canonical value of a type from typed JSON: the text "18" is no integer. Raises BadValue."""
    if not isinstance(raw, _TYPED.get(type.name, (str,))) or (isinstance(raw, bool) and type.name not in _BOOLS):
        raise BadValue(raw, type.expected)
    return _made(_STRICT, type, raw)


def _made(makers: "Mapping[str, _Maker]", type: Type, raw: object) -> object:
    try:
        return makers[type.name](type, raw)
    except (ValueError, ArithmeticError, TypeError, RecursionError, binascii.Error):
        raise BadValue(raw, type.expected) from None


_Maker = Callable[[Type, Any], object]


def _integer(type: Type, raw: Any) -> int:
    match raw:
        case bool():
            raise ValueError
        case int():
            number = raw
        case str() if _INTEGER.fullmatch(raw.strip()):
            number = int(raw)
        case _:
            raise ValueError
    if number not in INT64:
        raise ValueError
    return number


def _epoch_ms(type: Type, raw: Any) -> int:
    if isinstance(raw, str) and (moment := times.parse_instant(raw.strip())):
        return times.epoch_ms(moment)
    return _integer(type, raw)


def _number(type: Type, raw: Any) -> float:
    number = float(_decimal(type, raw))
    if not math.isfinite(number):
        raise ValueError
    return number


def _decimal(type: Type, raw: Any) -> Decimal:
    match raw:
        case bool():
            raise ValueError
        case int() | Decimal():
            number = Decimal(raw)
        case float():
            number = Decimal(repr(raw))
        case str() if _NUMBER.fullmatch(raw.strip()):
            number = Decimal(raw.strip())
        case _:
            raise ValueError
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS or len(number.as_tuple().digits) > MAX_DIGITS:
        raise InvalidOperation
    return number


def _boolean(type: Type, raw: Any) -> bool:
    match raw:
        case bool() | 0 | 1 if not isinstance(raw, (float, Decimal)):
            return bool(raw)
        case str() if raw.strip().lower() in _TRUTH:
            return _TRUTH[raw.strip().lower()]
        case _:
            raise ValueError


def _text(type: Type, raw: Any) -> str:
    match raw:
        case bool():
            return "true" if raw else "false"
        case int() | Decimal():
            return str(raw)
        case float() if math.isfinite(raw):
            return repr(raw)
        case str() if not _UNSAFE.search(raw):
            return raw
        case _:
            raise ValueError


def _enum(type: Type, raw: Any) -> str:
    word = _text(type, raw)
    if type.values and word not in type.values:
        raise ValueError
    return word


def _word(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError
    return raw.strip()


def _uuid(type: Type, raw: Any) -> str:
    word = _word(raw)
    if not _UUID.fullmatch(word):
        raise ValueError
    digits = word.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _given(found: Any) -> Any:
    if found is None:
        raise ValueError
    return found


def _date(type: Type, raw: Any) -> date:
    return _given(times.parse_date(_word(raw)))  # type: ignore[no-any-return]


def _time(type: Type, raw: Any) -> time:
    return _given(times.parse_time(_word(raw)))  # type: ignore[no-any-return]


def _datetime(type: Type, raw: Any) -> datetime:
    match raw:
        case bool():
            raise ValueError
        case int() | float() | Decimal():
            return _given(times.from_epoch_ms(float(raw) if isinstance(raw, Decimal) else raw))  # type: ignore[no-any-return]
        case _:
            return times.as_utc(_given(times.parse_instant(_word(raw))))


def _datetime_local(type: Type, raw: Any) -> datetime:
    return _datetime(type, raw).replace(tzinfo=None)


def _json(type: Type, raw: Any) -> object:
    for scalar in _scalars(raw, MAX_DEPTH):
        match scalar:
            case None | bool():
                pass
            case int() if scalar in INT64:
                pass
            case float() | Decimal() if math.isfinite(scalar):
                pass
            case str() if not _UNSAFE.search(scalar):
                pass
            case _:
                raise ValueError
    return raw


def _scalars(raw: object, depth: int) -> Iterator[object]:
    if depth == 0:
        raise ValueError
    match raw:
        case list() | tuple():
            for item in raw:
                yield from _scalars(item, depth - 1)
        case dict():
            for name, item in raw.items():
                yield name if isinstance(name, str) else object()
                yield from _scalars(item, depth - 1)
        case _:
            yield raw


def _array_by(item_of: Callable[[Type, object], object]) -> _Maker:
    def made(type: Type, raw: Any) -> tuple[object, ...]:
        if isinstance(raw, str) and raw.lstrip().startswith("["):
            raw = json.loads(raw)
        items = raw if isinstance(raw, (list, tuple)) else [raw]
        return tuple(None if item is None else item_of(_item(type), item) for item in items)

    return made


def _item(type: Type) -> Type:
    return type.item or Type("text")


def _range_by(item_of: Callable[[Type, object], object]) -> _Maker:
    def made(type: Type, raw: Any) -> Range:
        return range_from(raw, lambda end: item_of(_item(type), end))

    return made


def _bytes(type: Type, raw: Any) -> bytes:
    return base64.b64decode(_word(raw).encode("ascii"), validate=True)


_SCALARS: Mapping[str, _Maker] = MappingProxyType(
    {
        "integer": _integer,
        "bigint": _integer,
        "number": _number,
        "decimal": _decimal,
        "epoch_ms": _epoch_ms,
        "boolean": _boolean,
        **dict.fromkeys(("string", "text", "email", "citext"), _text),
        "enum": _enum,
        "uuid": _uuid,
        "date": _date,
        "time": _time,
        "datetime": _datetime,
        "datetime_local": _datetime_local,
        "json": _json,
        "bytes": _bytes,
    }
)
_LENIENT: Mapping[str, _Maker] = MappingProxyType({**_SCALARS, "array": _array_by(coerce), "range": _range_by(coerce)})
_STRICT: Mapping[str, _Maker] = MappingProxyType(
    {**_SCALARS, "array": _array_by(coerce_strict), "range": _range_by(coerce)}
)
# What typed JSON must be; whatever is not named here is a text.
_TYPED: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "integer": (int,),
        "bigint": (int,),
        "epoch_ms": (int,),
        "number": (int, float, Decimal),
        "decimal": (int, float, Decimal, str),
        "boolean": (bool,),
        "json": (object,),
        "array": (list, tuple),
        "range": (dict, str),
    }
)
_BOOLS = frozenset({"boolean", "json"})


def to_json(value: object) -> object:
    """A canonical value as JSON carries it: times and bytes as text, arrays as lists, ranges as objects."""
    match value:
        case datetime():
            return times.show_instant(value)
        case date():
            return value.isoformat()
        case time():
            return times.show_time(value)
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case tuple():
            return [to_json(item) for item in value]
        case Range():
            return {"lower": to_json(value.lower), "upper": to_json(value.upper), "bounds": value.bounds}
        case _:
            return value


def range_json(type: Type, text: object) -> object:
    """The JSON object of a range's text; what is none comes as it is."""
    try:
        return to_json(coerce(type, text))
    except BadValue:
        return text
