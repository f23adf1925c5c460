"""A compiled query, executed: statements in one snapshot, children gathered under their parents.

In: `Compiled`, a database (`fetch` for one statement, `read` for a snapshot over several) and `Bindings`; the databases
of all sources, where includes lead into others: of each of these, too, one snapshot is read.
Out: `Result`: rows as dicts, and the total where it was asked. Raises TooManyRows beyond `max_rows`, which bounds what
the answer shows: a row that many parents share is read once, but shown below each of them, with all its texts.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from sql.compiled import Child, Compiled, Lists, Raw
from sql.errors import TooManyRows
from sql.fragment import Bindings

# An included row counts once more for so many characters of its texts.
CHARACTERS = 1000
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


@dataclass(frozen=True)
class _Reading:
    """The snapshots of one answer: `here` is that of the statements at hand, others are begun when they are needed."""

    here: Reader
    databases: Mapping[str, Readable]
    begun: dict[str, Reader]
    stack: ExitStack

    def at(self, source: str) -> "_Reading":
        """The same in another database."""
        if source not in self.begun:
            self.begun[source] = self.stack.enter_context(self.databases[source].read())
        return replace(self, here=self.begun[source])


def execute(
    compiled: Compiled, database: Readable, bindings: Bindings, databases: Mapping[str, Readable] | None = None
) -> Result:
    """Answer a compiled query. `databases`: of the sources into which its includes lead."""
    if compiled.count is None and not compiled.children:
        raw = _fetch(compiled, database, bindings)
        return Result(compiled.build(raw, ()), len(raw) if compiled.counted else None)
    with ExitStack() as stack:
        session = stack.enter_context(database.read())
        reading = _Reading(session, databases or {}, {compiled.source: session}, stack)
        return _result(compiled, reading, bindings)


def _result(compiled: Compiled, reading: _Reading, bindings: Bindings) -> Result:
    raw = _fetch(compiled, reading.here, bindings)
    rows = _build(compiled, raw, reading, bindings).rows
    return Result(rows, _total(compiled, len(rows), reading.here, bindings))


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


@dataclass(frozen=True)
class _Built:
    """Rows, and what is shown below each of them, as a number of rows."""

    rows: list[dict[str, object]]
    sizes: Sequence[int]


@dataclass(frozen=True)
class _Gathered:
    """Children by the keys of their parents, and the size of each list with all that is shown below it."""

    lists: Lists
    sizes: Mapping[object, int]


def _build(compiled: Compiled, raw: list[Raw], reading: _Reading, bindings: Bindings) -> _Built:
    gathered = [_children(child, raw, reading, bindings) for child in compiled.children]
    sizes = _sizes(compiled, raw, gathered)
    if len(raw) + sum(sizes) > compiled.max_rows:
        raise TooManyRows(compiled.max_rows)
    return _Built(compiled.build(raw, [each.lists for each in gathered]), sizes)


def _sizes(compiled: Compiled, raw: list[Raw], gathered: list[_Gathered]) -> list[int]:
    sizes = [0] * len(raw)
    for child, found in zip(compiled.children, gathered, strict=True):
        for number, row in enumerate(raw):
            sizes[number] += found.sizes.get(_key(child, row), 0)
    return sizes


def _size(row: Raw) -> int:
    """One row, or more where its texts are long."""
    return 1 + sum(len(value) for value in row if isinstance(value, str)) // CHARACTERS


def _key(child: Child, row: Raw) -> tuple[object, ...]:
    return tuple(row[index] for index in child.key)


def _carried(child: Child, parents: list[Raw]) -> dict[Raw, Raw]:
    """The parents' keys, and what they are in the database of the children."""
    keys = dict.fromkeys(key for row in parents if None not in (key := _key(child, row)))
    if child.carry is None:
        return {key: key for key in keys}
    return {key: carried for key in keys if (carried := child.carry(key)) is not None}


def _children(child: Child, parents: list[Raw], reading: _Reading, bindings: Bindings) -> _Gathered:
    carried = _carried(child, parents)
    if not carried:
        return _Gathered({}, {})
    keys, there = tuple(carried), reading if child.carry is None else reading.at(child.compiled.source)
    raw = _fetch(child.compiled, there.here, replace(bindings, parents=tuple(carried.values())))
    built = _build(child.compiled, raw, there, bindings)
    lists: dict[object, list[dict[str, object]]] = defaultdict(list)
    sizes: dict[object, int] = defaultdict(int)
    for row, made, size in zip(raw, built.rows, built.sizes, strict=True):
        lists[keys[row[0]]].append(made)
        sizes[keys[row[0]]] += _size(row) + size
    return _Gathered(lists, sizes)
