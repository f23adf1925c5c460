"""Moments: moved by so many units, and as columns of a type have them.

In: a moment; one without a zone is taken to be in UTC. Out: another moment, or the canonical value of a type.
"""

from calendar import monthrange
from datetime import datetime, timedelta

from sql import times
from sql.errors import BadValue
from sql.types import Type
from sql.values import coerce

MONTHS = {"years": 12, "months": 1}


def moved(now: datetime, amount: int, unit: str) -> datetime:
    """The time, later by `amount` units; months and years keep the day where the month has it. Raises
    BadValue for a time that no calendar has."""
    try:
        if unit in MONTHS:
            return _months(now, amount * MONTHS[unit])
        return now + timedelta(**{unit: amount})
    except OverflowError:
        raise BadValue(f"{amount} {unit}", "a time between the years 1 and 9999") from None


def _months(now: datetime, amount: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 + amount, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def as_type(moment: datetime, type: Type) -> object:
    """The moment as a canonical value: the part of it that the type has, milliseconds since 1970, or a text."""
    utc = times.as_utc(moment)
    match type.family, type.name:
        case "datetime", "datetime_local":
            return utc.replace(tzinfo=None)
        case "datetime", _:
            return utc
        case "date", _:
            return utc.date()
        case "time", _:
            return utc.time()
        case "number", _:
            return coerce(type, times.epoch_ms(utc))
        case _:
            return times.show_instant(utc)
