"""How the tests of Baasix send JSON and files, and look at what they did."""

import io
import json
from typing import Any

from werkzeug.test import TestResponse

from tests.dialects.conftest import Fresh, Token

ANN = "5081778e-c036-5085-8adb-6f1892daaa73"
PUBLIC: Token = {}


def send(
    fresh: Fresh, method: str, path: str, body: object = None, headers: Token | None = None, more: Token = PUBLIC
) -> Any:
    """The answer's status and body; a refusal must have the envelope."""
    answer = ask(fresh, method, path, body, headers, more)
    if answer.status_code >= 400:
        error = answer.json["error"]
        assert set(error) == {"message", "details", "statusCode"} and error["statusCode"] == answer.status_code
    return answer.status_code, answer.json if answer.data else None


def ask(
    fresh: Fresh, method: str, path: str, body: object = None, headers: Token | None = None, more: Token = PUBLIC
) -> TestResponse:
    sent = body if isinstance(body, bytes) else json.dumps(body) if body is not None else None
    return fresh.client.open(
        f"/items/{path}",
        method=method,
        data=sent,
        content_type="application/json" if sent is not None else None,
        headers={**(fresh.admin if headers is None else headers), **more},
    )


def author(fresh: Fresh) -> str:
    """The id of Test User."""
    return str(fresh.rows("SELECT id FROM _dragoman_users WHERE email = ?", "test@example.com")[0][0])


def posts(fresh: Fresh) -> list[Any]:
    return fresh.rows('SELECT id, title, content, published FROM posts WHERE "deletedAt" IS NULL ORDER BY id')


# ---------------------------------------------------------------- imports


def upload(fresh: Fresh, path: str, data: bytes | None, headers: Token | None = None, **form: str) -> Any:
    """(status, body) of an import; the field and the name of the file follow from the path."""
    kind = path.rpartition("-")[2]
    fields: dict[str, object] = dict(form)
    if data is not None:
        fields[f"{kind}File"] = (io.BytesIO(data), f"items.{kind}")
    answer = fresh.client.post(f"/items/{path}", data=fields, headers=fresh.admin if headers is None else headers)
    if answer.status_code != 200:
        assert set(answer.json) == {"error"} and answer.json["error"]["statusCode"] == answer.status_code
    return answer.status_code, answer.json


def refused(fresh: Fresh, path: str, data: bytes | None, headers: Token | None = None, **form: str) -> Any:
    """(status, message) of an import that changes nothing."""
    before = fresh.whole()
    status, body = upload(fresh, path, data, headers, **form)
    assert fresh.whole() == before
    return status, body["error"]["message"]
