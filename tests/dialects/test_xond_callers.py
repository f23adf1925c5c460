"""Who may write through Xond, and how far `jwtCookie` is believed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud import doors
from tests.dialects.conftest import ADMIN, ROOT, USER, Fresh, Token, fresh_app
from tests.dialects.people import bearer, key_of, session_of
from tests.dialects.xond import GONE, JOHN, ME, SAID, TEST_USER, send, term
from tests.tables import each

# ---------------------------------------------------------------- callers


def test_who_may_not_write(client: FlaskClient, user: Token) -> None:
    for method, path in (("POST", "/json/order"), ("PUT", "/json/order/2"), ("PUT", "/json/order")):
        assert send(client, method, path, {"status": "x"})[0] == 401
        assert send(client, method, path, {"status": "x"}, user)[0] == 403
        assert client.open(path, method=method, data=b"{", headers=user).status_code == 403
    for path in ("/json/order/2", f"/json/order?filter={term('id', 2)}"):
        assert send(client, "DELETE", path)[0] == 401
        assert send(client, "DELETE", path, None, user)[0] == 403
    assert send(client, "POST", "/json/nope", {}, user)[0] == 404
    assert send(client, "POST", "/json/permissions", {}, user)[0] == 404


def test_a_caller_writes_within_his_rules(fresh: Fresh) -> None:
    client, user = fresh.client, fresh.user
    status, answer = send(client, "POST", "/json/post", {"title": "Mine", "content": "Text"}, user)
    assert (status, answer["data"]["authorId"]) == (201, TEST_USER)
    mine = answer["data"]["postId"]
    for body in ({"authorId": JOHN}, {"createdAt": "2020-01-01T00:00:00Z"}, {"deletedAt": None}, {"nope": 1}):
        status, answer = send(client, "POST", "/json/post", {"title": "M", "content": "T", **body}, user)
        assert (status, answer["error"]) == (400, f"Unknown field {next(iter(body))!r} in body")
    (other,) = fresh.rows('SELECT min(id) FROM posts WHERE "authorId" <> ?', TEST_USER)
    for method in ("PUT", "DELETE"):
        change = {"title": "Theirs"} if method == "PUT" else None
        status, answer = send(client, method, f"/json/post/{other[0]}", change, user)
        assert (status, answer["error"][:28]) == (404, "Record not found or cannot b")
    assert send(client, "DELETE", f"/json/post/{mine}", None, user) == (200, GONE)
    assert send(client, "GET", f"/json/post/{mine}", None, user)[0] == 404
    assert fresh.rows('SELECT 1 FROM posts WHERE id = ? AND "deletedAt" IS NOT NULL', mine) == [(1,)]


# ---------------------------------------------------------------- jwtCookie


def token_of(headers: Token) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def test_a_signed_cookie_in_the_body_is_the_caller(fresh: Fresh) -> None:
    token = token_of(fresh.user)
    for cookie in (token, {"token": token}, {"token": token, "id": TEST_USER, "role": "admin"}):
        body = {"jwtCookie": cookie, "title": "Mine", "content": "Text"}
        status, answer = send(fresh.client, "POST", "/json/post", body)
        assert (status, answer["data"]["authorId"]) == (201, TEST_USER)
        assert "jwtCookie" not in answer["data"]
    assert send(fresh.client, "PUT", "/json/order/2", {"jwtCookie": token_of(fresh.admin), "status": "x"})[0] == 200


# whether the header has the administrator's token, what the body says, status
COOKIES: list[tuple[bool, object, int]] = [
    (False, {"id": ME}, 401),
    (False, {"id": ME, "email": "john@example.org", "role": "admin"}, 401),
    (False, "nonsense", 401),
    (False, {"token": "nonsense"}, 401),
    (False, "eyJhbGciOiJub25lIn0.eyJzdWIiOiI5ZDM3MDA4NSJ9.", 401),
    (True, "nonsense", 401),
    (True, {"id": JOHN}, 403),
    (True, {"id": "user-uuid"}, 403),
    (True, {"id": None}, 403),
    (True, {"id": 1}, 403),
    (True, {"token": 1, "id": ME}, 400),
    (True, {}, 400),
    (True, [], 400),
    (True, None, 400),
    (True, {"email": "john@example.org"}, 400),
]


@each(("signed", "cookie", "status"), COOKIES)
@each("method", ["POST", "PUT"])
def test_a_cookie_in_the_body_gives_nobody_another_identity(
    client: FlaskClient, admin: Token, method: str, signed: bool, cookie: object, status: int
) -> None:
    path = "/json/order" if method == "POST" else "/json/order/2"
    found, answer = send(client, method, path, {"jwtCookie": cookie, "status": "x"}, admin if signed else None)
    assert found == status, answer


def test_two_tokens_of_two_callers_are_refused(client: FlaskClient, admin: Token, user: Token) -> None:
    for cookie in (token_of(user), {"token": token_of(user)}, {"token": token_of(admin), "id": TEST_USER}):
        assert send(client, "PUT", "/json/order/2", {"jwtCookie": cookie, "status": "x"}, admin)[0] == 403
    unchanged = {"jwtCookie": {"token": token_of(admin), "id": ME.upper()}, "orderId": 2}
    assert send(client, "PUT", "/json/order/2", unchanged, admin)[0] == 200


def test_a_body_without_a_type_is_not_taken_from_a_cookies_bearer(client: FlaskClient, admin: Token) -> None:
    client.set_cookie("jwtCookie", token_of(admin))
    data = b'{"orderId": 2}'
    assert client.put("/json/order/2", data=data).status_code == 415
    assert client.put("/json/order/2", data=data, content_type="application/json").status_code == 200


def test_an_unsigned_cookie_is_believed_behind_a_gateway_only(
    fresh: Fresh, make_app: Callable[..., Flask], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "config.yml").read_text().replace("sample: sample/", "dialects: {xond: {trust_body_identity: true}}")
    path = tmp_path / "config.yml"
    path.write_text(text)
    trusting = fresh_app(make_app(path, fresh.snapshot.config.sources["default"].url))
    assert "believes an unsigned jwtCookie" in capsys.readouterr().out
    client = trusting.client
    status, answer = send(client, "PUT", f"/json/user/{JOHN}", {**SAID, "name": "Jane"})
    assert (status, answer["data"]["updatedBy"]) == (200, ME)
    assert send(client, "PUT", f"/json/user/{JOHN}", {**SAID, "name": "Jane"}, trusting.user)[0] == 403
    for nobody in (JOHN[:-1] + "f", "user-uuid", None):
        assert send(client, "POST", "/json/order", {"jwtCookie": {"id": nobody}})[0] in (401, 403)
    role = {"jwtCookie": {"id": TEST_USER, "role": "admin"}, "status": "x"}
    assert send(client, "PUT", "/json/order/2", role)[0] == 403


# ---------------------------------------------------------------- sessions, refresh tokens, keys


def refused_in_every_place(client: FlaskClient, token: str, *, anonymous: int = 401) -> None:
    """A token that is not good is nobody's, in the header, in the cookie and in the body."""
    for cookie in (token, {"token": token}, {"token": token, "id": TEST_USER}):
        assert send(client, "POST", "/json/post", {"jwtCookie": cookie, "title": "T", "content": "C"})[0] == anonymous
    assert send(client, "GET", "/json/product", None, bearer(token))[0] == 401
    client.set_cookie("jwtCookie", token)
    assert send(client, "GET", "/json/product")[0] == 401
    assert send(client, "PUT", "/json/order/2", {"status": "x"})[0] == 401
    client.delete_cookie("jwtCookie")


