"""Baasix writing: every write that its document prints, with its effect and its answer."""

import pytest

from tests.dialects.baasix import ANN, PUBLIC, ask, author, posts, send
from tests.dialects.conftest import Fresh


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
