"""`/metrics`: for whom it is, what is counted, and that no caller makes names of his own in it."""

import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families as parsed

from crud.definitions.problems import ConfigError
from crud.identity import accounts, keys
from crud.snapshots.reloading import reload
from crud.telemetry import figures
from tests.dialects.conftest import ROOT, USER, Fresh, Token, fresh_app
from tests.tables import each
from tests.telemetry.conftest import Lines
from tests.telemetry.test_health import TOKEN

TEXT = (ROOT / "config.yml").read_text().replace("sample: sample/", "")
READERS = f'\ntelemetry: {{figures: [monitor], token: "{TOKEN}", slow_seconds: 0.0000001}}\n'
Series = dict[tuple[str, ...], float]


def series(text: str) -> Series:
    """(name, label, value, …) of each sample → its value."""
    found = [sample for family in parsed(text) for sample in family.samples]
    return {(each.name, *(f"{k}={v}" for k, v in sorted(each.labels.items()))): each.value for each in found}


def now() -> dict[str, str]:
    """The figures of this process, as they are written: those of all tests before are many."""
    lines = (line.rpartition(" ") for line in figures.text().decode().splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in lines}


def added(before: dict[str, str], after: dict[str, str]) -> Series:
    """What has been counted meanwhile."""
    changed = [name for name, value in after.items() if value != before.get(name)]
    was, is_now = (series("".join(f"{name} {values.get(name, 0)}\n" for name in changed)) for values in (before, after))
    return {name: is_now[name] - was[name] for name in is_now}


# ---------------------------------------------------------------- who is told


@pytest.fixture
def told(fresh: Fresh, make_app: Callable[..., Flask]) -> Fresh:
    """The sample, with readers of figures."""
    return fresh_app(make_app(TEXT + READERS, fresh.snapshot.system.url))


def test_figures_are_for_those_who_may_see_them(told: Fresh) -> None:
    system = told.snapshot.system
    account = accounts.find_account_by_email(system, USER[0])
    assert account is not None
    key = keys.add(system, account=account.id, name="scraper", scopes=("*",))
    cases: list[tuple[Token, int]] = [
        ({}, 401),
        (told.user, 403),
        (told.admin, 200),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Cookie": f"token={TOKEN}"}, 401),
        ({"X-API-Key": key}, 403),
    ]
    for headers, status in cases:
        answer = told.client.get("/metrics", headers=headers)
        assert answer.status_code == status, (headers, answer.get_data(as_text=True))
        assert (b"dragoman_requests_total" in answer.data) is (status == 200)
    give_role(told, "monitor")
    assert told.client.get("/metrics", headers={"X-API-Key": key}).status_code == 200
    scoped = keys.add(system, account=account.id, name="narrow", scopes=("read:*",))
    assert told.client.get("/metrics", headers={"X-API-Key": scoped}).status_code == 403
    assert told.client.get("/ready", headers={"X-API-Key": key}).json.keys() > {"sources", "resources"}
    assert told.client.get("/ready", headers={"X-API-Key": scoped}).json.keys() == {"status", "database", "definitions", "catalog"}  # fmt: skip


def give_role(told: Fresh, name: str) -> None:
    """Test User has another role."""
    for path, body in (("baasix_Role", {"name": name}), ("baasix_UserRole", None)):
        if body is None:
            roles = told.client.get("/items/baasix_Role", headers=told.admin).json["data"]
            users = told.client.get("/items/baasix_User", headers=told.admin).json["data"]
            role = next(each["id"] for each in roles if each["name"] == name)
            user = next(each["id"] for each in users if each["email"] == USER[0])
            body = {"user_Id": user, "role_Id": role}
        answer = told.client.post(f"/items/{path}", json=body, headers=told.admin)
        assert answer.status_code == 201, answer.get_data(as_text=True)


