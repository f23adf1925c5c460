"""How a SQLite column keeps its times: SQLite has no such type, so every database chose a form of its own.

In: samples of a column (`detect`), a parameter (`encode`), a stored value (`decoder`).
Out: the name of a `STORAGES` row, the value in that form so that `=` and `<` are right, and our wire form.
`mixed` columns keep several forms: SQL wraps the column in `dragoman_instant()`, which is `instant` here.
A parameter finer than its column is floored and moved a little up, strictly between two stored values; `store` only
floors.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from types import MappingProxyType

from sql import times
from sql.types import Type

Decoder = Callable[[object], object]


@dataclass(frozen=True)
class Storage:
    """A row of `STORAGES`. Texts have a separator, digits of a fraction (`optional`: none when zero) and a zone."""

    name: str
    kind: str = "text"
    separator: str = "T"
    digits: int = 0
    optional: bool = False
    zone: str = ""


def _texts() -> dict[str, Storage]:
    made = [
        Storage(f"{word}{digits}{'o' if optional else ''}{suffix}", "text", separator, digits, optional, zone)
        for word, separator in (("iso", "T"), ("space", " "))
        for suffix, zone in (("", ""), ("z", "Z"), ("_offset", "+00:00"))
        for digits, optional in ((0, False), (3, False), (6, False), (6, True))
        if not (optional and zone == "Z")
    ]
    return {storage.name: storage for storage in made}


STORAGES: Mapping[str, Storage] = MappingProxyType(
    {
        **_texts(),
        "date": Storage("date", "date"),
        "time0": Storage("time0", "time"),
        "time3": Storage("time3", "time", digits=3),
        "time6": Storage("time6", "time", digits=6),
        "time6o": Storage("time6o", "time", digits=6, optional=True),
        "minutes": Storage("minutes", "minutes"),
        "epoch": Storage("epoch", "epoch"),
        "epoch_real": Storage("epoch_real", "epoch"),
        "epoch_ms": Storage("epoch_ms", "epoch"),
        "mixed": Storage("mixed", "mixed"),
    }
)
CANONICAL: Mapping[str, str] = MappingProxyType(
    {"datetime": "iso6z", "datetime_local": "iso6", "date": "date", "time": "time6o"}
)

_FORM = re.compile(r"\d{4}-\d\d-\d\d(?:([T ])\d\d:\d\d:\d\d(?:\.(\d{3}|\d{6}))?(Z|\+00:00)?)?", re.ASCII)
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d(?:\.(\d{3}|\d{6}))?)?", re.ASCII)
# Seconds below it, milliseconds above: the year 5138, or March 1973.
_MILLISECONDS_FROM = 100_000_000_000
_EPOCH_UNITS = MappingProxyType({"epoch": 1_000_000, "epoch_ms": 1_000, "epoch_real": 1})


def detect(samples: Iterable[object]) -> str | None:
    """The storage that all samples have, `mixed` for times of several forms, None where some is no time at all."""
    forms = {form_of(sample) for sample in samples if sample is not None}
    return one_of({form for form in forms if form}) if forms and None not in forms else None


def one_of(forms: set[str]) -> str:
    """The storage of a column that holds times of these forms."""
    if forms == {"time0"}:
        return "time6o"  # our own form leaves out a fraction of zero: whole seconds do not tell that there are none
    if len(forms) == 1:
        return min(forms)
    for name, storage in STORAGES.items():
        whole = name.replace("6o", "0")
        if storage.optional and forms == {whole, name.replace("6o", "6")}:
            return name
    if forms <= {"epoch", "epoch_real"}:
        return "epoch_real"
    return "mixed"


def form_of(sample: object) -> str | None:
    """The form of one time; None for what is no time."""
    match sample:
        case bool() | bytes():
            return None
        case int():
            return "epoch_ms" if abs(sample) >= _MILLISECONDS_FROM else "epoch"
        case float():
            return "epoch_real"
        case str():
            return _text_form(sample)
    return None


def _text_form(text: str) -> str | None:
    if found := _FORM.fullmatch(text):
        if not times.parse_instant(text):
            return None
        if not found[1]:
            return "date"
        zone = {"Z": "z", "+00:00": "_offset"}.get(found[3] or "", "")
        return f"{'iso' if found[1] == 'T' else 'space'}{len(found[2] or '')}{zone}"
    if found := _CLOCK.fullmatch(text):
        if not times.parse_time(text):
            return None
        return f"time{len(found[2] or '')}" if found[1] else "minutes"
    return "mixed" if times.parse_instant(text) or times.parse_time(text) else None


def instant(raw: object) -> str | None:
    """Any stored time as one comparable text: `2024-01-01T00:00:00.000000Z`, or `10:00:00.000000`; else None."""
    match parse(raw):
        case datetime() as moment:
            return _instant_text(moment, STORAGES["iso6z"])
        case time() as clock:
            return clock.isoformat("microseconds")
    return None


def parse(raw: object) -> datetime | time | None:
    """What a stored value says: a moment (naive where it names no zone) or a time of day."""
    match raw:
        case bool() | None | bytes():
            return None
        case int() | float():
            return times.from_epoch_ms(raw if abs(raw) >= _MILLISECONDS_FROM else raw * 1000)
        case str():
            return times.parse_instant(raw) or times.parse_time(raw)
    return None


def encode(value: object, storage: str | None) -> object:
    """A canonical date, time or datetime as the column keeps it, so that it compares rightly with what is there. Raises
    TypeError."""
    row = STORAGES[storage or _canonical(value)]
    match value:
        case time():
            return _encode_time(value, row)
        case datetime():
            return _encode_moment(times.as_utc(value), row)
        case date():
            return _encode_moment(datetime(value.year, value.month, value.day, tzinfo=UTC), row)
    raise TypeError(f"{value!r} is no time")


def store(value: date | time, canonical: str, storage: str | None) -> object:
    """A time as the column stores it, cut to what its form can say; in our own form where it has none of its own."""
    name = canonical if storage in (None, "mixed") else str(storage)
    return encode(_cut(value, STORAGES[name]), name)


def _cut(value: date | time, row: Storage) -> date | time:
    if not isinstance(value, (datetime, time)):
        return value
    if row.kind == "date" and isinstance(value, datetime):
        return times.as_utc(value).date()
    if row.kind == "minutes":
        return value.replace(second=0, microsecond=0)
    unit = _EPOCH_UNITS[row.name] if row.kind == "epoch" else 10 ** (6 - row.digits)
    return value.replace(microsecond=value.microsecond // unit * unit)


def _canonical(value: object) -> str:
    match value:
        case datetime():
            return "iso6z" if value.tzinfo else "iso6"
        case date():
            return "date"
    return "time6o"


def _encode_moment(moment: datetime, row: Storage) -> object:
    if row.kind == "mixed":
        return _instant_text(moment, STORAGES["iso6z"])
    if row.kind == "epoch":
        return _encode_epoch(times.epoch_us(moment), row.name)
    if row.kind == "date":
        finer = moment.time() != time()
        return f"{moment.date().isoformat()}{'~' if finer else ''}"
    return _instant_text(moment, row) + _finer(moment.microsecond, row)


def _encode_epoch(microseconds: int, name: str) -> int | float:
    if name == "epoch_real":
        return microseconds / 1_000_000
    whole, rest = divmod(microseconds, 1_000 if name == "epoch_ms" else 1_000_000)
    return whole + 0.5 if rest else whole


def _encode_time(clock: time, row: Storage) -> str:
    if row.kind == "mixed":
        return clock.isoformat("microseconds")
    if row.kind == "minutes":
        return f"{clock:%H:%M}{'~' if clock.second or clock.microsecond else ''}"
    return f"{clock:%H:%M:%S}{_fraction(clock.microsecond, row)}{_finer(clock.microsecond, row)}"


def _instant_text(moment: datetime, row: Storage) -> str:
    whole = times.as_utc(moment).replace(tzinfo=None, microsecond=0).isoformat(row.separator)
    return f"{whole}{_fraction(moment.microsecond, row)}{row.zone}"


def _fraction(microsecond: int, row: Storage) -> str:
    if row.digits == 0 or (row.optional and microsecond == 0):
        return ""
    return f".{microsecond:06d}"[: row.digits + 1]


def _finer(microsecond: int, row: Storage) -> str:
    return "~" if microsecond % 10 ** (6 - row.digits) else ""


@lru_cache(maxsize=256)
def decoder(type: Type, storage: str | None) -> Decoder:
    """From what the column holds to our wire form. What is no time comes as it is."""
    show = _SHOWN[type.name]
    unit = 1 if storage == "epoch_ms" else 1000 if storage in ("epoch", "epoch_real") else None
    if storage in ("iso6z", "iso6") and storage == CANONICAL[type.name]:
        return _canonical_decoder(storage, show)

    def decode(raw: object) -> object:
        if unit and isinstance(raw, (int, float)):
            moment: datetime | time | None = times.from_epoch_ms(raw * unit)
        else:
            moment = parse(raw)
        return raw if moment is None else show(moment)

    return decode


def _canonical_decoder(storage: str, show: Callable[[datetime | time], str]) -> Decoder:
    """Our own form needs no parsing: three zeros are dropped, or six digits stay."""
    form = re.compile(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{6}}{'Z' if storage == 'iso6z' else ''}", re.ASCII)
    tail = "000Z" if storage == "iso6z" else "000"
    keep = tail[3:]

    def decode(raw: object) -> object:
        if isinstance(raw, str) and form.fullmatch(raw):
            return raw[: -len(tail)] + keep if raw.endswith(tail) else raw
        moment = parse(raw)
        return raw if moment is None else show(moment)

    return decode


def decode(raw: object, type: Type, storage: str | None) -> object:
    """One stored value in our wire form."""
    return decoder(type, storage)(raw)


def _show_date(moment: datetime | time) -> str:
    return moment.date().isoformat() if isinstance(moment, datetime) else times.show_time(moment)


def _show_time(moment: datetime | time) -> str:
    return times.show_time(moment.time() if isinstance(moment, datetime) else moment)


def _show_datetime(moment: datetime | time) -> str:
    return times.show_instant(times.as_utc(moment)) if isinstance(moment, datetime) else times.show_time(moment)


def _show_local(moment: datetime | time) -> str:
    local = times.as_utc(moment).replace(tzinfo=None) if isinstance(moment, datetime) else moment
    return times.show_instant(local) if isinstance(local, datetime) else times.show_time(local)


_SHOWN: Mapping[str, Callable[[datetime | time], str]] = MappingProxyType(
    {"date": _show_date, "time": _show_time, "datetime": _show_datetime, "datetime_local": _show_local}
)
