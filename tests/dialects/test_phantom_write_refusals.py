"""What Phantom refuses to write, and how it says so: bodies, fields, values, rights, keys, filters."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dialects.conftest import Token
from tests.tables import each

Row = dict[str, object]
ME = "5081778e-c036-5085-8adb-6f1892daaa73"


def refused(answer: TestResponse, status: int = 400) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.json["success"] is False
    assert set(answer.json) <= {"success", "error", "details"}
    return str(answer.json["error"])


BODIES = ["", "{", "[]", "null", "1", '"x"', '{"title": "a", "title": "b"}', '{"title": NaN}', "\xff", "[" * 5000]


@each("path", ["/api/Category", "/api/Category/create", "/api/Category/createIfNotExists"])
@each("body", BODIES)
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, admin: Token, path: str, body: str) -> None:
    data = body.encode("latin-1")
    answer = client.post(path, data=data, content_type="application/json", headers=admin)
    refused(answer)
    assert answer.json["details"][0]["location"] == "body"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type_is_refused(client: FlaskClient, admin: Token, kind: str) -> None:
    refused(client.post("/api/Category", data='{"title": "x"}', content_type=kind, headers=admin), 415)


UNKNOWN = ["bogus", "password", "Title", "title ", "categories.title", "__proto__", "constructor", 'x"; DROP TABLE x']


@each("field", UNKNOWN)
def test_an_unknown_field_is_refused(client: FlaskClient, admin: Token, field: str) -> None:
    answer = client.post("/api/Category", json={"title": "x", field: "y"}, headers=admin)
    assert refused(answer) == f"Unknown field {field!r} in body"
    assert answer.json["details"][0] | {"path": field, "location": "body"} == answer.json["details"][0]


HELD = ["id", "createdAt", "deletedAt", "authorId", "author"]


@each("field", HELD)
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


@each(("method", "path", "body"), WRITES)
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


@each("method", ["PUT", "DELETE"])
@each("key", ["9999", "no-number", "1,2", "%00", "99999999999999999999999"])
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


@each("path", ["createIfNotExists", "updateIfExists"])
@each(("body", "text"), PAIRS)
def test_filter_and_data_are_both_needed(client: FlaskClient, admin: Token, path: str, body: Row, text: str) -> None:
    answer = client.post(f"/api/Category/{path}", json=body, headers=admin)
    assert text in refused(answer)
    assert answer.json["details"][0]["location"] == "body"


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


@each(("action", "body", "text"), BAD_ACTIONS)
def test_an_action_that_cannot_be_read_is_refused(
    client: FlaskClient, admin: Token, action: str, body: Row, text: str
) -> None:
    assert text in refused(client.post(f"/api/Category/{action}", json=body, headers=admin))


BAD_RELATIONS = [
    ({"category": {"id": 12}}, "category"),
    ({"category": [12]}, "category"),
    ({"category": 12, "categoryId": 12}, "categoryId"),
    ({"comments": [1]}, "comments"),
    ({"comments": 1}, "comments"),
]


@each(("body", "word"), BAD_RELATIONS)
def test_a_relation_that_is_no_foreign_key_is_refused(client: FlaskClient, admin: Token, body: Row, word: str) -> None:
    assert word in refused(client.put("/api/Post/1", json=body, headers=admin))
