"""`X-Explain` and `flask explain`: a read laid open in every dialect, for administrators, without a row and without what
is not the asker's."""

import json
import re
import shlex
from collections.abc import Callable
from io import StringIO

import pytest
from flask import Flask

from crud.dissection import masked
from tests.dialects.conftest import ROOT, USER, Fresh, Token, fresh_app
from tests.tables import each
from tests.telemetry.conftest import Lines

EXPLAIN = {"X-Explain": "1"}
SECRET = "v4lue-of-mine"
MEMBERS = ["as", "query", "values", "authorized", "statements"]
NAMED = {"name": SECRET}
READS: list[tuple[str, str, dict[str, str], object]] = [
    ("GET", "/api/products", {"where": json.dumps(NAMED), "limit": "3"}, None),
    ("GET", "/api/posts/1", {"populate": "comments"}, None),
    ("POST", "/api/products/read", {}, {"where": NAMED}),
    ("GET", "/json/product", {"textSearchFields": "name", "textSearchValue": SECRET}, None),
    ("GET", "/json/product", {"count": "true"}, None),
    ("GET", "/v1/products", {"filters[name][$eq]": SECRET}, None),
    ("GET", "/api/v1/products", {"filters[name][$eq]": SECRET}, None),
    ("GET", "/schema/main/products", {"filter-expression": f"name = '{SECRET}'", "cache": "60"}, None),
    ("POST", "/schema/main/products", {}, {"filter": NAMED}),
    ("GET", "/items/products", {"filter": json.dumps(NAMED)}, None),
    ("GET", "/items/products", {"aggregate": json.dumps({"n": {"function": "count"}}), "groupBy": "status"}, None),
    ("GET", "/items/posts", {"fields": '["title","comments.body","author.name"]', "sort": '["-createdAt"]'}, None),
]
TEXT = (ROOT / "config.yml").read_text().replace("sample: sample/", "")


@each(("method", "path", "parameters", "body"), READS)
def test_a_read_is_explained_in_every_dialect(
    fresh: Fresh, method: str, path: str, parameters: dict[str, str], body: object
) -> None:
    asked = {"method": method, "query_string": parameters, "json": body}
    told = fresh.client.open(path, headers={**fresh.admin, **EXPLAIN}, **asked)  # type: ignore[arg-type]
    assert told.status_code == 200 and list(told.json) == MEMBERS, told.get_data(as_text=True)
    assert told.json["query"]["resource"] == told.json["authorized"]["resource"]
    assert told.json["as"]["roles"] == ["admin"]
    for statement in told.json["statements"]:
        assert statement["sql"].startswith("SELECT") and SECRET not in statement["sql"]
        assert statement["plan"] and SECRET not in json.dumps(statement["plan"])
    assert (SECRET in json.dumps(told.json["values"])) is (SECRET in json.dumps([parameters, body]))
    plain = fresh.client.open(path, headers=fresh.user, **asked)  # type: ignore[arg-type]
    assert plain.status_code == 200
    for headers in (fresh.user, {}):
        same = fresh.client.open(path, headers={**headers, **EXPLAIN}, **asked)  # type: ignore[arg-type]
        assert "statements" not in (same.json if isinstance(same.json, dict) else {})
    told_user = fresh.client.open(path, headers={**fresh.user, **EXPLAIN}, **asked)  # type: ignore[arg-type]
    assert _without_times(told_user.get_data(as_text=True)) == _without_times(plain.get_data(as_text=True))


def _without_times(text: str) -> str:
    return re.sub(r'"executionTime":[\d.]+', "", re.sub(r'"__CACHE__":\{[^}]*\}', "", text))


