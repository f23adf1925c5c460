"""`tests/smoke.sh` against a service behind nginx and gunicorn, as `make smoke` runs it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crud.identity.passwords import hash_password
from tests.conftest import BACKENDS
from tests.deploy.behind import needs_nginx, served
from tests.dialects.conftest import ADMIN, SECRET, new_postgres
from tests.programs import ROOT
from tests.reload.running import Running

pytestmark = [needs_nginx, pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")]
CONFIG = """
server: {{proxy_hops: 1}}
sources: {{default: {{url: "{url}"}}}}
auth: {{secret: "{secret}"}}
schemas: {{main: {{source: default}}}}
"""


@pytest.fixture(scope="module", params=BACKENDS)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with an empty database, of which John is the administrator."""
    folder = tmp_path_factory.mktemp("smoke")
    postgres = request.param == "postgres"
    url = new_postgres(request.getfixturevalue("postgres_server")) if postgres else f"sqlite:///{folder / 'db'}"
    with served(folder, CONFIG.format(url=url, secret=SECRET), WEB_CONCURRENCY="2") as made:
        with made.snapshot.system.transaction() as session:
            session.execute(f"UPDATE _dragoman_users SET password_hash = '{hash_password(ADMIN[1])}'")
        yield made


def smoke(service: Running, **others: str) -> subprocess.CompletedProcess[str]:
    """A run of the script."""
    environment = {"PATH": os.environ["PATH"], "BASE_URL": f"http://127.0.0.1:{service.port}"}
    environment |= {"EMAIL": ADMIN[0], "PASSWORD": ADMIN[1], **others}
    return subprocess.run([ROOT / "tests" / "smoke.sh"], env=environment, capture_output=True, text=True)


def test_every_dialect_answers_through_nginx_and_gunicorn(service: Running) -> None:
    before = service.snapshot.system.names()
    run = smoke(service)
    print(run.stdout + run.stderr)  # what `make smoke` shows
    lines = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
    assert lines[-1] == f"{len(lines) - 1} checks, 0 failed" and {line.split()[0] for line in lines[:-1]} == {"ok"}
    assert service.snapshot.system.names() == before
    assert service.snapshot.system.fetch("SELECT count(*) FROM _dragoman_sessions WHERE revoked_at IS NULL") == [(1,)]


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_run_that_finds_something_says_so_and_cleans_up(service: Running, tmp_path: Path) -> None:
    before = service.snapshot.system.names()
    run = smoke(service, BAASIX="/nowhere", DIALECTS="baasix")
    assert run.returncode == 1 and "FAIL  baasix   list" in run.stdout and " failed\n" in run.stdout
    assert service.snapshot.system.names() == before


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"PASSWORD": ""}, "PASSWORD is not set"),
        ({"PASSWORD": "another"}, "cannot sign in"),
        ({"BASE_URL": "http://127.0.0.1:1"}, "cannot be reached"),
    ],
)
def test_a_run_that_cannot_begin_says_why(service: Running, others: dict[str, str], said: str) -> None:
    run = smoke(service, **others)
    assert run.returncode == 2 and said in run.stderr
