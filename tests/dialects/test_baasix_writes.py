"""Baasix writing: every write that its document prints, what its wire sheet and the rulings add, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.dialects.conftest import Fresh, Token

ANN = "5081778e-c036-5085-8adb-6f1892daaa73"
PUBLIC: Token = {}


def send(
    fresh: Fresh, method: str, path: str, body: object = None, headers: Token | None = None, more: Token = PUBLIC
) -> Any:
    """The answer's status and body; a refusal must have the envelope."""
    answer = ask(fresh, method, path, body, headers, more)
    if answer.status_code >= 400:
        error = answer.json["error"]
        assert set(error) == {"message", "details", "statusCode"} and error["statusCode"] == answer.status_code
    return answer.status_code, answer.json if answer.data else None


def ask(
    fresh: Fresh, method: str, path: str, body: object = None, headers: Token | None = None, more: Token = PUBLIC
) -> TestResponse:
    sent = body if isinstance(body, bytes) else json.dumps(body) if body is not None else None
    return fresh.client.open(
        f"/items/{path}",
        method=method,
        data=sent,
        content_type="application/json" if sent is not None else None,
        headers={**(fresh.admin if headers is None else headers), **more},
    )


def author(fresh: Fresh) -> str:
    """The id of Test User."""
    return str(fresh.rows("SELECT id FROM _dragoman_users WHERE email = ?", "test@example.com")[0][0])


def posts(fresh: Fresh) -> list[Any]:
    return fresh.rows('SELECT id, title, content, published FROM posts WHERE "deletedAt" IS NULL ORDER BY id')


# ---------------------------------------------------------------- as printed


def test_printed_create(fresh: Fresh) -> None:
    sent = {"title": "Test Post", "content": "This is a test post", "published": True, "authorId": author(fresh)}
    answer = ask(fresh, "POST", "posts", sent)
    data = answer.json["data"]
    assert answer.status_code == 201 and set(answer.json) == {"data"}
    assert sent.items() <= data.items() and isinstance(data["id"], int)
    assert data["createdAt"].endswith("Z") and data["deletedAt"] is None
    stored = fresh.rows('SELECT title, content, "deletedAt" FROM posts WHERE id = ?', data["id"])
    assert stored == [("Test Post", "This is a test post", None)]
    again = ask(fresh, "GET", f"posts/{data['id']}")
    assert again.json == {"data": data} and again.headers["ETag"] == answer.headers["ETag"]


def test_printed_example_of_a_create(fresh: Fresh) -> None:
    sent = {"title": "New Post", "content": "Post content here", "authorId": author(fresh)}
    status, body = send(fresh, "POST", "posts", sent)
    assert status == 201 and body["data"]["published"] is False and sent.items() <= body["data"].items()


def test_printed_workflow_as_a_user_whose_rule_names_the_author(fresh: Fresh) -> None:
    """`user-123` of the document is another one: the rule of the sample puts the caller there."""
    sent = {"title": "My First Post", "content": "Hello World", "authorId": ANN, "published": True}
    status, body = send(fresh, "POST", "posts", sent, fresh.user)
    assert status == 201 and body["data"]["authorId"] == author(fresh)
    answer = fresh.client.get('/items/posts?filter={"published":{"eq":true}}', headers=fresh.user)
    assert body["data"]["id"] in [row["id"] for row in answer.json["data"]]


def test_printed_updates(fresh: Fresh) -> None:
    sent = {"title": "Updated Title", "content": "Updated Content", "published": True}
    status, body = send(fresh, "PATCH", "posts/1", sent)
    assert status == 200 and body["data"]["id"] == 1 and sent.items() <= body["data"].items()
    status, body = send(fresh, "PATCH", "posts/1", {"title": "Updated Post Title"})
    assert status == 200 and body["data"]["id"] == 1
    assert posts(fresh)[0][1:3] == ("Updated Post Title", "Updated Content")


def test_printed_delete_is_soft_and_can_be_undone(fresh: Fresh) -> None:
    before = fresh.rows("SELECT title, content FROM posts WHERE id = 1")
    assert send(fresh, "DELETE", "posts/1") == (200, {"data": {"id": 1}, "message": "Item deleted successfully"})
    assert fresh.rows("SELECT title, content FROM posts WHERE id = 1") == before
    assert fresh.rows('SELECT "deletedAt" FROM posts WHERE id = 1') != [(None,)]
    assert send(fresh, "GET", "posts/1")[0] == 403 and 1 not in [row[0] for row in posts(fresh)]
    status, body = send(fresh, "POST", "posts/1/restore")
    assert status == 200 and body["data"]["id"] == 1 and body["data"]["deletedAt"] is None
    assert send(fresh, "GET", "posts/1")[1] == body


