"""Descriptions as they are served: for a dialect and a caller, made once per kind of caller and snapshot.

In: Flask's request, or a caller's context. Out: the text of a document with its entity tag; who is calling, by a header
or by any cookie that some mount takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, request

from crud.callers import actor_of
from crud.errors import bad_parameter
from crud.jsontext import entity_tag_of, json_bytes
from crud.memo import Memo
from crud.openapi.caller import Caller
from crud.openapi.documents import document
from crud.snapshots.state import Context
from crud.web.dialect import context, reader, served
from crud.web.mounts import Dialect, Served
from crud.web.recognising import bearer, become
from crud.web.request import VARY, known

KEPT = 20  # documents of one snapshot, the least recently used going first


@dataclass(frozen=True)
class Endpoint:
    """A method of a path, what it does, and the exact name of the resource that it is made for, if it is."""

    method: str
    path: str
    summary: str
    resource: str


@dataclass(frozen=True)
class Document:
    """The text of a document with its entity tag, and the endpoints that it is about."""

    text: bytes
    tag: str
    endpoints: tuple[Endpoint, ...]


def described(served: Served) -> Mapping[str, Dialect]:
    """The dialects that are served and say something of themselves, by name."""
    found = {each.dialect.name: each.dialect for each in sorted(served.mounts, key=lambda each: each.dialect.name)}
    return {name: dialect for name, dialect in found.items() if dialect.description is not None}


def caller_of(served: Served, asking: Context, dialect: str) -> Caller:
    """Who is described to, in the words of a dialect."""
    at = {each.mount.path: each.at for each in served.mounts if each.dialect.name == dialect}
    names = frozenset(each.dialect.name for each in served.mounts)
    return Caller(asking, asking.snapshot.presentations[dialect], at, names)


def document_for(served: Served, asking: Context, dialect: str, root: str = "") -> Document:
    """The document of a dialect for a caller. Raises ApiError (bad_parameter)."""
    known = described(served)
    if dialect not in known:
        raise bad_parameter("dialect", f"{dialect[:40]!r} is not one of {', '.join(known)}")
    actor, snapshot = asking.actor, asking.snapshot
    made = snapshot.compiled.get("documents", lambda: Memo[Document](KEPT))
    assert isinstance(made, Memo)
    key = (dialect, root, actor.kind, actor.id is None, actor.admin)
    found: Document = made.get(key, lambda: _made(served, asking, known[dialect], root))
    return found


def _made(served: Served, asking: Context, dialect: Dialect, root: str) -> Document:
    assert dialect.description is not None
    caller = caller_of(served, asking, dialect.name)
    cookies = [each.mount.cookie for each in served.mounts if each.dialect is dialect and each.mount.cookie]
    operations = list(dialect.description.operations(caller))
    endpoints = tuple(Endpoint(each.method, each.path, each.summary, each.resource) for each in operations)
    text = json_bytes(document(dialect.description, caller, operations, root=root, cookies=cookies))
    return Document(text, entity_tag_of(text), endpoints)


# ---------------------------------------------------------------- over HTTP


def recognise() -> None:
    """Take the caller from a header, or from the cookie of any mount. Raises ApiError."""
    token = next((request.cookies[name] for name in cookies() if name in request.cookies), None)
    if token is not None and bearer() is None:  # else he is known already
        become(actor_of(context().snapshot, token))


def cookies() -> tuple[str, ...]:
    """The cookies that may carry a token to some mount."""
    return tuple(dict.fromkeys(each.mount.cookie for each in served().mounts if each.mount.cookie))


def give_document() -> Response:
    """`GET /openapi.json?dialect=…`."""
    parameters = reader()
    dialect = parameters.take("dialect")
    parameters.finish()
    if dialect is None:
        raise bad_parameter("dialect", f"is missing, expected one of {', '.join(described(served()))}")
    recognise()
    found = document_for(served(), context(), dialect, request.script_root)
    headers = {"ETag": found.tag, "Vary": VARY, "Cache-Control": "private, no-cache"}
    if known(found.tag):
        return Response(status=304, headers=headers)
    return Response(found.text, 200, headers, mimetype="application/json")
