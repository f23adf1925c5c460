"""Metal's writes over the sample: every one that its document prints, what bodies mean, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.conftest import ROOT, Fresh, Token, fresh_app
from tests.tables import each

ENTITY = "/schema/my-schema/my-entity"
TABLE = '"my-entity"'
TEST_USER = "5081778e-c036-5085-8adb-6f1892daaa73"
ROWS: list[dict[str, Any]] = json.loads((ROOT / "sample" / "my-schema.my-entity.json").read_text())
COUNT = f"SELECT count(*) FROM {TABLE}"


def send(
    client: FlaskClient, method: str, path: str, body: object = None, headers: Token | None = None
) -> tuple[int, Any]:
    """Status and answer of a request; None for an answer without a body."""
    answer = client.open(path, method=method, headers=headers, json=body)
    if not answer.data:
        assert answer.headers.get("Content-Length") == ("0" if answer.status_code == 201 else None)
        return answer.status_code, None
    assert answer.content_type == "application/json"
    return answer.status_code, json.loads(answer.data)


# ---------------------------------------------------------------- as printed


def test_printed_rows_are_inserted(fresh: Fresh) -> None:
    many = {"data": [{"name": "Facebook", "color": "blue"}, {"name": "YouTube", "color": "red"}]}
    one = {"data": {"name": "Facebook", "color": "blue"}}
    for body in (many, one):
        answer = fresh.client.post(ENTITY, json=body, headers=fresh.admin)
        assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (201, b"", "0")
    added = fresh.rows(f"SELECT name, color FROM {TABLE} WHERE id > 22 ORDER BY id")
    assert added == [("Facebook", "blue"), ("YouTube", "red"), ("Facebook", "blue")]


def test_printed_modifications(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    red = [row["id"] for row in ROWS if row["color"] == "red"]
    body: dict[str, object] = {"filter": {"color": "red"}, "data": {"status": "disabled"}}
    assert send(client, "PATCH", ENTITY, body, admin) == (204, None)
    found = fresh.rows(f"SELECT id FROM {TABLE} WHERE status = 'disabled' ORDER BY id")
    assert [row[0] for row in found] == sorted({*red, *(r["id"] for r in ROWS if r["status"] == "disabled")})

    body = {"filter": {"Name": "John", "Location": "USA"}, "data": {"status": "gone"}}
    assert send(client, "PATCH", ENTITY, body, admin) == (204, None)
    assert fresh.rows(f"SELECT name, location FROM {TABLE} WHERE status = 'gone'") == [("John", "USA")]

    body = {"filter-expression": "name LIKE '%ing' ", "data": {"status": "ing"}}
    assert send(client, "PATCH", ENTITY, body, admin) == (204, None)
    found = fresh.rows(f"SELECT name FROM {TABLE} WHERE status = 'ing' ORDER BY id")
    assert [row[0] for row in found] == [row["name"] for row in ROWS if row["name"].endswith("ing")]

    assert send(client, "PATCH", ENTITY, {"data": {"name": "Facebook", "color": "blue"}}, admin) == (204, None)
    assert fresh.rows(f"SELECT DISTINCT name, color FROM {TABLE}") == [("Facebook", "blue")]
    assert fresh.rows(COUNT) == [(len(ROWS),)]


def test_printed_deletions(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    left = list(ROWS)
    for body, gone in (
        ({"filter": {"color": "red"}}, lambda row: row["color"] == "red"),
        ({"filter": {"Name": "John", "Location": "USA"}}, lambda row: (row["name"], row["country"]) == ("John", "US")),
        ({"filter-expression": "name LIKE '%ing' "}, lambda row: row["name"].endswith("ing")),
    ):
        assert send(client, "DELETE", ENTITY, body, admin) == (204, None)
        left = [row for row in left if not gone(row)]
        found = fresh.rows(f"SELECT id FROM {TABLE} ORDER BY id")
        assert [row[0] for row in found] == [row["id"] for row in left]
        assert send(client, "DELETE", ENTITY, body, admin) == (204, None)


@pytest.mark.parametrize("body", [None, {}, {"filter": {}}, {"filter": "{}"}])
def test_all_that_the_caller_may_delete_goes_without_a_filter(fresh: Fresh, body: object) -> None:
    assert send(fresh.client, "DELETE", ENTITY, body, fresh.admin) == (204, None)
    assert fresh.rows(COUNT) == [(0,)]


def test_a_post_without_data_is_a_select(client: FlaskClient, user: Token) -> None:
    expression = {"filter-expression": "date < '2/4/2004' "}
    status, body = send(client, "POST", ENTITY, expression, user)
    assert (status, body["schema"], body["entity"], body["status"]) == (200, "my-schema", "my-entity", 200)
    assert body["rows"] == [row for row in ROWS if row["date"] < "2004-02-04"]
    more = {
        "filter": {"Color": ["red", "green"], "location": "USA"},
        "filter-expression": "id > 3",
        "fields": "id, name",
        "sort": {"name": "desc"},
        "cache": 60,
    }
    status, body = send(client, "POST", ENTITY, more, user)
    wanted = [r for r in ROWS if r["color"] in ("red", "green") and r["location"] == "USA" and r["id"] > 3]
    assert (status, body["fields"]) == (200, {"id": "number", "name": "string"})
    assert body["rows"] == [
        {"id": r["id"], "name": r["name"]} for r in sorted(wanted, key=lambda r: r["name"], reverse=True)
    ]
    status, body = send(client, "POST", ENTITY, {"filter": "{color:'red'}", "sort": "id desc"}, user)
    assert [row["id"] for row in body["rows"]] == [r["id"] for r in reversed(ROWS) if r["color"] == "red"]
    assert send(client, "POST", ENTITY, {"filter": {}})[1]["rows"] == ROWS


# ---------------------------------------------------------------- what bodies mean


def test_names_are_folded_in_rows_too(fresh: Fresh) -> None:
    body = {"data": {"Name": "Ann", "COLOR": "pink", "date": "2024-02-29"}}
    assert send(fresh.client, "POST", ENTITY, body, fresh.admin) == (201, None)
    assert fresh.rows(f"SELECT name FROM {TABLE} WHERE color = 'pink'") == [("Ann",)]


def test_filter_and_expression_both_hold(fresh: Fresh) -> None:
    body = {"filter": "{color:'red'}", "filter-expression": "location = 'USA'", "data": {"status": "x"}}
    assert send(fresh.client, "PATCH", ENTITY, body, fresh.admin) == (204, None)
    found = fresh.rows(f"SELECT id FROM {TABLE} WHERE status = 'x' ORDER BY id")
    assert [row[0] for row in found] == [r["id"] for r in ROWS if r["color"] == "red" and r["location"] == "USA"]


def test_a_condition_may_follow_relations(fresh: Fresh) -> None:
    body = {"filter": {"customer.city": "London"}, "data": {"status": "held"}}
    assert send(fresh.client, "PATCH", "/schema/main/orders", body, fresh.admin) == (204, None)
    wrong = (
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE (c.city = 'London') <> (o.status = 'held')"
    )
    assert fresh.rows(wrong) == [(0,)]
    assert fresh.rows("SELECT count(*) FROM orders WHERE status = 'held'") != [(0,)]


def test_an_empty_list_inserts_nothing(client: FlaskClient, admin: Token) -> None:
    assert send(client, "POST", ENTITY, {"data": []}, admin) == (201, None)


def test_one_bad_row_keeps_all_out(fresh: Fresh) -> None:
    rows = [{"name": "A"}, {"name": None}, {"name": "C", "email": "no"}]
    status, body = send(fresh.client, "POST", ENTITY, {"data": rows}, fresh.admin)
    assert status == 400
    assert [error["path"] for error in body["errors"]] == ["/body/data/1/name", "/body/data/2/email"]
    assert body["errors"][0]["errorCode"] == "null.openapi.validation"
    assert body["message"].startswith("name cannot be null; email: ")
    assert fresh.rows(COUNT) == [(len(ROWS),)]


def test_a_caller_changes_what_he_may(fresh: Fresh) -> None:
    client, user = fresh.client, fresh.user
    others = 'SELECT id, "read" FROM notifications WHERE user_id <> ? ORDER BY id'
    mine = 'SELECT count(*), count(CASE WHEN "read" THEN 1 END) FROM notifications WHERE user_id = ?'
    before, ((count, read),) = fresh.rows(others, TEST_USER), fresh.rows(mine, TEST_USER)
    assert count != read
    assert send(client, "PATCH", "/schema/main/notifications", {"data": {"read": True}}, user) == (204, None)
    assert fresh.rows(mine, TEST_USER) == [(count, count)]
    assert fresh.rows(others, TEST_USER) == before
    assert send(client, "PATCH", "/schema/main/notifications", {"data": {"title": "x"}}, user)[0] == 400
    assert send(client, "DELETE", "/schema/main/notifications", None, user) == (204, None)
    assert fresh.rows(mine, TEST_USER) == [(0, 0)]
    assert fresh.rows(others, TEST_USER) == before


# ---------------------------------------------------------------- what is refused


def required(name: str) -> dict[str, object]:
    """Metal's words for a missing member."""
    told = f"must have required property '{name}'"
    error = {"path": f"/body/{name}", "message": told, "errorCode": "required.openapi.validation"}
    return {"message": f"request/body {told}", "errors": [error]}


