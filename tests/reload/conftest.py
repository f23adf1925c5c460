"""A small service whose configuration is a file that tests rewrite: as many workers as wanted over one database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from crud.access.actor import Actor
from crud.snapshots.state import Context, Snapshot, State
from sql.database import Row
from tests.conftest import BACKENDS
from tests.dialects.conftest import ADMIN, SECRET, USER, close, headers_of
from tests.newcomers import create_account

Token = dict[str, str]

CONFIG = """
sources:
  default: {{url: "{url}"}}
auth:
  secret: {secret}
  limits: {{sign_in: ""}}
schemas:
  main:
    source: default
    tables: declared
    entities:
      notes:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          body: {{type: text, required: true}}
        rules:
          - {{role: anon, actions: [read]}}
          - {{role: user, actions: [read, create, update, delete]}}
"""


@dataclass
class World:
    """A configuration in a folder, a database, and the workers that were started."""

    url: str
    folder: Path
    workers: list[Flask] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "config.yml"

    def write(self, text: str = CONFIG, **words: str) -> None:
        """Another text for the configuration."""
        self.file.write_text(text.format(url=self.url, secret=SECRET, **words))

    def text(self) -> str:
        """What the file says."""
        return self.file.read_text()

    def worker(self) -> Flask:
        """Another process of the service, so to say."""
        self.workers.append(create_app(self.file))
        return self.workers[-1]

    def client(self, number: int = 0) -> FlaskClient:
        """A client of a worker."""
        return self.workers[number].test_client(use_cookies=False)

    def state(self, number: int = 0) -> State:
        """What a worker has in force."""
        found: State = self.workers[number].extensions["dragoman"].state
        return found

    def snapshot(self, number: int = 0) -> Snapshot:
        """The same, brought up to now."""
        return self.state(number).current()

    def admin(self, number: int = 0) -> Context:
        """An administrator at a worker."""
        return Context(self.snapshot(number), Actor("1", frozenset({"admin"})), state=self.state(number))

    def headers(self, email: str = ADMIN[0]) -> Token:
        """The headers of John, an administrator, or of Test User."""
        return headers_of(self.snapshot(), email)

    def rows(self, text: str) -> list[Row]:
        """The rows of a statement."""
        return self.snapshot().system.fetch(text)

    def whole(self) -> dict[str, object]:
        """Every table with its columns and rows, to be compared."""
        database = self.snapshot().system
        tables = [info for info in database.tables(include_own=True) if info.kind == "table"]
        named = {info.table.name: database.backend.ident(info.table.name) for info in tables}
        rows = {name: sorted(map(str, database.fetch(f"SELECT * FROM {text}"))) for name, text in named.items()}
        return {info.table.name: (info.columns, info.uniques, rows[info.table.name]) for info in tables}


@pytest.fixture(params=BACKENDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """One worker; John, an administrator, and Test User have accounts."""
    made = World(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    made.write()
    made.worker()
    for (email, _), role in ((ADMIN, "admin"), (USER, "user")):
        create_account(made.snapshot().system, email=email, password_hash="x", roles=(role,))
    yield made
    close(*made.workers)


@pytest.fixture
def two(world: World) -> World:
    """The same with two workers."""
    world.worker()
    return world


Make = Callable[..., World]
