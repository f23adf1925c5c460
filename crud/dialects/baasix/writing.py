"""Writing one item: create, update, delete, restore.

In: requests with a JSON object. Out: `{"data": {...}}`, the row as the caller may read it. `fields` chooses what is
shown, as it does in reads. What of a body the caller may not set is dropped, as Baasix does.
"""

from collections.abc import Mapping

from flask import Response

from crud import service
from crud.dialects.baasix.keys import by_path, shown_key
from crud.dialects.baasix.mounts import API
from crud.dialects.baasix.nesting import creation
from crud.dialects.baasix.reading import grammar, parse_shown
from crud.dialects.baasix.refusals import about
from crud.dialects.baasix.unknown import dropped
from crud.errors import ApiError
from crud.service import Written
from crud.web.dialect import answer, context, presentation, reader
from crud.web.request import body_object, if_match, open_for, settable, tagged
from crud.wire.bodies import row_of
from crud.wire.grammar import Grammar
from sql.catalog import Resource
from sql.commands import Command, Delete, Restore, Update


@API.blueprint.post("/<name>")
def create_item(name: str) -> Response:
    resource = open_for("baasix", name, "create")
    shown = parse_shown(grammar(), resource, reader())
    made = creation(resource, body_object(), shown=shown)
    with about(None):
        written = service.write(context(), made.commands)[made.root]
    return _answer(resource, written, 201)


@API.blueprint.patch("/<name>/<key>")
def update_item(name: str, key: str) -> Response:
    resource = open_for("baasix", name, "update")
    return _one(resource, parse_update(grammar(), resource, key))


def parse_update(at: Grammar, resource: Resource, key: str) -> Update:
    """What `PATCH /items/:collection/:id` asks. The key in a body is not a change."""
    shown = parse_shown(at, resource, reader())
    where = by_path(at.scope, resource, key, action="update")
    changes = changes_of(resource, body_object())
    return Update(resource.name, where, changes, at.scope.filled, keyed=True, shown=shown, if_match=if_match())


def changes_of(resource: Resource, data: object, *, at: str = "") -> Mapping[str, object]:
    """The changes that a body asks for, and that the caller may make."""
    allowed = {name: column for name, column in settable(resource, "update").items() if name not in resource.key}
    return row_of(presentation("baasix").view(resource), allowed, data, drop_unknown=dropped(resource), at=at).row


@API.blueprint.delete("/<name>/<key>")
def delete_item(name: str, key: str) -> Response:
    resource = open_for("baasix", name, "delete")
    (written,) = service.write(context(), [parse_delete(grammar(), resource, key)])
    return answer({"data": shown_key(resource, written.keys[0]), "message": "Item deleted successfully"})


def parse_delete(at: Grammar, resource: Resource, key: str) -> Delete:
    """What `DELETE /items/:collection/:id` asks."""
    shown = parse_shown(at, resource, reader())
    where = by_path(at.scope, resource, key, action="delete")
    return Delete(resource.name, where, at.scope.filled, keyed=True, shown=shown, if_match=if_match())


@API.blueprint.post("/<name>/<key>/restore")
def restore_item(name: str, key: str) -> Response:
    resource = open_for("baasix", name, "update")
    if resource.soft_delete is None:
        raise ApiError("bad_parameter", "Items of this collection are deleted for good and cannot be restored")
    at = grammar()
    shown = parse_shown(at, resource, reader())
    where = by_path(at.scope, resource, key, action="restore")
    return _one(resource, Restore(resource.name, where, at.scope.filled, shown))


def _one(resource: Resource, command: Command) -> Response:
    (written,) = service.write(context(), [command])
    return _answer(resource, written, 200)


def _answer(resource: Resource, written: Written, status: int) -> Response:
    """The row with its entity tag; its key alone where the caller may not read it."""
    if written.rows:
        return tagged(written.rows[0], {"data": written.rows[0]}, status)
    return answer({"data": shown_key(resource, written.keys[0]) if written.keys else {}}, status)
