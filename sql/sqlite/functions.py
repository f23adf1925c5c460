"""The functions of ours that SQLite's SQL calls, all under the prefix `dragoman_`.

In: a connection. Out: the same connection, knowing them. Each gives NULL where it has no answer and never raises:
an exception would be a failed statement.
"""

import json
import sqlite3
from collections.abc import Callable, Hashable, Mapping
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from sql.masking import mask_of
from sql.sqlite import arrays, casts, conversions, documents, storage
from sql.sqlite.encoding import EXACT_DIGITS, decimal
from sql.sqlite.text import fold
from sql.types import INT64

# Wide enough for every sum of 64-bit numbers and of REALs.
WIDE = Context(prec=1400)
MOST_COUNTED = 1000  # different values that a sum remembers


def _fold(raw: object) -> object:
    return raw if raw is None else fold(raw if isinstance(raw, str) else str(raw))


def _total(high: int | None, low: int | None) -> object:
    """The sum of two halves: a number, or its text beyond 64 bits."""
    if high is None or low is None:
        return None
    total = (high << 32) + low
    return total if total in INT64 else str(total)


def _mean(high: int | None, low: int | None, count: int) -> str | None:
    if high is None or low is None:
        return None
    return _rounded(Decimal((high << 32) + low), count, 6)


def _rounded(total: Decimal, count: int, digits: int) -> str:
    """Half up, away from zero: in whole numbers, so that nothing is rounded twice."""
    shifted = WIDE.scaleb(total, digits)
    numerator, denominator = shifted.as_integer_ratio()
    divisor = denominator * count
    whole = (2 * abs(numerator) + divisor) // (2 * divisor)
    return str(WIDE.scaleb(Decimal(whole if numerator >= 0 else -whole), -digits))


def _hash(raw: object, key: object) -> object:
    """The keyed hash of a text."""
    return mask_of(key)(raw) if isinstance(key, bytes) else None


def _finite(raw: object) -> Decimal | None:
    """A number, or the text of one that an aggregate of ours made."""
    value = decimal(raw) if isinstance(raw, int | float | str) else None
    return value if isinstance(value, Decimal) and value.is_finite() else None


class Sum:
    """The exact sum of decimals, as text. Equal values are counted, and added up together."""

    def __init__(self) -> None:
        self.total: Decimal | None = None
        self.counts: dict[Hashable, int] = {}

    def step(self, raw: Hashable) -> None:
        self.counts[raw] = self.counts.get(raw, 0) + 1
        if len(self.counts) >= MOST_COUNTED:
            self._add()

    def _add(self) -> None:
        for raw, count in self.counts.items():
            value = _finite(raw)
            if value is not None:
                self.total = WIDE.add(self.total or Decimal(0), WIDE.multiply(value, Decimal(count)))
        self.counts.clear()

    def finalize(self) -> str | None:
        self._add()
        return None if self.total is None else format(self.total, "f")


class Avg:
    """The average of decimals, rounded to so many digits, as text."""

    def __init__(self) -> None:
        self.total, self.count, self.digits = Decimal(0), 0, 0

    def step(self, raw: object, digits: int) -> None:
        value = _finite(raw)
        if value is not None:
            self.total, self.count, self.digits = WIDE.add(self.total, value), self.count + 1, digits

    def finalize(self) -> str | None:
        return _rounded(self.total, self.count, self.digits) if self.count else None


class Listed:
    """The values that are not NULL, ascending by their comparable form, as a JSON list."""

    def __init__(self) -> None:
        self.held: list[tuple[str, Any, str, Any]] = []

    def step(self, raw: object, by: object) -> None:
        if raw is not None and not isinstance(raw, bytes):
            rank = "text" if isinstance(by, str) else "number"
            self.held.append((rank, by, str(raw), raw))

    def finalize(self) -> str | None:
        if not self.held:
            return None
        return json.dumps([one[3] for one in sorted(self.held, key=lambda one: one[:3])])


FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = MappingProxyType(
    {
        "fold": (1, _fold),
        "hash": (2, _hash),
        "instant": (1, storage.instant),
        "part": (4, casts.part),
        "cast": (4, casts.cast),
        "convert": (5, conversions.convert),
        "json": (3, documents.test),
        "json_path": (2, documents.path),
        "json_length": (1, documents.length),
        "json_kind": (1, documents.kind),
        "json_text": (1, documents.text),
        "empty": (1, documents.empty),
        "array": (4, arrays.test),
        "total": (2, _total),
        "mean": (3, _mean),
    }
)
_TOTALS: Mapping[str, tuple[int, type[Any]]] = MappingProxyType({"sum": (1, Sum), "avg": (2, Avg), "list": (2, Listed)})


def _compared(left: str, right: str) -> int:
    """The collation of numbers that are texts. What is no number comes after them."""
    if len(left) <= EXACT_DIGITS and len(right) <= EXACT_DIGITS:  # which floats tell apart
        try:
            one, other = float(left), float(right)
            return (one > other) - (one < other)
        except ValueError:
            pass
    return _compared_exactly(left, right)


def _compared_exactly(left: str, right: str) -> int:
    first, second = decimal(left), decimal(right)
    if isinstance(first, Decimal) and isinstance(second, Decimal):
        return (first > second) - (first < second)
    named, named_too = (isinstance(first, str), left), (isinstance(second, str), right)
    return (named > named_too) - (named < named_too)


def register(connection: sqlite3.Connection) -> None:
    """Teach a new connection our functions."""
    connection.create_collation("dragoman_decimal", _compared)
    for name, (arguments, function) in FUNCTIONS.items():
        connection.create_function(f"dragoman_{name}", arguments, function, deterministic=True)
    connection.create_function("dragoman_uuid", 0, lambda: str(uuid4()))
    for name, (arguments, made) in _TOTALS.items():
        connection.create_aggregate(f"dragoman_{name}", arguments, made)
