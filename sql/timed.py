"""A database of which somebody is told how long each statement takes.

In: a `Database`, an `Observer`. Out: a `Database`. The observer gets the text of a statement, never its parameters; how
long a transaction had to wait until it began; and how long its end took. What the database asks for its own sake
(introspection, settings of a connection) is not told.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol, TypeVar

from sql.backend import Backend
from sql.catalog import Table
from sql.connections import Connections
from sql.database import Database, Params, Row, Session
from sql.introspection import TableInfo

T = TypeVar("T")
END = "COMMIT"


class Observer(Protocol):
    """Whoever is told. Called by the thread that asked, once a statement is over, however it ended."""

    def ran(self, text: str, seconds: float) -> None:
        """A statement has taken so long."""

    def waited(self, seconds: float) -> None:
        """A transaction has begun after so long: SQLite's writers queue, PostgreSQL's connections may all be taken."""


class TimedSession:
    """A session whose statements are told."""

    __slots__ = ("_observer", "observed")

    def __init__(self, session: Session, observer: Observer) -> None:
        self.observed, self._observer = session, observer

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of a statement."""
        return _told(self._observer, text, lambda: self.observed.fetch(text, params))

    def execute(self, text: str, params: Params = ()) -> int:
        """Run a statement; how many rows it touched."""
        return _told(self._observer, text, lambda: self.observed.execute(text, params))

    def run_many(self, text: str, rows: Sequence[Params], *, returning: bool) -> list[Row]:
        """Run a statement for each of the rows of parameters; what each returns, in their order."""
        return _told(self._observer, text, lambda: self.observed.run_many(text, rows, returning=returning))

    def lock(self, name: str) -> None:
        """Wait until no other transaction has locked this name, and keep it until this one ends."""
        self.observed.lock(name)


class TimedDatabase:
    """A database whose statements are told."""

    def __init__(self, database: Database, observer: Observer) -> None:
        self._database, self._observer = database, observer

    @property
    def url(self) -> str:
        """Where it is, as configured."""
        return self._database.url

    @property
    def backend(self) -> Backend:
        """What is said in its own words."""
        return self._database.backend

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of one statement."""
        return _told(self._observer, text, lambda: self._database.fetch(text, params))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Several reads that see one state of the database."""
        with self._database.read() as session:
            yield TimedSession(session, self._observer)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction; nested, a savepoint."""
        began = perf_counter()
        with self._database.transaction() as session:
            self._observer.waited(perf_counter() - began)
            yield TimedSession(session, self._observer)
            ends = perf_counter()
        self._observer.ran(END, perf_counter() - ends)

    @contextmanager
    def evolving(self) -> Iterator[Session]:
        """A transaction in which tables are changed."""
        with self._database.evolving() as session:
            yield TimedSession(session, self._observer)

    @contextmanager
    def stream(self, text: str, params: Params = (), *, size: int = 1000) -> Iterator[Iterator[list[Row]]]:
        """The rows of one statement in lists. What is told is how long the first one took."""
        began = perf_counter()
        with self._database.stream(text, params, size=size) as chunks:
            yield self._first(text, chunks, began)

    def _first(self, text: str, chunks: Iterator[list[Row]], began: float) -> Iterator[list[Row]]:
        first = next(chunks, None)
        self._observer.ran(text, perf_counter() - began)
        if first is not None:
            yield first
            yield from chunks

    def names(self) -> frozenset[str]:
        """What the tables and views of the default schema are called."""
        return self._database.names()

    def tables(self, *, include_own: bool = False) -> tuple[TableInfo, ...]:
        """Every table and view."""
        return self._database.tables(include_own=include_own)

    def sizes(self) -> Mapping[Table, int]:
        """About how many rows tables have."""
        return self._database.sizes()

    def connections(self) -> Connections:
        """How its connections do."""
        return self._database.connections()

    def close(self) -> None:
        """Give all connections back."""
        self._database.close()


def _told(observer: Observer, text: str, run: Callable[[], T]) -> T:
    began = perf_counter()
    try:
        return run()
    finally:
        observer.ran(text, perf_counter() - began)
