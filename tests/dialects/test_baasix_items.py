"""Baasix writing one item: what may be set, what is shown, entity tags, conflicts, bodies that cannot be read."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.dialects.baasix import ANN, ask, author, posts, send
from tests.dialects.conftest import Fresh


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
