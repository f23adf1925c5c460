"""What the tests of SonicJS's doors share: signing in, and how its answers look."""

from typing import Any

from flask.testing import FlaskClient

from tests.dialects.people import HELEN, PASSWORD, post

GENERATIONS = ["/v1", "/api/v1"]
ROW = {"id", "email", "name", "first_name", "last_name", "phone", "is_active", "tenant_id", "role"}
TIMES = {"created_on", "updated_on"}


def login(client: FlaskClient, mount: str, email: str = HELEN, password: str = PASSWORD) -> str:
    status, body = post(client, f"{mount}/auth/login", {"email": email, "password": password})
    assert status == 200, body
    return str(body["bearer"])


def said(answer: tuple[int, Any]) -> tuple[int, object]:
    """Status and message of a refusal."""
    assert set(answer[1]) == {"message"}, answer
    return answer[0], answer[1]["message"]
