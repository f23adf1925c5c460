"""Signing in at Phantom's door: the body of `POST /auth/login`, and the account as its answer shows it.

In: Flask's request, an account. Out: credentials, JSON. What is wrong with a body is said in `details`, by member.
"""

import re
from collections.abc import Mapping

from flask import request

from crud.errors import ApiError, bad_parameter
from crud.identity.accounts import Account
from crud.params import json_value

UNSAFE = re.compile("[\x00\ud800-\udfff]")


def parse_credentials() -> tuple[str, str]:
    """The e-mail and password of a JSON body. Raises for another content type, broken JSON and other types."""
    if not request.is_json:
        raise ApiError("unsupported_media", "Content-Type must be application/json")
    body = json_value(request.get_data(as_text=True), "body")
    if not isinstance(body, dict):
        raise bad_parameter("body", "expected an object with email and password")
    return _text(body, "email", "Valid email is required"), _text(body, "password", "Password is required")


def _text(body: Mapping[str, object], name: str, problem: str) -> str:
    value = body.get(name)
    if isinstance(value, str) and value and not UNSAFE.search(value):
        return value
    details = [{"type": "field", "msg": problem, "path": name, "location": "body"}]
    raise ApiError("bad_body", "Validation failed", details=details)


def user_of(account: Account) -> dict[str, object]:
    """An account as a sign-in shows it."""
    role = "admin" if "admin" in account.roles else next(iter(sorted(account.roles)), None)
    return {"id": account.id, "email": account.email, "name": account.name, "role": role}
