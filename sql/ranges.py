"""Ranges: brought into the one form that PostgreSQL has too, and written as it writes them: `[1,5)`, `(,2024-01-01)`.

In: an object of `lower`, `upper`, `bounds`, or a text, and what makes a value of one end. Out: a `Range`; its text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sql import times
from sql.types import INT64

_BOUND = r'("(?:[^"\\]|\\.|"")*"|[^,"\[\]()\\]*)'
_RANGE = re.compile(rf"([\[(])\s*{_BOUND}\s*,\s*{_BOUND}\s*([\])])")


@dataclass(frozen=True)
class Range:
    """A range between two values; None is without end. `bounds` is [), [], (), (] or `empty`."""

    lower: object = None
    upper: object = None
    bounds: str = "[)"


def range_from(raw: Any, end_of: Callable[[object], object]) -> Range:
    """The range in its one form. Raises ValueError, TypeError, or what `end_of` raises."""
    lower, upper, bounds = _parts(raw)
    ends = [None if end is None else end_of(end) for end in (lower, upper)]
    return _normal(*ends, bounds=bounds)


def _parts(raw: Any) -> tuple[object, object, str]:
    if isinstance(raw, dict):
        if not raw.keys() <= {"lower", "upper", "bounds"}:
            raise ValueError
        return raw.get("lower"), raw.get("upper"), raw.get("bounds") or "[)"
    if not isinstance(raw, str):
        raise ValueError
    if raw.strip() == "empty":
        return None, None, "empty"
    found = _RANGE.fullmatch(raw.strip())
    if found is None:
        raise ValueError
    return _bound(found[2]), _bound(found[3]), found[1] + found[4]


def _bound(written: str) -> str | None:
    if written.startswith('"'):
        return re.sub(r'\\(.)|"(")', r"\1\2", written[1:-1])
    return written.strip() or None


def _normal(lower: Any, upper: Any, *, bounds: str) -> Range:
    """As PostgreSQL writes it: whole numbers and dates as [), open where there is no end, and the empty range."""
    if bounds not in ("[)", "[]", "()", "(]", "empty"):
        raise ValueError
    if bounds == "empty":
        return Range(None, None, "empty")
    first, last = bounds[0], bounds[1]
    if lower is not None and upper is not None and lower > upper:
        raise ValueError
    step = _step(lower if lower is not None else upper)
    if step is not None and lower is not None and first == "(":
        lower, first = lower + step, "["
    if step is not None and upper is not None and last == "]":
        upper, last = upper + step, ")"
    if any(isinstance(end, int) and end not in INT64 for end in (lower, upper)):
        raise ValueError
    first, last = first if lower is not None else "(", last if upper is not None else ")"
    empty = lower is not None and upper is not None and (lower > upper or (lower == upper and first + last != "[]"))
    return Range(None, None, "empty") if empty else Range(lower, upper, first + last)


def _step(end: object) -> object:
    if isinstance(end, date) and not isinstance(end, datetime):
        return timedelta(days=1)
    return 1 if isinstance(end, int) else None


def range_text(value: Range) -> str:
    """The canonical text of a range."""
    if value.bounds == "empty":
        return "empty"
    lower, upper = ("" if end is None else _quoted(_said(end)) for end in (value.lower, value.upper))
    return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"


def _said(end: object) -> str:
    match end:
        case datetime():
            return times.show_instant(end)
        case time():
            return times.show_time(end)
        case _:
            return str(end)


def _quoted(text: str) -> str:
    if text and not any(mark in text for mark in ',"\\[]() '):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
