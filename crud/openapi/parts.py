"""The parts of a description: operations, their parameters, bodies and answers, and how a dialect refuses.

In: what a dialect says of its routes. Out: frozen values, of which `crud.openapi.documents` makes a document. Schemas
are JSON Schemas (2020-12); `ref` leads to one that the document has once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crud.openapi.values import Json

JSON_MEDIA = "application/json"
STRING: Json = {"type": "string"}
BOOLEAN: Json = {"type": "boolean"}
COUNT: Json = {"type": "integer", "minimum": 0}

# What an operation may refuse for, by the kinds of `crud.errors`.
ASKED = ("bad_parameter", "invalid_token", "headers_too_long", "busy")
READS = (*ASKED, "unauthorized", "forbidden", "unknown_resource", "too_large")
ONE = (*READS, "missing_row")
WRITES = (*READS, "bad_body", "invalid", "conflict", "unsupported_media", "refused", "cross_site")
WRITES_ONE = (*WRITES, "missing_row", "precondition")
DELETES = (*READS, "conflict", "refused", "cross_site")
DELETES_ONE = (*DELETES, "missing_row", "precondition")
DOORS = (*ASKED, "bad_body", "unsupported_media", "too_large", "too_many")


@dataclass(frozen=True)
class Answer:
    """An answer that is no refusal. `schema` None: it has no body. `headers` are names of the document's headers."""

    description: str
    schema: Json | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """How refusals are worded somewhere: the name of their schema, the schema, and the status of each kind."""

    name: str
    schema: Json
    status: Callable[[str], int]


@dataclass(frozen=True)
class Operation:
    """A method of a path, as somebody may use it. `kinds`: what it may be refused for. `group`: under which heading.
    `resource`: the exact name of the resource that it is made for; empty for a fixed route."""

    method: str
    path: str
    summary: str
    group: str
    answers: Mapping[int, Answer]
    kinds: tuple[str, ...]
    refused: Refused
    parameters: tuple[Json, ...] = ()
    body: Json | None = None
    resource: str = ""


# ---------------------------------------------------------------- schemas


def ref(name: str) -> Json:
    """A schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Json, **more: Any) -> Json:
    """A list of these."""
    return {"type": "array", "items": items, **more}


def closed(properties: Mapping[str, Json], *required: str, **more: Any) -> Json:
    """An object of these members and no others."""
    return open_object(properties, *required, additionalProperties=False, **more)


def open_object(properties: Mapping[str, Json], *required: str, **more: Any) -> Json:
    """An object that has at least these members."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needed, **more}


def whole(properties: Mapping[str, Json], **more: Any) -> Json:
    """An object of exactly these members."""
    return closed(properties, *properties, **more)


def const(value: object) -> Json:
    """This value."""
    return {"const": value}


# ---------------------------------------------------------------- parameters


def query(name: str, schema: Json, description: str, **more: Any) -> Json:
    """A parameter of the query string."""
    return {"name": name, "in": "query", "schema": schema, "description": description, **more}


def json_query(name: str, schema: Json, description: str, nothing: object) -> Json:
    """A parameter of the query string that is JSON. `nothing`: a value that asks for nothing, as a first example."""
    content = {JSON_MEDIA: {"schema": schema, "example": nothing}}
    return {"name": name, "in": "query", "content": content, "description": description}


def json_text(name: str, schema: Json, description: str) -> Json:
    """A parameter of the query string whose text is JSON, where no value of it asks for nothing."""
    return query(name, {**STRING, "contentMediaType": JSON_MEDIA, "contentSchema": schema}, description)


def listed(name: str, items: Json, description: str) -> Json:
    """A parameter that is a comma list."""
    return query(name, array(items, minItems=1), description, style="form", explode=False)


def path(name: str, schema: Json, description: str) -> Json:
    """A part of a path."""
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def header(name: str, description: str) -> Json:
    """A header of a request."""
    return {"name": name, "in": "header", "schema": STRING, "description": description}


IF_MATCH = header("If-Match", "Only if the row still has this entity tag, else 412")
IF_NONE_MATCH = header("If-None-Match", "Only if the row has another entity tag, else 304")
NOT_MODIFIED = Answer("The row is the one that `If-None-Match` names", None, ("ETag",))


def body(schema: Json, *, required: bool = True, media: str = JSON_MEDIA, description: str = "") -> Json:
    """The body of a request."""
    said = {"description": description} if description else {}
    return {**said, "required": required, "content": {media: {"schema": schema}}}
