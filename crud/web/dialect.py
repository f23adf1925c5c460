"""What every dialect stands on inside a request: its context, names and parameters to parse, answers.

In: Flask's request. Out: `context()`, `scope()`, `reader()`, `open_resource()`, `answer()`; the mounts of a dialect
(`crud.web.mounts`) are handed on.
"""

from collections.abc import Mapping

from flask import Response, g, request

from crud.access import permissions
from crud.errors import ApiError, unknown_resource
from crud.jsontext import json_bytes
from crud.presentation import Presentation
from crud.sight import sight
from crud.snapshots.state import Context
from crud.telemetry.calls import enter, spending
from crud.web.mounts import Dialect as Dialect
from crud.web.mounts import mount as mount
from crud.web.mounts import reads as reads
from crud.web.mounts import served as served
from crud.wire.params import Reader
from crud.wire.paths import Scope, Values
from sql import errors as sql
from sql.catalog import Resource


def context() -> Context:
    """The snapshot and the actor of this request."""
    found: Context = g.context
    return found


def presentation(dialect: str) -> Presentation:
    """The names of a dialect in this request's snapshot."""
    return context().snapshot.presentations[dialect]


def scope(dialect: str, asking: Context | None = None) -> Scope:
    """What a parser of this dialect works in: the names that the caller may know, and no values yet."""
    asking = asking or context()
    snapshot = asking.snapshot
    names = sight(asking, presentation(dialect))
    return Scope(names, snapshot.catalog, Values(), snapshot.config.limits.list_items)


def reader() -> Reader:
    """The query parameters of this request."""
    return Reader(request.args.lists())


def open_resource(dialect: str, written: str) -> Resource:
    """The resource of a written name, once it is known that the caller may read it. Raises ApiError."""
    try:
        resource = presentation(dialect).resource(written)
    except sql.UnknownResource:
        raise unknown_resource(written) from None
    return admit(resource, written)


def admit(resource: Resource, written: str) -> Resource:
    """The resource, if the caller may read it: checked before anything about its fields is said."""
    snapshot = context().snapshot
    with spending("authorise"):
        gate = permissions.gate_for(snapshot.policy, snapshot.catalog, context().actor)
        permissions.require(gate, resource, written)
    return resource


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response. Decimals keep their digits; a body over the configured size is a 413."""
    enter("render")
    data = json_bytes(body)
    limit = context().snapshot.config.limits.response_bytes if "context" in g else len(data)
    if len(data) > limit:
        raise ApiError("too_large", "Response body too large")
    return Response(data, status, headers, mimetype="application/json")


def nothing(status: int) -> Response:
    """An answer without a body."""
    return Response(status=status, headers={"Content-Length": "0"})
