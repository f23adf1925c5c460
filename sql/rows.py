"""Rows as the database gives them, made into dicts: one generated function per compiled query.

In: entries that say what stands at which index of a tuple. Out: a function (rows, lists of children) → dicts.
Its source is made of indices and `repr` of names, compiled once: a dict display is the fastest way there is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sql.backend import Decoder
from sql.compiled import Build


@dataclass(frozen=True)
class Value:
    """A value under `alias` from column `index`."""

    alias: str
    index: int
    decode: Decoder | None = None


@dataclass(frozen=True)
class Object:
    """A nested row under `alias`; null where column `present` is NULL."""

    alias: str
    present: int
    entries: tuple["Entry", ...]


@dataclass(frozen=True)
class Many:
    """The list of child number `child` under `alias`, found by the columns `key`."""

    alias: str
    child: int
    key: tuple[int, ...]


@dataclass(frozen=True)
class One:
    """The first row of child number `child` under `alias`, found by the columns `key`; null where there is none."""

    alias: str
    child: int
    key: tuple[int, ...]


Entry = Value | Object | Many | One


def row_builder(entries: Iterable[Entry]) -> Build:
    """The function that makes dicts of tuples."""
    decoders: list[Decoder] = []
    display = _display(tuple(entries), decoders)
    names = {f"d{number}": decode for number, decode in enumerate(decoders)}
    return eval(f"lambda rows, lists: [{display} for r in rows]", names)  # type: ignore[no-any-return]


def _display(entries: tuple[Entry, ...], decoders: list[Decoder]) -> str:
    return "{" + ", ".join(f"{entry.alias!r}: {_source(entry, decoders)}" for entry in entries) + "}"


def _source(entry: Entry, decoders: list[Decoder]) -> str:
    match entry:
        case Value(index=index, decode=None):
            return f"r[{index}]"
        case Value(index=index, decode=Decoder_) if Decoder_ is not None:
            decoders.append(Decoder_)
            return f"(None if r[{index}] is None else d{len(decoders) - 1}(r[{index}]))"
        case Object(present=present, entries=nested):
            return f"(None if r[{present}] is None else {_display(nested, decoders)})"
        case Many(child=child, key=key):
            return f"[*lists[{child}].get({key_source(key)}, ())]"
        case One(child=child, key=key):
            return f"lists[{child}].get({key_source(key)}, (None,))[0]"
    raise AssertionError(entry)


def key_source(key: tuple[int, ...]) -> str:
    """The tuple of these columns, as source."""
    return "(" + "".join(f"r[{index}], " for index in key) + ")"


def epoch_ms(text: object) -> int | None:
    """A time in its JSON form as milliseconds since 1970; None where it is out of Python's range (infinity, BC)."""
    try:
        moment = _moment(text)
    except ValueError:
        return None
    whole = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    delta = whole - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return datetime.fromisoformat(str(value))