@pytest.mark.parametrize("body", [{}, None, {"fields": "name"}, {"sort": "name"}])
def test_a_post_of_nothing_lacks_data(client: FlaskClient, admin: Token, body: object) -> None:
    assert send(client, "POST", ENTITY, body, admin) == (400, required("data"))


@pytest.mark.parametrize("body", [{}, None, {"filter": {"color": "red"}}, {"filter-expression": "id = 1"}])
def test_a_patch_lacks_data(client: FlaskClient, admin: Token, body: object) -> None:
    assert send(client, "PATCH", ENTITY, body, admin) == (400, required("data"))


# method, body, part of the message, path in errors ("" where the refusal has none)
NAME = {"name": "x"}
REFUSED: list[tuple[str, object, str, str]] = [
    ("POST", [], "request/body must be object", "/body"),
    ("POST", {"data": 1}, "request/body/data must be object or array", "/body/data"),
    ("POST", {"data": None}, "request/body/data must be object or array", "/body/data"),
    ("POST", {"data": [1]}, "request/body/data[0] must be object", "/body/data[0]"),
    ("POST", {"data": [NAME, []]}, "request/body/data[1] must be object", "/body/data[1]"),
    ("POST", {"data": NAME, "filter": {}}, "must NOT have additional property 'filter'", "/body/filter"),
    ("POST", {"data": NAME, "nope": 1}, "must NOT have additional property 'nope'", "/body/nope"),
    ("POST", {"data": {"nope": 1}}, "Unknown field 'nope' in data", ""),
    ("POST", {"data": [NAME, {"nope": 1}]}, "Unknown field 'nope' in data[1]", ""),
    ("POST", {"data": {"name": "x", "Name": "y"}}, "given twice", ""),
    ("POST", {"data": {"color": "x"}}, "name is required", "/body/data/name"),
    ("POST", {"data": {"name": 1}}, "name: Expected", "/body/data/name"),
    ("POST", {"data": {"name": "${{ 1 + }}"}}, "data: ${{ 1 + }}: SyntaxError", "/body/data"),
    ("POST", {"data": [{"name": "x"}] * 10_001}, "must NOT have more than 10000 items", "/body/data"),
    ("POST", {"filter": {"nope": 1}}, "Unknown field 'nope' in filter", ""),
    ("POST", {"filter": {"id": 1}, "limit": 1}, "must NOT have additional property 'limit'", "/body/limit"),
    ("POST", {"filter-expression": "date < '${{ x }}'"}, "'x' is not defined", "/body/filter-expression"),
    ("POST", {"filter": {"name": "${{ x }}"}}, "'x' is not defined", "/body/filter"),
    ("POST", {"filter": {}, "fields": ["name"]}, "request/body/fields must be string", "/body/fields"),
    ("POST", {"filter": {}, "cache": "x"}, "request/body/cache must be number", "/body/cache"),
    ("PATCH", {"data": []}, "request/body/data must be object", "/body/data"),
    ("PATCH", {"data": NAME, "fields": "name"}, "must NOT have additional property 'fields'", "/body/fields"),
    ("PATCH", {"data": NAME, "filter": None}, "request/body/filter must be object", "/body/filter"),
    ("PATCH", {"data": NAME, "filter": []}, "request/body/filter must be object", "/body/filter"),
    ("PATCH", {"data": NAME, "filter": "x"}, "request/body/filter must be object", "/body/filter"),
    ("PATCH", {"data": NAME, "filter": {"nope": 1}}, "Unknown field 'nope' in filter", ""),
    ("PATCH", {"data": {"id": "1"}}, "id: Expected", "/body/data/id"),
    ("PATCH", {"data": {"nope": 1}}, "Unknown field 'nope' in data", ""),
    ("PATCH", {"data": {"name": None}}, "name cannot be null", "/body/data/name"),
    ("DELETE", {"data": NAME}, "must NOT have additional property 'data'", "/body/data"),
    ("DELETE", {"filter": None}, "request/body/filter must be object", "/body/filter"),
    ("DELETE", {"filter": True}, "request/body/filter must be object", "/body/filter"),
    ("DELETE", {"filter-expression": ""}, "expected a column or a value", "/body/filter-expression"),
    ("DELETE", {"filter-expression": "1 = 1"}, "expected a column on one side", "/body/filter-expression"),
    ("DELETE", {"filter-expression": None}, "must be string", "/body/filter-expression"),
    ("DELETE", {"filter": {"id": {"gt": 1}}}, "is not an integer", "/body/filter"),
    ("DELETE", {"filter-expression": "id = 1 OR " * 200 + "id = 1"}, "more than 200", "/body/filter-expression"),
    ("DELETE", {"Filter": {"id": 1}}, "must NOT have additional property 'Filter'", "/body/Filter"),
]


