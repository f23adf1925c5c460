"""Databases: rows, snapshots, transactions, limits, refusals, threads and forks, alike on both backends."""

import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import orjson
import psycopg
import pytest

from sql.database import Database, Options
from sql.errors import (
    Busy,
    CheckViolation,
    DatabaseError,
    ForeignKeyViolation,
    NotNullViolation,
    Outdated,
    OutOfRange,
    SqlError,
    Timeout,
    Unavailable,
    UniqueViolation,
)
from sql.opening import open_database
from tests.fixtures.awkward import build

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgres": "SELECT pg_sleep(20)",
}


def mark(database: Database) -> str:
    return "?" if database.backend.name == "sqlite" else "%s"


@pytest.fixture
def items(database: Database) -> Database:
    with database.transaction() as session:
        session.execute("CREATE TABLE owners (id integer PRIMARY KEY)")
        session.execute(
            "CREATE TABLE items (id integer PRIMARY KEY, name varchar(5) NOT NULL UNIQUE, size int CHECK (size > 0),"
            " owner integer REFERENCES owners (id))"
        )
        session.execute("INSERT INTO items VALUES (1, 'a', 1, NULL), (2, 'b', 2, NULL)")
    return database


def count(database: Database) -> object:
    return database.fetch("SELECT count(*) FROM items")[0][0]


def test_rows_are_fetched_by_parameters(items: Database) -> None:
    assert items.fetch(f"SELECT id, name FROM items WHERE id = {mark(items)}", (2,)) == [(2, "b")]


def test_a_transaction_is_kept_or_undone(items: Database) -> None:
    with items.transaction() as session:
        assert session.execute("UPDATE items SET size = 9") == 2
    with pytest.raises(ZeroDivisionError), items.transaction() as session:
        session.execute("DELETE FROM items")
        raise ZeroDivisionError
    assert items.fetch("SELECT size FROM items") == [(9,), (9,)]


def test_a_nested_transaction_is_a_savepoint(items: Database) -> None:
    with items.transaction() as outer:
        outer.execute("DELETE FROM items WHERE id = 1")
        with pytest.raises(UniqueViolation), items.transaction() as inner:
            inner.execute("INSERT INTO items VALUES (3, 'c', 1, NULL)")
            inner.execute("INSERT INTO items VALUES (4, 'c', 1, NULL)")
        with items.transaction() as inner:
            inner.execute("INSERT INTO items VALUES (5, 'e', 1, NULL)")
        assert items.fetch("SELECT id FROM items ORDER BY id") == [(2,), (5,)]
    assert items.fetch("SELECT id FROM items ORDER BY id") == [(2,), (5,)]


def test_a_snapshot_does_not_see_later_writes(items: Database) -> None:
    def write() -> None:
        with items.transaction() as session:
            session.execute("DELETE FROM items")

    with items.read() as session:
        before = session.fetch("SELECT count(*) FROM items")
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert session.fetch("SELECT count(*) FROM items") == before == [(2,)]
    assert count(items) == 0


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("INSERT INTO items VALUES (1, 'x', 1, NULL)", UniqueViolation),
        ("INSERT INTO items VALUES (3, 'a', 1, NULL)", UniqueViolation),
        ("INSERT INTO items VALUES (3, NULL, 1, NULL)", NotNullViolation),
        ("INSERT INTO items VALUES (3, 'x', 0, NULL)", CheckViolation),
        ("INSERT INTO items VALUES (3, 'x', 1, 7)", ForeignKeyViolation),
        ("SELECT secret FROM nowhere", Outdated),
        ("SELECT sum(9223372036854775807) FROM items WHERE 1 = length(", DatabaseError),
    ],
)
def test_refusals_are_ours_and_say_nothing_of_the_database(
    items: Database, statement: str, error: type[SqlError]
) -> None:
    with pytest.raises(error) as caught, items.transaction() as session:
        session.execute(statement)
    assert caught.type is error
    assert not {"items", "nowhere", "secret"} & set(str(caught.value).split())


def test_violations_name_their_columns(items: Database) -> None:
    with pytest.raises(UniqueViolation) as unique, items.transaction() as session:
        session.execute("INSERT INTO items VALUES (3, 'a', 1, NULL)")
    with pytest.raises(NotNullViolation) as missing, items.transaction() as session:
        session.execute("INSERT INTO items VALUES (3, NULL, 1, NULL)")
    assert (unique.value.columns, missing.value.column) == (("name",), "name")


def test_sums_beyond_64_bits_have_an_error_of_their_own(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with pytest.raises(OutOfRange):
        database.fetch("SELECT sum(v) FROM (SELECT 9223372036854775807 AS v UNION ALL SELECT 1)")
    with pytest.raises(OutOfRange):
        database.fetch("SELECT ?", (2**64,))


def test_a_statement_ends_at_its_time(database_url: str) -> None:
    database = open_database(database_url, options=Options(statement_seconds=0.2))
    with pytest.raises(Timeout):
        database.fetch(ENDLESS[database.backend.name])
    assert database.fetch("SELECT 1") == [(1,)]
    database.close()


def test_a_locked_database_is_busy(items: Database, database_url: str) -> None:
    other = open_database(database_url, options=Options(busy_seconds=0.2))
    statement = "UPDATE items SET size = 5 WHERE id = 1"
    with items.transaction() as session:
        session.execute(statement)
        with pytest.raises(Busy), other.transaction() as waiting:
            waiting.execute(statement)
    other.close()


def test_threads_do_not_disturb_each_other(items: Database) -> None:
    seen: list[object] = []

    def read() -> None:
        for _ in range(20):
            seen.append(items.fetch("SELECT count(*) FROM items")[0][0])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [2] * 160


def _child(database: Database, answer: Callable[[object], None]) -> None:
    answer(database.fetch("SELECT count(*) FROM items")[0][0])
    os._exit(0)


@pytest.mark.filterwarnings("ignore:This process.*fork")
def test_a_forked_process_opens_connections_of_its_own(items: Database) -> None:
    count(items)
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(items, sending.send))
    child.start()
    assert receiving.poll(20) and receiving.recv() == 2
    child.join(20)
    assert count(items) == 2


