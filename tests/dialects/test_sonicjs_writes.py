"""SonicJS's writes: every one that its document prints, both generations' shapes, and their refusals."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dialects.conftest import Fresh, Token
from tests.tables import each

Row = dict[str, object]
MOUNTS = ("/v1", "/api/v1")
ME = "5081778e-c036-5085-8adb-6f1892daaa73"
PRINTED = {"name": "John", "email": "john.of.sonic@example.com", "role": "admin"}
TABLES = {"content": "content", "users": "_dragoman_users"}


def row(answer: TestResponse, status: int = 200) -> Row:
    """The record of an answer, whichever generation's it is."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    found: Row = answer.json
    if answer.request.path.startswith("/api/"):
        assert set(found) == {"data"} or answer.request.method == "GET"
        return found["data"]  # type: ignore[return-value]
    return found


def refused(answer: TestResponse, status: int = 400) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert set(answer.json) == {"message"}
    return str(answer.json["message"])


# ---------------------------------------------------------------- as the document prints it


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("table", TABLES)
def test_a_record_is_created_updated_and_deleted_as_printed(fresh: Fresh, mount: str, table: str) -> None:
    client, admin, path = fresh.client, fresh.admin, f"{mount}/{table}"
    made = row(client.post(path, json={"data": PRINTED}, headers=admin), 201)
    assert {**made, **PRINTED} == made
    assert len(str(made["id"])) == 36
    assert made["created_on"] == made["updated_on"]
    assert isinstance(made["created_on"], int) and made["created_on"] > 1_700_000_000_000
    assert not {"password", "password_hash"} & set(made)
    text = f"SELECT name, email FROM {TABLES[table]} WHERE id = ?"
    assert fresh.rows(text, made["id"]) == [("John", "john.of.sonic@example.com")]
    assert row(client.get(f"{path}/{made['id']}", headers=admin)) == made

    changes = {"email": "john.at.sonic@example.com"}
    changed = row(client.put(f"{path}/{made['id']}", json={"data": changes}, headers=admin))
    assert changed == {**made, **changes, "updated_on": changed["updated_on"]}
    assert changed["updated_on"] > made["updated_on"]  # type: ignore[operator]
    assert fresh.rows(text, made["id"]) == [("John", "john.at.sonic@example.com")]

    gone = client.delete(f"{path}/{made['id']}", headers=admin)
    if mount == "/v1":
        assert (gone.status_code, gone.data) == (204, b"")
    else:
        assert (gone.status_code, gone.json) == (200, {"success": True, "id": made["id"]})
    assert fresh.rows(text, made["id"]) == []
    assert refused(client.delete(f"{path}/{made['id']}", headers=admin), 404) == "Not Found"


def test_a_role_in_an_account_is_granted(fresh: Fresh) -> None:
    body = {"data": {**PRINTED, "password": "S3cret-Passw0rd!"}}
    row(fresh.client.post("/v1/users", json=body, headers=fresh.admin), 201)
    login = {"email": PRINTED["email"], "password": "S3cret-Passw0rd!"}
    token = fresh.client.post("/auth/login", json=login).json["token"]
    mine = row(fresh.client.get("/v1/user", headers={"Authorization": f"Bearer {token}"}))
    assert {**mine, **PRINTED} == mine


@pytest.mark.parametrize("mount", MOUNTS)
def test_data_may_be_the_text_of_an_object(fresh: Fresh, mount: str) -> None:
    body = {"data": json.dumps({"name": "Zoë \U0001f600", "role": "user"})}
    made = row(fresh.client.post(f"{mount}/content", json=body, headers=fresh.admin), 201)
    assert (made["name"], made["role"], made["email"]) == ("Zoë \U0001f600", "user", None)
    body = {"data": json.dumps({"id": made["id"], "name": "Zoe"})}
    changed = row(fresh.client.put(f"{mount}/content/{made['id']}", json=body, headers=fresh.admin))
    assert (changed["id"], changed["name"]) == (made["id"], "Zoe")


# ---------------------------------------------------------------- rules and tags


