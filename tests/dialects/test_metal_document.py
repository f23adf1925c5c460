"""Metal's document from its first request to its last, each as it is printed there, in one session of its user.

Left out are the host, and what has no answer there: the PATCHes that only show what a filter looks like lack their data.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.dialects.conftest import ROOT, Fresh, applications, database_url, make_app

__all__ = ["applications", "database_url", "make_app"]
ENTITY = "/schema/my-schema/my-entity"
SIGN_IN = 'POST /user/login\n{\n"username":"admin",\n"password": 123456\n}'
# request, status, what its answer has at least
Printed = tuple[str, int, object]
SERVER: list[Printed] = [
    ("GET /user/info", 200, {"username": "admin"}),
    ("GET /server/info", 200, {"server": "Metal", "version": "0.3"}),
    ("POST /server/reload", 200, {"message": "Server reloaded"}),
    ("POST /plan/my-plan/reload\n", 200, {"plan": "my-plan", "message": "Plan reloaded"}),
    ("GET /cache/view", 200, {}),
    ("POST /cache/clean\n", 200, {"message": "Cache cleaned"}),
    ("POST /cache/purge\n", 200, {"message": "Cache purged"}),
]
READS: list[Printed] = [
    ("GET /schema/my-schema", 200, {}),
    (f'GET {ENTITY}?filter={{color:"red"}}', 200, {}),
    (f'GET {ENTITY}?filter={{"Name":"John","Location":"USA"}}', 200, {}),
    (f"GET {ENTITY}?filter-expression=\"name LIKE '%ing' \"", 200, {}),
    (f"GET {ENTITY}?filter-expression=name LIKE '%%ing'", 200, {}),
    (f'GET {ENTITY}?fields="name, country"', 200, {}),
    (f'GET {ENTITY}?sort={{"name":"asc","email":"desc"}}', 200, {}),
    (f"GET {ENTITY}?cache=60", 200, {}),
    (
        f"POST {ENTITY}\n"
        + r"""{ "filter-expression": "date < '${{ new Date().toLocaleDateString(\"en-US\") }}' " }""",
        200,
        {},
    ),
]
TWO = """{ "data": [ { "name":"Facebook", "color": "blue" }, { "name":"YouTube", "color": "red" } ] }"""
WRITES: list[Printed] = [
    (f"POST {ENTITY}\n{TWO}", 201, None),
    (f'PATCH {ENTITY}\n{{ "filter": {{ "color": "red" }}, "data": {{ "status": "disabled" }} }}', 204, None),
    (f'DELETE {ENTITY}\n{{ "filter": {{ "color": "red" }} }}', 204, None),
    (f'DELETE {ENTITY}\n{{ "filter": {{ "Name": "John", "Location": "USA" }} }}', 204, None),
    (f'DELETE {ENTITY}\n{{ "filter-expression": "name LIKE \'%ing\' " }}', 204, None),
    (f'POST {ENTITY}\n{{ "data": {{ "name":"Facebook", "color": "blue" }} }}', 201, None),
    (f"POST {ENTITY}\n{TWO}", 201, None),
    (f'PATCH {ENTITY}\n{{ "data": {{ "name":"Facebook", "color": "blue" }} }}', 204, None),
]
FRAGMENTS = [
    f'PATCH {ENTITY}\n{{ "filter": {{ "Name": "John", "Location": "USA" }} }}',
    f'PATCH {ENTITY}\n{{ "filter-expression": "name LIKE \'%ing\' " }}',
]


@pytest.fixture
def metal(fresh: Fresh, make_app: Callable[..., Flask], tmp_path: Path) -> FlaskClient:
    """The sample, with the user and the plan of the document."""
    text = (ROOT / "config.yml").read_text().replace("sample: sample/", f"sample: {ROOT / 'sample'}")
    text = text.replace("metadata: meta/", f"metadata: {ROOT / 'meta'}")
    assert "\nusers:" not in text
    path = tmp_path / "config.yml"
    users = "users: {admin: {password: 123456, roles: [admin]}}"
    plan = "  my-plan: {by-country: [{select: {schema: my-schema, entity: my-entity}}, {sort: {country: asc}}]}"
    path.write_text(text.replace("\nplans:\n", f"\nplans:\n{plan}\n") + f"\n{users}\n")
    return make_app(path, fresh.snapshot.system.url).test_client()


def send(client: FlaskClient, printed: str, token: str = "") -> tuple[int, object]:
    head, _, body = printed.partition("\n")
    method, _, target = head.partition(" ")
    path, _, query = target.partition("?")
    headers = {"Content-Type": "application/json"} if "\n" in printed else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    answer = client.open(path, method=method, query_string=query, data=body or None, headers=headers)
    return answer.status_code, json.loads(answer.data) if answer.data else None


def test_every_printed_request_is_answered_as_printed(metal: FlaskClient) -> None:
    status, signed = send(metal, SIGN_IN)
    assert status == 200 and isinstance(signed, dict) and [*signed] == ["token"]
    for request, wanted, said in [*SERVER, *READS, *WRITES]:
        status, found = send(metal, request, signed["token"])
        assert status == wanted, (request, found)
        assert found is None if said is None else isinstance(found, dict) and said.items() <= found.items(), request
    assert [send(metal, request, signed["token"])[0] for request in FRAGMENTS] == [400, 400]
    assert send(metal, "POST /user/logout", signed["token"]) == (204, None)
    assert send(metal, "GET /user/info", signed["token"])[0] == 401


def test_every_printed_read_finds_rows(metal: FlaskClient) -> None:
    _, signed = send(metal, SIGN_IN)
    assert isinstance(signed, dict)
    for request, _, _ in READS:
        _, found = send(metal, request, signed["token"])
        assert isinstance(found, dict) and found["rows"], request
