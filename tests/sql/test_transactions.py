"""Transactions that go wrong, on both backends: what is raised, what is kept, what goes on."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest

from sql.database import Database, Options, Session
from sql.errors import (
    Busy,
    CheckViolation,
    DatabaseError,
    Deadlock,
    ForeignKeyViolation,
    Full,
    NotNullViolation,
    SqlError,
    Timeout,
    Unavailable,
    Uncertain,
    UniqueViolation,
)
from sql.opening import open_database
from tests.sql.test_database import ENDLESS
from tests.sql.test_sessions import apart, ids


@pytest.fixture
def items(database: Database) -> Database:
    with database.transaction() as session:
        session.execute("CREATE TABLE owners (id integer PRIMARY KEY)")
        session.execute(
            "CREATE TABLE items (id integer PRIMARY KEY, name varchar(5) NOT NULL, size int,"
            ' "a.b" int, "c, d" int,'
            " owner integer REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED,"
            ' UNIQUE ("a.b", "c, d"))'
        )
        session.execute("CREATE UNIQUE INDEX lowered ON items (lower(name))")
        session.execute("INSERT INTO items (id, name, size) VALUES (1, 'a', 1), (2, 'b', 2)")
    return database


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    opened = open_database(postgres_url)
    with opened.transaction() as session:
        session.execute("CREATE TABLE items (id integer PRIMARY KEY, size int)")
        session.execute("INSERT INTO items VALUES (1, 1), (2, 2)")
    yield opened
    opened.close()


REFUSED = [
    ("INSERT INTO items (id, name) VALUES (1, 'x')", UniqueViolation, ("id",)),
    ("INSERT INTO items (id, name) VALUES (3, 'A')", UniqueViolation, ()),
    ('UPDATE items SET "a.b" = 1, "c, d" = 2', UniqueViolation, ("a.b", "c, d")),
    ("UPDATE items SET name = NULL WHERE id = 1", NotNullViolation, "name"),
    ("INSERT INTO items (id) VALUES (3)", NotNullViolation, "name"),
]


@pytest.mark.parametrize(("statement", "error", "columns"), REFUSED)
def test_refusals_name_the_columns(items: Database, statement: str, error: type[SqlError], columns: object) -> None:
    with items.transaction() as session:
        session.execute("UPDATE items SET size = 7 WHERE id = 1")
        with pytest.raises(error) as caught, items.transaction():
            session.execute(statement)
        session.execute("UPDATE items SET size = 8 WHERE id = 2")
    raised: Any = caught.value
    assert (raised.columns if error is UniqueViolation else raised.column) == columns
    assert items.fetch("SELECT size FROM items ORDER BY id") == [(7,), (8,)]


def test_a_reference_may_be_refused_as_late_as_the_end(items: Database) -> None:
    reached = []
    with pytest.raises(ForeignKeyViolation), items.transaction() as session:
        session.execute("UPDATE items SET owner = 9")
        reached.append(True)
    assert reached
    assert items.fetch("SELECT owner FROM items") == [(None,), (None,)]
    with items.transaction() as session:
        session.execute("UPDATE items SET owner = 9")
        session.execute("INSERT INTO owners VALUES (9)")
    assert items.fetch("SELECT owner FROM items") == [(9,), (9,)]


def test_a_writer_who_waits_in_vain_is_told_that_the_file_is_busy(sqlite_url: str) -> None:
    one, other = (open_database(sqlite_url, options=Options(busy_seconds=0.2)) for _ in range(2))
    with one.transaction() as session:
        session.execute("CREATE TABLE t (v)")
        with pytest.raises(Busy), other.transaction():
            raise AssertionError("two writers")
    with other.transaction() as session:
        assert session.execute("INSERT INTO t VALUES (1)") == 1
    one.close()
    other.close()


def test_a_transaction_that_cannot_be_kept_is_undone_and_busy(sqlite_url: str) -> None:
    """Beside a reader in the old journal mode, a writer gets as far as COMMIT."""
    path = sqlite_url.removeprefix("sqlite:///")
    database = open_database(sqlite_url, options=Options(busy_seconds=0.2))
    with database.transaction() as session:
        session.execute("CREATE TABLE t (v)")
        session.execute("INSERT INTO t VALUES (0)")
    database.close()
    with database.transaction() as prepared:
        link: Any = prepared
    link.connection.set_authorizer(None)
    link.connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT v FROM t").fetchall()
    with pytest.raises(Busy), database.transaction() as session:
        session.execute("INSERT INTO t VALUES (1)")
    reader.close()
    with database.transaction() as session:
        session.execute("INSERT INTO t VALUES (2)")
    assert database.fetch("SELECT v FROM t") == [(0,), (2,)]
    database.close()


def test_a_full_disk_undoes_the_transaction(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        session.execute("CREATE TABLE t (v)")
        link: Any = session
    link.connection.set_authorizer(None)
    link.connection.execute("PRAGMA max_page_count = 20").fetchall()
    with pytest.raises(Full), database.transaction() as session:
        session.execute("INSERT INTO t VALUES ('first')")
        session.execute("INSERT INTO t VALUES (randomblob(1000000))")
    assert database.fetch("SELECT count(*) FROM t") == [(0,)]
    with database.transaction() as session:
        session.execute("INSERT INTO t VALUES ('small')")
    assert database.fetch("SELECT v FROM t") == [("small",)]
    database.close()


def test_nothing_is_written_after_a_transaction_that_is_gone(database_url: str) -> None:
    """A write that is stopped undoes the whole transaction on SQLite, savepoints or not."""
    database = open_database(database_url, options=Options(statement_seconds=0.2))
    endless = f"INSERT INTO t SELECT * FROM ({ENDLESS['sqlite']}) AS e"
    with database.transaction() as session:
        session.execute("CREATE TABLE t (v bigint)")
    with pytest.raises(DatabaseError), database.transaction() as session:
        session.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(Timeout):
            session.execute(endless)
        for write in (session.execute, session.fetch, lambda text: session.run_many(text, [()], returning=False)):
            with pytest.raises(DatabaseError):
                write("INSERT INTO t VALUES (2)")
    assert database.fetch("SELECT v FROM t") == []
    with database.transaction() as session:
        session.execute("INSERT INTO t VALUES (3)")
    assert database.fetch("SELECT v FROM t") == [(3,)]
    database.close()


def test_an_error_that_is_swallowed_without_a_savepoint_does_not_look_kept(postgres: Database) -> None:
    with pytest.raises(DatabaseError), postgres.transaction() as session:
        session.execute("DELETE FROM items WHERE id = 2")
        with pytest.raises(UniqueViolation):
            session.execute("INSERT INTO items VALUES (1, 1)")
    assert ids(postgres) == [1, 2]


def test_one_of_two_that_block_each_other_may_try_again(postgres: Database) -> None:
    met = threading.Barrier(2, timeout=10)

    def cross(first: int, second: int) -> str:
        with postgres.transaction() as session:
            session.execute("UPDATE items SET size = 5 WHERE id = %s", (first,))
            met.wait()
            session.execute("UPDATE items SET size = 6 WHERE id = %s", (second,))
        return "kept"

    threads = [apart(lambda: cross(1, 2)), apart(lambda: cross(2, 1))]
    for thread, _ in threads:
        thread.join()
    given = [given[0] for _, given in threads]
    assert sorted(type(one).__name__ for one in given) == ["Deadlock", "str"]
    assert issubclass(Deadlock, Busy)


def _terminate(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as killer:
        killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _swallowed(database: Database, session: Session) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable):
            session.execute("DELETE FROM items")


def _nested(database: Database, session: Session) -> None:
    with database.transaction():
        session.execute("DELETE FROM items")


@pytest.mark.parametrize(
    "use",
    [
        lambda database, session: session.execute("DELETE FROM items"),
        lambda database, session: session.run_many("DELETE FROM items WHERE id = %s", [(1,), (2,)], returning=False),
        _nested,
        _swallowed,
    ],
)
def test_a_connection_that_is_lost_in_a_transaction_is_unavailable(
    postgres: Database, postgres_url: str, use: Callable[[Database, Session], object]
) -> None:
    with pytest.raises(Unavailable) as caught, postgres.transaction() as session:
        session.execute("DELETE FROM items WHERE id = 1")
        _terminate(postgres_url)
        use(postgres, session)
    assert caught.type is Unavailable
    with postgres.transaction() as session:
        session.execute("UPDATE items SET size = 9 WHERE id = 2")
    assert postgres.fetch("SELECT * FROM items ORDER BY id") == [(1, 1), (2, 9)]


def test_a_connection_that_is_lost_while_a_transaction_is_kept_leaves_that_uncertain(postgres: Database) -> None:
    with postgres.transaction() as session:
        session.execute(
            "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END'"
        )
        session.execute(
            "CREATE CONSTRAINT TRIGGER leaving AFTER DELETE ON items DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION leave()"
        )
    with pytest.raises(Uncertain), postgres.transaction() as session:
        session.execute("DELETE FROM items WHERE id = 1")
    with postgres.transaction() as session:
        assert session.execute("UPDATE items SET size = 9") == 2


def test_an_error_of_the_block_is_not_hidden_by_a_lost_connection(postgres: Database, postgres_url: str) -> None:
    with pytest.raises(ZeroDivisionError), postgres.transaction() as session:
        session.execute("DELETE FROM items")
        _terminate(postgres_url)
        raise ZeroDivisionError
    assert ids(postgres) == [1, 2]


def test_a_write_outside_a_transaction_is_not_repeated(postgres: Database, postgres_url: str) -> None:
    postgres.fetch("SELECT 1")
    _terminate(postgres_url)
    with pytest.raises(Unavailable):
        postgres.fetch("UPDATE items SET size = size + 1 RETURNING size")
    assert postgres.fetch("SELECT size FROM items ORDER BY id") == [(1,), (2,)]


def test_a_server_that_goes_away_is_unavailable_wherever_it_is_missed() -> None:
    database = open_database("postgresql://nobody@127.0.0.1:1/none")
    opening: list[Callable[[], AbstractContextManager[object]]] = [
        database.transaction,
        database.read,
        lambda: database.stream("SELECT 1"),
    ]
    for use in opening:
        with pytest.raises(Unavailable), use():
            raise AssertionError("there is no server")


def test_what_a_trigger_raises_is_a_refusal(items: Database) -> None:
    with items.transaction() as session:
        if items.backend.name == "sqlite":
            session.execute(
                "CREATE TRIGGER no BEFORE UPDATE ON items BEGIN SELECT RAISE(ABORT, 'no secret items'); END"
            )
        else:
            session.execute(
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
                " 'BEGIN RAISE EXCEPTION ''no secret items''; END'"
            )
            session.execute("CREATE TRIGGER no BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION no()")
    with pytest.raises(CheckViolation) as caught, items.transaction() as session:
        session.execute("UPDATE items SET size = 1")
    assert "secret" not in str(caught.value)
