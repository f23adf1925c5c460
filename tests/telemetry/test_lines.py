"""What the log says of a request, and what the answer says of the log: ids, traces, one line, no secrets."""

import re
from collections.abc import Callable
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.conftest import ROOT, Fresh, Token
from tests.tables import each
from tests.telemetry.conftest import Lines

READS = [
    ("phantom", "/api/products?limit=1", "/api/<name>"),
    ("xond", "/json/product?pageSize=1", "/json/<name>"),
    ("sonicjs", "/v1/products?limit=1", "/v1/<table>"),
    ("sonicjs", "/api/v1/products?limit=1", "/api/v1/<table>"),
    ("metal", "/schema/my-schema/my-entity", "/schema/<schema>/<entity>"),
    ("baasix", "/items/products?limit=1", "/items/<name>"),
]


@pytest.mark.parametrize(("dialect", "path", "route"), READS)
def test_a_request_has_one_line(
    client: FlaskClient, user: Token, lines: Lines, dialect: str, path: str, route: str
) -> None:
    answer = client.get(path, headers=user)
    me = client.get("/auth/me", headers=user).json
    (line, _) = lines("request")
    assert (answer.status_code, line["status"], line["method"]) == (200, 200, "GET")
    assert (line["dialect"], line["route"], line["path"]) == (dialect, route, path.partition("?")[0])
    assert (line["bytes"], line["request_id"]) == (len(answer.data), answer.headers["X-Request-Id"])
    assert line["ms"] >= line["sql_ms"] > 0 and line["statements"] >= 1  # type: ignore[operator]
    assert me and line["actor"] in str(me) and line["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", str(line["timestamp"]))


def test_a_file_has_its_length_and_no_dialect(client: FlaskClient, lines: Lines) -> None:
    with client.get("/docs/static/docs.css") as answer:
        (line,) = lines("request")
        assert (line["route"], line["dialect"]) == ("/docs/static/<name>", "")
        assert line["bytes"] == len(answer.data) > 0


@each(
    ("method", "path", "status", "route", "dialect"),
    [
        ("GET", "/nowhere", 404, "", ""),
        ("GET", "/items/no_such", 404, "/items/<name>", "baasix"),
        ("GET", "/items", 404, "", "baasix"),
        ("PATCH", "/json/product", 405, "", "xond"),
        ("POST", "/api/products", 401, "/api/<name>", "phantom"),
        ("TRACE", "/api/products", 405, "", "phantom"),
    ],
)
def test_a_refusal_has_its_line_too(
    client: FlaskClient, lines: Lines, method: str, path: str, status: int, route: str, dialect: str
) -> None:
    answer = client.open(path, method=method)
    line = lines("request")[-1]
    assert (answer.status_code, line["status"], line["route"], line["dialect"]) == (status, status, route, dialect)
    assert line["actor"] is None and line["method"] == method


SECRETS = [
    ("GET", "/v1/user?sessionId=TOKEN", {}),
    ("GET", "/items/products?access_token=TOKEN&password=Us3r-Passw0rd", {}),
    ("GET", "/api/products/TOKEN", {}),
    ("GET", "/api/products/drg_SECRETSECRET", {}),
    ("GET", "/nowhere/TOKEN/x", {}),
    ("GET", "/items/products", {"headers": {"Cookie": "token=TOKEN; other=Us3r-Passw0rd"}}),
    ("GET", "/items/products", {"headers": {"Authorization": "Bearer TOKEN"}}),
    ("GET", "/items/products", {"headers": {"X-Request-Id": "Us3r-Passw0rd TOKEN"}}),
    ("GET", "/items/products", {"headers": {"traceparent": "00-Us3r-Passw0rd-TOKEN-01"}}),
    ("POST", "/auth/login", {"json": {"email": "test@example.com", "password": "Us3r-Passw0rd!"}}),
    ("POST", "/auth/login", {"json": {"email": "test@example.com", "password": "Us3r-Passw0rd wrong"}}),
]


@each(("method", "path", "options"), SECRETS)
def test_no_secret_is_in_a_line(
    client: FlaskClient, user: Token, log: StringIO, method: str, path: str, options: dict[str, dict[str, str]]
) -> None:
    token = user["Authorization"].removeprefix("Bearer ")
    headers = {name: text.replace("TOKEN", token) for name, text in options.get("headers", {}).items()}
    client.open(path.replace("TOKEN", token), method=method, headers=headers, json=options.get("json"))
    said = log.getvalue()
    assert '"event":"request"' in said
    assert not [secret for secret in (token, token[:20], "Us3r-Passw0rd", "SECRETSECRET") if secret in said]


