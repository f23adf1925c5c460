"""Transactions in which tables are changed, and what others are told whose statements are of yesterday."""

from typing import Any

import psycopg
import pytest

from sql.database import Database, Options
from sql.errors import Busy, CannotEvolve, DatabaseError, ForeignKeyViolation, Outdated, Timeout
from sql.opening import open_database
from tests.sql.test_database import ENDLESS
from tests.sql.test_sessions import apart


@pytest.fixture
def family(database: Database) -> Database:
    with database.transaction() as session:
        session.execute("CREATE TABLE parents (id integer PRIMARY KEY)")
        session.execute("CREATE TABLE children (id integer PRIMARY KEY, parent_id integer REFERENCES parents (id))")
        session.execute("INSERT INTO parents VALUES (1)")
        session.execute("INSERT INTO children VALUES (1, 1)")
    return database


def tables(database: Database) -> list[str]:
    return [info.table.name for info in database.tables()]


def test_tables_are_changed_together_or_not_at_all(family: Database) -> None:
    with family.evolving() as session:
        session.execute("CREATE TABLE others (id integer)")
        assert "others" in tables(family)
    with pytest.raises(ZeroDivisionError), family.evolving() as session:
        session.execute("DROP TABLE others")
        session.execute("DELETE FROM children")
        raise ZeroDivisionError
    assert tables(family) == ["children", "others", "parents"]
    assert family.fetch("SELECT id FROM children") == [(1,)]


def test_what_is_nested_in_a_change_is_a_savepoint(family: Database) -> None:
    with family.evolving() as session:
        session.execute("CREATE TABLE first (id integer)")
        for nested in (family.evolving, family.transaction):
            with pytest.raises(ZeroDivisionError), nested() as inner:
                inner.execute("CREATE TABLE second (id integer)")
                raise ZeroDivisionError
        with family.evolving() as inner:
            inner.execute("CREATE TABLE third (id integer)")
    assert tables(family) == ["children", "first", "parents", "third"]


def test_tables_are_not_changed_in_a_transaction_that_is_for_rows(family: Database) -> None:
    for outer in (family.transaction, family.read):
        with outer(), pytest.raises(DatabaseError), family.evolving():
            raise AssertionError("it was let in")


def test_references_hold_again_when_tables_have_been_changed(family: Database) -> None:
    with pytest.raises((CannotEvolve, ForeignKeyViolation)), family.evolving() as session:
        session.execute("DELETE FROM parents")
    with family.evolving() as session:
        session.execute("INSERT INTO parents VALUES (2)")
    with pytest.raises(ForeignKeyViolation), family.transaction() as session:
        session.execute("DELETE FROM parents")
    assert family.fetch("SELECT id FROM parents ORDER BY id") == [(1,), (2,)]


def test_rows_that_referred_to_nothing_before_are_in_nobodys_way(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        session.execute("CREATE TABLE children (id integer PRIMARY KEY, parent_id integer REFERENCES nowhere (id))")
        session.execute("CREATE TABLE odd (id integer REFERENCES children (parent_id))")
    with database.evolving() as session:
        session.execute("DROP TABLE odd")
    with (
        pytest.raises(CannotEvolve, match=r"children: its rows must refer to rows of nowhere: 1 do not"),
        database.evolving() as session,
    ):
        session.execute("INSERT INTO children VALUES (1, 1)")
    database.close()


def test_a_change_is_not_limited_in_time(database_url: str) -> None:
    database = open_database(database_url, options=Options(statement_seconds=0.1))
    counted = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT count(*) FROM n"
    with pytest.raises(Timeout):
        database.fetch(ENDLESS[database.backend.name])
    with database.evolving() as session:
        session.fetch(counted)
    with pytest.raises(Timeout):
        database.fetch(ENDLESS[database.backend.name])
    database.close()


def test_settings_stay_closed_while_tables_are_changed(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.evolving() as session:
        for statement in ("PRAGMA synchronous=OFF", "ATTACH ':memory:' AS other"):
            with pytest.raises(DatabaseError):
                session.execute(statement)
    with pytest.raises(DatabaseError):
        database.fetch("PRAGMA legacy_alter_table=ON")
    database.close()


def test_who_comes_later_waits_longer_than_for_a_row(postgres_url: str) -> None:
    database = open_database(postgres_url, options=Options(busy_seconds=0.1))
    with database.evolving() as session:
        session.lock("tables")

        def late() -> str:
            with database.evolving() as other:
                other.lock("tables")
                return str(other.fetch("SHOW lock_timeout")[0][0])

        thread, given = apart(late)
        thread.join(0.3)
        assert given == []
    thread.join()
    assert given == ["100ms"]
    database.close()


def test_a_table_in_use_is_waited_for_as_for_any_lock(postgres_url: str) -> None:
    database = open_database(postgres_url, options=Options(busy_seconds=0.1))
    with database.transaction() as session:
        session.execute("CREATE TABLE t (id integer)")
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SELECT * FROM t")
        with pytest.raises(Busy), database.evolving() as session:
            session.execute("ALTER TABLE t ADD COLUMN x integer")
    database.close()


OUTDATED = [
    "SELECT id FROM nowhere",
    "SELECT missing FROM parents",
    "INSERT INTO parents (id, missing) VALUES (2, 3)",
    "UPDATE parents SET missing = 1",
    "DELETE FROM nowhere",
    "INSERT INTO children (id, parent_id) VALUES (5, 1) ON CONFLICT (parent_id) DO UPDATE SET id = 6",
]


@pytest.mark.parametrize("statement", OUTDATED)
def test_statements_for_other_tables_are_outdated(family: Database, statement: str) -> None:
    with pytest.raises(Outdated) as caught, family.transaction() as session:
        session.execute(statement)
    assert not {"nowhere", "missing"} & set(str(caught.value).split())


def test_a_parameter_of_a_type_of_yesterday_is_outdated(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with database.transaction() as session:
        session.execute("CREATE TABLE t (id integer, words text)")
    for statement in ("SELECT id FROM t WHERE words = %s::bigint", "INSERT INTO t (id) VALUES (%s::text)"):
        with pytest.raises(Outdated):
            database.fetch(statement, (1,))
    database.close()


def test_a_statement_that_was_prepared_is_prepared_anew(family: Database) -> None:
    """PostgreSQL would refuse it on every connection that has run it often enough."""
    mark = "?" if family.backend.name == "sqlite" else "%s"
    text = f"SELECT * FROM parents WHERE id = {mark}"
    for _ in range(10):
        assert family.fetch(text, (1,)) == [(1,)]

    def change() -> None:
        with family.evolving() as session:
            session.execute("ALTER TABLE parents ADD COLUMN word text")

    thread, _ = apart(change)
    thread.join()
    assert family.fetch(text, (1,)) == [(1, None)]


def test_a_prepared_statement_in_a_transaction_is_outdated(postgres_url: str) -> None:
    database = open_database(postgres_url, options=Options(pool_size=1))
    with database.transaction() as session:
        session.execute("CREATE TABLE t (id integer)")

    def look(session: Any) -> None:
        session.fetch("SELECT * FROM t WHERE id > %s", (0,))

    for _ in range(10):
        with database.transaction() as session:
            look(session)
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("ALTER TABLE t ADD COLUMN word text")
    with pytest.raises(Outdated), database.transaction() as session:
        look(session)
    with database.transaction() as session:
        look(session)
    database.close()
