"""Four workers of gunicorn over one source in memory: they have the same rows, which end with the service."""

import json
import os
import signal
from pathlib import Path

from crud.places import MEMORY, PREFIX
from crud.staging import groups
from tests.dialects.conftest import SECRET
from tests.programs import until
from tests.reload.conftest import CONFIG
from tests.reload.running import WORKERS, Running, running

SOURCE = "  mem: {{provider: memory, options: {{autocreate: true}}}}\n"
TEXT = CONFIG.replace("auth:\n", f"{SOURCE}auth:\n") + "  mem: {{source: mem}}\n"


def rows(service: Running) -> list[int]:
    """How many rows each of many answers has."""
    found = [service.client().send("GET", "/schema/mem/person") for _ in range(3 * WORKERS)]
    return [len(json.loads(body)["rows"]) if status == 200 else -status for status, body in found]


def folders() -> set[Path]:
    return {*MEMORY.glob(f"{PREFIX}*")}


def test_workers_share_what_is_in_memory_until_a_reload_and_the_end(tmp_path: Path) -> None:
    before = folders() | {groups.folder()}
    with running(tmp_path / "service", TEXT.format(url=f"sqlite:///{tmp_path / 'db'}", secret=SECRET)) as service:
        client = service.client()
        for number in range(WORKERS):
            assert client.send("POST", "/schema/mem/person", {"data": {"id": number}}) == (201, b"")
        assert set(rows(service)) == {WORKERS}
        old = service.workers()
        os.kill(old[0], signal.SIGKILL)
        until(lambda: len({*service.workers()} - {*old}) == 1)
        assert set(rows(service)) == {WORKERS}
        assert client.send("POST", "/server/reload")[0] == 200
        assert set(rows(service)) == {-404}
        assert client.send("POST", "/schema/mem/person", {"data": {"id": "new"}})[0] == 201
        assert set(rows(service)) == {1}
        made = {folder for folder in folders() - before if any(folder.glob("*.sqlite-wal"))}
        assert made
    assert not made & folders()
