"""What the tests of Xond's writes share: the sample's people, requests and their four keys, conditions."""

import json
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient

from tests.dialects.conftest import Token

Row = dict[str, Any]
ME = "9d370085-c116-47c9-9b22-7f33061ec7b1"
TEST_USER = "5081778e-c036-5085-8adb-6f1892daaa73"
JOHN, ACME = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
ENGINES = "00000000-0000-0000-0000-000000000003"
PRODUCT = "00000000-0000-0000-0000-000000000002"
SAID: Row = {"jwtCookie": {"id": ME}}
GONE = {"success": True, "data": None, "pagination": None, "error": None}


def send(
    client: FlaskClient, method: str, path: str, body: object = None, headers: Token | None = None, **more: Any
) -> tuple[int, Row]:
    """Status and answer of a request; every answer has the four keys."""
    answer = client.open(path, method=method, headers=headers, json=body, **more)
    assert answer.content_type == "application/json"
    found: Row = json.loads(answer.data)
    assert set(found) == {"success", "data", "pagination", "error"}
    assert found["success"] == (answer.status_code < 300)
    assert found["pagination"] is None
    assert (found["error"] is None) == found["success"]
    return answer.status_code, found


def term(field: str, value: object, comparison: str = "equals") -> str:
    return quote(json.dumps([{"field": field, "value": value, "comparison": comparison}]))
