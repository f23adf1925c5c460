"""Conversions on SQLite, and numbers out of times, with the meaning that the SQL for PostgreSQL has.

In: stored values with the names of their type and storage. Out: values in our canonical storage, or None.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sql import times
from sql.errors import BadValue
from sql.sqlite import storage
from sql.sqlite.encoding import decimal, number
from sql.types import TYPES, Type

_INTEGER = re.compile(r"\s*[+-]?\d{1,18}\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d{1,100}(\.\d{0,100})?|\.\d{1,100})([eE][+-]?\d{1,2})?\s*", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?", re.ASCII)
_TRUTH = {"true": 1, "1": 1, "false": 0, "0": 0}
_TIMES = frozenset({"date", "time", "datetime"})


def cast(raw: object, source: str, keeps: str, target: str) -> object:
    """The value as another type; None where it cannot be."""
    if raw is None or isinstance(raw, bytes):
        return None
    family = TYPES[source].family
    held = _moment(raw, source, keeps) if family in _TIMES else raw
    return None if held is None else _CASTS[target](held, source)


def _moment(raw: object, source: str, keeps: str) -> datetime | time | None:
    """A stored time, read through the wire form of its own storage."""
    shown = storage.decode(raw, Type(source), keeps or None)
    return storage.parse(shown) if isinstance(shown, str) else None


def _text(held: Any, source: str) -> object:
    match held:
        case datetime() if source == "date":
            return held.date().isoformat()
        case datetime():
            zoned = times.as_utc(held)
            return times.show_instant(zoned if source == "datetime" else zoned.replace(tzinfo=None))
        case time():
            return _clock(held)
    if source == "boolean":
        return "true" if held else "false"
    if source == "decimal":
        shown = decimal(held)
        return format(shown.normalize(), "f") if isinstance(shown, Decimal) else str(held)
    return _float_text(held) if isinstance(held, float) else str(held)


def _clock(held: time) -> str:
    """As PostgreSQL writes it: no zeros at the end of a fraction."""
    text = held.isoformat()
    return text.rstrip("0") if "." in text else text


def _float_text(held: float) -> str:
    """As PostgreSQL writes it: the shortest digits, an exponent from 1e15 and below 1e-4."""
    if not math.isfinite(held):
        return str(held)
    shortest = Decimal(repr(held)).normalize()
    exponent = shortest.adjusted()
    if held == 0 or -5 < exponent < 15:
        return format(shortest, "f")
    return f"{shortest.scaleb(-exponent)}e{exponent:+03d}"


def _integer(held: Any, source: str) -> int | None:
    """Numbers are cut off, texts must be whole."""
    if isinstance(held, str):
        return int(held) if _INTEGER.fullmatch(held) else None
    if isinstance(held, int):
        return held
    return int(held) if math.isfinite(held) and abs(held) < 9.2e18 else None


def _number(held: Any, source: str) -> float | int | None:
    if isinstance(held, str):
        return float(held) if _NUMBER.fullmatch(held) else None
    return float(held)


def _decimal(held: Any, source: str) -> float | int | None:
    """Whole where it is whole; what SQLite cannot hold exactly is NULL. A float has 15 digits, as on PostgreSQL."""
    if isinstance(held, str):
        found = Decimal(held.strip()) if _NUMBER.fullmatch(held) else None
    else:
        found = Decimal(held if isinstance(held, int) else f"{held:.15g}") if math.isfinite(held) else None
    try:
        return None if found is None else number(found)
    except BadValue:
        return held if isinstance(held, int) else None


def _boolean(held: Any, source: str) -> int | None:
    if isinstance(held, str):
        return _TRUTH.get(held.strip(" \t\n\r").lower())
    return int(held != 0)


def _date(held: Any, source: str) -> str | None:
    match held:
        case datetime():
            return held.date().isoformat()
        case str() if found := _DATE.match(held):
            parsed = times.parse_date(found[0])
            return parsed.isoformat() if parsed else None
    return None


def _time(held: Any, source: str) -> object:
    match held:
        case datetime():
            return storage.encode(held.time(), None)
        case time():
            return storage.encode(held, None)
        case str() if _TIME.fullmatch(held):
            parsed = times.parse_time(held)
            return None if parsed is None else storage.encode(parsed, None)
    return None


_CASTS: Mapping[str, Callable[[Any, str], object]] = MappingProxyType(
    {
        "text": _text,
        "integer": _integer,
        "number": _number,
        "decimal": _decimal,
        "boolean": _boolean,
        "date": _date,
        "time": _time,
    }
)


def part(raw: object, name: str, source: str, keeps: str) -> int | None:
    """A number out of a time; None where it has no such part."""
    held = None if raw is None else _moment(raw, source, keeps)
    match held:
        case datetime():
            return _DATED[name](held) if name in _DATED else _CLOCKED[name](held.time())
        case time() if name in _CLOCKED:
            return _CLOCKED[name](held)
    return None


_DATED: Mapping[str, Callable[[date], int]] = MappingProxyType(
    {
        "year": lambda held: held.year,
        "quarter": lambda held: (held.month + 2) // 3,
        "month": lambda held: held.month,
        "week": lambda held: held.isocalendar().week,
        "day": lambda held: held.day,
        "dow": lambda held: held.isoweekday() % 7,
        "doy": lambda held: held.timetuple().tm_yday,
    }
)
_CLOCKED: Mapping[str, Callable[[time], int]] = MappingProxyType(
    {"hour": lambda held: held.hour, "minute": lambda held: held.minute, "second": lambda held: held.second}
)
