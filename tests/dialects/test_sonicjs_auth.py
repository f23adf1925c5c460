"""SonicJS's doors in both generations: login, logout, who is calling, and registration."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.people import (
    ADA,
    CONFIG,
    EVERYWHERE,
    GOOD,
    HELEN,
    HUGO,
    NAMES,
    PASSWORD,
    app,
    bearer,
    challenged,
    cheap,
    client,
    id_of,
    key_of,
    one_session_only,
    post,
    session_of,
    standing,
    world,
)
from tests.dialects.sonicjs import GENERATIONS, ROW, TIMES, login, said
from tests.tables import each

__all__ = ["app", "cheap", "client"]

WRONG = {"/v1": "Incorrect username or password", "/api/v1": "Email/Password combination invalid"}
OUT = {"message": "Successfully logged out"}


# ---------------------------------------------------------------- in


def test_the_printed_request_with_the_bearer_of_either_generation(client: FlaskClient) -> None:
    for mount in GENERATIONS:
        row = client.get("/v1/user", headers=bearer(login(client, mount))).json
        assert set(row) == ROW | TIMES
        assert (row["name"], row["email"], row["role"]) == ("Helen", HELEN, "user")
        assert all(abs(row[name] / 1000 - time.time()) < 600 for name in TIMES)


def test_the_first_generation_tells_whose_the_bearer_is(client: FlaskClient) -> None:
    answer = client.post("/v1/auth/login", json={"email": HELEN.upper(), "password": PASSWORD})
    assert (answer.status_code, set(answer.json)) == (200, {"bearer", "user"})
    assert answer.headers["Authorization"] == f"Bearer {answer.json['bearer']}"
    assert answer.json["user"] == client.get("/v1/user", headers=bearer(answer.json["bearer"])).json
    assert "Set-Cookie" not in answer.headers


def test_the_second_generation_tells_until_when_the_bearer_is_good(client: FlaskClient) -> None:
    status, body = post(client, "/api/v1/auth/login", {"email": HELEN, "password": PASSWORD})
    assert (status, set(body)) == (200, {"bearer", "expires"})
    session = client.get("/api/v1/auth/user", headers=bearer(body["bearer"])).json["data"]["session"]
    assert 0 <= session["activeExpires"] - body["expires"] <= 3000
    assert abs(body["expires"] / 1000 - time.time() - 3600) < 30


@each("mount", GENERATIONS)
@each(("name", "password"), [pair for pair in NAMES if isinstance(pair[1], str)])
def test_users_of_the_configuration_sign_in(client: FlaskClient, mount: str, name: str, password: str) -> None:
    token = login(client, mount, name, password)
    roles = {"admin": "admin", "silent": None}
    row = client.get(f"{mount}/user", headers=bearer(token)).json
    row = row["data"] if mount == "/api/v1" else row
    assert row == {"id": f"config:{name}", "name": name, "email": None, "role": roles.get(name, "user")}


CREDENTIALS: list[tuple[str, str]] = [
    ("nobody@example.com", PASSWORD),
    (HELEN, "wrong"),
    (HELEN, ""),
    (HUGO, PASSWORD),
    (HUGO, "wrong"),
    (ADA, "x"),
    ("admin", "x"),
    ("", ""),
    ("a\x00b", "x"),
    ("x" * 100_000, "x"),
]


@each("mount", GENERATIONS)
@each(("email", "password"), CREDENTIALS)
def test_wrong_credentials_are_answered_alike(client: FlaskClient, mount: str, email: str, password: str) -> None:
    answer = client.post(f"{mount}/auth/login", json={"email": email, "password": password})
    assert answer.json == {"message": WRONG[mount]}
    assert challenged(answer)
    assert "Authorization" not in answer.headers


# body → what is said of it
BODIES: list[tuple[object, str]] = [
    ({}, "email: expected a text"),
    ({"email": HELEN}, "password: expected a text"),
    ({"email": HELEN, "password": None}, "password: expected a text"),
    ({"email": HELEN, "password": 123456}, "password: expected a text"),
    ({"email": {"$ne": ""}, "password": {"$ne": ""}}, "email: expected a text"),
    ({"email": [HELEN], "password": PASSWORD}, "email: expected a text"),
    ({"email": HELEN, "password": "x" * 1025}, "password: has more than 1024 characters"),
    ({"email": HELEN, "otp": "123456"}, "Unknown field 'otp' in body"),
    ({"email": HELEN, "password": PASSWORD, "role": "admin"}, "Unknown field 'role' in body"),
    ({"data": {"email": HELEN, "password": PASSWORD}}, "Unknown field 'data' in body"),
    ([HELEN, PASSWORD], "body: expected an object with email and password"),
]


@each("mount", GENERATIONS)
@each(("body", "message"), BODIES)
def test_a_body_that_is_no_sign_in(client: FlaskClient, mount: str, body: object, message: str) -> None:
    assert said(post(client, f"{mount}/auth/login", body)) == (400, message)


RAW: list[tuple[bytes, str, int]] = [
    (b'{"email":"Helen@example.com","password":"Str0ng-Passw0rd!"}', "", 415),
    (b'{"email":"Helen@example.com","password":"Str0ng-Passw0rd!"}', "text/plain", 415),
    (b"email=Helen@example.com", "application/x-www-form-urlencoded", 415),
    (b"", "application/json", 400),
    (b"null", "application/json", 400),
    (b'{"email":"' + b"x" * 300_000 + b'","password":"x"}', "application/json", 413),
    (b"{", "application/json", 400),
    (b'{"email":"a","email":"b","password":"c"}', "application/json", 400),
    (b'{"email":"\\ud800","password":"c"}', "application/json", 400),
]


@each("path", [f"{mount}/{door}" for mount in GENERATIONS for door in ("auth/login", "users")])
@each(("data", "type", "status"), RAW)
def test_a_door_takes_json_and_nothing_odd(client: FlaskClient, path: str, data: bytes, type: str, status: int) -> None:
    answer = client.post(path, data=data, content_type=type)
    assert (answer.status_code, set(answer.json)) == (status, {"message"})


@pytest.mark.parametrize("mount", GENERATIONS)
def test_no_credentials_in_the_url(client: FlaskClient, mount: str) -> None:
    body = {"email": HELEN, "password": PASSWORD}
    assert post(client, f"{mount}/auth/login?email={HELEN}", body)[0] == 400
    assert client.post(f"{mount}/auth/login", query_string=body).status_code == 400


# ---------------------------------------------------------------- who is calling


def test_the_session_in_the_first_generation(client: FlaskClient) -> None:
    token = login(client, "/v1")
    body = client.get("/v1/auth/user", headers=bearer(token)).json
    assert (set(body), body["source"]) == ({"data", "source", "executionTime"}, "session")
    assert isinstance(body["executionTime"], int)
    assert body["data"] == client.get("/v1/user", headers=bearer(token)).json


def test_the_session_in_the_second_generation(app: Flask, client: FlaskClient) -> None:
    token = login(client, "/api/v1")
    body = client.get("/api/v1/auth/user", headers=bearer(token)).json
    session, user = body["data"].pop("session"), body["data"].pop("user")
    assert body == {"data": {}}
    assert user == client.get("/v1/user", headers=bearer(token)).json
    assert set(session) == {"userId", "activeExpires", "idleExpires", "createdOn", "updatedOn", "token"}
    assert (session["userId"], session["token"]) == (id_of(app, HELEN), token)
    assert session["activeExpires"] == session["idleExpires"] == session["createdOn"] + 3_600_000


@pytest.mark.parametrize("path", ["/v1/user", "/api/v1/user", "/v1/auth/user", "/api/v1/auth/user"])
def test_a_session_as_a_parameter_is_the_bearer(app: Flask, client: FlaskClient, path: str) -> None:
    token, other, key = login(client, "/v1"), login(client, "/v1", "plain", "two words"), key_of(app, HELEN, "*")

    def told(token: str, headers: dict[str, str] | None = None) -> object:
        body = client.get(path, query_string={"sessionId": token}, headers=headers).json
        return {name: value for name, value in body.items() if name != "executionTime"}

    plain = {name: v for name, v in client.get(path, headers=bearer(token)).json.items() if name != "executionTime"}
    assert told(token) == told(token, bearer(token)) == told(token, bearer(key)) == plain
    for headers in (bearer(other), bearer("nonsense")):
        assert told(token, headers) == {"message": "Unauthorized"}
    _, refresh = session_of(app, HELEN)
    for bad in (refresh, "nonsense", ""):
        assert challenged(client.get(path, query_string={"sessionId": bad}))
    assert client.get(path, query_string={"bogus": 1}, headers=bearer(token)).status_code == 400
    assert challenged(client.get(path))


def test_an_api_key_has_no_session(app: Flask, client: FlaskClient) -> None:
    wide, narrow = (key_of(app, HELEN, scope) for scope in ("*", "read:notes"))
    data = client.get("/api/v1/auth/user", headers=bearer(wide)).json["data"]
    assert (data["session"], data["user"]["email"]) == (None, HELEN)
    for path in ("/v1/user", "/api/v1/auth/user"):
        assert client.get(path, headers=bearer(narrow)).status_code in (401, 404)
    for mount in GENERATIONS:
        assert client.post(f"{mount}/auth/logout", headers=bearer(wide)).status_code == 401
    assert client.get("/v1/user", headers=bearer(wide)).status_code == 200


def test_who_may_not_read_his_account_signs_in_nevertheless(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    blind = CONFIG.replace("- {role: user, actions: [read], where: {id: $CURRENT_USER}}", "[]").replace(
        "  rules:\n    []", "  rules: []"
    )
    app = world(make_app, database_url, tmp_path_factory, blind)
    status, body = post(app.test_client(), "/v1/auth/login", {"email": HELEN, "password": PASSWORD})
    assert (status, body["user"]) == (200, {"id": id_of(app, HELEN), "name": "Helen", "email": HELEN, "role": "user"})


# ---------------------------------------------------------------- out


@pytest.mark.parametrize("mount", GENERATIONS)
def test_a_bearer_is_good_everywhere_until_its_session_ends(app: Flask, client: FlaskClient, mount: str) -> None:
    with one_session_only(app, HELEN):
        token = login(client, mount)
        assert standing(client, token) == GOOD
        assert post(client, f"{mount}/auth/logout", {}, bearer(token)) == (200, OUT)
        assert standing(client, token) == EVERYWHERE


@pytest.mark.parametrize("mount", GENERATIONS)
def test_who_cannot_leave(app: Flask, client: FlaskClient, mount: str) -> None:
    token, refresh = session_of(app, HELEN)
    path = f"{mount}/auth/logout"
    for headers in ({}, bearer("nonsense"), bearer(refresh), {"Authorization": "Basic YTpi"}):
        answer = client.post(path, headers=headers)
        assert answer.json == {"message": "Unauthorized"}
        assert challenged(answer)
    assert client.post(f"{path}?sessionId={token}").status_code == 400
    assert client.post(path, headers=bearer(token)).json == OUT
    assert client.post(path, headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("mount", GENERATIONS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_reserved_words_have_their_methods_and_nothing_below(client: FlaskClient, mount: str, slash: str) -> None:
    methods = {"auth/login": "POST", "auth/logout": "POST", "auth/user": "GET"}
    for word, has in methods.items():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.open(f"{mount}/{word}{slash}", method=method)
            if method == has:
                assert answer.status_code in (401, 415)
                continue
            assert (answer.status_code, answer.json) == (405, {"message": f"{method} method not allowed"})
            assert has in answer.headers["Allow"]
    for word in ("auth/nothing", "auth/users", "auth/login/1", "auth/user/1"):
        assert client.get(f"{mount}/{word}{slash}").status_code == 404


# ---------------------------------------------------------------- brakes


def test_knocking_too_often_is_answered_in_sonicjs_envelope(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    client = world(make_app, database_url, tmp_path_factory, braked=True).test_client()
    for doors in (
        ("/v1/auth/login", "/api/v1/auth/login", "/user/login"),
        ("/v1/users", "/api/v1/users", "/v1/users/"),
    ):
        assert [post(client, door, {})[0] for door in doors] == [400, 400, 400]
        answer = client.post(doors[0], json={})
        assert (answer.status_code, set(answer.json)) == (429, {"message"})
        assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert client.get("/v1/users").status_code == 404
