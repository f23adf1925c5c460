"""A token that is not good is refused everywhere, and never taken for no token."""

import base64
import hmac
import json
import time
import uuid
from collections.abc import Callable

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import StartError
from crud.definitions.problems import ConfigError
from crud.doors import open_session, sign_out
from crud.identity import accounts
from tests.attacks.conftest import World
from tests.attacks.world import CONFIG
from tests.dialects.conftest import SECRET, token_of
from tests.newcomers import create_account
from tests.tables import each

# Resources that anonymous may read, and other open routes: (path, status of a bad token).
DOORS = [
    *(("/api/news", 403), ("/api/news/1", 403), ("/json/news", 401), ("/json/news/1", 401), ("/v1/news", 401)),
    *(("/api/v1/news", 401), ("/schema/main/news", 401), ("/schema/main", 401), ("/server/info", 401)),
    *(
        ("/user/info", 401),
        ("/items/news", 401),
        ("/items/news/1", 401),
        ("/items/nothing", 401),
        ("/api/nothing", 403),
    ),
]


def claims(world: World, **more: object) -> dict[str, object]:
    """The claims of a good token."""
    now = int(time.time())
    good = {"sub": world.ids["other"], "sid": world.sid, "jti": str(uuid.uuid4()), "iss": "dragoman", "type": "access"}
    return {**good, "iat": now, "nbf": now, "exp": now + 600, **more}


def signed(payload: dict[str, object], secret: str = SECRET, algorithm: str = "HS256", **headers: object) -> str:
    return jwt.encode(payload, secret, algorithm=algorithm, headers=headers or None)


