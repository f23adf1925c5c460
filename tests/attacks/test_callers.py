"""Who is calling: several tokens at once, cookies of other sites' making, all doors under one brake, secrets in logs."""

import io
import itertools
import json
import logging
import sys
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud import doors, logs
from crud.identity import accounts, keys
from tests.attacks.writing import ALICE, BOB, CREATE, DELETE, UPDATE, Row, Written
from tests.dialects.conftest import SECRET, sibling

COOKIES = {"/api": "token", "/items": "token", "/permissions": "token", "/json": "jwtCookie"}


def token(written: Written, name: str) -> str:
    return written.headers[name]["Authorization"].removeprefix("Bearer ")


def browser(written: Written, name: str) -> FlaskClient:
    """A browser that holds the cookies of a caller, under every name that some dialect reads."""
    client = written.app.test_client()
    for cookie in {*COOKIES.values()}:
        client.set_cookie(cookie, token(written, name))
    return client


# ---------------------------------------------------------------- two callers at once

LISTS = ("/api/papers", "/json/papers", "/v1/papers", "/api/v1/papers", "/schema/main/papers", "/items/papers")


@pytest.mark.parametrize("path", LISTS)
def test_a_header_counts_and_a_cookie_beside_it_adds_nothing(written: Written, path: str) -> None:
    client = browser(written, "admin")
    alone = written.send(("GET", path, None)).get_data().partition(b'"executionTime"')[0]
    both = client.get(path, headers=written.headers[ALICE])
    assert both.get_data().partition(b'"executionTime"')[0] == alone and b"GHOSTMARK" not in alone
    stale = client.get(path, headers={"Authorization": "Bearer stale"})
    assert stale.status_code in (401, 403) and b"Mine" not in stale.data


@pytest.mark.parametrize("dialect", CREATE)
def test_who_writes_is_who_the_header_says(written: Written, dialect: str) -> None:
    before, client = written.whole(), browser(written, "admin")
    for method, path, body in (CREATE[dialect]("papers", {"id": 100, "title": "HACKED", "owner": BOB}),):
        answer = client.open(path, method=method, json=body, headers=written.headers[ALICE])
        assert answer.status_code in (401, 403), answer.json
    assert written.whole() == before


@pytest.mark.parametrize("path", [*LISTS, "/v1/user", "/auth/me", "/permissions"])
def test_two_tokens_in_headers_are_none(written: Written, path: str) -> None:
    key = keys.add(written.database, account=written.ids["admin"], name="two", scopes=("*",))
    for more in ({"X-API-Key": key}, {"X-API-Key": token(written, "admin")}, {"X-API-Key": ""}):
        answer = written.send(("GET", path, None), headers=more)
        assert answer.status_code in (401, 403) and "Mine" not in answer.text
    twice = f"{token(written, ALICE)}, Bearer {token(written, 'admin')}"
    answer = written.client.get(path, headers={"Authorization": f"Bearer {twice}"})
    assert answer.status_code in (401, 403)


# ---------------------------------------------------------------- pages of other sites

OTHER_SITES = ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"})  # fmt: skip


def by_cookie(dialects: dict[str, Callable[..., object]]) -> list[str]:
    """The ways to write that take a cookie at all."""
    return [name for name in dialects if name.split()[0] in ("phantom", "xond", "baasix")]


@pytest.mark.parametrize("headers", OTHER_SITES, ids=str)
def test_no_write_by_cookie_comes_from_another_site(written: Written, headers: dict[str, str]) -> None:
    """A browser sends the cookies along, also where the type of a body makes it ask nobody first."""
    before, client = written.whole(), browser(written, "admin")
    row: Row = {"id": 100, "title": "HACKED", "owner": ALICE}
    ways = [CREATE[name]("papers", row) for name in by_cookie({**CREATE})]
    ways += [UPDATE[name]("papers", 1, {"title": "HACKED"}) for name in by_cookie({**UPDATE})]
    ways += [DELETE[name]("papers", 1) for name in by_cookie({**DELETE})]
    ways += [("POST", "/permissions", {"role_Id": "x"}), ("POST", "/permissions/reload", {})]
    ways += [(method, "/auth/logout", {}) for method in ("GET", "HEAD", "POST")]
    for (method, path, body), kind in itertools.product(ways, ("application/json", "text/plain", "")):
        answer = client.open(path, method=method, data=json.dumps(body), content_type=kind, headers=headers)
        assert answer.status_code == 403 or (path == "/auth/logout" and kind != "application/json"), (path, answer.text)
    form = {"csvFile": (io.BytesIO(b"id,title\r\n100,HACKED\r\n"), "x.csv", "text/csv")}
    assert client.post("/items/papers/import-csv", data=form, headers=headers).status_code == 403
    assert client.get("/items/papers").status_code == 200  # and nobody was signed out
    assert written.whole() == before


