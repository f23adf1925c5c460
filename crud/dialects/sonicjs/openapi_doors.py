"""SonicJS's envelopes and doors, as OpenAPI says them.

In: where a generation is mounted. Out: operations, and the schemas of the envelopes.
"""

from collections.abc import Iterator

from crud.dialects.sonicjs.refusals import WORDING
from crud.errors import STATUS
from crud.openapi.caller import Caller
from crud.openapi.doors import MESSAGE, PASSWORD
from crud.openapi.parts import (
    ASKED,
    COUNT,
    DOORS,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    STRING,
    Answer,
    Operation,
    Refused,
    body,
    closed,
    const,
    query,
    whole,
)
from crud.openapi.values import Json, nullable

GROUP = "auth"
ROW: Json = {"type": "object", "description": "The account as its owner may read it"}
REFUSED = Refused("Refusal", MESSAGE, lambda kind: WORDING[kind][0] if kind in WORDING else STATUS[kind])


def wrapped(data: Json) -> Json:
    """The second generation's envelope."""
    return whole({"data": data, "source": const("d1"), "total": COUNT, "executionTime": COUNT})


def under_data(data: Json) -> Json:
    """The second generation's answer to a write."""
    return whole({"data": data})


SESSION = whole(
    {
        "userId": STRING,
        **dict.fromkeys(("activeExpires", "idleExpires", "createdOn", "updatedOn"), {"type": "integer"}),
        "token": STRING,
    }
)
SESSION_ID = query("sessionId", STRING, "The bearer, where it cannot be sent in a header")
CREDENTIALS = closed({"email": {"type": "string"}, "password": PASSWORD}, "email", "password")
OWN = (*ASKED, "unauthorized", "missing_row", "forbidden", "too_large")


def door_operations(caller: Caller, at: str, mount: str) -> Iterator[Operation]:
    """The doors of one generation."""
    login = _login_first() if mount == "/v1" else _login_second()
    sent = body(CREDENTIALS)
    kinds: tuple[str, ...] = (*DOORS, "invalid_credentials")
    yield Operation(
        "post", f"{at}/auth/login", "A bearer for a password", GROUP, {200: login}, kinds, REFUSED, (), sent
    )
    if caller.context.actor.id is None:
        return
    kinds = (*ASKED, "unauthorized", "forbidden", "too_large")
    out = {200: Answer("Signed out", MESSAGE)}
    yield Operation("post", f"{at}/auth/logout", "The session ends", GROUP, out, kinds, REFUSED)
    own = wrapped(ROW) if mount == "/api/v1" else ROW
    found = {200: Answer("The account", own, ("ETag",)), 304: NOT_MODIFIED}
    asked = (SESSION_ID, IF_NONE_MATCH)
    yield Operation("get", f"{at}/user", "The caller's own account", GROUP, found, OWN, REFUSED, asked)
    told = {200: Answer("The account", _told(mount))}
    yield Operation("get", f"{at}/auth/user", "The caller and his session", GROUP, told, OWN, REFUSED, (SESSION_ID,))


def _login_first() -> Answer:
    return Answer("The bearer, and whose it is", whole({"bearer": STRING, "user": ROW}), ("Authorization",))


def _login_second() -> Answer:
    return Answer("The bearer, and when it ends", whole({"bearer": STRING, "expires": {"type": "integer"}}))


def _told(mount: str) -> Json:
    if mount == "/v1":
        return whole({"data": ROW, "source": const("session"), "executionTime": COUNT})
    return whole({"data": whole({"session": nullable(SESSION), "user": ROW})})
