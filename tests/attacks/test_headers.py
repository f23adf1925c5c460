"""What travels in headers: hosts, methods, origins, line breaks. None of it steers an answer, and none of it comes back."""

import itertools

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.attacks.conftest import Token, World
from tests.attacks.test_error_texts import clean
from tests.attacks.writing import ALICE, CREATE, Written
from tests.tables import each

LISTS = ("/api/people", "/json/people", "/v1/people", "/api/v1/people", "/schema/main/people", "/items/people")
ITEMS = ("/api/people/1", "/json/people/1", "/v1/people/1", "/api/v1/people/1", "/items/people/1")
DOORS = ("/auth/me", "/auth/check", "/csrf-token", "/user/info", "/v1/user", "/api/v1/user", "/permissions")
OTHERS = ("/", "/nowhere", "/server/info", "/api/people/schema", "/schema/main", "/permissions/explain")
EVERYWHERE = (*LISTS, *ITEMS, *DOORS, *OTHERS)


# ---------------------------------------------------------------- hosts and places

FORGED_HOSTS = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "evil",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "host=evil.example;proto=evil",
    "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil",
    "Referer": "http://evil.example/",
}


@each("path", EVERYWHERE)
def test_a_host_that_the_caller_invents_is_in_no_answer(client: FlaskClient, user: Token, path: str) -> None:
    plain = client.get(path, headers=user)
    answer = client.get(path, headers={**user, **FORGED_HOSTS})
    assert answer.status_code == plain.status_code
    assert "evil" not in answer.get_data(as_text=True) + str(answer.headers)


@pytest.mark.parametrize("dialect", CREATE)
def test_an_answer_to_a_write_leads_nowhere(written: Written, dialect: str) -> None:
    answer = written.send(CREATE[dialect]("papers", {"id": 100, "title": "x", "owner": ALICE}), headers=FORGED_HOSTS)
    assert answer.status_code in (200, 201)
    assert "Location" not in answer.headers and "evil" not in answer.get_data(as_text=True) + str(answer.headers)


ELSEWHERE = [
    "//evil.example",
    "//evil.example/api/people",
    "/\\evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example/",
]
ELSEWHERE += ["/api//evil.example", "/api", "/api/", "/items/people/", "/auth//evil.example", "/user/login//", "/?next=//evil.example"]  # fmt: skip


@each("path", ELSEWHERE)
def test_no_path_is_answered_with_another_place(client: FlaskClient, user: Token, path: str) -> None:
    for method in ("GET", "POST"):
        answer = client.open(path, method=method, headers=user)
        assert not 300 <= answer.status_code < 400 and "Location" not in answer.headers


# ---------------------------------------------------------------- line breaks and odd letters

BREAKS = (
    "a\r\nX-Evil: 1",
    "a\nX-Evil: 1",
    "a\rX-Evil: 1",
    '"a"\r\n\r\n<script>',
    "\u00e9\u00ff",
    "\x00",
    "a\x0bb",
    "%0d%0aX-Evil: 1",
)
CARRIERS = (
    *("X_REQUEST_ID", "AUTHORIZATION", "X_API_KEY", "COOKIE", "IF_MATCH", "IF_NONE_MATCH", "ORIGIN", "X_CSRF_TOKEN"),
    *("SEC_FETCH_SITE", "ACCEPT", "USER_AGENT"),
)


@each("carrier", CARRIERS)
def test_no_header_makes_another_header(client: FlaskClient, user: Token, carrier: str) -> None:
    headers = {} if carrier == "AUTHORIZATION" else user
    for path, text in itertools.product(("/api/people/1", "/json/people/1", "/items/people/1", "/v1/user"), BREAKS):
        answer = client.get(path, headers=headers, environ_overrides={f"HTTP_{carrier}": text})
        unbroken(answer, text)


def unbroken(answer: TestResponse, text: str) -> None:
    """An answer of ours, with the headers that are ours alone."""
    assert clean(answer.status_code, answer.get_data(as_text=True), text)
    assert "X-Evil" not in answer.headers and text not in answer.headers.values()
    assert not [value for value in answer.headers.values() if set(value) & set("\r\n\x00")]
    assert answer.headers["X-Request-Id"].isalnum()


@pytest.mark.parametrize("dialect", CREATE)
def test_no_value_of_a_row_makes_a_header(written: Written, dialect: str) -> None:
    for number, text in enumerate(("a\r\nX-Evil: 1", '"\r\n\r\n<script>alert(1)</script>'), 100):
        answer = written.send(CREATE[dialect]("papers", {"id": number, "title": text, "owner": ALICE}))
        assert answer.status_code in (200, 201)
        for told in (answer, written.send(("GET", f"/api/papers/{number}", None))):
            unbroken(told, text)


# ---------------------------------------------------------------- methods

HIDDEN, MISSING, FORBIDDEN = "vaults", "zzzzzz", "ledgers"
PLACES = ("/api/~", "/api/~/1", "/json/~", "/json/~/1", "/v1/~", "/v1/~/1", "/api/v1/~", "/schema/main/~", "/items/~", "/items/~/1")  # fmt: skip


