"""Refusals in Phantom's words and envelope: `{"success": false, "error": …, "details": […]}`.

In: an `ApiError`. Out: JSON and a status. What is wrong with a request is said in `details`, by field.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flask import request

from crud.errors import ApiError
from crud.web.dialect import context

# kind → (status, text); a kind that is not here keeps its own.
WORDING: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "unauthorized": (401, "Access token required"),
        "invalid_token": (403, "Invalid or expired token"),
        "forbidden": (403, "Access denied: No matching policy found"),
        "unknown_path": (404, "Route not found"),
        "missing_row": (404, "Not found"),
        "cross_site": (403, "Invalid CSRF token"),
    }
)


def render_error(error: ApiError) -> tuple[dict[str, object], int]:
    """A refusal in Phantom's envelope. Who is not signed in is asked for a token first."""
    kind = "unauthorized" if error.kind == "forbidden" and context().actor.id is None else error.kind
    status, text = WORDING.get(kind, (error.status, error.message))
    if kind == "unknown_resource" and error.field:
        text = f"Resource '{error.field}' not found"
    if kind == "invalid" and isinstance(error.details, list):
        mistakes = [_mistake(each) for each in error.details]
        return {"success": False, "error": "Validation failed", "details": mistakes}, status
    body: dict[str, object] = {"success": False, "error": text}
    if kind == "cross_site":
        body["code"] = "CSRF_TOKEN_INVALID"
    if status == 400 and (error.details or error.parameter):
        body["details"] = error.details or _details(error)
    return body, status


def render_door_error(error: ApiError) -> tuple[dict[str, object], int]:
    """A refusal under `/auth`, where nobody is asked for a token that he came to get."""
    if error.kind in ("forbidden", "unauthorized"):
        return {"success": False, "error": error.message}, error.status
    body, status = render_error(error)
    if error.kind == "bad_body" and isinstance(error.details, list):
        body["error"] = "Validation failed"
    return body, status


def _mistake(found: Mapping[str, object]) -> dict[str, object]:
    """A mistake in a row, as the original's validator tells it."""
    value = {"value": found["value"]} if found["value"] is not None else {}
    return {"type": "field", **value, "msg": found["message"], "path": found["field"], "location": "body"}


def _details(error: ApiError) -> list[dict[str, str]]:
    asked = request.method in ("GET", "HEAD") or error.parameter in request.args
    where = "query" if asked and error.parameter != "body" else "body"
    return [{"type": "field", "msg": error.message, "path": error.field or error.parameter, "location": where}]
