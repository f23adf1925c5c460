"""Xond's writes: records created with what is nested in them, updated, deleted by key or by filter.

In: the request. Out: the answer. A body may say who is calling (`identity`): it is read before an anonymous caller is
judged, and after one who is known already.
"""

from dataclasses import replace

from flask import Response, request

from crud import service
from crud.dialects.xond.answers import envelope, written_row
from crud.dialects.xond.changes import key_in, parse_delete, parse_delete_many, parse_update
from crud.dialects.xond.identity import identified
from crud.dialects.xond.mounts import API, grammar, opened
from crud.dialects.xond.nesting import parse_create
from crud.errors import ApiError
from crud.web.dialect import answer, context, presentation, reader
from crud.web.request import admit_for, body_object, if_match, settable, tagged, target_for
from crud.wire.target import Target
from sql.catalog import Resource
from sql.commands import Delete, Update

Row = dict[str, object]


@API.blueprint.post("/<name>")
def create_record(name: str) -> Response:
    """A new record, and those within it."""
    resource, data = received(name, "create")
    creation = parse_create(grammar(), resource, data, query=reader(), targets=nest)
    written = service.write(context(), creation.commands)[creation.root]
    row = written_row(presentation("xond").view(resource), written.rows, written.keys)
    return tagged(row, envelope(row), 201)


@API.blueprint.put("/<name>/<id>")
def update_record(name: str, id: str) -> Response:
    """Other values in the record of a key; what is not given stays."""
    resource, data = received(name, "update")
    return updated(resource, id, data)


@API.blueprint.put("/<name>")
def update_record_by_body(name: str) -> Response:
    """The same, with the key from the body."""
    resource, data = received(name, "update")
    return updated(resource, key_in(presentation("xond").view(resource), data), data)


@API.blueprint.delete("/<name>/<id>")
def delete_record(name: str, id: str) -> Response:
    """The record of a key, gone."""
    resource = opened(name, "delete")
    carried_out(parse_delete(grammar(), resource, id, query=reader(), tags=if_match()))
    return answer(envelope(None))


@API.blueprint.delete("/<name>")
def delete_records(name: str) -> Response:
    """Every record that the filters find."""
    resource = opened(name, "delete")
    if if_match() not in ((), ("*",)):
        raise ApiError("precondition", "If-Match speaks of one record, not of those that a filter finds")
    service.write(context(), [parse_delete_many(grammar(), resource, reader())])
    return answer(envelope(None))


# ---------------------------------------------------------------- what comes in


def received(name: str, action: str) -> tuple[Resource, Row]:
    """The resource and the body, once it is known who is calling and that he may do this."""
    if context().actor.id is not None:
        opened(name, action)
        refuse_form()
    data = identified(body_object())
    return opened(name, action), data


def refuse_form() -> None:
    """A page of another site can send a cookie along with a body of no type, but not with one of JSON."""
    if "Authorization" not in request.headers and not request.mimetype:
        raise ApiError("unsupported_media", "Content-Type is missing, expected application/json")


def nest(resource: Resource) -> Target:
    """What a new record may hold: columns, and records under the relations that the caller may know or fill."""
    target = target_for("xond", resource, "create")
    admit_for(resource, target.view.name, "create")
    known, catalog = target.scope.names.view(resource).relations, context().snapshot.catalog
    usable = {
        name: relation
        for name, relation in target.view.relations.items()
        if name in known or settable(catalog.target(relation), "create")
    }
    return replace(target, view=replace(target.view, relations=usable))


# ---------------------------------------------------------------- what is done


def updated(resource: Resource, id: str, data: Row) -> Response:
    """Change a record and answer it."""
    target = target_for("xond", resource, "update")
    command = parse_update(grammar(), target, id, data, query=reader(), tags=if_match())
    written = carried_out(command)
    row = written_row(presentation("xond").view(resource), written.rows, written.keys)
    return tagged(row, envelope(row))


def carried_out(command: Update | Delete) -> service.Written:
    """Change or remove the one record that a command speaks of; that there is none is told like a missing one."""
    (written,) = service.write(context(), [command])
    if not written.count:
        raise ApiError("missing_row", "Not found")
    return written