@each("place", PLACES)
def test_a_head_is_a_get_without_its_body(client: FlaskClient, user: Token, place: str) -> None:
    """Also where the caller may not read: a HEAD tells no more than the GET."""
    for name, headers in itertools.product(("people", HIDDEN, MISSING, FORBIDDEN), (user, {})):
        got, head = (
            client.open(place.replace("~", name), method=method, headers=headers) for method in ("GET", "HEAD")
        )
        assert (head.status_code, head.get_data()) == (got.status_code, b"")
        varying = {"X-Request-Id", "X-Response-Time"} | ({"Content-Length"} if place.startswith("/api/v1") else set())
        both = [{k: v for k, v in each.headers.items() if k not in varying} for each in (got, head)]
        assert both[0] == both[1]


WRITERS = (
    *("/api/papers/create", "/api/papers/update", "/api/papers/delete", "/api/batch", "/items/papers/bulk"),
    *("/items/papers/import-csv", "/items/papers/import-json", "/items/parts/1/restore", "/permissions/reload"),
    *("/auth/login", "/auth/register", "/auth/refresh", "/auth/setup", "/user/login", "/v1/auth/login"),
    *("/api/v1/auth/login", "/v1/auth/logout", "/api/v1/auth/logout", "/user/logout"),
)


@pytest.mark.parametrize("path", WRITERS)
def test_nothing_is_written_or_signed_in_by_reading(written: Written, path: str) -> None:
    before = written.whole()
    told = "email=1@example.com&password=x&username=1@example.com&id=1"
    for method, by in itertools.product(("GET", "HEAD"), (ALICE, "admin")):
        answer = written.send((method, f"{path}?{told}", None), by=by)
        assert answer.status_code in (400, 404, 405) or path == "/user/logout", (answer.status_code, answer.text)
        assert "Set-Cookie" not in answer.headers and "token" not in answer.get_data(as_text=True)
    assert written.whole() == before
    assert written.send(("GET", "/items/papers", None)).status_code == 200  # nobody was signed out


@each("place", PLACES)
def test_options_tell_of_a_path_and_not_of_what_is_there(client: FlaskClient, user: Token, place: str) -> None:
    told = set()
    for name, headers in itertools.product(("people", HIDDEN, MISSING, FORBIDDEN), (user, {})):
        answer = client.options(place.replace("~", name), headers=headers)
        told.add((answer.status_code, answer.headers.get("Allow"), answer.get_data(as_text=True).replace(name, "~")))
    assert len(told) == 1, told
    assert "TRACE" not in str(told)


@each("method", ["TRACE", "CONNECT", "PROPFIND", "get", "FOO"])
def test_a_method_that_is_none_is_refused(client: FlaskClient, user: Token, method: str) -> None:
    for path in (*LISTS, "/auth/login", "/server/info"):
        answer = client.open(path, method=method, headers={**user, "X-Mark": "ECHOMARK"})
        assert answer.status_code in (404, 405) or method == "get"
        assert "ECHOMARK" not in answer.get_data(as_text=True)


# ---------------------------------------------------------------- pages of other sites

ORIGINS = ("http://evil.example", "null", "http://localhost.evil.example", "https://localhost", "http://localhost")


@each("path", EVERYWHERE)
def test_no_page_of_another_site_reads_an_answer(client: FlaskClient, user: Token, path: str) -> None:
    asked = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Private-Network": "true"}
    for origin in ORIGINS:
        for method in ("GET", "OPTIONS"):
            answer = client.open(path, method=method, headers={**user, **asked, "Origin": origin})
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


MARKUP = "<script>alert(1)</script>"
ECHOES = (
    *(path.replace("people", MARKUP) for path in (*LISTS, *ITEMS)),
    *(f"{path}?{MARKUP}=1" for path in LISTS),
    *("/api/people?sort=<script>", "/json/people?sort=<script>", "/items/people?fields=<script>", "/v1/people?sort=<script>"),
    *("/<script>", "/auth/<script>", "/schema/<script>", "/permissions/<script>", "/user/<script>"),
)  # fmt: skip


@each("path", ECHOES)
def test_what_is_echoed_is_never_a_page(client: FlaskClient, user: Token, path: str) -> None:
    answer = client.get(path, headers={**user, "Accept": "text/html"})
    assert answer.status_code >= 400
    assert answer.content_type in ("application/json", "application/problem+json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# ---------------------------------------------------------------- what may be kept


@each("path", EVERYWHERE)
def test_an_answer_is_kept_by_nobody_or_by_its_reader_alone(world: World, client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": f"Bearer {world.token('admin')}"}):
        answer = client.get(path, headers=headers)
        if "ETag" in answer.headers:
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert {"Authorization", "Cookie", "X-API-Key"} <= set(answer.headers["Vary"].split(", "))
            again = client.get(path, headers={**headers, "If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.headers["Vary"]) == (304, answer.headers["Vary"])
        else:
            assert answer.headers["Cache-Control"] == "no-store"
