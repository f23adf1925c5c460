"""What Phantom answers to writes of one row, and to its actions by name.

In: requests. Out: `{"success": true, "data": row}`, 201 for a new one, with the entity tag of the row; a row that its
writer may not read is answered by its key alone.
"""

from flask import Response

from crud import service
from crud.dialects.phantom import bodies
from crud.dialects.phantom.bodies import parse_shown
from crud.dialects.phantom.mounts import API, limits, names
from crud.dialects.phantom.parameters import parse_list, parse_one
from crud.errors import ApiError
from crud.service import Written
from crud.snapshots.state import Context
from crud.web.dialect import answer, context, open_resource, presentation, reader, reads
from crud.web.request import body_object, if_match, open_for, tagged, target_for
from crud.wire.params import Reader
from crud.wire.target import Target
from sql.catalog import Resource
from sql.commands import Command
from sql.query import Asked

Row = dict[str, object]
DELETED: Row = {"success": True, "message": "Deleted successfully"}
NOT_FOUND: Row = {"success": True, "message": "No matching record found for update", "updated": False}


def target_of(name: str, action: str) -> Target:
    """Where a body is understood, once it is known that the caller may do this to the resource."""
    resource = open_for("phantom", name, action)
    return target_for("phantom", resource, action)


def row_shown(written: Written) -> Row:
    """The row as its writer may read it, else its key."""
    if written.rows:
        return written.rows[0]
    view = presentation("phantom").views[written.command.resource]
    return view.renamed(written.keys[0]) if written.keys else {}


def _answered(written: Written, status: int = 200, **more: object) -> Response:
    row = row_shown(written)
    envelope = {"success": True, "data": row, **more}
    return tagged(row, envelope, status) if written.rows else answer(envelope, status)


def _write(command: Command) -> Written:
    return service.write(context(), [command])[0]


# ---------------------------------------------------------------- one row


@API.blueprint.post("/<name>")
@API.blueprint.post("/<name>/create")
def create_record(name: str) -> Response:
    """A new row."""
    target = target_of(name, "create")
    shown = parse_shown(target, reader())
    return _answered(_write(bodies.parse_create(target, body_object(), shown)), 201)


@API.blueprint.put("/<name>/<key>")
def update_record(name: str, key: str) -> Response:
    """Changes to the row of a key."""
    target = target_of(name, "update")
    shown = parse_shown(target, reader())
    return _answered(_write(bodies.parse_update(target, key, body_object(), shown=shown, tags=if_match())))


@API.blueprint.delete("/<name>/<key>")
def delete_record(name: str, key: str) -> Response:
    """The row of a key goes."""
    target = target_of(name, "delete")
    shown = parse_shown(target, reader())
    _write(bodies.parse_delete(target, key, shown=shown, tags=if_match()))
    return answer(DELETED)


# ---------------------------------------------------------------- special operations


@API.blueprint.post("/<name>/createIfNotExists")
def create_if_not_exists(name: str) -> Response:
    """The row that the filter finds, or a new one."""
    target = target_of(name, "create")
    shown = parse_shown(target, reader())
    written = _write(bodies.parse_ensure(target, body_object(), shown=shown, limits=limits()))
    return _answered(written, 201 if written.created else 200, created=written.created)


@API.blueprint.post("/<name>/updateIfExists")
def update_if_exists(name: str) -> Response:
    """Changes to the row that the filter finds, if it finds one."""
    target = target_of(name, "update")
    shown = parse_shown(target, reader())
    written = _write(bodies.parse_update_first(target, body_object(), shown=shown, limits=limits()))
    return _answered(written, updated=True) if written.count else answer(NOT_FOUND)


# ---------------------------------------------------------------- actions by name


@API.blueprint.post("/<name>/update")
def update_by_action(name: str) -> Response:
    """Changes to the row whose key stands beside them."""
    target = target_of(name, "update")
    shown = parse_shown(target, reader())
    key, changes = bodies.key_and_rest(target.view, body_object(), "update")
    return _answered(_write(bodies.parse_update(target, key, changes, shown=shown, tags=if_match())))


@API.blueprint.post("/<name>/delete")
def delete_by_action(name: str) -> Response:
    """The row of the key in the body goes."""
    target = target_of(name, "delete")
    shown = parse_shown(target, reader())
    _write(bodies.parse_delete(target, bodies.key_alone(target.view, body_object()), shown=shown, tags=if_match()))
    return answer(DELETED)


@API.blueprint.post("/<name>/read")
@reads
def read_by_action(name: str) -> Response:
    """Rows, or the row of a key, null where there is none."""
    resource = open_resource("phantom", name)
    reader().finish()
    return answer({"success": True, "data": read_data(context(), parse_read(resource, body_object()))})


def parse_read(resource: Resource, data: Row) -> tuple[Asked | None, bool]:
    """The query of a reading action, and whether it is of one row. No query: a key that cannot be one."""
    if data.get("id") is None:
        return parse_list(names(), resource, bodies.reader_of(data), limits=limits()), False
    key, rest = bodies.key_and_rest(presentation("phantom").view(resource), data, "read")
    return _asked_one(resource, key, bodies.reader_of(rest)), True


def _asked_one(resource: Resource, key: str, rest: Reader) -> Asked | None:
    try:
        return parse_one(names(), resource, rest, key=key)
    except ApiError as error:
        if error.kind == "missing_row":
            return None
        raise


def read_data(asking: Context, asked: tuple[Asked | None, bool]) -> object:
    """The rows, or the one row."""
    query, one = asked
    rows = service.read(asking, query).rows if query is not None else []
    return next(iter(rows), None) if one else rows
