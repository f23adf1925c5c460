"""What PostgreSQL's values become as they arrive: JSON-ready, without a step in between.

In: the text that the server sends for a value. Out: numbers, Decimals, texts in our wire form, `orjson.Fragment`s,
lists and range objects. Infinite and ancient dates, which Python has not, stay the server's text.
"""

import base64
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types import TypeInfo

_BOUND = r'("(?:[^"\\]|\\.|"")*"|[^,"]*)'
_RANGE = re.compile(rf"([\[(]){_BOUND},{_BOUND}([\])])")


def _text(raw: bytes) -> object:
    return raw.decode()


def _numeric(raw: bytes) -> object:
    number = Decimal(raw.decode())
    return number if number.is_finite() else raw.decode()


def _fraction(clock: str) -> str:
    whole, point, digits = clock.partition(".")
    return f"{whole}.{digits.ljust(3 if len(digits) < 4 else 6, '0')}" if point else clock


def _time(raw: bytes) -> object:
    return _fraction(raw.decode())


def _moment(text: str, zone: str) -> str:
    day, space, clock = text.partition(" ")
    if not space or text.endswith("BC"):
        return text
    clock = clock.removesuffix("+00")
    return f"{day}T{_fraction(clock) if '.' in clock else clock + '.000'}{zone}"


def _timestamp(raw: bytes) -> object:
    return _moment(raw.decode(), "")


def _timestamptz(raw: bytes) -> object:
    return _moment(raw.decode(), "Z")


def _json(raw: bytes) -> object:
    return orjson.Fragment(raw)


def _bytea(raw: bytes) -> object:
    return base64.b64encode(bytes.fromhex(raw[2:].decode())).decode()


def _int(raw: bytes) -> object:
    return int(raw)


def _range_of(item: Callable[[bytes], object]) -> Callable[[bytes], object]:
    def bound(written: str) -> object:
        if written.startswith('"'):
            written = re.sub(r'\\(.)|"(")', r"\1\2", written[1:-1])
        return item(written.encode()) if written else None

    def load(raw: bytes) -> object:
        found = _RANGE.fullmatch(raw.decode())
        if found is None:
            return {"lower": None, "upper": None, "bounds": "empty"}
        return {"lower": bound(found[2]), "upper": bound(found[3]), "bounds": found[1] + found[4]}

    return load


_LOADERS: dict[str, Callable[[bytes], object]] = {
    "numeric": _numeric,
    "date": _text,
    "time": _time,
    "timetz": _text,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "interval": _text,
    "inet": _text,
    "cidr": _text,
    "uuid": _text,
    "json": _json,
    "jsonb": _json,
    "bytea": _bytea,
    "int4range": _range_of(_int),
    "int8range": _range_of(_int),
    "numrange": _range_of(_numeric),
    "daterange": _range_of(_text),
    "tsrange": _range_of(_timestamp),
    "tstzrange": _range_of(_timestamptz),
    **{f"{name}multirange": _text for name in ("int4", "int8", "num", "date", "ts", "tstz")},
}


def _loader(convert: Callable[[bytes], object]) -> type[Loader]:
    class Made(Loader):
        def load(self, data: Buffer) -> Any:
            return convert(bytes(data))

    return Made


class Context:
    """What psycopg takes its adapters from."""

    connection: psycopg.Connection[Any] | None = None

    def __init__(self, words: Iterable[tuple[str, int, int]] = ()) -> None:
        """`words` are the types that arrive as text, also in arrays: name, oid and oid of the array."""
        self.adapters = AdaptersMap(psycopg.adapters)
        for name, convert in _LOADERS.items():
            self.adapters.register_loader(name, _loader(convert))
        for name, oid, array_oid in words:
            TypeInfo(name, oid, array_oid).register(self)
            self.adapters.register_loader(oid, _loader(_text))