def test_a_closed_database_opens_again(items: Database) -> None:
    items.close()
    assert count(items) == 2


def test_a_read_only_database_refuses_writes(items: Database, database_url: str) -> None:
    database = open_database(database_url, options=Options(read_only=True))
    assert count(database) == 2
    with pytest.raises(DatabaseError), database.transaction() as session:
        session.execute("DELETE FROM items")
    assert count(items) == 2
    database.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a?b", "mysql://x", ""])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        open_database(url)


def test_a_sqlite_file_is_created_with_its_directory(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/a new/place %41#/x.db")
    assert database.tables() == ()
    assert (tmp_path / "a new" / "place %41#" / "x.db").exists()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is not a database at all" * 100)
    with pytest.raises(Unavailable, match="is not a SQLite database"):
        open_database(f"sqlite:///{tmp_path}/x.db").tables()
    with pytest.raises(Unavailable, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}").tables()


@pytest.mark.parametrize("statement", ["ATTACH 'x.db' AS other", "PRAGMA foreign_keys = OFF", "DETACH main"])
def test_sqlite_takes_no_command_that_changes_the_connection(sqlite_url: str, statement: str) -> None:
    with pytest.raises(DatabaseError):
        open_database(sqlite_url).fetch(statement)


def test_sqlite_writes_ahead_and_enforces_references(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    database.tables()
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_text_that_is_no_utf8_is_read(sqlite_url: str) -> None:
    database = build(open_database(sqlite_url))
    assert database.fetch("SELECT n FROM flexible ORDER BY id") == [("no number",), ("�A",)]


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = open_database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        database.fetch("SELECT 1")


def test_a_lost_connection_is_replaced(postgres_url: str) -> None:
    database = open_database(postgres_url)
    database.fetch("SELECT 1")
    for use in (lambda: database.fetch("SELECT 1"), lambda: [session_fetch(database)]):
        with psycopg.connect(postgres_url, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert use() == [(1,)]
    database.close()


def session_fetch(database: Database) -> tuple[object, ...]:
    with database.read() as session:
        return session.fetch("SELECT 1")[0]


def test_a_full_pool_is_busy(postgres_url: str) -> None:
    database = open_database(postgres_url, options=Options(pool_size=1, busy_seconds=0.3))
    caught: list[Exception] = []

    def other() -> None:
        try:
            database.fetch("SELECT 1")
        except SqlError as error:
            caught.append(error)

    with database.transaction():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert [type(error) for error in caught] == [Busy]
    database.close()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    opened = open_database(postgres_url)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("9007199254740993::bigint", 9007199254740993),
        ("1.50::numeric", Decimal("1.50")),
        ("'NaN'::numeric", "NaN"),
        ("'2024-01-31'::date", "2024-01-31"),
        ("'infinity'::date", "infinity"),
        ("'10:00'::time", "10:00:00"),
        ("'10:00:00.5'::time", "10:00:00.500"),
        ("'2024-01-31 12:00+02'::timestamptz", "2024-01-31T10:00:00.000Z"),
        ("'2024-01-31 10:00:00.123456'::timestamp", "2024-01-31T10:00:00.123456"),
        ("'-infinity'::timestamptz", "-infinity"),
        ("'0044-03-15 10:00:00 BC'::timestamp", "0044-03-15 10:00:00 BC"),
        ("'12024-01-01 00:00+00'::timestamptz", "12024-01-01T00:00:00.000Z"),
        ("'{1,NULL,3}'::int[]", [1, None, 3]),
        ("'{2024-01-31}'::date[]", ["2024-01-31"]),
        ("'[1,5]'::int4range", {"lower": 1, "upper": 6, "bounds": "[)"}),
        ("'(,2.5]'::numrange", {"lower": None, "upper": Decimal("2.5"), "bounds": "(]"}),
        ("'empty'::int4range", {"lower": None, "upper": None, "bounds": "empty"}),
        (
            "'[2024-01-01 00:00+00,)'::tstzrange",
            {"lower": "2024-01-01T00:00:00.000Z", "upper": None, "bounds": "[)"},
        ),
        ("'\\x00ff'::bytea", "AP8="),
        ("'1 day 02:00'::interval", "P1DT2H"),
        ("'10.0.0.1/8'::inet", "10.0.0.1/8"),
        ("'0A8F3C7E-0000-4000-8000-000000000001'::uuid", "0a8f3c7e-0000-4000-8000-000000000001"),
    ],
)
def test_postgres_values_arrive_ready_for_json(postgres: Database, expression: str, value: object) -> None:
    assert postgres.fetch(f"SELECT {expression}") == [(value,)]


def test_postgres_json_arrives_as_it_is(postgres: Database) -> None:
    shown = [orjson.dumps(value) for value in postgres.fetch("SELECT '{\"b\":  1}'::json, '[1]'::jsonb")[0]]
    assert shown == [b'{"b":  1}', b"[1]"]


def test_arrays_of_enums_arrive_as_lists(postgres: Database) -> None:
    build(postgres)
    postgres.close()
    assert postgres.fetch("SELECT moods FROM kinds WHERE id = 1") == [(["sad", "happy"],)]
