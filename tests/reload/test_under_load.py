"""Reloads while clients read and write, through four workers: no answer fails, and none mixes two configurations.

Each configuration has a number, which is in two names of every answer: both must tell the same number, and what is asked
after a reload's answer must tell at least the number of that reload.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import BACKENDS
from tests.dialects.conftest import SECRET, new_postgres
from tests.reload.running import Client, Running, running

CONFIG = """
server: {{evolve: all, watch: {watch}}}
sources:
  default: {{url: "{url}", options: {{busy_seconds: 20}}}}
auth:
  secret: {secret}
schemas:
  main:
    source: default
    tables: declared
    entities:
      notes:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          body: {{type: text, required: true}}
          title: {{type: string}}
{more}
        dialects:
          phantom: {{columns: {{body: body_{number}, title: title_{number}}}}}
          baasix: {{columns: {{title: title_{number}}}}}
"""
MORE = ("", "          odd: {type: integer, default: 1}", "          even: {type: string}")
STAMP = re.compile(r'"(?:body|title)_(\d+)"')
READERS, WRITERS = 4, 4


@dataclass
class Run:
    """What happens: the number that is in force for certain, and what was wrong."""

    service: Running
    url: str
    certain: int = 0
    acknowledged: int = 0
    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    counting: threading.Lock = field(default_factory=threading.Lock)

    def text(self, number: int) -> str:
        """The configuration of a number."""
        more = MORE[number % len(MORE)]
        return CONFIG.format(url=self.url, secret=SECRET, number=number, more=more, watch="false")

    def put(self, words: str) -> None:
        """Other files, all at once."""
        draft = self.service.folder / "draft"
        draft.write_text(words)
        draft.replace(self.service.file)

    def check(self, at_least: int, status: int, body: bytes) -> None:
        """An answer that was asked for when a number was in force."""
        stamps = {int(number) for number in STAMP.findall(body.decode())}
        if status not in (200, 201) or len(stamps) != 1 or min(stamps) < at_least:
            self.wrong.append(f"{status} at least {at_least}: {body.decode()[:300]}")

    def read(self, client: Client) -> None:
        """Lists, over and over."""
        while not self.over.is_set():
            at_least = self.certain
            self.check(at_least, *client.send("GET", "/api/notes?limit=20"))
            with self.counting:
                self.answered += 1

    def write(self, client: Client) -> None:
        """New rows, over and over."""
        while not self.over.is_set():
            at_least = self.certain
            status, body = client.send("POST", "/items/notes", {"body": "x"})
            self.check(at_least, status, body)
            with self.counting:
                self.acknowledged += status == 201
                self.answered += 1

    def reload(self, number: int) -> None:
        """One reload of good files."""
        self.put(self.text(number))
        status, body = self.service.client().send("POST", "/server/reload")
        if status == 200:
            self.certain = number
        else:
            self.wrong.append(f"reload {number}: {status} {body.decode()}")

    def break_(self, number: int) -> None:
        """One of broken files, which changes nothing."""
        self.put(self.text(number) + "colours: red\n")
        status, body = self.service.client().send("POST", "/server/reload")
        if status != 400 or b"colours: unknown key" not in body:
            self.wrong.append(f"broken {number}: {status} {body.decode()}")


@pytest.fixture(params=BACKENDS)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    postgres = request.param == "postgres"
    url = new_postgres(request.getfixturevalue("postgres_server")) if postgres else f"sqlite:///{tmp_path / 'db'}"
    first = CONFIG.format(url=url, secret=SECRET, number=0, more=MORE[0], watch="false")
    with running(tmp_path, first) as service:
        yield Run(service, url)


def at_once(run: Run, steps: list[Callable[[], None]], pause: float) -> None:
    """The steps, one after the other, while clients read and write."""
    work = [run.read] * READERS + [run.write] * WRITERS
    threads = [threading.Thread(target=each, args=(run.service.client(),)) for each in work]
    run.service.client().send("POST", "/items/notes", {"body": "x"})
    for thread in threads:
        thread.start()
    try:
        begin = time.monotonic()
        for number, step in enumerate(steps):
            step()
            time.sleep(max(0.0, begin + pause * (number + 1) - time.monotonic()))
    finally:
        run.over.set()
        for thread in threads:
            thread.join()


def steps_of(run: Run, count: int, broken: int) -> list[Callable[[], None]]:
    """So many reloads, of which some are of broken files."""
    every = count // broken
    return [
        (lambda n=number: run.break_(n)) if number % every == every // 2 else (lambda n=number: run.reload(n))
        for number in range(1, count + 1)
    ]  # fmt: skip


def examined(run: Run) -> None:
    """Nothing was wrong, and every row that was acknowledged is there."""
    assert run.wrong == [] and run.answered > 0
    assert run.service.snapshot.system.fetch("SELECT count(*) FROM notes") == [(run.acknowledged + 1,)]
    last = json.loads(run.service.client().send("GET", "/api/notes?limit=1")[1])["data"][0]
    assert last[f"body_{run.certain}"] == "x"


def test_reloads_under_load(run: Run) -> None:
    at_once(run, steps_of(run, 6, 2), 0.1)
    examined(run)


@pytest.mark.long
def test_two_hundred_reloads_in_a_minute_under_load(run: Run, record_property: Callable[[str, object], None]) -> None:
    begin = time.monotonic()
    at_once(run, steps_of(run, 200, 10), 0.3)
    seconds = time.monotonic() - begin
    record_property(
        "figures", f"200 reloads in {seconds:.0f} s: {run.answered} answers, {run.acknowledged} rows written"
    )
    examined(run)
