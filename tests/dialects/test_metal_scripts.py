"""Metal's dynamic JavaScript, `${{ … }}`: as its document prints it, in every place where it may stand, and for whom."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.conftest import ROOT, Fresh, Token, sibling, with_callers
from tests.dialects.people import key_of
from tests.tables import each

ENTITY = "/schema/my-schema/my-entity"
ROWS: list[dict[str, Any]] = json.loads((ROOT / "sample" / "my-schema.my-entity.json").read_text())
PRINTED = r"""{
"filter-expression": "date < '${{ new Date().toLocaleDateString(\"en-US\") }}' "
}"""


def names(client: FlaskClient, headers: Token, **parameters: str) -> list[str]:
    """The names that a select by GET finds."""
    answer = client.get(f"{ENTITY}?{urlencode(parameters)}", headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [row["name"] for row in answer.json["rows"]]


def those(keep: Callable[[dict[str, Any]], bool]) -> list[str]:
    return [row["name"] for row in ROWS if keep(row)]


def dated(row: dict[str, Any], before: str) -> bool:
    return row["date"] is not None and row["date"] < before


def test_the_printed_request_finds_what_was_before_today(client: FlaskClient, admin: Token) -> None:
    answer = client.post(ENTITY, data=PRINTED, content_type="application/json", headers=admin)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert [row["name"] for row in answer.json["rows"]] == those(lambda row: dated(row, today)) != []


JULY = 'new Date(Date.UTC(1990, 6, 4)).toLocaleDateString("en-US")'
IN_URLS: list[tuple[str, str, Callable[[dict[str, Any]], bool]]] = [
    ("filter-expression", f"date < '${{{{ {JULY} }}}}' ", lambda row: dated(row, "1990-07-04")),
    ("filter-expression", f"\"date < '${{{{ {JULY} }}}}' \"", lambda row: dated(row, "1990-07-04")),
    ("filter-expression", f"date < ${{{{ {JULY} }}}}", lambda row: dated(row, "1990-07-04")),
    (
        "filter-expression",
        "${{ new Date(Date.UTC(1990, 6, 4)).toISOString().slice(0, 10) }} > date",
        lambda row: dated(row, "1990-07-04"),
    ),
    ("filter-expression", "color = '${{ 'r' + \"ed\" }}'", lambda row: row["color"] == "red"),
    ("filter-expression", "color = 'r${{ 'e'.concat('') }}d'", lambda row: row["color"] == "red"),
    ("filter-expression", "id = ${{ 2 * 3 }} OR id = '${{ 2 + 3 }}'", lambda row: row["id"] in (5, 6)),
    ("filter-expression", "id BETWEEN ${{ 1 }} AND ${{ 1 + 2 }}", lambda row: row["id"] <= 3),
    ("filter-expression", "id IN (${{ 1 }}, 2, ${{ /* } */ 3 }})", lambda row: row["id"] <= 3),
    ("filter-expression", "name LIKE '%${{ ['i', 'n', 'g'].join('') }}'", lambda row: row["name"].endswith("ing")),
    ("filter-expression", "email = ${{ null }}", lambda row: row["email"] is None),
    ("filter-expression", "color = '${{ undefined }}'", lambda row: False),
    ("filter", "{\"color\": \"${{ 'r' + 'ed' }}\"}", lambda row: row["color"] == "red"),
    ("filter", "{color: ${{ 'r' + \"ed\" }}, }", lambda row: row["color"] == "red"),
    ("filter", "{color: '${{ `red` }}'}", lambda row: row["color"] == "red"),
    ("filter", '{"id": ["${{ 1 }}", 2, "${{ 1 + 2 }}"]}', lambda row: row["id"] <= 3),
    ("filter", '{"email": "${{ null }}"}', lambda row: row["email"] is None),
    ("filter", '{"id": "${{ [...\'abc\'].length }}"}', lambda row: row["id"] == 3),
]


@each(("parameter", "text", "keep"), IN_URLS, ids=[text for _, text, _ in IN_URLS])
def test_expressions_stand_where_values_stand(
    client: FlaskClient, admin: Token, parameter: str, text: str, keep: Callable[[dict[str, Any]], bool]
) -> None:
    assert names(client, admin, **{parameter: text}) == those(keep)
    body = json.loads(text) if parameter == "filter" and '"' in text[:2] else text
    answer = client.post(ENTITY, json={parameter: body}, headers=admin)
    assert [row["name"] for row in answer.json["rows"]] == those(keep)


def test_american_dates_of_a_filter(client: FlaskClient, admin: Token) -> None:
    day = next(row["date"] for row in ROWS if row["date"])
    text = f'new Date("{day}").toLocaleDateString("en-US")'
    found = names(client, admin, filter=json.dumps({"date": f"${{{{ {text} }}}}"}))
    assert found == those(lambda row: row["date"] == day)


def test_rows_are_written_with_values_of_their_kind(fresh: Fresh) -> None:
    written = {
        "data": [
            {"id": "${{ 90 + 9 }}", "name": "x${{ 1 + 1 }}y", "color": "${{ null }}", "status": "${{ undefined }}"}
        ]
    }
    assert fresh.client.post(ENTITY, json=written, headers=fresh.admin).status_code == 201
    select = 'SELECT id, name, color, status FROM "my-entity" WHERE id >= 99'
    assert fresh.rows(select) == [(99, "x2y", None, "")]
    change = {
        "filter": {"id": "${{ 100 - 1 }}"},
        "filter-expression": "name = 'x${{ 2 }}y'",
        "data": {"name": "${{ 'a\\'b\"' }}", "date": "${{ new Date(0).toLocaleDateString('sv-SE') }}"},
    }
    assert fresh.client.patch(ENTITY, json=change, headers=fresh.admin).status_code == 204
    assert fresh.rows(select) == [(99, "a'b\"", None, "")]
    assert [str(day) for (day,) in fresh.rows('SELECT date FROM "my-entity" WHERE id = 99')] == ["1970-01-01"]
    gone = {"filter-expression": "name = ${{ `a'b\"` }} AND id > 98"}
    assert fresh.client.delete(ENTITY, json=gone, headers=fresh.admin).status_code == 204
    assert fresh.rows(select) == []


# What would be something else than a value, were it ever read again.
NASTY = [
    "x' OR '1' = '1",
    'x" OR "1" = "1',
    "' OR name LIKE '%",
    "') OR (id > 0",
    "NULL",
    "id",
    "red, blue",
    "[1, 2]",
    '{"gt": 0}',
    "${{ 1 }}",
    '\'; DROP TABLE "my-entity"; --',
    "a''b",
    "\\",
    "%",
    "?",
]


def test_a_result_is_a_value_and_nothing_else(fresh: Fresh) -> None:
    client, admin = fresh.client, fresh.admin
    for number, nasty in enumerate(NASTY):
        code = "${{ " + json.dumps(nasty).replace("${{", "$\\u007b{") + " }}"
        for condition in (f"color = '{code}'", f"{code} = color", f"color IN ({code}, {code})"):
            assert names(client, admin, **{"filter-expression": condition}) == []
        assert names(client, admin, filter=json.dumps({"color": code})) == []
        row = {"data": {"name": f"nasty {number}", "color": code}}
        assert client.post(ENTITY, json=row, headers=admin).status_code == 201
        assert fresh.rows('SELECT name FROM "my-entity" WHERE color = ?', nasty) == [(f"nasty {number}",)]
        assert names(client, admin, **{"filter-expression": f"color = '{code}'"}) == [f"nasty {number}"]


def test_a_moment_is_compared_with_moments(client: FlaskClient, admin: Token) -> None:
    counts = []
    for condition in ("created_at < ${{ new Date() }}", "created_at < '${{ new Date(0) }}'"):
        query = urlencode({"filter-expression": condition})
        counts.append(len(client.get(f"/schema/main/orders?{query}", headers=admin).json["rows"]))
    assert counts == [110, 0]


REFUSED: list[tuple[str, str, str]] = [
    ("filter-expression", "date < '${{ nope }}'", "filter-expression: ${{ nope }}: ReferenceError: 'nope' is not defined"),
    ("filter-expression", "name = ${{ ({}) }}", "filter-expression: ${{ ({}) }}: TypeError: the result is of type object"),
    ("filter-expression", "name = ${{ 1", "filter-expression: position 8: expected a closing }}, got the end"),
    ("filter-expression", "name = 'x${{ 1'", "filter-expression: position 10: expected a closing }}, got the end"),
    ("filter-expression", "${{ 'name' }} = 'x'", "expected a column on one side"),
    ("filter-expression", "name ${{ '=' }} 'x'", "expected an operator"),
    ("filter-expression", "${{ 'id = 1' }}", "expected a comparison"),
    ("filter-expression", "id = 1 ${{ 'OR id = 2' }}", "expected AND, OR or the end"),
    ("filter-expression", '"${{ 1 }}" = 1', "Unknown field '${{ 1 }}' in filter-expression"),
    ("filter-expression", "id = ${{ 'one' }}", "is not an integer"),
    ("filter-expression", "id = ${{ 1.5 }}", "is not an integer"),
    ("filter-expression", "id = ${{ NaN }}", "${{ NaN }}: its result NaN is no number"),
    ("filter", '{"name": "${{ nope }}"}', "filter: ${{ nope }}: ReferenceError: 'nope' is not defined"),
    ("filter", '{"name": "${{ 1"}', "filter: ${{ 1 }}: is not closed"),
    ("filter", "{name: ${{ 1 }", "expected an expression that is closed"),
    ("filter", '{"${{ 1 }}": 1}', "stands in a name"),
    ("filter", '{"id": "${{ [1, 2] }}"}', "the result is of type object"),
    ("filter", json.dumps({"name": "${{ 1 }}" * 21}), "more than 20 expressions"),
    ("fields", "${{ 'name' }}", "Unknown field"),
    ("sort", "${{ 'name' }}", "Unknown field"),
    ("cache", "${{ 1 }}", "request/query/cache must be number"),
]  # fmt: skip


@each(("parameter", "text", "part"), REFUSED, ids=[text for _, text, _ in REFUSED])
def test_what_gives_no_value_is_refused_by_name(
    client: FlaskClient, admin: Token, parameter: str, text: str, part: str
) -> None:
    answer = client.get(f"{ENTITY}?{urlencode({parameter: text})}", headers=admin)
    assert answer.status_code == 400
    message = answer.json.get("message", answer.json.get("error"))
    assert part in message and len(message) < 500
    assert not re.search(r"[/\\]\w+[/\\]|<\w+>|line \d|\n", message.replace("request/query/cache", ""))


# ---------------------------------------------------------------- for whom

GRANTED = """
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}"}
schemas:
  main:
    entities:
      notes:
        fields: {id: {type: integer, key: true}, text: {type: string}, more: {type: json}}
        rules:
          - {role: anon, actions: [read]}
          - {role: user, actions: [read, create, update, delete]}
