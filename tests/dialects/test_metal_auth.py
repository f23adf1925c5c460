"""Metal's doors: /user/login, /user/logout and /user/info."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.people import (
    ADA,
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
    key_of,
    one_session_only,
    post,
    session_of,
    standing,
    world,
)
from tests.tables import each

__all__ = ["app", "cheap", "client"]

LOGIN, LOGOUT, INFO = "/user/login", "/user/logout", "/user/info"
WRONG = {"error": "Invalid username or password"}
UNAUTHORIZED = {"message": "Unauthorized"}


def login(client: FlaskClient, name: str, password: object) -> str:
    status, body = post(client, LOGIN, {"username": name, "password": password})
    assert status == 200, body
    assert set(body) == {"token"}
    return str(body["token"])


# ---------------------------------------------------------------- as printed


def test_the_printed_requests_one_after_the_other(client: FlaskClient) -> None:
    printed = b'{\n  "username":"admin",\n  "password": 123456\n}'
    answer = client.post(LOGIN, data=printed, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    headers = bearer(answer.json["token"])
    info = client.get(INFO, headers=headers)
    assert (info.status_code, info.json["username"]) == (200, "admin")
    out = client.post(LOGOUT, headers=headers)
    assert (out.status_code, out.data) == (204, b"")
    assert client.get(INFO, headers=headers).status_code == 401


@each(("name", "password"), NAMES)
def test_users_of_the_configuration_sign_in(client: FlaskClient, name: str, password: object) -> None:
    body = client.get(INFO, headers=bearer(login(client, name, password))).json
    assert (body["username"], body["user"]) == (name, name)
    assert body["exp"] - body["iat"] == 3600
    assert body["roles"] == {"admin": ["admin"], "silent": []}.get(name, ["user"])


@pytest.mark.parametrize("written", [HELEN, HELEN.lower(), HELEN.upper()])
def test_an_account_signs_in_by_its_email_in_any_case(client: FlaskClient, written: str) -> None:
    body = client.get(INFO, headers=bearer(login(client, written, PASSWORD))).json
    assert (body["username"], body["user"], body["roles"]) == (HELEN, HELEN, ["user"])


def test_a_user_may_do_what_his_roles_may(client: FlaskClient) -> None:
    admin, plain, silent = (login(client, *NAMES[i]) for i in (0, 2, 5))
    assert client.get("/schema/system/users", headers=bearer(admin)).status_code == 200
    assert client.get("/schema/main/notes", headers=bearer(plain)).status_code == 200
    assert client.get("/schema/main/notes", headers=bearer(silent)).status_code == 403
    made = client.post("/schema/main/notes", headers=bearer(plain), json={"data": {"id": 1, "text": "Mine"}})
    assert made.status_code == 201
    assert client.delete("/schema/main/notes", headers=bearer(plain), json={"filter": {"id": 1}}).status_code == 204


# ---------------------------------------------------------------- refused

CREDENTIALS: list[tuple[str, object]] = [
    ("nobody", "123456"),
    ("nobody@example.com", PASSWORD),
    ("admin", 1234567),
    ("admin", 123456.5),
    ("admin", "123456 "),
    ("admin", ""),
    ("Admin", "123456"),
    ("", ""),
    ("config:admin", "123456"),
    ("hashed", "$argon2id$v=19$m=19456,t=2,p=1$57TqPItKPAnWovGqywSldQ$KvsOaY0+EP7YQAfwR5y8d+7XSWyfbgy1QZd+CIh0iQc"),
    ("environment", "${DOORS_PASSWORD}"),
    (HELEN, "wrong"),
    (HELEN, PASSWORD.lower()),
    (HUGO, PASSWORD),
    (ADA, ""),
    (ADA, "None"),
    ("admin\x00", "123456"),
    ("' OR 1=1 --", "x"),
    ("x" * 100_000, "x"),
]


@each(("name", "password"), CREDENTIALS)
def test_wrong_credentials_are_answered_alike(client: FlaskClient, name: str, password: object) -> None:
    answer = client.post(LOGIN, json={"username": name, "password": password})
    assert answer.json == WRONG
    assert challenged(answer)


def wrong(problem: str, path: str, rule: str, subject: str = "request/body") -> dict[str, Any]:
    told = {"path": path, "message": problem, "errorCode": f"{rule}.openapi.validation"}
    return {"message": f"{subject} {problem}", "errors": [told]}


# body → what Metal's validator says
BODIES: list[tuple[object, dict[str, Any]]] = [
    ({"username": "admin"}, wrong("must have required property 'password'", "/body/password", "required")),
    ({"password": 1}, wrong("must have required property 'username'", "/body/username", "required")),
    ({}, wrong("must have required property 'username'", "/body/username", "required")),
    ([], wrong("must be object", "/body", "type")),
    ("admin", wrong("must be object", "/body", "type")),
    (
        {"username": "admin", "password": 123456, "role": "admin"},
        wrong("must NOT have additional property 'role'", "/body/role", "additionalProperties"),
    ),
    *(
        (
            {"username": "admin", "password": value},
            wrong("must be string", "/body/password", "type", "request/body/password"),
        )
        for value in (None, True, ["123456"], {"$ne": ""})
    ),
    (
        {"username": 1, "password": "x"},
        wrong("must be string", "/body/username", "type", "request/body/username"),
    ),
    (
        {"username": "admin", "password": "x" * 1025},
        wrong("must NOT have more than 1024 characters", "/body/password", "maxLength", "request/body/password"),
    ),
]


@each(("body", "said"), BODIES)
def test_a_body_that_is_no_sign_in(client: FlaskClient, body: object, said: object) -> None:
    assert post(client, LOGIN, body) == (400, said)


RAW: list[tuple[bytes, str, int]] = [
    (b'{"username":"admin","password":123456}', "", 415),
    (b'{"username":"admin","password":123456}', "text/plain", 415),
    (b"username=admin&password=123456", "application/x-www-form-urlencoded", 415),
    (b"", "application/json", 400),
    (b"{", "application/json", 400),
    (b"null", "application/json", 400),
    (b'{"username":"' + b"x" * 300_000 + b'","password":"x"}', "application/json", 413),
    (b'{"username":"admin","username":"plain","password":123456}', "application/json", 400),
    (b'{"username":"admin","password":NaN}', "application/json", 400),
    (b'{"username":"admin","password":' + b"1" * 5000 + b"}", "application/json", 400),
    (b'{"username":"admin","password":' + b"1" * 2000 + b"}", "application/json", 400),
]


@each(("data", "type", "status"), RAW)
def test_a_door_takes_json_and_nothing_odd(client: FlaskClient, data: bytes, type: str, status: int) -> None:
    answer = client.post(LOGIN, data=data, content_type=type)
    assert (answer.status_code, bool({"message", "error"} & set(answer.json))) == (status, True)


def test_a_parameter_of_the_url_is_refused(client: FlaskClient) -> None:
    body = {"username": "admin", "password": 123456}
    assert post(client, f"{LOGIN}?username=admin", body)[0] == 400
    headers = bearer(login(client, "admin", 123456))
    assert post(client, f"{LOGOUT}?all=true", None, headers)[0] == 400
    assert client.get(f"{INFO}?user=x", headers=headers).status_code == 400


def test_who_is_signed_in_does_not_sign_in_again(client: FlaskClient) -> None:
    token = login(client, "plain", "two words")
    body = {"username": "admin", "password": 123456}
    assert post(client, LOGIN, body, bearer(token)) == (403, {"message": "User already logged"})
    assert client.get(INFO, headers=bearer(token)).status_code == 200


@each(("method", "path"), [("GET", LOGIN), ("PUT", LOGIN), ("GET", LOGOUT), ("POST", INFO)])
@each("slash", ["", "/"])
def test_a_method_that_a_door_lacks(client: FlaskClient, method: str, path: str, slash: str) -> None:
    answer = client.open(path + slash, method=method)
    said = f"{method} method not allowed"
    assert answer.status_code == 405
    assert answer.json == {"message": said, "errors": [{"path": path + slash, "message": said}]}


def test_a_trailing_slash_is_tolerated(client: FlaskClient) -> None:
    token = post(client, f"{LOGIN}/", {"username": "admin", "password": 123456})[1]["token"]
    assert client.get(f"{INFO}/", headers=bearer(token)).status_code == 200
    assert client.post(f"{LOGOUT}/", headers=bearer(token)).status_code == 204


# ---------------------------------------------------------------- out


def test_a_token_is_good_everywhere_until_its_session_ends(app: Flask, client: FlaskClient) -> None:
    with one_session_only(app, HELEN):
        token = login(client, HELEN, PASSWORD)
        assert standing(client, token) == GOOD
        assert client.post(LOGOUT, headers=bearer(token)).status_code == 204
        assert standing(client, token) == EVERYWHERE


@pytest.mark.parametrize("name", ["plain", "hashed"])
def test_a_user_of_the_configuration_is_known_everywhere_until_he_leaves(client: FlaskClient, name: str) -> None:
    other, token = (login(client, *next(pair for pair in NAMES if pair[0] == name)) for _ in range(2))
    assert standing(client, token) == GOOD
    assert client.post(LOGOUT, headers=bearer(token)).status_code == 204
    assert standing(client, token) == EVERYWHERE
    assert standing(client, other) == GOOD


@pytest.mark.parametrize("door", ["/v1/auth/login", "/api/v1/auth/login", "/auth/login"])
def test_a_token_of_another_door_leaves_here(client: FlaskClient, door: str) -> None:
    body = post(client, door, {"email": HELEN, "password": PASSWORD})[1]
    token = body.get("token") or body["bearer"]
    client.delete_cookie("token", path="/")
    assert client.get(INFO, headers=bearer(token)).json["user"] == HELEN
    assert client.post(LOGOUT, headers=bearer(token)).status_code == 204
    assert standing(client, token) == EVERYWHERE


def test_who_cannot_leave(app: Flask, client: FlaskClient) -> None:
    token, refresh = session_of(app, HELEN)
    for headers in ({}, bearer("nonsense"), bearer(refresh), {"Authorization": "Basic YTpi"}):
        answer = client.post(LOGOUT, headers=headers)
        assert answer.json == UNAUTHORIZED
        assert challenged(answer)
    assert client.post(LOGOUT, headers=bearer(key_of(app, HELEN, "*"))).json == {"error": "Permission denied"}
    assert post(client, LOGOUT, {"username": HELEN}, bearer(token))[0] == 400
    assert client.get(INFO, headers=bearer(token)).status_code == 200
    assert post(client, LOGOUT, {}, bearer(token))[0] == 204
    assert client.post(LOGOUT, headers=bearer(token)).status_code == 401


def test_an_api_key_tells_who_it_acts_as(app: Flask, client: FlaskClient) -> None:
    for headers in (bearer(key := key_of(app, HELEN, "read:notes")), {"X-API-Key": key}):
        body = client.get(INFO, headers=headers).json
        assert body == {"username": HELEN, "user": HELEN, "roles": ["user"]}


# ---------------------------------------------------------------- brakes


def test_knocking_too_often_is_answered_in_metals_envelope(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    client = world(make_app, database_url, tmp_path_factory, braked=True).test_client()
    doors = (LOGIN, f"{LOGIN}/", "/v1/auth/login")
    assert [post(client, door, {})[0] for door in doors] == [400, 400, 400]
    answer = client.post(LOGIN, json={"username": "admin", "password": 123456})
    assert (answer.status_code, set(answer.json)) == (429, {"error"})
    assert 0 < int(answer.headers["Retry-After"]) <= 61
