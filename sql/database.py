"""A database as the rest of the program sees it: rows by SQL text and parameters, snapshots, transactions, tables.

In: a URL and options. Out: a `Database`, opened lazily: nothing is connected before the first use, so that workers
may fork. Both backends raise only `sql.errors`. SQL text comes from the builder; values are always parameters.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sql.backend import Backend
from sql.introspection import TableInfo

Row = tuple[object, ...]
Params = tuple[object, ...]


@dataclass(frozen=True)
class Options:
    """How a database is used: how long a statement may run and a lock be awaited, how many connections there are."""

    statement_seconds: float = 5.0
    busy_seconds: float = 5.0
    pool_size: int = 10
    read_only: bool = False


class Session(Protocol):
    """An open transaction or snapshot."""

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of a statement."""

    def execute(self, text: str, params: Params = ()) -> int:
        """Run a statement; how many rows it touched."""


class Database(Protocol):
    """One database of either kind."""

    @property
    def url(self) -> str:
        """Where it is, as configured."""

    @property
    def backend(self) -> Backend:
        """Its dialect of SQL. May connect, to ask what the server can do."""

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of one statement, in one round trip; inside a transaction of this thread, within it."""

    def read(self) -> AbstractContextManager[Session]:
        """Several reads that see one state of the database."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction: kept when the block ends, undone when it raises. Nested: a savepoint."""

    def tables(self, *, include_own: bool = False) -> tuple[TableInfo, ...]:
        """Every table and view; our own (`_dragoman_…`) only when asked."""

    def close(self) -> None:
        """Give all connections back. The next use opens new ones."""


def open_database(url: str, *, options: Options | None = None) -> Database:
    """The database at `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…`. ValueError for another URL."""
    options = options or Options()
    scheme, separator, rest = url.partition("://")
    match scheme.partition("+")[0]:
        case "sqlite" if separator:
            from sql.sqlite.connection import SqliteDatabase

            return SqliteDatabase(url, path=_sqlite_path(rest), options=options)
        case "postgresql" | "postgres" if separator:
            from sql.postgres.connection import PostgresDatabase

            return PostgresDatabase(url, conninfo=f"postgresql://{rest}", options=options)
    raise ValueError(f"Unknown kind of database {scheme[:40]!r}: a URL begins with sqlite:/// or postgresql://")


def _sqlite_path(rest: str) -> str:
    if not rest.startswith("/") or len(rest) == 1:
        raise ValueError("A SQLite URL is sqlite:///relative/path or sqlite:////absolute/path")
    if rest == "/:memory:":
        raise ValueError("A SQLite database in memory cannot be served: every thread has a connection of its own")
    if "?" in rest or "\x00" in rest:
        raise ValueError("A SQLite URL is a path and takes no parameters")
    return rest[1:]