@pytest.mark.parametrize("headers", OTHER_SITES, ids=str)
def test_no_dialect_without_cookies_takes_one(written: Written, headers: dict[str, str]) -> None:
    before, client = written.whole(), browser(written, "admin")
    for name in ("sonicjs", "sonicjs wrapped", "metal"):
        for method, path, body in (CREATE[name]("papers", {"id": 100, "title": "HACKED"}), DELETE[name]("papers", 1)):
            for more in ({}, headers):
                assert client.open(path, method=method, json=body, headers=more).status_code in (401, 403)
    assert written.whole() == before


# ---------------------------------------------------------------- doors

DOOR = """
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}", registration: open, limits: {sign_in: 4/minute, register: 2/minute}}
"""
SIGN_IN = {"email": "nobody@example.com", "password": "x"}
DOORS = (("/auth/login", SIGN_IN), ("/user/login", {"username": "nobody@example.com", "password": "x"}),
         ("/v1/auth/login", SIGN_IN), ("/api/v1/auth/login", SIGN_IN))  # fmt: skip
PATHS = [f"{path}{end}" for path, end in itertools.product((path for path, _ in DOORS), ("/", ""))]


@pytest.fixture
def braked(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service whose doors are slow."""
    app = make_app(DOOR, sibling(database_url, tmp_path_factory), braked=True)
    return app.test_client(use_cookies=False)


def test_all_ways_to_sign_in_are_under_one_brake(braked: FlaskClient) -> None:
    """Whichever dialect is asked, however its path is written, whatever is claimed of the caller."""
    assert [braked.post(path, json=body).status_code for path, body in DOORS] == [401] * 4
    for path, body in DOORS:
        for written in (path, f"{path}/", path.replace("/login", "%2flogin"), path.replace("login", "%6cogin")):
            answer = braked.post(written, json=body, headers={"X-Forwarded-For": "198.51.100.1", "X-Real-IP": "::1"})
            assert answer.status_code == 429, (written, answer.json)
            assert int(answer.headers["Retry-After"]) > 0
        for other in (
            path.upper(),
            path.replace("/login", "//login"),
            path.replace("/login", "/./login"),
            f"{path};x=1",
        ):
            assert braked.post(other, json=body).status_code in (404, 405), other


def test_all_ways_to_register_are_under_one_brake(braked: FlaskClient) -> None:
    ways: list[tuple[str, Row]] = [("/auth/register", {}), ("/auth/register", {"firstName": "x"}), ("/v1/users", {"data": {}}), ("/api/v1/users", {"data": {}})]  # fmt: skip
    statuses = [braked.post(path, json=body).status_code for path, body in ways * 2]
    assert 429 not in statuses[:2] and statuses[4:] == [429] * 4, statuses


# ---------------------------------------------------------------- secrets


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """All that the service and its libraries log."""
    written = StringIO()
    caplog.set_level(logging.DEBUG)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        logs.configure()
        yield lambda: written.getvalue() + caplog.text
    logs.configure()


def test_no_token_key_or_password_is_logged(
    written: Written, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where all is well nor where the service itself fails, wherever the secret stands in the request."""
    account = accounts.load_account(written.database, written.ids[ALICE])
    assert account is not None
    snapshot = written.app.extensions["dragoman"].state.current()
    signed, key = (
        doors.open_session(snapshot, account),
        keys.add(written.database, account=account.id, name="k", scopes=("*",)),
    )
    password = "Pass-w0rd-of-nobody"
    asked: list[tuple[str, str, dict[str, object]]] = [
        ("GET", "/items/papers", {"headers": {"X-API-Key": key}}),
        ("GET", "/items/papers", {"headers": {"Authorization": f"Bearer {key}x"}}),
        ("GET", "/api/papers", {"headers": {"Authorization": f"Bearer {signed.refresh_token}"}}),
        ("GET", f"/v1/user?sessionId={signed.token}", {}),
        ("POST", "/auth/login", {"json": {"email": "1@example.com", "password": password}}),
        ("POST", "/user/login", {"json": {"username": "1@example.com", "password": password}}),
        (
            "POST",
            "/json/papers",
            {"json": {"id": 100, "title": "x", "owner": ALICE, "jwtCookie": {"token": signed.token}}},
        ),
        ("POST", "/auth/refresh", {"json": {"refreshToken": f"{signed.refresh_token}x"}}),
        ("POST", "/auth/refresh", {"json": {"refreshToken": signed.refresh_token}}),
    ]
    for method, path, more in asked:
        assert written.client.open(path, method=method, **more).status_code < 500  # type: ignore[arg-type]

    def failing(*_: object, **__: object) -> object:
        raise RuntimeError("broken")

    monkeypatch.setattr(doors, "sign_in", failing)
    monkeypatch.setattr(doors, "refresh", failing)
    monkeypatch.setattr(accounts, "account_of_session", failing)
    monkeypatch.setattr(keys, "behind", failing)
    failed = [written.client.open(path, method=method, **more) for method, path, more in asked]  # type: ignore[arg-type]
    assert 500 in {answer.status_code for answer in failed}
    assert "internal error" in logged() and "broken" in logged()
    secrets = {signed.token, signed.refresh_token, key, password, keys.digest(key), "argon2", written.url}
    assert not [secret for secret in secrets if secret in logged()]
    assert not [secret for secret in secrets for answer in failed if secret in answer.text]


WHERE_HASHES_COULD_BE = (
    "/permissions/explain?resource=users&action=read", "/permissions/explain?resource=system.users&action=read",
    "/permissions", "/items/baasix_Permission?fields=*,role.*", "/items/baasix_Role?fields=*,userRoles.user.*",
    "/items/baasix_User?fields=*,userRoles.*,userRoles.role.*,tenant.*", "/schema/system/users", "/schema/system/audit",
    "/auth/me", "/user/info", "/v1/user", "/api/v1/auth/user", "/api/User/schema", "/api/schema/User",
    '/items/baasix_User?groupBy=email&aggregate={"n":{"function":"array_agg","field":"name"}}',
    "/items/clients?fields=org.*,*", "/items/papers?fields=author.*,*", "/api/papers?populate=author",
    "/json/papers?include=author", "/v1/papers?includeRelations=true",
)  # fmt: skip


@pytest.mark.parametrize("path", WHERE_HASHES_COULD_BE)
def test_no_answer_holds_the_hash_of_anybody(written: Written, path: str) -> None:
    text = "UPDATE _dragoman_users SET password_hash = '$argon2id$HASHMARK' WHERE password_hash IS NOT NULL"
    with written.database.transaction() as session:
        session.execute(text)
    for by in ("admin", ALICE):
        answer = written.send(("GET", path, None), by=by)
        assert answer.status_code < 500
        assert "HASHMARK" not in answer.text and "argon2" not in answer.text


TOLD = (
    *(
        "/server/info",
        "/api/schema/papers",
        "/api/papers/schema",
        "/schema/main",
        "/schema/system",
        "/schema/main/papers",
    ),
    *("/items/baasix_User", "/v1/papers?includeContentType=true", "/user/info", "/auth/me", "/permissions", "/nowhere"),
    "/permissions/explain?resource=papers&action=read",
)


@pytest.mark.parametrize("path", TOLD)
def test_nothing_that_is_configured_as_a_secret_is_in_an_answer(written: Written, path: str) -> None:
    folder_or_server = written.url.partition("://")[2].partition("?")[0]
    for by in ("admin", ALICE):
        answer = written.send(("GET", path, None), by=by)
        told = answer.text + str(answer.headers)
        assert not [text for text in (SECRET, written.url, folder_or_server, "DATABASE_URL") if text in told]