CUSTOMERS = [
    {"name": "Item 1", "email": "item1@example.com", "status": "active"},
    {"name": "Item 2", "email": "item2@example.com", "status": "pending"},
    {"name": "Item 3", "email": "item3@example.com", "status": "active"},
]


def test_printed_bulk_create(fresh: Fresh) -> None:
    status, body = send(fresh, "POST", "customers/bulk", CUSTOMERS)
    assert status == 201 and set(body) == {"data"} and len(body["data"]) == 3
    for id, sent in zip(body["data"], CUSTOMERS, strict=True):
        stored = fresh.rows("SELECT name, email, status FROM customers WHERE id = ?", id)
        assert stored == [tuple(sent.values())]


def test_printed_bulk_create_of_products(fresh: Fresh) -> None:
    sent = [
        {"name": "Product A", "price": 29.99, "category": "electronics"},
        {"name": "Product B", "price": 49.99, "category": "electronics"},
        {"name": "Product C", "price": 19.99, "category": "accessories"},
    ]
    status, body = send(fresh, "POST", "products/bulk", sent)
    assert status == 201 and len(set(body["data"])) == 3
    for id, row in zip(body["data"], sent, strict=True):
        shown = send(fresh, "GET", f"products/{id}")[1]["data"]
        assert row.items() <= shown.items() and shown["status"] == "active" and shown["created_at"]


def test_printed_bulk_create_with_a_mistake_creates_nothing(fresh: Fresh) -> None:
    before = fresh.whole()
    sent = [{"name": "Valid Item", "price": 29.99}, {"name": None, "price": 49.99}, {"name": "Another Valid"}]
    status, body = send(fresh, "POST", "products/bulk", sent)
    assert status == 400 and body["error"]["message"] == "Validation failed: name cannot be null"
    mistake = {"field": "name", "message": "cannot be null", "value": None, "rule": "null", "index": 1}
    assert body["error"]["details"] == {"code": "VALIDATION_ERROR", "errors": [mistake]}
    assert fresh.whole() == before


UPDATES = [
    {"id": 1, "status": "completed", "priority": 10},
    {"id": 2, "status": "pending", "priority": 20},
    {"id": 3, "status": "archived", "priority": 30},
]


def test_printed_bulk_update(fresh: Fresh) -> None:
    assert send(fresh, "PATCH", "orders/bulk", UPDATES) == (200, {"data": [1, 2, 3]})
    stored = fresh.rows("SELECT id, status, priority FROM orders WHERE id < 4 ORDER BY id")
    assert stored == [tuple(row.values()) for row in UPDATES]


def test_printed_example_of_a_bulk_update(fresh: Fresh) -> None:
    sent = [
        {"id": 101, "status": "shipped", "trackingNumber": "ABC123"},
        {"id": 102, "status": "shipped", "trackingNumber": "DEF456"},
        {"id": 103, "status": "cancelled"},
    ]
    assert send(fresh, "PATCH", "orders/bulk", sent) == (200, {"data": [101, 102, 103]})
    stored = fresh.rows("SELECT status, tracking_number FROM orders WHERE id IN (101, 102) ORDER BY id")
    assert stored == [("shipped", "ABC123"), ("shipped", "DEF456")]


def test_printed_bulk_update_with_a_missing_item_changes_nothing(fresh: Fresh) -> None:
    before = fresh.whole()
    sent = [{"id": 101, "status": "updated"}, {"id": 99999, "status": "will_fail"}, {"id": 103, "status": "updated"}]
    status, body = send(fresh, "PATCH", "orders/bulk", sent)
    assert (status, body["error"]["details"]) == (403, {"index": 1})
    assert body["error"]["message"] == "Item not found or you don't have permission to update it"
    assert fresh.whole() == before


def test_printed_bulk_update_skips_items_without_id(fresh: Fresh) -> None:
    sent = [{"id": 1, "status": "updated"}, {"status": "no_id_skipped"}, {"id": 3, "status": "updated"}]
    assert send(fresh, "PATCH", "orders/bulk", sent) == (200, {"data": [1, 3]})
    assert fresh.rows("SELECT count(*) FROM orders WHERE status = 'no_id_skipped'") == [(0,)]


