"""The text of dates and times: the one reader of what clients and databases write, the one writer of what we answer.

In: text such as `2024-01-31 10:00:00.5+02:00`. Out: Python's date, time and datetime, or None where it is none.
Back: the wire form, `2024-01-31T08:00:00.500Z`: milliseconds, or six digits where there are microseconds.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone

_CLOCK = r"(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
_ZONE = r"(?: ?([Zz]|[+-]\d\d(?::?\d\d)?))?"
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(_CLOCK, re.ASCII)
_INSTANT = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d)(?:[Tt ]{_CLOCK}{_ZONE})?", re.ASCII)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND, _MICROSECOND = timedelta(milliseconds=1), timedelta(microseconds=1)


def parse_date(text: str) -> date | None:
    """`2024-01-31` and nothing else."""
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """`10:00`, `10:00:00` or `10:00:00.5`."""
    found = _TIME.fullmatch(text)
    try:
        return time(*_clock(*found.groups())) if found else None
    except ValueError:
        return None


def parse_instant(text: str) -> datetime | None:
    """A date with or without a time: naive, or in UTC where the text names a zone."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        clock = _clock(hour, minute, second, fraction) if hour else ()
        naive = datetime(int(year), int(month), int(day), *clock)
        return naive.replace(tzinfo=_zone(zone)).astimezone(UTC) if zone else naive
    except (ValueError, OverflowError):
        return None


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; one without a zone is taken to be in UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def from_epoch_ms(milliseconds: float) -> datetime | None:
    """The moment so many milliseconds after 1970, in UTC; None outside the years 1 to 9999."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):
        return None


def epoch_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, floored."""
    return (as_utc(moment) - EPOCH) // _MILLISECOND


def epoch_us(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (as_utc(moment) - EPOCH) // _MICROSECOND


def show_time(moment: time) -> str:
    """`10:00:00`, with a fraction only where there is one."""
    return f"{moment:%H:%M:%S}{_fraction(moment.microsecond)}" if moment.microsecond else f"{moment:%H:%M:%S}"


def show_instant(moment: datetime) -> str:
    """`2024-01-31T10:00:00.000`, with `Z` for a moment that has a zone."""
    whole = moment.replace(tzinfo=None, microsecond=0).isoformat()
    return f"{whole}{_fraction(moment.microsecond)}{'Z' if moment.tzinfo else ''}"


def _fraction(microsecond: int) -> str:
    return f".{microsecond // 1000:03d}" if microsecond % 1000 == 0 else f".{microsecond:06d}"


def _clock(hour: str, minute: str, second: str | None, fraction: str | None) -> tuple[int, int, int, int]:
    return int(hour), int(minute), int(second or 0), int((fraction or "0")[:6].ljust(6, "0"))


def _zone(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[2:]) > 59:
        raise ValueError(text)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