def test_ones_own_rows_only(fresh: Fresh) -> None:
    client, user = fresh.client, fresh.user
    made = row(client.post("/v1/posts", json={"data": {"title": "Mine", "content": "Of me"}}, headers=user), 201)
    assert made["authorId"] == ME
    other = fresh.rows('SELECT id FROM posts WHERE "authorId" <> ?', ME)[0][0]
    for mount in MOUNTS:
        answer = client.put(f"{mount}/posts/{other}", json={"data": {"title": "Theirs"}}, headers=user)
        assert refused(answer, 404) == "Not Found"
        assert refused(client.delete(f"{mount}/posts/{other}", headers=user), 404) == "Not Found"
    assert fresh.rows("SELECT id FROM posts WHERE title = 'Theirs'") == []


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_record_is_changed_only_as_it_was_read(fresh: Fresh, mount: str) -> None:
    client, admin, path = fresh.client, fresh.admin, f"{mount}/categories/12"
    tag = client.get(path, headers=admin).headers["ETag"]
    assert client.get(path, headers={**admin, "If-None-Match": tag}).status_code == 304
    changed = client.put(path, json={"data": {"body": "New"}}, headers={**admin, "If-Match": tag})
    assert row(changed)["body"] == "New"
    assert changed.headers["ETag"] == client.get(path).headers["ETag"] != tag
    stale = {**admin, "If-Match": tag}
    refused(client.put(path, json={"data": {"body": "Newer"}}, headers=stale), 412)
    refused(client.delete(path, headers=stale), 412)
    assert fresh.rows("SELECT body FROM categories WHERE id = 12") == [("New",)]


BLIND = """
version: "0.3"
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      notes:
        fields: {id: {type: integer, key: true, auto: increment}, text: {type: text, required: true}}
        rules:
          - {role: anon, actions: [create]}
"""


