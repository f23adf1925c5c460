"""Expressions that shall harm, sent by as many clients as four workers have threads, until every core is theirs.

Prints how long refusals took, alone and together, how long others waited for rows, and what memory is left of it.
"""

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import psutil
import pytest

from tests.attacks.test_scripts import ATTACKS, LASTING
from tests.load.serving import Service, serving

pytestmark = pytest.mark.long
ENTITY = "/schema/my-schema/my-entity"
CLIENTS, SECONDS = 8, 20
HEAVY = [*LASTING[:4], *(source for source, _ in ATTACKS[len(LASTING) :][:6])]
Answer = tuple[int, float]


def attacked(service: Service, source: str) -> Answer:
    """Status of the answer to an expression, and the seconds that it took."""
    return asked(service, {"filter": {"name": f"${{{{ {source} }}}}"}})


def asked(service: Service, body: object) -> Answer:
    connection, began = service.connect(), time.perf_counter()
    try:
        status, data = service.send(connection, "POST", ENTITY, body)
    finally:
        connection.close()
    json.loads(data)
    return status, time.perf_counter() - began


def memory(service: Service) -> float:
    """What the workers and their children have, in MB."""
    every = [psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True)]
    return sum(each.memory_info().rss for each in every) / 1e6


def sent(service: Service, number: int, until: float) -> list[Answer]:
    def answers() -> Iterator[Answer]:
        for source in islice(cycle(HEAVY), number, None):
            if time.monotonic() > until:
                return
            yield attacked(service, source)

    return [*answers()]


def read(service: Service, until: float) -> list[Answer]:
    found = []
    while time.monotonic() < until:
        found.append(asked(service, {"filter": {"color": "red"}}))
        time.sleep(0.05)
    return found


def said(name: str, answers: list[Answer]) -> str:
    taken = sorted(seconds for _, seconds in answers)
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(Counter(s for s, _ in answers).items()))
    middle, late = statistics.median(taken), taken[int(len(taken) * 0.99)]
    return f"{name}: {statuses}; median {middle:.2f} s, 99 % {late:.2f} s, longest {taken[-1]:.2f} s"


def test_workers_serve_on_while_all_of_them_are_attacked(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path / 'db'}", tmp_path) as service:
        workers = service.workers()
        for _ in range(40):
            assert asked(service, {"filter": {"name": "${{ 'no' + 'body' }}"}})[0] == 200
        before = memory(service)
        alone = [attacked(service, source) for source, _ in ATTACKS]
        assert {status for status, _ in alone} == {400}
        until = time.monotonic() + SECONDS
        with ThreadPoolExecutor(CLIENTS + 1) as threads:
            harmful = [threads.submit(sent, service, number, until) for number in range(CLIENTS)]
            others = threads.submit(read, service, until).result()
            together = [answer for each in harmful for answer in each.result()]
        assert {status for status, _ in together} <= {400, 503}
        assert {status for status, _ in others} == {200}
        after = memory(service)
        assert [asked(service, {"filter": {"name": "${{ 'no' + 'body' }}"}})[0] for _ in range(20)] == [200] * 20
        assert service.workers() == workers
    print(f"\n{said('one by one', alone)}\n{said('together', together)}\n{said('others', others)}")
    print(f"memory: {before:.0f} MB before, {after:.0f} MB after")
    assert after < before + 100
