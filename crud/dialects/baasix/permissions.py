"""Rules at run time: `/permissions`, the rows of our own table of permissions.

In: requests that list, read, make, change and delete rows, as under `/items`. Out: lists and single rows as there; a
row that was made or changed is the whole body, a deleted one has none. `/permissions/reload` lets every worker read
the rules again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response
from werkzeug.exceptions import MethodNotAllowed

from crud import service
from crud.dialects.baasix.mounts import RULES
from crud.dialects.baasix.nesting import creation
from crud.dialects.baasix.reading import grammar, parse_list, parse_one, parse_shown
from crud.dialects.baasix.refusals import about
from crud.dialects.baasix.writing import parse_delete, parse_update
from crud.errors import ApiError
from crud.system import PERMISSIONS
from crud.web.dialect import admit, answer, context, nothing, reader
from crud.web.request import admit_for, body_object, tagged
from sql.catalog import Resource

RELOADED = {"message": "Permission cache reloaded successfully"}


@RULES.blueprint.get("")
def list_rules() -> Response:
    result = service.read(context(), parse_list(grammar(), _readable(), reader()))
    return answer({"data": result.rows, "totalCount": result.total})


@RULES.blueprint.get("/<key>")
def one_rule(key: str) -> Response:
    result = service.read(context(), parse_one(grammar(), _readable(), reader(), key=key))
    if not result.rows:
        raise ApiError("missing_row", "Not found")
    return tagged(result.rows[0], {"data": result.rows[0]})


@RULES.blueprint.post("")
def create_rule() -> Response:
    resource = _writable("create")
    shown = parse_shown(grammar(), resource, reader())
    made = creation(resource, body_object(), shown=shown)
    with about(None):
        written = service.write(context(), made.commands)[made.root]
    return tagged(written.rows[0], written.rows[0], 201) if written.rows else answer({}, 201)


@RULES.blueprint.patch("/<key>")
def update_rule(key: str) -> Response:
    resource = _writable("update")
    with about(None):
        (written,) = service.write(context(), [parse_update(grammar(), resource, key)])
    return tagged(written.rows[0], written.rows[0]) if written.rows else answer({})


@RULES.blueprint.delete("/<key>")
def delete_rule(key: str) -> Response:
    resource = _writable("delete")
    service.write(context(), [parse_delete(grammar(), resource, key)])
    return nothing(204)


@RULES.blueprint.post("/reload")
def reload_rules() -> Response:
    reader().finish()
    if not context().actor.admin:
        raise _administrators_only()
    service.renew(context())
    return answer(RELOADED)


@RULES.blueprint.route("/reload", methods=["GET", "PUT", "PATCH", "DELETE"])
def reserved_reload() -> Response:
    raise MethodNotAllowed(["POST"])


# ---------------------------------------------------------------- who may


def _readable() -> Resource:
    with _told():
        return admit(_table(), "permissions")


def _writable(action: str) -> Resource:
    with _told():
        return admit_for(_table(), "permissions", action)


def _table() -> Resource:
    return context().snapshot.catalog.resource(PERMISSIONS)


@contextmanager
def _told() -> Iterator[None]:
    """The path is no secret: who may not know of its rows is told that he may not."""
    try:
        yield
    except ApiError as error:
        raise _administrators_only() if error.kind == "unknown_resource" else error from None


def _administrators_only() -> ApiError:
    return ApiError("forbidden", "Access denied. Administrators only.")
