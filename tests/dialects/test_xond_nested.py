"""Records that Xond creates within records, and keys and relations that the sample does not have."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud.web.dialect import served
from tests.dialects.conftest import ADMIN, USER, Fresh, Token, fresh_app, sibling
from tests.dialects.xond import GONE, ME, PRODUCT, Row, send, term
from tests.newcomers import create_account
from tests.tables import each

# ---------------------------------------------------------------- nested records


def test_records_nest_to_both_sides_and_deeper(fresh: Fresh) -> None:
    body = {
        "customer": {"name": "Nobody Yet"},
        "user": None,
        "orderItems": [
            {"product": {"name": "Abacus", "price": 5}, "quantity": 1, "price": 5},
            {"productId": PRODUCT, "quantity": 3, "price": 6.5},
        ],
    }
    status, answer = send(fresh.client, "POST", "/json/order", body, fresh.admin)
    order = answer["data"]
    assert status == 201, answer
    assert order["customer"]["name"] == "Nobody Yet"
    assert order["customerId"] == order["customer"]["customerId"]
    assert order["userId"] is None
    first, second = order["orderItems"]
    assert (first["product"]["name"], first["productId"]) == ("Abacus", first["product"]["productId"])
    assert (second["productId"], second["price"]) == (PRODUCT, 6.5)
    assert fresh.rows("SELECT count(*) FROM products WHERE name = 'Abacus'") == [(1,)]


def test_records_are_linked_through_a_junction(fresh: Fresh) -> None:
    body = {"name": "Ann", "email": "ann@example.net", "roles": [{"name": "author"}, {"name": "reviewer"}]}
    status, answer = send(fresh.client, "POST", "/json/user", body, fresh.admin)
    assert status == 201, answer
    assert sorted(role["name"] for role in answer["data"]["roles"]) == ["author", "reviewer"]
    links = fresh.rows(
        "SELECT r.name FROM _dragoman_user_roles l JOIN _dragoman_roles r ON r.id = l.role_id "
        "WHERE l.user_id = ? ORDER BY r.name",
        answer["data"]["userId"],
    )
    assert links == [("author",), ("reviewer",)]


# body of POST /json/order, status, part of the message
ITEM = {"productId": PRODUCT, "quantity": 1, "price": 1}
NESTED: list[tuple[Row, int, str]] = [
    ({"orderItems": [ITEM, {**ITEM, "quantity": 0}]}, 400, "orderItems[1].quantity: Value 0 is less than minimum 1"),
    ({"orderItems": [{**ITEM, "nope": 1}]}, 400, "Unknown field 'nope' in orderItems[0]"),
    ({"orderItems": [{"quantity": 1, "price": 1}]}, 400, "orderItems[0].productId is required"),
    ({"orderItems": ITEM}, 400, "orderItems: expected a list of objects"),
    ({"orderItems": [[ITEM]]}, 400, "orderItems[0]: expected an object"),
    ({"orderItems": [1]}, 400, "orderItems[0]: expected an object"),
    ({"orderItems": None}, 400, "orderItems: expected a list of objects"),
    ({"orderItems": [{**ITEM, "orderId": 1}]}, 400, "orderItems[0]: orderId follows from where the record stands"),
    ({"orderItems": [{**ITEM, "order": {}}]}, 400, "orderItems[0].order: orderId follows"),
    ({"customerId": 1, "customer": {"name": "A"}}, 400, "customer: customerId follows"),
    ({"customer": 1}, 400, "customer: expected an object"),
    ({"customer": {}}, 400, "customer.name is required"),
    ({"orderItems": [{**ITEM, "productId": ME}]}, 409, "refers to a missing row"),
    ({"orderItems": [], "order_items": []}, 400, "given twice"),
    ({"orderItems": [ITEM] * 10_000}, 400, "more than 10000 records"),
    ({"nope": [ITEM]}, 400, "Unknown field 'nope' in body"),
]


@each(("body", "status", "part"), NESTED, ids=[part for _, _, part in NESTED])
def test_a_mistake_in_a_nested_record_names_its_place_and_nothing_is_made(
    client: FlaskClient, admin: Token, body: Row, status: int, part: str
) -> None:
    before = send(client, "GET", "/json/order", None, admin, query_string="count=true")
    found, answer = send(client, "POST", "/json/order", {"totalAmount": 1, **body}, admin)
    assert (found, part in answer["error"]) == (status, True), answer
    assert send(client, "GET", "/json/order", None, admin, query_string="count=true") == before


def test_records_nest_as_deep_as_reads_do(client: FlaskClient, admin: Token) -> None:
    body: Row = {"totalAmount": 1}
    for _ in range(4):
        body = {"customer": {"name": "A", "orders": [body]}}
    status, answer = send(client, "POST", "/json/order", body, admin)
    assert (status, "more than 6 relations deep" in answer["error"]) == (400, True)


def test_every_nested_record_is_a_write_of_its_own(fresh: Fresh) -> None:
    client, user = fresh.client, fresh.user
    post = {"title": "Mine", "content": "Text"}
    status, answer = send(client, "POST", "/json/post", {**post, "comments": [{"body": "First"}]}, user)
    assert status == 201, answer
    assert [comment["body"] for comment in answer["data"]["comments"]] == ["First"]
    status, answer = send(client, "POST", "/json/post", {**post, "category": {"title": "Mine"}}, user)
    assert status == 403
    hidden = send(client, "POST", "/json/post", {**post, "author": {"permissions": []}}, user)
    unknown = send(client, "POST", "/json/post", {**post, "author": {"permissionz": []}}, user)
    assert hidden[0] == unknown[0]
    assert fresh.rows("SELECT count(*) FROM posts WHERE title = 'Mine'") == [(1,)]


# ---------------------------------------------------------------- keys and relations that the sample does not have

OTHERS = """
version: "0.3"
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}"}
schemas:
  main:
    entities:
      pairs:
        fields: {a: {type: integer, key: true}, b: {type: string, key: true}, note: {type: string}}
        rules: [{role: user, actions: [create, update, delete]}]
      people:
        fields:
          id: {type: integer, key: true, auto: increment}
          name: {type: string, required: true}
          code: {type: string, unique: true}
          manager_id: {type: integer, references: people}
      marks:
        fields: {id: {type: integer, key: true, auto: increment}, code: {type: string, references: people.code}}
      notes:
        fields: {text: {type: string}}
      rates:
        read_only: true
        fields: {id: {type: integer, key: true}, value: {type: integer}}
