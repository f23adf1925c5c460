"""A database as the rest of the program sees it: rows by SQL text and parameters, snapshots, transactions, tables.

In: nothing; the backends implement it and `sql.opening` chooses one. Out: `Database` and `Session`. A database is
opened lazily: nothing is connected before the first use, so that workers may fork. Both backends raise only
`sql.errors`. SQL text comes from the builder; values are always parameters.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sql.backend import Backend
from sql.catalog import Table
from sql.connections import Connections
from sql.introspection import TableInfo

Row = tuple[object, ...]
Params = tuple[object, ...]


@dataclass(frozen=True)
class Options:
    """How a database is used: how long a statement may run and a lock be awaited, how many connections there are, and
    how large its file may grow where it has one (0: as large as it likes)."""

    statement_seconds: float = 5.0
    busy_seconds: float = 5.0
    pool_size: int = 10
    read_only: bool = False
    max_bytes: int = 0


class Session(Protocol):
    """An open transaction or snapshot."""

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of a statement."""

    def execute(self, text: str, params: Params = ()) -> int:
        """Run a statement; how many rows it touched."""

    def run_many(self, text: str, rows: Sequence[Params], *, returning: bool) -> list[Row]:
        """Run a statement for each of the rows of parameters; what each returns, in their order."""

    def lock(self, name: str) -> None:
        """Wait until no other transaction has locked this name, and keep it until this one ends."""


class Database(Protocol):
    """One database of either kind."""

    @property
    def url(self) -> str:
        """Where it is, as configured."""

    @property
    def backend(self) -> Backend:
        """What is said in its own words. May connect, to ask what the server can do."""

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of one statement, in one round trip; inside a transaction of this thread, within it."""

    def read(self) -> AbstractContextManager[Session]:
        """Several reads that see one state of the database."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction: kept when the block ends, undone when it raises. Nested: a savepoint."""

    def evolving(self) -> AbstractContextManager[Session]:
        """A transaction in which tables are changed: whoever is in one waits, others see the tables as they were until
        it ends. No statement is limited in time, only the wait for locks. Nested, a savepoint; so is a transaction in
        one. Raises DatabaseError inside of any other transaction."""

    def stream(
        self, text: str, params: Params = (), *, size: int = 1000
    ) -> AbstractContextManager[Iterator[list[Row]]]:
        """The rows of one statement in lists of at most `size`, as of one state of the database. The time that a
        statement may take is given to each list anew."""

    def names(self) -> frozenset[str]:
        """What the tables and views of the default schema are called, ours too: known sooner than `tables`."""

    def tables(self, *, include_own: bool = False) -> tuple[TableInfo, ...]:
        """Every table and view; our own (`_dragoman_…`) only when asked."""

    def sizes(self) -> Mapping[Table, int]:
        """About how many rows tables have: of those that the database has looked at (ANALYZE)."""

    def connections(self) -> Connections:
        """How its connections do. Asks nothing of the database."""

    def close(self) -> None:
        """Give all connections back. The next use opens new ones."""
