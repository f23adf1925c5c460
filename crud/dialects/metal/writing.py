"""Metal's writes: rows inserted, and those that a condition finds modified or deleted.

In: the body of a POST, PATCH or DELETE. Out: a status and nothing else; a POST without data is a select.
"""

from flask import Response, request

from crud import service
from crud.dialects.metal.bodies import (
    Body,
    is_select,
    parse_delete,
    parse_insert,
    parse_posted_select,
    parse_update,
    wrong,
)
from crud.dialects.metal.mounts import SCHEMA, grammar, may_read, open_entity
from crud.dialects.metal.selecting import selected
from crud.snapshots import arising
from crud.web.dialect import context, nothing, presentation, reader, reads
from crud.web.request import body, settable
from sql.catalog import Resource
from sql.errors import Outdated


@SCHEMA.blueprint.post("/<schema>/<entity>")
@reads
def insert(schema: str, entity: str) -> Response:
    """New rows, or a select."""
    if presentation("metal").schemas.get(schema, {}).get(entity) is None and arising.arises(context(), schema, entity):
        make_entity(schema, entity)
    opened_for_post(schema, entity)
    sent = received()
    if is_select(sent):
        return posted_select(schema, entity, sent)
    resource = open_entity(schema, entity, "create")
    view = presentation("metal").view(resource)
    command = parse_insert(grammar(), view, settable(resource, "create"), sent)
    if command.rows:
        service.write(context(), [command])
    return nothing(201)


@SCHEMA.blueprint.patch("/<schema>/<entity>")
def modify(schema: str, entity: str) -> Response:
    """Other values in the rows that a condition finds; without one, in all that the caller may modify."""
    resource = open_entity(schema, entity, "update")
    view, columns = presentation("metal").view(resource), settable(resource, "update")
    command = parse_update(grammar(), view, columns, received(), guarded=guarded(resource))
    service.write(context(), [command])
    return nothing(204)


@SCHEMA.blueprint.delete("/<schema>/<entity>")
def remove(schema: str, entity: str) -> Response:
    """The rows that a condition finds, gone; without one, all that the caller may delete."""
    resource = open_entity(schema, entity, "delete")
    service.write(context(), [parse_delete(grammar(), resource, received(), guarded=guarded(resource))])
    return nothing(204)


def posted_select(schema: str, entity: str, sent: Body) -> Response:
    """The rows of an entity, asked for in a body."""
    return selected(schema, entity, parse_posted_select(grammar(), open_entity(schema, entity), sent))


def make_entity(schema: str, entity: str) -> None:
    """Let rows make their entity. The request is then begun again, with what is in force."""
    data = received().get("data")
    rows = [grammar().texts.inside(row, "data") for row in (data if isinstance(data, list) else [data])]
    if rows and all(isinstance(row, dict) and row for row in rows):
        arising.arise(context(), schema, entity, [row for row in rows if isinstance(row, dict)])
        raise Outdated("The entity was not there")


def opened_for_post(schema: str, entity: str) -> Resource:
    """The resource of a POST, which may be an insert or a select: refused to a caller who may do neither."""
    resource = presentation("metal").schemas.get(schema, {}).get(entity)
    if resource is not None and may_read(resource):
        return resource
    return open_entity(schema, entity, "create")


def received() -> Body:
    """The object of the body; an empty one where there is none. Conditions stand in the body, never in the URL."""
    reader().finish()
    data = body() if request.get_data() else {}
    if not isinstance(data, dict):
        raise wrong("", "must be object", "type")
    return data


def guarded(resource: Resource) -> bool:
    """Whether the schema refuses changes of all rows at once."""
    schema = context().snapshot.config.schemas.get(resource.namespace)
    return schema is not None and schema.require_filter