"""


@pytest.fixture
def others(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fresh]:
    """Resources with composite keys, without one, read-only, and with references to themselves and to no key."""
    app = make_app(OTHERS, sibling(database_url, tmp_path_factory))
    with app.app_context():
        system = served().state.current().system
        for (email, _), role in ((ADMIN, "admin"), (USER, "user")):
            create_account(system, email=email, roles=[role])
    yield fresh_app(app)


def test_a_composite_key_is_written_in_path_and_body(others: Fresh) -> None:
    client, admin = others.client, others.admin
    row = {"a": 1, "b": "x,y/z~", "note": "old"}
    assert send(client, "POST", "/json/pair", row, admin)[1]["data"] == row
    assert send(client, "POST", "/json/pair", row, admin)[0] == 409
    assert send(client, "PUT", "/json/pair", {**row, "note": "new"}, admin)[1]["data"]["note"] == "new"
    assert send(client, "PUT", "/json/pair/1,x~2Cy~2Fz~7E", {"note": "newer"}, admin)[1]["data"]["note"] == "newer"
    assert send(client, "DELETE", "/json/pair/1,x~2Cy~2Fz~7E", None, admin) == (200, GONE)
    assert others.rows("SELECT 1 FROM pairs") == []


def test_who_may_write_and_not_read_gets_the_key_alone(others: Fresh) -> None:
    client, user = others.client, others.user
    status, answer = send(client, "POST", "/json/pair", {"a": 1, "b": "k", "note": "mine"}, user)
    assert (status, answer["data"]) == (201, {"a": 1, "b": "k"})
    status, answer = send(client, "PUT", "/json/pair/1,k", {"note": "yours"}, user)
    assert (status, answer["data"]) == (200, {"a": 1, "b": "k"})
    status, answer = send(client, "PUT", f"/json/pair/1,k?baseFilter={term('note', 'yours')}", {"note": "x"}, user)
    assert (status, answer["error"]) == (400, "Unknown field 'note' in baseFilter")
    assert send(client, "DELETE", "/json/pair/1,k", None, {**user, "If-Match": '"guess"'})[0] == 412
    assert send(client, "DELETE", "/json/pair/1,k", None, user) == (200, GONE)


def test_references_to_oneself_and_to_no_key(others: Fresh) -> None:
    client, admin = others.client, others.admin
    body = {"name": "Ann", "code": "A", "manager": {"name": "Boss"}, "people": [{"name": "Bob"}], "marks": [{}]}
    status, answer = send(client, "POST", "/json/people", body, admin)
    ann = answer["data"]
    assert status == 201, answer
    assert (ann["manager"]["name"], ann["managerId"]) == ("Boss", ann["manager"]["id"])
    assert [(child["name"], child["managerId"]) for child in ann["people"]] == [("Bob", ann["id"])]
    assert [mark["code"] for mark in ann["marks"]] == ["A"]
    status, answer = send(client, "POST", "/json/people", {"name": "Eve", "marks": [{}]}, admin)
    assert (status, answer["error"]) == (400, "marks[0]: code of the record that it is linked to must be given")
    assert others.rows("SELECT count(*) FROM people") == [(3,)]


def test_a_table_without_a_key_has_no_single_records(others: Fresh) -> None:
    client, admin = others.client, others.admin
    assert send(client, "POST", "/json/note", {"text": "a"}, admin)[0] == 201
    assert send(client, "PUT", "/json/note/1", {"text": "b"}, admin)[0] == 404
    assert send(client, "PUT", "/json/note", {"text": "b"}, admin)[0] == 404
    assert send(client, "DELETE", f"/json/note?filter={term('text', 'a')}", None, admin) == (200, GONE)
    assert others.rows("SELECT count(*) FROM notes") == [(0,)]


def test_what_is_read_only_takes_no_writes(others: Fresh) -> None:
    client, admin = others.client, others.admin
    for method, path in (("POST", "/json/rate"), ("PUT", "/json/rate/1"), ("DELETE", "/json/rate/1")):
        status, answer = send(client, method, path, None if method == "DELETE" else {"value": 1}, admin)
        assert (status, "read only" in answer["error"]) == (405, True)
    for method, body in (("POST", {"data": {"id": 1}}), ("PATCH", {"data": {"value": 1}}), ("DELETE", None)):
        refused = client.open("/schema/main/rates", method=method, json=body, headers=admin)
        assert (refused.status_code, "read only" in refused.get_json()["message"]) == (405, True)
    assert client.post("/schema/main/rates", json={"filter": {}}, headers=admin).status_code == 200
