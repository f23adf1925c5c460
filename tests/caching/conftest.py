"""Stores of every kind, and Redis where it is installed."""

import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crud.caching.files import FileStore
from crud.caching.memory import MemoryStore
from crud.caching.redis import RedisStore
from crud.caching.store import Store
from tests.dialects.conftest import applications, database_url, empty_url, make_app

__all__ = ["applications", "database_url", "empty_url", "make_app"]
KINDS = ("memory", "files", "redis")
Make = Callable[[], Store]


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis that answers at a socket in its own directory."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    socket = tmp_path_factory.mktemp("redis") / "redis.sock"
    command = ["redis-server", "--port", "0", "--save", "", "--appendonly", "no", "--unixsocket", str(socket)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=socket.parent) as process:
        while not socket.exists():
            time.sleep(0.01)
        yield f"unix://{socket}"
        process.terminate()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of store."""
    if request.param == "redis":
        request.getfixturevalue("redis_url")
    return str(request.param)


@pytest.fixture
def make_store(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """What gives stores of a kind that share what they hold, as workers do; in memory there is one."""
    held = MemoryStore(uuid.uuid4().hex, 20) if kind == "memory" else None

    def make() -> Store:
        if held is not None:
            return held
        return RedisStore(request.getfixturevalue("redis_url")) if kind == "redis" else FileStore(tmp_path / "kept", 20)

    yield make
    make().clear()
    if held is not None:
        held.close()
