"""A compiled query, executed: statements in one snapshot, children gathered under their parents.

In: `Compiled`, a database (`fetch` for one statement, `read` for a snapshot over several) and `Bindings`.
Out: `Result`: rows as dicts, and the total where it was asked. Raises TooManyRows beyond `max_rows`.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from sql.compiled import Child, Compiled, Lists, Raw
from sql.errors import TooManyRows
from sql.fragment import Bindings

__all__ = ["Bindings", "Reader", "Readable", "Result", "execute"]


class Reader(Protocol):
    """Something that answers one statement."""

    def fetch(self, text: str, params: tuple[object, ...] = ..., /) -> list[Raw]: ...


class Readable(Reader, Protocol):
    """A database: answers one statement, or opens a session that sees one snapshot."""

    def read(self) -> AbstractContextManager[Reader]: ...


@dataclass(frozen=True)
class Result:
    """The rows of an answer; `total` counts all rows that match, whatever the page."""

    rows: list[dict[str, object]]
    total: int | None = None


def execute(compiled: Compiled, database: Readable, bindings: Bindings) -> Result:
    """Answer a compiled query."""
    if compiled.count is None and not compiled.children:
        return _result(compiled, database, bindings)
    with database.read() as session:
        return _result(compiled, session, bindings)


def _result(compiled: Compiled, reader: Reader, bindings: Bindings) -> Result:
    raw = _fetch(compiled, reader, bindings)
    rows = _build(compiled, raw, reader, bindings)
    return Result(rows, _total(compiled, len(rows), reader, bindings))


def _total(compiled: Compiled, rows: int, reader: Reader, bindings: Bindings) -> int | None:
    if compiled.count is None:
        return rows if compiled.counted else None
    counted = reader.fetch(compiled.count.text, compiled.count.bind(bindings))
    return int(counted[0][0])


def _fetch(compiled: Compiled, reader: Reader, bindings: Bindings) -> list[Raw]:
    rows = reader.fetch(compiled.statement.text, compiled.statement.bind(bindings))
    if len(rows) > compiled.max_rows:
        raise TooManyRows(compiled.max_rows)
    return rows


def _build(compiled: Compiled, rows: list[Raw], reader: Reader, bindings: Bindings) -> list[dict[str, object]]:
    lists = [_children(child, rows, reader, bindings) for child in compiled.children]
    return compiled.build(rows, lists)


def _children(child: Child, parents: list[Raw], reader: Reader, bindings: Bindings) -> Lists:
    keys = tuple(dict.fromkeys(key for row in parents if None not in (key := tuple(row[i] for i in child.key))))
    if not keys:
        return {}
    narrowed = replace(bindings, parents=keys)
    raw = _fetch(child.compiled, reader, narrowed)
    lists: dict[object, list[dict[str, object]]] = {}
    for row, made in zip(raw, _build(child.compiled, raw, reader, bindings), strict=True):
        lists.setdefault(keys[row[0]], []).append(made)
    return lists
