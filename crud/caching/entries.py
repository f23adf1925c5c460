"""An answer as it is kept: a line of JSON that says what it is, and the JSON text of its rows as it is sent.

In: `Entry`. Out: bytes, and back; None for what is no whole entry. Rows are never read again: a hit sends their text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import orjson

from crud.jsontext import json_bytes

Words = Mapping[str, object]


@dataclass(frozen=True)
class Entry:
    """An answer. `names`: the members of its first row. `generations`: of what it was read. `asked`: what a dialect
    says of the question, for who looks into the cache. Times are seconds since 1970."""

    key: str
    filled: float
    expires: float
    rows: bytes = field(repr=False)
    names: tuple[str, ...] = ()
    total: int | None = None
    generations: Mapping[str, str] = field(default_factory=dict)
    asked: Words = field(default_factory=dict)


_SAID = tuple(each.name for each in fields(Entry) if each.name != "rows")


def packed(entry: Entry) -> bytes:
    """The bytes of an entry."""
    said = {name: getattr(entry, name) for name in _SAID} | {"length": len(entry.rows)}
    return json_bytes(said) + b"\n" + entry.rows


def unpacked(data: bytes) -> Entry | None:
    """The entry of some bytes; None where they are none, or not all of it."""
    line, _, rows = data.partition(b"\n")
    try:
        said = orjson.loads(line)
        if said.pop("length") != len(rows):
            return None
        return Entry(rows=rows, **said | {"names": tuple(said["names"])})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