def by_hand(payload: object, secret: str = SECRET, **headers: object) -> str:
    """A token that no library would sign."""
    text = f"{piece({'alg': 'HS256', 'typ': 'JWT', **headers})}.{piece(payload)}"
    made = hmac.digest(secret.encode(), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def without(payload: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in payload.items() if key != name}


def piece(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(payload: dict[str, object], algorithm: object) -> str:
    return f"{piece({'alg': algorithm, 'typ': 'JWT'})}.{piece(payload)}."


def refresh(world: World) -> str:
    snapshot = world.app.extensions["dragoman"].state.current()
    account = accounts.load_account(snapshot.system, world.ids["other"])
    assert account is not None
    return open_session(snapshot, account).refresh_token


FORGED: dict[str, Callable[[World], str]] = {
    "alg none": lambda w: unsigned(claims(w), "none"),
    "alg NoNe": lambda w: unsigned(claims(w), "NoNe"),
    "alg empty": lambda w: unsigned(claims(w), ""),
    "alg null": lambda w: unsigned(claims(w), None),
    "alg a list": lambda w: unsigned(claims(w), ["HS256"]),
    "HS256 without signature": lambda w: unsigned(claims(w), "HS256"),
    "another secret": lambda w: signed(claims(w), "x" * 48),
    "an empty secret": lambda w: unsigned(claims(w), "HS256") + piece(""),
    "another algorithm": lambda w: signed(claims(w), SECRET * 2, "HS512"),
    "wrong issuer": lambda w: signed(claims(w, iss="evil")),
    "no issuer": lambda w: signed(without(claims(w), "iss")),
    "an issuer among several": lambda w: by_hand(claims(w, iss=["dragoman", "evil"])),
    "expired": lambda w: signed(claims(w, exp=int(time.time()) - 5)),
    "expired long ago": lambda w: signed(claims(w, exp=0)),
    "expiry beyond every time": lambda w: signed(claims(w, exp="never")),
    "not yet": lambda w: signed(claims(w, nbf=int(time.time()) + 600)),
    "no expiry": lambda w: signed(without(claims(w), "exp")),
    "null expiry": lambda w: signed(claims(w, exp=None)),
    "no subject": lambda w: signed(without(claims(w), "sub")),
    "no id": lambda w: signed(without(claims(w), "jti")),
    "no session": lambda w: signed(without(claims(w), "sid")),
    "another session": lambda w: signed(claims(w, sid=str(uuid.uuid4()))),
    "the session of somebody else": lambda w: signed(claims(w, sub=w.ids["admin"])),
    "a session that is a list": lambda w: signed(claims(w, sid=[w.sid])),
    "a session with SQL": lambda w: signed(claims(w, sid="' OR '1'='1' OR '1'='1")),
    "an audience": lambda w: signed(claims(w, aud="dragoman")),
    "not before missing": lambda w: signed(without(claims(w), "nbf")),
    "issued in the future": lambda w: signed(claims(w, iat=int(time.time()) + 600)),
    "kid of a key that is none": lambda w: signed(claims(w), kid="2026"),
    "kid that is a list": lambda w: by_hand(claims(w), kid=["a"]),
    "a critical header": lambda w: signed(claims(w), crit=["b64"], b64=False),
    "no kind": lambda w: signed(without(claims(w), "type")),
    "kind refresh": lambda w: signed(claims(w, type="refresh")),
    "a refresh token": refresh,
    "kid with a path": lambda w: by_hand(claims(w), "", kid="../../../../dev/null"),
    "kid with SQL": lambda w: by_hand(claims(w), "known", kid="x' UNION SELECT 'known"),
    "jku": lambda w: by_hand(claims(w), "known", jku="http://127.0.0.1:9/keys"),
    "jwk": lambda w: by_hand(claims(w), "known", jwk={"kty": "oct", "k": "a25vd24"}),
    "subject nobody": lambda w: signed(claims(w, sub=str(uuid.uuid4()))),
    "subject no id": lambda w: signed(claims(w, sub="1 or 1=1")),
    "subject with NUL": lambda w: signed(claims(w, sub="a\x00b")),
    "subject a number": lambda w: signed(claims(w, sub=1)),
    "subject an object": lambda w: signed(claims(w, sub={"$ne": ""})),
    "an id with NUL": lambda w: signed(claims(w, jti="a\x00b")),
    "an id with a lone surrogate": lambda w: signed(claims(w, jti="\ud800")),
    "an id that is a list": lambda w: signed(claims(w, jti=["x"])),
    "claims that are a list": lambda w: by_hand([]),
    "garbage": lambda w: "garbage",
    "dots": lambda w: "..",
    "five parts": lambda w: "a.b.c.d.e",
    "not base64": lambda w: "!!.??.%%",
    "very long": lambda w: "a" * 20_000,
    "trailing signature": lambda w: signed(claims(w)) + "A.A",
}


@each("kind", FORGED)
def test_a_bad_token_is_refused_where_anonymous_may_read(world: World, client: FlaskClient, kind: str) -> None:
    headers = {"Authorization": f"Bearer {FORGED[kind](world)}"}
    for path, status in DOORS:
        answer = client.get(path, headers=headers)
        assert answer.status_code == status, (path, answer.get_data(as_text=True))
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Open to all" not in answer.get_data(as_text=True)


def test_the_doors_are_open_without_a_token_and_with_a_good_one(world: World, client: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {signed(claims(world))}"}
    for path in ("/api/news", "/json/news", "/v1/news", "/api/v1/news", "/schema/main/news", "/items/news"):
        assert client.get(path).status_code == client.get(path, headers=headers).status_code == 200


@each("header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer\t", "Token x", "Bearer a b", "null"])
def test_another_kind_of_authorization_is_no_anonymous_call(client: FlaskClient, header: str) -> None:
    for path, status in DOORS:
        assert client.get(path, headers={"Authorization": header}).status_code == status


@each(("path", "cookie", "status"), [("/api/news", "token", 403), ("/json/news", "jwtCookie", 401)])
@each("value", ["garbage", "a.b.c", ""])
def test_a_bad_cookie_is_refused(world: World, path: str, cookie: str, status: int, value: str) -> None:
    client = world.app.test_client()
    client.set_cookie(cookie, value)
    assert client.get(path).status_code == status


def test_a_cookie_of_one_dialect_is_nothing_to_another(world: World) -> None:
    client = world.app.test_client()
    client.set_cookie("token", world.token("admin"))
    for path in ("/api/ledgers", "/items/ledgers"):  # Phantom and Baasix share its name
        assert client.get(path).status_code == 200
    for path in ("/json/ledgers", "/v1/ledgers", "/schema/main/ledgers"):
        assert client.get(path).status_code in (401, 403)


@pytest.mark.parametrize("session", ["garbage", "", "a.b.c"])
def test_a_bad_session_of_sonicjs_is_refused(client: FlaskClient, session: str) -> None:
    for path in ("/v1/user", "/api/v1/user"):
        answer = client.get(path, query_string={"sessionId": session})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_session_ends_with_its_next_request(world: World, client: FlaskClient) -> None:
    token = world.token("other")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/items/people", headers=headers).status_code == 200
    sign_out(world.snapshot, token)
    for path, status in DOORS:
        assert client.get(path, headers=headers).status_code == status


@pytest.mark.parametrize("statement", ["UPDATE _dragoman_users SET is_active = ? WHERE id = ?", "DELETE"])
def test_the_token_of_a_disabled_or_deleted_account_is_refused(
    world: World, client: FlaskClient, statement: str
) -> None:
    database = world.snapshot.system
    id = create_account(database, email=f"{uuid.uuid4()}@example.com", roles=("user",))
    headers = {"Authorization": f"Bearer {token_of(world.app, id)}"}
    assert client.get("/items/people", headers=headers).status_code == 200
    with database.transaction() as session:
        if statement == "DELETE":
            session.execute(accounts.sql_for(database, "DELETE FROM _dragoman_user_roles WHERE user_id = ?"), (id,))
            session.execute(accounts.sql_for(database, "DELETE FROM _dragoman_users WHERE id = ?"), (id,))
        else:
            session.execute(accounts.sql_for(database, statement), (False, id))
    for path, status in DOORS:
        assert client.get(path, headers=headers).status_code == status


def test_roles_in_a_token_count_for_nothing(world: World, client: FlaskClient) -> None:
    payload = claims(world, role="admin", roles=["admin"], admin=True, tenant="x")
    headers = {"Authorization": f"Bearer {signed(payload)}"}
    assert client.get("/items/ledgers", headers=headers).status_code == 403


@pytest.mark.parametrize("secret", ["short", "x" * 31, "é" * 15])
def test_a_short_secret_is_refused_at_start(make_app: Callable[..., Flask], world: World, secret: str) -> None:
    text = CONFIG.replace("${DRAGOMAN_SECRET}", secret)
    with pytest.raises((StartError, ConfigError), match="can be guessed") as refused:
        make_app(text, world.url)
    assert secret not in str(refused.value)


@each(
    ("body", "type", "status"),
    [
        ('{"email":"alice@example.com","password":"Pass-w0rd-1234"}', "text/plain", 415),
        ('{"email":"alice@example.com","password":"Pass-w0rd-1234"}', "application/xml", 415),
        ('{"email":"alice@example.com","password":"Pass-w0rd-1234"}', "application/x-www-form-urlencoded", 415),
        ('{"email":"alice@example.com","password":"Pass-w0rd-1234"}', "", 415),
        ("email=alice@example.com", "application/json", 400),
        ('{"email":"a","email":"b","password":"c"}', "application/json", 400),
        ('{"email":{"$ne":""},"password":{"$ne":""}}', "application/json", 400),
        ('{"email":["alice@example.com"],"password":"x"}', "application/json", 400),
        ('{"email":"a\\u0000b","password":"x"}', "application/json", 400),
        ('{"email":"\\ud800","password":"\\udfff"}', "application/json", 400),
        ('{"email":1e999,"password":NaN}', "application/json", 400),
        ("[" * 5000, "application/json", 400),
        ('{"a":' * 5000 + "1" + "}" * 5000, "application/json", 400),
        ("+ADw-script+AD4-", "application/json; charset=utf-7", 400),
        ("\xff\xfe", "application/json", 400),
        ("", "application/json", 400),
        ('{"email":"nobody@example.com","password":"x"}', "application/json", 401),
        ('{"email":"alice@example.com","password":"wrong"}', "application/json", 401),
        ('{"email":"\' OR 1=1 --","password":"x"}', "application/json", 401),
        ('{"email":"' + "a" * 100_000 + '","password":"x"}', "application/json", 401),
    ],
)
def test_a_door_takes_json_and_nothing_odd(client: FlaskClient, body: str, type: str, status: int) -> None:
    answer = client.post("/auth/login", data=body.encode("latin-1"), content_type=type)
    assert answer.status_code == status, answer.get_data(as_text=True)


def test_an_unknown_account_and_a_wrong_password_are_answered_alike(client: FlaskClient) -> None:
    answers = [
        client.post("/auth/login", json={"email": email, "password": "wrong"})
        for email in ("alice@example.com", "nobody@example.com")
    ]
    assert answers[0].get_data() == answers[1].get_data()


def test_too_large_a_body_is_refused(client: FlaskClient) -> None:
    assert client.post("/auth/login", data=b"x" * 10_000_001, content_type="application/json").status_code == 413