def test_printed_bulk_delete(fresh: Fresh) -> None:
    assert send(fresh, "DELETE", "notifications/bulk", [1, 2, 3, 4, 5]) == (204, None)
    assert fresh.rows("SELECT count(*) FROM notifications WHERE id <= 5") == [(0,)]


def test_printed_bulk_delete_with_a_missing_item_deletes_nothing(fresh: Fresh) -> None:
    before = fresh.whole()
    status, body = send(fresh, "DELETE", "notifications/bulk", [1, 99999, 3])
    assert (status, body["error"]["details"]) == (403, {"index": 1})
    assert body["error"]["message"] == "Item not found or you don't have permission to delete it"
    assert fresh.whole() == before


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", "posts/bulk", "Request body must be an array"),
        ("PATCH", "posts/bulk", "Request body must be an array"),
        ("DELETE", "posts/bulk", "Request body must be an array of IDs"),
    ],
)
def test_printed_refusal_of_what_is_no_array(fresh: Fresh, method: str, path: str, message: str) -> None:
    status, body = send(fresh, method, path, {"id": 1})
    assert (status, body["error"]["message"]) == (400, message)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", "categories", "You don't have permission to create items in this collection"),
        ("POST", "categories/bulk", "You don't have permission to create items in this collection"),
        ("PATCH", "categories/1", "You don't have permission to update items in this collection"),
        ("PATCH", "categories/bulk", "You don't have permission to update items in this collection"),
        ("DELETE", "categories/1", "You don't have permission to delete items from this collection"),
        ("DELETE", "categories/bulk", "You don't have permission to delete items from this collection"),
        ("POST", "posts/1/restore", "You don't have permission to update items in this collection"),
    ],
)
def test_printed_refusals_of_who_may_not(fresh: Fresh, method: str, path: str, message: str) -> None:
    """Before the body is looked at. `posts/1/restore` is not for the public."""
    for headers in (PUBLIC, fresh.user)[: 1 if "restore" in path else 2]:
        status, body = send(fresh, method, path, b"{", headers)
        assert (status, body["error"]["message"]) == (403, message)
    assert send(fresh, method, path.replace("categories", "nope").replace("posts", "nope"), b"{", PUBLIC)[0] == 404


# ---------------------------------------------------------------- one item


def test_what_may_not_be_set_is_dropped(fresh: Fresh) -> None:
    sent = {
        "title": "T",
        "content": "C",
        "zap": 1,
        "deletedAt": "2020-01-01T00:00:00Z",
        "createdAt": "2020-01-01T00:00:00Z",
    }
    status, body = send(
        fresh, "POST", "posts", {**sent, "id": 777, "authorId": ANN, "author": {"email": "a@b.cd"}}, fresh.user
    )
    data = body["data"]
    assert status == 201 and data["id"] != 777 and data["authorId"] == author(fresh) and "zap" not in data
    assert data["createdAt"] > "2026" and data["deletedAt"] is None
    assert fresh.rows("SELECT count(*) FROM _dragoman_users WHERE email = 'a@b.cd'") == [(0,)]


def test_a_key_in_the_body_of_an_update_changes_nothing(fresh: Fresh) -> None:
    for key in (1, 2, 777):
        status, body = send(fresh, "PATCH", "posts/1", {"id": key, "title": f"T{key}"})
        assert status == 200 and body["data"]["id"] == 1 and body["data"]["title"] == f"T{key}"
    assert fresh.rows("SELECT count(*) FROM posts WHERE id = 777") == [(0,)]


def test_fields_choose_what_a_write_shows(fresh: Fresh) -> None:
    sent = {"title": "T", "content": "C", "authorId": author(fresh), "comments": [{"body": "first"}]}
    status, body = send(fresh, "POST", "posts?fields=title,comments.body,author.firstName", sent)
    assert status == 201
    assert body["data"] == {"title": "T", "comments": [{"body": "first"}], "author": {"firstName": "Test"}}
    assert send(fresh, "PATCH", 'posts/1?fields=["id"]', {"title": "U"}) == (200, {"data": {"id": 1}})
    for parameter in ("zap=1", "fields=zap", "relConditions={}", "filter={}"):
        assert send(fresh, "PATCH", f"posts/1?{parameter}", {"title": "V"})[0] == 400
    assert posts(fresh)[0][1] == "U"


