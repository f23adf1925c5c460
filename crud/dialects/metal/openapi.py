"""Metal as OpenAPI says it: its tables, what stands in their parameters and bodies, and the fixed routes beside them.

In: what a caller may do (`crud.openapi.caller`). Out: operations and schemas. The fixed routes are in `openapi_fixed`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from crud.dialects.metal.openapi_fixed import REFUSED, fixed_operations
from crud.openapi.caller import Caller, Seen, can_stand, operation_of
from crud.openapi.conditions import dotted
from crud.openapi.description import Description
from crud.openapi.parts import (
    DELETES,
    READS,
    STRING,
    WRITES,
    Answer,
    Operation,
    array,
    body,
    closed,
    const,
    json_query,
    json_text,
    query,
    ref,
    whole,
)
from crud.openapi.rows import sent_rows
from crud.openapi.values import Json

KINDS: Json = {"type": "object", "additionalProperties": {"enum": ["string", "number", "boolean", "object"]}}
METADATA: Json = {"type": "object"}
ENTITY = closed(
    {
        "name": STRING,
        "type": {"enum": ["table", "view", "datatable", "plan"]},
        "size": {"type": "integer", "minimum": 0},
    },
    *("name", "type"),
)
ENTITIES = whole({"schema": STRING, "status": const(200), "metadata": METADATA, "fields": KINDS, "rows": array(ENTITY)})
EXPRESSION: Json = {"type": "string", "minLength": 1, "examples": ["id > 1 AND id IS NOT NULL"]}
SECONDS: Json = {"type": ["number", "string"], "minimum": 0}


def table(row: Json) -> Json:
    """The rows of an entity, with the kinds of their fields."""
    said = {"schema": STRING, "entity": STRING, "status": const(200), "metadata": METADATA, "fields": KINDS}
    return whole({**said, "rows": array(row)})


def operations(caller: Caller) -> Iterator[Operation]:
    """Everything that a caller may do in Metal."""
    at = caller.at.get("/schema")
    places = dict(_places(caller)) if at is not None else {}
    for namespace in dict.fromkeys(word for word, _ in places.values()):
        yield from _of_schema(caller, f"{at}/{namespace}", namespace)
    for seen in caller.seen:
        if seen.resource.name in places:
            yield from _of_entity(seen, f"{at}/{'/'.join(places[seen.resource.name])}")
    yield from fixed_operations(caller)


def _places(caller: Caller) -> Iterator[tuple[str, tuple[str, str]]]:
    """Exact name → the two words by which an entity is addressed, as a path writes them."""
    for seen in caller.seen:
        namespace, entity = seen.resource.namespace, seen.resource.entity or seen.resource.name
        found = caller.names.schemas.get(namespace, {})
        if found.get(entity) is seen.resource and can_stand(namespace) and can_stand(entity):
            yield seen.resource.name, (quote(namespace, safe=""), quote(entity, safe=""))


def _of_schema(caller: Caller, path: str, namespace: str) -> Iterator[Operation]:
    readable = [seen for seen in caller.seen if "read" in seen.may]
    if any(quote(seen.resource.namespace, safe="") == namespace for seen in readable):
        found = {200: Answer("The entities", ENTITIES)}
        yield Operation("get", path, "The entities of a schema", "schemas", found, READS, REFUSED)


def _of_entity(seen: Seen, path: str) -> Iterator[Operation]:
    if "read" in seen.may:
        rows = {200: Answer("The rows", table(seen.row))}
        yield _operation(seen, "get", path, "Rows", READS, rows, parameters=_parameters(seen))
    yield from _posts(seen, path)
    if "update" in seen.may:
        sent = closed({**_condition(seen), "data": ref(f"{seen.id}.Change")}, "data")
        done = {204: Answer("Done, whether or not a row was found")}
        yield _operation(seen, "patch", path, "Other values in the rows of a condition", WRITES, done, sent=body(sent))
    if "delete" in seen.may:
        done, sent = {204: Answer("Done, whether or not a row was found")}, closed(_condition(seen))
        kinds = (*DELETES, "bad_body", "unsupported_media")
        asked = body(sent, required=False, description="Without a condition: every row that the caller may delete")
        yield _operation(seen, "delete", path, "The rows of a condition go", kinds, done, sent=asked)


def _posts(seen: Seen, path: str) -> Iterator[Operation]:
    """New rows, or a select."""
    bodies: list[Json] = []
    answers: dict[int, Answer] = {}
    if "create" in seen.may:
        made = ref(f"{seen.id}.New")
        bodies.append(closed({"data": {"anyOf": [made, array(made)]}}, "data"))
        answers[201] = Answer("The rows are there")
    if "read" in seen.may:
        bodies.append({**_select(seen), "minProperties": 1})
        answers[200] = Answer("The rows that a condition finds", table(seen.row))
    if bodies:
        sent = body(bodies[0] if len(bodies) == 1 else {"anyOf": bodies})
        yield _operation(
            seen, "post", path, "New rows, or a select in a body", (*WRITES, "wrong_method"), answers, sent=sent
        )


def _operation(seen: Seen, *said: Any, **more: Any) -> Operation:
    """An operation under the two words of its entity."""
    group = f"{seen.resource.namespace}/{seen.resource.entity or seen.resource.name}"
    return replace(operation_of(REFUSED, seen, *said, **more), group=group)


# ---------------------------------------------------------------- parameters and bodies


def _parameters(seen: Seen) -> tuple[Json, ...]:
    order: Json = {"type": "object", "additionalProperties": {"enum": ["asc", "desc"]}, "minProperties": 1}
    return (
        query("fields", _fields(seen), "A comma list; `*` for all; dotted names over relations to one row"),
        json_query("filter", ref(f"{seen.id}.Filter"), "Every pair holds; null is IS NULL, a list is IN", {}),
        query("filter-expression", EXPRESSION, "A condition as in SQL"),
        json_text("sort", order | _names(seen), "The order; also `name asc, other desc`"),
        query("cache", {"type": "number", "minimum": 0}, "How many seconds old the answer may be"),
    )


def _fields(seen: Seen) -> Json:
    return {"type": "string", "minLength": 1, "examples": [",".join(seen.view.columns) or "*", "*"]}


def _names(seen: Seen) -> Json:
    return {} if seen.relations or not seen.comparable else {"propertyNames": {"enum": [*seen.comparable]}}


def _condition(seen: Seen) -> dict[str, Json]:
    """Which rows are meant: `filter` also in its loose form."""
    named: Json = ref(f"{seen.id}.Filter") if "read" in seen.may else {"type": "object"}
    return {"filter": {"anyOf": [named, {"type": "string"}]}, "filter-expression": EXPRESSION}


def _select(seen: Seen) -> Json:
    sort: Json = {"type": ["object", "string"]}
    asked = closed({**_condition(seen), "fields": _fields(seen), "sort": sort, "cache": SECONDS})
    return asked | {"anyOf": [{"required": ["filter"]}, {"required": ["filter-expression"]}]}


def schemas(caller: Caller) -> Mapping[str, Json]:
    """Filters, and the rows that are sent. Names are understood in any case."""
    made: dict[str, Json] = {}
    for seen in caller.seen:
        if "read" in seen.may:
            value: Json = {"type": ["string", "number", "boolean", "null", "array"]}
            made[f"{seen.id}.Filter"] = closed(dict.fromkeys(seen.comparable, value), **dotted(seen))
        made |= sent_rows(seen)
    return made


description = Description("Metal", operations, schemas, dotted=True, headers=("X-Response-Time",))
