"""Phantom's envelopes, its batch and its doors, as OpenAPI says them.

In: what a caller may do. Out: operations, and the schemas of the envelopes.
"""

from collections.abc import Iterator

from crud.dialects.phantom.batches import ACTIONS, MOST
from crud.dialects.phantom.refusals import WORDING
from crud.errors import STATUS
from crud.openapi.caller import Caller
from crud.openapi.doors import CREDENTIALS, EMAIL, NAME, PASSWORD, REFRESH, SESSION, TOKENS, shared
from crud.openapi.parts import (
    BOOLEAN,
    DOORS,
    STRING,
    WRITES,
    Answer,
    Operation,
    Refused,
    array,
    body,
    closed,
    const,
    open_object,
    whole,
)
from crud.openapi.values import Json

GROUP = "auth"


def status_of(kind: str) -> int:
    """The status of a kind of refusal."""
    return WORDING[kind][0] if kind in WORDING else STATUS[kind]


def enveloped(**members: Json) -> Json:
    """An answer with these members, all of them there."""
    return whole({"success": const(True), **members})


DETAIL = open_object({"type": STRING, "msg": STRING, "path": STRING, "location": STRING}, "msg")
REFUSAL = closed(
    {
        "success": const(False),
        "error": STRING,
        "details": array(DETAIL),
        "code": STRING,
        "index": {"type": "integer"},
    },
    *("success", "error"),
)
REFUSED = Refused("Refusal", REFUSAL, status_of)


# ---------------------------------------------------------------- batches


def batch_operations(caller: Caller, at: str) -> Iterator[Operation]:
    """Several actions at once."""
    result = open_object({"success": BOOLEAN, "data": {}, "error": STRING, "message": STRING}, "success")
    answer = Answer("A result for each action", enveloped(results=array(result), data=array(result)))
    request = closed({"resource": STRING, "action": {"enum": [*ACTIONS]}, "data": {"type": ["object", "null"]}})
    sent = closed({"requests": array(request, maxItems=MOST), "atomic": BOOLEAN}, "requests")
    kinds = (*WRITES, "missing_row")
    yield Operation("post", f"{at}/batch", "Several actions", "batch", {200: answer}, kinds, REFUSED, body=body(sent))


# ---------------------------------------------------------------- doors


USER = closed({"id": STRING, "email": STRING, "name": {}, "role": {}})
BEGUN = open_object({"success": const(True), **TOKENS, "user": USER}, "success", "token", "user")
NEW = {"email": EMAIL, "password": PASSWORD, "name": NAME}


def door_operations(caller: Caller) -> Iterator[Operation]:
    """Signing in and out, and what a page needs for it."""
    at, csrf = caller.at.get("/auth"), caller.at.get("/csrf-token")
    if at is not None:
        yield from _doors(caller, at)
    if csrf is not None:
        token = Answer("What a page shows in `X-CSRF-Token`", whole({"success": const(True), "csrfToken": STRING}))
        kinds = ("bad_parameter", "busy")
        yield Operation("get", csrf, "A token against forged requests", GROUP, {200: token}, kinds, REFUSED)


def _doors(caller: Caller, at: str) -> Iterator[Operation]:
    both = shared(REFUSED, "DoorRefusal", STATUS.__getitem__) if "baasix" in caller.served else REFUSED
    session = {200: Answer("A session", BEGUN if both is REFUSED else SESSION)}
    kinds: tuple[str, ...] = (*DOORS, "invalid_credentials")
    sent = body(CREDENTIALS)
    yield Operation("post", f"{at}/login", "A session for a password", GROUP, session, kinds, both, body=sent)
    begun, new = {200: Answer("A session", BEGUN)}, body(closed(NEW, "email", "password"))
    more = (*DOORS, "forbidden", "conflict", "invalid")
    if caller.context.snapshot.config.auth.registration == "open":
        yield Operation("post", f"{at}/register", "An account of one's own", GROUP, begun, more, both, body=new)
    yield Operation("post", f"{at}/setup", "The first administrator", GROUP, begun, more, DOOR, body=new)
    kinds = (*DOORS, "unauthorized", "cross_site")  # as a cookie, a token must come from a page of ours
    sent = body(REFRESH, required=False)
    again = {200: Answer("The next tokens", open_object({"success": BOOLEAN, **TOKENS}, "token", "expiresIn"))}
    yield Operation("post", f"{at}/refresh", "The next tokens of a session", GROUP, again, kinds, both, body=sent)
    out = {200: Answer("Signed out", enveloped(message=STRING))}
    yield Operation("post", f"{at}/logout", "The session ends", GROUP, out, kinds, DOOR, body=sent)


def _door_status(kind: str) -> int:
    return STATUS[kind] if kind in ("forbidden", "unauthorized") else status_of(kind)


DOOR = Refused("DoorRefusalAlone", REFUSAL, _door_status)
