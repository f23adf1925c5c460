"""A refusal says what the caller can mend, and nothing of databases, statements, files or code."""

import json
import re

import pytest
from flask.testing import FlaskClient

from tests.attacks.conftest import Ask, Token
from tests.tables import each

# What no body of a refusal may hold, unless the caller wrote it.
INSIDE = re.compile(
    r"SELECT |INSERT |FROM \"|WHERE |sqlite|psycopg|postgres|Traceback|File \"|\.py\b|/work/|/tmp/|site-packages|"
    r"syntax error|relation \"|column \"|constraint|OperationalError|Error\(|<class|object at 0x|orjson|werkzeug|"
    r"Exception|recursion|overflow|invalid input|out of range|codec|%s|t0\.|dragoman_",
    re.IGNORECASE,
)

VALUES: list[object] = [
    2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**30, 10**400, 1e308, -0.0, 1.5, "9" * 500, "1e400", "NaN", "Infinity",
    "-inf", "a\x00b", "\ud800", "\udfff\ud800", "é" * 500, "'", "\"", "\\", "%", "%s", "%(x)s", "{0}", "\u2019", "\ufeff",
    "0001-01-01", "9999-99-99", "2024-02-30", "-4713-01-01", "infinity", "10000-01-01", "", " ", True, None, [], [[]], {},
    {"a": 1}, [None], [{"a": [1]}], ["a\x00"], [2**70], [1] * 100, "[", "{", "$NOW", "$COL(name)", "$CURRENT_USER.x",
    "$NOW-YEARS_999999", "$NOW+DAYS_999999", "(1,2)", "[1,2)",
]  # fmt: skip
FIELDS = ["id", "name", "meta", "born"]
RAW = [
    "NaN", "Infinity", "-Infinity", "[NaN]", '{"id":NaN}', "[" * 3000, '{"a":' * 1000 + "1" + "}" * 1000, "{", "null",
    "1", '"x"', "[]", "[1]", "[null]", "{}", '{"id":' + "9" * 5000 + "}", '{"id":1e999}', '{"\\ud800":1}', "\x00", "\ufeff{}",
    '{"id":"\\ud800"}', '{"id":{"eq":{"eq":{"eq":1}}}}', '{"AND":1}', '{"AND":[1]}', '{"NOT":[]}', "{id:}", "{'a'", "tru",
    '[{"field":1}]', '[{"field":"id"}]', '[{"field":null,"comparison":[],"value":{}}]', '[{"field":"id","direction":[]}]',
]  # fmt: skip
JSON_PARAMETERS = [
    *[("/api/people", "where"), ("/json/people", "filter"), ("/json/people", "baseFilter"), ("/json/people", "sort")],
    *[("/schema/main/people", "filter"), ("/schema/main/people", "sort"), ("/items/people", "filter")],
    *[("/items/people", "sort"), ("/items/people", "fields"), ("/items/people", "groupBy")],
    *[("/items/people", "aggregate"), ("/items/people", "relConditions"), ("/schema/main/people", "filter-expression")],
    *[("/api/people", "select"), ("/api/people", "populate"), ("/v1/people", "sort"), ("/v1/people", "filters[meta]")],
]


def clean(status: int, text: str, written: str) -> bool:
    """Whether an answer is a 2xx, or a refusal that keeps to itself."""
    if status < 300:
        return True
    found = {match[0].lower() for match in INSIDE.finditer(text)}
    return status < 500 and not {word for word in found if word not in written.lower()}


