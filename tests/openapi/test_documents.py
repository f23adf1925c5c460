"""`/openapi.json`: a valid document for every dialect and caller, of what he may do and of nothing else."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from crud.dialects import DIALECTS as SERVED
from sql.database import Options
from sql.opening import open_database
from tests.dialects.conftest import Token, with_callers
from tests.dialects.postgrest import dialect as postgrest
from tests.fixtures.awkward import build
from tests.openapi.conftest import DIALECTS, World
from tests.tables import each

Document = dict[str, Any]
OWN = 'sources: {default: {database: "${DATABASE_URL}"}}\nauth: {secret: "${DRAGOMAN_SECRET}"}'


def document(app: Flask, dialect: str, headers: Token, **more: Any) -> Document:
    answer = app.test_client().get("/openapi.json", query_string={"dialect": dialect}, headers=headers, **more)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    made: Document = json.loads(answer.data)
    return made


def valid(found: Document) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    ids = [each["operationId"] for path in found["paths"].values() for each in path.values()]
    assert len(set(ids)) == len(ids) > 0
    assert (
        found["openapi"] == "3.1.0" and found["jsonSchemaDialect"] == "https://spec.openapis.org/oas/3.1/dialect/base"
    )


def texts(value: object) -> Iterator[str]:
    """Every name and text in a document."""
    match value:
        case dict():
            for name, held in value.items():
                yield name
                yield from texts(held)
        case list():
            for held in value:
                yield from texts(held)
        case str():
            yield value


# ---------------------------------------------------------------- valid


@each(
    "dialect, who", [("phantom", "anon"), ("xond", "user"), ("sonicjs", "anon"), ("metal", "user"), ("baasix", "anon")]
)
def test_documents_are_valid(home: World, dialect: str, who: str) -> None:
    valid(document(home.app, dialect, home.callers[who]))


@pytest.mark.long
@each("dialect", DIALECTS)
@pytest.mark.parametrize("who", ("admin", "user", "anon"))
def test_each_caller_gets_a_valid_document(world: World, dialect: str, who: str) -> None:
    valid(document(world.app, dialect, world.callers[who]))


@pytest.fixture
def awkward(make_app: Callable[..., Flask], empty_url: str) -> tuple[Flask, Token]:
    """The awkward database, which nobody declared."""
    opened = open_database(empty_url, options=Options())
    build(opened)
    opened.close()
    app = make_app(OWN, empty_url)
    return app, with_callers(app).admin


def test_names_that_are_no_words_stand_in_documents(awkward: tuple[Flask, Token]) -> None:
    app, admin = awkward
    for dialect in DIALECTS:
        found = document(app, dialect, admin)
        assert any("Order%20Details" in path for path in found["paths"]), dialect
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in found["components"]["schemas"])


@pytest.mark.long
@each("dialect", DIALECTS)
def test_names_that_are_no_words_have_valid_documents(awkward: tuple[Flask, Token], dialect: str) -> None:
    app, admin = awkward
    valid(document(app, dialect, admin))


MOVED = """
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}"}
dialects:
  phantom: {mounts: {/api: /shop}}
  xond: {enabled: false}
schemas:
  main:
    source: default
    anonymize: phone
    entities:
      people:
        fields: {id: {type: integer, key: true}, phone: {type: string}}
        rules: [{role: anon, actions: [read]}]
      "<script>alert(1)":
        fields: {id: {type: integer, key: true}}
        rules: [{role: anon, actions: [read]}]
