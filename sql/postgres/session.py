"""One connection to PostgreSQL: its statements, inside a transaction or for one of them.

In: SQL text and parameters. Out: rows of JSON-ready values (`sql.postgres.loaders`), or `sql.errors`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from typing import Any

import psycopg

from sql.database import Params, Row
from sql.errors import DatabaseError, Unavailable, Uncertain
from sql.postgres.errors import stale, translated
from sql.postgres.line import Line

_LOCK = "SELECT pg_advisory_xact_lock(%s::bigint)"
_UNHURRIED = "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', %s, true)"
# Who comes later waits for whoever changes tables.
_PATIENT = "SELECT current_setting('lock_timeout'), set_config('lock_timeout', '60s', true)"
_WAITING = "SELECT set_config('lock_timeout', %s, true)"
_numbers = count()


class Session:
    """One connection, inside a transaction or for one statement."""

    def __init__(self, connection: Line) -> None:
        self.connection = connection
        self.evolving = False

    def evolve(self, busy_seconds: float) -> None:
        """Nothing is limited in time from here on but the wait for locks: others wait behind who waits for a table."""
        self.evolving, self.connection.patience = True, None
        self.fetch(_UNHURRIED, (str(int(busy_seconds * 1000)),))

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of a statement."""
        with translated():
            return run(self.connection, text, params).fetchall()

    def execute(self, text: str, params: Params = ()) -> int:
        """Run a statement; how many rows it touched."""
        with translated():
            return max(run(self.connection, text, params).rowcount, 0)

    def run_many(self, text: str, rows: Sequence[Params], *, returning: bool) -> list[Row]:
        """Run a statement for each of the rows of parameters, none awaited; what each returns, in their order."""
        if not rows:
            return []
        with translated(), self.connection.patient(len(rows)), self.connection.cursor() as cursor:
            cursor.executemany(text, rows, returning=returning)
            return _results(cursor) if returning else []

    def lock(self, name: str) -> None:
        """Wait until no other transaction has locked this name, and keep it until this one ends."""
        waits = self.fetch(_PATIENT)[0][0] if self.evolving else ""
        self.fetch(_LOCK, (int.from_bytes(sha256(name.encode()).digest()[:8], signed=True),))
        if waits:
            self.fetch(_WAITING, (waits,))

    @contextmanager
    def chunks(self, text: str, params: Params, size: int) -> Iterator[Iterator[list[Row]]]:
        """The rows of a statement, some at a time: the server keeps the rest. Inside a transaction alone."""
        with translated(), self.connection.cursor(f"dragoman_{next(_numbers)}") as cursor:
            cursor.execute(text, params)
            yield _chunks(cursor, size)


def run(connection: Line, text: str, params: Params) -> psycopg.Cursor[Any]:
    """Run a statement. Its text is built from constants and quoted identifiers alone; values are in params."""
    return connection.execute(text, params)


def run_fresh(connection: Line, text: str, params: Params) -> psycopg.Cursor[Any]:
    """Run a statement that stands alone; once more, if it was prepared for tables that have changed since."""
    try:
        return run(connection, text, params)
    except psycopg.Error as error:
        if not stale(error):
            raise
    connection.execute("DEALLOCATE ALL")  # psycopg forgets them with it
    return run(connection, text, params)


def _results(cursor: psycopg.Cursor[Any]) -> list[Row]:
    made = cursor.fetchall()
    while cursor.nextset():
        made.extend(cursor.fetchall())
    return made


def _chunks(cursor: psycopg.ServerCursor[Any], size: int) -> Iterator[list[Row]]:
    while True:
        with translated():
            rows = cursor.fetchmany(size)
        if not rows:
            return
        yield rows


def commit(connection: Line) -> None:
    """Keep what was written. A connection that is lost now does not tell whether it was."""
    if connection.closed:
        raise Unavailable("The connection was lost, and what it wrote with it")
    try:
        done = connection.execute("COMMIT", prepare=False).statusmessage
    except psycopg.OperationalError as error:
        if lost(error):
            raise Uncertain("The connection was lost while the transaction was being kept") from error
        raise
    if done != "COMMIT":  # a statement failed and its error was swallowed: the server has undone everything
        raise DatabaseError("The transaction was undone")


def lost(error: psycopg.Error) -> bool:
    """Whether the error means that the connection is no more."""
    return error.sqlstate is None or error.sqlstate[:3] == "57P" or error.sqlstate[:2] == "08"
