"""Baasix writing many items: bulks, and rows within rows."""

import pytest

from tests.dialects.baasix import ANN, send
from tests.dialects.conftest import Fresh

# ---------------------------------------------------------------- bulks


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
