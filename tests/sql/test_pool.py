"""Connections to a PostgreSQL server that goes away, says nothing, or has none to give."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from sql.database import Options
from sql.errors import Busy, ReadOnly, Unavailable
from sql.opening import open_database
from sql.postgres import pool as pools
from sql.postgres.connection import PostgresDatabase
from sql.postgres.door import Door
from sql.postgres.line import Line
from sql.postgres.pool import Pool
from tests.outages.ways import Way, way

REST = 0.15


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server is left alone for a shorter moment, and waited for a shorter time."""
    monkeypatch.setattr(pools, "REST", 0.1)
    monkeypatch.setattr("sql.postgres.line.GRACE", 0.1)


@dataclass
class Counted:
    """A door that counts who comes through it, or tries to."""

    door: Door
    tries: int = 0
    made: list[Line] = field(default_factory=list)

    def enter(self) -> Line:
        self.tries += 1
        self.made.append(self.door.enter())
        return self.made[-1]


def pool_of(url: str, size: int = 3, seconds: float = 0.3) -> tuple[Pool, Counted]:
    counted = Counted(Door(url, Options()))
    return Pool(counted.enter, size, seconds), counted


def stands(pool: Pool) -> tuple[int, int, int]:
    """How many connections there are, how many of them nobody uses, and how many callers wait for one."""
    now = pool.connections()
    return now.open, now.idle, now.waiting


@pytest.fixture
def socket_way(postgres_url: str, tmp_path: Path) -> Iterator[Way]:
    with way(postgres_url, tmp_path) as made:
        yield made


def test_a_server_that_is_away_is_asked_once_in_a_while_and_found_when_it_is_back(socket_way: Way) -> None:
    pool, counted = pool_of(socket_way.url)
    socket_way.cut()
    for _ in range(50):
        with pytest.raises(Unavailable):
            pool.take()
    assert counted.tries < 50 and stands(pool) == (0, 0, 0)
    socket_way.mend()
    time.sleep(REST)
    pool.give(pool.take())
    pool.give(pool.take())
    assert stands(pool) == (1, 1, 0) and len(counted.made) == 1
    pool.close()


def test_what_was_lost_with_the_server_is_not_given_to_anybody(socket_way: Way) -> None:
    pool, counted = pool_of(socket_way.url)
    lines = [pool.take() for _ in range(3)]
    for line in lines[1:]:
        pool.give(line)
    socket_way.cut()
    with pytest.raises(psycopg.OperationalError):
        lines[0].execute("SELECT 1")
    pool.give(lines[0])
    assert stands(pool) == (0, 0, 0) and pool.connections().lost == 3
    socket_way.mend()
    line = pool.take()
    assert line.execute("SELECT 1").fetchall() == [(1,)] and len(counted.made) == 4
    pool.give(line)
    pool.close()


def test_who_waits_gets_what_another_gives_back_and_is_busy_past_his_patience(postgres_url: str) -> None:
    pool, counted = pool_of(postgres_url, size=1)
    line, taken = pool.take(), list[Line]()
    with pytest.raises(Busy):
        pool.take()
    thread = threading.Thread(target=lambda: taken.append(pool.take()))
    thread.start()
    pool.give(line)
    thread.join()
    assert taken == [line] and len(counted.made) == 1
    told = pool.connections()
    assert (told.refused, told.waiting) == (1, 0) and told.waits >= 1 and told.waited_seconds >= 0.3
    pool.close()
    pool.give(line)
    assert line.closed


def test_what_is_given_back_in_the_middle_of_something_is_closed(postgres_url: str) -> None:
    pool, _ = pool_of(postgres_url)
    line = pool.take()
    line.execute("BEGIN")
    pool.give(line)
    assert line.closed and stands(pool) == (0, 0, 0)
    pool.close()


@contextmanager
def limited(url: str, connections: int) -> Iterator[str]:
    """The URL for a role that may have so many connections."""
    name = f"few_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT {connections}")
        yield url.replace("postgres:@", f"{name}:@", 1)
        line.execute(f"DROP ROLE {name}")


def test_a_server_without_connections_to_give_is_busy_and_ours_are_waited_for(postgres_url: str) -> None:
    with limited(postgres_url, 2) as url:
        pool, counted = pool_of(url)
        lines = [pool.take(), pool.take()]
        with pytest.raises(Busy):  # there is room in the pool, but not in the server
            pool.take()
        taken: list[Line] = []
        thread = threading.Thread(target=lambda: taken.append(pool.take()))
        thread.start()
        pool.give(lines[0])
        thread.join()
        assert taken == lines[:1] and len(counted.made) == 2
        other, _ = pool_of(url)
        with pytest.raises(Busy):
            other.take()
        for line in lines:
            pool.give(line)
        pool.close()


# ---------------------------------------------------------------- a server that says nothing


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that does not go on."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _fetch(database: PostgresDatabase) -> None:
    database.fetch("SELECT 1")


def _transaction(database: PostgresDatabase) -> None:
    with database.transaction() as session:
        session.execute("SELECT 1")


def _stream(database: PostgresDatabase) -> None:
    with database.stream("SELECT 1") as chunks:
        list(chunks)


@pytest.mark.parametrize("use", [_fetch, _transaction, _stream])
def test_no_answer_is_waited_for_longer_than_a_statement_may_take(
    postgres_url: str, use: Callable[[PostgresDatabase], None]
) -> None:
    database = open_database(postgres_url, options=Options(statement_seconds=0.2))
    assert isinstance(database, PostgresDatabase)
    [(pid,)] = database.fetch("SELECT pg_backend_pid()")
    with frozen(int(str(pid))):
        with pytest.raises(Unavailable):
            use(database)
        with pytest.raises(Unavailable):
            database.fetch("SELECT 1")  # for a moment it is not even tried
        time.sleep(REST)
        assert database.fetch("SELECT 1") == [(1,)]
    database.close()


def test_while_tables_change_nobody_is_impatient(postgres_url: str) -> None:
    database = open_database(postgres_url, options=Options(statement_seconds=0.2))
    with database.evolving() as session:
        session.execute("SELECT pg_sleep(0.5)")
    with database.transaction() as session:
        session.execute("CREATE TABLE t (i integer)")
        slow = "INSERT INTO t SELECT %s FROM pg_sleep(0.1)"
        session.run_many(slow, [(number,) for number in range(4)], returning=False)
    assert database.fetch("SELECT count(*) FROM t") == [(4,)]
    database.close()


def test_a_server_that_takes_no_changes_says_so(postgres_url: str) -> None:
    database = open_database(postgres_url, options=Options(read_only=True))
    with pytest.raises(ReadOnly), database.transaction() as session:
        session.execute("CREATE TABLE t (i integer)")
    assert database.fetch("SELECT 1") == [(1,)]
    database.close()
