"""Phantom as OpenAPI says it: its routes for each resource, its parameters, its envelopes.

In: what a caller may do (`crud.openapi.caller`). Out: operations. The other doors and the batch: `openapi_doors`.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from crud.dialects.phantom.openapi_doors import REFUSED, door_operations, enveloped
from crud.dialects.phantom.openapi_doors import batch_operations as batches
from crud.dialects.phantom.reserved import RESERVED
from crud.openapi.caller import Caller, Seen, operation_of
from crud.openapi.conditions import condition_schemas, dotted, names_among, of_columns
from crud.openapi.description import Description
from crud.openapi.parts import (
    BOOLEAN,
    COUNT,
    DELETES_ONE,
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
    array,
    body,
    closed,
    const,
    json_query,
    listed,
    query,
    ref,
    whole,
)
from crud.openapi.rows import change, sent_rows
from crud.openapi.values import Json
from sql.operators import OPERATORS

TAKEN = frozenset(path.strip("/") for path, _ in RESERVED)
GONE = Answer("Deleted", enveloped(message=const("Deleted successfully")))
ROW_HEADERS = ("ETag",)


def operations(caller: Caller) -> Iterator[Operation]:
    """Everything that a caller may do in Phantom."""
    at = caller.at.get("/api")
    for seen in caller.seen:
        word = caller.word(seen, lambda word: word not in TAKEN)
        if at is not None and word is not None:
            yield from _of_resource(seen, f"{at}/{word}", f"{at}/schema/{word}")
    if at is not None:
        yield from batches(caller, at)
    yield from door_operations(caller)


def _of_resource(seen: Seen, path: str, schema_path: str) -> Iterator[Operation]:
    if "read" in seen.may:
        yield from _reads(seen, path)
        for each in (f"{path}/schema", schema_path):
            yield _operation(seen, "get", each, "The fields, and who may do what", READS, {200: DEFINITION})
    if "create" in seen.may:
        yield from _creates(seen, path)
    if "update" in seen.may:
        yield from _updates(seen, path)
    if "delete" in seen.may:
        yield from _deletes(seen, path)


_operation = partial(operation_of, REFUSED)


def _reads(seen: Seen, path: str) -> Iterator[Operation]:
    rows = Answer("The rows", enveloped(data=array(seen.row)))
    yield _operation(seen, "get", path, "Rows", READS, {200: rows}, (*_listing(seen), *_shown(seen)))
    one: Json = {"anyOf": [array(seen.row), seen.row, {"type": "null"}]}
    asked = _asked(seen)
    found = {200: Answer("The rows, or the one of `id`", enveloped(data=one))}
    yield _operation(seen, "post", f"{path}/read", "Rows, asked for in a body", WRITES, found, (), body(asked))
    if seen.keyed:
        answers = {200: Answer("The row", enveloped(data=seen.row), ROW_HEADERS), 304: NOT_MODIFIED}
        yield _operation(seen, "get", f"{path}/{{id}}", "One row", ONE, answers, (*_shown(seen), IF_NONE_MATCH))


def _creates(seen: Seen, path: str) -> Iterator[Operation]:
    made = {201: Answer("The new row", enveloped(data=seen.row), ROW_HEADERS)}
    sent = body(ref(f"{seen.id}.New"))
    for each in (path, f"{path}/create"):
        yield _operation(seen, "post", each, "A new row", WRITES, made, _shown(seen), sent)
    schema = enveloped(data=seen.row, created=BOOLEAN)
    found = {status: Answer("The row, and whether it is new", schema, ROW_HEADERS) for status in (200, 201)}
    asked = body(_found(seen, ref(f"{seen.id}.New")))
    at = f"{path}/createIfNotExists"
    yield _operation(seen, "post", at, "The row that a filter finds, or a new one", WRITES, found, _shown(seen), asked)


def _updates(seen: Seen, path: str) -> Iterator[Operation]:
    changed = {200: Answer("The row", enveloped(data=seen.row), ROW_HEADERS)}
    changes = ref(f"{seen.id}.Change")
    if seen.keyed:
        parameters, sent = (*_shown(seen), IF_MATCH), body(changes)
        yield _operation(seen, "put", f"{path}/{{id}}", "Changes to a row", WRITES_ONE, changed, parameters, sent)
        keyed = body(_with_key(seen))
        yield _operation(seen, "post", f"{path}/update", "Changes to a row", WRITES_ONE, changed, parameters, keyed)
    nothing = closed({"success": const(True), "message": STRING, "updated": const(False)}, "success", "updated")
    either: Json = {"anyOf": [enveloped(data=seen.row, updated=const(True)), nothing]}
    found = {200: Answer("The row, if the filter finds one", either, ROW_HEADERS)}
    at, asked = f"{path}/updateIfExists", body(_found(seen, changes))
    yield _operation(seen, "post", at, "Changes to the row that a filter finds", WRITES, found, _shown(seen), asked)


def _deletes(seen: Seen, path: str) -> Iterator[Operation]:
    if not seen.keyed:
        return
    parameters = (*_shown(seen), IF_MATCH)
    yield _operation(seen, "delete", f"{path}/{{id}}", "A row goes", DELETES_ONE, {200: GONE}, parameters)
    sent = body(_key(seen))
    yield _operation(seen, "post", f"{path}/delete", "A row goes", WRITES_ONE, {200: GONE}, parameters, sent)


# ---------------------------------------------------------------- parameters and bodies


def _listing(seen: Seen) -> tuple[Json, ...]:
    most = seen.caller.context.snapshot.config.limits
    usual, limit = most.phantom_page, {"type": "integer", "minimum": 1, "maximum": most.phantom_page_max}
    said = "Conditions; all of them hold. Also `where[field]=value`, `where[field][operator]=value`"
    return (
        json_query("where", ref(f"{seen.id}.Where"), said, {}),
        listed("sort", _sorts(seen), "The order: `field`, `-field`, `field:desc`"),
        query("limit", limit | {"default": usual}, "How many rows"),
        query("offset", COUNT, "How many rows to leave out"),
        query("page", {"type": "integer", "minimum": 1}, "The page of `limit` rows; an `offset` wins"),
    )


def _sorts(seen: Seen) -> Json:
    names = [f"{sign}{name}" for name in seen.comparable for sign in ("", "-")]
    return names_among(names, over=bool(seen.relations))


def _shown(seen: Seen) -> tuple[Json, ...]:
    """How the answer shows a row."""
    populate = names_among(seen.relations, over=True)
    related = (listed("populate", populate, "Relations whose rows shall stand in the row"),) if seen.relations else ()
    if not seen.view.columns:
        return related
    return (listed("select", names_among(seen.view.columns, over=bool(seen.relations)), "Only these fields"), *related)


def _asked(seen: Seen) -> Json:
    """The data of a reading action."""
    number, words = {"type": ["integer", "string"]}, {"anyOf": [STRING, array(STRING)]}
    page = dict.fromkeys(("limit", "offset", "page"), number)
    return closed(
        {**_id(), **page, "sort": words, "select": words, "populate": words, "where": ref(f"{seen.id}.Where")}
    )


def _id() -> dict[str, Json]:
    return {"id": {"type": ["integer", "string"], "description": "The key, as a path writes it"}}


def _key(seen: Seen) -> Json:
    return closed(_id(), "id")


def _with_key(seen: Seen) -> Json:
    made = change(seen)
    return closed({**made["properties"], **_id()}, "id")


def _found(seen: Seen, data: Json) -> Json:
    where: Json = {"allOf": [ref(f"{seen.id}.Where")], "minProperties": 1} if "read" in seen.may else {"type": "object"}
    return closed({"filter": where, "data": data}, "filter", "data")


# ---------------------------------------------------------------- schemas


DEFINED = whole({"fields": {"type": "object"}, "permissions": {"type": "object"}})
DEFINITION = Answer("The definition, under both names", enveloped(schema=DEFINED, data=DEFINED))


def schemas(caller: Caller) -> Mapping[str, Json]:
    """Conditions, and the rows that are sent."""
    made: dict[str, Json] = condition_schemas(caller, {op: op for op in OPERATORS})
    for seen in caller.seen:
        if "read" in seen.may:
            made[f"{seen.id}.Where"] = closed(of_columns(seen), **dotted(seen))
        made |= sent_rows(seen)
    return made


description = Description("Phantom", operations, schemas)
