"""Four workers of gunicorn: each refuses what was signed out, with its next request."""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crud import doors
from crud.definitions.reading import read_config
from crud.snapshots.startup import assemble
from crud.snapshots.state import Snapshot
from tests.dialects.conftest import BACKENDS, SECRET
from tests.identity.conftest import CONFIG, PASSWORD
from tests.newcomers import CHEAP, create_account
from tests.postgres import new_postgres
from tests.programs import GUNICORN, ROOT, WAIT, free_port, until_it_answers

WORKERS = 4
# The application, saying which worker has answered.
WRAPPED = """
import os
import wsgi

def application(environ, start_response):
    def started(status, headers, *more):
        return start_response(status, [*headers, ("X-Worker", str(os.getpid()))], *more)
    return wsgi.application(environ, started)
"""


@pytest.fixture(params=BACKENDS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, Snapshot]]:
    """(port, what it serves, in this process)."""
    postgres = request.param == "postgres"
    url = new_postgres(request.getfixturevalue("postgres_server")) if postgres else f"sqlite:///{tmp_path / 'db'}"
    (tmp_path / "wrapped.py").write_text(WRAPPED)
    (tmp_path / "config.yml").write_text(CONFIG)
    port, kept = free_port(), {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    variables = {"DATABASE_URL": url, "DRAGOMAN_SECRET": SECRET, "DRAGOMAN_CONFIG": str(tmp_path / "config.yml")}
    variables |= {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": str(WORKERS)}
    process = subprocess.Popen(
        [*GUNICORN, "wrapped:application"],
        cwd=tmp_path,
        env=kept | variables | {"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    snapshot = assemble(read_config(tmp_path / "config.yml", variables), [])
    try:
        until_it_answers(port)
        yield port, snapshot
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(WAIT)
        snapshot.system.close()


def ask(port: int, token: str) -> tuple[str, int]:
    """Which worker answered, and how."""
    url, headers = f"http://127.0.0.1:{port}/items/topics", {"Authorization": f"Bearer {token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=WAIT) as answer:
            return answer.headers["X-Worker"], answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.headers["X-Worker"], refusal.code


def of_each_worker(port: int, token: str) -> dict[str, set[int]]:
    """How every worker answers: asked until each has."""
    found: dict[str, set[int]] = {}
    with ThreadPoolExecutor(8) as pool:
        for _ in range(60):
            for worker, status in pool.map(lambda _: ask(port, token), range(24)):
                found.setdefault(worker, set()).add(status)
            if len(found) == WORKERS:
                return found
    raise AssertionError(f"only {len(found)} workers have answered")


def test_a_token_that_was_signed_out_is_refused_by_every_worker(served: tuple[int, Snapshot]) -> None:
    port, snapshot = served
    hashed = CHEAP.hash(PASSWORD)
    create_account(snapshot.system, email="ann@example.com", password_hash=hashed, roles=("user",))
    signed, other = (doors.sign_in(snapshot, "ann@example.com", PASSWORD) for _ in range(2))
    before = of_each_worker(port, signed.token)
    assert list(before.values()) == [{200}] * WORKERS
    doors.sign_out(snapshot, signed.token)
    after = of_each_worker(port, signed.token)
    assert after == dict.fromkeys(before, {401})
    assert of_each_worker(port, other.token) == dict.fromkeys(before, {200})
