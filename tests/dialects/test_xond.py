"""Xond over the sample: every request its document prints, what each parameter means, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient

from tests.tables import each

Row = dict[str, Any]
Rows = list[Row]
Token = dict[str, str]
SAMPLE = Path(__file__).resolve().parent.parent.parent / "sample"
JOHN, ACME = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"


def sample(name: str) -> Rows:
    """The rows of a sample file: what the answers are compared with."""
    rows: Rows = json.loads((SAMPLE / f"{name}.json").read_text())
    return rows


ORDERS, PRODUCTS, USERS = sample("orders"), sample("products"), sample("accounts")
CUSTOMERS = {row["id"]: row for row in sample("customers")}


def get(client: FlaskClient, path: str, headers: Token | None = None, query: str = "") -> tuple[int, Row]:
    """A GET with its query string sent as it stands here. Every answer has the four keys."""
    answer = client.get(path, query_string=query, headers=headers)
    body: Row = answer.get_json()
    assert set(body) == {"success", "data", "pagination", "error"}
    assert body["success"] == (answer.status_code == 200)
    return answer.status_code, body


def term(field: str, value: object, comparison: str) -> str:
    return json.dumps([{"field": field, "value": value, "comparison": comparison}], ensure_ascii=False)


def like_smith(order: Row) -> bool:
    customer = CUSTOMERS[order["customer_id"]]
    return "smith" in f"{customer['name']} {customer['email']}".lower()


def is_johns(order: Row) -> bool:
    return order["user_id"] == JOHN and order["year"] == 2024


def is_active_electronics(product: Row) -> bool:
    return product["status"] == "active" and product["category"] == "electronics"


def named_john(user: Row) -> bool:
    return "john" in f"{user['name']}\n{user['email']}\n{user['phone']}".lower()


# ---------------------------------------------------------------- as printed

BASE = f"""[
{{"field":"userId","value":"{JOHN}","comparison":"equals"}},
{{"field":"year","value":"2024","comparison":"equals"}}
]"""
ELECTRONICS = """[
{"field":"status","value":"active","comparison":"equals"},
{"field":"category","value":"electronics","comparison":"equals"}
]"""
IN_ACME = f'[{{"field":"organizationId","value":"{ACME}","comparison":"equals"}}]'

# path, query as printed, the sample rows that must be found
PRINTED: list[tuple[str, str, Callable[[Row], bool]]] = [
    ("user", "", lambda row: True),
    (
        "user",
        f'baseFilter=[{{"field":"userId","value":"{JOHN}","comparison":"equals"}}]',
        lambda row: row["id"] == JOHN,
    ),
    (
        "user",
        "baseFilter=" + quote(f'[{{"field":"userId","value":"{JOHN}","comparison":"equals"}}]'),
        lambda row: row["id"] == JOHN,
    ),
    ("order", f"baseFilter={BASE}", is_johns),
    (
        "order",
        'filter=[{"field":"status","value":"completed","comparison":"equals"}]',
        lambda r: r["status"] == "completed",
    ),
    ("product", f"filter={ELECTRONICS}", is_active_electronics),
    ("product", f"filter={ELECTRONICS}&filterClause=and", is_active_electronics),
    (
        "user",
        """filter=[
{"field":"status","value":"active","comparison":"equals"},
{"field":"status","value":"pending","comparison":"equals"}
]&filterClause=or""",
        lambda row: row["status"] in ("active", "pending"),
    ),
    (
        "user",
        'filter=[{"field":"organization.name","value":"Acme Corp","comparison":"equals"}]',
        lambda row: row["tenant_id"] == ACME,
    ),
    ("user", 'sort=[{"field":"name","direction":"asc"}]', lambda row: True),
    (
        "order",
        'sort=[\n{"field":"status","direction":"asc"},\n{"field":"createdAt","direction":"desc"}\n]',
        lambda row: True,
    ),
    ("user", 'sort=[{"field":"organization.name","direction":"asc"}]', lambda row: True),
    ("user", "page=2&pageSize=20", lambda row: True),
    ("user", "textSearchFields=name,email,phone&textSearchValue=john", named_john),
    (
        "user",
        "textSearchFields=name,organization.name,organization.address&textSearchValue=acme",
        lambda row: row["tenant_id"] == ACME or "acme" in str(row["name"]).lower(),
    ),
    ("user", "textSearchFields=name,email&textSearchValue=john", named_john),
    ("order", "textSearchFields=customer.name,customer.email&textSearchValue=smith", like_smith),
    ("user", "include=organization,roles,permissions", lambda row: True),
    ("user", "include=organization.address,organization.contacts", lambda row: True),
    ("user", "columns=name,email,phone", lambda row: True),
    ("user", "columns=name,email&include=organization", lambda row: True),
    ("user", "columns=name,email", lambda row: True),
    ("user", 'page=1&pageSize=20&sort=[{"field":"name","direction":"asc"}]&include=organization', lambda row: True),
    ("order", f"baseFilter={BASE}&page=1&pageSize=20", is_johns),
    (
        "product",
        f"baseFilter={IN_ACME}&filter={ELECTRONICS}&filterClause=and&page=1&pageSize=10",
        lambda row: is_active_electronics(row) and row["organization_id"] == ACME,
    ),
    (
        "user",
        f'baseFilter={IN_ACME}&textSearchFields=name,email&textSearchValue=john&sort=[{{"field":"name","direction":"asc"}}]',
        lambda row: named_john(row) and row["tenant_id"] == ACME,
    ),
    (
        "order",
        f"""baseFilter={BASE}&filter=[
{{"field":"status","value":"completed","comparison":"equals"}},
{{"field":"totalAmount","value":"100","comparison":"greaterThan"}}
]&filterClause=and&textSearchFields=customer.name,customer.email&textSearchValue=smith&sort=[
{{"field":"createdAt","direction":"desc"}},
{{"field":"totalAmount","direction":"desc"}}
]&include=customer,orderItems.product&page=1&pageSize=20""",
        lambda row: is_johns(row) and row["status"] == "completed" and row["total_amount"] > 100 and like_smith(row),
    ),
]
FILES = {"user": USERS, "order": ORDERS, "product": PRODUCTS}


@each(("name", "query", "found"), PRINTED, ids=[f"{name}?{query[:60]}" for name, query, _ in PRINTED])
def test_a_printed_list_answers(
    client: FlaskClient, admin: Token, name: str, query: str, found: Callable[[Row], bool]
) -> None:
    status, body = get(client, f"/json/{name}", admin, query)
    assert status == 200, body
    expected = sum(1 for row in FILES[name] if found(row))
    size = 20 if "pageSize=20" in query else 10
    number = 2 if "page=2" in query else 1
    pages = -(-expected // size)
    assert expected > 0
    assert body["pagination"] == {
        "totalRecords": expected,
        "totalPages": pages,
        "currentPage": number,
        "pageSize": size,
    }
    assert len(body["data"]) == min(size, expected - (number - 1) * size)


def test_one_record_with_its_organization_as_printed(client: FlaskClient, admin: Token) -> None:
    status, body = get(client, f"/json/user/{JOHN}", admin, "include=organization")
    user = body["data"]
    assert status == 200 and body["pagination"] is None and body["error"] is None
    assert (user["userId"], user["name"], user["email"]) == (JOHN, "John Doe", "john@example.com")
    assert user["organization"]["organizationId"] == ACME
    assert user["organization"]["name"] == "Acme Corp"
    assert user["createdAt"] == "2024-01-01T00:00:00.000Z"
    assert not {"password", "passwordHash", "password_hash"} & set(user)


def test_the_pages_of_the_printed_list_are_the_printed_ones(client: FlaskClient, admin: Token) -> None:
    _, body = get(client, "/json/user", admin, "page=2&pageSize=20")
    assert body["pagination"] == {"totalRecords": 150, "totalPages": 8, "currentPage": 2, "pageSize": 20}


def test_count_alone_as_printed(client: FlaskClient, admin: Token) -> None:
    query = 'baseFilter=[{"field":"status","value":"active","comparison":"equals"}]&count=true'
    status, body = get(client, "/json/user", admin, query)
    assert (status, body) == (200, {"success": True, "data": {"count": 42}, "pagination": None, "error": None})


def test_the_complex_example_embeds_what_it_includes(client: FlaskClient, admin: Token) -> None:
    _, body = get(client, "/json/order", admin, PRINTED[-1][1])
    assert [row["orderId"] for row in body["data"]] == [46, 90, 2]
    moments = [row["createdAt"] for row in body["data"]]
    assert moments == sorted(moments, reverse=True)
    first = body["data"][0]
    assert "smith" in first["customer"]["email"]
    assert all(item["product"]["productId"] == item["productId"] for item in first["orderItems"])
    assert first["orderItems"]


# ---------------------------------------------------------------- what the parameters mean

MEANINGS: list[tuple[str, Callable[[Row], bool]]] = [
    ("filter=" + term("year", "2024", "notEquals"), lambda row: row["year"] != 2024),
    ("filter=" + term("totalAmount", 1000, "greaterThan"), lambda row: row["total_amount"] > 1000),
    ("filter=" + term("totalAmount", "1888", "greaterThanOrEqual"), lambda row: row["total_amount"] >= 1888),
    ("filter=" + term("totalAmount", 297.0, "lessThan"), lambda row: row["total_amount"] < 297),
    ("filter=" + term("totalAmount", 297, "lessThanOrEqual"), lambda row: row["total_amount"] <= 297),
    ("filter=" + term("customer.name", "Smith", "contains"), like_smith),
    ("filter=" + term("customer.name", "smith", "contains"), lambda row: False),
    ("filter=" + term("customer.name", "Ann", "startsWith"), lambda row: _customer(row).startswith("Ann")),
    ("filter=" + term("customer.name", "mith", "endsWith"), lambda row: _customer(row).endswith("mith")),
    ("filter=" + term("customer.name", "%", "contains"), lambda row: False),
    ("filter=" + term("status", ["pending", "shipped"], "in"), lambda row: row["status"] in ("pending", "shipped")),
    ("filter=" + term("status", ["pending"], "notIn"), lambda row: row["status"] != "pending"),
    ("filter=" + term("trackingNumber", "ignored", "isNull"), lambda row: row["tracking_number"] is None),
    ("filter=" + term("trackingNumber", None, "isNotNull"), lambda row: row["tracking_number"] is not None),
    ("filter=" + term("trackingNumber", None, "equals"), lambda row: row["tracking_number"] is None),
    ("filter=" + term("trackingNumber", None, "notEquals"), lambda row: row["tracking_number"] is not None),
    ('filter=[{"field":"trackingNumber","comparison":"isNull"}]', lambda row: row["tracking_number"] is None),
    ("filter=" + term("total_amount", 1000, "greaterThan"), lambda row: row["total_amount"] > 1000),
    ("filter=" + term("createdAt", "2024-03-03T08:14:00Z", "equals"), lambda row: row["id"] == 2),
    ("filter=[]&filterClause=or", lambda row: True),
    ("filterClause=OR", lambda row: True),
    (
        "baseFilter=" + term("year", 2024, "equals") + "&filterClause=or&filter="
        '[{"field":"status","value":"pending","comparison":"equals"},{"field":"year","value":2023,"comparison":"equals"}]',
        lambda row: row["year"] == 2024 and row["status"] == "pending",
    ),
    ("textSearchFields=customer.name&textSearchValue=SMITH", like_smith),
    ("pageSize=1000&page=1", lambda row: True),
]


def _customer(order: Row) -> str:
    return str(CUSTOMERS[order["customer_id"]]["name"])


@each(("query", "found"), MEANINGS, ids=[query[:70] for query, _ in MEANINGS])
def test_a_filter_finds_its_rows(client: FlaskClient, admin: Token, query: str, found: Callable[[Row], bool]) -> None:
    paged = query if "pageSize" in query else f"{query}&pageSize=1000"
    status, body = get(client, "/json/order", admin, paged)
    assert status == 200, body
    assert [row["orderId"] for row in body["data"]] == [row["id"] for row in ORDERS if found(row)]
    _, counted = get(client, "/json/order", admin, f"{query}&count=true")
    assert counted["data"] == {"count": len(body["data"])}


def test_two_conditions_in_a_filter_mean_one_child_and_a_base_filter_another(client: FlaskClient, admin: Token) -> None:
    items = sample("order_items")
    cheap, many = {i["order_id"] for i in items if i["price"] < 50}, {i["order_id"] for i in items if i["quantity"] > 2}
    both = {item["order_id"] for item in items if item["price"] < 50 and item["quantity"] > 2}
    one, two = term("orderItems.price", 50, "lessThan"), term("orderItems.quantity", 2, "greaterThan")
    merged = f"filter={one[:-1]},{two[1:]}&pageSize=1000"
    apart = f"baseFilter={one}&filter={two}&pageSize=1000"
    for query, expected in ((merged, both), (apart, cheap & many)):
        _, body = get(client, "/json/order", admin, query)
        assert {row["orderId"] for row in body["data"]} == expected
    assert both != cheap & many


def test_a_base_filter_holds_for_one_record_too(client: FlaskClient, admin: Token) -> None:
    assert get(client, "/json/order/2", admin, "baseFilter=" + term("year", "2024", "equals"))[0] == 200
    assert get(client, "/json/order/2", admin, "baseFilter=" + term("year", "2023", "equals"))[0] == 404


def test_columns_are_those_of_the_record_itself(client: FlaskClient, admin: Token) -> None:
    _, body = get(client, "/json/order/2", admin, "columns=status,total_amount&include=customer")
    assert list(body["data"]) == ["status", "totalAmount", "customer"]
    assert body["data"]["totalAmount"] == 1888
    assert body["data"]["customer"]["customerId"] == 1


def test_a_path_of_include_may_end_in_a_column(client: FlaskClient, admin: Token) -> None:
    _, body = get(client, f"/json/user/{JOHN}", admin, "include=organization.address,organization.contacts")
    organization = body["data"]["organization"]
    assert (organization["name"], organization["address"][:5]) == ("Acme Corp", "12 St")
    assert [contact["name"] for contact in organization["contacts"]] == ["Wile Coyote", "Marvin Acme", "Rhoda Runner"]


def test_a_page_past_the_end_is_empty(client: FlaskClient, admin: Token) -> None:
    status, body = get(client, "/json/order", admin, "page=99999999999")
    assert (status, body["data"]) == (200, [])
    assert body["pagination"] == {"totalRecords": 110, "totalPages": 11, "currentPage": 99999999999, "pageSize": 10}


def test_rows_are_those_of_the_caller(client: FlaskClient, user: Token) -> None:
    own = [row["id"] for row in ORDERS if row["user_id"] == "5081778e-c036-5085-8adb-6f1892daaa73"]
    _, body = get(client, "/json/order", user)
    assert [row["orderId"] for row in body["data"]] == own
    assert body["pagination"]["totalRecords"] == len(own)
    assert get(client, "/json/order", user, "count=true")[1]["data"] == {"count": len(own)}
    assert get(client, "/json/order/2", user)[0] == 404
