"""Which pages of other origins may ask: those of the list, exactly. The databases have no part in it: SQLite alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud.definitions.problems import ConfigError
from crud.definitions.reading import read_config

CONFIG = """
server: {cors: ["https://app.example.com", "http://localhost:5173"]}
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}"}
schemas:
  main:
    entities:
      notes:
        fields: {id: {type: integer, key: true, auto: increment}, body: {type: text}}
        rules: [{role: anon, actions: [read, create]}]
"""
PREFLIGHT = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,content-type"}
ALLOW = "Access-Control-Allow-Origin"
STRANGERS = (
    "https://app.example.com.evil.test",
    "https://evil-app.example.com",
    "https://appXexample.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "null",
)


@pytest.fixture
def client(make_app: Callable[..., Flask], sqlite_url: str) -> FlaskClient:
    return make_app(CONFIG, sqlite_url).test_client()


@pytest.mark.parametrize("origin", ["https://app.example.com", "http://localhost:5173"])
def test_pages_of_the_list_may_ask(client: FlaskClient, origin: str) -> None:
    asked = client.options("/items/notes/1", headers={"Origin": origin, **PREFLIGHT})
    assert asked.status_code == 200 and asked.headers[ALLOW] == origin
    assert "PATCH" in asked.headers["Access-Control-Allow-Methods"]
    assert asked.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    for path in ("/items/notes", "/json/note", "/items/nothing", "/nowhere"):
        answer = client.get(path, headers={"Origin": origin})
        assert answer.headers.getlist(ALLOW) == [origin], path
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers and "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", STRANGERS)
def test_pages_of_other_origins_may_not(client: FlaskClient, origin: str) -> None:
    for answer in (
        client.options("/items/notes/1", headers={"Origin": origin, **PREFLIGHT}),
        client.get("/items/notes", headers={"Origin": origin}),
    ):
        assert ALLOW not in answer.headers and answer.headers["Vary"] == "Origin"


def test_no_credentials_and_no_private_network(client: FlaskClient) -> None:
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Private-Network": "true", **PREFLIGHT}
    answer = client.options("/items/notes/1", headers=asked)
    assert answer.headers[ALLOW] == "https://app.example.com"
    assert answer.headers.get("Access-Control-Allow-Private-Network") != "true"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_who_is_no_browser_is_told_nothing(client: FlaskClient) -> None:
    assert ALLOW not in client.get("/items/notes").headers


def test_nothing_is_opened_unless_it_is_said(make_app: Callable[..., Flask], sqlite_url: str) -> None:
    client = make_app(CONFIG.replace('cors: ["https://app.example.com", "http://localhost:5173"]', ""), sqlite_url)
    answer = client.test_client().get("/items/notes", headers={"Origin": "https://app.example.com"})
    assert answer.status_code == 200 and ALLOW not in answer.headers and "Vary" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    ["*", "https://*.example.com", "null", "app.example.com", "https://app.example.com/", "https://App.example.com",
     "https://app.example.com:443", "http://app.example.com:80"],
)  # fmt: skip
def test_an_origin_is_scheme_host_and_port(origin: str, tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(f"server: {{cors: ['{origin}']}}")
    with pytest.raises(ConfigError, match=r"server.cors.0: .* must be like https://app.example.com"):
        read_config(tmp_path / "config.yml", {})
