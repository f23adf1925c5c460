"""A database that is locked, in the way of itself, or gone in the middle: what a writer is told, and what is kept."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dialects.conftest import BACKENDS, ROOT, Fresh, fresh_app
from tests.load.dropping import When, dropping
from tests.postgres import new_postgres

Make = Callable[..., Flask]
BUSY = 0.3


def config(busy: float) -> str:
    """The sample's configuration, with another patience."""
    text = (ROOT / "config.yml").read_text().replace("sample: sample/", f"sample: {ROOT / 'sample'}/")
    source = "    database: ${DATABASE_URL:-sqlite:///var/sample.sqlite}\n"
    assert source in text
    return text.replace(source, f"{source}    options: {{busy_seconds: {busy}}}\n")


def made(make: Make, url: str, busy: float = 5) -> Fresh:
    return fresh_app(make(config(busy), url))


@pytest.fixture(scope="module")
def postgres(make_app: Make, postgres_server: str) -> Fresh:
    """The sample on PostgreSQL, where a deadlock is noticed soon."""
    url = new_postgres(postgres_server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE \"{connection.info.dbname}\" SET deadlock_timeout = '50ms'")
    return made(make_app, url)


@pytest.fixture(scope="module", params=BACKENDS)
def impatient(request: pytest.FixtureRequest, make_app: Make) -> Fresh:
    """The sample on each backend, with little patience."""
    if request.param == "sqlite":
        folder = request.getfixturevalue("tmp_path_factory").mktemp("busy")
        return made(make_app, f"sqlite:///{folder / 'busy.db'}", BUSY)
    return made(make_app, request.getfixturevalue("postgres").snapshot.system.url, BUSY)


# ---------------------------------------------------------------- locked by somebody else

HOLDERS = {
    "sqlite": "import sqlite3; c = sqlite3.connect(url.removeprefix('sqlite:///'), isolation_level=None);"
    "c.execute('BEGIN IMMEDIATE'); c.execute('DELETE FROM categories')",
    "postgresql": "import psycopg; c = psycopg.connect(url); c.execute('LOCK TABLE customers IN SHARE MODE')",
}
WRITES: Mapping[str, tuple[str, str, object, Callable[[Any], object]]] = {
    "phantom": ("POST", "/api/customers", {"name": "Late"}, lambda body: body["success"] is False and body["error"]),
    "xond": ("PUT", "/json/customer/1", {"city": "Late"}, lambda body: body["success"] is False and body["error"]),
    "sonicjs": ("POST", "/v1/customers", {"data": {"name": "Late"}}, lambda body: body["message"]),
    "metal": (
        "PATCH",
        "/schema/main/customers",
        {"filter": {"id": 1}, "data": {"city": "Late"}},
        lambda body: body["error"],
    ),
    "baasix": ("POST", "/items/customers", {"name": "Late"}, lambda body: body["error"]["message"]),
}


@contextmanager
def held(url: str) -> Iterator[None]:
    """Another process is in a transaction that writes."""
    text = f"url = {url!r}; {HOLDERS[url.partition(':')[0]]}; print('held', flush=True); import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout and process.stdout.readline() == b"held\n"
        yield
        process.stdin.close()
        process.wait()


def sent(app: Fresh, method: str, path: str, body: object) -> TestResponse:
    return app.client.open(path, method=method, json=body, headers=app.admin)


def test_writers_of_a_locked_database_are_told_to_come_again(impatient: Fresh) -> None:
    count = len(impatient.rows("SELECT id FROM customers"))
    with held(impatient.snapshot.system.url):
        for dialect, (method, path, body, message) in WRITES.items():
            answer = sent(impatient, method, path, body)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), dialect
            assert message(answer.json) == "The database is busy, try again", dialect
        assert sent(impatient, "GET", "/items/customers/1", None).status_code == 200
    assert len(impatient.rows("SELECT id FROM customers")) == count
    for method, path, body, _ in WRITES.values():
        assert sent(impatient, method, path, body).status_code in (200, 201, 204)
    assert len(impatient.rows("SELECT id FROM customers")) == count + 3


# ---------------------------------------------------------------- in each other's way


def in_thread(call: Callable[[], TestResponse]) -> tuple[threading.Thread, list[TestResponse]]:
    answers: list[TestResponse] = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    return thread, answers


