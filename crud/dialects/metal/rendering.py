"""Metal's answers: tables with the kinds of their fields, and its two shapes of a refusal.

In: results and `ApiError`s. Out: JSON data and statuses.
"""

from collections.abc import Callable, Iterable, Mapping

import orjson
from flask import request

from crud.access.actor import Actor
from crud.errors import ApiError
from crud.identity.sessions import CONFIGURED
from crud.service import Entry, Result
from sql.catalog import Resource

CACHE_FIELDS = {
    "hash": "string",
    "expires": "number",
    "schema": "string",
    "entity": "string",
    "schemaRequest": "object",
    "data": "object",
}


def table(
    schema: str, entity: str, result: Result, *, kinds: Mapping[str, str], said: Mapping[str, object]
) -> dict[str, object]:
    """The rows of an entity, with what is `said` of them. Without rows there are no fields, as Metal has it."""
    fields = {name: kinds[name] for name in result.rows[0]} if result.rows else {}
    return {"schema": schema, "entity": entity, "status": 200, "metadata": said, "fields": fields, "rows": result.rows}


def debugged(resource: Resource) -> dict[str, object]:
    """What the metadata of a plan that has a `debug` say: no step has failed, or there would be no answer."""
    word = resource.plan.debug if resource.plan else None
    return {} if word is None else {"__PLAN_DEBUG__": word, "__PLAN_ERRORS__": []}


def kept(
    schema: str, entity: str, found: Entry, *, kinds: Mapping[str, str], said: Mapping[str, object]
) -> dict[str, object]:
    """The same of an answer that is kept: its rows are text already. `__CACHE_EXPIRE__` is in milliseconds."""
    metadata = {**said, "__CACHE__": True, "__CACHE_EXPIRE__": int(found.expires * 1000)}
    fields = {name: kinds[name] for name in found.names}
    rows = orjson.Fragment(found.rows)
    return {"schema": schema, "entity": entity, "status": 200, "metadata": metadata, "fields": fields, "rows": rows}


def entities(schema: str, rows: Iterable[tuple[str, str, int | None]]) -> dict[str, object]:
    """The entities of a schema: name, type, and size where it is known."""
    fields = {"name": "string", "type": "string", "size": "number"}
    listed = [{"name": name, "type": kind, **({} if size is None else {"size": size})} for name, kind, size in rows]
    return {"schema": schema, "status": 200, "metadata": {}, "fields": fields, "rows": listed}


def user_info(actor: Actor) -> dict[str, object]:
    """Who is signed in, as he would write it at the door, with the times of the token. An API key has none."""
    name = actor.account.get("email") or str(actor.id).removeprefix(CONFIGURED)
    times = {key: actor.claims[key] for key in ("iat", "exp") if key in actor.claims}
    return {"username": name, "user": name, "roles": sorted(actor.roles), **times}


def cache_view(entries: Iterable[Entry], room: int) -> dict[str, object]:
    """The cached answers. The rows of those for which there is no room are left out, and `MetaData` says so."""
    rows = []
    for entry in entries:
        fits = len(entry.rows) <= room
        room -= len(entry.rows) if fits else 0
        rows.append(_cached(entry, fits))
    data = {"Name": "cache", "Fields": CACHE_FIELDS, "Rows": rows, "MetaData": {}}
    return {"schema": "metal_cache", "entity": "cache", "result": "OK", "status": 200, "data": data}


def _cached(entry: Entry, shown: bool) -> dict[str, object]:
    asked = entry.asked
    kinds = asked.get("fields")
    fields = {name: kinds.get(name) for name in entry.names} if isinstance(kinds, Mapping) else {}
    rows = orjson.Fragment(entry.rows if shown else b"[]")
    return {
        "hash": entry.key,
        "expires": int(entry.expires * 1000),
        "schema": asked.get("schema"),
        "entity": asked.get("entity"),
        "schemaRequest": asked.get("request"),
        "data": {
            "Name": asked.get("entity"),
            "Fields": fields,
            "Rows": rows,
            "MetaData": {} if shown else {"__LEFT_OUT__": True},
        },
    }


# ---------------------------------------------------------------- refusals


def handled(error: ApiError) -> dict[str, object]:
    """What Metal's handlers say."""
    return {"error": error.message}


def at_path(error: ApiError) -> dict[str, object]:
    """What Metal's router says of a path or a method."""
    message = "not found" if error.kind == "unknown_path" else error.message
    return {"message": message, "errors": [{"path": request.path, "message": message}]}


def in_parameter(error: ApiError) -> dict[str, object]:
    """What Metal's validator says of a parameter, or of a member of the body."""
    path = error.parameter if error.parameter.startswith("/") else f"/query/{error.parameter}".rstrip("/")
    return {"message": error.message, "errors": [{"path": path, "message": error.message}]}


def in_body(error: ApiError) -> dict[str, object]:
    """What Metal's parser, or its validator, says of a body."""
    return {"message": error.message, **({"errors": error.details} if error.details else {})}


def in_rows(error: ApiError) -> dict[str, object]:
    """What is wrong with rows: all of it, each with its path in the body."""
    if not isinstance(error.details, list):
        return {"message": error.message, "errors": [{"path": "/body", "message": error.message}]}
    return {"message": error.message, "errors": [_mistake(mistake) for mistake in error.details]}


def _mistake(mistake: Mapping[str, object]) -> dict[str, object]:
    steps = ("", "body", mistake.get("at"), mistake.get("row"), mistake["field"])
    path = "/".join(str(step) for step in steps if step is not None)
    return {"path": path, "message": mistake["message"], "errorCode": f"{mistake['rule']}.openapi.validation"}


SHAPES: Mapping[str, Callable[[ApiError], dict[str, object]]] = {
    "unknown_path": at_path,
    "wrong_method": at_path,
    "unsupported_media": at_path,
    "bad_parameter": in_parameter,
    "invalid": in_rows,
    "unauthorized": lambda error: {"message": "Unauthorized"},
    "invalid_token": lambda error: {"message": "Unauthorized"},
    "invalid_credentials": lambda error: {"error": "Invalid username or password"},
    "forbidden": lambda error: {"error": "Permission denied"},
    "bad_body": in_body,
}


def render_error(error: ApiError) -> tuple[object, int]:
    """A refusal in the shape that Metal gives its kind."""
    return SHAPES.get(error.kind, handled)(error), error.status
