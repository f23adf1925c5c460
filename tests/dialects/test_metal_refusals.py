"""What Metal refuses, in its two shapes of a refusal: its validator's and its handlers'; never a 500."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.tables import each

Token = dict[str, str]
ENTITY = "/schema/my-schema/my-entity"


def get(client: FlaskClient, path: str, headers: Token | None = None, query: str = "") -> tuple[int, Any]:
    """A GET with its query string sent as it stands here."""
    answer = client.get(path, query_string=query, headers=headers)
    assert answer.content_type == "application/json"
    return answer.status_code, answer.json


# Each has one place for the name of a field of `customers`.
POSITIONS = [
    "fields={}",
    "fields=*,{}",
    "fields={}&nope=1",
    'filter={"{}":[[1]]}',
    'filter={"{}":"\\u0000"}',
    "filter-expression={} = id",
    'fields="name, {}"',
    'filter={"{}":"a"}',
    'filter={"{}":null}',
    'filter={"{}":["a","b"]}',
    'filter={name:"a",{}:"b"}',
    "filter-expression={} = 'a'",
    "filter-expression='a' = {}",
    "filter-expression={} LIKE 'a%25'",
    "filter-expression={} IS NULL",
    "filter-expression=NOT (name = 'a' OR {} IN ('a', 'b'))",
    "filter-expression={} BETWEEN 'a' AND 'b'",
    "filter-expression=`{}` = 'a'",
    "sort={}",
    "sort=name asc, {} desc",
    'sort={"{}":"asc"}',
]


@each("position", POSITIONS)
def test_a_hidden_field_is_answered_as_an_unknown_one(client: FlaskClient, user: Token, position: str) -> None:
    hidden = get(client, "/schema/main/customers", user, position.replace("{}", "email"))
    unknown = get(client, "/schema/main/customers", user, position.replace("{}", "nope"))
    assert unknown[0] == 400
    assert unknown[1]["error"].startswith("Unknown field 'nope' in ")
    assert hidden == (400, {"error": unknown[1]["error"].replace("nope", "email")})


@each("position", [text for text in POSITIONS if "`" not in text and "name" not in text])
def test_a_hidden_field_behind_a_relation_too(client: FlaskClient, user: Token, position: str) -> None:
    hidden = get(client, "/schema/main/orders", user, position.replace("{}", "customer.email"))
    unknown = get(client, "/schema/main/orders", user, position.replace("{}", "customer.nope"))
    assert unknown[0] == 400
    assert hidden == (400, {"error": unknown[1]["error"].replace("nope", "email")})


@each("position", POSITIONS)
def test_a_password_does_not_exist(client: FlaskClient, admin: Token, position: str) -> None:
    status, body = get(client, "/schema/system/users", admin, position.replace("{}", "password"))
    assert (status, body["error"].startswith("Unknown field 'password' in ")) == (400, True)


# query, parameter at fault, part of the message
REFUSED = [
    ("foo=1", "foo", "Unknown query parameter 'foo'"),
    ("where[name]=a", "where[name]", "Unknown query parameter"),
    ("baseFilter=[]", "baseFilter", "Unknown query parameter"),
    ("limit=1", "limit", "Unknown query parameter"),
    ("filters[name][$eq]=a", "filters[name][$eq]", "Unknown query parameter"),
    ("__proto__=1", "__proto__", "Unknown query parameter"),
    ("cache=1&cache=2", "cache", "given 2 times"),
    ("filter=1", "filter", "request/query/filter must be object"),
    ("filter=", "filter", "request/query/filter must be object"),
    ("filter=[]", "filter", "request/query/filter must be object"),
    ("filter=null", "filter", "request/query/filter must be object"),
    ("filter=color", "filter", "request/query/filter must be object"),
    ("filter={", "filter", "position 2: expected a name"),
    ("filter={color}", "filter", "position 7: expected ':'"),
    ("filter={color:}", "filter", "position 8: expected a value"),
    ("filter={color:red}", "filter", "position 8: expected a value"),
    ('filter={color:"red"', "filter", "position 13: expected '}'"),
    ('filter={color:"red}', "filter", "position 8: expected a value"),
    ('filter={color:"red"} x', "filter", "position 15: expected the end"),
    ('filter={color:["red"}', "filter", "expected ']'"),
    ("filter={color:{a:1}}", "filter", "position 8: expected a value"),
    ("filter={color:1,color:2}", "filter", "the name 'color' only once"),
    ('filter={"color":1,"color":2}', "filter", "only once"),
    ("filter={id:NaN}", "filter", "expected a value"),
    ('filter={id:"\\q"}', "filter", "expected a JSON text"),
    ('filter={"id":"x"}', "filter", "'x' for field 'id' is not an integer"),
    ('filter={"id":{"a":1}}', "filter", "for field 'id' is not an integer"),
    ('filter={"id":[[1]]}', "filter", "for field 'id' is not an integer"),
    ('filter={"id":[null]}', "filter", "'null' for field 'id'"),
    ("filter={id:99999999999999999999999}", "filter", "for field 'id' is not an integer"),
    ('filter={"date":"2024-13-01"}', "filter", "for field 'date' is not a date"),
    ('filter={"name":"\\u0000"}', "filter", "for field 'name' is not a text"),
    ("filter={" + "a" * 30_000, "filter", "expected ':'"),
    ("filter=" + "{a:" * 10_000, "filter", "expected a value"),
    ("filter=" + '{"a":' * 10_000 + "1" + "}" * 10_000, "filter", "expected a value"),
    ("filter=" + json.dumps({f"f{index}": 1 for index in range(3)}).replace("f0", "id.x"), "", "Unknown field 'id.x'"),
    ("filter-expression=", "filter-expression", "position 1: expected a column or a value, got the end"),
    ("filter-expression=id", "filter-expression", "position 3: expected an operator"),
    ("filter-expression=id = 1; DELETE", "filter-expression", "position 7: '; ' has no meaning here"),
    ("filter-expression=id IN (SELECT 1)", "filter-expression", "expected a value"),
    ("filter-expression=upper(name) = 'A'", "filter-expression", "position 6: there are no functions here"),
    ("filter-expression=id = 1 -- x", "filter-expression", "has no meaning here"),
    ("filter-expression=id = 1 UNION SELECT 1", "filter-expression", "expected AND, OR or the end"),
    ("filter-expression=id = 1" + " AND id = 1" * 300, "filter-expression", "more than 200 conditions"),
    ("filter-expression=" + "(" * 2000 + "id = 1" + ")" * 2000, "filter-expression", "more than 32 levels deep"),
    ("filter-expression=" + "a." * 3000 + "b = 1", "filter-expression", "a name of more than 6 relations"),
    ("filter-expression=id = name", "filter-expression", "cannot be compared"),
    ("filter-expression=id = 'x'", "filter-expression", "is not an integer"),
    ("sort=", "sort", "expected fields with asc or desc"),
    ("sort={}", "sort", "expected fields with asc or desc"),
    ("sort={id:'up'}", "sort", "'up' is not asc or desc"),
    ("sort={id:1}", "sort", "'1' is not asc or desc"),
    ("sort={id", "sort", "expected ':'"),
    ("fields=", "fields", "expected * or a comma list"),
    ("cache=x", "cache", "request/query/cache must be number"),
    ("cache=-1", "cache", "request/query/cache must be number"),
    ("cache=", "cache", "request/query/cache must be number"),
    ("cache=1e9", "cache", "request/query/cache must be number"),
    ("cache=NaN", "cache", "request/query/cache must be number"),
]


@each(("query", "parameter", "part"), REFUSED, ids=[query[:60] for query, _, _ in REFUSED])
def test_a_mistake_is_a_400_that_names_it(
    client: FlaskClient, admin: Token, query: str, parameter: str, part: str
) -> None:
    status, body = get(client, ENTITY, admin, query)
    assert status == 400
    if not parameter:
        assert part in body["error"]
        return
    assert part in body["message"]
    assert body["errors"] == [{"path": f"/query/{parameter}", "message": body["message"]}]


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("filter=" + "x" * 70_000, "longer than 65536 bytes"),
        ("filter-expression=name LIKE '%ed'", "not UTF-8; write % as %25 or %%"),
        ("filter=%ff", "not UTF-8"),
        ("&".join(f"f{index}=1" for index in range(2000)), "more than 1000 parameters"),
    ],
)
def test_a_query_string_that_cannot_be_read_is_a_400(client: FlaskClient, admin: Token, query: str, part: str) -> None:
    status, body = get(client, ENTITY, admin, query)
    assert status == 400
    assert part in body["message"]


SMALL = """
version: "0.3"
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}"}
limits: {max_rows: 5}
"""


def test_more_rows_than_allowed_are_a_413(
    sample: Flask, make_app: Callable[..., Flask], database_url: str, admin: Token
) -> None:
    client = make_app(SMALL, database_url).test_client()
    too_large = (413, {"error": "Response body too large"})
    assert get(client, "/schema/main/orders", admin) == too_large
    assert get(client, "/schema/main/orders", admin, "filter-expression=id <= 5")[0] == 200
    assert client.get("/json/order?include=orderItems", headers=admin).status_code == 413


def test_sorting_by_many_rows_is_refused(client: FlaskClient, admin: Token) -> None:
    for query in ("sort=order_items.price", "fields=order_items.price"):
        status, body = get(client, "/schema/main/orders", admin, query)
        assert (status, "leads to many rows" in body["message"]) == (400, True)


@each(
    ("path", "body"),
    [
        ("/schema/nope", {"error": "Schema 'nope' not found"}),
        ("/schema/nope/my-entity", {"error": "Schema 'nope' not found"}),
        ("/schema/my-schema/nope", {"error": "my-schema: Entity 'nope' not found"}),
        ("/schema/main/my-entity", {"error": "main: Entity 'my-entity' not found"}),
        ("/schema/main/_dragoman_users", {"error": "main: Entity '_dragoman_users' not found"}),
    ],
)
def test_what_is_not_there_is_named(client: FlaskClient, admin: Token, path: str, body: object) -> None:
    assert get(client, path, admin) == (404, body)


def test_a_schema_of_which_nothing_may_be_read_is_not_there(client: FlaskClient) -> None:
    assert get(client, "/schema/system") == (404, {"error": "Schema 'system' not found"})
    assert get(client, "/schema/system/nope") == (404, {"error": "Schema 'system' not found"})


@each(
    "path",
    ["/schema", "/schema/my-schema/my-entity/1", "/server", "/server/nope", "/plan/my-plan", "/cache/info", "/user"],
)
def test_an_unknown_path_is_named(client: FlaskClient, admin: Token, path: str) -> None:
    assert get(client, path, admin) == (
        404,
        {"message": "not found", "errors": [{"path": path, "message": "not found"}]},
    )


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", ENTITY), ("POST", "/server/info"), ("DELETE", "/user/info"), ("PUT", "/cache/view")]
)
def test_a_wrong_method_is_named(client: FlaskClient, admin: Token, method: str, path: str) -> None:
    answer = client.open(path, method=method, headers=admin)
    message = f"{method} method not allowed"
    assert answer.status_code == 405
    assert answer.json == {"message": message, "errors": [{"path": path, "message": message}]}
    assert "GET" in answer.headers["Allow"]


def test_who_may_not_read(client: FlaskClient, user: Token) -> None:
    unauthorized = (401, {"message": "Unauthorized"})
    assert get(client, "/schema/main/orders") == unauthorized
    assert get(client, "/user/info") == unauthorized
    assert get(client, "/schema/main/posts", {"Authorization": "Bearer nonsense"}) == unauthorized
    assert get(client, "/schema/main/posts")[0] == 200
    assert get(client, "/schema/main/contacts", user)[0] == 200
