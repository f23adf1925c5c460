"""SonicJS as OpenAPI says it: both of its generations, their parameters and envelopes.

In: what a caller may do (`crud.openapi.caller`). Out: operations and schemas. Its doors are in `openapi_doors`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from crud.dialects.sonicjs.openapi_doors import REFUSED, door_operations, under_data, wrapped
from crud.dialects.sonicjs.parameters import OPERATORS_BY_WORD
from crud.dialects.sonicjs.registering import OPTIONAL
from crud.openapi.caller import Caller, Seen, operation_of
from crud.openapi.conditions import names_among
from crud.openapi.description import Description
from crud.openapi.doors import EMAIL, NAME, PASSWORD
from crud.openapi.parts import (
    BOOLEAN,
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
    array,
    body,
    closed,
    const,
    listed,
    query,
    ref,
    whole,
)
from crud.openapi.rows import sent_rows
from crud.openapi.values import Json, example
from crud.system import ACCOUNTS

ROW_HEADERS = ("ETag",)
TAKEN = frozenset({"user", "auth"})


@dataclass(frozen=True)
class Generation:
    """How one generation answers: a list, a record that is read, one that is written, a deletion."""

    mount: str
    many: Callable[[Json], Json]
    one: Callable[[Json], Json]
    written: Callable[[Json], Json]
    deleted: Mapping[int, Answer]


FIRST = Generation("/v1", array, lambda row: row, lambda row: row, {204: Answer("Deleted")})
GONE = Answer("Deleted", whole({"success": const(True), "id": {}}))
SECOND = Generation("/api/v1", lambda row: wrapped(array(row)), wrapped, under_data, {200: GONE})


def operations(caller: Caller) -> Iterator[Operation]:
    """Everything that a caller may do in SonicJS."""
    for generation in (FIRST, SECOND):
        at = caller.at.get(generation.mount)
        if at is None:
            continue
        for seen in caller.seen:
            word = caller.word(seen, lambda word: word not in TAKEN)
            if word is not None:
                yield from _of_table(seen, f"{at}/{word}", generation)
        yield from _registration(caller, at, generation)
        yield from door_operations(caller, at, generation.mount)


def _of_table(seen: Seen, path: str, as_in: Generation) -> Iterator[Operation]:
    if "read" in seen.may:
        rows = {200: Answer("The records", as_in.many(seen.row))}
        yield _operation(seen, "get", path, "Records", READS, rows, _listing(seen))
        if seen.keyed:
            one = {200: Answer("The record", as_in.one(seen.row), ROW_HEADERS), 304: NOT_MODIFIED}
            asked = (*_switches(), IF_NONE_MATCH)
            yield _operation(seen, "get", f"{path}/{{id}}", "One record", ONE, one, asked)
    if "create" in seen.may:
        made = {201: Answer("The new record", as_in.written(seen.row), ROW_HEADERS)}
        yield _operation(seen, "post", path, "A new record", WRITES, made, (), _data(f"{seen.id}.New"))
    if "update" in seen.may and seen.keyed:
        changed = {200: Answer("The record", as_in.written(seen.row), ROW_HEADERS)}
        sent = _data(f"{seen.id}.Change")
        yield _operation(seen, "put", f"{path}/{{id}}", "Changes", WRITES_ONE, changed, (IF_MATCH,), sent)
    if "delete" in seen.may and seen.keyed:
        yield _operation(seen, "delete", f"{path}/{{id}}", "A record goes", DELETES_ONE, as_in.deleted, (IF_MATCH,))


_operation = partial(operation_of, REFUSED)


def _registration(caller: Caller, at: str, as_in: Generation) -> Iterator[Operation]:
    """An account of one's own, for who may not make accounts."""
    snapshot = caller.context.snapshot
    accounts = snapshot.catalog.resource(ACCOUNTS)
    seen = caller.of(accounts)
    if snapshot.config.auth.registration != "open" or (seen is not None and "create" in seen.may):
        return
    shown = caller.names.view(accounts).shown
    members = {shown("email"): EMAIL, shown("password_hash"): PASSWORD, **{shown(name): NAME for name in OPTIONAL}}
    sent = body(closed({"data": closed(members, *list(members)[:2])}, "data"))
    made = {201: Answer("The new account", as_in.written({"type": "object"}), ROW_HEADERS)}
    kinds = (*DOORS, "conflict", "invalid", "forbidden", "unknown_resource")
    path = f"{at}/{caller.names.name(accounts)}"
    yield Operation("post", path, "An account of one's own", "auth", made, kinds, REFUSED, body=sent)


# ---------------------------------------------------------------- parameters and bodies


def _listing(seen: Seen) -> tuple[Json, ...]:
    limits = seen.caller.context.snapshot.config.limits
    limit: Json = {"type": "integer", "minimum": 1, "maximum": limits.sonicjs_page_max, "default": limits.sonicjs_page}
    return (
        query("filters", _filters(seen), FILTERS, style="deepObject", explode=True),
        listed("sort", _sorts(seen), "The order: `field`, `field:asc`, `field:desc`"),
        query("limit", limit, "How many records"),
        query("offset", COUNT, "How many records to leave out"),
        *_switches(),
    )


FILTERS = f"""Conditions; all of them hold. `filters[field]=value`, `filters[field][$operator]=value`,
`filters[relation][field][$operator]=value`. Operators: {", ".join(OPERATORS_BY_WORD)}."""


def _filters(seen: Seen) -> Json:
    """`filters[field]=value`: deeper brackets are nothing that OpenAPI can say."""
    found = {name: {**STRING, "examples": [_text(column)]} for name, column in seen.comparable.items()}
    return closed({name: said for name, said in found.items() if "]" not in name and "[" not in name})


def _text(column: object) -> str:
    value = example(column.type)  # type: ignore[attr-defined]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sorts(seen: Seen) -> Json:
    names = [f"{name}{word}" for name in seen.comparable for word in ("", ":asc", ":desc")]
    return names_among(names, over=bool(seen.relations))


def _switches() -> tuple[Json, ...]:
    return (
        query("includeRelations", BOOLEAN, "`true`: the related rows stand in each record, one level deep"),
        query("includeContentType", BOOLEAN, "`true`: adds `contentType`, the table as a form"),
    )


def _data(name: str) -> Json:
    said = "The fields, as an object or as the text of one"
    return body(closed({"data": {"anyOf": [ref(name), {"type": "string"}], "description": said}}, "data"))


def schemas(caller: Caller) -> Mapping[str, Json]:
    """The rows that are sent."""
    return dict(named for seen in caller.seen for named in sent_rows(seen))


BESIDE: Mapping[str, Json] = {
    "total": {"type": "integer", "description": "How many records fit, in wrapped lists"},
    "contentType": {"type": "object", "description": "The table as a form, where it was asked for"},
}
description = Description("SonicJS", operations, schemas, BESIDE)