def test_the_statements_are_those_that_are_run(fresh: Fresh, make_app: Callable[..., Flask], lines: Lines) -> None:
    app = fresh_app(make_app(f"{TEXT}\ntelemetry: {{slow_seconds: 0.0000001}}\n", fresh.snapshot.system.url))
    path = '/items/posts?fields=["title","comments.body"]&filter={"title":{"like":"x"}}&limit=2'
    told = app.client.get(path, headers={**app.admin, **EXPLAIN, "X-Request-Id": "told"}).json
    assert app.client.get(path, headers={**app.admin, "X-Request-Id": "run"}).status_code == 200
    run = [str(line["statement"]) for line in lines("slow statement") if line.get("request_id") == "run"]
    mark = "?" if app.snapshot.system.backend.name == "sqlite" else "%s"
    explained = [
        re.sub(r":\w+", mark, each["sql"].replace("::", "\0")).replace("\0", "::") for each in told["statements"]
    ]
    assert [each["gives"] for each in told["statements"]] == ["rows", "total", "included rows"]
    assert explained[0] in run and explained[1] in run
    assert any(":parents" in each["sql"] for each in told["statements"])
    asked = [str(line["statement"]) for line in lines("slow statement") if line.get("request_id") == "told"]
    assert sum(text.startswith("EXPLAIN") for text in asked) == 3
    assert not [text for text in asked if '"posts"' in text and not text.startswith("EXPLAIN")]


@each("header", ["0", "", "true", "yes", "1,1", "2"])
def test_another_value_of_the_header_has_no_effect(fresh: Fresh, header: str) -> None:
    answer = fresh.client.get("/items/products", headers={**fresh.admin, "X-Explain": header})
    assert answer.json["data"] and "statements" not in answer.json


WRITES: list[tuple[str, str, object]] = [
    ("POST", "/api/categories", {"title": "x"}),
    ("POST", "/api/categories/create", {"title": "x"}),
    ("POST", "/api/batch", {"requests": [{"resource": "categories", "action": "create", "data": {"title": "x"}}]}),
    ("POST", "/json/category", {"title": "x"}),
    ("PUT", "/json/category/1", {"title": "x"}),
    ("POST", "/v1/categories", {"data": {"title": "x"}}),
    ("DELETE", "/api/v1/categories/1", None),
    ("POST", "/schema/main/categories", {"data": {"title": "x"}}),
    ("PATCH", "/schema/main/categories", {"data": {"title": "x"}}),
    ("DELETE", "/schema/main/categories", None),
    ("POST", "/items/categories", {"title": "x"}),
    ("PATCH", "/items/categories/1", {"title": "x"}),
    ("DELETE", "/items/categories/1", None),
    ("POST", "/server/reload", {}),
    ("POST", "/cache/purge", {}),
]


def test_what_is_no_read_is_refused_and_not_done(fresh: Fresh) -> None:
    before = fresh.whole()
    for method, path, body in WRITES:
        answer = fresh.client.open(path, method=method, json=body, headers={**fresh.admin, **EXPLAIN})
        assert answer.status_code == 400 and "Only reads" in answer.get_data(as_text=True), (method, path)
    assert fresh.whole() == before
    answer = fresh.client.post("/items/categories", json={"title": "y"}, headers={**fresh.admin, "X-Explain": "0"})
    assert answer.status_code == 201


def test_a_key_with_scopes_is_no_administrator(fresh: Fresh) -> None:
    from crud.identity import accounts, keys

    account = accounts.find_account_by_email(fresh.snapshot.system, "john@example.org")
    assert account is not None
    key = keys.add(fresh.snapshot.system, account=account.id, name="k", scopes=("read:*",))
    answer = fresh.client.get("/items/products", headers={"X-API-Key": key, **EXPLAIN})
    assert answer.status_code == 200 and "statements" not in answer.json


# ---------------------------------------------------------------- at a terminal


def run(app: Flask, line: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["explain", *shlex.split(line)])
    return done.exit_code, done.output


