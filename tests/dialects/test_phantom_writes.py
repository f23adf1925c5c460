"""Phantom's writes of rows: every one that its document prints, actions by name, and their refusals."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dialects.conftest import Fresh

Row = dict[str, object]
ME = "5081778e-c036-5085-8adb-6f1892daaa73"
GONE = {"success": True, "message": "Deleted successfully"}
USERS = "SELECT name, email FROM _dragoman_users WHERE id = ?"


def row(answer: TestResponse, status: int = 200) -> Row:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.json["success"] is True
    found: Row = answer.json["data"]
    return found


def refused(answer: TestResponse, status: int = 400) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.json["success"] is False
    assert set(answer.json) <= {"success", "error", "details"}
    return str(answer.json["error"])


# ---------------------------------------------------------------- as the document prints it


def test_a_user_is_created_updated_and_deleted_as_printed(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    body = {"name": "John Doe", "email": "john.doe@example.com"}
    made = row(client.post("/api/User", json=body, headers=admin), 201)
    assert (made["name"], made["email"], made["isActive"], made["role"]) == (*body.values(), True, None)
    assert len(str(made["id"])) == 36
    assert made["createdAt"] == made["updatedAt"]
    assert "password" not in made
    assert fresh.rows(USERS, made["id"]) == [("John Doe", "john.doe@example.com")]
    assert row(client.get(f"/api/User/{made['id']}", headers=admin)) == made

    changed = row(client.put(f"/api/User/{made['id']}", json={"name": "John Smith"}, headers=admin))
    assert changed == {**made, "name": "John Smith", "updatedAt": changed["updatedAt"]}
    assert str(changed["updatedAt"]) > str(made["updatedAt"])
    assert fresh.rows(USERS, made["id"]) == [("John Smith", "john.doe@example.com")]

    assert client.delete(f"/api/User/{made['id']}", headers=admin).json == GONE
    assert fresh.rows(USERS, made["id"]) == []
    assert refused(client.delete(f"/api/User/{made['id']}", headers=admin), 404) == "Not found"


def test_create_if_not_exists_and_update_if_exists_as_printed(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    ensured = {
        "filter": {"email": "john.doe@example.com"},
        "data": {"email": "john.doe@example.com", "name": "John Doe"},
    }
    first = client.post("/api/User/createIfNotExists", json=ensured, headers=admin)
    made = row(first, 201)
    assert first.json["created"] is True
    assert (made["name"], made["email"]) == ("John Doe", "john.doe@example.com")
    again = client.post("/api/User/createIfNotExists", json=ensured, headers=admin)
    assert (row(again), again.json["created"]) == (made, False)

    changes = {"filter": {"email": "john.doe@example.com"}, "data": {"name": "John Updated"}}
    answer = client.post("/api/User/updateIfExists", json=changes, headers=admin)
    assert answer.json["updated"] is True
    assert row(answer) == {**made, "name": "John Updated", "updatedAt": answer.json["data"]["updatedAt"]}
    assert fresh.rows(USERS, made["id"]) == [("John Updated", "john.doe@example.com")]

    missing = {**changes, "filter": {"email": "nobody@example.com"}}
    answer = client.post("/api/User/updateIfExists", json=missing, headers=admin)
    assert answer.status_code == 200
    text = "No matching record found for update"
    assert answer.json == {"success": True, "message": text, "updated": False}


PREFIXED = """
version: "0.3"
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      people:
        aliases: [User]
        fields:
          id: {type: string, key: true, auto: prefixed, prefix: user}
          name: {type: string, required: true}
          email: {type: email, unique: true}
          createdAt: {type: datetime, auto: created_at}
        rules:
          - {role: anon, actions: [read, create, update, delete]}
