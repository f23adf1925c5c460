"""Eight clients write at once through five dialects: what they were told is what the database holds, workers killed or not.

The long form tells its figures (`make test-long`).
"""

import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.dialects.conftest import BACKENDS
from tests.load.serving import WORKERS, Service, serving
from tests.load.writers import GONE, Writer, at_once
from tests.postgres import new_postgres

WRITERS = 8


@dataclass(frozen=True)
class Form:
    """How long, and how many workers are killed."""

    seconds: float
    kills: int


SHORT, LONG = Form(1, 1), Form(30, 10)
FORMS = [
    *(pytest.param((backend, SHORT), id=f"{backend}-short") for backend in BACKENDS),
    *(pytest.param((backend, LONG), id=f"{backend}-long", marks=pytest.mark.long) for backend in BACKENDS),
]


@pytest.fixture(scope="module", params=FORMS)
def load(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Form]]:
    (backend, form), folder = request.param, tmp_path_factory.mktemp("load")
    sqlite = backend == "sqlite"
    url = f"sqlite:///{folder / 'load.db'}" if sqlite else new_postgres(request.getfixturevalue("postgres_server"))
    with serving(url, folder) as service:
        yield service, form


@pytest.fixture
def form(load: tuple[Service, Form]) -> Form:
    return load[1]


@pytest.fixture
def writers(load: tuple[Service, Form]) -> list[Writer]:
    service, run = load[0], uuid.uuid4().hex[:8]
    return [Writer(service, run, number) for number in range(WRITERS)]


def compare(writers: list[Writer]) -> None:
    """The tables hold what the logs say: each acknowledged row once, nothing else but what a broken connection left."""
    service, run = writers[0].service, writers[0].run
    found: dict[object, tuple[object, object]] = {}
    for name, key, city in service.rows("SELECT name, id, city FROM customers WHERE name LIKE ?", f"{run}-%"):
        assert name not in found, f"{name} is there twice"
        found[name] = (key, city or "")
    logged = {name: row for writer in writers for name, row in writer.rows.items()}
    assert found.keys() <= logged.keys()
    for name, row in logged.items():
        key, state = found.get(name, (None, GONE))
        assert state in row.possible, (row, state)
        assert state == GONE or row.key in (None, key), (row, key)
    compare_bulks(writers, set(found))
    compare_orders(writers)
    compare_ensured(writers)


def compare_bulks(writers: list[Writer], found: set[object]) -> None:
    """Rows made by one request are there together: those of a broken one were never touched again."""
    for writer in writers:
        for names in writer.bulks:
            if all(writer.rows[name].possible == {"", GONE} for name in names):
                assert len(found.intersection(names)) in (0, len(names)), names


def compare_orders(writers: list[Writer]) -> None:
    """A nested order is there with both of its items, or not at all."""
    service, run = writers[0].service, writers[0].run
    text = "SELECT o.tracking_number, count(i.id) FROM orders o LEFT JOIN order_items i ON i.order_id = o.id"
    found = service.rows(f"{text} WHERE o.tracking_number LIKE ? GROUP BY o.id, o.tracking_number", f"{run}-%")
    assert {items for _, items in found} <= {2}
    times = Counter(number for number, _ in found)
    logged = {name: possible for writer in writers for name, possible in writer.orders.items()}
    assert times.keys() <= logged.keys() and set(times.values()) <= {1}
    assert [name for name, possible in logged.items() if (name in times) not in possible] == []


def compare_ensured(writers: list[Writer]) -> None:
    """All who ensured the same row were told the same key, and there is one row."""
    service, run = writers[0].service, writers[0].run
    found = service.rows("SELECT email, id FROM customers WHERE email LIKE ?", f"{run}-shared-%")
    rows: dict[object, object] = dict(found)  # type: ignore[arg-type]
    assert len(rows) == len(found)
    told = [(mail, key) for writer in writers for mail, key in writer.ensured.items()]
    assert told and [(mail, key) for mail, key in told if rows.get(mail) != key] == []


def figures(what: str, writers: list[Writer], seconds: float) -> str:
    done, broken = sum(writer.acknowledged for writer in writers), sum(writer.broken for writer in writers)
    backend = writers[0].service.url.split(":", 1)[0]
    return f"{what}, {backend}: {done / seconds:.0f} requests acknowledged/s of {done}, {broken} connections broken"


def test_what_eight_clients_were_told_is_what_the_database_holds(
    writers: list[Writer], form: Form, record_property: Callable[[str, object], None]
) -> None:
    at_once(writers, form.seconds)
    record_property("figures", figures("load", writers, form.seconds))
    assert [wrong for writer in writers for wrong in writer.wrong] == []
    assert all(writer.acknowledged and not writer.broken for writer in writers)
    compare(writers)


def test_a_killed_worker_loses_nothing_that_was_acknowledged(
    writers: list[Writer], form: Form, record_property: Callable[[str, object], None]
) -> None:
    service, killed = writers[0].service, []

    def kill() -> None:
        for _ in range(form.kills):
            time.sleep(form.seconds / (form.kills + 1))
            pid = random.choice(service.workers())
            os.kill(pid, signal.SIGKILL)
            killed.append((pid, time.monotonic()))

    at_once(writers, form.seconds, kill)
    record_property("figures", figures(f"{len(killed)} workers killed", writers, form.seconds))
    assert [wrong for writer in writers for wrong in writer.wrong] == []
    assert all(writer.last > killed[-1][1] for writer in writers) and len(killed) == form.kills
    compare(writers)
    until = time.monotonic() + 10
    while len(alive := set(service.workers()) - {pid for pid, _ in killed}) < WORKERS and time.monotonic() < until:
        time.sleep(0.05)
    assert len(alive) == WORKERS
