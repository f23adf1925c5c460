"""SQLite's disk is full for a while, under load: through four workers of gunicorn, in every dialect."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dialects.conftest import SECRET
from tests.outages.clients import CONFIG, LISTS, load
from tests.outages.disks import disk
from tests.outages.examining import examined, figures, recovered
from tests.reload.running import running

pytestmark = pytest.mark.long
BEFORE, WITHOUT, AFTER = 1.0, 4.0, 4.0
LATE = 8.0  # writers queue


def test_a_disk_that_is_full_for_a_while(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    with disk(tmp_path / "small", megabytes=24) as small:
        more = f"cache: {{store: files, path: {small.at / 'cache'}}}\n"
        url = f"sqlite:///{small.at / 'db.sqlite'}"
        text = CONFIG.format(url=url, secret=SECRET, seconds=5, options="busy_seconds: 5") + more
        with running(tmp_path / "service", text) as service:
            workers = service.workers()
            with load(service) as done:
                time.sleep(BEFORE)
                small.fill(left=100_000)
                full = time.monotonic()
                time.sleep(WITHOUT)
                small.free()
                back = time.monotonic()
                time.sleep(AFTER)
            record_property("figures", figures("disk full", done, back))
            examined(done, LATE)
            reads = [answer for answer in done.since(full) if not answer.word]
            assert reads and {answer.status for answer in reads} == {200}
            assert {answer.dialect for answer in done.refused()} == set(LISTS)
            assert recovered(done, back) and service.workers() == workers
