"""Phantom's batches: a result for each action, a savepoint for each, or all of them or none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.conftest import Fresh, Token
from tests.tables import each

Row = dict[str, object]
ME = "5081778e-c036-5085-8adb-6f1892daaa73"
TITLES = "SELECT title FROM categories WHERE title LIKE ? ORDER BY title"


def results(client: FlaskClient, requests: list[object], headers: Token, **more: object) -> list[Row]:
    answer = client.post("/api/batch", json={"requests": requests, **more}, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert set(answer.json) == {"success", "results", "data"}
    assert answer.json["success"] is True
    assert answer.json["results"] == answer.json["data"]
    found: list[Row] = answer.json["results"]
    return found


def step(action: str, data: object, resource: str = "Category") -> dict[str, object]:
    return {"resource": resource, "action": action, "data": data}


# ---------------------------------------------------------------- as the document prints it


def test_a_batch_as_printed(fresh: Fresh) -> None:
    requests = [
        {"resource": "User", "action": "create", "data": {"name": "Batch User"}},
        {"resource": "Post", "action": "read", "data": {"limit": 5}},
    ]
    made, read = results(fresh.client, [*requests], fresh.admin)
    assert made["success"] is True
    assert isinstance(made["data"], dict) and isinstance(read["data"], list)
    assert fresh.rows("SELECT name FROM _dragoman_users WHERE id = ?", made["data"]["id"]) == [("Batch User",)]
    listed = fresh.client.get("/api/Post?limit=5", headers=fresh.admin).json
    assert read == listed
    assert len(read["data"]) == 5


# ---------------------------------------------------------------- actions


def test_every_action_sees_what_those_before_it_did(fresh: Fresh) -> None:
    steps = [
        step("create", {"title": "New"}),
        step("update", {"id": 12, "title": "New hello"}),
        step("read", {"where": {"title": {"starts_with": "New"}}, "sort": "title", "select": ["title"]}),
        step("delete", {"id": 12}),
        step("read", {"id": 12}),
        step("read", {"id": 1, "select": "id"}),
        step("read", None),
        step("read", {"id": "no-number"}),
    ]
    found = results(fresh.client, [*steps], fresh.admin)
    assert [result["success"] for result in found] == [True] * len(steps)
    created, updated, read, deleted, gone, first, every, never = (result["data"] for result in found)
    assert isinstance(created, dict) and isinstance(updated, dict) and isinstance(every, list)
    assert (created["title"], updated["title"]) == ("New", "New hello")
    assert read == [{"title": "New"}, {"title": "New hello"}]
    assert deleted == {"id": 12}
    assert (gone, first, never) == (None, {"id": 1}, None)
    assert len(every) == 12
    assert fresh.rows(TITLES, "New%") == [("New",)]


FAILURES: list[tuple[object, str]] = [
    (step("drop", {}), "Invalid action: drop"),
    (step("createIfNotExists", {}), "Invalid action: createIfNotExists"),
    ({"resource": "Category"}, "Invalid action: None"),
    (step("update", {"title": "x"}), "ID is required for update operations"),
    (step("delete", {}), "ID is required for delete operations"),
    (step("create", None), "data: expected an object"),
    (step("create", {"bogus": 1}), "Unknown field 'bogus' in body"),
    (step("create", {"title": None}), "Validation failed"),
    (step("create", {"title": "hello"}), "exists already"),
    (step("create", {"name": "x"}, "Nope"), "Resource 'Nope' not found"),
    (step("update", {"id": 9999, "title": "x"}), "Not found"),
    (step("delete", {"id": 9999}), "Not found"),
    (step("read", {"limit": 0}), "Limit must be an integer between 1 and 1000"),
    (step("read", {"bogus": 1}), "bogus"),
    ({**step("read", {}), "bogus": 1}, "Unknown field 'bogus' in requests"),
    ({"action": "read"}, "requests.resource"),
    (step("read", {}, ""), "requests.resource"),
    ("read", "requests: expected an object"),
    (None, "requests: expected an object"),
]


@pytest.mark.parametrize(("request_", "text"), FAILURES)
def test_what_fails_is_its_own_result_and_leaves_the_others_alone(fresh: Fresh, request_: object, text: str) -> None:
    steps = [step("create", {"title": "New 1"}), request_, step("create", {"title": "New 2"})]
    first, failed, last = results(fresh.client, steps, fresh.admin)
    assert failed["success"] is False
    assert text in str(failed["error"])
    assert set(failed) <= {"success", "error", "details"}
    assert first["success"] is last["success"] is True
    assert fresh.rows(TITLES, "New%") == [("New 1",), ("New 2",)]


def test_each_action_needs_its_own_right(client: FlaskClient, user: Token) -> None:
    steps = [step("read", {"limit": 1}), step("create", {"title": "x"}), step("read", {}, "permissions")]
    read, denied, hidden = results(client, [*steps], user)
    assert read["success"] is True
    assert denied == {"success": False, "error": "Access denied: No matching policy found"}
    assert hidden == {"success": False, "error": "Resource 'permissions' not found"}
    _, asked, _ = results(client, [*steps], {})
    assert asked == {"success": False, "error": "Access token required"}


# ---------------------------------------------------------------- all or nothing

ATOMIC: list[tuple[object, int, str]] = [
    (step("create", {"title": "hello"}), 409, "exists already"),
    (step("create", {"title": 1}), 400, "Validation failed"),
    (step("update", {"id": 9999, "title": "x"}), 404, "Not found"),
    (step("create", {}, "Nope"), 404, "Resource 'Nope' not found"),
    (step("drop", {}), 400, "Invalid action: drop"),
    (step("read", {"bogus": 1}), 400, "bogus"),
]


@pytest.mark.parametrize(("request_", "status", "text"), ATOMIC)
def test_an_atomic_batch_that_fails_does_nothing(fresh: Fresh, request_: object, status: int, text: str) -> None:
    before = fresh.whole()
    steps = [step("create", {"title": "New 1"}), request_, step("create", {"title": "New 2"})]
    answer = fresh.client.post("/api/batch", json={"requests": steps, "atomic": True}, headers=fresh.admin)
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert (answer.json["success"], answer.json["index"]) == (False, 1)
    assert text in answer.json["error"]
    assert fresh.whole() == before


def test_an_atomic_batch_that_succeeds_does_everything(fresh: Fresh) -> None:
    steps = [step("create", {"title": "New 1"}), step("create", {"title": "New 2"}), step("read", {"limit": 1})]
    assert [each["success"] for each in results(fresh.client, [*steps], fresh.admin, atomic=True)] == [True] * 3
    assert fresh.rows(TITLES, "New%") == [("New 1",), ("New 2",)]


# ---------------------------------------------------------------- refusals

BAD: list[tuple[object, str]] = [
    ({}, "Requests must be an array"),
    ({"requests": None}, "Requests must be an array"),
    ({"requests": {"0": step("read", {})}}, "Requests must be an array"),
    ({"requests": [step("read", {})] * 11}, "Maximum 10 requests per batch"),
    ({"requests": [], "atomic": "yes"}, "atomic"),
    ({"requests": [], "bogus": 1}, "bogus"),
    ([], "expected an object"),
]


@each(("body", "text"), BAD)
def test_a_batch_that_cannot_be_read_is_refused(client: FlaskClient, body: object, text: str) -> None:
    answer = client.post("/api/batch", json=body)
    assert (answer.status_code, answer.json["success"]) == (400, False)
    assert text in answer.json["error"]


def test_an_empty_batch_and_a_full_one(client: FlaskClient) -> None:
    assert results(client, [], {}) == []
    assert [each["success"] for each in results(client, [step("read", {})] * 10, {})] == [True] * 10


def test_below_a_batch_there_is_nothing(client: FlaskClient, admin: Token) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.open("/api/batch/1", method=method, json={}, headers=admin)
        assert (answer.status_code, answer.json["error"]) == (404, "Route not found")


TWO = """
version: "0.3"
sources:
  default: {{database: "{url}"}}
  other: {{database: "{other}"}}
schemas:
  main:
    source: default
    entities:
      here:
        fields: {{id: {{type: integer, key: true, auto: increment}}, name: {{type: string}}}}
  far:
    source: other
    entities:
      there:
        fields: {{id: {{type: integer, key: true, auto: increment}}, name: {{type: string}}}}
rules:
  - {{role: anon, resource: "*", actions: [read, create]}}
"""


def test_a_batch_is_of_one_database(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    url, other = (f"sqlite:///{tmp_path / name}.sqlite" for name in ("one", "two"))
    client = make_app(TWO.format(url=url, other=other), url).test_client()
    here, there = step("create", {"name": "x"}, "here"), step("create", {"name": "x"}, "far.there")
    assert [each["success"] for each in results(client, [there, there], {})] == [True, True]
    answer = client.post("/api/batch", json={"requests": [here, there]})
    assert (answer.status_code, answer.json["success"]) == (400, False)
    assert "several databases" in answer.json["error"]
    assert client.get("/api/here").json["data"] == []