def test_a_session_that_is_over_gives_nobody(fresh: Fresh) -> None:
    token, _ = session_of(fresh.app, USER[0])
    other, _ = session_of(fresh.app, USER[0])
    body = {"title": "Mine", "content": "Text"}
    assert send(fresh.client, "POST", "/json/post", {"jwtCookie": token, **body})[0] == 201
    doors.sign_out(fresh.snapshot, token)
    refused_in_every_place(fresh.client, token)
    assert send(fresh.client, "POST", "/json/post", {"jwtCookie": token, **body}, bearer(other))[0] == 401
    assert send(fresh.client, "POST", "/json/post", {"jwtCookie": other, **body})[0] == 201


@pytest.mark.parametrize("path", ["/user/logout", "/v1/auth/logout", "/api/v1/auth/logout"])
def test_leaving_at_another_door_ends_the_session_here(fresh: Fresh, path: str) -> None:
    token, _ = session_of(fresh.app, USER[0])
    client = fresh.app.test_client()
    client.set_cookie("jwtCookie", token)
    assert send(client, "GET", "/json/order?count=true")[0] == 200
    assert fresh.client.post(path, headers=bearer(token)).status_code in (200, 204)
    assert send(client, "GET", "/json/order?count=true")[0] == 401
    refused_in_every_place(fresh.client, token)


