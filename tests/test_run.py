"""What `make run` does, without make: prepare, print, serve with gunicorn; everything that is printed works."""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dialects.conftest import BACKENDS
from tests.postgres import new_postgres
from tests.programs import GUNICORN, ROOT, WAIT, free_port, until_it_answers

ALONE = "sources: {default: {database: 'sqlite:///data.sqlite'}}\nschemas: {main: {source: default}}\n"


@dataclass(frozen=True)
class Running:
    """A service and what was printed before it started."""

    base: str
    printed: str
    again: str


@pytest.fixture(scope="module", params=BACKENDS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("run")
    url = (
        f"sqlite:///{folder / 'sample.sqlite'}"
        if request.param == "sqlite"
        else new_postgres(request.getfixturevalue("postgres_server"))
    )
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGOMAN", "ADMIN", "FLASK"))}
    environment = kept | {
        "DATABASE_URL": url,
        "DRAGOMAN_CONFIG": str(ROOT / "config.yml"),
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
        "WEB_CONCURRENCY": "1",
    }
    prepare = [sys.executable, "-m", "flask", "--app", "app", "prepare"]
    prints = [
        subprocess.run(prepare, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    serve = [*GUNICORN, "wsgi:application"]
    process = subprocess.Popen(serve, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_it_answers(port)
        yield Running(f"http://127.0.0.1:{port}", *prints)
    finally:
        process.terminate()
        process.wait(WAIT)


def ask(url: str, body: object = None, token: str = "") -> tuple[int, object]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    try:
        with urllib.request.urlopen(request, timeout=WAIT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_the_five_printed_lines_answer(running: Running) -> None:
    lines = [shlex.split(line) for line in running.printed.splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 5
    for line in lines:
        status, body = ask(next(word for word in line if word.startswith("http")))
        assert status == 200 and "Altair 8800 kit" in json.dumps(body)


def test_the_printed_password_signs_in_and_is_printed_once(running: Running) -> None:
    found = re.search(r"administrator is (\S+); this password is shown once: (\S+)", running.printed)
    assert found and found[2] not in running.again
    status, body = ask(f"{running.base}/auth/login", {"email": found[1], "password": found[2]})
    assert status == 200 and isinstance(body, dict)
    status, orders = ask(f"{running.base}/json/order?pageSize=1", token=body["token"])
    assert status == 200 and isinstance(orders, dict) and len(orders["data"]) == 1


def test_a_query_string_of_64_kb_is_ours_to_answer(running: Running) -> None:
    fitting, beyond = "x" * 60_000, "x" * 70_000
    for long in (fitting, beyond):
        status, body = ask(f"{running.base}/json/product?columns={long}")
        assert status == 400 and isinstance(body, dict) and body["success"] is False


@pytest.mark.parametrize("said", ["the configuration", "the environment"])
def test_it_listens_where_it_is_printed(tmp_path: Path, said: str) -> None:
    port, other = free_port(), free_port()
    (tmp_path / "config.yml").write_text(
        f"server: {{port: {port if said == 'the configuration' else other}}}\n" + ALONE
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT", "BIND")}
    environment |= {"PYTHONPATH": str(ROOT), "DRAGOMAN_CONFIG": str(tmp_path / "config.yml"), "WEB_CONCURRENCY": "1"}
    environment |= {"PORT": str(port)} if said == "the environment" else {}
    prepare = [sys.executable, "-m", "flask", "--app", "app", "prepare"]
    printed = subprocess.run(prepare, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout
    assert f"Dragoman listens on http://127.0.0.1:{port}\n" in printed
    with subprocess.Popen(
        [*GUNICORN, "wsgi:application"], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as it:
        try:
            until_it_answers(port)
        finally:
            it.terminate()
