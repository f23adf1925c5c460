"""Phantom's doors: what its document prints, its wire, the doors that it shares with Baasix, cookies and other sites."""

import json
import threading
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dialects.doors import CLOSED, CONFIG, OPEN, PASSWORD, House, cheap, cookies, empty_house, house
from tests.tables import each

__all__ = ["cheap", "empty_house", "house"]
JSON = {"Content-Type": "application/json"}
SETUP = """{
"email": "admin@example.com",
"password": "StrongPassw0rd!",
"name": "Super Admin"
}"""
PHANTOM_ALONE = CONFIG + "dialects: {baasix: {enabled: false}}\n"
APART = CONFIG + "dialects: {phantom: {mounts: {/auth: /phantom/auth}}}\n"


def refused(answer: TestResponse, status: int) -> dict[str, object]:
    """The body of a refusal in Phantom's envelope."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    body: dict[str, object] = answer.json
    assert body["success"] is False and isinstance(body["error"], str)
    assert set(body) <= {"success", "error", "details", "code", "message"}
    return body


# ---------------------------------------------------------------- set-up, as printed


def test_the_first_administrator_as_printed_and_no_second(empty_house: Callable[..., House]) -> None:
    house = empty_house()
    answer = house.client.post("/auth/setup", data=SETUP, headers=JSON)
    assert answer.status_code == 200
    user = answer.json["user"]
    assert answer.json | {"success": True, "message": "Admin user created successfully"} == answer.json
    assert user == {"id": user["id"], "email": "admin@example.com", "name": "Super Admin", "role": "admin"}
    again = refused(house.client.post("/auth/setup", data=SETUP, headers=JSON), 400)
    assert again["error"] == "Admin user already exists"
    login = house.client.post("/auth/login", json={"email": "admin@example.com", "password": "StrongPassw0rd!"})
    bearer = {"Authorization": f"Bearer {login.json['token']}"}
    assert house.client.get("/api/User/schema", headers=bearer).status_code == 200
    made = {"name": "John Doe", "email": "john.doe@example.com"}
    assert house.client.post("/api/User", json=made, headers=bearer).status_code == 201


def test_of_set_ups_at_once_one_succeeds(empty_house: Callable[..., House]) -> None:
    house, found = empty_house(), list[int]()
    barrier = threading.Barrier(4)

    def ask(number: int) -> None:
        barrier.wait()
        body = {"email": f"a{number}@example.com", "password": "StrongPassw0rd!"}
        found.append(house.client.post("/auth/setup", json=body).status_code)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 400, 400, 400]


GOOD = {"email": "a@example.com", "password": "StrongPassw0rd!"}
WRONG: list[tuple[dict[str, object], str]] = [
    ({"email": "nobody"}, "email"),
    ({"email": ""}, "email"),
    ({"email": 1}, "email"),
    ({"email": "a\x00@example.com"}, "email"),
    ({"email": "a" * 400 + "@example.com"}, "email"),
    ({"password": None}, "password"),
    ({"password": 12345678}, "password"),
    ({"password": "short"}, "password"),
    ({"password": "a@example.com"}, "password"),
    ({"password": "x" * 300}, "password"),
    ({"password": "x" * 3000}, "password"),
    ({"name": ["x"]}, "name"),
    ({"name": "x" * 300}, "name"),
    ({"role": "admin"}, "role"),
    ({"id": 1}, "id"),
    ({"is_active": True}, "is_active"),
]


@each("path", ["/auth/setup", "/auth/register"])
@each(("change", "member"), WRONG)
def test_what_is_wrong_with_an_account_is_told_by_member(
    house: House, path: str, change: dict[str, object], member: str
) -> None:
    answer = house.client.post(path, json=GOOD | change)
    body = refused(answer, 400)
    assert [each["path"] for each in body["details"]] == [member]  # type: ignore[attr-defined]
    assert "StrongPassw0rd!" not in answer.get_data(as_text=True)


# ---------------------------------------------------------------- signing in


def test_signing_in_gives_a_token_the_account_and_cookies(house: House) -> None:
    email = house.person(name="Kim")
    answer = house.client.post("/auth/login", json={"email": email.upper(), "password": PASSWORD})
    user = answer.json["user"]
    assert answer.json["success"] is True and answer.json["token"].count(".") == 2
    assert user | {"email": email, "name": "Kim", "role": "user"} == user
    set_cookies = cookies(answer)
    assert set(set_cookies) == {"token", "refresh_token"}
    assert set_cookies["token"].value == answer.json["token"]
    assert set_cookies["token"]["max-age"] == str(answer.json["expiresIn"]) == "3600"
    assert (set_cookies["token"]["path"], set_cookies["refresh_token"]["path"]) == ("/", "/auth")
    for cookie in set_cookies.values():
        assert cookie["httponly"] is True and cookie["samesite"] == "Strict" and not cookie["secure"]


def test_cookies_that_came_by_tls_stay_on_tls(house: House) -> None:
    body = {"email": house.person(), "password": PASSWORD}
    answer = house.client.post("/auth/login", json=body, base_url="https://example.com")
    assert all(cookie["secure"] is True for cookie in cookies(answer).values())


@pytest.mark.parametrize("roles", [("user",), ("administrator", "user")])
def test_a_token_holds_in_every_dialect_until_it_signs_out(house: House, roles: tuple[str, ...]) -> None:
    email = house.person(*roles)
    signed, other = house.signed(email), house.signed(email)
    assert house.statuses(signed["token"]) == OPEN
    answer = house.client.post("/auth/logout", headers={"Authorization": f"Bearer {signed['token']}"})
    assert (answer.status_code, answer.json) == (200, {"success": True, "message": "Logged out successfully"})
    assert house.statuses(signed["token"]) <= CLOSED
    assert house.client.post("/auth/refresh", json={"refreshToken": signed["refreshToken"]}).status_code == 401
    assert house.statuses(other["token"]) == OPEN


def test_a_user_of_the_configuration_signs_in_by_name(house: House) -> None:
    answer = house.client.post("/auth/login", json={"email": "carl", "password": "secret of Carl"})
    assert answer.json["user"] | {"id": "config:carl", "name": "carl", "role": "admin"} == answer.json["user"]
    assert house.statuses(answer.json["token"]) == OPEN


@pytest.mark.parametrize("who", ["known", "unknown", "without a password"])
def test_wrong_credentials_are_answered_alike(house: House, who: str) -> None:
    email = house.person() if who == "known" else "nobody@example.com"
    if who == "without a password":
        email = house.person()
        house.run("UPDATE _dragoman_users SET password_hash = NULL WHERE email = ?", email)
    answer = house.client.post("/auth/login", json={"email": email, "password": "wrong"})
    wrong = {"success": False, "error": "Invalid credentials", "message": "Incorrect password."}
    assert (answer.status_code, answer.json) == (401, wrong)


def test_a_disabled_account_is_told_so_by_its_password(house: House) -> None:
    email = house.person(active=False)
    answer = house.client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert refused(answer, 401)["error"] == "Account is disabled"


BODIES = ["{", "[]", "null", '"x"', "{}", '{"email": 1, "password": "x"}', '{"email": "a@b.c", "password": null}']
BODIES += ['{"email": "a\\u0000@b.c", "password": "x"}', '{"email": "a\\ud800", "password": "x"}', "[" * 5000]
BODIES += ['{"email": "a@b.c", "email": "d@e.f", "password": "x"}', '{"email": "a@b.c", "password": NaN}', ""]
BODIES += [json.dumps({"email": "a@b.c", "password": "x" * 2000}), '{"email": "a@b.c", "password": 12345678}']


@each("path", ["login", "setup", "register"])
@each("body", BODIES)
def test_a_body_that_is_no_sign_in_is_refused(house: House, path: str, body: str) -> None:
    refused(house.client.post(f"/auth/{path}", data=body, headers=JSON), 400)


@each("path", ["login", "setup", "register"])
@each("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_content_type_is_refused(house: House, path: str, kind: str) -> None:
    body = json.dumps({"email": "test@example.com", "password": "Us3r-Passw0rd!"})
    refused(house.client.post(f"/auth/{path}", data=body, content_type=kind), 415)


def test_too_large_a_body_is_refused(house: House) -> None:
    refused(house.client.post("/auth/login", json=GOOD | {"x": "x" * 300_000}), 413)


@pytest.mark.parametrize("header", ["Bearer stale", "Bearer a.b.c", "Basic YTpi"])
def test_a_stale_token_keeps_nobody_from_signing_in(house: House, header: str) -> None:
    body, client = {"email": house.person(), "password": PASSWORD}, house.browser()
    client.set_cookie("token", "stale")
    assert client.get("/api/notes").status_code == 403
    assert client.post("/auth/login", json=body, headers={"Authorization": header}).status_code == 200
    assert client.get("/api/notes").status_code == 200


# ---------------------------------------------------------------- registration


def test_who_registers_is_signed_in_without_a_cookie(house: House) -> None:
    answer = house.client.post("/auth/register", json={"email": "new.one@example.com", "password": PASSWORD})
    user = answer.json["user"]
    assert answer.status_code == 200 and answer.json["success"] is True and not cookies(answer)
    assert user == {"id": user["id"], "email": "new.one@example.com", "name": "new.one", "role": "user"}
    assert house.statuses(answer.json["token"]) == OPEN
    again = house.client.post("/auth/register", json={"email": "NEW.one@example.com", "password": PASSWORD})
    assert refused(again, 409)["error"] == "User already exists"


def test_registration_may_be_closed(empty_house: Callable[..., House]) -> None:
    house = empty_house(CONFIG.replace("registration: open", "registration: closed"))
    assert refused(house.client.post("/auth/register", json=GOOD), 403)["error"] == "Registration is closed"
    asked = house.client.post("/auth/register", json=GOOD | {"firstName": "A"})
    assert (asked.status_code, asked.json) == (403, {"message": "Registration is closed"})


# ---------------------------------------------------------------- refresh


def test_a_refresh_gives_the_next_tokens_once(house: House) -> None:
    signed = house.signed(house.person())
    body = {"refreshToken": signed["refreshToken"]}
    answer = house.client.post("/auth/refresh", json=body)
    assert answer.status_code == 200 and answer.json["success"] is True and not cookies(answer)
    assert answer.json["expiresIn"] == 3600 and answer.json["authMode"] == "jwt"
    assert house.statuses(answer.json["token"]) == OPEN
    again = house.client.post("/auth/refresh", json=body)
    assert refused(again, 401)["error"] == again.json["message"] == "Invalid or expired token"
    assert house.statuses(answer.json["token"]) <= CLOSED  # the family ends


def test_a_refresh_token_may_be_the_bearer(house: House) -> None:
    signed = house.signed(house.person())
    bearer = {"Authorization": f"Bearer {signed['refreshToken']}"}
    assert house.client.post("/auth/refresh", headers=bearer).status_code == 200


def test_a_browser_refreshes_by_its_cookie_alone(house: House) -> None:
    client = house.browser()
    signed = client.post("/auth/login", json={"email": house.person(), "password": PASSWORD}).json
    answer = client.post("/auth/refresh")
    assert answer.status_code == 200 and answer.json["authMode"] == "cookie"
    assert "refreshToken" not in answer.json and set(cookies(answer)) == {"token", "refresh_token"}
    assert answer.json["token"] != signed["token"]
    assert client.post("/auth/refresh").status_code == 200
    assert client.get("/api/notes").status_code == 200


def test_a_body_that_refreshes_renews_the_cookies_too(house: House) -> None:
    client = house.browser()
    signed = client.post("/auth/login", json={"email": house.person(), "password": PASSWORD}).json
    assert client.post("/auth/refresh", json={"refreshToken": signed["refreshToken"]}).json["refreshToken"]
    assert client.post("/auth/refresh").status_code == 200


@each("how", ["nothing", "access", "access as bearer", "garbage", "a number", "a key"])
def test_what_refreshes_nothing(house: House, how: str) -> None:
    token = str(house.signed(house.person())["token"])
    asked: dict[str, dict[str, object]] = {
        "nothing": {},
        "access": {"json": {"refreshToken": token}},
        "access as bearer": {"headers": {"Authorization": f"Bearer {token}"}},
        "garbage": {"json": {"refreshToken": "garbage"}},
        "a number": {"json": {"refreshToken": 7}},
        "a key": {"headers": {"X-API-Key": "drg_x"}},
    }
    answer = house.client.post("/auth/refresh", **asked[how])  # type: ignore[arg-type]
    body = refused(answer, 400 if how == "a number" else 401)
    assert body["error"] == "No token provided" if how == "nothing" else body["error"]
    assert house.statuses(token) == OPEN


# ---------------------------------------------------------------- signing out


def test_signing_out_by_cookie_ends_the_session_and_takes_the_cookies_back(house: House) -> None:
    client = house.browser()
    token = client.post("/auth/login", json={"email": house.person(), "password": PASSWORD}).json["token"]
    answer = client.post("/auth/logout")
    assert answer.status_code == 200
    assert {name: (c.value, c["max-age"]) for name, c in cookies(answer).items()} == dict.fromkeys(
        ("token", "refresh_token", "_csrf"), ("", "0")
    )
    assert client.get_cookie("token") is None and client.get_cookie("refresh_token", path="/auth") is None
    assert house.statuses(token) <= CLOSED


def test_signing_out_needs_no_token_but_a_wrong_one_is_told(house: House) -> None:
    assert house.client.post("/auth/logout").status_code == 200
    token = str(house.signed(house.person())["token"])
    bearer = {"Authorization": f"Bearer {token}"}
    assert [house.client.post("/auth/logout", headers=bearer).status_code for _ in range(2)] == [200, 200]
    answer = house.client.post("/auth/logout", headers={"Authorization": f"Bearer {token}x"})
    assert refused(answer, 403)["error"] == "Invalid or expired token"


def test_a_refresh_token_signs_out_when_the_access_token_is_over(house: House) -> None:
    signed = house.signed(house.person())
    answer = house.client.post("/auth/logout", json={"refreshToken": signed["refreshToken"]})
    assert answer.status_code == 200
    assert house.statuses(signed["token"]) <= CLOSED


# ---------------------------------------------------------------- other sites

OWN_SITE = [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
OWN_SITE += [{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}]
OTHER_SITE = [{"Origin": "null"}, {"Origin": "http://evil.example"}, {"Origin": "http://localhost.evil.example"}]
OTHER_SITE += [{"Origin": "http://localhost:81"}, {"Origin": "http://[bad"}, {"Sec-Fetch-Site": "cross-site"}]
OTHER_SITE += [{"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}]
OTHER_SITE += [{"Sec-Fetch-Site": "bogus"}, {"Origin": ""}]
WRITES = ("/api/notes", "/items/notes")
LOCAL = "http://localhost"


def browser(house: House) -> FlaskClient:
    """A browser in which somebody has signed in."""
    client = house.browser()
    assert client.post("/auth/login", json={"email": house.person(), "password": PASSWORD}).status_code == 200
    return client


@each("headers", OWN_SITE)
def test_a_page_of_ours_writes_by_cookie(house: House, headers: dict[str, str]) -> None:
    client = browser(house)
    for path in WRITES:
        assert client.post(path, json={"body": "x"}, headers=headers).status_code == 201
    assert client.post("/auth/refresh", headers=headers).status_code == 200
    assert client.post("/auth/logout", headers=headers).status_code == 200


@each("headers", OTHER_SITE)
def test_another_site_writes_nothing_by_cookie(house: House, headers: dict[str, str]) -> None:
    client = browser(house)
    for path in WRITES:
        assert client.post(path, json={"body": "x"}, headers=headers).status_code == 403
    body = refused(client.post("/api/notes", json={"body": "x"}, headers=headers), 403)
    assert (body["error"], body["code"]) == ("Invalid CSRF token", "CSRF_TOKEN_INVALID")
    for method, path in (("POST", "refresh"), ("POST", "logout"), ("GET", "logout"), ("POST", "password/change")):
        assert client.open(f"/auth/{path}", method=method, headers=headers).status_code == 403
    assert client.get("/api/notes", headers=headers).status_code == 200  # it cannot read the answer
    assert client.post("/auth/logout").status_code == 200  # the session stood


@each("headers", OTHER_SITE)
def test_a_token_in_a_header_needs_no_more(house: House, headers: dict[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {house.signed(house.person())['token']}"}
    assert house.client.post("/api/notes", json={"body": "x"}, headers=bearer | headers).status_code == 201


def test_a_csrf_token_speaks_for_a_page_that_the_browser_does_not_vouch_for(house: House) -> None:
    client, other = browser(house), browser(house)
    answer = client.get("/csrf-token")
    token, cookie = answer.json["csrfToken"], cookies(answer)["_csrf"]
    assert answer.json == {"success": True, "csrfToken": token} and cookie["httponly"] is True
    headers = {"Origin": "http://app.example", "X-CSRF-Token": token}
    assert client.post("/api/notes", json={"body": "x"}, headers=headers).status_code == 201
    assert client.get("/csrf-token/").json["csrfToken"] == token
    for wrong in ("", "x", token[:-1], token.upper(), "\xe9"):
        bad = headers | {"X-CSRF-Token": wrong}
        assert refused(client.post("/api/notes", json={"body": "x"}, headers=bad), 403)["code"]
    assert other.post("/api/notes", json={"body": "x"}, headers=headers).status_code == 403
    other.set_cookie("_csrf", cookie.value)  # a token is the session's, not only the cookie's
    assert other.post("/api/notes", json={"body": "x"}, headers=headers).status_code == 403


# ---------------------------------------------------------------- routes and brakes

ROUTES = [("setup", {"POST"}), ("login", {"POST"}), ("register", {"POST"}), ("refresh", {"POST"})]
ROUTES += [("logout", {"GET", "POST"}), ("me", {"GET"}), ("check", {"GET"}), ("password/change", {"POST"})]


@each(("route", "has"), [*ROUTES, ("../csrf-token", {"GET"})])
@each("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_door_lacks_methods_in_the_envelope(house: House, route: str, has: set[str], method: str) -> None:
    answer = house.client.open(f"/auth/{route}".replace("/auth/..", ""), method=method)
    if method in has:
        assert answer.status_code != 405
    else:
        body = refused(answer, 405)
        assert body["error"] == f"{method} method not allowed"
        assert has <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/auth", "/auth/", "/auth/nope", "/auth/login/x"])
def test_an_unknown_path_below_the_doors_is_told_in_both_envelopes(house: House, path: str) -> None:
    body = refused(house.client.get(path), 404)
    assert body["error"] == "Route not found" and body["message"]


def test_a_trailing_slash_is_tolerated(house: House) -> None:
    body = {"email": house.person(), "password": PASSWORD}
    assert house.client.post("/auth/login/", json=body).status_code == 200
    assert house.client.post("/auth/logout/").status_code == 200


@each("route", ["login", "register", "refresh", "setup", "logout"])
def test_a_parameter_nobody_knows_is_refused(house: House, route: str) -> None:
    assert "token" in str(refused(house.client.post(f"/auth/{route}?token=x", json={}), 400)["error"])


def test_who_knocks_too_often_waits_in_the_envelope(empty_house: Callable[..., House]) -> None:
    text = CONFIG.replace("open}", "open, limits: {sign_in: 2/minute, refresh: 1/minute, set_up: 1/minute}}")
    house = empty_house(text, braked=True)
    for path, free in (("/auth/login", 2), ("/auth/refresh", 1), ("/auth/setup", 1)):
        answers = [house.client.post(path, json={}) for _ in range(free + 1)]
        assert 429 not in [each.status_code for each in answers[:-1]]
        assert refused(answers[-1], 429)["error"] == "Too many requests, try again later"
        assert int(answers[-1].headers["Retry-After"]) > 0


# ---------------------------------------------------------------- who shares the path


def test_phantom_alone_answers_as_phantom(empty_house: Callable[..., House]) -> None:
    house = empty_house(PHANTOM_ALONE)
    email = house.person(name="Kim")
    signed = house.signed(email)
    assert set(signed) == {"success", "token", "refreshToken", "expiresIn", "user"}
    assert set(signed["user"]) == {"id", "email", "name", "role"}  # type: ignore[call-overload]
    wrong = house.client.post("/auth/login", json={"email": email, "password": "wrong"})
    assert wrong.json == {"success": False, "error": "Invalid credentials"}
    extra = house.client.post("/auth/login", json={"email": email, "password": PASSWORD, "zap": 1})
    assert "zap" in str(refused(extra, 400)["error"])
    named = house.client.post("/auth/register", json=GOOD | {"firstName": "A"})
    assert "firstName" in str(refused(named, 400)["error"])
    assert refused(house.client.get("/auth/me"), 404)["error"] == "Route not found"


def test_doors_that_are_moved_apart_answer_each_for_itself(empty_house: Callable[..., House]) -> None:
    house = empty_house(APART)
    body = {"email": house.person(), "password": PASSWORD}
    phantom, baasix = (house.client.post(f"{at}/login", json=body) for at in ("/phantom/auth", "/auth"))
    assert "permissions" not in phantom.json and cookies(phantom)["refresh_token"]["path"] == "/phantom/auth"
    assert "success" not in baasix.json and baasix.json["permissions"] and not cookies(baasix)
    assert refused(house.client.post("/phantom/auth/login", json={}), 400)["error"] == "Validation failed"
    assert house.client.post("/auth/login", json={}).json == {"message": "Email and password are required"}
    assert house.client.post("/auth/setup", json={}).status_code == 404
