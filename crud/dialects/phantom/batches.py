"""Phantom's batches: several actions in one request and one transaction, a result for each.

In: `{"requests": [{"resource", "action", "data"}, …], "atomic": false}`. Out: `results`, and the same list as `data`.
Each action has a savepoint of its own: one that fails leaves the others alone. An atomic batch is all or nothing, and
answers its failure with the status of the action that failed, and its `index`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType

from flask import Response

from crud import service
from crud.dialects.phantom import bodies
from crud.dialects.phantom.bodies import parse_shown
from crud.dialects.phantom.mounts import API
from crud.dialects.phantom.refusals import render_error
from crud.dialects.phantom.writing import DELETED, parse_read, read_data, row_shown, target_of
from crud.errors import ApiError, unknown_field
from crud.web.dialect import answer, context, open_resource, reader
from crud.web.refusals import told, worded
from crud.web.request import body_object
from crud.wire.bodies import bad_body
from crud.wire.params import Reader
from crud.wire.target import Target
from crud.writing.work import Work
from sql.commands import Command, Delete
from sql.errors import Deadlock, SqlError, Unavailable
from sql.expressions import Origin
from sql.query import Asked, Query

Row = dict[str, object]
MOST = 10
MEMBERS = ("resource", "action", "data")

# What ends the whole transaction, so that it may be tried again.
ENDING = (Deadlock, Unavailable)


@dataclass(frozen=True)
class Step:
    """An action, understood: a command, or a query beside whether it is of one row."""

    command: Command | None = None
    asked: tuple[Asked | None, bool] = (None, True)

    @property
    def names(self) -> tuple[str, ...]:
        """The resource that it is about; none where it has nothing to ask."""
        query = self.asked[0]
        return tuple(each.resource for each in (self.command, query.query if query else None) if each is not None)


Steps = Sequence[Step | ApiError]


class Failed(Exception):
    """An action of an atomic batch has failed; what the others did is undone."""

    def __init__(self, index: int, error: ApiError) -> None:
        super().__init__(index)
        self.index, self.error = index, error


@API.blueprint.post("/batch")
def batch() -> Response:
    """Several actions, in order."""
    reader().finish()
    requests, atomic = parse_batch(body_object())
    steps = [parse_step(each) for each in requests]
    source = _source(steps)
    try:
        results = service.attempted(lambda: _carried_out(steps, source, atomic=atomic))
    except Failed as failed:
        body, status = render_error(failed.error)
        return answer({**body, "index": failed.index}, status)
    return answer({"success": True, "results": results, "data": results})


# ---------------------------------------------------------------- what is asked


def parse_batch(body: Row) -> tuple[list[object], bool]:
    """The requests of a batch, and whether it is all or nothing."""
    for name in body:
        if name not in ("requests", "atomic"):
            raise unknown_field(Origin(name[:100], "body"))
    requests, atomic = body.get("requests"), body.get("atomic", False)
    if not isinstance(requests, list):
        raise ApiError("bad_body", "Requests must be an array", parameter="body", field="requests")
    if len(requests) > MOST:
        raise ApiError("bad_body", f"Maximum {MOST} requests per batch", parameter="body", field="requests")
    if not isinstance(atomic, bool):
        raise bad_body("expected true or false", "atomic")
    return requests, atomic


def _source(steps: Steps) -> str:
    """The source of what the caller may reach: one transaction is of one database."""
    snapshot = context().snapshot
    reached = [name for step in steps if isinstance(step, Step) for name in step.names]
    sources = [snapshot.catalog.resource(name).source for name in reached]
    if len({id(snapshot.databases[source]) for source in sources}) > 1:
        raise bad_body("the resources are of several databases; send a batch for each", "requests")
    return next(iter(sources), snapshot.config.server.system)


def parse_step(request: object) -> Step | ApiError:
    """One request of a batch, or why it cannot be carried out."""
    try:
        return _step(request)
    except ApiError as error:
        return error


def _step(request: object) -> Step:
    if not isinstance(request, dict):
        raise bad_body("expected an object with resource, action and data", "requests")
    for member in request:
        if member not in MEMBERS:
            raise unknown_field(Origin(member[:100], "requests"))
    name, action, data = (request.get(member) for member in MEMBERS)
    if not isinstance(name, str) or not name:
        raise bad_body("expected the name of a resource", "requests.resource")
    if not isinstance(action, str) or action not in ACTIONS:
        raise ApiError("bad_body", f"Invalid action: {str(action)[:40]}", parameter="body", field="action")
    return ACTIONS[action](name, _object(data, action))


def _object(data: object, action: str) -> Row:
    if data is None and action == "read":
        return {}
    if not isinstance(data, dict):
        raise bad_body("expected an object", "data")
    return data


def _create(name: str, data: Row) -> Step:
    target = target_of(name, "create")
    return Step(bodies.parse_create(target, data, _shown(target)))


def _read(name: str, data: Row) -> Step:
    return Step(asked=parse_read(open_resource("phantom", name), data))


def _update(name: str, data: Row) -> Step:
    target = target_of(name, "update")
    key, changes = bodies.key_and_rest(target.view, data, "update")
    return Step(bodies.parse_update(target, key, changes, shown=_shown(target)))


def _delete(name: str, data: Row) -> Step:
    target = target_of(name, "delete")
    return Step(bodies.parse_delete(target, bodies.key_alone(target.view, data), shown=_shown(target)))


def _shown(target: Target) -> Query:
    return parse_shown(target, Reader([]))


ACTIONS: Mapping[str, Callable[[str, Row], Step]] = MappingProxyType(
    {"create": _create, "read": _read, "update": _update, "delete": _delete}
)

# ---------------------------------------------------------------- what is done


def _carried_out(steps: Steps, source: str, *, atomic: bool) -> list[Row]:
    """The results of all steps. Without a write there is nothing that a transaction could undo."""
    writes = any(isinstance(step, Step) and step.command is not None for step in steps)
    opened: AbstractContextManager[Work | None] = service.work(context(), source) if writes else nullcontext()
    with opened as work:
        one = _surely if atomic else _tried
        return [one(work, step, index) for index, step in enumerate(steps)]


def _tried(work: Work | None, step: Step | ApiError, index: int) -> Row:
    """The result of one step, or its refusal."""
    try:
        with work.attempt() if work is not None else nullcontext():
            return _done(work, step)
    except ENDING:
        raise
    except (ApiError, SqlError) as error:
        return render_error(_told(error))[0]


def _surely(work: Work | None, step: Step | ApiError, index: int) -> Row:
    """The result of one step of an atomic batch."""
    try:
        return _done(work, step)
    except ENDING:
        raise
    except (ApiError, SqlError) as error:
        raise Failed(index, _told(error)) from error


def _told(error: ApiError | SqlError) -> ApiError:
    return worded("phantom", told(error))


def _done(work: Work | None, step: Step | ApiError) -> Row:
    if isinstance(step, ApiError):
        raise step
    if step.command is None or work is None:
        return {"success": True, "data": read_data(context(), step.asked)}
    (written,) = work.write([step.command])
    row = row_shown(written)
    return {**DELETED, "data": row} if isinstance(step.command, Delete) else {"success": True, "data": row}
