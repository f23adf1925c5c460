"""Metal's refusals and its fixed routes as OpenAPI says them: the user, the server, its plans, the cache.

In: what a caller may do. Out: operations, and the schema of a refusal.
"""

from collections.abc import Iterator

from crud.dialects.metal.rendering import CACHE_FIELDS
from crud.errors import STATUS
from crud.openapi.caller import Caller
from crud.openapi.doors import MESSAGE
from crud.openapi.parts import (
    ASKED,
    DOORS,
    STRING,
    Answer,
    Operation,
    Refused,
    array,
    body,
    closed,
    const,
    open_object,
    path,
    whole,
)
from crud.openapi.values import Json
from crud.snapshots.reloading import may_reload

PROBLEM = closed({"path": STRING, "message": STRING, "errorCode": STRING}, "path", "message")
REFUSED = Refused(
    "Refusal",
    {
        "anyOf": [
            closed({"message": STRING, "errors": array(PROBLEM)}, "message"),
            closed({"error": STRING}, "error"),
        ]
    },
    STATUS.__getitem__,
)
CREDENTIALS = closed({"username": STRING, "password": {"type": ["string", "number"]}}, "username", "password")
SIGNED = (*ASKED, "unauthorized", "forbidden")
NO_BODY = body(closed({}), required=False)
POSTED = (*SIGNED, "bad_body", "unsupported_media", "too_large")


def fixed_operations(caller: Caller) -> Iterator[Operation]:
    """The routes that are no tables."""
    for default, make in (("/user", _user), ("/server", _server), ("/plan", _plan), ("/cache", _cache)):
        if default in caller.at:
            yield from make(caller, caller.at[default])


def _user(caller: Caller, at: str) -> Iterator[Operation]:
    token, kinds = whole({"token": STRING}), (*DOORS, "invalid_credentials", "forbidden")
    sent = body(CREDENTIALS)
    yield Operation(
        "post",
        f"{at}/login",
        "A token for a password",
        "user",
        {200: Answer("A token", token)},
        kinds,
        REFUSED,
        (),
        sent,
    )
    if caller.context.actor.id is None:
        return
    out = {204: Answer("Signed out")}
    yield Operation("post", f"{at}/logout", "The session ends", "user", out, POSTED, REFUSED, (), NO_BODY)
    times = dict.fromkeys(("iat", "exp"), {"type": "integer"})
    info = closed({"username": STRING, "user": STRING, "roles": array(STRING), **times}, "username", "user", "roles")
    yield Operation("get", f"{at}/info", "Who is signed in", "user", {200: Answer("The user", info)}, SIGNED, REFUSED)


def _server(caller: Caller, at: str) -> Iterator[Operation]:
    info = {200: Answer("The server", open_object({"server": const("Metal"), "version": STRING}, "server", "version"))}
    yield Operation("get", f"{at}/info", "What serves here", "server", info, ASKED, REFUSED)
    if _may_reload(caller):
        done = {200: Answer("Read and in force", closed({"message": STRING, "restart": array(STRING)}, "message"))}
        kinds = (*POSTED, "not_loaded")
        yield Operation("post", f"{at}/reload", "The files are read again", "server", done, kinds, REFUSED, (), NO_BODY)


def _plan(caller: Caller, at: str) -> Iterator[Operation]:
    plans = sorted(caller.context.snapshot.config.plans)
    if not plans or not _may_reload(caller):
        return
    told = closed({"plan": STRING, "message": STRING}, "plan", "message")
    yield Operation(
        "post",
        f"{at}/{{plan}}/reload",
        "One plan is read again",
        "plan",
        {200: Answer("Read and in force", told)},
        (*POSTED, "not_loaded", "unknown_resource"),
        REFUSED,
        (path("plan", {"enum": plans}, "Its name"),),
        NO_BODY,
    )


def _may_reload(caller: Caller) -> bool:
    return may_reload(caller.context.snapshot, caller.context.actor)


def _cache(caller: Caller, at: str) -> Iterator[Operation]:
    if caller.context.actor.admin:
        kinds = (*SIGNED, "too_large")
        yield Operation(
            "get", f"{at}/view", "The cached answers", "cache", {200: Answer("The answers", VIEW)}, kinds, REFUSED
        )
    if _may_reload(caller):
        done = {200: Answer("Done", MESSAGE)}
        said = {"clean": "What would be given no more is removed", "purge": "All cached answers are removed"}
        for word, summary in said.items():
            yield Operation("post", f"{at}/{word}", summary, "cache", done, POSTED, REFUSED, (), NO_BODY)


ENTRY: Json = open_object({name: {} for name in CACHE_FIELDS}, "hash", "expires")
DATA = whole(
    {"Name": const("cache"), "Fields": {"type": "object"}, "Rows": array(ENTRY), "MetaData": {"type": "object"}}
)
VIEW = whole({"schema": STRING, "entity": STRING, "result": const("OK"), "status": const(200), "data": DATA})
