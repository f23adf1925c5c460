"""SQLite: one connection per thread, opened when first used and again after a fork.

In: SQL text and parameters. Out: rows as the file holds them, or `sql.errors`.
ATTACH, and PRAGMAs that change anything, are refused.
"""

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote
from weakref import WeakSet

from sql.backend import Backend
from sql.catalog import Table
from sql.connections import Connections
from sql.database import Options, Params, Row
from sql.errors import DatabaseError, Full, Unavailable, Unusable
from sql.introspection import TableInfo
from sql.sqlite.authorizing import authorize
from sql.sqlite.errors import translate
from sql.sqlite.evolving import evolving
from sql.sqlite.link import Link

_BESIDE = 40 * 1024  # bytes of the files beside a database that nobody has opened
# Past a large transaction the log of writes is cut down to this.
_KEPT = 16 * 1024 * 1024
_PRAGMAS = (
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "synchronous=NORMAL",
    "cell_size_check=ON",
    f"journal_size_limit={_KEPT}",
)
_ANALYSED = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'"
# The first number of each note.
_SIZES = "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl"
_NAMES = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 256 * 1024 * 1024,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1024 * 1024,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}


class _Local(threading.local):
    """What belongs to one thread."""

    link: "Link | None" = None


class SqliteDatabase:
    """A SQLite file."""

    def __init__(self, url: str, *, path: str, options: Options) -> None:
        self.url, self.path, self.options = url, path, options
        self._local = _Local()
        self._links: WeakSet[Link] = WeakSet()
        self._inherited: list[Link] = []
        self._lock = threading.Lock()

    @property
    def backend(self) -> Backend:
        """What is said in SQLite's own words."""
        from sql.sqlite.grammar import SQLITE

        return SQLITE

    def fetch(self, text: str, params: Params = ()) -> list[Row]:
        """The rows of one statement."""
        return self._link().fetch(text, params)

    @contextmanager
    def read(self) -> Iterator[Link]:
        """Several reads that see one state of the file."""
        link = self._link()
        if link.depth:
            yield link
            return
        with link.within("BEGIN", "COMMIT", "ROLLBACK"):
            yield link

    @contextmanager
    def transaction(self) -> Iterator[Link]:
        """The only writer from its beginning; nested, a savepoint."""
        link = self._link()
        words = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        if link.depth:
            name = f"level{link.depth}"
            words = (f"SAVEPOINT {name}", f"RELEASE {name}", f"ROLLBACK TO {name};RELEASE {name}")
        with link.within(*words):
            yield link

    @contextmanager
    def evolving(self) -> Iterator[Link]:
        """A transaction in which tables are changed; nested, a savepoint. Raises DatabaseError."""
        link = self._link()
        if link.depth and not link.evolving:
            raise DatabaseError("Tables are changed in a transaction that was begun for it")
        with self.transaction() if link.depth else evolving(link):
            yield link

    @contextmanager
    def stream(self, text: str, params: Params = (), *, size: int = 1000) -> Iterator[Iterator[list[Row]]]:
        """The rows in lists, on a connection of their own: the thread goes on with its. In a transaction, on that."""
        current = self._link()
        link = current if current.depth else self._open()
        try:
            with closing(link.chunks(text, params, size)) as chunks:
                yield chunks
        finally:
            if link is not current:
                link.connection.close()

    def names(self) -> frozenset[str]:
        """The names of all tables and views of the file."""
        return frozenset(str(name) for (name,) in self.fetch(_NAMES))

    def tables(self, *, include_own: bool = False) -> tuple[TableInfo, ...]:
        """Every table and view of the file."""
        from sql.sqlite.introspection import introspect

        with self.read() as session:
            return introspect(session, include_own=include_own)

    def sizes(self) -> Mapping[Table, int]:
        """What ANALYZE has noted of the tables of the file."""
        noted = self.fetch(_SIZES) if self.fetch(_ANALYSED) else []
        return {Table(str(name)): int(str(rows)) for name, rows in noted}

    def connections(self) -> Connections:
        """Each thread that has asked something has one; what is waited for are locks, not connections."""
        with self._lock:
            links = [link for link in self._links if link.pid == os.getpid()]
        return Connections(len(links), sum(not link.depth for link in links))

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for link in list(self._links):
                if link.pid == os.getpid():
                    link.connection.close()
            self._links.clear()
            self._local = _Local()

    def _link(self) -> Link:
        link = self._local.link
        if link is not None and link.pid == os.getpid():
            return link
        if link is not None:
            self._inherited.append(link)  # closing it here would drop the parent's file locks
        link = self._local.link = self._open()
        with self._lock:
            self._links.add(link)
        return link

    def _open(self) -> Link:
        from sql.sqlite.functions import register

        try:
            connection = _connect(self.path, self.options)
            _prepare(connection, self.options)
            register(connection)
            connection.set_authorizer(authorize)
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(self.path, error) from error
        return Link(connection, self.options.statement_seconds)


def _connect(path: str, options: Options) -> sqlite3.Connection:
    file = Path(path).absolute()
    if not options.read_only:
        file.parent.mkdir(parents=True, exist_ok=True)
    mode = "ro" if options.read_only or (file.exists() and not os.access(file, os.W_OK)) else "rwc"
    return sqlite3.connect(
        f"file:{quote(str(file))}?mode={mode}",
        uri=True,
        timeout=options.busy_seconds,
        isolation_level=None,
        check_same_thread=False,  # close() ends the connections of other threads; nothing else crosses
        cached_statements=512,
    )


def _prepare(connection: sqlite3.Connection, options: Options) -> None:
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    if options.max_bytes:
        ((page,),) = connection.execute("PRAGMA page_size").fetchall()
        connection.execute(f"PRAGMA max_page_count={max(options.max_bytes // int(page), 1)}").fetchall()
    _write_ahead(connection, options.busy_seconds)


def _write_ahead(connection: sqlite3.Connection, seconds: float) -> None:
    """Readers beside a writer. The switch does not wait for locks by itself; what may not be written stays as it is."""
    until = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode & 0xFF
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                return
            if code != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _unavailable(path: str, error: Exception) -> Exception:
    if isinstance(error, sqlite3.Error):
        made = translate(error)
        if type(made) not in (Unavailable, DatabaseError):
            return made
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
        return Unusable(f"{path} is not a SQLite database")
    if getattr(error, "errno", 0) == errno.ENOSPC or _no_room(path):
        return Full("The database has no room left")
    folder = Path(path).absolute().parent
    if folder.is_dir() and not os.access(folder, os.W_OK):
        return Unusable(f"{path} cannot be opened: its folder cannot be written")
    return Unusable(f"{path} cannot be opened")


def _no_room(path: str) -> bool:
    """Whether the files beside a database, which everybody who opens it needs, may be missing for want of room."""
    try:
        room = os.statvfs(Path(path).absolute().parent)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < _BESIDE
