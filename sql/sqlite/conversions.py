"""Columns of SQLite that become columns of another type, where SQLite's own numbers and texts do not do.

In: a term of the old type, the new column. Out: a fragment that calls a function of ours, which is NULL for what cannot
be converted; None where there is no way. The meaning is that of `sql.postgres.conversions`.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from types import MappingProxyType

from sql import times
from sql.backend import Term
from sql.catalog import Column
from sql.fragment import Fragment, join, sql
from sql.sqlite import casts, storage
from sql.sqlite.storage import CANONICAL
from sql.types import Type

_TEXTS = frozenset({"text"})
_MOMENTS = frozenset({"date", "datetime", "datetime_local", "epoch_ms"})
_SCALARS = frozenset({"integer", "bigint", "epoch_ms", "number", "boolean", "array"})
_WAYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "date": _TEXTS | _MOMENTS - {"epoch_ms"},
        "time": _TEXTS | {"time", "datetime", "datetime_local"},
        "datetime": _TEXTS | _MOMENTS,
        "datetime_local": _TEXTS | _MOMENTS,
        "epoch_ms": frozenset({"datetime", "datetime_local"}),
        "uuid": _TEXTS,
        "json": _TEXTS | _SCALARS,
        "text": frozenset({"json"}),
    }
)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)?)?", re.ASCII
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def converted(term: Term, source: str, target: Column) -> Fragment | None:
    """The term as the other column holds it. `source` is `text` for all that are texts."""
    if source not in _WAYS.get(_kind(target.type), ()):
        return None
    words = (source, term.storage or "", _kind(target.type), target.storage or "")
    return sql("dragoman_convert({}, {})", term.sql, join(", ", [Fragment(f"'{word}'") for word in words]))


def _kind(type: Type) -> str:
    return "text" if type.family == "text" else type.name


def convert(raw: object, source: str, keeps: str, target: str, kept: str) -> object:
    """One value; None where it cannot be."""
    if raw is None or isinstance(raw, bytes):
        return None
    if target in CANONICAL:
        moment = _MADE[target](raw, source, keeps)
        return None if moment is None else storage.store(moment, CANONICAL[target], kept or None)
    return _OTHERS[target](raw, source, keeps)


def _moment(raw: object, source: str, keeps: str) -> datetime | None:
    """A moment, in UTC."""
    if source == "text":
        found = times.parse_instant(raw) if isinstance(raw, str) and _MOMENT.fullmatch(raw) else None
    elif source == "epoch_ms":
        found = times.from_epoch_ms(raw) if isinstance(raw, int) else None
    else:
        shown = storage.decode(raw, Type(source), keeps or None)
        parsed = storage.parse(shown) if isinstance(shown, str) else None
        found = parsed if isinstance(parsed, datetime) else None
    return None if found is None else times.as_utc(found)


def _local(raw: object, source: str, keeps: str) -> datetime | None:
    moment = _moment(raw, source, keeps)
    return None if moment is None else moment.replace(tzinfo=None)


def _date(raw: object, source: str, keeps: str) -> date | None:
    text = casts.cast(raw, source, keeps, "date")
    return times.parse_date(text) if isinstance(text, str) else None


def _time(raw: object, source: str, keeps: str) -> time | None:
    text = casts.cast(raw, source, keeps, "time")
    return times.parse_time(text) if isinstance(text, str) else None


def _milliseconds(raw: object, source: str, keeps: str) -> int | None:
    moment = _moment(raw, source, keeps)
    return None if moment is None else times.epoch_ms(moment.astimezone(UTC))


def _uuid(raw: object, source: str, keeps: str) -> str | None:
    return raw.lower() if isinstance(raw, str) and _UUID.fullmatch(raw) else None


def _json(raw: object, source: str, keeps: str) -> str | None:
    if source == "array":
        return str(raw)
    if source != "text":
        return json.dumps(bool(raw) if source == "boolean" else raw)
    try:
        json.loads(str(raw), parse_constant=_refused)
    except ValueError:
        return None
    return None if "\\u0000" in str(raw) else str(raw)


def _refused(word: str) -> None:
    raise ValueError(word)


_MADE: Mapping[str, Callable[[object, str, str], date | time | None]] = MappingProxyType(
    {"date": _date, "time": _time, "datetime": _moment, "datetime_local": _local}
)
_OTHERS: Mapping[str, Callable[[object, str, str], object]] = MappingProxyType(
    {"epoch_ms": _milliseconds, "uuid": _uuid, "json": _json, "text": lambda raw, *_: raw}
)
