"""Writing many items: all or none, in one transaction.

In: a JSON array. Out: the ids of what was made or changed; 204 for what was deleted. A refusal names the index of the
item in its details. Before-hooks run within the transaction, after-hooks once it is committed.
"""

from collections.abc import Mapping, Sequence

from flask import Response

from crud import service
from crud.dialects.baasix.keys import by_id, id_in, id_of
from crud.dialects.baasix.mounts import API
from crud.dialects.baasix.nesting import Creation, creation
from crud.dialects.baasix.reading import grammar
from crud.dialects.baasix.refusals import about
from crud.dialects.baasix.writing import changes_of
from crud.errors import ApiError
from crud.service import Written
from crud.web.dialect import answer, context, nothing, reader
from crud.web.request import body, open_for
from crud.wire.bodies import bad_body
from sql.catalog import Resource
from sql.commands import Command, Delete, Insert, Update

# index in the body → commands
Steps = Sequence[tuple[int, Sequence[Command]]]


@API.blueprint.post("/<name>/bulk")
def create_items(name: str) -> Response:
    resource = open_for("baasix", name, "create")
    reader().finish()
    made = [creation(resource, item, at=f"[{index}]") for index, item in enumerate(_array("array"))]
    return answer({"data": [id_of(key) for key in _created(resource, made)]}, 201)


def _created(resource: Resource, made: Sequence[Creation]) -> list[dict[str, object]]:
    """The keys of new rows. Plain rows go together; a conflict is then looked for one by one, to name its index."""
    if len(made) > 1 and all(each.flat for each in made):
        rows = tuple(row for each in made for command in each.commands for row in command.rows)
        try:
            (written,) = service.write(context(), [Insert(resource.name, rows)])
            return list(written.keys)
        except ApiError as error:
            if error.kind != "conflict" or isinstance(error.details, Mapping):
                raise
    done = _one_by_one(resource, [(index, each.commands) for index, each in enumerate(made)])
    return [key for each, written in zip(made, done, strict=True) for key in written[each.root].keys]


@API.blueprint.patch("/<name>/bulk")
def update_items(name: str) -> Response:
    resource = open_for("baasix", name, "update")
    reader().finish()
    commands = [(index, _update(resource, item, index)) for index, item in enumerate(_array("array"))]
    done = _one_by_one(resource, [(index, [command]) for index, command in commands if command is not None])
    return answer({"data": [id_of(key) for (written,) in done for key in written.keys]})


def _update(resource: Resource, item: object, index: int) -> Update | None:
    """The change of one item; None without an id."""
    if not isinstance(item, dict):
        raise bad_body("expected an object", f"[{index}]")
    id, scope = id_in(resource, item), grammar().scope
    if id is None:
        return None
    with about(index):
        where = by_id(scope, resource, id, action="update", at=f"[{index}]")
        changes = changes_of(resource, item, at=f"[{index}]")
    return Update(resource.name, where, changes, scope.filled, keyed=True, at=f"[{index}]")


@API.blueprint.delete("/<name>/bulk")
def delete_items(name: str) -> Response:
    resource = open_for("baasix", name, "delete")
    reader().finish()
    commands = [(index, _delete(resource, id, index)) for index, id in enumerate(_array("array of IDs"))]
    _one_by_one(resource, [(index, [command]) for index, command in _distinct(commands)])
    return nothing(204)


def _delete(resource: Resource, id: object, index: int) -> Delete:
    scope = grammar().scope
    with about(index):
        where = by_id(scope, resource, id, action="delete", at=f"[{index}]")
    return Delete(resource.name, where, scope.filled, keyed=True)


def _distinct(commands: Sequence[tuple[int, Delete]]) -> list[tuple[int, Delete]]:
    """An id that is given twice is deleted once."""
    return list({command.values: (index, command) for index, command in reversed(commands)}.values())[::-1]


def _one_by_one(resource: Resource, steps: Steps) -> list[tuple[Written, ...]]:
    """Carry out the items in one transaction; what one of them breaks is told with its index."""
    if not steps:
        return []
    return service.attempted(lambda: _transaction(resource, steps))


def _transaction(resource: Resource, steps: Steps) -> list[tuple[Written, ...]]:
    done = []
    with service.work(context(), resource.source) as work:
        for index, commands in steps:
            with about(index):
                done.append(work.write(commands))
    return done


def _array(what: str) -> list[object]:
    data = body()
    if not isinstance(data, list):
        raise ApiError("bad_body", f"Request body must be an {what}", parameter="body")
    most = context().snapshot.config.limits.list_items
    if len(data) > most:
        raise bad_body(f"{len(data)} items, at most {most} are allowed")
    return data