def test_who_may_create_but_not_read_is_told_the_key(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    app = make_app(DROPBOX, f"sqlite:///{tmp_path / 'letters.sqlite'}")
    answer = app.test_client().post("/items/letters", json={"text": "psst", "id": 9})
    assert (answer.status_code, answer.json, answer.headers.get("ETag")) == (201, {"data": {"id": 1}}, None)
    assert app.test_client().post("/items/letters/bulk", json=[{"text": "a"}, {"text": "b"}]).json == {"data": [2, 3]}
    assert app.test_client().post("/items/letters?fields=text", json={"text": "c"}).status_code == 400
    assert app.test_client().get("/items/letters/1").status_code == 403


DROPBOX = """
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      letters:
        fields: {id: {type: integer, key: true, auto: increment}, text: {type: text}}
        rules: [{role: anon, actions: [create]}]
"""


@pytest.mark.parametrize("key", ["9999", "abc", "1,2", "1 OR 1=1"])
@pytest.mark.parametrize(
    ("method", "end", "action"), [("PATCH", "", "update"), ("DELETE", "", "delete"), ("POST", "/restore", "restore")]
)
def test_missing_rows(fresh: Fresh, method: str, end: str, action: str, key: str) -> None:
    status, body = send(fresh, method, f"posts/{key}{end}", {} if method == "PATCH" else None)
    message = f"Item not found or you don't have permission to {action} it"
    assert (status, body["error"]["message"], body["error"]["details"]) == (403, message, None)


def test_rows_of_others_are_missing(fresh: Fresh) -> None:
    before = fresh.whole()
    mine = {row[0] for row in fresh.rows('SELECT id FROM posts WHERE "authorId" = ?', author(fresh))}
    other = next(row[0] for row in posts(fresh) if row[0] not in mine)
    for method in ("PATCH", "DELETE"):
        assert send(fresh, method, f"posts/{other}", {"title": "mine"}, fresh.user)[0] == 403
        body = [{"id": other, "title": "mine"}] if method == "PATCH" else [other]
        assert send(fresh, method, "posts/bulk", body, fresh.user)[0] == 403
    assert fresh.whole() == before


def test_only_what_is_deleted_softly_is_restored(fresh: Fresh) -> None:
    status, body = send(fresh, "POST", "products/00000000-0000-0000-0000-000000000001/restore")
    assert status == 400 and "cannot be restored" in body["error"]["message"]
    assert send(fresh, "POST", "posts/1/restore")[0] == 403
    assert send(fresh, "GET", "posts/1/restore")[0] == 405


def test_if_match(fresh: Fresh) -> None:
    tag = ask(fresh, "GET", "posts/1").headers["ETag"]
    assert ask(fresh, "GET", "posts/1", more={"If-None-Match": tag}).status_code == 304
    assert ask(fresh, "GET", "posts/1", more={"If-None-Match": '"zap"'}).status_code == 200
    changed = ask(fresh, "PATCH", "posts/1", {"title": "first"}, more={"If-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag
    for method in ("PATCH", "DELETE"):
        assert send(fresh, method, "posts/1", {"title": "late"}, more={"If-Match": tag})[0] == 412
    assert posts(fresh)[0][1] == "first"
    assert send(fresh, "DELETE", "posts/1", more={"If-Match": changed.headers["ETag"]})[0] == 200


@pytest.mark.parametrize(
    ("path", "sent", "message", "mistake"),
    [
        ("posts", {"content": "C"}, "title is required", ("title", "is required", "required", None)),
        (
            "products",
            {"name": "P", "price": -1},
            "price: Value -1 is less than minimum 0",
            ("price", "Value -1 is less than minimum 0", "min", -1),
        ),
        (
            "orders",
            {"trackingNumber": 5},
            "trackingNumber: Expected a text",
            ("trackingNumber", "Expected a text", "type", 5),
        ),
        ("orders", {"year": "2024"}, "year: Expected an integer", ("year", "Expected an integer", "type", "2024")),
    ],
)
def test_validation(
    fresh: Fresh, path: str, sent: dict[str, object], message: str, mistake: tuple[object, ...]
) -> None:
    sent = {"authorId": ANN, **sent} if path == "posts" else sent
    status, body = send(fresh, "POST", path, sent)
    assert (status, body["error"]["message"]) == (400, f"Validation failed: {message}")
    field, said, rule, value = mistake
    errors = [{"field": field, "message": said, "value": value, "rule": rule}]
    assert body["error"]["details"] == {"code": "VALIDATION_ERROR", "errors": errors}


def test_conflicts_say_no_word_of_the_database(fresh: Fresh) -> None:
    before = fresh.whole()
    twice = {"name": "Ann", "email": "ann.smith@example.com"}
    lost = {"title": "T", "content": "C", "authorId": "00000000-0000-0000-0000-0000000000ff"}
    for path, sent, message in (("customers", twice, "Unique"), ("posts", lost, "Foreign key")):
        for body in (sent, [sent]):
            status, answer = send(fresh, "POST", f"{path}/bulk" if isinstance(body, list) else path, body)
            assert (status, answer["error"]["message"]) == (409, f"{message} constraint violation")
            assert not {"constraint", "Key", "table", "_"} & set(str(answer["error"]["details"]).split())
    assert send(fresh, "DELETE", "customers/1")[1]["error"]["message"] == "Foreign key constraint violation"
    assert fresh.whole() == before


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b"[]", "expected an object"),
        (b'"x"', "expected an object"),
        (b'{"title":1,"title":2}', "given twice"),
        (b'{"title":NaN}', "NaN"),
        (b"\xff", "UTF-8"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested too deeply"),
    ],
)
def test_bodies_that_cannot_be_read(fresh: Fresh, body: bytes, words: str) -> None:
    for method, path in (("POST", "posts"), ("PATCH", "posts/1")):
        status, answer = send(fresh, method, path, body)
        assert status == 400 and words in answer["error"]["message"]


def test_a_body_is_json(fresh: Fresh) -> None:
    answer = fresh.client.post("/items/posts", data={"title": "T"}, headers=fresh.admin)
    assert answer.status_code == 415 and answer.json["error"]["statusCode"] == 415


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("bulk", {"POST", "PATCH", "DELETE"}), ("import-csv", {"POST"}), ("import-json", {"POST"}), ("export", set())],
)
def test_reserved_words_are_reserved_for_all_methods(fresh: Fresh, path: str, allowed: set[str]) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        answer = ask(fresh, method, f"posts/{path}", {})
        assert answer.status_code == 405 and answer.json["error"]["statusCode"] == 405
        assert set(answer.headers.get("Allow", "").replace(",", " ").split()) == allowed