def test_the_text_is_what_prometheus_reads(told: Fresh) -> None:
    answer = told.client.get("/metrics", headers=told.admin)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    names = {name for name, *_ in series(answer.get_data(as_text=True))}
    assert {"dragoman_connections", "dragoman_workers", "dragoman_resident_bytes", "dragoman_open_files"} <= names
    assert told.client.post("/metrics", headers=told.admin).status_code == 405


def test_a_token_that_can_be_guessed_is_refused(make_app: Callable[..., Flask]) -> None:
    with pytest.raises(ConfigError, match="can be guessed") as refused:
        make_app("telemetry: {token: gu3ss}", "sqlite:///unused.sqlite")
    assert "gu3ss" not in str(refused.value)


# ---------------------------------------------------------------- what is counted

READS = [
    ("phantom", "/api/products?limit=1", "/api/<name>"),
    ("xond", "/json/product?pageSize=1", "/json/<name>"),
    ("sonicjs", "/v1/products?limit=1", "/v1/<table>"),
    ("metal", "/schema/my-schema/my-entity", "/schema/<schema>/<entity>"),
    ("baasix", "/items/products?limit=1", "/items/<name>"),
]


@each(("dialect", "path", "route"), READS)
def test_a_request_is_counted_by_its_template(client: FlaskClient, dialect: str, path: str, route: str) -> None:
    before = now()
    assert client.get(path).status_code == 200
    counted = added(before, now())
    labels = (f"dialect={dialect}", "method=GET", f"route={route}")
    assert counted["dragoman_requests_total", *labels, "status=200"] == 1
    assert counted["dragoman_request_seconds_count", *labels] == 1
    assert counted["dragoman_request_seconds_bucket", f"dialect={dialect}", "le=+Inf", *labels[1:]] == 1
    assert counted["dragoman_statements_total", "source=default"] >= 2
    assert counted["dragoman_statement_seconds_total", "source=default"] > 0


def test_no_caller_makes_a_name(client: FlaskClient) -> None:
    def knock(word: str) -> None:
        for method in ("GET", "PATCH", word):
            client.open(f"/{word}/x?{word}={word}", method=method, headers={"X-Request-Id": word, word: word})
            client.open(f"/items/{word}/{word}", method=method)
            client.open(f"/api/{word}", method=method, json={word: word})

    knock("FIRST")
    before = {*now()}
    for number in range(20):
        knock(f"Word{number}")
    assert {*now()} == before
    assert not [name for name in before if "FIRST" in str(name)]


def test_what_happens_is_counted(told: Fresh, lines: Lines) -> None:
    def select(script: str) -> int:
        asked = {"filter-expression": f"id = '${{{{ {script} }}}}'", "cache": "60"}
        return told.client.get("/schema/my-schema/my-entity", query_string=asked, headers=told.admin).status_code

    before = now()
    assert [select("1"), select("1"), select("nothing")] == [200, 200, 400]
    assert reload(told.app.extensions["dragoman"].state).changed
    body = {"name": "counted", "price": 1}
    assert told.client.post("/items/products", json=body, headers=told.admin).status_code == 201
    counted = added(before, now())
    assert counted["dragoman_cache_answers_total", "result=miss"] == 1
    assert counted["dragoman_cache_answers_total", "result=hit"] == 1
    assert counted["dragoman_scripts_total", "result=done"] == 2
    assert counted["dragoman_scripts_total", "result=failed"] == 1
    assert counted["dragoman_reloads_total", "result=done"] == 1
    assert counted["dragoman_slow_statements_total", "source=default"] >= 6
    assert counted["dragoman_begin_wait_seconds_total", "source=default"] > 0
    assert lines("slow statement")


def test_refusals_of_the_brakes_are_counted(fresh: Fresh, make_app: Callable[..., Flask]) -> None:
    text = TEXT.replace("  registration: closed", "  limits: {sign_in: 1/hour}")
    braked = make_app(text, fresh.snapshot.system.url, braked=True).test_client()
    before, body = now(), {"email": "x@example.com", "password": "x"}
    assert [braked.post("/auth/login", json=body).status_code for _ in range(3)] == [401, 429, 429]
    assert added(before, now())["dragoman_refusals_total", "door=sign_in"] == 2


