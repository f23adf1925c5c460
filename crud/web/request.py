"""What a write takes from its request: the resource it may change, the body, and the conditions of RFC 9110.

In: Flask's request, within the context that `crud.web.dialect` opened. Out: for the dialects `open_for()`,
`settable()`, `body()`, `if_match()`, and `tagged()`, the answer of one row with its entity tag. Knows no dialect's
words.
"""

import re
from collections.abc import Mapping

from flask import Response, request

from crud.access import permissions
from crud.access.grants import writable
from crud.errors import ApiError, unknown_resource
from crud.jsontext import entity_tag
from crud.telemetry.calls import spending
from crud.web.dialect import answer, context, presentation, scope
from crud.web.holding import whole
from crud.wire import bodies
from crud.wire.target import Target
from sql.catalog import Column, Resource
from sql.errors import UnknownResource

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json")
VARY = "Authorization, Cookie, X-API-Key"
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def open_for(dialect: str, written: str, action: str) -> Resource:
    """The resource of a written name, if the caller may do this to it: asked before its body is read. Raises
    ApiError."""
    try:
        resource = presentation(dialect).resource(written)
    except UnknownResource:
        raise unknown_resource(written) from None
    return admit_for(resource, written, action)


def admit_for(resource: Resource, written: str, action: str) -> Resource:
    """The resource, if the caller may do this to it and it takes writes at all."""
    snapshot = context().snapshot
    with spending("authorise"):
        permissions.require(_gate(), resource, written, action)
    assert snapshot.catalog.resource(resource.name) is resource
    writable(resource)
    return resource


def settable(resource: Resource, action: str) -> Mapping[str, Column]:
    """Exact name → column, for those that the caller may set: all others are unknown to him."""
    access = _gate().granted(resource, action)
    return {name: column for name, column in resource.columns.items() if name in access.columns}


def target_for(dialect: str, resource: Resource, action: str) -> Target:
    """What a body of a dialect is read for, where the caller may do this to the resource."""
    return Target(scope(dialect), presentation(dialect).view(resource), settable(resource, action))


def _gate() -> permissions.Gate:
    snapshot = context().snapshot
    return permissions.gate_for(snapshot.policy, snapshot.catalog, context().actor)


def body() -> object:
    """The JSON of the request's body. Raises ApiError: unsupported_media, bad_body."""
    if request.mimetype and not _JSON.fullmatch(request.mimetype):
        raise ApiError("unsupported_media", f"Content-Type {request.mimetype[:60]!r} is not application/json")
    data = whole(request.get_data())
    if not data:
        raise bodies.bad_body("is empty, expected JSON")
    return bodies.read_json(data)


def body_object() -> dict[str, object]:
    """The body, which must be a JSON object. Raises ApiError."""
    data = body()
    if not isinstance(data, dict):
        raise bodies.bad_body("expected an object")
    return data


# ---------------------------------------------------------------- conditions (RFC 9110, 13.1)


def if_match() -> tuple[str, ...]:
    """The entity tags of If-Match, weak ones left out: they never match. Empty without the header."""
    header = request.headers.get("If-Match")
    if header is None:
        return ()
    return ("*",) if header.strip() == "*" else tuple(_strong(header)) or ('""',)


def _strong(header: str) -> list[str]:
    return [tag for tag in _TAG.findall(header) if not tag.startswith("W/")]


def tagged(row: object, envelope: object, status: int = 200) -> Response:
    """The answer of one row with its entity tag; without a body where a GET has it already (304)."""
    tag = entity_tag(row)
    headers = {"ETag": tag, "Vary": VARY, "Cache-Control": "private, no-cache"}
    if request.method in ("GET", "HEAD") and known(tag):
        return Response(status=304, headers=headers)
    return answer(envelope, status, headers)


def known(tag: str) -> bool:
    """Whether a GET has it already. If-None-Match compares weakly."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or tag in [each.removeprefix("W/") for each in _TAG.findall(header)]
