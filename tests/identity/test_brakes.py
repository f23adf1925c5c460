"""Brakes: a caller who knocks too often waits, whatever he sends. The databases have no part in it: SQLite alone."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.identity.conftest import CONFIG, Home, settle


@pytest.fixture
def calm(make_app: Callable[..., object], sqlite_url: str) -> Callable[..., Home]:
    """An application with its brakes on."""
    return lambda text=CONFIG: settle(make_app, sqlite_url, text, braked=True)  # type: ignore[arg-type]


BRAKED = CONFIG.replace("lockout: {failures: 5}", "limits: {sign_in: 3/minute}")


def knock(home: Home, *, body: object = None, path: str = "/auth/login", **more: object) -> int:
    sent = {"email": "nobody@example.com", "password": "x"} if body is None else body
    return home.client.post(path, json=sent, **more).status_code  # type: ignore[arg-type]


def test_a_caller_who_knocks_too_often_waits(calm: Callable[..., Home]) -> None:
    home = calm(BRAKED)
    assert [knock(home) for _ in range(3)] == [401] * 3
    answer = home.client.post("/auth/login", json={"email": "a@example.com", "password": "x"})
    assert answer.status_code == 429
    assert answer.json["error"] == "Too many requests, try again later"
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert home.client.get("/items/topics").status_code == 200
    assert knock(home, environ_base={"REMOTE_ADDR": "192.0.2.7"}) == 401


ROTATED = [
    {"headers": {"X-Forwarded-For": "198.51.100.{}"}},
    {"headers": {"Forwarded": "for=198.51.100.{}"}},
    {"headers": {"X-Real-IP": "198.51.100.{}"}},
    {"headers": {"Authorization": ""}, "query_string": "a={}"},
    {"body": {"email": "{}@example.com", "password": "x"}},
    {"path": "/auth/login/"},
    {"path": "/auth%2flogin"},
    {"environ_base": {"REMOTE_ADDR": "2001:db8::{}"}},
]


@pytest.mark.parametrize("rotated", ROTATED, ids=str)
def test_nobody_makes_himself_another_caller(calm: Callable[..., Home], rotated: dict[str, object]) -> None:
    home = calm(BRAKED)
    statuses = [knock(home, **filled(rotated, number)) for number in range(5)]
    assert 429 in statuses[3:] and statuses[-1] == 429, statuses


def filled(value: object, number: int) -> dict[str, object]:
    def fill(each: object) -> object:
        if isinstance(each, dict):
            return {name: fill(inner) for name, inner in each.items() if inner != ""}
        return each.replace("{}", str(number)) if isinstance(each, str) else each

    found = fill(value)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("path", ["/AUTH/LOGIN", "/auth%252flogin", "/auth/./login", "//auth/login"])
def test_another_way_of_writing_the_path_is_no_door(calm: Callable[..., Home], path: str) -> None:
    home = calm()
    assert knock(home, path=path) in (404, 405)


def test_counted_proxies_tell_who_is_calling(calm: Callable[..., Home]) -> None:
    home = calm("server: {proxy_hops: 1}\n" + BRAKED)

    def through(forwarded: str) -> int:
        return knock(home, headers={"X-Forwarded-For": forwarded})

    assert [through("203.0.113.1") for _ in range(4)] == [401, 401, 401, 429]
    assert through("203.0.113.2") == 401
    assert [through(f"198.51.100.{number}, 203.0.113.3") for number in range(4)] == [401, 401, 401, 429]


def test_the_limiter_is_asked_by_doors_alone(calm: Callable[..., Home]) -> None:
    app = calm(BRAKED).app
    around = [*app.before_request_funcs[None], *app.after_request_funcs[None], *app.teardown_request_funcs[None]]
    assert around and not [each for each in around if "flask_limiter" in str(getattr(each, "func", each))]


def test_a_limit_that_is_empty_is_none(calm: Callable[..., Home]) -> None:
    home = calm(CONFIG.replace("lockout: {failures: 5}", 'limits: {sign_in: ""}'))
    assert {knock(home) for _ in range(25)} == {401}


def test_twenty_a_minute_is_what_nobody_configured(calm: Callable[..., Home]) -> None:
    home = calm(CONFIG)
    assert [knock(home) for _ in range(21)] == [401] * 20 + [429]


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis that answers at a socket in its own directory. Its arguments end with the path of that."""
    socket = str(tmp_path_factory.mktemp("redis") / "redis.sock")
    command = ["redis-server", "--port", "0", "--save", "", "--appendonly", "no", "--unixsocket", socket]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(socket).parent) as server:
        for _ in range(200):
            if Path(socket).exists():
                break
            time.sleep(0.05)
        yield server
        server.kill()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_workers_with_one_redis_count_together_and_each_for_itself_without_it(
    calm: Callable[..., Home], redis: subprocess.Popen[bytes]
) -> None:
    assert isinstance(redis.args, list)
    storage = f"limits: {{sign_in: 3/minute, storage: 'redis+unix://{redis.args[-1]}'}}"
    text = CONFIG.replace("lockout: {failures: 5}", storage)
    one, other = calm(text), calm(text)
    assert [knock(home) for home in (one, other, one, other, one)] == [401, 401, 401, 429, 429]
    redis.kill()
    redis.wait()
    assert [knock(other) for _ in range(4)] == [401, 401, 401, 429]


def test_a_storage_that_does_not_answer_stops_nobody(calm: Callable[..., Home]) -> None:
    storage = "limits: {storage: 'redis://:of-the-storage@127.0.0.1:1/0'}"
    home = calm(CONFIG.replace("lockout: {failures: 5}", storage))
    assert [knock(home) for _ in range(2)] == [401] * 2
