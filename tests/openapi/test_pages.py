"""`/docs`: every resource with its endpoints in each dialect, Swagger UI, offline and under a strict policy."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.openapi.conftest import DIALECTS, World
from tests.openapi.test_documents import MOVED
from tests.tables import each

POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
}


class Page(HTMLParser):
    """What a page says, what it has of its own against the policy, and which files it takes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: list[str] = []
        self.inline: list[str] = []
        self.words: list[str] = []
        self.within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.within = tag
        self.files += [
            value for name in ("src", "href") if (value := said.get(name)) and tag in ("script", "link", "img")
        ]
        self.inline += [f"{tag}.{name}" for name in said if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in said):
            self.inline.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())
            if self.within == "script":
                self.inline.append(data)


def policy(answer: TestResponse) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


@each("path", ("/docs", *(f"/docs/{dialect}" for dialect in DIALECTS)))
def test_pages_keep_their_own_policy(home: World, path: str) -> None:
    client = home.app.test_client()
    answer = client.get(path, headers=home.callers["user"])
    page = Page(answer.text)
    assert answer.status_code == 200 and answer.mimetype == "text/html" and policy(answer) == POLICY
    assert page.inline == [] and page.files and all(file.startswith("/docs/") for file in page.files)
    for file in page.files:
        with client.get(file) as given:
            assert given.status_code == 200 and given.mimetype in ("text/css", "text/javascript", "image/png"), file
            assert given.headers["X-Content-Type-Options"] == "nosniff"


def test_styles_and_scripts_ask_no_other_host(home: World) -> None:
    client = home.app.test_client()
    for name in (
        "/docs/static/docs.css",
        "/docs/static/start.js",
        "/docs/static/swagger.js",
        "/docs/swagger-ui/swagger-ui.css",
    ):
        with client.get(name) as given:
            asked = re.findall(r"(?:url\(|@import|fetch\()\s*[\"']?((?:https?:)?//[^\"')]+)", given.text)
            assert asked == [], name


def test_every_resource_is_listed_with_its_endpoints_in_each_dialect(home: World) -> None:
    said = Page(home.app.test_client().get("/docs", headers=home.callers["user"]).text).words
    assert {"kinds", "owners", "things", "Order Details"} <= set(said)
    for dialect in DIALECTS:
        found = home.app.test_client().get(f"/openapi.json?dialect={dialect}", headers=home.callers["user"]).get_json()
        assert set(found["paths"]) <= set(said), dialect


def test_a_caller_sees_what_he_may_do(home: World) -> None:
    client = home.app.test_client()
    nobody, admin = (Page(client.get("/docs", headers=home.callers[who]).text).words for who in ("anon", "admin"))
    assert "kinds" in nobody and "things" not in nobody and "/api/Thing" not in nobody
    assert "/api/Thing" in admin and "system.users" in admin
    client.set_cookie("token", home.callers["admin"]["Authorization"].removeprefix("Bearer "))
    assert Page(client.get("/docs").text).words == admin


def test_names_are_text(make_app: Callable[..., Flask], sqlite_url: str) -> None:
    answer = make_app(MOVED, sqlite_url).test_client().get("/docs")
    assert "<script>alert(1)" in Page(answer.text).words and "<script>alert" not in answer.text


def test_a_session_that_has_ended_is_told_and_taken_back(home: World) -> None:
    client = home.app.test_client()
    client.set_cookie("token", "eyJ.no.more")
    answer = client.get("/docs")
    assert answer.status_code == 401 and "Sign in again" in answer.text and policy(answer) == POLICY
    assert client.get("/docs").status_code == 200 and client.get_cookie("token") is None


@each("path", ("/docs/nope", "/docs/swagger-ui/nope.js", "/docs/swagger-ui/..%2f__init__.py", "/docs/static/nope"))
def test_nothing_else_is_served(home: World, path: str) -> None:
    assert home.app.test_client().get(path).status_code == 404


@pytest.mark.parametrize("root", ("", "/below"))
def test_links_hold_below_another_path(home: World, root: str) -> None:
    text = home.app.test_client().get("/docs/xond", environ_overrides={"SCRIPT_NAME": root}).text
    assert f'data-document="{root}/openapi.json?dialect=xond"' in text
    assert all(file.startswith(f"{root}/docs/") for file in Page(text).files)
