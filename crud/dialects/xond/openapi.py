"""Xond as OpenAPI says it: its routes for each resource, its parameters, its four keys.

In: what a caller may do (`crud.openapi.caller`). Out: operations and schemas.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from crud.dialects.xond.identity import MEMBER
from crud.dialects.xond.parsing import COMPARISONS
from crud.errors import STATUS
from crud.openapi.caller import Caller, Seen, operation_of
from crud.openapi.conditions import field_names, names_among
from crud.openapi.description import Description
from crud.openapi.parts import (
    BOOLEAN,
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
    Refused,
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
from crud.openapi.rows import change, new
from crud.openapi.values import Json, nullable

NULL: Json = {"type": "null"}


def enveloped(data: Json, pagination: Json = NULL) -> Json:
    """The four keys."""
    return whole({"success": const(True), "data": data, "pagination": pagination, "error": NULL})


REFUSED = Refused(
    "Refusal",
    whole({"success": const(False), "data": NULL, "pagination": NULL, "error": STRING}),
    STATUS.__getitem__,
)
PAGE = whole(dict.fromkeys(("totalRecords", "totalPages", "currentPage", "pageSize"), COUNT))
DONE = Answer("Deleted", enveloped(NULL))


def operations(caller: Caller) -> Iterator[Operation]:
    """Everything that a caller may do in Xond."""
    at = caller.at.get("/json")
    for seen in caller.seen:
        word = caller.word(seen)
        if at is not None and word is not None:
            yield from _of_resource(seen, f"{at}/{word}")


def _of_resource(seen: Seen, path: str) -> Iterator[Operation]:
    if "read" in seen.may:
        yield from _reads(seen, path)
    if "create" in seen.may:
        made = {201: Answer("The new record, with those in it", enveloped(seen.row), ("ETag",))}
        sent = body(ref(f"{seen.id}.New"))
        yield _operation(seen, "post", path, "A new record, and those within it", WRITES, made, _shown(seen), sent)
    if "update" in seen.may and seen.keyed:
        yield from _updates(seen, path)
    if "delete" in seen.may:
        yield from _deletes(seen, path)


_operation = partial(operation_of, REFUSED)


def _reads(seen: Seen, path: str) -> Iterator[Operation]:
    counted = enveloped(whole({"count": COUNT}))
    rows: Json = {"anyOf": [enveloped(array(seen.row), ref("Pagination")), counted]}
    parameters = (*_filters(seen), *_listing(seen), *_shown(seen))
    yield _operation(seen, "get", path, "A page of records", READS, {200: Answer("The page", rows)}, parameters)
    if seen.keyed:
        answers = {200: Answer("The record", enveloped(seen.row), ("ETag",)), 304: NOT_MODIFIED}
        asked = (_base(seen), *_shown(seen), IF_NONE_MATCH)
        yield _operation(seen, "get", f"{path}/{{id}}", "One record", ONE, answers, asked)


def _updates(seen: Seen, path: str) -> Iterator[Operation]:
    changed = {200: Answer("The record", enveloped(seen.row), ("ETag",))}
    parameters, sent = (*_base_of(seen), *_shown(seen), IF_MATCH), body(ref(f"{seen.id}.Change"))
    at, said = f"{path}/{{id}}", "Other values in a record"
    yield _operation(seen, "put", at, said, WRITES_ONE, changed, parameters, sent)
    said = "Other values in the record whose key the body has"
    yield _operation(seen, "put", path, said, WRITES_ONE, changed, parameters, body(_keyed_change(seen)))


def _deletes(seen: Seen, path: str) -> Iterator[Operation]:
    if seen.keyed:
        parameters = (*_base_of(seen), *_shown(seen), IF_MATCH)
        yield _operation(seen, "delete", f"{path}/{{id}}", "A record goes", DELETES_ONE, {200: DONE}, parameters)
    kinds = (*DELETES, "precondition")
    if "read" in seen.may:
        yield _operation(
            seen, "delete", path, "Every record that the filters find goes", kinds, {200: DONE}, _filters(seen)
        )


# ---------------------------------------------------------------- parameters


def _base(seen: Seen) -> Json:
    return json_query("baseFilter", array(ref(f"{seen.id}.Condition")), "Conditions, always ANDed", [])


def _base_of(seen: Seen) -> tuple[Json, ...]:
    return (_base(seen),) if "read" in seen.may else ()


def _filters(seen: Seen) -> tuple[Json, ...]:
    clause: Json = {"type": "string", "enum": ["and", "or", "AND", "OR"], "default": "and"}
    texts = [name for name, column in seen.comparable.items() if column.type.family == "text"]
    searched = names_among(texts, over=True)
    return (
        _base(seen),
        json_query("filter", array(ref(f"{seen.id}.Condition")), "Conditions, combined by `filterClause`", []),
        query("filterClause", clause, "How the conditions of `filter` go together"),
        listed("textSearchFields", searched, "Fields of which some must contain `textSearchValue`"),
        query("textSearchValue", STRING, "A text, ignoring case; both or neither"),
    )


def _listing(seen: Seen) -> tuple[Json, ...]:
    limits = seen.caller.context.snapshot.config.limits
    size: Json = {"type": "integer", "minimum": 1, "maximum": limits.xond_page_max, "default": limits.xond_page}
    key = closed({"field": field_names(seen), "direction": {"enum": ["asc", "desc"]}}, "field")
    return (
        json_query("sort", array(key), "The order", []),
        query("page", {"type": "integer", "minimum": 1, "default": 1}, "From 1"),
        query("pageSize", size, "How many records"),
        query("count", BOOLEAN | {"default": False}, "`true`: how many there are, and nothing else"),
    )


def _shown(seen: Seen) -> tuple[Json, ...]:
    """What an answer contains."""
    include = (listed("include", names_among(seen.relations, over=True), "Relations to embed, as dotted paths"),)
    columns = (listed("columns", names_among(seen.view.columns, over=False), "Columns of the record itself"),)
    return (columns if seen.view.columns else ()) + (include if seen.relations else ())


# ---------------------------------------------------------------- schemas


def schemas(caller: Caller) -> Mapping[str, Json]:
    """The pagination, conditions, and the rows that are sent."""
    made: dict[str, Json] = {"Pagination": PAGE}
    for seen in caller.seen:
        if "read" in seen.may:
            made[f"{seen.id}.Condition"] = _condition(seen)
        if "create" in seen.may:
            made[f"{seen.id}.New"] = _with_caller(new(seen, dict(_nested(seen))))
        if "update" in seen.may:
            made[f"{seen.id}.Change"] = _with_caller(change(seen))
    return made


def _condition(seen: Seen) -> Json:
    value: Json = {"type": ["string", "number", "boolean", "null", "array"]}
    members = {"field": field_names(seen), "comparison": {"enum": [*COMPARISONS]}, "value": value}
    return closed(members, "field", "comparison")


def _nested(seen: Seen) -> Iterator[tuple[str, Json]]:
    """Records that may be made along with one."""
    for name, relation in seen.relations.items():
        target = seen.caller.of(seen.caller.context.snapshot.catalog.target(relation))
        if target is not None and "create" in target.may:
            inner = ref(f"{target.id}.New")
            yield name, nullable(inner) if relation.kind == "to_one" else array(inner)


def _with_caller(schema: Json) -> Json:
    said: Json = {
        "type": ["string", "object"],
        "description": "Who is calling: a token, or an object with `token` or `id`",
    }
    return schema | {"properties": {**schema["properties"], MEMBER: said}}


def _keyed_change(seen: Seen) -> Json:
    schema = _with_caller(change(seen))
    columns = [seen.resource.columns[name] for name in seen.resource.key]
    key: dict[str, Json] = {seen.inputs.shown(column.name): {"type": ["string", "number"]} for column in columns}
    return schema | {"properties": {**schema["properties"], **key}, "required": list(key)}


description = Description("Xond", operations, schemas)
