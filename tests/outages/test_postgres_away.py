"""PostgreSQL goes away under load and comes back: through four workers of gunicorn, in every dialect.

Whoever asks meanwhile is told so, soon; what was acknowledged is there; nothing is given that was not checked.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.dialects.conftest import SECRET
from tests.outages.clients import CONFIG, load
from tests.outages.examining import RECOVERED, SOON, examined, figures, recovered
from tests.outages.servers import Server, server
from tests.reload.running import WORKERS, Running, running

pytestmark = pytest.mark.long
AWAY, BEFORE, AFTER = 3.0, 1.0, 4.0
SECONDS = 5.0
LATE = 12.0  # an answer while somebody is there who says nothing


@pytest.fixture
def away() -> Iterator[Server]:
    with server() as made:
        yield made


@pytest.fixture
def service(away: Server, tmp_path: Path) -> Iterator[Running]:
    text = CONFIG.format(url=away.url, secret=SECRET, seconds=SECONDS, options="pool_size: 4")
    with running(tmp_path / "service", text) as made:
        yield made


def fast(away: Server) -> None:
    away.stop("fast")


def immediate(away: Server) -> None:
    away.stop("immediate")


def killed(away: Server) -> None:
    away.kill()


@pytest.mark.parametrize("end", [fast, immediate, killed])
def test_a_server_that_ends_and_begins_again_under_load(
    away: Server, service: Running, end: Callable[[Server], None], record_property: Callable[[str, object], None]
) -> None:
    workers = service.workers()
    with load(service) as done:
        time.sleep(BEFORE)
        end(away)
        time.sleep(AWAY)
        away.start()
        back = away.ready()
        time.sleep(AFTER)
    record_property("figures", figures(end.__name__, done, back))
    examined(done, SOON)
    assert done.refused() and recovered(done, back)
    assert service.workers() == workers and len(workers) == WORKERS


def test_a_long_outage_is_noticed_to_be_over_as_soon(
    away: Server, service: Running, record_property: Callable[[str, object], None]
) -> None:
    with load(service) as done:
        away.stop("immediate")
        time.sleep(20)
        away.start()
        back = away.ready()
        time.sleep(AFTER)
    record_property("figures", figures("20 s away", done, back))
    examined(done, SOON)
    assert recovered(done, back)


def test_a_server_that_says_nothing(
    away: Server, service: Running, record_property: Callable[[str, object], None]
) -> None:
    workers = service.workers()
    with load(service) as done:
        time.sleep(BEFORE)
        with away.frozen():
            begun = time.monotonic()
            time.sleep(LATE + 5)
        back = away.ready()
        time.sleep(AFTER)
    record_property("figures", figures("frozen", done, back))
    examined(done, LATE)
    settled = [answer for answer in done.since(begun + LATE) if answer.asked < back]
    told = sorted(answer.seconds for answer in settled)
    record_property(
        "figures",
        f"frozen, past {LATE:.0f} s: {len(told)} answers, half of them within {told[len(told) // 2] * 1000:.0f} ms",
    )
    assert told[len(told) // 2] < 1.0
    assert recovered(done, back)
    assert service.workers() == workers


def test_what_was_taken_back_meanwhile_is_taken_back_for_all(away: Server, service: Running) -> None:
    """A session ended and an account switched off behind the back of the service, before its first look after it."""
    client = service.client()
    assert client.send("GET", "/items/notes")[0] == 200
    away.stop("immediate")
    assert {client.send("GET", "/items/notes")[0] for _ in range(20)} == {503}
    away.start()
    away.ready()
    with psycopg.connect(away.url, autocommit=True) as line:
        line.execute("UPDATE _dragoman_sessions SET revoked_at = now()")
    time.sleep(RECOVERED)
    assert {client.send("GET", "/items/notes")[0] for _ in range(20)} == {401}


def taken(url: str) -> list[psycopg.Connection[tuple[object, ...]]]:
    """All connections that the server has, also those that others have had."""
    held: list[psycopg.Connection[tuple[object, ...]]] = []
    for _ in range(30):
        with suppress(psycopg.OperationalError):
            while True:
                held.append(psycopg.connect(url, autocommit=True))
        pids = [line.info.backend_pid for line in held]
        held[0].execute(OTHERS, (pids,))
    return held


OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND NOT pid = ANY(%s)"


def test_a_server_without_connections_to_give(
    away: Server, service: Running, record_property: Callable[[str, object], None]
) -> None:
    with load(service) as done:
        time.sleep(BEFORE)
        held = taken(away.url)
        time.sleep(AWAY)
        for line in held:
            line.close()
        back = time.monotonic()
        time.sleep(AFTER)
    record_property("figures", figures(f"{len(held)} connections taken by others", done, back))
    examined(done, SECONDS + SOON)
    assert done.refused() and recovered(done, back)