def test_a_line_is_one_line_whatever_the_path_is(client: FlaskClient, log: StringIO) -> None:
    client.get('/items/a%0A{"event":"forged"}%00%E2%80%A8%ED%A0%80' + "x" * 5000)
    (line,) = log.getvalue().split("\n")[:-1]
    assert len(line) < 1000 and line.count('"event":"request"') == 1 and line.endswith("}")


# ---------------------------------------------------------------- what a request is called

GIVEN, VIEW = "Order.42_a-B", "baasix:items.list_items"


@each(
    ("given", "kept"),
    [(GIVEN, True), ("x" * 64, True), ("x" * 65, False), ("", False), ("a b", False), ('"}', False), ("é", False)],
)
def test_a_request_is_called_what_its_caller_says_if_that_is_an_id(
    client: FlaskClient, lines: Lines, given: str, kept: bool
) -> None:
    answer = client.get("/items/products", headers={"X-Request-Id": given})
    called = answer.headers["X-Request-Id"]
    assert (called == given) is kept and lines("request")[-1]["request_id"] == called
    assert kept or re.fullmatch("[0-9a-f]{32}", called)


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@each(
    ("header", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", "01"),
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"00-{TRACE}-{SPAN}-ff", "01"),
        (f"01-{TRACE}-{SPAN}-01", "01"),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", "01"),
    ],
)
def test_a_trace_is_continued(client: FlaskClient, lines: Lines, header: str, flags: str) -> None:
    answer = client.get("/items/products", headers={"traceparent": header})
    version, trace, span, sampled = answer.headers["traceparent"].split("-")
    assert (version, trace, sampled) == ("00", TRACE, flags)
    assert re.fullmatch("[0-9a-f]{16}", span) and span != SPAN
    line = lines("request")[-1]
    assert (line["trace_id"], line["span_id"]) == (TRACE, span)


@each(
    "header",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-{'x' * 300}",
        f"00-{TRACE}-{SPAN}-01\t",
    ],
)
def test_what_is_no_trace_is_not_given_back(client: FlaskClient, lines: Lines, header: str) -> None:
    answer = client.get("/items/products", headers={"traceparent": header})
    assert answer.status_code == 200 and "traceparent" not in answer.headers
    assert "trace_id" not in lines("request")[-1]


def test_every_line_of_a_request_says_which(client: FlaskClient, lines: Lines, sample: Flask) -> None:
    def broken(collection: str) -> str:
        raise RuntimeError(collection)

    kept = sample.view_functions[VIEW]
    sample.view_functions[VIEW] = broken
    try:
        headers = {"X-Request-Id": GIVEN, "traceparent": f"00-{TRACE}-{SPAN}-01"}
        answer = client.get("/items/products", headers=headers)
    finally:
        sample.view_functions[VIEW] = kept
    assert answer.status_code == 500
    for line in (*lines("internal error"), *lines("request")):
        assert (line["request_id"], line["trace_id"]) == (GIVEN, TRACE)
    assert len(lines("internal error")) == 1


# ---------------------------------------------------------------- what the configuration says


def test_lines_and_times_are_what_the_configuration_says(
    fresh: Fresh, make_app: Callable[..., Flask], lines: Lines
) -> None:
    text = (ROOT / "config.yml").read_text() + "\ntelemetry: {access_log: false, timing: [user]}\n"
    quiet = make_app(text.replace("sample: sample/", ""), fresh.snapshot.system.url).test_client()
    assert "Server-Timing" in quiet.get("/items/products", headers=fresh.user).headers
    assert "Server-Timing" in quiet.get("/items/products", headers=fresh.admin).headers
    assert "Server-Timing" not in quiet.get("/items/products").headers
    assert lines("request") == []


@each(("dialect", "path", "route"), READS)
def test_an_administrator_is_told_where_the_time_went(
    client: FlaskClient, admin: Token, user: Token, dialect: str, path: str, route: str
) -> None:
    told = client.get(path, headers=admin).headers["Server-Timing"]
    spent = {name: float(ms) for name, ms in re.findall(r"(\w+);dur=(\d+\.\d\d)", told)}
    assert list(spent) == ["parse", "authorise", "write", "sql", "render", "total"]
    *parts, total = spent.values()
    assert spent["write"] == 0 and all(spent[name] > 0 for name in ("parse", "authorise", "sql", "render"))
    assert sum(parts) <= total + 0.05
    assert "Server-Timing" not in client.get(path, headers=user).headers, (dialect, route)
    assert "Server-Timing" not in client.get(path).headers