"""


@pytest.fixture
def moved(make_app: Callable[..., Flask], sqlite_url: str) -> Flask:
    """A service with other mounts, without Xond, with a sixth dialect that says nothing of itself."""
    return make_app(MOVED, sqlite_url, dialects=(*SERVED.values(), postgrest))


def test_paths_are_those_that_are_served(moved: Flask) -> None:
    found = document(moved, "phantom", {})
    assert "/shop/Person" in found["paths"] and not any(path.startswith("/api") for path in found["paths"])
    assert found["servers"] == [{"url": "/"}]
    behind = document(moved, "phantom", {}, environ_overrides={"SCRIPT_NAME": "/below"})
    assert behind["servers"] == [{"url": "/below"}]


def test_what_is_anonymised_is_shown_and_not_asked_for(moved: Flask) -> None:
    found = document(moved, "baasix", {})["components"]["schemas"]
    assert found["people"]["properties"]["phone"]["type"] == ["string", "null"]
    assert "phone" not in found["people.Filter"]["properties"]


@each("dialect", ("xond", "postgrest", "nope", "", None))
def test_a_dialect_without_a_document_is_a_bad_parameter(moved: Flask, dialect: str | None) -> None:
    asked = {} if dialect is None else {"dialect": dialect}
    answer = moved.test_client().get("/openapi.json", query_string=asked)
    assert answer.status_code == 400 and answer.get_json()["code"] == "bad_parameter"
    assert "baasix, metal, phantom, sonicjs" in answer.get_json()["title"]


# ---------------------------------------------------------------- what a caller may do, and no more


@each("dialect", DIALECTS)
def test_what_is_hidden_is_not_in_a_document(home: World, dialect: str) -> None:
    mine, all_of_it = (list(texts(document(home.app, dialect, home.callers[who]))) for who in ("user", "admin"))
    assert "secret" in all_of_it and "secret" not in mine
    nobodys = set(texts(document(home.app, dialect, {})))
    assert {"word", "mood"} <= nobodys and not {"price", "secret", "phrase", "shelf", "gone"} & nobodys


@each(
    "path, methods",
    [
        ("/items/kinds", {"get", "post"}),
        ("/items/things/{id}", {"get", "patch"}),
        ("/items/Order%20Details", {"get", "post"}),
    ],
)
def test_methods_are_those_that_the_rules_give(home: World, path: str, methods: set[str]) -> None:
    found = document(home.app, "baasix", home.callers["user"])["paths"]
    assert set(found.get(path, ())) == (methods if path != "/items/Order%20Details" else {"post"})


def test_registration_is_described_where_it_is_open(home: World, moved: Flask) -> None:
    for dialect, path in (("phantom", "/auth/register"), ("baasix", "/auth/register"), ("sonicjs", "/v1/users")):
        assert "post" in document(home.app, dialect, {})["paths"][path]
        assert path not in document(moved, dialect, {})["paths"]


def test_a_plan_can_be_read_again_by_who_may_reload(make_app: Callable[..., Flask], sqlite_url: str) -> None:
    app = make_app(f"{OWN}\nplans: {{p: {{one: [{{select: {{data: [{{a: 1}}]}}}}]}}}}", sqlite_url)
    again = document(app, "metal", with_callers(app).admin)["paths"]["/plan/{plan}/reload"]["post"]
    assert again["parameters"][0]["schema"] == {"enum": ["p"]} and {"200", "404", "415"} <= again["responses"].keys()
    assert "/plan/{plan}/reload" not in document(app, "metal", {})["paths"]


def test_bodies_have_what_a_caller_may_set(home: World) -> None:
    found = document(home.app, "phantom", home.callers["user"])["components"]["schemas"]
    assert set(found["Thing.Change"]["properties"]) == {"odd name %"}
    new = found["Kind.New"]
    assert new["required"] == ["word"] and {"phrase", "mail"} <= set(new["properties"])
    assert not {"secret", "created", "id"} & set(new["properties"]) and new["additionalProperties"] is False
    assert "phrase" not in found["Kind"]["properties"] and "created" in found["Kind"]["properties"]
    assert new["properties"]["word"]["maxLength"] == 20
    assert (
        new["properties"]["share"] | {"minimum": 0, "maximum": 1, "type": ["number", "null"]}
        == new["properties"]["share"]
    )


def test_every_refusal_that_a_write_can_get_is_said(home: World) -> None:
    said = document(home.app, "xond", home.callers["user"])["paths"]["/json/kind/{id}"]["put"]["responses"]
    assert {"200", "400", "401", "403", "404", "409", "412", "413", "415", "431", "503"} == set(said)


# ---------------------------------------------------------------- kept


def test_a_document_is_made_once_and_asked_for_again(home: World) -> None:
    client, headers = home.app.test_client(), home.callers["user"]
    first = client.get("/openapi.json?dialect=xond", headers=headers)
    again = client.get("/openapi.json?dialect=xond", headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"") and first.headers["Vary"] == "Authorization, Cookie, X-API-Key"
    assert first.headers["Cache-Control"] == "private, no-cache"
    others = client.get("/openapi.json?dialect=xond", headers=home.callers["admin"])
    assert others.headers["ETag"] != first.headers["ETag"]


def test_a_caller_by_cookie_gets_his_own(home: World) -> None:
    token = home.callers["user"]["Authorization"].removeprefix("Bearer ")
    for cookie in ("token", "jwtCookie"):
        client = home.app.test_client()
        client.set_cookie(cookie, token)
        assert client.get("/openapi.json?dialect=xond").get_json() == document(home.app, "xond", home.callers["user"])


def test_a_token_that_is_not_good_gets_none(home: World) -> None:
    client = home.app.test_client()
    assert client.get("/openapi.json?dialect=xond", headers={"Authorization": "Bearer x"}).status_code == 401
    client.set_cookie("token", "x")
    assert client.get("/openapi.json?dialect=xond").status_code == 401


# ---------------------------------------------------------------- the command


def test_the_command_writes_what_a_caller_would_get(home: World, tmp_path: Any) -> None:
    run = home.app.test_cli_runner().invoke
    file = tmp_path / "metal.json"
    done = run(args=["openapi", "--dialect", "metal", "--as", "anon", "--output", str(file)])
    assert done.exit_code == 0, done.output
    assert json.loads(file.read_text()) == document(home.app, "metal", {})
    said = run(args=["openapi", "--dialect", "baasix", "--role", "user"]).stdout
    assert json.loads(said)["paths"] == document(home.app, "baasix", home.callers["user"])["paths"]
    whole = json.loads(run(args=["openapi", "--dialect", "xond"]).stdout)
    assert set(whole["paths"]) == set(document(home.app, "xond", home.callers["admin"])["paths"])


@each("arguments, told", [
    (("--dialect", "nope"), "is not one of baasix, metal, phantom, sonicjs, xond"),
    (("--dialect", "xond", "--as", "nobody@example.org"), "there is no account"),
    (("--dialect", "xond", "--as", "anon", "--role", "user"), "Give either --as or --role."),
    (("--dialect", "xond", "--output", "/nowhere/at/all.json"), "No such file or directory"),
])  # fmt: skip
def test_the_command_says_what_is_wrong(home: World, arguments: tuple[str, ...], told: str) -> None:
    done = home.app.test_cli_runner().invoke(args=["openapi", *arguments])
    assert done.exit_code != 0 and told in done.output
