"""Xond's writes over the sample: every one that its document prints, and what records, keys and callers are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.conftest import ROOT, Fresh, Token, fresh_app

Row = dict[str, Any]
ME = "9d370085-c116-47c9-9b22-7f33061ec7b1"
TEST_USER = "5081778e-c036-5085-8adb-6f1892daaa73"
JOHN, ACME = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
ENGINES = "00000000-0000-0000-0000-000000000003"
PRODUCT = "00000000-0000-0000-0000-000000000002"
SAID: Row = {"jwtCookie": {"id": ME}}


def send(
    client: FlaskClient, method: str, path: str, body: object = None, headers: Token | None = None, **more: Any
) -> tuple[int, Row]:
    """Status and answer of a request; every answer has the four keys."""
    answer = client.open(path, method=method, headers=headers, json=body, **more)
    assert answer.content_type == "application/json"
    found: Row = json.loads(answer.data)
    assert set(found) == {"success", "data", "pagination", "error"}
    assert found["success"] == (answer.status_code < 300)
    assert found["pagination"] is None
    assert (found["error"] is None) == found["success"]
    return answer.status_code, found


def term(field: str, value: object, comparison: str = "equals") -> str:
    return quote(json.dumps([{"field": field, "value": value, "comparison": comparison}]))


# ---------------------------------------------------------------- as printed

GONE = {"success": True, "data": None, "pagination": None, "error": None}
NO_SUCH = {"success": False, "data": None, "pagination": None, "error": "Record not found or cannot be deleted"}


def test_a_user_is_deleted_created_and_updated_as_printed(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    assert send(client, "DELETE", f"/json/user/{JOHN}", headers=admin) == (200, GONE)
    assert fresh.rows("SELECT 1 FROM _dragoman_users WHERE id = ?", JOHN) == []
    assert send(client, "DELETE", f"/json/user/{JOHN}", headers=admin) == (404, NO_SUCH)

    body = {
        "jwtCookie": {"id": ME, "email": "user@example.com"},
        "name": "John Doe",
        "email": "john@example.com",
        "organizationId": ACME,
    }
    status, answer = send(client, "POST", "/json/user", body, admin)
    made = answer["data"]
    assert status == 201, answer
    assert (made["name"], made["email"], made["organizationId"]) == ("John Doe", "john@example.com", ACME)
    assert len(made["userId"]) == 36
    assert made["createdAt"] == made["lastUpdated"]
    assert made["createdAt"].endswith("Z")
    assert (made["updatedBy"], made["dataStatus"]) == (ME, 1)
    text = "SELECT name, email, updated_by, data_status FROM _dragoman_users WHERE id = ?"
    assert fresh.rows(text, made["userId"]) == [("John Doe", "john@example.com", ME, 1)]

    status, answer = send(
        client,
        "PUT",
        f"/json/user/{made['userId']}",
        {**SAID, "name": "Jane Doe", "email": "jane@example.com"},
        admin,
    )
    changed = answer["data"]
    assert status == 200, answer
    assert changed["userId"] == made["userId"]
    assert (changed["name"], changed["email"], changed["updatedBy"]) == ("Jane Doe", "jane@example.com", ME)
    assert changed["lastUpdated"] > made["lastUpdated"]
    assert changed["createdAt"] == made["createdAt"]
    assert fresh.rows(text, made["userId"]) == [("Jane Doe", "jane@example.com", ME, 1)]


def test_a_user_that_was_not_deleted_is_in_the_way_of_the_printed_one(client: FlaskClient, admin: Token) -> None:
    body = {**SAID, "name": "John Doe", "email": "john@example.com", "organizationId": ACME}
    assert send(client, "POST", "/json/user", body, admin)[0] == 409


def test_a_foreign_key_is_updated_as_printed(fresh: Fresh) -> None:
    status, answer = send(fresh.client, "PUT", f"/json/user/{JOHN}", {**SAID, "organizationId": ENGINES}, fresh.admin)
    assert (status, answer["data"]["organizationId"]) == (200, ENGINES)
    assert (answer["data"]["name"], answer["data"]["email"]) == ("John Doe", "john@example.com")
    assert [str(row[0]) for row in fresh.rows("SELECT tenant_id FROM _dragoman_users WHERE id = ?", JOHN)] == [ENGINES]


def test_an_order_with_its_items_is_created_as_printed(fresh: Fresh) -> None:
    body = {
        **SAID,
        "userId": JOHN,
        "totalAmount": 99.99,
        "orderItems": [{"productId": PRODUCT, "quantity": 2, "price": 49.99}],
    }
    status, answer = send(fresh.client, "POST", "/json/order", body, fresh.admin)
    order = answer["data"]
    assert status == 201, answer
    assert (order["userId"], order["totalAmount"]) == (JOHN, 99.99)
    (item,) = order["orderItems"]
    assert (item["productId"], item["quantity"], item["price"]) == (PRODUCT, 2, 49.99)
    assert item["orderId"] == order["orderId"]
    stored = fresh.rows("SELECT id, quantity FROM order_items WHERE order_id = ?", order["orderId"])
    assert stored == [(item["orderItemId"], 2)]
    assert order["status"] == "pending"


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
    assert [role["name"] for role in answer["data"]["roles"]] == ["author", "reviewer"]
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


@pytest.mark.parametrize(("body", "status", "part"), NESTED, ids=[part for _, _, part in NESTED])
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


# ---------------------------------------------------------------- updates


def test_an_update_takes_its_key_from_the_body(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    status, answer = send(client, "PUT", "/json/order", {"orderId": 2, "status": "shipped"}, admin)
    assert (status, answer["data"]["orderId"], answer["data"]["status"]) == (200, 2, "shipped")
    assert answer["data"]["totalAmount"] == 1888
    assert fresh.rows("SELECT status FROM orders WHERE id = 2") == [("shipped",)]
    status, answer = send(client, "PUT", "/json/order", {"orderId": 9999, "status": "shipped"}, admin)
    assert (status, answer["error"]) == (404, "Record not found or cannot be updated")


def test_a_whole_record_can_be_sent_back(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    record = send_get(client, "/json/customer/2", admin)
    status, answer = send(client, "PUT", "/json/customer/2", {**record, "city": "Turin"}, admin)
    assert (status, answer["data"]) == (200, {**record, "city": "Turin"})


def send_get(client: FlaskClient, path: str, headers: Token) -> Row:
    """The record of a path."""
    row: Row = client.get(path, headers=headers).get_json()["data"]
    return row


# path, body, status, part of the message
UPDATES: list[tuple[str, object, int, str]] = [
    ("/json/order/9999", {"status": "x"}, 404, "Record not found or cannot be updated"),
    ("/json/order/x", {"status": "x"}, 404, "Record not found or cannot be updated"),
    ("/json/nope/1", {"status": "x"}, 404, "'nope' not found"),
    ("/json/order/2", {"nope": "x"}, 400, "Unknown field 'nope' in body"),
    ("/json/order/2", {"orderId": 3}, 400, "Unknown field 'orderId' in body"),
    ("/json/order/2", {"orderId": "2"}, 400, "Unknown field 'orderId' in body"),
    ("/json/order/2", {"year": "2024"}, 400, "year: Expected"),
    ("/json/order/2", {"totalAmount": -1}, 400, "totalAmount: Value -1 is less than minimum 0"),
    ("/json/order/2", {"status": None}, 400, "status cannot be null"),
    ("/json/order/2", {"customerId": 9999}, 409, "refers to a missing row"),
    ("/json/order/2", {"orderItems": []}, 400, "orderItems: records of a relation cannot be updated here"),
    ("/json/order/2", {"customer": {"name": "x"}}, 400, "customer: records of a relation cannot be updated here"),
    ("/json/order/2", [], 400, "expected an object"),
    ("/json/order", {"status": "x"}, 400, "orderId: the record's key is missing"),
    ("/json/order", {"orderId": None, "status": "x"}, 400, "orderId: the record's key is missing"),
    ("/json/order", {"orderId": [2], "status": "x"}, 400, "orderId: the record's key is missing"),
    ("/json/order/2?nope=1", {"status": "x"}, 400, "Unknown query parameter 'nope'"),
    ("/json/order/2?filter=[]", {"status": "x"}, 400, "Unknown query parameter 'filter'"),
]


@pytest.mark.parametrize(("path", "body", "status", "part"), UPDATES)
def test_an_update_that_cannot_be_is_told_why(
    client: FlaskClient, admin: Token, path: str, body: object, status: int, part: str
) -> None:
    before = send_get(client, "/json/order/2", admin)
    found, answer = send(client, "PUT", path, body, admin)
    assert (found, part in answer["error"]) == (status, True), answer
    assert send_get(client, "/json/order/2", admin) == before


def test_a_base_filter_locks_one_record_too(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    inside, outside = "baseFilter=" + term("year", 2024), "baseFilter=" + term("year", 2023)
    status, answer = send(client, "PUT", f"/json/order/2?{outside}", {"status": "x"}, admin)
    assert (status, answer["error"]) == (404, "Record not found or cannot be updated")
    status, answer = send(client, "PUT", f"/json/order/2?{inside}", {"status": "x"}, admin)
    assert (status, answer["data"]["status"]) == (200, "x")
    status, answer = send(client, "DELETE", f"/json/order/2?{outside}", None, admin)
    assert (status, answer["error"]) == (404, "Record not found or cannot be deleted")
    assert send(client, "DELETE", f"/json/order/2?{inside}", None, admin) == (200, GONE)
    assert fresh.rows("SELECT 1 FROM orders WHERE id = 2") == []


def test_an_entity_tag_guards_a_record(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    read = client.get("/json/order/2", headers=admin)
    tag = read.headers["ETag"]
    assert client.get("/json/order/2", headers={**admin, "If-None-Match": tag}).status_code == 304
    stale, current = {**admin, "If-Match": '"stale"'}, {**admin, "If-Match": tag}
    assert send(client, "PUT", "/json/order/2", {"status": "x"}, stale)[0] == 412
    assert send(client, "DELETE", "/json/order/2", None, stale)[0] == 412
    changed = client.put("/json/order/2", json={"status": "x"}, headers=current)
    assert changed.status_code == 200
    assert changed.headers["ETag"] not in (tag, None)
    assert client.get("/json/order/2", headers=admin).headers["ETag"] == changed.headers["ETag"]
    assert send(client, "DELETE", "/json/order/2", None, current)[0] == 412
    assert send(client, "DELETE", "/json/order/2", None, {**admin, "If-Match": changed.headers["ETag"]})[0] == 200
    query = "baseFilter=" + term("id", 3)
    assert send(client, "DELETE", f"/json/order?{query}", None, stale)[0] == 412
    assert fresh.rows("SELECT count(*) FROM orders WHERE id IN (2, 3)") == [(1,)]


# ---------------------------------------------------------------- deletions


def test_records_are_deleted_by_filters(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    left = fresh.rows("SELECT count(*) FROM orders WHERE NOT (year = 2023 AND status = 'pending')")
    query = f"baseFilter={term('year', '2023')}&filter={term('status', 'pending')}"
    assert send(client, "DELETE", f"/json/order?{query}", None, admin) == (200, GONE)
    assert fresh.rows("SELECT count(*) FROM orders") == left
    assert fresh.rows("SELECT count(*) FROM order_items WHERE order_id NOT IN (SELECT id FROM orders)") == [(0,)]
    assert send(client, "DELETE", f"/json/order?{query}", None, admin) == (200, GONE)
    by_relation = "filter=" + term("customer.city", "London")
    assert send(client, "DELETE", f"/json/order?{by_relation}", None, admin) == (200, GONE)
    london = "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.city = 'London'"
    assert fresh.rows(london) == [(0,)]


@pytest.mark.parametrize(
    "query",
    ["", "filter=[]", "baseFilter=[]&filter=[]", "filterClause=or", "textSearchFields=status&textSearchValue=p"],
)
def test_a_deletion_without_a_condition_is_refused(client: FlaskClient, admin: Token, query: str) -> None:
    status, answer = send(client, "DELETE", f"/json/order?{query}", None, admin)
    assert (status, "at least one condition" in answer["error"]) == (400, True)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        (f"filter={term('year', 1)}&nope=1", "Unknown query parameter 'nope'"),
        (f"filter={term('year', 1)}&page=1", "Unknown query parameter 'page'"),
        (f"filter={term('nope', 1)}", "Unknown field 'nope'"),
        (f"filter={quote(json.dumps([{'field': 'year', 'value': 1, 'comparison': 'equals'}] * 300))}", "at most 200"),
    ],
)
def test_a_deletion_that_cannot_be_read_is_refused(client: FlaskClient, admin: Token, query: str, part: str) -> None:
    status, answer = send(client, "DELETE", f"/json/order?{query}", None, admin)
    assert (status, part in answer["error"]) == (400, True), answer


def test_what_others_refer_to_stays(fresh: Fresh) -> None:
    status, answer = send(fresh.client, "DELETE", "/json/customer/1", None, fresh.admin)
    assert (status, "refer" in answer["error"]) == (409, True)
    assert fresh.rows("SELECT count(*) FROM customers WHERE id = 1") == [(1,)]


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"title": "a", "title": "b"}', "application/json", 400),
        (b'{"title": NaN}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b'{"title": "a"}', "text/plain", 415),
        (b"title=a", "application/x-www-form-urlencoded", 415),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_that_is_none_is_refused(
    client: FlaskClient, admin: Token, method: str, data: bytes, kind: str, status: int
) -> None:
    path = "/json/category" if method == "POST" else "/json/category/1"
    answer = client.open(path, method=method, data=data, content_type=kind, headers=admin)
    assert answer.status_code == status
    assert set(answer.get_json()) == {"success", "data", "pagination", "error"}


def test_all_that_is_wrong_is_said_at_once_under_the_shown_names(client: FlaskClient, admin: Token) -> None:
    body = {"totalAmount": -1, "year": "2024", "status": None}
    status, answer = send(client, "POST", "/json/order", body, admin)
    assert status == 400
    for part in ("totalAmount: Value -1 is less than minimum 0", "year: Expected", "status cannot be null"):
        assert part in answer["error"]


# ---------------------------------------------------------------- callers


def test_who_may_not_write(client: FlaskClient, user: Token) -> None:
    for method, path in (("POST", "/json/order"), ("PUT", "/json/order/2"), ("PUT", "/json/order")):
        assert send(client, method, path, {"status": "x"})[0] == 401
        assert send(client, method, path, {"status": "x"}, user)[0] == 403
        assert client.open(path, method=method, data=b"{", headers=user).status_code == 403
    for path in ("/json/order/2", f"/json/order?filter={term('id', 2)}"):
        assert send(client, "DELETE", path)[0] == 401
        assert send(client, "DELETE", path, None, user)[0] == 403
    assert send(client, "POST", "/json/nope", {}, user)[0] == 404
    assert send(client, "POST", "/json/permissions", {}, user)[0] == 404


def test_a_caller_writes_within_his_rules(fresh: Fresh) -> None:
    client, user = fresh.client, fresh.user
    status, answer = send(client, "POST", "/json/post", {"title": "Mine", "content": "Text"}, user)
    assert (status, answer["data"]["authorId"]) == (201, TEST_USER)
    mine = answer["data"]["postId"]
    for body in ({"authorId": JOHN}, {"createdAt": "2020-01-01T00:00:00Z"}, {"deletedAt": None}, {"nope": 1}):
        status, answer = send(client, "POST", "/json/post", {"title": "M", "content": "T", **body}, user)
        assert (status, answer["error"]) == (400, f"Unknown field {next(iter(body))!r} in body")
    (other,) = fresh.rows('SELECT min(id) FROM posts WHERE "authorId" <> ?', TEST_USER)
    for method in ("PUT", "DELETE"):
        body = {"title": "Theirs"} if method == "PUT" else None
        status, answer = send(client, method, f"/json/post/{other[0]}", body, user)
        assert (status, answer["error"][:28]) == (404, "Record not found or cannot b")
    assert send(client, "DELETE", f"/json/post/{mine}", None, user) == (200, GONE)
    assert send(client, "GET", f"/json/post/{mine}", None, user)[0] == 404
    assert fresh.rows('SELECT 1 FROM posts WHERE id = ? AND "deletedAt" IS NOT NULL', mine) == [(1,)]


# ---------------------------------------------------------------- jwtCookie


def token_of(headers: Token) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def test_a_signed_cookie_in_the_body_is_the_caller(fresh: Fresh) -> None:
    token = token_of(fresh.user)
    for cookie in (token, {"token": token}, {"token": token, "id": TEST_USER, "role": "admin"}):
        body = {"jwtCookie": cookie, "title": "Mine", "content": "Text"}
        status, answer = send(fresh.client, "POST", "/json/post", body)
        assert (status, answer["data"]["authorId"]) == (201, TEST_USER)
        assert "jwtCookie" not in answer["data"]
    assert send(fresh.client, "PUT", "/json/order/2", {"jwtCookie": token_of(fresh.admin), "status": "x"})[0] == 200


# whether the header has the administrator's token, what the body says, status
COOKIES: list[tuple[bool, object, int]] = [
    (False, {"id": ME}, 401),
    (False, {"id": ME, "email": "john@example.org", "role": "admin"}, 401),
    (False, "nonsense", 401),
    (False, {"token": "nonsense"}, 401),
    (False, "eyJhbGciOiJub25lIn0.eyJzdWIiOiI5ZDM3MDA4NSJ9.", 401),
    (True, "nonsense", 401),
    (True, {"id": JOHN}, 403),
    (True, {"id": "user-uuid"}, 403),
    (True, {"id": None}, 403),
    (True, {"id": 1}, 403),
    (True, {"token": 1, "id": ME}, 400),
    (True, {}, 400),
    (True, [], 400),
    (True, None, 400),
    (True, {"email": "john@example.org"}, 400),
]


@pytest.mark.parametrize(("signed", "cookie", "status"), COOKIES)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_cookie_in_the_body_gives_nobody_another_identity(
    client: FlaskClient, admin: Token, method: str, signed: bool, cookie: object, status: int
) -> None:
    path = "/json/order" if method == "POST" else "/json/order/2"
    found, answer = send(client, method, path, {"jwtCookie": cookie, "status": "x"}, admin if signed else None)
    assert found == status, answer


def test_two_tokens_of_two_callers_are_refused(client: FlaskClient, admin: Token, user: Token) -> None:
    for cookie in (token_of(user), {"token": token_of(user)}, {"token": token_of(admin), "id": TEST_USER}):
        assert send(client, "PUT", "/json/order/2", {"jwtCookie": cookie, "status": "x"}, admin)[0] == 403
    unchanged = {"jwtCookie": {"token": token_of(admin), "id": ME.upper()}, "orderId": 2}
    assert send(client, "PUT", "/json/order/2", unchanged, admin)[0] == 200


def test_a_body_without_a_type_is_not_taken_from_a_cookies_bearer(client: FlaskClient, admin: Token) -> None:
    client.set_cookie("jwtCookie", token_of(admin))
    data = b'{"orderId": 2}'
    assert client.put("/json/order/2", data=data).status_code == 415
    assert client.put("/json/order/2", data=data, content_type="application/json").status_code == 200


def test_an_unsigned_cookie_is_believed_behind_a_gateway_only(
    fresh: Fresh, make_app: Callable[..., Flask], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "config.yml").read_text().replace("sample: sample/", "dialects: {xond: {trust_body_identity: true}}")
    path = tmp_path / "config.yml"
    path.write_text(text)
    trusting = fresh_app(make_app(path, fresh.snapshot.config.sources["default"].url))
    assert "believes an unsigned jwtCookie" in capsys.readouterr().err
    client = trusting.client
    status, answer = send(client, "PUT", f"/json/user/{JOHN}", {**SAID, "name": "Jane"})
    assert (status, answer["data"]["updatedBy"]) == (200, ME)
    assert send(client, "PUT", f"/json/user/{JOHN}", {**SAID, "name": "Jane"}, trusting.user)[0] == 403
    for nobody in (JOHN[:-1] + "f", "user-uuid", None):
        assert send(client, "POST", "/json/order", {"jwtCookie": {"id": nobody}})[0] in (401, 403)
    role = {"jwtCookie": {"id": TEST_USER, "role": "admin"}, "status": "x"}
    assert send(client, "PUT", "/json/order/2", role)[0] == 403
