"""Metal over the sample: every GET its document prints, what each parameter means, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.tables import each

Token = dict[str, str]
Row = dict[str, Any]
SAMPLE = Path(__file__).resolve().parent.parent.parent / "sample"
ENTITY = "/schema/my-schema/my-entity"
ROWS: list[Row] = json.loads((SAMPLE / "my-schema.my-entity.json").read_text())
COUNTRIES: dict[str, Row] = {row["code"]: row for row in json.loads((SAMPLE / "my-schema.my-country.json").read_text())}
KINDS = {
    "id": "number",
    "name": "string",
    "color": "string",
    "status": "string",
    "location": "string",
    "country": "string",
    "email": "string",
    "date": "object",
}


def get(client: FlaskClient, path: str, headers: Token | None = None, query: str = "") -> tuple[int, Any]:
    """A GET with its query string sent as it stands here."""
    answer = client.get(path, query_string=query, headers=headers)
    assert answer.content_type == "application/json"
    return answer.status_code, answer.json


# ---------------------------------------------------------------- as printed

# query as printed, the rows of the sample that it finds, in the order of the answer
PRINTED: list[tuple[str, list[Row]]] = [
    ("", ROWS),
    ('filter={color:"red"}', [row for row in ROWS if row["color"] == "red"]),
    (
        'filter={"Name":"John","Location":"USA"}',
        [row for row in ROWS if (row["name"], row["location"]) == ("John", "USA")],
    ),
    ("filter-expression=\"name LIKE '%ing' \"", [row for row in ROWS if row["name"].endswith("ing")]),
    ("filter-expression=name LIKE '%%ing'", [row for row in ROWS if row["name"].endswith("ing")]),
    (
        'sort={"name":"asc","email":"desc"}',
        sorted(sorted(ROWS, key=lambda row: row["email"], reverse=True), key=lambda row: row["name"]),
    ),
    ("cache=60", ROWS),
]


@each(("query", "rows"), PRINTED, ids=[query for query, _ in PRINTED])
def test_a_printed_select_answers(client: FlaskClient, admin: Token, query: str, rows: list[Row]) -> None:
    status, body = get(client, ENTITY, admin, query)
    assert status == 200, body
    assert rows
    kept = body.pop("metadata")
    assert kept == ({"__CACHE__": True, "__CACHE_EXPIRE__": kept["__CACHE_EXPIRE__"]} if "cache" in query else {})
    assert body == {
        "schema": "my-schema",
        "entity": "my-entity",
        "status": 200,
        "fields": KINDS,
        "rows": rows,
    }


def test_printed_fields_in_quotation_marks(client: FlaskClient, admin: Token) -> None:
    status, body = get(client, ENTITY, admin, 'fields="name, country"')
    assert status == 200
    assert body["fields"] == {"name": "string", "country": "string"}
    assert body["rows"] == [{"name": row["name"], "country": row["country"]} for row in ROWS]


def test_the_printed_date_expression_without_its_script(client: FlaskClient, admin: Token) -> None:
    _, body = get(client, ENTITY, admin, "filter-expression=date < '2/4/2004' ")
    assert body["rows"] == [row for row in ROWS if row["date"] < "2004-02-04"]


def test_the_entities_of_a_schema_as_printed(client: FlaskClient, admin: Token) -> None:
    status, body = get(client, "/schema/my-schema", admin)
    assert status == 200
    assert {key: body[key] for key in ("schema", "status", "metadata", "fields")} == {
        "schema": "my-schema",
        "status": 200,
        "metadata": {},
        "fields": {"name": "string", "type": "string", "size": "number"},
    }
    listed = [(row["name"], row["type"]) for row in body["rows"]]
    assert listed == [("my-entity", "table"), ("my-country", "table")]


def test_the_server_tells_what_it_is_to_all(client: FlaskClient) -> None:
    assert get(client, "/server/info") == (200, {"server": "Metal", "version": "0.3"})


def test_the_user_is_told_who_it_is(client: FlaskClient, user: Token) -> None:
    status, body = get(client, "/user/info", user)
    assert status == 200
    assert (body["username"], body["user"]) == ("test@example.com", "test@example.com")
    assert "user" in body["roles"]
    assert body["exp"] > body["iat"] > 1_700_000_000


def test_the_cache_is_shown_to_administrators(client: FlaskClient, admin: Token, user: Token) -> None:
    status, body = get(client, "/cache/view", admin)
    assert status == 200
    assert (body["schema"], body["entity"], body["result"], body["status"]) == ("metal_cache", "cache", "OK", 200)
    assert (body["data"]["Name"], body["data"]["MetaData"]) == ("cache", {})
    assert get(client, "/cache/view", user) == (403, {"error": "Permission denied"})
    assert get(client, "/cache/view") == (401, {"message": "Unauthorized"})


# ---------------------------------------------------------------- what the parameters mean

MEANINGS: list[tuple[str, Callable[[Row], bool]]] = [
    ("filter={}", lambda row: True),
    ('filter={"color":["red","green"]}', lambda row: row["color"] in ("red", "green")),
    ("filter={'color':'red',}", lambda row: row["color"] == "red"),
    (
        'filter={color:[\'red\', "green"], location:"USA"}',
        lambda row: row["color"] in ("red", "green") and row["location"] == "USA",
    ),
    ('filter={id:"3"}', lambda row: row["id"] == 3),
    ("filter={id:3}", lambda row: row["id"] == 3),
    ("filter={email:null}", lambda row: False),
    ('filter={"DATE":"1990-05-04"}', lambda row: row["id"] == 20),
    ('filter={color:"red"}&filter-expression=id > 10', lambda row: row["color"] == "red" and row["id"] > 10),
    ("filter-expression=id > 10 AND id<=12", lambda row: 10 < row["id"] <= 12),
    ("filter-expression=id IN (1, 5) OR name = 'Kate'", lambda row: row["id"] in (1, 5, 22)),
    ("filter-expression=NOT (color = 'blue' OR color = 'red')", lambda row: row["color"] not in ("blue", "red")),
    ("filter-expression=name like 'j%%'", lambda row: False),
    ("filter-expression=name ilike 'j%%'", lambda row: row["name"].startswith("J")),
    ("filter-expression=name ILIKE 'J%25'", lambda row: row["name"].startswith("J")),
    ("filter-expression=name NOT LIKE '%%o%%'", lambda row: "o" not in row["name"]),
    ("filter-expression=date BETWEEN '1990-01-01' AND '12/31/1999'", lambda row: "1990" <= row["date"] < "2000"),
    ("filter-expression=email IS NULL", lambda row: False),
    ("filter-expression=email IS NOT NULL", lambda row: True),
    ("filter-expression='id = 1'", lambda row: row["id"] == 1),
    ("filter-expression=\"name\" = 'Kate'", lambda row: row["id"] == 22),
    ("filter-expression=`name` = 'Kate'", lambda row: row["id"] == 22),
    ("filter-expression=country = 'US' AND color = name", lambda row: False),
]


@each(("query", "found"), MEANINGS, ids=[query for query, _ in MEANINGS])
def test_a_filter_finds_its_rows(client: FlaskClient, admin: Token, query: str, found: Callable[[Row], bool]) -> None:
    status, body = get(client, ENTITY, admin, query)
    assert status == 200, body
    assert body["rows"] == [row for row in ROWS if found(row)]
    assert body["fields"] == (KINDS if body["rows"] else {})


SORTS: list[tuple[str, Callable[[Row], Any], bool]] = [
    ("sort=name desc, id asc", lambda row: row["name"], True),
    ("sort=name", lambda row: row["name"], False),
    ('sort="date DESC"', lambda row: row["date"], True),
    ("sort={id:'desc'}", lambda row: row["id"], True),
]


@pytest.mark.parametrize(("query", "key", "reverse"), SORTS, ids=[query for query, _, _ in SORTS])
def test_an_order_is_kept(
    client: FlaskClient, admin: Token, query: str, key: Callable[[Row], Any], reverse: bool
) -> None:
    _, body = get(client, ENTITY, admin, query)
    assert body["rows"] == sorted(ROWS, key=key, reverse=reverse)


def test_relations_are_reached_in_every_position(client: FlaskClient, admin: Token) -> None:
    relation = "customer"
    query = (
        f'fields=id,{relation}.name&sort={relation}.name desc&filter={{"{relation}.city":"London"}}'
        f"&filter-expression={relation}.country LIKE 'United%25' AND order_items.quantity > 2"
    )
    status, body = get(client, "/schema/main/orders", admin, query)
    assert status == 200, body
    assert body["rows"]
    assert body["fields"] == {"id": "number", "customer.name": "string"}
    names = [row["customer.name"] for row in body["rows"]]
    assert names == sorted(names, reverse=True)


def test_all_fields_and_one_more(client: FlaskClient, admin: Token) -> None:
    _, body = get(client, "/schema/main/orders", admin, "fields=*, customer.city&filter={id:2}")
    assert body["rows"][0]["customer.city"] == "London"
    assert body["rows"][0]["total_amount"] == 1888
    assert body["fields"] == {
        **dict.fromkeys(("id", "customer_id", "year", "total_amount", "priority"), "number"),
        **dict.fromkeys(("user_id", "status", "tracking_number", "customer.city"), "string"),
        "created_at": "object",
    }


def test_rows_and_entities_are_those_of_the_caller(client: FlaskClient, user: Token) -> None:
    _, body = get(client, "/schema/main/orders", user)
    assert [row["id"] for row in body["rows"]] == [5, 48]
    names = {row["name"] for row in get(client, "/schema/main")[1]["rows"]}
    assert {"posts", "categories"} <= names
    assert not {"orders", "customers"} & names
    _, body = get(client, "/schema/main/customers", user)
    assert list(body["fields"]) == ["id", "name", "city", "country"]
