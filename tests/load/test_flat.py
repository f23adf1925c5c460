"""Minutes of mixed load: the memory of the workers, their open files and connections are at the end what they were after
a quarter of the time.

`FLAT_MINUTES` says how many (20); `FLAT_PAUSE` how many seconds a client waits between requests (0.05).
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from crud.identity.passwords import hash_password
from tests.conftest import BACKENDS
from tests.dialects.conftest import ADMIN, SECRET, new_postgres
from tests.load.mixing import CONFIG, mixed, reloaded
from tests.reload.running import Running, running

pytestmark = pytest.mark.long
MINUTES = float(os.environ.get("FLAT_MINUTES") or 20)
PAUSE = float(os.environ.get("FLAT_PAUSE") or 0.05)
RELOAD = 30.0  # seconds between reloads
MORE_MEMORY = 0.08  # of what a worker had after a quarter of the time
MORE_FILES = 4  # of those that a worker had at most until then
ANSWERED = {200, 201, 204, 400, 401, 403, 404}


@dataclass(frozen=True)
class Sample:
    """How the workers do: megabytes, open files and threads of each; connections of all."""

    at: float
    memory: tuple[float, ...]
    files: tuple[int, ...]
    threads: tuple[int, ...]
    connections: int


def sampled(service: Running, at: float, connections: Callable[[], int]) -> Sample:
    pids = service.workers()
    memory = tuple(_field(pid, "VmRSS") / 1024 for pid in pids)
    files = tuple(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
    return Sample(at, memory, files, tuple(_field(pid, "Threads") for pid in pids), connections())


def _field(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


@pytest.fixture(params=BACKENDS)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    postgres = request.param == "postgres"
    url = new_postgres(request.getfixturevalue("postgres_server")) if postgres else f"sqlite:///{tmp_path / 'db'}"
    with running(tmp_path, CONFIG.format(url=url, secret=SECRET, folder=tmp_path)) as made:
        system = made.snapshot.system
        with system.transaction() as session:
            mark = "?" if system.backend.name == "sqlite" else "%s"
            text = f"UPDATE _dragoman_users SET password_hash = {mark} WHERE email = {mark}"
            session.execute(text, (hash_password(ADMIN[1]), ADMIN[0]))
        _filled(made)
        _hashed(made)
        yield made


def _filled(service: Running) -> None:
    client = service.client()
    assert client.send("POST", "/items/authors", {"name": "One", "city": "Here"})[0] == 201
    books = [{"title": f"Book {n}", "year": 1900 + n % 120, "price": "1.50", "author_id": 1} for n in range(1000)]
    for at in range(0, 1000, 100):
        assert client.send("POST", "/items/books/bulk", books[at : at + 100])[0] in (200, 201)


def _hashed(service: Running) -> None:
    """Many sign in at once: what that takes of memory, each worker has taken."""
    who = {"email": ADMIN[0], "password": ADMIN[1]}
    with ThreadPoolExecutor(16) as threads:
        told = [*threads.map(lambda _: service.client().send("POST", "/auth/login", who)[0], range(96))]
    assert set(told) == {200}


def _connections(service: Running) -> Callable[[], int]:
    """How many the workers have to the server; SQLite's are files."""
    system = service.snapshot.system
    if system.backend.name == "sqlite":
        return lambda: 0
    text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return lambda: int(str(system.fetch(text)[0][0]))


def test_minutes_of_mixed_load_leave_the_workers_as_they_were(
    service: Running, record_property: Callable[[str, object], None]
) -> None:
    seconds, count, workers = MINUTES * 60, _connections(service), service.workers()
    samples: list[Sample] = []
    with mixed(service, PAUSE) as clients:
        for at in reloaded(service, min(RELOAD, seconds / 8), time.monotonic() + seconds):
            samples.append(sampled(service, at, count))
    early = [each for each in samples if seconds * 0.2 <= each.at < seconds * 0.3]
    late = [each for each in samples if each.at >= seconds * 0.9]
    before, after = _memory(early), _memory(late)
    answers: Counter[int] = sum((client.counts for client in clients), Counter())
    record_property("figures", _told(service, answers, (early, late)))
    record_property(
        "series", [(round(each.at), *map(round, each.memory), *each.files, each.connections) for each in samples[::15]]
    )
    assert [wrong for client in clients for wrong in client.wrong][:9] == [] and answers.keys() <= ANSWERED
    assert service.workers() == workers
    for one, other in zip(before, after, strict=True):
        assert other <= one * (1 + MORE_MEMORY), (before, after)
    until = [each for each in samples if each.at < seconds * 0.3]
    assert max(max(each.files) for each in late) <= max(max(each.files) for each in until) + MORE_FILES
    assert max(each.connections for each in late) <= max(each.connections for each in until) + MORE_FILES


def _memory(samples: list[Sample]) -> list[float]:
    """What each worker had, as a rule, in megabytes."""
    return [median(values) for values in zip(*(each.memory for each in samples), strict=True)]


def _told(service: Running, answers: Counter[int], when: tuple[list[Sample], list[Sample]]) -> str:
    parts = []
    for word, samples in zip((f"minute {MINUTES / 4:g}", f"minute {MINUTES:g}"), when, strict=True):
        memory = ", ".join(f"{value:.0f}" for value in _memory(samples))
        files, lines = (max(max(each.files) for each in samples), max(each.connections for each in samples))
        parts.append(f"{word}: {memory} MB, at most {files} files, {lines} connections")
    total = sum(answers.values())
    return f"{service.snapshot.system.backend.name}, {total} answers {dict(answers)}; {'; '.join(parts)}"