def test_reading_them_often_makes_them_once(told: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    text = figures.text

    def counted() -> bytes:
        made.append(text())
        return made[-1]

    monkeypatch.setattr(figures, "text", counted)
    fresh_metrics = fresh_app(told.app).client
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with ThreadPoolExecutor(4) as pool:
        statuses = pool.map(lambda _: fresh_metrics.get("/metrics", headers=headers).status_code, range(40))
    assert set(statuses) == {200} and len(made) <= 3


def test_figures_that_cannot_be_written_fail_no_request(told: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def answered(self, *_: object) -> None:
            raise OSError(28, "No space left on device")

        count = look = due = answered

    monkeypatch.setattr(figures, "_HELD", [Full()])
    assert told.client.get("/items/products?limit=1").status_code == 200
    assert figures._HELD == []
    missing = told.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (missing.status_code, missing.headers["Retry-After"]) == (503, "1")


# ---------------------------------------------------------------- several processes

COUNT = """
import os, sys, signal
from crud.telemetry import figures
from sql.connections import Connections
figures.start()
for _ in range(int(sys.argv[1])):
    figures.answered("/x", "metal", "GET", status=200, seconds=0.02)
figures.look({"default": Connections(open=2)})
print(os.getpid(), flush=True)
sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """`counting(5)`: a process that has counted five requests, and lives until its input ends."""
    monkeypatch.setenv(figures.FOLDER, str(tmp_path))
    started: list[subprocess.Popen[str]] = []

    def start(count: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", COUNT, str(count)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
        started.append(subprocess.Popen(command, **pipes))  # type: ignore[call-overload]
        assert started[-1].stdout and started[-1].stdout.readline()
        return started[-1]

    yield start
    for process in started:
        process.communicate()


def test_what_ended_processes_have_counted_stays_in_one_file(
    counting: Callable[[int], subprocess.Popen[str]], tmp_path: Path
) -> None:
    from crud.telemetry import workers

    def told() -> tuple[float, float, float, float]:
        found, labels = series(figures.text().decode()), ("dialect=metal", "method=GET", "route=/x")
        bucket = ("dragoman_request_seconds_bucket", "dialect=metal", "le=0.025", *labels[1:])
        counted = found["dragoman_requests_total", *labels, "status=200"]
        open_ = found.get(("dragoman_connections", "source=default", "state=open"), 0)
        return counted, found[bucket], open_, found.get(("dragoman_workers",), 0)

    first, second = counting(3), counting(4)
    assert told() == (7, 7, 4, 2)
    for process, left in ((first, 1), (second, 0)):
        process.communicate()
        workers.ended(tmp_path, process.pid)
        assert told() == (7, 7, 2 * left, left)
    third = counting(5)
    third.communicate()
    workers.ended(tmp_path, third.pid)
    workers.ended(tmp_path, third.pid)
    assert told() == (12, 12, 0, 0)
    assert {file.name for file in tmp_path.glob("*.db")} == {"counter_ended.db", "histogram_ended.db"}


def test_a_process_that_has_no_room_for_figures_starts_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(figures.FOLDER, str(tmp_path / "file" / "figures"))
    command = [sys.executable, "-c", COUNT.replace("sys.stdin.read()", "sys.exit(0)"), "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "figures cannot be written" in done.stdout + done.stderr


def test_files_are_not_rearranged_while_they_are_read(
    counting: Callable[[int], subprocess.Popen[str]], tmp_path: Path
) -> None:
    from crud.telemetry import workers

    process = counting(2)
    process.communicate()
    with ThreadPoolExecutor(1) as pool:
        with figures.turn(tmp_path, fcntl.LOCK_SH):
            ending = pool.submit(workers.ended, tmp_path, process.pid)
            assert figures.text() and (tmp_path / f"counter_{process.pid}.db").exists()
        ending.result(10)
    assert not (tmp_path / f"counter_{process.pid}.db").exists()
