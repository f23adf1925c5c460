"""Baasix's fixed routes as OpenAPI says them: rules, schemas, doors.

In: what a caller may do. Out: operations, and the schemas of refusals.
"""

from collections.abc import Iterator

from crud.dialects.baasix.openapi_reads import fields, listing
from crud.dialects.baasix.refusals import WORDED
from crud.dialects.baasix.schemas.documents import CREATION, INDEX, RELATIONSHIP, RELATIONSHIP_CHANGE, REPLACEMENT
from crud.dialects.baasix.schemas.listing import MOST, SORTS
from crud.dialects.baasix.schemas.refusals import PLAIN
from crud.errors import STATUS
from crud.inquiry import ACTIONS
from crud.openapi.caller import Caller
from crud.openapi.doors import CREDENTIALS, MESSAGE, NAME, PASSWORD, REFRESH, SESSION, TOKENS, shared
from crud.openapi.parts import (
    ASKED,
    COUNT,
    DELETES_ONE,
    DOORS,
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    ONE,
    READS,
    STRING,
    WRITES,
    WRITES_ONE,
    Answer,
    Operation,
    Refused,
    array,
    body,
    closed,
    open_object,
    path,
    query,
    ref,
    whole,
)
from crud.openapi.values import Json, nullable
from crud.system import PERMISSIONS

ERROR = whole({"message": STRING, "details": {}, "statusCode": {"type": "integer"}})
REFUSAL = whole({"error": ERROR})


def status_of(kind: str) -> int:
    """The status of a kind of refusal."""
    return WORDED[kind][0] if kind in WORDED else STATUS[kind]


REFUSED = Refused("Refusal", REFUSAL, status_of)
OF_SCHEMAS = Refused("SchemaRefusal", REFUSAL, lambda kind: STATUS[kind] if kind in PLAIN else status_of(kind))
DOOR = Refused("DoorRefusalAlone", MESSAGE, STATUS.__getitem__)


def fixed_operations(caller: Caller) -> Iterator[Operation]:
    """The routes that are no collections."""
    for default, make in (("/permissions", _rules), ("/schemas", _schemas), ("/auth", _doors)):
        if default in caller.at:
            yield from make(caller, caller.at[default])


# ---------------------------------------------------------------- rules


def _rules(caller: Caller, at: str) -> Iterator[Operation]:
    seen = caller.of(caller.context.snapshot.catalog.resource(PERMISSIONS))
    one = f"{at}/{{id}}"
    if seen is not None and "read" in seen.may:
        rows = {
            200: Answer(
                "The rules", open_object({"data": array({"type": "object"}), "totalCount": COUNT}, "data", "totalCount")
            )
        }
        yield Operation("get", at, "Rules", "permissions", rows, READS, REFUSED, listing(seen))
        found = {200: Answer("The rule", whole({"data": seen.row}), ("ETag",)), 304: NOT_MODIFIED}
        asked = (seen.key_parameter, *fields(seen, narrowed=True), IF_NONE_MATCH)
        yield Operation("get", one, "One rule", "permissions", found, ONE, REFUSED, asked)
    if seen is not None and "create" in seen.may:
        made, sent = {201: Answer("The rule", seen.row, ("ETag",))}, body(ref(f"{seen.id}.New"))
        yield Operation("post", at, "A new rule", "permissions", made, WRITES, REFUSED, fields(seen), sent)
    if seen is not None and "update" in seen.may:
        changed, sent = {200: Answer("The rule", seen.row, ("ETag",))}, body(ref(f"{seen.id}.Change"))
        asked = (seen.key_parameter, *fields(seen), IF_MATCH)
        yield Operation("patch", one, "Changes", "permissions", changed, WRITES_ONE, REFUSED, asked, sent)
    if seen is not None and "delete" in seen.may:
        gone, asked = {204: Answer("Deleted")}, (seen.key_parameter, *fields(seen), IF_MATCH)
        yield Operation("delete", one, "A rule goes", "permissions", gone, DELETES_ONE, REFUSED, asked)
    yield from _asking(caller, at)


def _asking(caller: Caller, at: str) -> Iterator[Operation]:
    words: Json = {"type": "string", "enum": [*ACTIONS], "default": "read"}
    asked: tuple[Json, ...] = (
        query("resource", STRING, "A collection", required=True),
        query("action", words, "What is asked about"),
        query("as", STRING, "An account's e-mail or id, or `anon`; without it the caller himself"),
    )
    if caller.context.actor.admin:
        asked = (*asked, query("role", array(STRING), "Instead of `as`: somebody with these roles", explode=True))
        done = {200: Answer("Read again", MESSAGE)}
        kinds = (*ASKED, "unauthorized", "forbidden", "cross_site")
        yield Operation("post", f"{at}/reload", "The rules are read again", "permissions", done, kinds, REFUSED)
    found = {200: Answer("The rules that give what, and why", whole({"data": {"type": "object"}}))}
    yield Operation("get", f"{at}/explain", "Which rules give what", "permissions", found, READS, REFUSED, asked)


# ---------------------------------------------------------------- schemas

COLLECTION = path("collection", {"type": "string", "minLength": 1}, "A collection")
SHOWN = whole({"collectionName": STRING, "schema": {"type": "object"}})


