"""Four workers of gunicorn: SIGHUP, changed files, workers that end, and what a broken file does to them: nothing.

Reloads while clients write are tried on both databases, in `test_under_load` and `test_stories`.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dialects.conftest import SECRET, new_postgres
from tests.programs import until
from tests.reload.conftest import CONFIG
from tests.reload.running import WORKERS, Running, running

TITLE = CONFIG + "        dialects: {{phantom: {{columns: {{body: {name}}}}}}}\n"


def text(url: str, name: str, more: str = "") -> str:
    """A configuration in which Phantom calls a column `name`."""
    return TITLE.format(url=url, secret=SECRET, name=name) + more


@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A service that watches its files, with one row, and the URL of its database."""
    folder = tmp_path_factory.mktemp("serving")
    url = new_postgres(request.getfixturevalue("postgres_server"))
    with running(folder, text(url, "first")) as made:
        assert made.client().send("POST", "/items/notes", {"body": "x"})[0] == 201
        yield made, url


def shown(service: Running) -> set[str]:
    """What Phantom calls the column, as many answers say."""
    found = [service.client().send("GET", "/api/notes") for _ in range(2 * WORKERS)]
    assert {status for status, _ in found} == {200}
    return {name for _, body in found for name in json.loads(body)["data"][0]} - {"id"}


def put(service: Running, words: str) -> None:
    """Other files, all at once."""
    draft = service.folder / "draft"
    draft.write_text(words)
    draft.replace(service.file)


def settled(service: Running) -> None:
    """Once all watchers have seen the file as it is."""
    time.sleep(1.2)


def test_a_sighup_puts_the_files_in_force_and_keeps_the_workers(service: tuple[Running, str]) -> None:
    running, url = service
    workers = running.workers()
    put(running, text(url, "quiet", "server: {watch: false}\n"))
    os.kill(running.master, signal.SIGHUP)
    until(lambda: shown(running) == {"quiet"})
    put(running, text(url, "hung_up", "server: {watch: false}\n"))
    assert shown(running) == {"quiet"}
    os.kill(running.master, signal.SIGHUP)
    until(lambda: shown(running) == {"hung_up"})
    assert running.workers() == workers


def test_a_sighup_with_a_broken_file_changes_nothing(service: tuple[Running, str]) -> None:
    running, url = service
    before, workers = shown(running), running.workers()
    put(running, text(url, "broken", "colours: red\n"))
    os.kill(running.master, signal.SIGHUP)
    until(lambda: "config.yml:20: colours: unknown key" in running.log)
    assert shown(running) == before and running.workers() == workers


def test_a_worker_that_ends_is_replaced_though_the_file_is_broken(service: tuple[Running, str]) -> None:
    running, url = service
    put(running, text(url, "broken", "colours: red\n"))
    before, victim = shown(running), running.workers()[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(running.workers()) == WORKERS and victim not in running.workers())
    time.sleep(1)  # the new one starts
    assert shown(running) == before and len(running.workers()) == WORKERS


def test_a_changed_file_is_noticed_within_seconds(service: tuple[Running, str]) -> None:
    running, url = service
    put(running, text(url, "watched"))
    assert running.client().send("POST", "/server/reload")[0] == 200  # whatever was before, it watches from here on
    settled(running)
    put(running, text(url, "noticed"))
    until(lambda: shown(running) == {"noticed"})
    put(running, text(url, "broken", "shapes: round\n"))
    until(lambda: "shapes: unknown key" in running.log)
    assert shown(running) == {"noticed"}


def test_every_worker_has_new_connections_after_a_reload(service: tuple[Running, str]) -> None:
    running, url = service
    put(running, text(url, "connected"))
    shown(running)
    text_ = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    old = {pid for (pid,) in running.snapshot.system.fetch(text_)}
    assert running.client().send("POST", "/server/reload")[0] == 200

    def new() -> bool:
        shown(running)  # each worker follows with its next request
        return not old & {pid for (pid,) in running.snapshot.system.fetch(text_)}

    until(new)


def test_the_log_of_a_broken_file_shows_no_secret(service: tuple[Running, str]) -> None:
    running, _ = service
    assert SECRET not in running.log and not Path(running.folder / "var").exists()
