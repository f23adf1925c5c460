"""Phantom: `/api/:resource` with `where`, `sort`, `select`, `populate`, and `POST /auth/login`.

In: paths and parameters of that dialect. Out: `{"success": true, "data": …}`, or `{"success": false, "error": …}`.
Source: seed document of Phantom.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flask import Response, request
from werkzeug.exceptions import MethodNotAllowed

from crud import auth, service
from crud.dialect import Dialect, answer, context, mount, open_resource, reader, scope
from crud.dialects.phantom.definitions import definition_of
from crud.dialects.phantom.parameters import parse_list, parse_one
from crud.dialects.phantom.signing import parse_credentials, user_of
from crud.errors import ApiError
from crud.paths import Scope

API = mount("phantom", "/api", cookie="token")
AUTH = mount("phantom", "/auth")

# kind → (status, text); a kind that is not here keeps its own.
WORDING: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "unauthorized": (401, "Access token required"),
        "invalid_token": (403, "Invalid or expired token"),
        "forbidden": (403, "Access denied: No matching policy found"),
        "unknown_path": (404, "Route not found"),
        "missing_row": (404, "Not found"),
    }
)


def render_error(error: ApiError) -> tuple[object, int]:
    """A refusal in Phantom's envelope. Who is not signed in is asked for a token first."""
    kind = "unauthorized" if error.kind == "forbidden" and context().actor.id is None else error.kind
    status, text = WORDING.get(kind, (error.status, error.message))
    if kind == "unknown_resource" and error.field:
        text = f"Resource '{error.field}' not found"
    body: dict[str, object] = {"success": False, "error": text}
    if status == 400 and (error.details or error.parameter):
        body["details"] = error.details or _details(error)
    return body, status


def _details(error: ApiError) -> list[dict[str, str]]:
    where = "body" if error.parameter == "body" else "query"
    return [{"type": "field", "msg": error.message, "path": error.field or error.parameter, "location": where}]


dialect = Dialect("phantom", (API, AUTH), render_error)

# ---------------------------------------------------------------- views


def names() -> Scope:
    """What this request is parsed in: Phantom's names as the caller sees them."""
    return scope("phantom")


@API.blueprint.get("/<name>")
def list_records(name: str) -> Response:
    """The rows of a resource."""
    resource = open_resource("phantom", name)
    asked = parse_list(names(), resource, reader(), limits=context().snapshot.config.limits)
    return answer({"success": True, "data": service.read(context(), asked).rows})


@API.blueprint.get("/<name>/<key>")
def get_record(name: str, key: str) -> Response:
    """The row of a key."""
    resource = open_resource("phantom", name)
    asked = parse_one(names(), resource, reader(), key=key)
    return answer({"success": True, "data": _first(service.read(context(), asked).rows)})


@API.blueprint.get("/<name>/schema")
@API.blueprint.get("/schema/<name>")
def get_schema(name: str) -> Response:
    """The definition of a resource, under both names that clients read."""
    resource = open_resource("phantom", name)
    reader().finish()
    schema = definition_of(names(), context().snapshot.policy, resource)
    return answer({"success": True, "schema": schema, "data": schema})


@API.blueprint.get("/batch")
@API.blueprint.get("/schema")
@API.blueprint.get("/v1")
@API.blueprint.get("/<name>/create")
@API.blueprint.get("/<name>/read")
@API.blueprint.get("/<name>/update")
@API.blueprint.get("/<name>/delete")
@API.blueprint.get("/<name>/createIfNotExists")
@API.blueprint.get("/<name>/updateIfExists")
def refuse_reserved(name: str = "") -> Response:
    """A reserved word is no resource and no key, whatever the method."""
    raise MethodNotAllowed


@API.blueprint.get("/batch/<path:rest>")
@API.blueprint.get("/v1/<path:rest>")
def refuse_below_reserved(rest: str) -> Response:
    """There is nothing below a reserved word."""
    raise ApiError("unknown_path", "Route not found")


@AUTH.blueprint.post("/login")
def login() -> Response:
    """A token for an e-mail and a password, in the body and as a cookie."""
    email, password = parse_credentials()
    token, account = auth.sign_in(context().snapshot, email, password)
    response = answer({"success": True, "token": token, "user": user_of(account)})
    seconds = context().snapshot.config.auth.access_seconds
    response.set_cookie("token", token, seconds, httponly=True, samesite="Strict", secure=request.is_secure)
    return response


def _first(rows: list[dict[str, object]]) -> dict[str, object]:
    if not rows:
        raise ApiError("missing_row", "Not found")
    return rows[0]
