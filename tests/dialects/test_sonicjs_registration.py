"""An account of one's own: a POST to SonicJS's users where registration is open."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.people import (
    ADA,
    CONFIG,
    HELEN,
    PASSWORD,
    app,
    bearer,
    cheap,
    client,
    post,
    snapshot_of,
    world,
)
from tests.dialects.sonicjs import GENERATIONS, ROW, TIMES, login, said
from tests.tables import each

__all__ = ["app", "cheap", "client"]


def new(email: str, **more: object) -> dict[str, object]:
    return {"email": email, "password": PASSWORD, **more}


def test_anybody_registers_and_signs_in(app: Flask, client: FlaskClient) -> None:
    for number, mount in enumerate(GENERATIONS):
        email = f"Nick{number}@example.com"
        more = {"name": "Nick", "first_name": "Nick", "last_name": None, "phone": "555"}
        status, body = post(client, f"{mount}/users", {"data": new(email, **more)})
        row = body["data"] if mount == "/api/v1" else body
        assert (status, set(row)) == (201, ROW | TIMES)
        assert {**row, **more, "email": email, "role": "user", "is_active": True, "tenant_id": None} == row
        token = login(client, mount, email.lower())
        assert client.get("/v1/user", headers=bearer(token)).json == row
        assert client.get(f"/v1/users/{row['id']}", headers=bearer(token)).json == row


def test_the_data_of_a_registration_may_be_a_text(client: FlaskClient) -> None:
    body = {"data": '{"email": "text@example.com", "password": "Str0ng-Passw0rd!"}'}
    assert post(client, "/v1/users/", body)[0] == 201
    assert login(client, "/v1", "text@example.com")


def test_a_user_may_register_somebody_else_and_an_administrator_creates(app: Flask, client: FlaskClient) -> None:
    user, admin = login(client, "/v1"), login(client, "/v1", "admin", "123456")
    assert post(client, "/v1/users", {"data": new("u@example.com")}, bearer(user))[1]["role"] == "user"
    made = {"data": {"email": "created@example.com", "role": "admin", "name": "C"}}
    assert said(post(client, "/v1/users", made, bearer(user))) == (400, "Unknown field 'role' in data")
    assert post(client, "/v1/users", made, bearer(admin))[1]["role"] == "admin"


FORBIDDEN = [
    *("role", "id", "is_active", "tenant_id", "created_on", "updated_on", "created_at", "password_hash", "roles"),
    *("userRoles", "nope", "__proto__", "user_roles", "emailVerified"),
]


@each("name", FORBIDDEN)
def test_nobody_registers_with_more_than_a_person_is(app: Flask, client: FlaskClient, name: str) -> None:
    count = "SELECT count(*) FROM _dragoman_users"
    before = snapshot_of(app).system.fetch(count)
    for value in ("admin", True, None):
        body = {"data": {**new("mallory@example.com"), name: value}}
        assert said(post(client, "/v1/users", body)) == (400, f"Unknown field {name!r} in data")
    assert snapshot_of(app).system.fetch(count) == before


# data → what is said of it
DATA: list[tuple[object, str]] = [
    ({}, "email is required; password is required"),
    ({"email": None, "password": None}, "email is required; password is required"),
    ({"email": "n@example.com"}, "password is required"),
    ({"email": 1, "password": 123456789}, "email: Expected a text; password: Expected a text"),
    ({"email": "n@example.com", "password": ["x" * 12]}, "password: Expected a text"),
    (new("nonsense"), "email: is not an e-mail address"),
    (new("a b@example.com"), "email: is not an e-mail address"),
    (new("x" * 400 + "@example.com"), "email: is not an e-mail address"),
    ({"email": "n@example.com", "password": "short"}, "password: must have at least 8 characters"),
    ({"email": "n@example.com", "password": "x" * 300}, "password: must have at most 256 characters"),
    ({"email": "n@example.com", "password": "N@example.com"}, "password: must not be the e-mail address"),
    (new("n@example.com", name=7), "name: Expected a text"),
    (new("n@example.com", name="x" * 321), "name: must have at most 320 characters"),
    (new("n@example.com", phone="\x00"), "phone: has characters that no text has"),
    ("nonsense", "body: not valid JSON at position 0"),
    ([], "Data must be wrapped in a data object"),
]


@each("mount", GENERATIONS)
@each(("data", "message"), DATA)
def test_what_no_account_is(client: FlaskClient, mount: str, data: object, message: str) -> None:
    assert said(post(client, f"{mount}/users", {"data": data})) == (400, message)


@pytest.mark.parametrize("email", [HELEN, HELEN.upper(), ADA])
def test_an_email_is_taken_whatever_its_case(client: FlaskClient, email: str) -> None:
    assert said(post(client, "/v1/users", {"data": new(email)})) == (409, "User already exists")
    assert login(client, "/v1")


def test_nobody_registers_where_that_is_closed(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = world(make_app, database_url, tmp_path_factory, CONFIG.replace("registration: open", "registration: closed"))
    client = app.test_client()
    for mount in GENERATIONS:
        answers = [post(client, f"{mount}/{table}", {"data": new("n@example.com")}) for table in ("users", "xsers")]
        assert [said(answer) for answer in answers] == [
            (404, f'Table "{table}" not defined in your schema') for table in ("users", "xsers")
        ]
        assert post(client, f"{mount}/users", {"data": new("n@example.com")}, bearer(login(client, mount)))[0] == 401


def test_a_table_of_ones_own_called_users_is_no_door(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = world(make_app, database_url, tmp_path_factory, CONFIG.replace("      notes:", "      users:"))
    client = app.test_client()
    assert said(post(client, "/v1/users", {"data": new("n@example.com")})) == (401, "Unauthorized")
    assert post(client, "/v1/accounts", {"data": new("n@example.com")})[0] == 201