def test_who_may_create_but_not_read_is_told_the_key_alone(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    client = make_app(BLIND, f"sqlite:///{tmp_path / 'blind.sqlite'}").test_client()
    body = {"data": {"text": "x"}}
    assert row(client.post("/v1/notes", json=body), 201) == {"id": 1}
    assert row(client.post("/api/v1/notes", json=body), 201) == {"id": 2}
    assert "ETag" not in client.post("/v1/notes", json=body).headers


# ---------------------------------------------------------------- refusals

UNWRAPPED: list[object] = [{}, [], "x", 1, {"title": "x"}, {"data": None}, {"data": []}, {"data": 1}]
UNWRAPPED += [{"data": "[]"}, {"data": "null"}, {"data": '"x"'}]


@each("mount", MOUNTS)
@each("body", UNWRAPPED)
def test_data_must_be_wrapped(client: FlaskClient, admin: Token, mount: str, body: object) -> None:
    text = "Data must be wrapped in a data object"
    assert refused(client.post(f"{mount}/categories", json=body, headers=admin)) == text
    assert refused(client.put(f"{mount}/categories/1", json=body, headers=admin)) == text


BODIES = ["", "{", '{"data": {}, "data": {}}', '{"data": {"title": NaN}}', "\xff", "[" * 5000]
BODIES += ['{"data": "{"}', '{"data": "{\\"title\\": 1, \\"title\\": 2}"}', '{"data": ""}', '{"data": {}, "bogus": 1}']
BODIES += ['{"data": {"title": "\\ud800"}}', '{"data": "{\\"title\\": \\"\\\\ud800\\"}"}']


@each("mount", MOUNTS)
@each("body", BODIES)
def test_a_body_that_cannot_be_read_is_refused(client: FlaskClient, admin: Token, mount: str, body: str) -> None:
    data = body.encode("latin-1")
    refused(client.post(f"{mount}/categories", data=data, content_type="application/json", headers=admin))
    refused(client.post(f"{mount}/categories", data=data, content_type="text/plain", headers=admin), 415)


@each("field", ["bogus", "contentType", "category.title", "__proto__", 'x"; DROP TABLE x', "posts"])
def test_an_unknown_field_is_refused(client: FlaskClient, admin: Token, field: str) -> None:
    for mount in MOUNTS:
        answer = client.post(f"{mount}/categories", json={"data": {"title": "x", field: "y"}}, headers=admin)
        assert refused(answer) == f"Unknown field {field!r} in data"


@pytest.mark.parametrize("field", ["id", "createdAt", "deletedAt", "authorId"])
def test_a_field_that_the_caller_may_not_set_is_an_unknown_one(client: FlaskClient, user: Token, field: str) -> None:
    body = {"title": "x", "content": "y", field: "2024-01-01T00:00:00Z"}
    assert refused(client.post("/v1/posts", json={"data": body}, headers=user)) == f"Unknown field {field!r} in data"


INVALID = [
    ("categories", {}, "title is required"),
    ("categories", {"title": None}, "title cannot be null"),
    ("categories", {"title": 1}, "title"),
    ("categories", {"title": "x" * 101}, "title"),
    ("users", {"name": "x", "created_on": "soon"}, "created_on"),
    ("users", {"name": "x", "role": "nobody"}, "role"),
    ("users", {"name": "x", "age": "18"}, "age"),
]


@each(("table", "data", "text"), INVALID)
def test_what_is_wrong_with_a_row_is_told(client: FlaskClient, admin: Token, table: str, data: Row, text: str) -> None:
    for mount in MOUNTS:
        assert text in refused(client.post(f"{mount}/{table}", json={"data": data}, headers=admin))


@pytest.mark.parametrize("mount", MOUNTS)
def test_statuses_of_writes(client: FlaskClient, user: Token, admin: Token, mount: str) -> None:
    for method, path in (("POST", ""), ("PUT", "/1"), ("DELETE", "/1")):
        here = f"{mount}/customers{path}"
        assert refused(client.open(here, method=method), 401) == "Unauthorized"
        assert refused(client.open(here, method=method, data="{", headers=user), 401) == "Unauthorized"
        assert refused(client.open(here, method=method, headers={"Authorization": "Bearer x"}), 401) == "Unauthorized"
        for unknown in ("permissions", "nope"):
            text = f'Table "{unknown}" not defined in your schema'
            assert refused(client.open(f"{mount}/{unknown}{path}", method=method, headers=user), 404) == text
    hello = {"data": {"title": "hello"}}
    refused(client.post(f"{mount}/categories", json=hello, headers=admin), 409)
    refused(client.put(f"{mount}/categories/1", json=hello, headers=admin), 409)
    body = {"data": {"title": "x", "content": "y", "authorId": ME, "categoryId": 9999}}
    refused(client.post(f"{mount}/posts", json=body, headers=admin), 409)
    for key in ("9999", "x", "1,2"):
        assert refused(client.put(f"{mount}/categories/{key}", json=hello, headers=admin), 404) == "Not Found"
        assert refused(client.delete(f"{mount}/categories/{key}", headers=admin), 404) == "Not Found"
    assert "id" in refused(client.put(f"{mount}/categories/1", json={"data": {"id": 2}}, headers=admin))
    assert "bogus" in refused(client.post(f"{mount}/categories?bogus=1", json=hello, headers=admin))
    for method, path in (("PATCH", "/1"), ("POST", "/1"), ("PUT", ""), ("DELETE", "")):
        refused(client.open(f"{mount}/categories{path}", method=method, json=hello, headers=admin), 405)


@each("mount", MOUNTS)
@each("word", ["user", "auth"])
@each("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_below_a_reserved_word_there_is_nothing(
    client: FlaskClient, admin: Token, mount: str, word: str, method: str
) -> None:
    answer = client.open(f"{mount}/{word}/1", method=method, json={"data": {"name": "x"}}, headers=admin)
    assert refused(answer, 404) == "Not Found"
    answer = client.open(f"{mount}/{word}", method=method, json={"data": {"name": "x"}}, headers=admin)
    assert (answer.status_code, answer.headers.get("Allow", "")) == (405, "GET" if word == "user" else "")
