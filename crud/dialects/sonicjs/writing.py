"""What SonicJS answers to writes, in both of its generations.

In: requests. Out: under `/v1` the bare record (201, 200) or nothing (204); under `/api/v1` `{"data": record}` and
`{"success": true, "id": …}`. A record carries its entity tag; one that its writer may not read is its key alone.
"""

from flask import Response

from crud import service
from crud.dialects.sonicjs.bodies import parse_create, parse_delete, parse_update
from crud.dialects.sonicjs.mounts import API_V1, V1, Row
from crud.dialects.sonicjs.registering import registered, registers
from crud.service import Written
from crud.web.dialect import answer, context, nothing, presentation, reader
from crud.web.request import body, if_match, open_for, tagged, target_for
from crud.wire.target import Target
from sql.commands import Command


def target_of(table: str, action: str) -> Target:
    """Where a body is understood, once it is known that the caller may do this to the table."""
    resource = open_for("sonicjs", table, action)
    reader().finish()
    return target_for("sonicjs", resource, action)


def create(table: str) -> Written:
    """A new record."""
    target = target_of(table, "create")
    return _write(parse_create(target, body()))


def update(table: str, key: str) -> Written:
    """Changes to the record of a key."""
    target = target_of(table, "update")
    return _write(parse_update(target, key, body(), tags=if_match()))


def delete(table: str, key: str) -> Written:
    """The record of a key goes."""
    target = target_of(table, "delete")
    return _write(parse_delete(target, key, tags=if_match()))


def _write(command: Command) -> Written:
    return service.write(context(), [command])[0]


def key_of(written: Written) -> Row:
    """The key of a written record under the names of the dialect."""
    view = presentation("sonicjs").views[written.command.resource]
    return view.renamed(written.keys[0]) if written.keys else {}


def bare(written: Written, status: int) -> Response:
    """The record as the first generation answers it."""
    return tagged(written.rows[0], written.rows[0], status) if written.rows else answer(key_of(written), status)


def under_data(written: Written, status: int) -> Response:
    """The record as the second generation answers it."""
    if not written.rows:
        return answer({"data": key_of(written)}, status)
    return tagged(written.rows[0], {"data": written.rows[0]}, status)


# ---------------------------------------------------------------- the first generation


@V1.blueprint.post("/<table>")
def create_bare(table: str) -> Response:
    """A new record, bare."""
    if registers(table):
        row = registered()
        return tagged(row, row, 201)
    return bare(create(table), 201)


@V1.blueprint.put("/<table>/<key>")
def update_bare(table: str, key: str) -> Response:
    """Changes to the record of a key, bare."""
    return bare(update(table, key), 200)


@V1.blueprint.delete("/<table>/<key>")
def delete_bare(table: str, key: str) -> Response:
    """The record of a key goes, without a word."""
    delete(table, key)
    return nothing(204)


# ---------------------------------------------------------------- the second generation


@API_V1.blueprint.post("/<table>")
def create_wrapped(table: str) -> Response:
    """A new record."""
    if registers(table):
        row = registered()
        return tagged(row, {"data": row}, 201)
    return under_data(create(table), 201)


@API_V1.blueprint.put("/<table>/<key>")
def update_wrapped(table: str, key: str) -> Response:
    """Changes to the record of a key."""
    return under_data(update(table, key), 200)


@API_V1.blueprint.delete("/<table>/<key>")
def delete_wrapped(table: str, key: str) -> Response:
    """The record of a key goes; its id is told."""
    values = list(key_of(delete(table, key)).values())
    return answer({"success": True, "id": values[0] if len(values) == 1 else key})
