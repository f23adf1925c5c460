"""The worlds of `tests.attacks.world` and `writing`, served by the real application on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.snapshots.state import Snapshot
from tests.attacks import hooks, writing
from tests.attacks.world import CONFIG, QUOTED_NAME, fill
from tests.attacks.writing import Written
from tests.dialects.conftest import applications, database_url, make_app, sibling, token_of

__all__ = ["applications", "database_url", "make_app"]
Token = dict[str, str]


def sid_of(token: str) -> str:
    """The session of a token."""
    return str(jwt.decode(token, options={"verify_signature": False})["sid"])


@dataclass(frozen=True)
class World:
    """The application, the accounts' ids by name, the database's URL, a session of `other`."""

    app: Flask
    ids: dict[str, str]
    url: str
    sid: str

    @property
    def snapshot(self) -> Snapshot:
        """What is in force."""
        found: Snapshot = self.app.extensions["dragoman"].state.current()
        return found

    def token(self, name: str) -> str:
        """A good token of an account."""
        return token_of(self.app, self.ids[name])


@pytest.fixture(scope="session")
def world(make_app: Callable[..., Flask], database_url: str) -> World:
    """The world with its rows and accounts."""
    app = make_app(CONFIG, database_url)
    ids = fill(app)
    return World(app, ids, database_url, sid_of(token_of(app, ids["other"])))


@pytest.fixture
def client(world: World) -> FlaskClient:
    """A client of the world, without cookies."""
    return world.app.test_client(use_cookies=False)


@pytest.fixture(scope="session")
def user(world: World) -> Token:
    """The headers of somebody whose role is `user`."""
    return {"Authorization": f"Bearer {world.token(QUOTED_NAME)}"}


@pytest.fixture(scope="session")
def admin(world: World) -> Token:
    """The headers of the administrator."""
    return {"Authorization": f"Bearer {world.token('admin')}"}


Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(client: FlaskClient, user: Token) -> Ask:
    """`ask(path, (name, value), …)`: the answer to a GET of the user."""

    def asked(path: str, *parameters: tuple[str, str], headers: Token | None = None) -> TestResponse:
        return client.get(path, query_string=urlencode(parameters), headers=user if headers is None else headers)

    return asked


@pytest.fixture(scope="session")
def settled(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The world of writes, over a database of its own."""
    url = sibling(database_url, tmp_path_factory)
    return writing.settle(make_app(writing.CONFIG, url), url)


@pytest.fixture
def written(settled: Written) -> Iterator[Written]:
    """The world of writes with its rows as they were."""
    settled.refill()
    hooks.told.clear()
    yield settled
