"""`/live` and `/ready`: open to all, without figures for all, and cheap however often they are asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud.definitions.problems import ConfigError, Problem
from crud.snapshots import revision
from crud.snapshots.health import health_of
from crud.snapshots.state import Snapshot, State
from crud.web.health import Remembered
from tests.dialects.conftest import SECRET, Fresh, Token, close, with_callers
from tests.tables import each
from tests.telemetry.conftest import Lines

TOKEN = "a token of those who read figures"
CONFIG = f"""
sources:
  default: {{{{database: "${{{{DATABASE_URL}}}}"}}}}
  other: {{{{url: "{{other}}"}}}}
auth: {{{{secret: "${{{{DRAGOMAN_SECRET}}}}"}}}}
telemetry: {{{{figures: [monitor], token: "{TOKEN}", slow_seconds: 0.0000001}}}}
schemas:
  main: {{{{source: default}}}}
  more: {{{{source: other, entities: {{{{things: {{{{fields: {{{{id: {{{{type: integer, key: true}}}}}}}}}}}}}}}}}}}}
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The file of a second source."""
    return tmp_path / "other.sqlite"


@pytest.fixture
def world(make_app: Callable[..., Flask], empty_url: str, other: Path) -> Iterator[Fresh]:
    """A service with two sources."""
    app = make_app(CONFIG.format(other=f"sqlite:///{other}"), empty_url)
    yield with_callers(app)
    close(app)


def asked(app: Flask, path: str = "/ready", headers: Token | None = None) -> tuple[int, object]:
    answer = app.test_client().get(path, headers=headers)
    return answer.status_code, answer.json


def spoilt(file: Path) -> Callable[[], None]:
    """The file is no database any more, until it is restored."""
    sound = file.read_bytes()
    for name in (file, Path(f"{file}-wal")):
        if name.exists():
            size = name.stat().st_size
            with name.open("r+b") as f:
                f.write(b"x" * size)
    return lambda: _restore(file, sound)


def _restore(file: Path, sound: bytes) -> None:
    with file.open("r+b") as f:
        f.write(sound)


READY = {"status": "ready", "database": "ok", "definitions": "ok", "catalog": "ok"}


@each("path", ["/live", "/ready"])
def test_everybody_is_told_the_same_words(client: FlaskClient, user: Token, path: str) -> None:
    told = [client.get(path), client.get(path, headers=user), client.get(path, headers={"Cookie": "token=stale"})]
    assert {answer.status_code for answer in told} == {200}
    assert {answer.get_data() for answer in told} == {told[0].data}
    assert told[0].json in ({"status": "live"}, READY)
    assert told[0].headers["Cache-Control"] == "no-store" and told[0].headers["X-Request-Id"]


def test_administrators_are_told_figures(client: FlaskClient, admin: Token) -> None:
    told = client.get("/ready", headers=admin).json
    assert told["status"] == "ready" and told["resources"] > 10 and set(told["sources"]) == {"default"}
    assert 0 <= told["sources"]["default"] < 5000


def test_a_token_that_is_none_is_refused_as_everywhere(client: FlaskClient) -> None:
    assert client.get("/ready", headers={"Authorization": "Bearer none"}).status_code == 401
    assert client.get("/live", headers={"Authorization": "Bearer none"}).status_code == 200


@each(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405), ("OPTIONS", 200)])
def test_health_is_read_alone(client: FlaskClient, method: str, status: int) -> None:
    for path in ("/live", "/ready"):
        answer = client.open(path, method=method)
        assert answer.status_code == status and (status != 405 or answer.json["code"] == "wrong_method")


def test_a_database_that_does_not_answer_makes_it_not_ready(world: Fresh, other: Path, lines: Lines) -> None:
    assert asked(world.app) == (200, READY)
    restore = spoilt(other)
    close(world.app)  # what is open goes on with what it has read
    time.sleep(1.01)
    answer = world.client.get("/ready")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json == {**READY, "status": "not ready", "database": "failed"}
    told = world.client.get("/ready", headers={"Authorization": f"Bearer {TOKEN}"}).json
    assert told["sources"]["other"] is None and told["sources"]["default"] is not None
    assert asked(world.app, "/live") == (200, {"status": "live"})
    restore()
    time.sleep(1.01)
    assert asked(world.app) == (200, READY)
    assert [line["status"] for line in lines("request") if line["route"] == "/ready"] == [503, 503]


def test_what_is_in_force_and_cannot_be_served_makes_it_not_ready(world: Fresh) -> None:
    def broken(_: Snapshot) -> Snapshot:
        raise ConfigError([Problem("does not fit here")])

    state = State(world.snapshot, broken)
    assert health_of(state).ready
    revision.announce(world.snapshot.system)
    found = health_of(state)
    assert not found.ready and not found.definitions and None not in found.sources.values()
    assert not replace(found, definitions=True, resources=0).ready


def test_a_hammer_costs_one_look_a_second(world: Fresh, lines: Lines) -> None:
    asked(world.app)
    began, before = time.monotonic(), _looks(lines)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: asked(world.app)[0], range(200)))
    seconds = time.monotonic() - began
    assert set(told) == {200} and _looks(lines) - before <= 2 * (seconds + 1)
    statements = len(lines("slow statement"))
    assert [asked(world.app, "/live")[0] for _ in range(50)] == [200] * 50
    assert len(lines("slow statement")) == statements, "/live asks no database"


def _looks(lines: Lines) -> int:
    texts = [str(line["statement"]) for line in lines("slow statement")]
    return sum(text in ("SELECT 1", "SELECT count(*) FROM sqlite_schema") for text in texts)


def test_while_somebody_looks_others_are_told_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    looking, done = threading.Event(), threading.Event()
    made: list[int] = []

    def make() -> int:
        if made:
            looking.set()
            done.wait(10)
        made.append(len(made))
        return made[-1]

    remembered = Remembered(make, seconds=0)
    assert remembered.get() == 0
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(remembered.get)
        looking.wait(10)
        assert [remembered.get() for _ in range(5)] == [0] * 5
        done.set()
        assert slow.result() == 1
    assert made == [0, 1]


# ---------------------------------------------------------------- paths that are taken

PLACES = [
    ("dialects: {phantom: {mounts: {/api: /ready}}}", "'/ready' is a path of the service itself"),
    ("dialects: {metal: {mounts: {/server: /metrics/server}}}", "'/metrics/server' is a path of the service itself"),
    ("dialects: {baasix: {mounts: {/items: /docs}}}", "'/docs' is a path of the service itself"),
    (
        "dialects: {phantom: {mounts: {/api: ''}}}\nschemas: {main: {entities: {live: {fields: {id: {type: integer, key: true}}, dialects: {phantom: {name: live}}}}}}",
        "reserved word of phantom",
    ),  # fmt: skip
]


@each(("text", "problem"), PLACES)
def test_no_dialect_takes_these_paths(make_app: Callable[..., Flask], text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        make_app(text, "sqlite:///unused.sqlite")


def test_below_other_paths_the_names_are_free(make_app: Callable[..., Flask], empty_url: str) -> None:
    fields = "{fields: {id: {type: integer, key: true}}, rules: [{role: anon, actions: [read]}]}"
    text = f"auth: {{secret: '{SECRET}'}}\nschemas: {{main: {{entities: {{live: {fields}, metrics: {fields}}}}}}}\n"
    text += 'sources: {default: {database: "${DATABASE_URL}"}}\ndialects: {phantom: {mounts: {/api: /lively}}}'
    app = make_app(text, empty_url)
    for path in ("/lively/live", "/items/metrics", "/json/live", "/schema/main/metrics"):
        assert asked(app, path)[0] == 200, path
    assert asked(app, "/live") == (200, {"status": "live"}), json.dumps(path)
