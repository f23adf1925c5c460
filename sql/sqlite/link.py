"""One connection to a SQLite file: its statements, the time they may take, its transactions.

In: SQL text and parameters. Out: rows as the file holds them, or `sql.errors`.
"""

import os
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from sql.database import Params, Row
from sql.errors import DatabaseError, Unavailable
from sql.sqlite.errors import translated

_STEPS = 10_000
# Not to be run a second time where the driver cannot decode what they return.
_WRITES = ("INSERT", "UPDATE", "DELETE")


class _Deadline:
    """When the running statement must be over. The connection holds it; holding the link would make a circle."""

    def __init__(self) -> None:
        self.at = float("inf")

    def over(self) -> bool:
        return time.monotonic() > self.at


class Link:
    """One connection with its deadline and the depth of its transactions. Nobody's any more, it closes itself.

    `evolving`: the transaction is one in which tables are changed.
    """

    def __init__(self, connection: sqlite3.Connection, seconds: float) -> None:
        self.connection, self.seconds, self.pid = connection, seconds, os.getpid()
        self.depth, self.evolving = 0, False
        self.deadline = _Deadline()
        connection.set_progress_handler(self.deadline.over, _STEPS)

    def __del__(self) -> None:
        if self.pid == os.getpid():
            self.connection.close()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        self.deadline.at = time.monotonic() + self.seconds
        try:
            yield
        finally:
            self.deadline.at = float("inf")

    @contextmanager
    def _tolerant(self) -> Iterator[None]:
        """Bytes that are no UTF-8 are replaced: the driver refuses the whole row otherwise."""
        self.connection.text_factory = _decoded
        try:
            yield
        finally:
            self.connection.text_factory = str

    def _run(self, text: str, params: Params) -> tuple[list[Row], int]:
        self._check()
        self.deadline.at = time.monotonic() + self.seconds
        try:
            cursor = self.connection.execute(text, params)
            return cursor.fetchall(), cursor.rowcount
        finally:
            self.deadline.at = float("inf")

    def _check(self) -> None:
        """Some failures (no room, a write beyond its time) undo the whole transaction: nothing may follow them."""
        if self.depth and not self.connection.in_transaction:
            raise Unavailable("The transaction was undone")

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of a statement."""
        with translated():
            if text.startswith(_WRITES):
                with self._tolerant():
                    return self._run(text, params)[0]
            try:
                return self._run(text, params)[0]
            except sqlite3.OperationalError as error:
                if "decode to UTF-8" not in str(error):
                    raise
            with self._tolerant():
                return self._run(text, params)[0]

    def execute(self, text: str, params: Params = ()) -> int:
        """Run a statement; how many rows it touched."""
        with translated():
            return max(self._run(text, params)[1], 0)

    def run_many(self, text: str, rows: Sequence[Params], *, returning: bool) -> list[Row]:
        """Run a statement for each of the rows of parameters; what each returns, in their order."""
        if returning:
            with translated(), self._tolerant():
                return [row for params in rows for row in self._run(text, params)[0]]
        self._check()
        with translated(), self._timed():
            self.connection.executemany(text, self._each(rows))
        return []

    def _each(self, rows: Iterable[Params]) -> Iterator[Params]:
        """The rows as the driver asks for them: the time begins anew with each."""
        for row in rows:
            self.deadline.at = time.monotonic() + self.seconds
            yield row

    def lock(self, name: str) -> None:
        """A transaction is the only writer: nobody else can be where it is."""

    def chunks(self, text: str, params: Params, size: int) -> Generator[list[Row], None, None]:
        """The rows of a statement, some at a time."""
        with translated(), self._timed(), self._tolerant():
            cursor = self.connection.execute(text, params)
        try:
            while rows := self._chunk(cursor, size):
                yield rows
        finally:
            cursor.close()

    def _chunk(self, cursor: sqlite3.Cursor, size: int) -> list[Row]:
        with translated(), self._timed(), self._tolerant():
            return cursor.fetchmany(size)

    @contextmanager
    def within(self, begin: str, commit: str, rollback: str) -> Iterator["Link"]:
        """A block between two statements, undone by a third when it raises."""
        self.execute(begin)
        self.depth += 1
        try:
            yield self
            self.execute(commit)
        except BaseException:
            if self.connection.in_transaction:
                with suppress(DatabaseError):
                    for statement in rollback.split(";"):
                        self.execute(statement)
            raise
        finally:
            self.depth -= 1


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
