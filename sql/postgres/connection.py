"""PostgreSQL: a pool of connections per process, opened when first used and again after a fork.

In: SQL text and parameters. Out: rows of JSON-ready values (`sql.postgres.loaders`), or `sql.errors`.
A pooled connection that was lost is replaced, and a read outside transactions is then tried once more; not one that
has not been answered in time.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import psycopg

from sql.backend import Backend
from sql.catalog import Table
from sql.connections import Connections
from sql.database import Options, Params, Row
from sql.errors import DatabaseError
from sql.introspection import TableInfo
from sql.postgres.door import Door
from sql.postgres.errors import translated
from sql.postgres.line import Line
from sql.postgres.pool import Pool
from sql.postgres.session import Session, commit, lost, run, run_fresh

_SIZES = """SELECT c.relname::text, nullif(n.nspname, current_schema())::text, c.reltuples::int8
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND c.reltuples > 0"""
_NAMES = """SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"""
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Lower-casing by code point: the best that this server has.
_FOLDS = """SELECT c.collname FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE n.nspname = 'pg_catalog'
      AND c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))"""
_FOLD_ORDER = ("pg_c_utf8", "C.utf8", "C.UTF-8", "und-x-icu")


class _Local(threading.local):
    """The session that this thread is in, if any."""

    session: "Session | None" = None
    writing: bool = False


class PostgresDatabase:
    """A PostgreSQL database."""

    def __init__(self, url: str, *, conninfo: str, options: Options) -> None:
        try:
            psycopg.conninfo.conninfo_to_dict(conninfo)
        except psycopg.Error:
            raise ValueError("The PostgreSQL URL cannot be read") from None
        self.url, self.conninfo, self.options = url, conninfo, options
        self._local, self._lock = _Local(), threading.RLock()
        self._pool: Pool | None = None
        self._pid = 0
        self._inherited: list[object] = []
        self._backend: Backend | None = None

    @property
    def backend(self) -> Backend:
        """What is said in PostgreSQL's own words, as this server speaks it. Connects when first asked."""
        if self._backend is None:
            from sql.postgres.grammar import Postgres

            self._backend = Postgres(self._fold_collation())
        return self._backend

    def _fold_collation(self) -> str:
        names = {row[0] for row in self.fetch(_FOLDS)}
        return next((name for name in _FOLD_ORDER if name in names), "default")

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of one statement."""
        if self._local.session:
            return self._local.session.fetch(text, params)
        with translated():
            return self._retried(text, params)

    def _retried(self, text: str, params: Params) -> list[Row]:
        try:
            with self._connection() as connection:
                return run_fresh(connection, text, params).fetchall()
        except psycopg.OperationalError as error:
            if not lost(error) or connection.silent or not text.startswith("SELECT"):
                raise
        with self._connection() as connection:
            return run(connection, text, params).fetchall()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Several reads that see one state of the database."""
        if self._local.session:
            yield self._local.session
            return
        with translated(), self._begun(_SNAPSHOT, writing=False) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction; nested, a savepoint. Raises DatabaseError."""
        current = self._local.session
        if current is None:
            with translated(), self._begun("BEGIN", writing=True) as session:
                yield session
        elif self._local.writing:
            with translated(), current.connection.transaction():
                yield current
        else:
            raise DatabaseError("No transaction can begin inside a snapshot")

    @contextmanager
    def evolving(self) -> Iterator[Session]:
        """A transaction in which tables are changed; nested, a savepoint. Raises DatabaseError."""
        current = self._local.session
        if current is not None and not current.evolving:
            raise DatabaseError("Tables are changed in a transaction that was begun for it")
        with self.transaction() as session:
            if current is None:
                session.evolve(self.options.busy_seconds)
            yield session

    @contextmanager
    def _begun(self, begin: str, *, writing: bool) -> Iterator[Session]:
        """From BEGIN to COMMIT, or ROLLBACK when the block raises."""
        with self._begin_on(begin) as connection:
            self._local.session, self._local.writing = Session(connection), writing
            try:
                yield self._local.session
                if writing:
                    commit(connection)
                else:
                    connection.execute("COMMIT")
            except BaseException:
                _undo(connection)
                raise
            finally:
                self._local.session = None

    @contextmanager
    def _begin_on(self, begin: str) -> Iterator[Line]:
        """A connection after BEGIN; a lost one is replaced, since nothing has happened yet."""
        with ExitStack() as stack:
            connection = stack.enter_context(self._connection())
            try:
                run(connection, begin, ())
            except psycopg.OperationalError as error:
                if not lost(error) or connection.silent:
                    raise
                stack.close()
                connection = stack.enter_context(self._connection())
                run(connection, begin, ())
            yield connection

    @contextmanager
    def stream(self, text: str, params: Params = (), *, size: int = 1000) -> Iterator[Iterator[list[Row]]]:
        """The rows in lists, from a snapshot of their own; in a transaction of this thread, from that."""
        if self._local.session:
            with self._local.session.chunks(text, params, size) as chunks:
                yield chunks
            return
        with translated(), self._begin_on(_SNAPSHOT) as connection:
            try:
                with Session(connection).chunks(text, params, size) as chunks:
                    yield chunks
            finally:
                _undo(connection)

    def names(self) -> frozenset[str]:
        """The names of all tables and views of the schema that this role works in."""
        return frozenset(str(name) for (name,) in self.fetch(_NAMES))

    def tables(self, *, include_own: bool = False) -> tuple[TableInfo, ...]:
        """Every table and view that this role may read."""
        from sql.postgres.introspection import introspect

        with self.read() as session:
            return introspect(session, include_own=include_own)

    def sizes(self) -> Mapping[Table, int]:
        """What ANALYZE, or the server of its own accord, has noted of the tables."""
        noted = self.fetch(_SIZES)
        return {Table(str(name), str(schema) if schema else None): int(str(rows)) for name, schema, rows in noted}

    def connections(self) -> Connections:
        """The figures of the pool; none before it is opened."""
        pool = self._pool
        if pool is None or self._pid != os.getpid():
            return Connections()
        return pool.connections()

    def close(self) -> None:
        """Close the pool."""
        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                self._pool.close()
            self._pool = None

    @contextmanager
    def _connection(self) -> Iterator[Line]:
        pool = self._open()
        line = pool.take()
        try:
            yield line
        finally:
            pool.give(line)

    def _open(self) -> Pool:
        if self._pool is not None and self._pid == os.getpid():
            return self._pool
        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                return self._pool
            if self._pool is not None:
                self._inherited.append(self._pool)  # its sockets are the parent's
            self._pool, self._pid = self._new_pool(), os.getpid()
            return self._pool

    def _new_pool(self) -> Pool:
        return Pool(Door(self.conninfo, self.options).enter, self.options.pool_size, self.options.busy_seconds)


def _undo(connection: Line) -> None:
    """Undo what was written. On a lost connection nothing is left to undo, and why it was lost is the error."""
    if not connection.closed:
        with suppress(psycopg.Error):
            connection.rollback()  # forgets statements that were being prepared; a ROLLBACK of our own would not
