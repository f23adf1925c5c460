"""Nothing that a caller writes becomes a name, an operator or a path in SQL; foreign parameters are never ignored."""

import json

import pytest

from tests.attacks.conftest import Ask
from tests.attacks.world import PEOPLE
from tests.tables import each

NASTY = [
    'name"', "name'", 'name" = "name', "name]", "name;", "name; DROP TABLE people", "name--", "name)", "name) OR (1=1",
    "name/**/", "na\x00me", "\x00", "name\u201d", "\u02bcname", "\uff07", "n" * 64, "é" * 64, "x" * 5000, "`name`",
    "[name]", '"name"', "name::text", "people.name", "main.people.name", "*", "**", "rowid", "_rowid_", "oid", "ctid",
    "xmin", "tableoid", "current_user", "sqlite_version()", "pg_sleep(5)", "count(*)", "1", "NULL", "%s", "%(x)s", "?1",
    ":name", "$1", "__proto__", "constructor", "__class__", "columns", "name.name", ".name", "name.", ".", "..", "team..",
    "team.team.team", "name\n", "\nname", "\ud7ff", "\U0001f600", "{name}", "{0.__class__}", "\\", "%00", "%",
]  # fmt: skip


def positions(name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every place in which a dialect takes the name of a field."""
    return [
        ("/api/people", [("where", json.dumps({name: "x"}))]),
        ("/api/people", [("sort", name)]),
        ("/api/people", [("select", name)]),
        ("/api/people", [("populate", name)]),
        ("/json/people", [("filter", json.dumps([{"field": name, "value": "x", "comparison": "equals"}]))]),
        ("/json/people", [("sort", json.dumps([{"field": name, "direction": "asc"}]))]),
        ("/json/people", [("columns", name)]),
        ("/json/people", [("include", name)]),
        ("/json/people", [("textSearchFields", name), ("textSearchValue", "x")]),
        ("/v1/people", [(f"filters[{name}][$eq]", "x")]),
        ("/v1/people", [("sort", name)]),
        ("/schema/main/people", [("filter", json.dumps({name: "x"}))]),
        ("/schema/main/people", [("sort", json.dumps({name: "asc"}))]),
        ("/schema/main/people", [("filter-expression", f"{name} = 'x' AND zzz = 1")]),
        ("/items/people", [("filter", json.dumps({name: "x"}))]),
        ("/items/people", [("sort", json.dumps({name: "asc"}))]),
        ("/items/people", [("groupBy", json.dumps([name]))]),
        ("/items/people", [("groupBy", f"date:{name}:born")]),
        ("/items/people", [("aggregate", json.dumps({"x": {"function": "max", "field": name}}))]),
        ("/items/people", [("aggregate", json.dumps({"x": {"function": name, "field": "id"}}))]),
        ("/items/people", [("search", "x"), ("searchFields", json.dumps([name]))]),
        ("/items/people", [("filter", json.dumps({"name": {name: "x"}}))]),
        ("/items/people", [("filter", json.dumps({"name": {"eq": "x", "cast": name}}))]),
        ("/api/people", [("where", json.dumps({"name": {name: "x"}}))]),
    ]


# A comma list drops the blanks around its words.
TRIMMED = ("sort", "select", "columns", "include", "textSearchFields", "groupBy")


@each("name", NASTY)
def test_a_name_that_is_none_is_refused(ask: Ask, name: str) -> None:
    for path, parameters in positions(name):
        answer = ask(path, *parameters)
        trimmed = name.strip() == "name" and parameters[0][0] in TRIMMED
        plain = name == "*" and parameters[0][0] == "select"
        assert answer.status_code == 400 or ((trimmed or plain) and answer.status_code == 200), (path, parameters)


@each("name", ["people'", 'people"', "people;", "people--", "n" * 64, "é" * 70, "%00", "people%20", "*"])
def test_a_resource_that_is_none_is_not_found(ask: Ask, name: str) -> None:
    for path in (
        "/api/~",
        "/api/~/1",
        "/json/~",
        "/v1/~",
        "/api/v1/~",
        "/schema/main/~",
        "/schema/~/people",
        "/items/~",
    ):
        assert ask(path.replace("~", name)).status_code == 404, path


@each(
    "alias",
    ['x"', "x'", "x; DROP TABLE people", "'): __import__('os').abort()}, {('", "\\", "\n", "{r}", "%s", "é", "x" * 64,
     "\U0001f600", "__class__", "]", "id", "\u2028", "\x00", "\\'", "x" * 500],
)  # fmt: skip
def test_an_alias_is_only_a_key_of_the_answer(ask: Ask, alias: str) -> None:
    answer = ask("/items/people", ("aggregate", json.dumps({alias: {"function": "count"}})))
    assert answer.json["data"] == [{alias: PEOPLE + 1}]
    assert answer.status_code == 200


@pytest.mark.parametrize("alias", ["\ud800", "a\udfffb"])
def test_an_alias_that_is_no_text_is_refused(ask: Ask, alias: str) -> None:
    assert ask("/items/people", ("aggregate", json.dumps({alias: {"function": "count"}}))).status_code == 400


PATHS = [
    "data->>'x') or 1=1--", "$.a[?(@.b)]", "$.level') OR 1=1 --", "$.\"a b\".c", "$[*]", "$", "", "$.", "$..a", "$.a[",
    "$.a[99999999999999999999]", "$.a[-1]", "$" + ".a" * 5000, "$" + "[0]" * 5000, "level", "$.le\x00vel", "$.lev%el",
    "$.a ? (@ > 1)", "strict $.a", "$.a.keyvalue()", "$.a && pg_sleep(5)",
]  # fmt: skip


@each("path", PATHS)
def test_a_json_path_is_read_into_steps(ask: Ask, path: str) -> None:
    for word, raw in (("jsonbPathExists", path), ("jsonbPathMatch", path), ("jsonbPathMatch", f"{path} > 1")):
        answer = ask("/items/people", ("filter", json.dumps({"meta": {word: raw}})))
        assert answer.status_code in (200, 400), answer.get_data(as_text=True)
        if "1=1" in path:
            assert answer.status_code == 400
    answer = ask("/api/people", ("where", json.dumps({"meta": {"json_path_exists": path}})))
    assert answer.status_code in (200, 400)


@each("key", ["level') or 1=1--", "level'", 'level"', "$.level", "a.b", "%", "level\\", "{}", "0", "é'"])
def test_a_json_key_is_a_value(ask: Ask, key: str) -> None:
    for condition in (
        {"jsonbHasKey": key},
        {"jsonbKeyEquals": {"key": key, "value": 1}},
        {"jsonbKeyGt": {"key": key, "value": 0}},
        {"jsonbKeyIsNotNull": key},
        {"jsonbDeepValue": {"path": [key, 0], "value": 1}},
        {"jsonbHasAnyKeys": [key]},
    ):
        answer = ask("/items/people", ("filter", json.dumps({"meta": condition})))
        assert (answer.status_code, answer.json["data"]) == (200, []), condition


# ---------------------------------------------------------------- texts and expressions

TEXTS = [
    '"', '""', '"unbalanced', "'", "NEAR(a b)", "secret:SECRETMARK", "secret:*", "*", "a*" * 50, "AND", "OR NOT", "(", ")",
    "a & b", "a | !b", "<->", ":*", "^a", "-a", "{secret}: x", "\\", "%", "_", "100%", "_sure_", "\\ ", "'quoted'",
]  # fmt: skip


@each("text", TEXTS)
def test_a_search_takes_its_text_literally(ask: Ask, text: str) -> None:
    names = {row["id"] for row in ask("/json/people", ("pageSize", "1000")).json["data"] if text in row["name"]}
    found = ask("/json/people", ("textSearchFields", "name"), ("textSearchValue", text), ("pageSize", "1000"))
    assert {row["id"] for row in found.json["data"]} == names
    sought = ask("/items/people", ("search", text), ("searchFields", "name"), ("sortByRelevance", "true"))
    assert {row["id"] for row in sought.json["data"]} == names
    assert ask("/items/people", ("search", text)).status_code == 200


@each("text", ["%", "_", "%%", "0%", "_s", "\\", "\\%", "Person___", "P%1"])
def test_percent_signs_and_underscores_are_ordinary_outside_like(ask: Ask, text: str) -> None:
    names = [row["id"] for row in ask("/items/people").json["data"] if text in row["name"]]
    asked = [
        ask("/api/people", ("where", json.dumps({"name": {"contains": text}}))),
        ask("/json/people", ("filter", json.dumps([{"field": "name", "value": text, "comparison": "contains"}]))),
    ]
    for answer in asked:
        assert [row["id"] for row in answer.json["data"]] == names
    assert [row["id"] for row in ask("/v1/people", ("filters[name][$contains]", text)).json] == names
    starting = ask("/items/people", ("filter", json.dumps({"name": {"startsWiths": text}})))
    assert starting.json["data"] == []


EXPRESSIONS = [
    "id = (SELECT 1)", "id IN (SELECT id FROM people)", "EXISTS (SELECT 1)", "lower(name) = 'x'", "pg_sleep(5)",
    "id = pg_sleep(5)", "load_extension('x')", "id = 1; DROP TABLE people", "id = 1 -- x", "id = 1 /* x */", "id = 1 # x",
    "id = 1 UNION SELECT 1", "ATTACH 'x' AS y", "PRAGMA table_info(people)", "CASE WHEN 1=1 THEN 1 END", "1=1", "'a'='a'",
    "TRUE", "1", "id = 1 OR 1=1", "id = 1 OR TRUE", "name || 'x' = 'y'", "id + 1 = 2", "-id = 1", "id = 1 COLLATE NOCASE",
    "name GLOB '*'", "name REGEXP '(a+)+$'", "name SIMILAR TO 'x'", "name ~ 'x'", "name MATCH 'x'", "id::text = '1'",
    "CAST(id AS text) = '1'", "name LIKE '%' ESCAPE 'x'", "id = ANY(ARRAY[1])", "id = $1", "id = ?", "id = :x", "id = %s",
    "id = @x", "id = 0x10", "id = 1e999", "id = .", "name = 'unclosed", 'name = "unclosed', "name = E'\\x41'",
    "name = U&'\\0041'", "name = $$x$$", "name = $tag$x$tag$", "id IS TRUE", "id IS DISTINCT FROM 1", "id ISNULL",
    "(id = 1", "id = 1)", "()", "", " ", "id", "id =", "= 1", "id = = 1", "NOT", "id IN ()", "id IN (1,)", "id IN 1",
    "id BETWEEN 1", "id BETWEEN 1 AND", "id NOT 1", "id = 1 AND", "OR id = 1", "id = 1 id = 2", "main.people.id = 1",
    "id = 1\x00", "id\x00 = 1", "id = '\x00'", "id \u2003= 1 \ufe64", "id = \uff11", "id = 1 AND/**/1=1", "id = --1",
]  # fmt: skip


@each("text", EXPRESSIONS)
def test_an_expression_is_conditions_and_nothing_else(ask: Ask, text: str) -> None:
    answer = ask("/schema/main/people", ("filter-expression", text))
    assert answer.status_code == 400, answer.get_data(as_text=True)[:200]


# ---------------------------------------------------------------- parameters of others

LISTS = {
    "/api/people": {"where", "sort", "select", "limit", "offset", "page", "populate", "where[id]"},
    "/json/people": {"filter", "baseFilter", "filterClause", "sort", "columns", "include", "page", "count"},
    "/v1/people": {"sort", "limit", "offset", "filters[id]"},
    "/api/v1/people": {"sort", "limit", "offset", "filters[id]"},
    "/schema/main/people": {"filter", "filter-expression", "fields", "sort", "cache"},
    "/items/people": {"filter", "fields", "sort", "limit", "page", "search", "groupBy", "aggregate", "relConditions"},
}
FOREIGN = [
    *("where", "where[id]", "filter", "filter[id][eq]", "filters", "filters[id]", "lookup", "baseFilter", "_where"),
    *("$filter", "select", "deep", "fields", "populate", "include", "columns", "sort", "order", "orderBy", "limit"),
    *(
        "offset",
        "page",
        "pageSize ",
        "count ",
        "search",
        "groupBy",
        "aggregate",
        "filter-expression",
        "cache",
        "_method",
    ),
    *("__proto__", "__proto__[admin]", "constructor", "constructor.prototype", "where.id", "filter.id", "id", "id[eq]"),
    *("Where", "FILTER", "filters [id]", "filters]", "wher\u0435", "", " ", "role", "token", "access_token", "tenant"),
    *("relConditions", "filterClause", "jwtCookie", "sessionId", "%00", "where\x00", "a" * 1000),
]


@each("path", LISTS)
def test_a_parameter_of_another_dialect_is_refused(ask: Ask, path: str) -> None:
    foreign = [name for name in FOREIGN if name not in LISTS[path]]
    assert [name for name in foreign if ask(path, (name, "1")).status_code != 400] == []


@each("path", [*LISTS, "/api/people/1", "/json/people/1", "/v1/people/1", "/items/people/1"])
def test_a_body_of_a_get_changes_nothing(ask: Ask, client, user, path: str) -> None:
    plain = ask(path).get_data(as_text=True)
    body = {"where": {"id": 1}, "filter": {"id": 1}, "limit": 1, "select": "id", "jwtCookie": {"id": 1}}
    answer = client.get(path, json=body, headers={**user, "X-HTTP-Method-Override": "DELETE"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert text.split('"executionTime"')[0] == plain.split('"executionTime"')[0]


REPEATED = [
    ("/api/people", "where", '{"id":1}'),
    ("/api/people", "limit", "1"),
    ("/json/people", "filter", "[]"),
    ("/json/people", "baseFilter", "[]"),
    ("/json/people", "page", "1"),
    ("/v1/people", "limit", "1"),
    ("/schema/main/people", "filter", '{"id":1}'),
    ("/schema/main/people", "filter-expression", "id = 1"),
    ("/items/people", "filter", '{"id":1}'),
    ("/items/people", "limit", "1"),
]


@each(("path", "name", "value"), REPEATED)
def test_a_parameter_given_twice_is_refused(ask: Ask, path: str, name: str, value: str) -> None:
    assert ask(path, (name, value)).status_code == 200
    assert ask(path, (name, value), (name, value)).status_code == 400


REPEATED_KEYS = [
    ("/api/people", "where", '{"id":1,"id":{"gte":0}}'),
    ("/json/people", "filter", '[{"field":"id","field":"name","value":"1","comparison":"equals"}]'),
    ("/schema/main/people", "filter", '{"id":1,"id":2}'),
    ("/schema/main/people", "filter", "{id:1,id:2}"),
    ("/items/people", "filter", '{"id":1,"id":{"gte":0}}'),
    ("/items/people", "aggregate", '{"a":{"function":"count"},"a":{"function":"count"}}'),
]


@each(("path", "name", "value"), REPEATED_KEYS)
def test_a_key_given_twice_is_refused(ask: Ask, path: str, name: str, value: str) -> None:
    assert ask(path, (name, value)).status_code == 400


def test_after_all_of_it_the_tables_are_there(ask: Ask) -> None:
    assert ask("/items/people", ("limit", "1")).json["totalCount"] == PEOPLE + 1