# ---------------------------------------------------------------- many items


def test_bulk_of_nothing(fresh: Fresh) -> None:
    assert send(fresh, "POST", "posts/bulk", []) == (201, {"data": []})
    assert send(fresh, "PATCH", "posts/bulk", []) == (200, {"data": []})
    assert send(fresh, "DELETE", "posts/bulk", []) == (204, None)


@pytest.mark.parametrize(
    ("method", "body", "status", "index"),
    [
        ("POST", [{"name": "A", "email": "x@y.zz"}, {"name": "B", "email": "ann.smith@example.com"}], 409, 1),
        ("POST", [{"name": "A", "email": "x@y.zz"}, {"name": "B"}, {"name": "C", "email": "x@y.zz"}], 409, 2),
        ("PATCH", [{"id": 5, "city": "Bonn"}, {"id": 6, "email": "ann.smith@example.com"}], 409, 1),
        ("PATCH", [{"id": 5, "city": "Bonn"}, {"id": "zap"}], 403, 1),
        ("DELETE", [40, "zap"], 403, 1),
        ("DELETE", [1], 409, 0),
    ],
)
def test_a_refusal_of_a_bulk_names_the_index(fresh: Fresh, method: str, body: object, status: int, index: int) -> None:
    before = fresh.whole()
    answer = send(fresh, method, "customers/bulk", body)
    assert answer[0] == status and answer[1]["error"]["details"]["index"] == index
    assert fresh.whole() == before


def test_every_mistake_of_a_bulk_is_told(fresh: Fresh) -> None:
    sent = [{"name": "A"}, {"name": 5}, {"city": "Bonn"}]
    errors = send(fresh, "POST", "customers/bulk", sent)[1]["error"]["details"]["errors"]
    assert [(each["index"], each["field"], each["rule"]) for each in errors] == [
        (1, "name", "type"),
        (2, "name", "required"),
    ]


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", [1]),
        ("PATCH", [1]),
        ("DELETE", [{"id": 1}]),
        ("DELETE", [None]),
        ("DELETE", [True]),
        ("PATCH", [{"id": []}]),
    ],
)
def test_items_of_the_wrong_shape(fresh: Fresh, method: str, body: object) -> None:
    status, answer = send(fresh, method, "customers/bulk", body)
    assert status == 400 and "[0]" in answer["error"]["message"]


def test_a_bulk_is_bounded(fresh: Fresh) -> None:
    most = fresh.snapshot.config.limits.list_items
    status, answer = send(fresh, "DELETE", "customers/bulk", list(range(most + 1)))
    assert status == 400 and f"at most {most}" in answer["error"]["message"]


