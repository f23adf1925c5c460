"""Baasix as OpenAPI says it: items one by one and many at once, their parameters and envelopes.

In: what a caller may do (`crud.openapi.caller`). Out: operations and schemas. Rules, schemas and doors are in
`openapi_fixed`, the parameters in `openapi_reads`.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from crud.dialects.baasix.openapi_fixed import REFUSED, fixed_operations
from crud.dialects.baasix.openapi_reads import fields, filters, listing, nested, word_schemas
from crud.dialects.baasix.unknown import dropped
from crud.openapi.caller import Caller, Seen, operation_of
from crud.openapi.description import Description
from crud.openapi.parts import (
    COUNT,
    DELETES,
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
    const,
    open_object,
    ref,
    whole,
)
from crud.openapi.rows import change, new
from crud.openapi.values import Json

GROUP_ROW: Json = {"type": "object", "description": "A group: what is grouped by, and the aggregates"}
IDS = whole({"data": array({"type": ["string", "number"]})})
RESULTS = open_object({"imported": COUNT, "failed": COUNT, "errors": array({"type": "object"})}, "imported", "failed")
IMPORTED = Answer("All rows are there", whole({"success": const(True), "message": STRING, "results": RESULTS}))


def operations(caller: Caller) -> Iterator[Operation]:
    """Everything that a caller may do in Baasix."""
    at = caller.at.get("/items")
    for seen in caller.seen:
        word = caller.word(seen)
        if at is not None and word is not None:
            yield from _of_collection(seen, f"{at}/{word}")
    yield from fixed_operations(caller)


def _of_collection(seen: Seen, path: str) -> Iterator[Operation]:
    if "read" in seen.may:
        yield from _reads(seen, path)
    if "create" in seen.may:
        yield from _creates(seen, path)
    if "update" in seen.may and seen.keyed:
        yield from _updates(seen, path)
    if "delete" in seen.may and seen.keyed:
        yield from _deletes(seen, path)


_operation = partial(operation_of, REFUSED)


def _one(seen: Seen) -> Json:
    return whole({"data": seen.row})


def _reads(seen: Seen, path: str) -> Iterator[Operation]:
    rows = whole({"data": array({"anyOf": [seen.row, GROUP_ROW]}), "totalCount": COUNT})
    yield _operation(
        seen, "get", path, "Items, or groups of them", READS, {200: Answer("The items", rows)}, listing(seen)
    )
    if seen.keyed:
        answers = {200: Answer("The item", _one(seen), ("ETag",)), 304: NOT_MODIFIED}
        asked = (*fields(seen, narrowed=True), IF_NONE_MATCH)
        yield _operation(seen, "get", f"{path}/{{id}}", "One item", ONE, answers, asked)


def _creates(seen: Seen, path: str) -> Iterator[Operation]:
    sent = ref(f"{seen.id}.New")
    made = {201: Answer("The new item", _one(seen), ("ETag",))}
    yield _operation(seen, "post", path, "A new item, and those within it", WRITES, made, fields(seen), body(sent))
    if seen.keyed:
        many = {201: Answer("Their ids", IDS)}
        said = "New items, all or none"
        yield _operation(seen, "post", f"{path}/bulk", said, WRITES, many, sent=body(array(sent)))
    if seen.caller.context.actor.id is not None:
        yield from _imports(seen, path)


def _imports(seen: Seen, path: str) -> Iterator[Operation]:
    for word, field in (("csv", "csvFile"), ("json", "jsonFile")):
        file: Json = {"type": "string", "contentMediaType": "text/csv" if word == "csv" else "application/json"}
        form = open_object({field: file, "tenant": STRING}, field)
        sent = body(form, media="multipart/form-data", description="A form with the file")
        at, said = f"{path}/import-{word}", f"Items out of a {word.upper()} file, all or none"
        yield _operation(seen, "post", at, said, WRITES, {200: IMPORTED}, sent=sent)


def _updates(seen: Seen, path: str) -> Iterator[Operation]:
    changed, sent = {200: Answer("The item", _one(seen), ("ETag",))}, ref(f"{seen.id}.Change")
    parameters = (*fields(seen), IF_MATCH)
    yield _operation(seen, "patch", f"{path}/{{id}}", "Changes", WRITES_ONE, changed, parameters, body(sent))
    if seen.resource.soft_delete is not None:
        at, said = f"{path}/{{id}}/restore", "An item that was deleted is there again"
        yield _operation(seen, "post", at, said, WRITES_ONE, changed, fields(seen))
    many = {200: Answer("The ids of those that were changed", IDS)}
    keyed = {**change(seen, strict=False)}
    keyed["properties"] = {**keyed["properties"], "id": {"type": ["string", "integer"]}}
    said, items = "Changes to several items, all or none", body(array(keyed))
    yield _operation(seen, "patch", f"{path}/bulk", said, WRITES_ONE, many, sent=items)


def _deletes(seen: Seen, path: str) -> Iterator[Operation]:
    gone = whole({"data": {"type": "object"}, "message": STRING})
    parameters = (*fields(seen), IF_MATCH)
    done = {200: Answer("Deleted", gone)}
    yield _operation(seen, "delete", f"{path}/{{id}}", "An item goes", DELETES_ONE, done, parameters)
    kinds = (*DELETES, "missing_row", "bad_body", "unsupported_media")
    sent = body(array({"type": ["string", "integer"]}))
    many = {204: Answer("Deleted")}
    yield _operation(seen, "delete", f"{path}/bulk", "Several items go, all or none", kinds, many, sent=sent)


def schemas(caller: Caller) -> Mapping[str, Json]:
    """Filters, and the items that are sent. What is unknown in an item is passed over, except in rules."""
    made: dict[str, Json] = word_schemas(caller)
    for seen in caller.seen:
        strict = not dropped(seen.resource)
        if "read" in seen.may:
            made[f"{seen.id}.Filter"] = filters(seen)
        if "create" in seen.may:
            made[f"{seen.id}.New"] = new(seen, dict(nested(seen)), strict=strict)
        if "update" in seen.may:
            made[f"{seen.id}.Change"] = change(seen, strict=strict)
    return made


description = Description("Baasix", operations, schemas)
