"""Applications with people in them, on SQLite and on PostgreSQL; passwords are hashed cheaply.

`home` is one application over one database: John, an administrator; Ann and Bob, whose role is `user`; Carl, an
administrator of the configuration. A test that changes people makes its own (`person`).
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud import doors
from crud.doors import Signed
from crud.identity import accounts, passwords
from crud.snapshots.state import Snapshot
from tests.dialects.conftest import applications, close, database_url, make_app, sibling
from tests.newcomers import CHEAP, NOBODY, create_account

__all__ = ["applications", "database_url", "make_app"]
PASSWORD = "corr3ct-Horse"

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}"}
auth:
  secret: "${DRAGOMAN_SECRET}"
  registration: open
  lockout: {failures: 5}
users:
  carl: {password: 123456, roles: [admin]}
  dora: {password: "secret of Dora", roles: [user]}
schemas:
  main:
    source: default
    entities:
      notes:
        fields:
          id: {type: integer, key: true, auto: increment}
          body: {type: text, required: true}
          author_id: {type: uuid, references: accounts, on_delete: set null}
          topic_id: {type: integer, references: topics, on_delete: set null}
        rules:
          - {role: user, actions: [read, create, update, delete]}
      topics:
        fields:
          id: {type: integer, key: true, auto: increment}
          name: {type: string, required: true}
        rules:
          - {role: anon, actions: [read]}
          - {role: user, actions: [read, create]}
      mine:
        fields:
          id: {type: integer, key: true, auto: increment}
          owner: {type: uuid}
        rules:
          - {role: user, actions: [read], where: {owner: $CURRENT_USER}}
"""


@dataclass(frozen=True)
class Home:
    """An application with people in it."""

    app: Flask
    url: str

    @property
    def snapshot(self) -> Snapshot:
        """What is in force."""
        found: Snapshot = self.app.extensions["dragoman"].state.held
        return found

    @property
    def client(self) -> FlaskClient:
        """A client without cookies."""
        return self.app.test_client(use_cookies=False)

    def person(self, *roles: str, password: str | None = PASSWORD) -> str:
        """The e-mail of somebody new."""
        email = f"{uuid.uuid4().hex}@example.com"
        hashed = CHEAP.hash(password) if password else None
        create_account(self.snapshot.system, email=email, password_hash=hashed, roles=roles or ("user",))
        return email

    def signed(self, email: str, password: str = PASSWORD) -> Signed:
        """A session of somebody."""
        return doors.sign_in(self.snapshot, email, password)

    def status(self, token: str, path: str = "/items/notes") -> int:
        """How a request with a token is answered."""
        return self.client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code

    def run(self, text: str, *values: object) -> int:
        """Run a statement; `?` marks on both backends."""
        database = self.snapshot.system
        with database.transaction() as session:
            return session.execute(accounts.sql_for(database, text), values)


@pytest.fixture(scope="session")
def home(make_app: Callable[..., Flask], database_url: str) -> Home:
    """One application for all tests that leave it as it is."""
    return settle(make_app, database_url)


@pytest.fixture
def new_home(
    make_app: Callable[..., Flask],
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    applications: dict[str, list[Flask]],
) -> Iterator[Callable[..., Home]]:
    """`new_home(text, braked=True)`: an application of a configuration, over a database of its own."""
    made: list[Home] = []

    def make(text: str = CONFIG, **options: object) -> Home:
        made.append(settle(make_app, sibling(database_url, tmp_path_factory), text, **options))
        return made[-1]

    yield make
    for each in made:
        close(*applications.pop(each.url, ()))


def settle(make_app: Callable[..., Flask], url: str, text: str = CONFIG, **options: object) -> Home:
    """An application with two notes."""
    made = Home(make_app(text, url, **options), url)
    if "notes:" in text:
        made.run("INSERT INTO topics (name) VALUES ('One')")
        made.run("INSERT INTO notes (body, topic_id) VALUES ('First', 1), ('Second', NULL)")
    return made


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Argon2 with next to no memory: what is tested is who is let in, not how long it takes."""
    monkeypatch.setattr(passwords, "HASHER", CHEAP)
    monkeypatch.setattr(passwords, "NOBODY", NOBODY)
    yield
