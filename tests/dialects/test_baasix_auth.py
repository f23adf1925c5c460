"""Baasix's doors: registration, sign-in, who one is and what one may do, passwords; and that no hash ever leaves."""

import json
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.dialects.doors import CLOSED, CONFIG, OPEN, PASSWORD, House, cheap, cookies, empty_house, house
from tests.tables import each

__all__ = ["cheap", "empty_house", "house"]
GOOD = {"email": "b@example.com", "password": PASSWORD, "firstName": "Bea"}
BAASIX_ALONE = CONFIG + "dialects: {phantom: {enabled: false}}\n"
RIGHTS = [
    {"collection": "notes", "action": "create", "fields": ["body"]},
    {"collection": "notes", "action": "read", "fields": ["body", "id"]},
]
NAMES = {"id", "email", "firstName", "lastName", "name", "phone"}


def refused(answer: TestResponse, status: int) -> str:
    """The sentence of a refusal that is Baasix's alone."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert set(answer.json) == {"message"}
    return str(answer.json["message"])


def bearer(token: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# ---------------------------------------------------------------- registration


def test_who_registers_is_told_who_he_is(house: House) -> None:
    asked = GOOD | {"email": "test@example.com", "firstName": "Test", "lastName": "User", "phone": "+1 2"}
    answer = house.client.post("/auth/register", json=asked)
    body = answer.json
    assert answer.status_code == 200 and not cookies(answer)
    assert body["message"] == "User registered successfully" and body["authMode"] == "jwt" and body["tenant"] is None
    assert body["role"] == {"id": body["role"]["id"], "name": "user", "isTenantSpecific": False}
    assert body["role"]["id"] and body["permissions"] == RIGHTS
    user = {"email": "test@example.com", "firstName": "Test", "lastName": "User", "name": "Test User", "phone": "+1 2"}
    assert body["user"] == user | {"id": body["user"]["id"]}
    assert house.statuses(body["token"]) == OPEN
    assert refused(house.client.post("/auth/register", json=asked), 409) == "User already exists"


def test_a_registration_may_ask_for_cookies(house: House) -> None:
    answer = house.client.post("/auth/register", json=GOOD | {"email": "c@example.com", "authMode": "cookie"})
    assert answer.json["authMode"] == "cookie" and set(cookies(answer)) == {"token", "refresh_token"}


@each("change", [{"email": None}, {"password": ""}, {"firstName": ""}, {"firstName": None}, {"email": 1}])
def test_what_a_registration_needs(house: House, change: dict[str, object]) -> None:
    answer = house.client.post("/auth/register", json=GOOD | change)
    assert refused(answer, 400) == "Email, password, and firstName are required"


WRONG: list[tuple[dict[str, object], int, str]] = [
    ({"email": "nobody"}, 400, "email"),
    ({"password": "short"}, 400, "password"),
    ({"password": "x" * 300}, 400, "password"),
    ({"firstName": "x" * 300}, 400, "firstName"),
    ({"lastName": 1}, 400, "lastName"),
    ({"phone": "\x00"}, 400, "phone"),
    ({"authMode": "bogus"}, 400, "authMode"),
    ({"tenant": {"name": "Mine"}}, 400, "tenant"),
    ({"inviteToken": "x"}, 400, "inviteToken"),
    ({"roleName": "administrator"}, 403, "role"),
    ({"roleName": "admin"}, 403, "role"),
    ({"roleName": ["administrator"]}, 400, "roleName"),
]


@each(("change", "status", "word"), WRONG)
def test_what_is_wrong_with_a_registration(house: House, change: dict[str, object], status: int, word: str) -> None:
    assert word in refused(house.client.post("/auth/register", json=GOOD | change), status)


def test_members_that_mean_nothing_give_nothing(house: House) -> None:
    favours = {"role": "administrator", "role_Id": "1", "is_active": True, "tenant_id": "x", "password_hash": "x"}
    asked = GOOD | {"email": "sly@example.com", "roleName": "user"} | favours
    body = house.client.post("/auth/register", json=asked).json
    assert (body["role"]["name"], body["tenant"]) == ("user", None)
    assert house.client.get("/items/vaults", headers=bearer(body["token"])).status_code == 403


# ---------------------------------------------------------------- signing in


@pytest.mark.parametrize("text", [CONFIG, BAASIX_ALONE])
def test_signing_in_tells_token_account_role_rights_and_tenant(empty_house: Callable[..., House], text: str) -> None:
    house = empty_house(text)
    email = house.person(first_name="Test", last_name="User")
    answer = house.client.post("/auth/login", json={"email": email, "password": PASSWORD})
    body = answer.json
    assert set(body) - {"success"} == {
        *("token", "refreshToken", "expiresIn", "authMode", "user", "role", "permissions", "tenant")
    }
    assert body["role"]["name"] == "user" and body["permissions"] == RIGHTS and body["tenant"] is None
    assert set(body["user"]) - {"role"} == NAMES
    assert bool(cookies(answer)) is ("success" in body)  # Phantom always sets them
    kept = house.client.post("/auth/login", json={"email": email, "password": PASSWORD, "authMode": "cookie"})
    assert kept.json["authMode"] == "cookie" and set(cookies(kept)) == {"token", "refresh_token"}
    extra = house.client.post("/auth/login", json={"email": email, "password": PASSWORD, "zap": 1, "authType": "web"})
    assert extra.status_code == 200


def test_baasix_alone_answers_as_baasix(empty_house: Callable[..., House]) -> None:
    house = empty_house(BAASIX_ALONE)
    wrong = house.client.post("/auth/login", json={"email": "nobody@example.com", "password": "x"})
    assert refused(wrong, 401) == "Incorrect password."
    assert refused(house.client.post("/auth/login", json={}), 400) == "Email and password are required"
    assert refused(house.client.post("/auth/refresh"), 401) == "No token provided"
    assert refused(house.client.post("/auth/refresh", json={"refreshToken": "x"}), 401) == "Invalid or expired token"
    without = house.client.post("/auth/register", json={"email": "a@example.com", "password": PASSWORD})
    assert refused(without, 400) == "Email, password, and firstName are required"
    assert refused(house.client.post("/auth/logout"), 405) == "POST method not allowed"
    assert house.client.post("/auth/setup", json={}).status_code == 404
    assert house.client.get("/csrf-token").status_code == 404


@pytest.mark.parametrize("change", [{"authMode": "bogus"}, {"authMode": 1}, {"tenant_Id": 1}, {"authType": []}])
def test_a_sign_in_that_asks_for_what_there_is_not(house: House, change: dict[str, object]) -> None:
    answer = house.client.post("/auth/login", json={"email": house.person(), "password": PASSWORD} | change)
    assert answer.status_code == 400 and next(iter(change)) in answer.json["message"]


def test_a_sign_in_names_no_tenant_but_ones_own(house: House) -> None:
    mine, other = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    for id in (mine, other):
        house.run("DELETE FROM _dragoman_tenants WHERE id = ?", id)
        house.run("INSERT INTO _dragoman_tenants (id, name) VALUES (?, ?)", id, f"Tenant {id[0]}")
    asked = {"email": house.person(tenant_id=mine), "password": PASSWORD}
    body = house.client.post("/auth/login", json=asked | {"tenant_Id": mine}).json
    assert body["tenant"] == {"id": mine, "name": "Tenant 1"}
    assert house.client.get("/auth/me", headers=bearer(body["token"])).json["tenant"] == body["tenant"]
    answer = house.client.post("/auth/login", json=asked | {"tenant_Id": other})
    assert answer.status_code == 403 and "tenant" in answer.json["message"] and not cookies(answer)
    over = "SELECT s.revoked_at IS NULL FROM _dragoman_sessions s JOIN _dragoman_users u ON u.id = s.user_id WHERE u.email = ?"
    assert sorted(bool(stands) for (stands,) in house.rows(over, asked["email"])) == [False, True]


# ---------------------------------------------------------------- who one is


def test_me_is_the_account_its_role_its_rights_and_its_tenant(house: House) -> None:
    signed = house.signed(house.person(first_name="Kim"))
    body = house.client.get("/auth/me", headers=bearer(signed["token"])).json
    assert set(body) == {"user", "role", "permissions", "tenant", "data"}
    assert (body["user"]["firstName"], body["role"]["name"], body["permissions"]) == ("Kim", "user", RIGHTS)
    assert set(body["user"]) == NAMES  # no rule shows more of the row


def test_me_shows_what_rules_show_of_ones_own_row(empty_house: Callable[..., House]) -> None:
    rule = "rules: [{role: user, resource: accounts, actions: [read], fields: [id, created_at], where: {id: $CURRENT_USER}}]"
    house = empty_house(f"{CONFIG}{rule}\n")
    user = house.client.get("/auth/me", headers=bearer(house.signed(house.person())["token"])).json["user"]
    assert set(user) == NAMES | {"createdAt"}


def test_an_administrator_may_everything(house: House) -> None:
    signed = house.signed(house.person("administrator"))
    body = house.client.get("/auth/me", headers=bearer(signed["token"])).json
    assert body["role"]["name"] == "administrator"
    assert {"collection": "vaults", "action": "delete", "fields": ["*"]} in body["permissions"]
    assert {"collection": "notes", "action": "read", "fields": ["*"]} in body["permissions"]
    assert body["user"]["isActive"] is True


def test_a_user_of_the_configuration_is_somebody_too(house: House) -> None:
    answer = house.client.post("/auth/login", json={"email": "carl", "password": "secret of Carl"})
    body = house.client.get("/auth/me", headers=bearer(answer.json["token"])).json
    assert (body["user"]["id"], body["user"]["name"], body["role"]["name"]) == ("config:carl", "carl", "administrator")


def test_who_shows_no_good_token_is_nobody(house: House) -> None:
    assert refused(house.client.get("/auth/me"), 401) == "Unauthorized"
    answer = house.client.get("/auth/me", headers=bearer("garbage"))
    assert refused(answer, 401) == "Invalid or expired token"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_can_be_checked(house: House) -> None:
    signed = house.signed(house.person())
    user = house.client.get("/auth/me", headers=bearer(signed["token"])).json["user"]
    good = house.client.get("/auth/check", headers=bearer(signed["token"]))
    assert (good.status_code, good.json) == (200, {"valid": True, "user": {"id": user["id"]}})
    none = house.client.get("/auth/check")
    assert (none.status_code, none.json) == (401, {"valid": False, "message": "No token provided"})
    for bad in ("garbage", signed["refreshToken"]):
        answer = house.client.get("/auth/check", headers=bearer(bad))
        assert (answer.status_code, answer.json) == (401, {"valid": False, "message": "Invalid or expired token"})


def test_a_cookie_is_as_good_as_the_header(house: House) -> None:
    client = house.browser()
    client.post("/auth/login", json={"email": house.person(), "password": PASSWORD, "authMode": "cookie"})
    assert client.get("/auth/me").status_code == client.get("/items/notes").status_code == 200
    assert client.get("/auth/check").json["valid"] is True
    assert client.get("/auth/logout").json == {"message": "Logged out successfully"}
    assert client.get("/auth/check").json == {"valid": False, "message": "No token provided"}


def test_signing_out_ends_the_session_everywhere(house: House) -> None:
    signed = house.signed(house.person())
    assert house.statuses(signed["token"]) == OPEN
    answer = house.client.get("/auth/logout", headers=bearer(signed["token"]))
    assert (answer.status_code, answer.json) == (200, {"message": "Logged out successfully"})
    assert house.statuses(signed["token"]) <= CLOSED
    assert refused(house.client.get("/auth/logout", headers=bearer("garbage")), 401) == "Invalid or expired token"


# ---------------------------------------------------------------- passwords

NEW = "another-Horse-7"


@pytest.mark.parametrize("path", ["password/change", "change-password"])
def test_another_password_ends_every_session_and_begins_one(house: House, path: str) -> None:
    email = house.person()
    signed, other = house.signed(email), house.signed(email)
    asked = {"currentPassword": PASSWORD, "newPassword": NEW}
    answer = house.client.post(f"/auth/{path}", json=asked, headers=bearer(signed["token"]))
    assert answer.json["message"] == "Password changed successfully" and not cookies(answer)
    assert house.statuses(answer.json["token"]) == OPEN
    for over in (signed, other):
        assert house.statuses(over["token"]) <= CLOSED
    assert house.client.post("/auth/login", json={"email": email, "password": PASSWORD}).status_code == 401
    assert house.client.post("/auth/login", json={"email": email, "password": NEW}).status_code == 200


CHANGES: list[tuple[dict[str, object], int, str]] = [
    ({"currentPassword": "wrong"}, 401, "Incorrect password."),
    ({"currentPassword": None}, 400, "currentPassword is required"),
    ({"newPassword": None}, 400, "newPassword is required"),
    ({"newPassword": 12345678}, 400, "newPassword is required"),
    ({"newPassword": "short"}, 400, "Validation failed: "),
    ({"newPassword": "x" * 2000}, 400, "newPassword"),
]


@each(("change", "status", "text"), CHANGES)
def test_what_changes_no_password(house: House, change: dict[str, object], status: int, text: str) -> None:
    signed = house.signed(house.person())
    asked = {"currentPassword": PASSWORD, "newPassword": NEW} | change
    answer = house.client.post("/auth/password/change", json=asked, headers=bearer(signed["token"]))
    assert text in refused(answer, status) and NEW not in answer.get_data(as_text=True)
    assert house.statuses(signed["token"]) == OPEN


def test_who_is_nobody_changes_no_password(house: House) -> None:
    asked = {"currentPassword": PASSWORD, "newPassword": NEW}
    assert refused(house.client.post("/auth/password/change", json=asked), 401) == "Unauthorized"
    carl = house.client.post("/auth/login", json={"email": "carl", "password": "secret of Carl"}).json["token"]
    assert house.client.post("/auth/password/change", json=asked, headers=bearer(carl)).status_code == 403


# ---------------------------------------------------------------- nothing leaks


def test_no_answer_of_any_door_holds_a_hash(house: House) -> None:
    client, email = house.browser(), house.person("administrator")
    answers = [
        client.post("/auth/register", json=GOOD | {"email": "hash@example.com"}),
        client.post("/auth/register", json=GOOD | {"email": "hash@example.com"}),
        client.post("/auth/login", json={"email": email, "password": "wrong"}),
        client.post("/auth/login", json={"email": email, "password": PASSWORD}),
        *(client.get(path) for path in ("/auth/me", "/auth/check", "/csrf-token")),
        client.post("/auth/refresh"),
        client.post("/auth/password/change", json={"currentPassword": PASSWORD, "newPassword": NEW}),
        client.get("/auth/me"),
    ]
    assert [answer.status_code for answer in answers] == [200, 409, 401, 200, 200, 200, 200, 200, 200, 200]
    text = json.dumps([[answer.get_data(as_text=True), *answer.headers.values()] for answer in answers])
    assert "argon2" not in text and 'hash"' not in text.replace("hash@", "") and PASSWORD not in text