@each(("method", "body", "part", "path"), REFUSED, ids=[f"{method} {part[:50]}" for method, _, part, _ in REFUSED])
def test_a_body_that_cannot_be_is_refused_and_changes_nothing(
    client: FlaskClient, admin: Token, method: str, body: object, part: str, path: str
) -> None:
    status, answer = send(client, method, ENTITY, body, admin)
    assert status == 400
    assert part in answer.get("message", answer.get("error"))
    assert answer.get("errors", [{"path": ""}])[0]["path"] == path
    assert send(client, "POST", ENTITY, {"filter": {}}, admin)[1]["rows"] == ROWS


@each("query", ["filter={color:'red'}", "filter-expression=id=1", "cache=1"])
@each("method", ["POST", "PATCH", "DELETE"])
def test_a_condition_in_the_url_is_never_ignored(client: FlaskClient, admin: Token, method: str, query: str) -> None:
    body = None if method == "DELETE" else {"data": {"name": "x"}}
    answer = client.open(ENTITY, method=method, query_string=query, json=body, headers=admin)
    name = query.partition("=")[0]
    assert answer.status_code == 400
    assert answer.get_json()["errors"][0]["path"] == f"/query/{name}"


@each(
    ("data", "kind", "status"),
    [(b"{", "application/json", 400), (b"{}", "text/plain", 415), (b'{"data":{},"data":{}}', "application/json", 400)],
)
@each("method", ["POST", "PATCH", "DELETE"])
def test_a_body_that_is_no_json_is_refused(
    client: FlaskClient, admin: Token, method: str, data: bytes, kind: str, status: int
) -> None:
    answer = client.open(ENTITY, method=method, data=data, content_type=kind, headers=admin)
    assert answer.status_code == status
    assert answer.get_json()["message"]


