"""Phantom's writes of rows: every one that its document prints, actions by name, and their refusals."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dialects.conftest import Fresh, Token

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


BAD_RELATIONS = [
    ({"category": {"id": 12}}, "category"),
    ({"category": [12]}, "category"),
    ({"category": 12, "categoryId": 12}, "categoryId"),
    ({"comments": [1]}, "comments"),
    ({"comments": 1}, "comments"),
]


@pytest.mark.parametrize(("body", "word"), BAD_RELATIONS)
def test_a_relation_that_is_no_foreign_key_is_refused(client: FlaskClient, admin: Token, body: Row, word: str) -> None:
    assert word in refused(client.put("/api/Post/1", json=body, headers=admin))


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


BAD_ACTIONS = [
    ("update", {"title": "x"}, "ID is required for update operations"),
    ("update", {"id": None, "title": "x"}, "ID is required for update operations"),
    ("update", {"id": "", "title": "x"}, "ID is required for update operations"),
    ("update", {"id": {"gt": 0}, "title": "x"}, "ID is required for update operations"),
    ("delete", {}, "ID is required for delete operations"),
    ("delete", {"id": [1, 2]}, "ID is required for delete operations"),
    ("delete", {"id": 1, "title": "x"}, "title"),
    ("delete", {"id": 1, "where": {}}, "where"),
    ("read", {"bogus": 1}, "bogus"),
    ("read", {"limit": 0}, "Limit must be an integer between 1 and 1000"),
    ("read", {"limit": "1e3"}, "Limit must be an integer between 1 and 1000"),
    ("read", {"limit": None}, "limit"),
    ("read", {"limit": [1]}, "limit"),
    ("read", {"limit": 1.5}, "limit"),
    ("read", {"limit": True}, "limit"),
    ("read", {"where": []}, "where"),
    ("read", {"where": {"password": 1}}, "password"),
    ("read", {"sort": {"title": 1}}, "sort"),
    ("read", {"id": 1, "where": {}}, "where"),
    ("read", {"id": True}, "ID is required for read operations"),
]


@pytest.mark.parametrize(("action", "body", "text"), BAD_ACTIONS)
def test_an_action_that_cannot_be_read_is_refused(
    client: FlaskClient, admin: Token, action: str, body: Row, text: str
) -> None:
    assert text in refused(client.post(f"/api/Category/{action}", json=body, headers=admin))


def test_the_key_of_an_action_may_have_its_own_name(fresh: Fresh) -> None:
    body = {"code": "DE", "capital": "Bonn"}
    path = "/api/my-schema.my-country"
    assert row(fresh.client.post(f"{path}/update", json=body, headers=fresh.admin))["capital"] == "Bonn"
    body = {"id": "DE", "capital": "Berlin"}
    assert row(fresh.client.post(f"{path}/update", json=body, headers=fresh.admin))["capital"] == "Berlin"


# ---------------------------------------------------------------- refusals


BODIES = ["", "{", "[]", "null", "1", '"x"', '{"title": "a", "title": "b"}', '{"title": NaN}', "\xff", "[" * 5000]


@pytest.mark.parametrize("path", ["/api/Category", "/api/Category/create", "/api/Category/createIfNotExists"])
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, admin: Token, path: str, body: str) -> None:
    data = body.encode("latin-1")
    answer = client.post(path, data=data, content_type="application/json", headers=admin)
    refused(answer)
    assert answer.json["details"][0]["location"] == "body"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type_is_refused(client: FlaskClient, admin: Token, kind: str) -> None:
    refused(client.post("/api/Category", data='{"title": "x"}', content_type=kind, headers=admin), 415)


UNKNOWN = ["bogus", "password", "Title", "title ", "categories.title", "__proto__", "constructor", 'x"; DROP TABLE x']


@pytest.mark.parametrize("field", UNKNOWN)
def test_an_unknown_field_is_refused(client: FlaskClient, admin: Token, field: str) -> None:
    answer = client.post("/api/Category", json={"title": "x", field: "y"}, headers=admin)
    assert refused(answer) == f"Unknown field {field!r} in body"
    assert answer.json["details"][0] | {"path": field, "location": "body"} == answer.json["details"][0]


HELD = ["id", "createdAt", "deletedAt", "authorId", "author"]


@pytest.mark.parametrize("field", HELD)
def test_a_field_that_the_caller_may_not_set_is_an_unknown_one(client: FlaskClient, user: Token, field: str) -> None:
    body = {"title": "x", "content": "y", field: "2024-01-01T00:00:00Z"}
    hidden = refused(client.post("/api/posts", json=body, headers=user))
    del body[field]
    unknown = refused(client.post("/api/posts", json={**body, "x" * len(field): "y"}, headers=user))
    assert hidden.replace(field, "x" * len(field)) == unknown


def test_what_is_wrong_with_a_row_is_told_by_field(client: FlaskClient, admin: Token) -> None:
    answer = client.post("/api/Post", json={"title": 1, "published": "yes", "categoryId": 1.5}, headers=admin)
    assert refused(answer) == "Validation failed"
    told = {entry["path"]: entry for entry in answer.json["details"]}
    assert set(told) == {"title", "content", "published", "categoryId", "authorId"}
    assert told["content"] == {"type": "field", "msg": "is required", "path": "content", "location": "body"}
    assert told["title"]["value"] == 1
    answer = client.put("/api/User/" + ME, json={"isActive": None}, headers=admin)
    assert refused(answer) == "Validation failed"
    assert answer.json["details"] == [
        {"type": "field", "msg": "cannot be null", "path": "isActive", "location": "body"}
    ]


def test_conflicts(client: FlaskClient, admin: Token) -> None:
    refused(client.post("/api/Category", json={"title": "hello"}, headers=admin), 409)
    body = {"title": "x", "content": "y", "author": ME, "category": 9999}
    refused(client.post("/api/Post", json=body, headers=admin), 409)
    refused(client.post("/api/User", json={"email": "TEST@example.com"}, headers=admin), 409)


WRITES = [
    ("POST", "/api/{}", {"name": "x"}),
    ("PUT", "/api/{}/1", {"name": "x"}),
    ("DELETE", "/api/{}/1", None),
    ("POST", "/api/{}/create", {"name": "x"}),
    ("POST", "/api/{}/update", {"id": 1, "name": "x"}),
    ("POST", "/api/{}/delete", {"id": 1}),
    ("POST", "/api/{}/createIfNotExists", {"filter": {"id": 1}, "data": {"name": "x"}}),
    ("POST", "/api/{}/updateIfExists", {"filter": {"id": 1}, "data": {"name": "x"}}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_who_may_not_write_is_told_before_the_body_is_read(
    client: FlaskClient, user: Token, method: str, path: str, body: object
) -> None:
    here = path.format("customers")
    assert refused(client.open(here, method=method, json=body), 401) == "Access token required"
    text = "Access denied: No matching policy found"
    assert refused(client.open(here, method=method, data="{", headers=user), 403) == text
    hidden = client.open(path.format("permissions"), method=method, data="{", headers=user)
    assert refused(hidden, 404) == "Resource 'permissions' not found"
    assert refused(client.open(path.format("Nope"), method=method, headers=user), 404) == "Resource 'Nope' not found"
    bad = {"Authorization": "Bearer nonsense"}
    assert refused(client.open(here, method=method, json=body, headers=bad), 403) == "Invalid or expired token"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("key", ["9999", "no-number", "1,2", "%00", "99999999999999999999999"])
def test_a_missing_row_is_not_found(client: FlaskClient, admin: Token, method: str, key: str) -> None:
    answer = client.open(f"/api/Category/{key}", method=method, json={"title": "x"}, headers=admin)
    assert refused(answer, 404) == "Not found"


def test_methods_that_a_path_lacks(client: FlaskClient, admin: Token) -> None:
    refused(client.patch("/api/Category/1", json={"title": "x"}, headers=admin), 405)
    refused(client.post("/api/Category/1", json={"title": "x"}, headers=admin), 405)
    refused(client.put("/api/Category", json={"title": "x"}, headers=admin), 405)
    answer = client.put("/api/Category/create", json={"title": "x"}, headers=admin)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


PAIRS = [
    ({}, "Filter is required and must be a non-empty object"),
    ({"data": {"title": "x"}}, "Filter is required and must be a non-empty object"),
    ({"filter": {}, "data": {"title": "x"}}, "Filter is required and must be a non-empty object"),
    ({"filter": [], "data": {"title": "x"}}, "Filter is required and must be a non-empty object"),
    ({"filter": "id=1", "data": {"title": "x"}}, "Filter is required and must be a non-empty object"),
    ({"filter": {"id": 1}}, "Data is required and must be a non-empty object"),
    ({"filter": {"id": 1}, "data": {}}, "Data is required and must be a non-empty object"),
    ({"filter": {"id": 1}, "data": [{"title": "x"}]}, "Data is required and must be a non-empty object"),
    ({"filter": {"id": 1}, "data": {"title": "x"}, "bogus": 1}, "Unknown field 'bogus' in body"),
    ({"filter": {"bogus": 1}, "data": {"title": "x"}}, "Unknown field 'bogus' in filter"),
    ({"filter": {"id": {}}, "data": {"title": "x"}}, "no operator for field 'id'"),
    ({"filter": {"id": {"bogus": 1}}, "data": {"title": "x"}}, "unknown operator 'bogus'"),
    ({"filter": {"id": "x"}, "data": {"title": "x"}}, "id"),
    ({"filter": {"id": 1}, "data": {"bogus": "x"}}, "Unknown field 'bogus' in body"),
]


@pytest.mark.parametrize("path", ["createIfNotExists", "updateIfExists"])
@pytest.mark.parametrize(("body", "text"), PAIRS)
def test_filter_and_data_are_both_needed(client: FlaskClient, admin: Token, path: str, body: Row, text: str) -> None:
    answer = client.post(f"/api/Category/{path}", json=body, headers=admin)
    assert text in refused(answer)
    assert answer.json["details"][0]["location"] == "body"


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


def test_too_wide_a_filter_is_refused(client: FlaskClient, admin: Token) -> None:
    words = ("eq", "ne", "gt", "gte", "lt", "lte", "like", "ilike", "contains", "icontains", "in", "not_in")
    fields = [f"posts.author.{name}" for name in ("name", "email", "firstName", "lastName", "phone")]
    fields += [f"posts.{name}" for name in ("title", "content", "comments.body", "comments.author.name")]
    fields += ["title", "body", "posts.author.posts.title", "posts.comments.author.email", "posts.author.tenant.name"]
    fields += ["posts.comments.author.phone", "posts.comments.author.lastName", "posts.comments.author.firstName"]
    for tree, most in (
        ({"id": {"in": list(range(10_001))}}, "10000"),
        ({f: dict.fromkeys(words, "a") for f in fields}, "200"),
    ):
        body = {"filter": tree, "data": {"title": "x"}}
        assert f"at most {most}" in refused(client.post("/api/Category/updateIfExists", json=body, headers=admin))


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
