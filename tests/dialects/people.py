"""What the tests of the dialects' doors share: a small world with users of every kind, open to registration.

`NAMES` are users of the configuration with what they type; `HELEN` and `HUGO` have accounts. `standing` tells where a
token is good.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.doors import open_session
from crud.identity import accounts, keys, passwords
from crud.identity.accounts import sql_for
from crud.identity.passwords import hash_password
from crud.snapshots.state import Snapshot
from tests.dialects.conftest import sibling
from tests.newcomers import CHEAP, NOBODY, create_account

HELEN, HUGO, ADA = "Helen@example.com", "hugo@example.com", "ada@example.com"
PASSWORD, HASHED = "Str0ng-Passw0rd!", "Kept-as-a-h4sh"
ENVIRONMENT = "fr0m-the-environment"
CONFIG = f"""
sources:
  default: {{database: "${{DATABASE_URL}}"}}
auth: {{secret: "${{DRAGOMAN_SECRET}}", registration: open, lockout: {{failures: 0}}, limits: {{sign_in: 3/minute, register: 3/minute}}}}
users:
  admin: {{password: 123456, roles: [admin]}}
  plain: {{password: "two words", roles: [user]}}
  hashed: {{password: "{hash_password(HASHED)}", roles: [user]}}
  environment: {{password: "${{DOORS_PASSWORD}}", roles: [user]}}
  silent: {{password: "n0-roles-at-all"}}
accounts:
  rules:
    - {{role: user, actions: [read], where: {{id: $CURRENT_USER}}}}
schemas:
  main:
    source: default
    entities:
      notes:
        fields:
          id: {{type: integer, key: true}}
          text: {{type: string}}
        rules:
          - {{role: user, actions: [read]}}
          - {{role: user, actions: [create, update, delete]}}
"""
# Users of the configuration and what they type; a number may be typed as one.
NAMES: list[tuple[str, object]] = [
    ("admin", 123456),
    ("admin", "123456"),
    ("plain", "two words"),
    ("hashed", HASHED),
    ("environment", ENVIRONMENT),
    ("silent", "n0-roles-at-all"),
]
# Where a user may read: path → status of a token that is not good any more.
EVERYWHERE = {
    "/api/notes": 403,
    "/json/notes": 401,
    "/v1/notes": 401,
    "/api/v1/notes": 401,
    "/schema/main/notes": 401,
    "/items/notes": 401,
    "/user/info": 401,
    "/v1/auth/user": 401,
}


def world(
    make_app: Callable[..., Flask],
    url: str,
    paths: pytest.TempPathFactory,
    config: str = CONFIG,
    *,
    braked: bool = False,
) -> Flask:
    """An application over a database of its own. Hugo is disabled, Ada has no password."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOORS_PASSWORD", ENVIRONMENT)
        app = make_app(config, sibling(url, paths), braked=braked)
    system, hashed = snapshot_of(app).system, hash_password(PASSWORD)
    create_account(system, email=HELEN, name="Helen", password_hash=hashed, roles=("user",))
    create_account(system, email=ADA, roles=("admin",))
    hugo = create_account(system, email=HUGO, password_hash=hashed, roles=("user",))
    with system.transaction() as session:
        session.execute(sql_for(system, "UPDATE _dragoman_users SET is_active = ? WHERE id = ?"), (False, hugo))
    return app


@pytest.fixture(scope="module", autouse=True)
def cheap() -> Iterator[None]:
    """Cheap hashes for all tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", CHEAP)
        patch.setattr(passwords, "NOBODY", NOBODY)
        yield


@pytest.fixture(scope="module")
def app(
    cheap: None, make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Flask:
    return world(make_app, database_url, tmp_path_factory)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def snapshot_of(app: Flask) -> Snapshot:
    found: Snapshot = app.extensions["dragoman"].state.current()
    return found


def id_of(app: Flask, email: str) -> str:
    """The id of an account."""
    found = accounts.find_account_by_email(snapshot_of(app).system, email)
    assert found is not None
    return found.id


def session_of(app: Flask, email: str) -> tuple[str, str]:
    """The tokens of a new session of an account: access, refresh."""
    found = accounts.find_account_by_email(snapshot_of(app).system, email)
    assert found is not None
    signed = open_session(snapshot_of(app), found)
    return signed.token, signed.refresh_token


def key_of(app: Flask, email: str, *scopes: str) -> str:
    """A new API key of an account."""
    return keys.add(snapshot_of(app).system, account=id_of(app, email), name="test", scopes=scopes)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def post(client: FlaskClient, path: str, body: object, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and body of a POST of JSON."""
    answer = client.post(path, json=body, headers=headers)
    assert "argon2" not in answer.get_data(as_text=True)
    return answer.status_code, answer.json if answer.data else None


def standing(client: FlaskClient, token: str) -> dict[str, int]:
    """The status of a token in every dialect."""
    return {path: client.get(path, headers=bearer(token)).status_code for path in EVERYWHERE}


GOOD = dict.fromkeys(EVERYWHERE, 200)


def challenged(answer: TestResponse) -> bool:
    """Whether a 401 says how to come in, as RFC 9110 asks."""
    return answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")


@contextmanager
def one_session_only(app: Flask, email: str) -> Iterator[None]:
    """What happens within ends one session, and leaves the other ones of the account."""
    token, _ = session_of(app, email)
    yield
    assert standing(app.test_client(), token) == GOOD
