"""What sessions do beside statements, on both backends: many rows at once, streams, locks."""

import threading
import time
from collections.abc import Callable

import pytest

from sql.builder import compile_change
from sql.commands import Change
from sql.database import Database, Options, Session
from sql.errors import (
    Busy,
    DatabaseError,
    SqlError,
    Timeout,
    UniqueViolation,
)
from sql.execute import Bindings
from sql.expressions import Compare, Path, Slot
from sql.opening import open_database
from sql.query import Authorized
from sql.sqlite.link import Link
from sql.types import INTEGER
from tests.sql.test_database import ENDLESS, mark
from tests.sql.world import CATALOG, fill

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"


@pytest.fixture
def items(database: Database) -> Database:
    with database.transaction() as session:
        session.execute("CREATE TABLE items (id integer PRIMARY KEY, name varchar(5) NOT NULL)")
        session.execute("INSERT INTO items VALUES (1, 'a'), (2, 'b')")
    return database


def ids(database: Database) -> list[object]:
    return [row[0] for row in database.fetch("SELECT id FROM items ORDER BY id")]


def inserting(database: Database, *more: str) -> str:
    return " ".join((f"INSERT INTO items (id, name) VALUES ({mark(database)}, {mark(database)})", *more))


def apart(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """A thread that does the work, and what it gave or raised."""
    given: list[object] = []

    def run() -> None:
        try:
            given.append(work())
        except SqlError as error:
            given.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, given


# ---------------------------------------------------------------- many rows


def test_many_rows_return_in_the_order_of_their_parameters(items: Database) -> None:
    rows = [(number, f"n{number}") for number in (99, 5, 70, 6)]
    with items.transaction() as session:
        assert session.run_many(inserting(items, "RETURNING id, name"), rows, returning=True) == rows
        assert session.run_many(inserting(items), [(100, "x"), (50, "y")], returning=False) == []
        assert session.run_many(inserting(items), [], returning=True) == []
    assert ids(items) == [1, 2, 5, 6, 50, 70, 99, 100]


@pytest.mark.parametrize("returning", [True, False])
def test_a_row_of_many_that_fails_undoes_its_savepoint_alone(items: Database, returning: bool) -> None:
    text = inserting(items, "RETURNING id" if returning else "")
    with items.transaction() as session:
        session.execute(text, (3, "c"))
        with pytest.raises(UniqueViolation), items.transaction():
            session.run_many(text, [(4, "d"), (1, "e"), (5, "f")], returning=returning)
        session.execute(text, (6, "g"))
    assert ids(items) == [1, 2, 3, 6]


@pytest.mark.parametrize("returning", [True, False])
def test_each_of_many_rows_has_its_own_time(database_url: str, returning: bool) -> None:
    """Together they take longer than one of them may; one alone that takes longer is stopped."""
    database = open_database(database_url, options=Options(statement_seconds=0.5))
    with database.transaction() as session:
        session.execute("CREATE TABLE waits (n bigint)")
    wait = "pg_sleep(?)" if database.backend.name == "sqlite" else "(SELECT 1 FROM pg_sleep(%s))"
    text = f"INSERT INTO waits VALUES ({wait}){' RETURNING 1' if returning else ''}"
    with database.transaction() as session:
        if isinstance(session, Link):
            session.connection.create_function("pg_sleep", 1, time.sleep)
        session.run_many(text, [(0.1,)] * 6, returning=returning)
    endless = f"INSERT INTO waits SELECT * FROM ({ENDLESS['sqlite']}) AS e"
    with pytest.raises(Timeout), database.transaction() as session:
        session.run_many(endless + (" RETURNING 1" if returning else ""), [()], returning=returning)
    assert database.fetch("SELECT count(*) FROM waits") == [(6,)]
    database.close()


# ---------------------------------------------------------------- streams


def test_a_stream_gives_all_rows_in_lists(items: Database) -> None:
    with items.stream(NUMBERS.format(mark(items)), (50_000,), size=1_000) as chunks:
        sizes, total = [], 0
        for rows in chunks:
            sizes.append(len(rows))
            total += sum(int(str(row[0])) for row in rows)
    assert (sizes, total) == ([1_000] * 50, 50_000 * 50_001 // 2)


def test_a_stream_sees_one_state_and_leaves_the_thread_free(items: Database) -> None:
    with items.stream("SELECT id FROM items ORDER BY id", size=1) as chunks:
        seen = [next(chunks)]
        with items.transaction() as session:
            session.execute("DELETE FROM items WHERE id = 2")
        assert ids(items) == [1]
        seen.extend(chunks)
    assert seen == [[(1,)], [(2,)]]


def test_a_stream_within_a_transaction_sees_what_that_wrote(items: Database) -> None:
    with items.transaction() as session:
        session.execute("DELETE FROM items WHERE id = 1")
        with items.stream("SELECT id FROM items") as first, items.stream("SELECT id FROM items") as second:
            assert [*first, *second] == [[(2,)], [(2,)]]
        session.execute("DELETE FROM items WHERE id = 2")
    assert ids(items) == []


def test_a_stream_may_last_longer_than_a_statement(database_url: str) -> None:
    database = open_database(database_url, options=Options(statement_seconds=0.6))
    wait = "SELECT count(*) FROM (WITH RECURSIVE w(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM w WHERE j < 60000) SELECT j + n.i FROM w) AS q"
    slow = f"({wait})" if database.backend.name == "sqlite" else "(SELECT n.i FROM pg_sleep(0.1 + n.i * 0))"
    rows = 50 if database.backend.name == "sqlite" else 9
    text = f"SELECT n.i, {slow} FROM ({NUMBERS.format(rows)}) AS n"
    with database.stream(text, size=1) as chunks:
        assert len(list(chunks)) == rows
    with pytest.raises(Timeout), database.stream(ENDLESS[database.backend.name], size=1) as chunks:
        list(chunks)
    assert database.fetch("SELECT 1") == [(1,)]
    database.close()


def test_a_stream_that_is_left_or_fails_gives_its_connection_back(database_url: str) -> None:
    database = open_database(database_url, options=Options(pool_size=1, busy_seconds=1))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), database.stream(NUMBERS.format(100), size=10) as chunks:
            next(chunks)
            raise ZeroDivisionError
        with pytest.raises(DatabaseError), database.stream("SELECT nothing FROM nowhere") as chunks:
            list(chunks)
    assert database.fetch("SELECT 1") == [(1,)]
    database.close()


def test_text_that_is_no_utf8_is_streamed_and_returned_once(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    broken = "SELECT CAST(x'ff41' AS TEXT)"
    with database.transaction() as session:
        session.execute("CREATE TABLE t (v TEXT)")
        assert session.fetch(f"INSERT INTO t {broken} RETURNING v") == [("�A",)]
    with database.stream("SELECT v FROM t") as chunks:
        assert list(chunks) == [[("�A",)]]
    database.close()


# ---------------------------------------------------------------- locks


def test_who_locks_a_name_passes_alone(database_url: str) -> None:
    one, other = (open_database(database_url, options=Options(busy_seconds=0.3)) for _ in range(2))
    other.fetch("SELECT 1")
    with one.transaction() as session:
        session.lock("users:first")
        session.lock("users:first")
        thread, given = apart(lambda: _locked(other, "users:first"))
        thread.join()
        assert [type(error) for error in given] == [Busy]
        if one.backend.name == "postgres":
            assert _locked(other, "users:second") == "locked"
    assert _locked(other, "users:first") == "locked"
    one.close()
    other.close()


def _locked(database: Database, name: str) -> str:
    with database.transaction() as session:
        session.lock(name)
        return "locked"


def test_locked_rows_wait_for_the_other_transaction(postgres_url: str) -> None:
    one, other = (open_database(postgres_url, options=Options(busy_seconds=0.3)) for _ in range(2))
    fill(one)
    change = Change("lock", "post", where=Compare(Path("id"), "lte", (Slot(0, INTEGER),)))
    statement = compile_change(Authorized(change), CATALOG, one.backend).statement

    def lock(session: Session, most: int) -> list[tuple[object, ...]]:
        return session.fetch(statement.text, statement.bind(Bindings((most,))))

    with one.transaction() as session:
        assert lock(session, 2) == [(1,), (2,)]
        with pytest.raises(Busy), other.transaction() as waiting:
            lock(waiting, 1)
        with other.transaction() as free:
            assert free.execute("UPDATE post SET stars = 1 WHERE id = 3") == 1
    with other.transaction() as free:
        assert lock(free, 1) == [(1,)]
    one.close()
    other.close()


def test_waiting_for_a_lock_is_not_taken_for_a_slow_statement(database_url: str) -> None:
    one = open_database(database_url)
    other = open_database(database_url, options=Options(statement_seconds=0.5, busy_seconds=0.5))
    with one.transaction() as session:
        session.execute("CREATE TABLE t (v int)")
        session.execute("INSERT INTO t VALUES (1)")
    with one.transaction() as session:
        session.execute("UPDATE t SET v = 2")
        with pytest.raises(Busy), other.transaction() as waiting:
            waiting.execute("UPDATE t SET v = 3")
    one.close()
    other.close()