"""


@pytest.fixture
def own(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[FlaskClient]:
    """A project with generated ids, on a database of its own."""
    app = make_app(PREFIXED, f"sqlite:///{tmp_path / 'own.sqlite'}")
    yield app.test_client()


def test_ids_are_made_as_printed_where_the_definition_says_so(own: FlaskClient) -> None:
    made = row(own.post("/api/people", json={"name": "John Doe", "email": "john.doe@example.com"}), 201)
    assert str(made["id"]).startswith("user_")
    assert len(str(made["id"])) == len("user_") + 12
    changed = row(own.put(f"/api/people/{made['id']}", json={"id": made["id"], "name": "John Smith"}))
    assert changed == {**made, "name": "John Smith"}
    refused(own.put(f"/api/people/{made['id']}", json={"id": "user_abc123", "name": "John Smith"}))
    assert own.delete(f"/api/people/{made['id']}").json == GONE
    refused(own.get(f"/api/people/{made['id']}"), 404)


# ---------------------------------------------------------------- rows


def test_a_relation_in_a_body_is_its_foreign_key(fresh: Fresh) -> None:
    body = {"title": "One", "content": "Of one", "author": ME, "category": 12}
    made = row(fresh.client.post("/api/Post?populate=category", json=body, headers=fresh.admin), 201)
    assert (made["authorId"], made["categoryId"], made["published"]) == (ME, 12, False)
    assert made["category"] == row(fresh.client.get("/api/Category/12"))
    changed = row(fresh.client.put(f"/api/Post/{made['id']}", json={"category": None}, headers=fresh.admin))
    assert changed["categoryId"] is None
    assert fresh.rows('SELECT 1 FROM posts WHERE id = ? AND "categoryId" IS NULL', made["id"])


def test_select_shapes_the_answer_as_where_it_is_read(fresh: Fresh) -> None:
    answer = fresh.client.put("/api/Category/12?select=title", json={"body": "New"}, headers=fresh.admin)
    assert row(answer) == {"title": "hello"}
    assert fresh.rows("SELECT body FROM categories WHERE id = 12") == [("New",)]


def test_ones_own_rows_only(fresh: Fresh) -> None:
    client, user = fresh.client, fresh.user
    made = row(client.post("/api/posts", json={"title": "Mine", "content": "Of me"}, headers=user), 201)
    assert made["authorId"] == ME
    assert row(client.put(f"/api/posts/{made['id']}", json={"published": True}, headers=user))["published"] is True
    other = fresh.rows('SELECT id FROM posts WHERE "authorId" <> ?', ME)[0][0]
    assert refused(client.put(f"/api/posts/{other}", json={"title": "Theirs"}, headers=user), 404) == "Not found"
    refused(client.delete(f"/api/posts/{other}", headers=user), 404)
    body = {"title": "Mine", "content": "Of them", "authorId": "9d370085-c116-47c9-9b22-7f33061ec7b1"}
    assert "authorId" in refused(client.post("/api/posts", json=body, headers=user))


def test_a_deleted_row_is_gone_for_every_reader_and_kept_where_its_resource_says_so(fresh: Fresh) -> None:
    client, user = fresh.client, fresh.user
    assert client.delete("/api/posts/1", headers=user).json == GONE
    refused(client.get("/api/posts/1", headers=fresh.admin), 404)
    refused(client.put("/api/posts/1", json={"title": "x"}, headers=user), 404)
    assert fresh.rows('SELECT id FROM posts WHERE id = 1 AND "deletedAt" IS NOT NULL') == [(1,)]


# ---------------------------------------------------------------- actions by name


def test_actions_by_name(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    made = row(client.post("/api/Category/create", json={"title": "New"}, headers=admin), 201)
    key = {"id": made["id"]}
    assert row(client.post("/api/Category/read", json=key)) == made
    asked = {"where": {"title": {"in": ["New", "hello"]}}, "sort": ["-title"], "select": "title", "limit": 1}
    assert row(client.post("/api/Category/read", json=asked)) == [{"title": "hello"}]
    changed = row(client.post("/api/Category/update", json={**key, "title": "Newer"}, headers=admin))
    assert changed == {**made, "title": "Newer"}
    assert client.post("/api/Category/delete", json=key, headers=admin).json == GONE
    assert client.post("/api/Category/read", json=key).json == {"success": True, "data": None}
    assert fresh.rows("SELECT 1 FROM categories WHERE id = ?", made["id"]) == []


def test_the_key_of_an_action_may_have_its_own_name(fresh: Fresh) -> None:
    body = {"code": "DE", "capital": "Bonn"}
    path = "/api/my-schema.my-country"
    assert row(fresh.client.post(f"{path}/update", json=body, headers=fresh.admin))["capital"] == "Bonn"
    body = {"id": "DE", "capital": "Berlin"}
    assert row(fresh.client.post(f"{path}/update", json=body, headers=fresh.admin))["capital"] == "Berlin"


# ---------------------------------------------------------------- the filter

FILTERS = [
    {"title": "hello"},
    {"title": {"istarts_with": "HELL"}},
    {"id": {"gt": 11}},
    {"id": {"in": [12]}, "title": {"like": "h%"}},
    {"posts.title": "Test Post"},
]


@pytest.mark.parametrize("tree", FILTERS)
def test_the_filter_has_the_grammar_of_where(fresh: Fresh, tree: Row) -> None:
    body = {"filter": tree, "data": {"title": "changed"}}
    answer = fresh.client.post("/api/Category/updateIfExists", json=body, headers=fresh.admin)
    assert row(answer)["id"] == 12
    assert fresh.rows("SELECT id FROM categories WHERE title = 'changed'") == [(12,)]


def test_the_filter_looks_into_json(fresh: Fresh) -> None:
    body = {"filter": {"metadata": {"json_contains": {"level": 5.0}}}, "data": {"name": "x"}}
    assert fresh.client.post("/api/User/updateIfExists", json=body, headers=fresh.admin).json["updated"] is True


# ---------------------------------------------------------------- entity tags


def test_a_row_carries_its_tag_and_is_changed_only_as_it_was_read(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    first = client.get("/api/Category/12", headers=admin)
    tag = first.headers["ETag"]
    again = client.get("/api/Category/12", headers={**admin, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    changed = client.put("/api/Category/12", json={"body": "New"}, headers={**admin, "If-Match": tag})
    assert row(changed)["body"] == "New"
    assert changed.headers["ETag"] == client.get("/api/Category/12").headers["ETag"] != tag
    for method, path, body in (
        ("PUT", "/api/Category/12", {"body": "Newer"}),
        ("POST", "/api/Category/update", {"id": 12, "body": "Newer"}),
        ("DELETE", "/api/Category/12", None),
        ("POST", "/api/Category/delete", {"id": 12}),
    ):
        refused(client.open(path, method=method, json=body, headers={**admin, "If-Match": tag}), 412)
    assert fresh.rows("SELECT body FROM categories WHERE id = 12") == [("New",)]
    tag = changed.headers["ETag"]
    assert client.delete("/api/Category/12", headers={**admin, "If-Match": tag}).json == GONE


def test_who_may_create_but_not_read_is_told_the_key_alone(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    text = PREFIXED.replace("[read, create, update, delete]", "[create]")
    client = make_app(text, f"sqlite:///{tmp_path / 'blind.sqlite'}").test_client()
    answer = client.post("/api/people", json={"name": "x"})
    assert set(row(answer, 201)) == {"id"}
    assert "ETag" not in answer.headers
    refused(client.get("/api/people"), 401)


def test_accounts_have_their_rules_here_too(fresh: Fresh) -> None:
    client = fresh.client
    body = {"name": "Kim", "email": "kim@example.com", "password": "S3cret-Passw0rd!", "role": "user"}
    made = row(client.post("/api/User", json=body, headers=fresh.admin), 201)
    assert made["role"] == "user"
    assert "password" not in made and "S3cret" not in str(fresh.rows("SELECT * FROM _dragoman_users"))
    signed = client.post("/auth/login", json={"email": "kim@example.com", "password": "S3cret-Passw0rd!"})
    assert signed.json["user"]["role"] == "user"
    refused(client.put(f"/api/User/{made['id']}", json={"role": "admin"}, headers=fresh.user), 403)
    refused(client.put(f"/api/User/{made['id']}", json={"role": "nobody"}, headers=fresh.admin))