@pytest.mark.parametrize("field", FIELDS)
def test_odd_values_are_refused_in_our_own_words(ask: Ask, field: str) -> None:
    told = []
    for value in VALUES if field in ("id", "name") else VALUES[::3]:
        text = json.dumps(value)
        plain = value if isinstance(value, str) and not re.search("[\ud800-\udfff]", value) else text
        asked: list[tuple[str, tuple[str, str]]] = [
            ("/items/people", ("filter", json.dumps({field: {"gt": value}}))),
            ("/items/people", ("filter", json.dumps({field: {"between": [value, value]}}))),
            ("/items/people", ("filter", json.dumps({field: {"like": value}}))),
            ("/items/people", ("filter", json.dumps({field: {"jsonbContains": value}}))),
            ("/api/people", ("where", json.dumps({field: {"gte": value}}))),
            ("/api/people", (f"where[{field}]", plain)),
            ("/json/people", ("filter", json.dumps([{"field": field, "value": value, "comparison": "in"}]))),
            ("/schema/main/people", ("filter-expression", f"{field} >= '{plain}'")),
        ]
        for path, parameter in asked:
            answer = ask(path, parameter)
            body = answer.get_data(as_text=True)
            if not clean(answer.status_code, body, parameter[1]):
                told.append((path, parameter[1][:80], answer.status_code, body[:200]))
    assert told == []


@each(("path", "name"), JSON_PARAMETERS)
def test_odd_documents_are_refused_in_our_own_words(ask: Ask, path: str, name: str) -> None:
    for text in RAW:
        answer = ask(path, (name, text))
        assert clean(answer.status_code, answer.get_data(as_text=True), text), (
            text[:80],
            answer.get_data(as_text=True),
        )


QUERIES = [
    "where=%ED%A0%80", "where[%ED%A0%80]=1", "filter=%ff%fe", "%ff=1", "%00=1", "filter=%", "filter=%zz", "=", "&&&", "a",
    "filters[id][$eq]=%ED%A0%80", "filters[%ff]=1", "sort=%ff", "sort=%F0%9F%98%80", "filter=%7B%22%5Cud800%22%3A1%7D",
    "fields=%ff", "where[id=1", "where]id[=1", "where[[id]]=1", "where[]=1", "filters[]=1", "filters[id][$in][x]=1",
    "filters[][$eq]=1", "where[id][in][-1]=1", "sort[x]=id", "sort[99999999999]=id", "%%=1", "filter-expression=%%",
]  # fmt: skip


@each("path", ["/api/people", "/json/people", "/v1/people", "/schema/main/people", "/items/people"])
def test_odd_query_strings_are_refused_in_our_own_words(client: FlaskClient, user: Token, path: str) -> None:
    for text in QUERIES:
        answer = client.get(path, query_string=text, headers=user)
        assert clean(answer.status_code, answer.get_data(as_text=True), text), (text, answer.get_data(as_text=True))
        assert answer.content_type == "application/json"


PATHS = [
    "/api/%ff", "/api/people/%ff", "/json/%ED%A0%80", "/v1/..%2f..%2fetc", "/items/people/%00", "/items/%22", "/schema/%00",
    "/schema/main/%ff", "/items/people/1/2/3", "/api//people", "/items/", "/json/people/" + "9" * 4000, "/api/" + "a" * 4000,
    "/items/people/1%0d%0aX-Evil:1", "/nowhere", "/", "/api", "/api/people/1;x=1", "/api/people/%25s", "/items/{0}",
    "/api/people/bulk/x", "/items/people/bulk", "/api/batch", "/api/v1/user/x",
]  # fmt: skip


@each("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_odd_paths_and_methods_are_refused_in_our_own_words(client: FlaskClient, user: Token, method: str) -> None:
    for path in PATHS:
        answer = client.open(path, method=method, headers=user)
        assert clean(answer.status_code, answer.get_data(as_text=True), path), answer.get_data(as_text=True)
        assert "X-Evil" not in answer.headers
        assert answer.headers["X-Request-Id"]


@each("id", ["a b", "x" * 65, "<script>", "é", "../x", "a;b", ""])
def test_an_odd_request_id_is_replaced(client: FlaskClient, id: str) -> None:
    assert (
        client.get("/server/info", headers={"X-Request-Id": id.encode().decode("latin-1")}).headers["X-Request-Id"]
        != id
    )