def test_a_read_of_somebody_else_is_explained_at_a_terminal(fresh: Fresh, log: StringIO) -> None:
    me = fresh.client.get("/auth/me", headers=fresh.user).get_data(as_text=True)
    (mine,) = set(re.findall(r'"id":"([0-9a-f-]{36})"', me)) & {str(row[0]) for row in fresh.rows("SELECT id FROM _dragoman_users WHERE email = ?", USER[0])}  # fmt: skip
    status, said = run(fresh.app, f"""'/items/posts?filter={{"title":"{SECRET}"}}' --as {USER[0]}""")
    assert status == 0 and f':value_1 = "{SECRET}"' in said, said
    sql = next(line for line in said.splitlines() if line.startswith("SELECT"))
    assert '"authorId" = :current_user' in sql and '"title" = :value_1' in sql
    _, _, after = said.partition("\n")
    assert mine not in after and said.count(SECRET) == 1, "what is known of others is a symbol, in plans too"
    status, said = run(fresh.app, f"http://somewhere:3000/json/order --as {USER[0]} --json")
    assert status == 0 and list(json.loads(said)) == MEMBERS
    assert mine not in said.partition('"query"')[2]
    status, said = run(fresh.app, """/schema/main/posts --as anon --method POST --data '{"filter": {"id": 1}}'""")
    assert status == 0 and "as nobody (anon)" in said and ":constant_1" in said
    assert log.getvalue().count('"event":"request"') == 1, "the first one, of /auth/me"


@each(
    ("line", "said"),
    [
        ("/items/posts --as nobody@example.com", "there is no account"),
        ("/items/no_such --as anon", "404"),
        ("/items/orders --as anon", "403"),
        ("/items/posts?limit=x --as anon", "400"),
        ("/server/info --as anon", "nothing to explain"),
        ("/live --as anon", "nothing to explain"),
        ("http://[::1/items/posts --as anon", "is not an address"),
        ("/items/posts?title=\udcff --as anon", "is not an address"),
        ('/items/categories --as john@example.org --method POST --data \'{"title": "x"}\'', "Only reads"),
        (
            '/schema/main/categories --as john@example.org --method POST --data \'{"data": {"title": "x"}}\'',
            "Only reads",
        ),
        ("/auth/login --as anon --method POST --data '{}'", "Only reads"),
    ],
)
def test_what_cannot_be_explained_is_said(fresh: Fresh, line: str, said: str) -> None:
    before = fresh.rows("SELECT count(*) FROM categories")
    status, output = run(fresh.app, line)
    assert status != 0 and said in output, output
    assert fresh.rows("SELECT count(*) FROM categories") == before


def test_no_header_makes_a_caller_somebody_else(fresh: Fresh) -> None:
    for name in ("dragoman.caller", "Dragoman-Caller", "X-Dragoman-Caller", "X-Explain-As"):
        answer = fresh.client.get("/items/orders", headers={name: "john@example.org", **EXPLAIN})
        assert answer.status_code == 403


@each(
    ("line", "told"),
    [
        ("  Filter: (name = 'it''s'::text)", "  Filter: (name = ?::text)"),
        ("  Index Cond: (id = 42)", "  Index Cond: (id = ?)"),
        ("  Filter: ((a > '-1.5'::numeric) AND (b < 1e10))", "  Filter: ((a > ?::numeric) AND (b < ?))"),
        ('Seq Scan on "Order 1" t0  (cost=0.00..1.05 rows=5 width=4)', 'Seq Scan on "Order 1" t0  (cost=0.00..1.05 rows=5 width=4)'),
        ("  Sort Key: t0.id, t1.\"x'1'\"", "  Sort Key: t0.id, t1.\"x'1'\""),
        ("  Filter: (tags = ANY ('{a,b}'::text[]))", "  Filter: (tags = ANY (?::text[]))"),
        ("  Filter: (x = $1)", "  Filter: (x = $1)"),
    ],
)  # fmt: skip
def test_plans_do_not_show_what_they_compare_with(line: str, told: str) -> None:
    assert masked(line) == told


@pytest.mark.parametrize("headers", [{}, EXPLAIN])
def test_an_answer_says_nothing_of_the_header(fresh: Fresh, headers: Token) -> None:
    answer = fresh.client.get("/items/products", headers={**fresh.user, **headers})
    assert not [name for name, _ in answer.headers if "explain" in name.lower()]
