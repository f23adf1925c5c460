"""Four workers of gunicorn: their figures are one, also after some have ended, and go with the service."""

import http.client
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dialects.conftest import SECRET
from tests.programs import WAIT, until
from tests.reload.conftest import CONFIG
from tests.reload.running import WORKERS, Running, running
from tests.telemetry.test_figures import Series, series
from tests.telemetry.test_health import TOKEN

NOTES = ("dragoman_requests_total", "dialect=baasix", "method=GET", "route=/items/<name>", "status=200")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """A service of four workers."""
    text = CONFIG.format(url=f"sqlite:///{tmp_path / 'db'}", secret=SECRET) + f'telemetry: {{token: "{TOKEN}"}}\n'
    with running(tmp_path / "service", text) as made:
        yield made


def figures(service: Running) -> Series:
    """What any worker tells of all."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=WAIT)
    try:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        assert answer.status == 200
        return series(answer.read().decode())
    finally:
        connection.close()


def folder_of(service: Running) -> Path:
    """Where the files of the workers are."""
    files = [Path(os.readlink(each)) for each in Path(f"/proc/{service.master}/fd").iterdir()]
    return next(file.parent for file in files if file.name == "lock")


def test_the_figures_of_all_workers_are_one(service: Running) -> None:
    folder, client = folder_of(service), service.client()
    for _ in range(40):
        assert client.send("GET", "/items/notes")[0] == 200
    until(lambda: figures(service).get(NOTES) == 40)
    until(lambda: figures(service)[("dragoman_workers",)] == WORKERS)
    gone = service.workers()[0]
    os.kill(gone, signal.SIGKILL)
    until(lambda: gone not in service.workers() and len(service.workers()) == WORKERS)
    until(lambda: not list(folder.glob(f"*_{gone}.db")))
    for _ in range(10):
        assert client.send("GET", "/items/notes")[0] == 200
    until(lambda: figures(service).get(NOTES) == 50)
    os.kill(service.master, signal.SIGHUP)
    until(lambda: "reloaded" in service.log)
    time.sleep(1.1)
    alive = {str(pid) for pid in service.workers()} | {"ended"}
    assert {file.stem.rpartition("_")[2] for file in folder.glob("*.db")} <= alive
    os.kill(service.master, signal.SIGTERM)
    until(lambda: not folder.exists())