"""
NOTES = "/schema/main/notes"
ASKED: list[tuple[str, str, object]] = [
    ("GET", f"{NOTES}?{urlencode({'filter': json.dumps({'id': '${{ 1 }}'})})}", None),
    ("GET", f"{NOTES}?{urlencode({'filter-expression': 'id = ${{ 1 }}'})}", None),
    ("GET", NOTES + "?" + urlencode({"filter-expression": "text = 'a ${{ 1 }}'"}), None),
    ("POST", NOTES, {"filter": {"id": "${{ 1 }}"}}),
    ("POST", NOTES, {"filter-expression": "id = ${{ 1 }}"}),
    ("POST", NOTES, {"data": {"id": 2, "text": "${{ 1 }}x"}}),
    ("POST", NOTES, {"data": [{"id": 3}, {"id": 4, "more": {"deep": ["${{ 1 }}"]}}]}),
    ("PATCH", NOTES, {"data": {"text": "${{ 1 }}x"}, "filter": {"id": 1}}),
    ("PATCH", NOTES, {"data": {"text": "x"}, "filter": {"id": "${{ 1 }}"}}),
    ("DELETE", NOTES, {"filter-expression": "id = ${{ 1 }}"}),
]


@pytest.fixture(scope="module")
def two(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Fresh, Fresh]]:
    """The same service without a grant, and with one for the role `user`."""
    url = sibling(database_url, tmp_path_factory)
    without = with_callers(make_app(GRANTED, url))
    granted = make_app(GRANTED + "dialects: {metal: {scripts: [user]}}\n", url)
    yield without, Fresh(granted, without.admin, without.user, without.snapshot)


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_whoever_is_not_granted_it_is_refused(two: tuple[Fresh, Fresh], method: str, path: str, body: object) -> None:
    without, granted = two
    for one, status in ((without, 400), (granted, {"POST": 201, "GET": 200}.get(method, 204))):
        answer = one.client.open(path, method=method, json=body, headers=one.user)
        status = 200 if status == 201 and "data" not in str(body) else status
        assert answer.status_code == status, answer.get_data(as_text=True)
    anonymous = granted.client.open(path, method=method, json=body)
    assert anonymous.status_code == (400 if status == 200 else 401)
    assert (
        "not for this caller"
        in without.client.open(path, method=method, json=body, headers=without.user).json["message"]
    )


@pytest.mark.parametrize(
    ("email", "scopes", "status"),
    [
        ("john@example.org", ["*"], 200),
        ("john@example.org", ["read:*"], 400),
        ("test@example.com", ["*"], 200),
        ("test@example.com", ["read:notes"], 400),
    ],
)
def test_a_scope_does_not_hold_the_grant(two: tuple[Fresh, Fresh], email: str, scopes: list[str], status: int) -> None:
    _, granted = two
    headers = {"X-API-Key": key_of(granted.app, email, *scopes)}
    answer = granted.client.post(NOTES, json={"filter": {"id": "${{ 1 }}"}}, headers=headers)
    assert answer.status_code == status