def waiting(connection: psycopg.Connection[tuple[object, ...]], other_than: object = None) -> object:
    """The process of the backend that waits for a lock of ours."""
    text = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until = time.monotonic() + 5
    with psycopg.connect(connection.info.dsn, autocommit=True) as beside:
        while time.monotonic() < until:
            for (pid,) in beside.execute(text).fetchall():
                if pid != other_than:
                    return pid
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_transaction_that_lost_a_deadlock_is_done_again(postgres: Fresh) -> None:
    body = [{"id": 1, "city": "Crossed"}, {"id": 2, "city": "Crossed"}]
    with psycopg.connect(postgres.snapshot.system.url) as other:
        other.execute("SET deadlock_timeout = '20s'")  # so the service is the one that notices, and is thrown back
        other.execute("UPDATE customers SET phone = '1' WHERE id = 2")
        thread, answers = in_thread(lambda: sent(postgres, "PATCH", "/items/customers/bulk", body))
        waiting(other)
        other.execute("UPDATE customers SET phone = '1' WHERE id = 1")  # returns when the service has given way
        other.commit()
        thread.join()
    assert answers[0].status_code == 200, answers[0].get_data(as_text=True)
    assert postgres.rows("SELECT city, phone FROM customers WHERE id IN (1, 2)") == [("Crossed", "1")] * 2


ROUNDS = [pytest.param(40, id="short"), pytest.param(1000, id="long", marks=pytest.mark.long)]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_crossed_bulks_of_two_clients_are_all_answered(
    postgres: Fresh, rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """One in eight loses a deadlock here, and is done again."""

    def client(ids: list[int]) -> set[int]:
        app: FlaskClient = postgres.client
        answered = set()
        for number in range(rounds):
            rows = [{"id": one, "city": f"{ids[0]}-{number}"} for one in ids]
            answered.add(app.patch("/items/customers/bulk", json=rows, headers=postgres.admin).status_code)
        return answered

    with ThreadPoolExecutor(2) as pool:
        assert [*pool.map(client, ([1, 2], [2, 1]))] == [{200}, {200}]
    (first,), (second,) = postgres.rows("SELECT city FROM customers WHERE id IN (1, 2)")
    assert first == second  # the later transaction wrote both
    deadlocks = postgres.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]
    record_property("figures", f"{2 * rounds} crossed bulks: {deadlocks} deadlocks")


# ---------------------------------------------------------------- gone

TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


def test_connections_ended_between_requests_are_replaced(postgres: Fresh) -> None:
    for method, path, body, _ in WRITES.values():
        with psycopg.connect(postgres.snapshot.system.url, autocommit=True) as other:
            assert other.execute(TERMINATE, (other.info.backend_pid,)).fetchall()
        assert sent(postgres, method, path, body).status_code in (200, 201, 204)


def test_a_transaction_whose_connection_was_ended_is_done_again(postgres: Fresh) -> None:
    body = {"data": [{"name": "Ended"}, {"name": "Ended"}]}
    with psycopg.connect(postgres.snapshot.system.url) as other:
        other.execute("LOCK TABLE customers IN SHARE MODE")
        thread, answers = in_thread(lambda: sent(postgres, "POST", "/schema/main/customers", body))
        first = waiting(other)
        other.execute("SELECT pg_terminate_backend(%s)", (first,))
        waiting(other, first)
        other.commit()
        thread.join()
    assert answers[0].status_code == 201, answers[0].get_data(as_text=True)
    assert len(postgres.rows("SELECT id FROM customers WHERE name = 'Ended'")) == 2


KEPT: Mapping[When, int] = {"before": 0, "after": 1}


@pytest.mark.parametrize("when", KEPT)
def test_a_commit_that_nobody_knows_of_is_told_and_never_repeated(make_app: Make, postgres: Fresh, when: When) -> None:
    name = f"Uncertain {when}"
    with tempfile.TemporaryDirectory() as folder, dropping(postgres.snapshot.system.url, Path(folder)) as (url, proxy):
        app = made(make_app, url)
        try:
            proxy.commits, proxy.inserts, proxy.drop = 0, 0, when
            answer = sent(app, "POST", "/items/customers", {"name": name})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), answer.get_data(as_text=True)
            assert "it is not known whether the change was made" in answer.json["error"]["message"]  # type: ignore[index]
            assert (proxy.commits, proxy.inserts) == (1, 1)
            assert len(postgres.rows("SELECT id FROM customers WHERE name = ?", name)) == KEPT[when]
            assert sent(app, "POST", "/items/customers", {"name": "Next"}).status_code == 201
        finally:
            app.snapshot.system.close()