def test_an_id_that_is_given_twice_is_deleted_once(fresh: Fresh) -> None:
    assert send(fresh, "DELETE", "notifications/bulk", [1, 1, 2]) == (204, None)


# ---------------------------------------------------------------- rows within rows


def test_nested_rows_are_made_in_their_order(fresh: Fresh) -> None:
    sent = {
        "title": "T",
        "content": "C",
        "category": {"title": "Brand new"},
        "author": {"email": "new@example.com", "firstName": "Nora"},
        "comments": [{"body": "one"}, {"body": "two", "author": {"email": "two@example.com"}}],
    }
    status, body = send(fresh, "POST", "posts", sent)
    id = body["data"]["id"]
    assert status == 201
    found = fresh.rows(
        'SELECT c.title, u.first_name FROM posts p JOIN categories c ON c.id = p."categoryId" '
        'JOIN _dragoman_users u ON u.id = p."authorId" WHERE p.id = ?',
        id,
    )
    assert found == [("Brand new", "Nora")]
    comments = 'SELECT c.body, u.email FROM comments c LEFT JOIN _dragoman_users u ON u.id = c."authorId" '
    assert fresh.rows(f'{comments} WHERE c."postId" = ? ORDER BY c.id', id) == [
        ("one", None),
        ("two", "two@example.com"),
    ]


def test_links_beyond_a_junction(fresh: Fresh) -> None:
    """Roles of an account: one that exists, by its id in two forms, and a new one."""
    role = {name: str(id) for id, name in fresh.rows("SELECT id, name FROM _dragoman_roles")}
    sent = {
        "email": "linked@example.com",
        "firstName": "Li",
        "roles": [role["user"], {"id": role["administrator"]}, {"name": "editor"}],
    }
    status, body = send(fresh, "POST", "baasix_User?fields=email,roles.name", sent)
    assert status == 201
    assert sorted(each["name"] for each in body["data"]["roles"]) == ["administrator", "editor", "user"]


def test_nested_mistakes_are_told_with_their_place_and_nothing_is_made(fresh: Fresh) -> None:
    before = fresh.whole()
    sent = {"title": "T", "content": "C", "authorId": ANN, "comments": [{"body": "one"}, {"body": None}]}
    errors = send(fresh, "POST", "posts", sent)[1]["error"]["details"]["errors"]
    assert errors == [
        {"field": "body", "message": "cannot be null", "value": None, "rule": "null", "at": "comments[1]"}
    ]
    errors = send(fresh, "POST", "posts/bulk", [{**sent, "comments": []}, sent])[1]["error"]["details"]["errors"]
    assert (errors[0]["index"], errors[0]["at"]) == (1, "[1].comments[1]")
    assert fresh.whole() == before


def test_nested_rows_need_their_own_permission(fresh: Fresh) -> None:
    before = fresh.whole()
    sent = {"title": "T", "content": "C", "category": {"title": "Mine"}}
    status, body = send(fresh, "POST", "posts", sent, fresh.user)
    assert (status, body["error"]["message"]) == (403, "You don't have permission to create items in this collection")
    assert fresh.whole() == before


@pytest.mark.parametrize(
    ("nested", "words"),
    [
        ({"category": 3}, "category: expected an object"),
        ({"comments": {"body": "x"}}, "comments: expected a list"),
        ({"comments": ["x"]}, "comments[0]: expected an object"),
        ({"categoryId": 1, "category": {"title": "x"}}, "say the same"),
        ({"comments": [{"body": "x", "post": {}}]}, "say the same"),
    ],
)
def test_nested_rows_of_the_wrong_shape(fresh: Fresh, nested: dict[str, object], words: str) -> None:
    before = fresh.whole()
    status, body = send(fresh, "POST", "posts", {"title": "T", "content": "C", "authorId": ANN, **nested})
    assert status == 400 and words in body["error"]["message"]
    assert fresh.whole() == before


def test_nested_rows_are_bounded(fresh: Fresh) -> None:
    deep: dict[str, object] = {"firstName": "x"}
    for _ in range(4):
        post = {"title": "T", "content": "C", "comments": [{"body": "b", "author": deep}]}
        deep = {"firstName": "x", "posts": [post]}
    wide = {"posts": [{"title": "T", "content": "C", "comments": []} for _ in range(60)]}
    for sent in (deep, wide):
        status, body = send(fresh, "POST", "baasix_User", sent)
        assert status == 400 and "relations" in body["error"]["message"]