def _schemas(caller: Caller, at: str) -> Iterator[Operation]:
    if caller.context.actor.id is None:
        return
    size: Json = {"type": "integer", "minimum": 1}
    asked = (
        query("search", STRING, "A text in the names"),
        query("sort", {"type": "string", "enum": [*SORTS]}, "The order"),
        query("page", size, "From 1"),
        query("limit", size | {"maximum": MOST}, "How many"),
    )
    several = closed(
        {"data": array(SHOWN), "totalCount": COUNT, "pagination": {"type": "object"}}, "data", "totalCount"
    )
    kinds = (*READS, "missing_row")
    yield Operation("get", at, "Schemas", "schemas", {200: Answer("The schemas", several)}, kinds, OF_SCHEMAS, asked)
    found = {200: Answer("The schema", whole({"data": SHOWN}))}
    one = f"{at}/{{collection}}"
    yield Operation("get", one, "One schema", "schemas", found, kinds, OF_SCHEMAS, (COLLECTION,))
    if caller.context.actor.admin:
        yield from _definitions(at, one)


def _definitions(at: str, one: str) -> Iterator[Operation]:
    """What administrators do to collections."""
    field, index = (path(name, {"type": "string", "minLength": 1}, "Its name") for name in ("field", "index"))
    table: tuple[tuple[str, str, str, int, Json | None, tuple[Json, ...]], ...] = (
        ("post", at, "A new collection", 201, CREATION, ()),
        ("patch", one, "Another schema instead", 200, REPLACEMENT, (COLLECTION,)),
        ("delete", one, "A collection goes, with its items", 200, None, (COLLECTION,)),
        ("post", f"{one}/indexes", "An index more", 201, INDEX, (COLLECTION,)),
        ("delete", f"{one}/indexes/{{index}}", "An index less", 200, None, (COLLECTION, index)),
        ("post", f"{one}/relationships", "A relationship more", 201, RELATIONSHIP, (COLLECTION,)),
        ("patch", f"{one}/relationships/{{field}}", "Changes", 200, RELATIONSHIP_CHANGE, (COLLECTION, field)),
        ("delete", f"{one}/relationships/{{field}}", "A relationship less", 200, None, (COLLECTION, field)),
    )
    for method, at, summary, status, sent, asked in table:
        done, carried = {status: Answer("Done", MESSAGE)}, None if sent is None else body(sent)
        yield Operation(method, at, summary, "schemas", done, WRITES, OF_SCHEMAS, asked, carried)


# ---------------------------------------------------------------- doors

ROLE = nullable(closed({"id": {}, "name": STRING, "isTenantSpecific": {}}))
PROFILE: dict[str, Json] = {
    "user": {"type": "object"},
    "role": ROLE,
    "permissions": array(open_object({"collection": STRING, "action": STRING, "fields": array(STRING)})),
    "tenant": nullable({"type": "object"}),
}
BEGUN = open_object({**TOKENS, "authMode": STRING, **PROFILE}, "token", "expiresIn", "user")
MODES: Json = {"type": ["string", "null"], "enum": ["jwt", "cookie", None]}
LOGIN = {**CREDENTIALS["properties"], "tenant_Id": NAME, "authType": NAME, "authMode": MODES}
NEW = {**LOGIN, "firstName": {"type": "string", "minLength": 1, "maxLength": 200}, "lastName": NAME, "phone": NAME}


def _doors(caller: Caller, at: str) -> Iterator[Operation]:
    others = "phantom" in caller.served
    both = shared(DOOR, "DoorRefusal", _others_status) if others else DOOR
    kinds: tuple[str, ...] = (*DOORS, "invalid_credentials", "forbidden")
    sent, session = body(open_object(LOGIN, "email", "password")), {200: Answer("A session", BEGUN)}
    yield Operation("post", f"{at}/login", "A session for a password", "auth", session, kinds, both, (), sent)
    new, kinds = body(open_object(NEW, "email", "password", "firstName")), (*DOORS, "forbidden", "conflict", "invalid")
    if caller.context.snapshot.config.auth.registration == "open":
        yield Operation("post", f"{at}/register", "An account of one's own", "auth", session, kinds, both, (), new)
    kinds, sent = (*DOORS, "unauthorized", "cross_site"), body(REFRESH, required=False)
    again = {200: Answer("The next tokens", open_object(TOKENS, "token", "expiresIn"))}
    yield Operation("post", f"{at}/refresh", "The next tokens of a session", "auth", again, kinds, both, (), sent)
    if caller.context.actor.id is not None:
        yield from _own_doors(at)


def _own_doors(at: str) -> Iterator[Operation]:
    """What is for who is signed in."""
    kinds = (*ASKED, "unauthorized", "forbidden", "cross_site", "too_large", "bad_body", "unsupported_media")
    me = {200: Answer("The caller", whole({**PROFILE, "data": {"type": "object"}}))}
    yield Operation("get", f"{at}/me", "Who is calling", "auth", me, kinds, DOOR)
    good = closed({"valid": {"type": "boolean"}, "user": {"type": "object"}, "message": STRING}, "valid")
    found = {200: Answer("The token is good", good), 401: Answer("It is not", good, ("WWW-Authenticate",))}
    yield Operation("get", f"{at}/check", "Whether a token is good", "auth", found, (*ASKED, "too_large"), DOOR)
    out = {200: Answer("Signed out", MESSAGE)}
    yield Operation("get", f"{at}/logout", "The session ends", "auth", out, kinds, DOOR)
    sent = body(closed({"currentPassword": PASSWORD, "newPassword": PASSWORD}, "currentPassword", "newPassword"))
    done = {200: Answer("A new session", SESSION | {"properties": {**SESSION["properties"], "message": STRING}})}
    more = (*kinds, "invalid_credentials", "invalid", "too_many")
    for word in ("password/change", "change-password"):
        yield Operation("post", f"{at}/{word}", "Another password", "auth", done, more, DOOR, (), sent)


def _others_status(kind: str) -> int:
    """The other dialect that answers at these doors says a token that is not good with 403."""
    return 403 if kind == "invalid_token" else STATUS[kind]
