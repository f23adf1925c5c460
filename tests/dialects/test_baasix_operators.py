"""Every operator of the Baasix filter, on accounts: what it finds is what plain Python finds in the sample's file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from crud.wire.conditions import WORDS
from crud.wire.jsonconditions import JSON_WORDS
from tests.tables import each

Row = dict[str, Any]
ACCOUNTS: list[Row] = json.loads((Path(__file__).parents[2] / "sample" / "accounts.json").read_text())
EMAILS = {row["email"] for row in ACCOUNTS}


def level(row: Row) -> Any:
    return row["metadata"].get("level")


def known(value: object, holds: Callable[[Any], bool]) -> bool:
    """SQL's way with NULL: nothing holds of it."""
    return value is not None and holds(value)


def last(row: Row, holds: Callable[[str], bool]) -> bool:
    return known(row["last_name"], holds)


IT = {"department": "IT"}
CASES: dict[str, tuple[Row, Callable[[Row], bool]]] = {
    "eq": ({"age": {"eq": 85}}, lambda r: r["age"] == 85),
    "ne": ({"status": {"ne": "retired"}}, lambda r: r["status"] != "retired"),
    "is": ({"lastName": {"is": None}}, lambda r: r["last_name"] is None),
    "not": ({"lastName": {"not": None}}, lambda r: r["last_name"] is not None),
    "gt": ({"age": {"gt": 95}}, lambda r: r["age"] > 95),
    "gte": ({"age": {"gte": "98"}}, lambda r: r["age"] >= 98),
    "lt": ({"createdAt": {"lt": "2023-07-08T01:37:41.123Z"}}, lambda r: r["created_at"] < "2023-07-08T01:37:41.123Z"),
    "lte": ({"age": {"lte": 30}}, lambda r: r["age"] <= 30),
    "in": ({"status": {"in": ["pending", "active"]}}, lambda r: r["status"] in ("pending", "active")),
    "notIn": ({"status": {"notIn": ["retired", "active"]}}, lambda r: r["status"] == "pending"),
    "nin": ({"lastName": {"nin": ["Doe"]}}, lambda r: last(r, lambda name: name != "Doe")),
    "between": ({"age": {"between": [30, 38]}}, lambda r: 30 <= r["age"] <= 38),
    "notBetween": ({"age": {"notBetween": [40, 95]}}, lambda r: not 40 <= r["age"] <= 95),
    "isNull": ({"lastName": {"isNull": True}}, lambda r: r["last_name"] is None),
    "isNotNull": ({"lastName": {"isNotNull": True}}, lambda r: r["last_name"] is not None),
    "like": ({"lastName": {"like": "op"}}, lambda r: last(r, lambda name: "op" in name)),
    "notLike": ({"lastName": {"notLike": "%e%"}}, lambda r: last(r, lambda name: "e" not in name)),
    "iLike": ({"lastName": {"iLike": "GÖDEL"}}, lambda r: r["last_name"] == "Gödel"),
    "notILike": ({"lastName": {"notILike": "%E%"}}, lambda r: last(r, lambda name: "e" not in name.lower())),
    "startsWith": ({"lastName": {"startsWith": "ho"}}, lambda r: last(r, lambda name: name[:2].lower() == "ho")),
    "startsWiths": ({"lastName": {"startsWiths": "Ho"}}, lambda r: last(r, lambda name: name[:2] == "Ho")),
    "endsWith": ({"lastName": {"endsWith": "ER"}}, lambda r: last(r, lambda name: name[-2:].lower() == "er")),
    "endsWiths": ({"lastName": {"endsWiths": "er"}}, lambda r: last(r, lambda name: name[-2:] == "er")),
    "nstartsWith": ({"lastName": {"nstartsWith": "b"}}, lambda r: last(r, lambda name: name[0].lower() != "b")),
    "nstartsWiths": ({"lastName": {"nstartsWiths": "B"}}, lambda r: last(r, lambda name: name[0] != "B")),
    "nendsWith": ({"lastName": {"nendsWith": "N"}}, lambda r: last(r, lambda name: name[-1].lower() != "n")),
    "nendsWiths": ({"lastName": {"nendsWiths": "n"}}, lambda r: last(r, lambda name: name[-1] != "n")),
    "arraycontains": ({"tags": {"arraycontains": "pioneer"}}, lambda r: "pioneer" in r["tags"]),
    "arraycontained": ({"tags": {"arraycontained": ["user", "admin"]}}, lambda r: set(r["tags"]) <= {"user", "admin"}),
    "jsonbContains": ({"metadata": {"jsonbContains": IT}}, lambda r: r["metadata"]["department"] == "IT"),
    "jsonbNotContains": ({"metadata": {"jsonbNotContains": {"level": 5}}}, lambda r: level(r) != 5),
    "jsonbContainedBy": (
        {"metadata": {"jsonbContainedBy": {"department": "Editorial", "level": 1}}},
        lambda r: r["metadata"] == {"department": "Editorial"},
    ),
    "jsonbHasKey": ({"metadata": {"jsonbHasKey": "skills"}}, lambda r: "skills" in r["metadata"]),
    "jsonbHasAnyKeys": (
        {"metadata": {"jsonbHasAnyKeys": ["skills", "zap"]}},
        lambda r: "skills" in r["metadata"],
    ),
    "jsonbHasAllKeys": (
        {"metadata": {"jsonbHasAllKeys": ["born", "level"]}},
        lambda r: "born" in r["metadata"] and "level" in r["metadata"],
    ),
    "jsonbPathExists": ({"metadata": {"jsonbPathExists": "$.skills[1]"}}, lambda r: "skills" in r["metadata"]),
    "jsonbPathMatch": ({"metadata": {"jsonbPathMatch": "$.level > 4"}}, lambda r: known(level(r), lambda n: n > 4)),
    "jsonbKeyEquals": ({"metadata": {"jsonbKeyEquals": {"key": "level", "value": 5}}}, lambda r: level(r) == 5),
    "jsonbKeyNotEquals": (
        {"metadata": {"jsonbKeyNotEquals": {"key": "level", "value": 5}}},
        lambda r: known(level(r), lambda n: n != 5),
    ),
    "jsonbKeyGt": ({"metadata": {"jsonbKeyGt": {"key": "level", "value": 6}}}, lambda r: level(r) == 7),
    "jsonbKeyGte": (
        {"metadata": {"jsonbKeyGte": {"key": "level", "value": 6}}},
        lambda r: known(level(r), lambda n: n >= 6),
    ),
    "jsonbKeyLt": ({"metadata": {"jsonbKeyLt": {"key": "level", "value": 2}}}, lambda r: level(r) == 1),
    "jsonbKeyLte": (
        {"metadata": {"jsonbKeyLte": {"key": "level", "value": 2}}},
        lambda r: known(level(r), lambda n: n <= 2),
    ),
    "jsonbKeyIn": ({"metadata": {"jsonbKeyIn": {"key": "level", "values": [1, 7]}}}, lambda r: level(r) in (1, 7)),
    "jsonbKeyNotIn": (
        {"metadata": {"jsonbKeyNotIn": {"key": "level", "values": [1, 7]}}},
        lambda r: known(level(r), lambda n: n not in (1, 7)),
    ),
    "jsonbKeyLike": (
        {"metadata": {"jsonbKeyLike": {"key": "department", "pattern": "Info%"}}},
        lambda r: r["metadata"]["department"].startswith("Info"),
    ),
    "jsonbKeyIsNull": ({"metadata": {"jsonbKeyIsNull": "level"}}, lambda r: level(r) is None),
    "jsonbKeyIsNotNull": ({"metadata": {"jsonbKeyIsNotNull": "level"}}, lambda r: level(r) is not None),
    "jsonbArrayLength": (
        {"metadata": {"jsonbArrayLength": {"op": "gte", "value": 2, "path": ["skills"]}}},
        lambda r: "skills" in r["metadata"],
    ),
    "jsonbTypeOf": ({"metadata": {"jsonbTypeOf": {"type": "number", "path": "level"}}}, lambda r: level(r) is not None),
    "jsonbDeepValue": (
        {"metadata": {"jsonbDeepValue": {"path": ["skills", 0], "value": "JavaScript"}}},
        lambda r: "skills" in r["metadata"],
    ),
}
MORE: list[tuple[Row, Callable[[Row], bool]]] = [
    (
        {"OR": [{"age": 30}, {"AND": [{"age": 85}, {"status": "active"}]}]},
        lambda r: r["age"] == 30 or (r["age"], r["status"]) == (85, "active"),
    ),
    ({"name": {"eq": "$COL(firstName)"}}, lambda r: r["name"] == r["first_name"]),
    ({"age": {"startsWith": "10", "cast": "text"}}, lambda r: str(r["age"]).startswith("10")),
    ({"createdAt": {"between": ["2023-01-01", "$NOW"]}, "age": 30}, lambda r: r["age"] == 30),
    ({"createdAt": {"gt": "$NOW+DAYS_1"}}, lambda r: False),
    ({"tags": {"arraycontains": ["computing", "pioneer"]}}, lambda r: {"computing", "pioneer"} <= set(r["tags"])),
    ({"tenant.name": "Acme Corp"}, lambda r: str(r["tenant_id"]).endswith("2")),
    ({"lastName": {"like": "100%_"}}, lambda r: False),
    ({"lastName": {"startsWith": "%"}}, lambda r: False),
]


def found(client: FlaskClient, admin: dict[str, str], tree: object) -> set[str]:
    answer = client.get(
        "/items/baasix_User", headers=admin, query_string={"filter": json.dumps(tree), "fields": "email"}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {row["email"] for row in answer.get_json()["data"]} & EMAILS


def test_every_operator_has_a_case() -> None:
    assert set(CASES) == {*WORDS, *JSON_WORDS}


@each("word", CASES)
def test_an_operator_finds_what_it_says(client: FlaskClient, admin: dict[str, str], word: str) -> None:
    tree, holds = CASES[word]
    expected = {row["email"] for row in ACCOUNTS if holds(row)}
    assert expected and found(client, admin, tree) == expected


@each(("tree", "holds"), MORE)
def test_a_filter_finds_what_it_says(
    client: FlaskClient, admin: dict[str, str], tree: Row, holds: Callable[[Row], bool]
) -> None:
    assert found(client, admin, tree) == {row["email"] for row in ACCOUNTS if holds(row)}