def test_conflicts_are_told_without_the_databases_words(client: FlaskClient, admin: Token) -> None:
    for method, path, body in (
        ("POST", ENTITY, {"data": {"id": 1, "name": "x"}}),
        ("POST", ENTITY, {"data": {"name": "x", "country": "XX"}}),
        ("POST", "/schema/main/categories", {"data": [{"title": "new"}, {"title": "new"}]}),
        ("DELETE", "/schema/my-schema/my-country", {"filter": {"code": "US"}}),
    ):
        status, answer = send(client, method, path, body, admin)
        assert (status, list(answer)) == (409, ["error"])
        assert not {"constraint", "sqlite", "relation"} & set(answer["error"].lower().split())


def test_who_may_not_write(client: FlaskClient, user: Token) -> None:
    unauthorized, denied = (401, {"message": "Unauthorized"}), (403, {"error": "Permission denied"})
    data = {"data": {"name": "x"}}
    for method, body in (("POST", data), ("PATCH", data), ("DELETE", None)):
        assert send(client, method, ENTITY, body) == unauthorized
        assert send(client, method, ENTITY, body, user) == denied
        assert send(client, method, "/schema/main/nope", body, user)[0] == 404
        assert send(client, method, "/schema/nope/x", body, user) == (404, {"error": "Schema 'nope' not found"})
        assert send(client, method, "/schema/system/permissions", body, user)[0] == 404
    for method in ("PATCH", "DELETE"):
        assert client.open(ENTITY, method=method, data=b"{", headers=user).status_code == 403


def test_hidden_columns_are_unknown_in_conditions(client: FlaskClient, admin: Token) -> None:
    for name in ("password", "password_hash", "nope"):
        status, answer = send(client, "DELETE", "/schema/system/users", {"filter": {name: "x"}}, admin)
        assert (status, answer) == (400, {"error": f"Unknown field {name!r} in filter"})


def test_a_schema_may_require_a_filter(fresh: Fresh, make_app: Callable[..., Flask], tmp_path: Path) -> None:
    text = (ROOT / "config.yml").read_text().replace("sample: sample/", "")
    path = tmp_path / "config.yml"
    path.write_text(text.replace("  my-schema:\n", "  my-schema:\n    require_filter: true\n"))
    strict = fresh_app(make_app(path, fresh.snapshot.config.sources["default"].url))
    for method, body in (("DELETE", {}), ("DELETE", {"filter": {}}), ("PATCH", {"data": {"status": "x"}})):
        status, answer = send(strict.client, method, ENTITY, body, strict.admin)
        assert (status, "requires one" in answer["message"]) == (400, True)
    assert send(strict.client, "DELETE", ENTITY, {"filter": {"id": 1}}, strict.admin) == (204, None)
    assert fresh.rows(COUNT) == [(len(ROWS) - 1,)]
    assert send(strict.client, "PATCH", "/schema/main/orders", {"data": {"status": "x"}}, strict.admin) == (204, None)
