"""Xond's writes over the sample: every one that its document prints, updates, deletions and bodies."""

import json
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.dialects.conftest import Fresh, Token
from tests.dialects.xond import ACME, ENGINES, GONE, JOHN, ME, PRODUCT, SAID, Row, send, term
from tests.tables import each

# ---------------------------------------------------------------- as printed

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


@each(("path", "body", "status", "part"), UPDATES)
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


@each(
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


@each(
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
@each("method", ["POST", "PUT"])
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