def test_a_refresh_token_is_no_caller(fresh: Fresh) -> None:
    access, refresh = session_of(fresh.app, USER[0])
    refused_in_every_place(fresh.client, refresh)
    body = {"jwtCookie": refresh, "title": "T", "content": "C"}
    assert send(fresh.client, "POST", "/json/post", body, bearer(access))[0] == 401
    renewed = doors.refresh(fresh.snapshot, refresh).token
    for token in (access, renewed):
        assert send(fresh.client, "POST", "/json/post", {**body, "jwtCookie": token})[0] == 201


def test_a_key_may_in_a_body_what_its_scopes_say(fresh: Fresh) -> None:
    client, body = fresh.client, {"title": "Mine", "content": "Text"}
    posting, reading = (key_of(fresh.app, USER[0], scope) for scope in ("create:posts", "read:posts"))
    full, _ = session_of(fresh.app, USER[0])
    for cookie in (posting, {"token": posting}, {"token": posting, "id": TEST_USER}):
        assert send(client, "POST", "/json/post", {"jwtCookie": cookie, **body})[0] == 201
        assert send(client, "PUT", "/json/post/1", {"jwtCookie": cookie, **body})[0] == 403
    assert send(client, "POST", "/json/post", {"jwtCookie": reading, **body})[0] == 403
    # What a body shows never adds to what a header has shown.
    assert send(client, "POST", "/json/post", {"jwtCookie": full, **body}, bearer(reading))[0] == 403
    assert send(client, "POST", "/json/post", {"jwtCookie": reading, **body}, bearer(full))[0] == 201
    assert (
        send(client, "POST", "/json/post", {"jwtCookie": {"id": TEST_USER}, **body}, {"X-API-Key": posting})[0] == 201
    )
    others = key_of(fresh.app, ADMIN[0], "*")
    assert send(client, "POST", "/json/post", {"jwtCookie": others, **body}, bearer(full))[0] == 403


@pytest.mark.parametrize("key", ["drg_", "drg_nonsense", "drg_" + "x" * 5000, "drg_\x00"])
def test_a_key_that_is_none_is_refused_in_a_body(client: FlaskClient, key: str) -> None:
    assert send(client, "POST", "/json/post", {"jwtCookie": key, "title": "T"})[0] == 401


def test_a_write_by_cookie_needs_a_body_that_says_json(fresh: Fresh) -> None:
    client = fresh.app.test_client()
    client.set_cookie("jwtCookie", token_of(fresh.admin))
    for type, status in (("", 415), ("text/plain", 415), ("application/x-www-form-urlencoded", 415)):
        assert client.put("/json/order", data=b'{"orderId": 2}', content_type=type).status_code == status
    assert send(client, "PUT", "/json/order", {"orderId": 2})[0] == 200
    assert send(client, "PUT", "/json/order", {"orderId": 2, "jwtCookie": {"id": JOHN}})[0] == 403
    assert send(client, "PUT", "/json/order", {"orderId": 2}, fresh.user)[0] == 403


OTHER_SITES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
]
OUR_PAGES = [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}]


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_another_site_writes_nothing_by_a_visitors_cookie(fresh: Fresh, headers: Token) -> None:
    client = fresh.app.test_client()
    client.set_cookie("jwtCookie", token_of(fresh.admin))
    before = fresh.whole()
    requests = [("POST", "/json/category", {"title": "T"}), ("PUT", "/json/order/2", {"status": "x"})]
    for method, path, body in [*requests, ("DELETE", "/json/comment/1", None)]:
        assert send(client, method, path, body, headers)[0] == 403
    assert fresh.whole() == before
    assert client.get("/json/order/2", headers=headers).status_code == 200
    assert send(client, "PUT", "/json/order/2", {"status": "x"}, {**headers, **fresh.admin})[0] == 200


@pytest.mark.parametrize("headers", OUR_PAGES)
def test_a_page_of_ours_writes_by_its_cookie(fresh: Fresh, headers: Token) -> None:
    client = fresh.app.test_client()
    client.set_cookie("jwtCookie", token_of(fresh.admin))
    assert send(client, "PUT", "/json/order/2", {"status": "x"}, headers)[0] == 200
