"""What the tests of every dialect's doors have in common: a house with open doors, and one path of each dialect.

`house` is an application over a database of its own, on each backend: anybody may register, callers may read notes.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.identity import accounts, passwords
from tests.dialects.conftest import sibling
from tests.newcomers import CHEAP, NOBODY, create_account

PASSWORD = "corr3ct-Horse"

# One path of each dialect, which callers may read and others may not.
EVERYWHERE = ("/api/notes", "/json/note", "/v1/notes", "/api/v1/notes", "/schema/main/notes", "/items/notes")

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}"}
auth: {secret: "${DRAGOMAN_SECRET}", registration: open}
users:
  carl: {password: "secret of Carl", roles: [admin]}
schemas:
  main:
    source: default
    entities:
      notes:
        fields:
          id: {type: integer, key: true, auto: increment}
          body: {type: text, required: true}
          secret: {type: text}
        rules:
          - {role: user, actions: [read], fields: [id, body]}
          - {role: user, actions: [create], fields: [body]}
      vaults:
        fields:
          id: {type: integer, key: true, auto: increment}
"""


@dataclass(frozen=True)
class House:
    """An application whose doors are open."""

    app: Flask

    @property
    def client(self) -> FlaskClient:
        """A client without cookies."""
        return self.app.test_client(use_cookies=False)

    def browser(self) -> FlaskClient:
        """A client that keeps cookies."""
        return self.app.test_client()

    def person(self, *roles: str, active: bool = True, **more: str | None) -> str:
        """The e-mail of somebody new, whose password is `PASSWORD`."""
        email = f"{uuid.uuid4().hex}@example.com"
        system = self.app.extensions["dragoman"].state.current().system
        hashed = CHEAP.hash(PASSWORD)
        id = create_account(system, email=email, password_hash=hashed, roles=roles or ("user",), **more)  # type: ignore[arg-type]
        if not active:
            self.run("UPDATE _dragoman_users SET is_active = ? WHERE id = ?", False, id)
        return email

    def run(self, text: str, *values: object) -> None:
        """Run a statement; `?` marks on both backends."""
        database = self.app.extensions["dragoman"].state.current().system
        with database.transaction() as session:
            session.execute(accounts.sql_for(database, text), values)

    def rows(self, text: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of a statement; `?` marks on both backends."""
        database = self.app.extensions["dragoman"].state.current().system
        found: list[tuple[object, ...]] = database.fetch(accounts.sql_for(database, text), values)
        return found

    def signed(self, email: str) -> dict[str, object]:
        """The body of a sign-in."""
        answer = self.client.post("/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        body: dict[str, object] = answer.json
        return body

    def statuses(self, token: object) -> set[int]:
        """How the dialects answer a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return {self.client.get(path, headers=headers).status_code for path in EVERYWHERE}


OPEN, CLOSED = {200}, {401, 403}


@pytest.fixture(scope="module")
def house(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house for all tests that leave it as it is."""
    return House(make_app(CONFIG, sibling(database_url, tmp_path_factory)))


@pytest.fixture
def empty_house(make_app: Callable[..., Flask], empty_url: str) -> Callable[..., House]:
    """`empty_house(text)`: one of one's own, where nobody lives yet."""
    return lambda text=CONFIG, **options: House(make_app(text, empty_url, **options))


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with next to no memory: what is tested is who is let in, not how long it takes."""
    monkeypatch.setattr(passwords, "HASHER", CHEAP)
    monkeypatch.setattr(passwords, "NOBODY", NOBODY)


def cookies(answer: TestResponse) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets."""
    found: SimpleCookie = SimpleCookie()
    for header in answer.headers.getlist("Set-Cookie"):
        found.load(header)
    return dict(found)
