"""Explicit runs of plans: what their steps write, and what they give.

In: a `Context` of an administrator, the names of a plan and of its entity. Out: `Shown`, the statements without running
them; `Ran`, the rows of the last step and how many rows each step has written. All that an entity writes is one
transaction, through the same rules and hooks as every write; what fails names its step, and undoes all.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import orjson

from crud import reading, service
from crud.access.permissions import authorize, gate_for
from crud.errors import ApiError
from crud.memo import Memo
from crud.plans.built import Built, Failed, built, whole
from crud.plans.draft import Current, Effect, Mistake, Step, World, world_of
from crud.plans.filled import Slots
from crud.plans.reading import listed, where
from crud.reading import Result
from crud.scripting.filling import Scripts
from crud.service import Work
from crud.snapshots.state import Context
from crud.symbols import MARK, symbolic, symbols
from crud.wire.paths import by_values
from crud.wire.scripts import Texts
from sql.catalog import Catalog, Column, Resource, Table
from sql.commands import Command, Delete, Insert, Update
from sql.compiled import Statement
from sql.errors import BadValue, SqlError
from sql.expressions import Path
from sql.fragment import Bindings
from sql.query import Asked, Plan, Query, Select
from sql.stages import entities
from sql.values import coerce, to_json

Row = Mapping[str, object]
Told = Callable[[str], None]
MANY = 500  # rows of one command


@dataclass(frozen=True)
class Shown:
    """An entity: its columns with their types, and its statements under what they are."""

    columns: Mapping[str, str]
    statements: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ran:
    """What a run did: the rows that the entity gives in the end, and how many rows each step has written."""

    rows: list[dict[str, object]]
    written: tuple[tuple[str, int], ...] = ()


def show(context: Context, plan: str, entity: str) -> Shown:
    """What an entity would run. Raises ApiError."""
    made, values = _built(context, plan, entity)
    if made.plan is None:
        return Shown({}, ())
    asking, asked = _asked(context, made.plan, made.columns, values)
    snapshot = asking.snapshot
    compiled = reading.prepared(asking, asked.query)
    found = []
    for each in compiled.brought:
        backend = snapshot.database(each.source).backend.name
        found.append((f"{each.at}: in the source {each.source!r}", _said(each.statement, backend, values)))
    source = snapshot.catalog.resource(asked.query.resource).source
    home = "sqlite" if compiled.brought else snapshot.database(source).backend.name
    title = "with the rows of those, in a database beside them" if compiled.brought else f"in the source {source!r}"
    found.append((title, _said(compiled.statement, home, values)))
    return Shown({name: column.type.name for name, column in made.columns.items()}, tuple(found))


def _said(statement: Statement, backend: str, values: Sequence[object]) -> str:
    return symbolic(statement, MARK[backend], symbols(statement.binders, Bindings(tuple(values))))


def run(context: Context, plan: str, entity: str, told: Told = lambda step: None) -> Ran:
    """Run an entity. `told` is called with each step that writes. Raises ApiError and SqlError."""
    return service.attempted(lambda: _run(context, plan, entity, told))


def _run(context: Context, plan: str, entity: str, told: Told) -> Ran:
    made, values = _built(context, plan, entity)
    written: list[tuple[str, int]] = []
    with ExitStack() as stack:
        work: Work | None = None
        for effect in made.effects:
            told(effect.step.at)
            work = work or stack.enter_context(service.work(context, _target(context, effect).source))
            written.append((effect.step.at, _carry_out(_Running(context, work, made, values, effect))))
        if made.plan is None:
            return Ran([], tuple(written))
        rows = _rows(context, made.plan, made.columns, values).rows
    return Ran(rows, tuple(written))


def _built(context: Context, plan: str, entity: str) -> tuple[Built, list[object]]:
    """The entity with the values that its expressions have now."""
    snapshot, slots = context.snapshot, Slots(0)
    if entity not in snapshot.config.plans.get(plan, {}):
        raise ApiError("unknown_resource", f"Plan '{plan}' has no entity '{entity}'")
    try:
        made = built(_world(context), plan, entity, Texts(Scripts(snapshot.config.limits)), slots)
    except Failed as failed:
        raise failed.refusal from None
    return made, slots.values


def _world(context: Context) -> World:
    return world_of(context.snapshot.config, context.snapshot.catalog)


def _asked(
    context: Context, plan: Plan, columns: Mapping[str, Column], values: Sequence[object]
) -> tuple[Context, Asked]:
    """The question for all rows of a plan, and a context in which it has a name."""
    snapshot, read = context.snapshot, entities(plan)
    source = snapshot.catalog.resource(read[0]).source if read else snapshot.config.server.system
    resource = Resource(plan.name, Table(plan.name), columns, source=source, writable=False, plan=plan)
    catalog = Catalog({**snapshot.catalog.resources, plan.name: resource})
    asking = replace(context, snapshot=replace(snapshot, catalog=catalog, compiled=Memo(1)))
    select = tuple(Select(Path(name), name) for name in columns)
    return asking, Asked(Query(plan.name, select, plan=plan), tuple(values))


def _rows(context: Context, plan: Plan, columns: Mapping[str, Column], values: Sequence[object]) -> Result:
    asking, asked = _asked(context, plan, columns, values)
    authorize(asked.query, gate_for(asking.snapshot.policy, asking.snapshot.catalog, asking.actor))
    return reading.answer(asking, asked)


# ---------------------------------------------------------------- what steps write


@dataclass(frozen=True)
class _Running:
    """One step that writes, in the transaction of its run."""

    context: Context
    work: Work
    made: Built
    values: list[object]
    effect: Effect
    slots: Slots = field(default_factory=lambda: Slots(0))

    @property
    def step(self) -> Step:
        """The step, whose conditions have slots of their own."""
        draft = self.effect.step.draft
        return replace(self.effect.step, draft=replace(draft, values=self.slots))

    def current(self) -> list[Row]:
        """The rows at hand where the step stands."""
        if self.effect.rows is None:
            raise Mistake("there are no rows to write: give data, or select some before")
        return self.of(self.effect.rows)

    def of(self, current: Current) -> list[Row]:
        """The rows of a table of the draft."""
        plan = whole(self.effect.step.draft, self.effect.step.entity, current)
        return [_plain(row) for row in _rows(self.context, plan, current.seen, self.values).rows]


def _plain(row: Row) -> dict[str, object]:
    """A row whose JSON is data."""
    return {
        name: json.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value
        for name, value in row.items()
    }


def _carry_out(running: _Running) -> int:
    """How many rows a step has written. Raises ApiError that names the step."""
    at = running.effect.step.at
    try:
        return sum(_write(running.work, command) for command in _COMMANDS[running.effect.step.word](running))
    except Mistake as mistake:
        raise ApiError("failed_step", f"{at}: {mistake.message}") from None
    except ApiError as error:
        raise ApiError("failed_step", f"{at}: {error.message.removeprefix(f'{at}: ')}") from error
    except BadValue as error:
        raise ApiError("failed_step", f"{at}: {error}") from None
    except SqlError as error:
        error.add_note(at)
        raise


def _write(work: Work, command: Command) -> int:
    return sum(written.count for written in work.write((command,)))


def _target(context: Context, effect: Effect) -> Resource:
    """The entity that a step writes. Raises ApiError."""
    step, given = effect.step, effect.step.keys
    side = given.get("to", given.get("destination")) if step.word == "sync" else given
    if not isinstance(side, Mapping):
        raise ApiError("failed_step", f"{step.at}: lacks to: the entity that is written")
    try:
        return _named(_world(context), context, side)
    except Mistake as mistake:
        raise ApiError("failed_step", f"{step.at}: {mistake.message}") from None


def _named(world: World, context: Context, side: Row) -> Resource:
    schema = str(side.get("schema", context.snapshot.config.server.default_schema))
    return world.table(schema, str(side["entity"]))


def _inserts(running: _Running) -> Iterator[Command]:
    resource, given = _target(running.context, running.effect), running.step.keys
    rows = _data(running, given["data"]) if "data" in given else running.current()
    yield from _new(resource, rows)


def _new(resource: Resource, rows: Sequence[Row]) -> Iterator[Command]:
    for row in rows:
        _known(resource, row)
    for first in range(0, len(rows), MANY):
        yield Insert(resource.name, tuple(rows[first : first + MANY]), at="data")


def _known(resource: Resource, row: Row) -> None:
    unknown = next((name for name in row if name not in resource.columns), None)
    if unknown is not None:
        raise Mistake(f"{resource.name} has no column {unknown!r}")


def _data(running: _Running, data: object) -> list[Row]:
    meant = running.step.draft.texts.inside(data, running.step.at)
    return [row for row in (meant if isinstance(meant, list) else [meant]) if isinstance(row, Mapping)]


def _updates(running: _Running) -> Iterator[Command]:
    resource, step = _target(running.context, running.effect), running.step
    (changes,) = _data(running, step.keys["data"])
    _known(resource, changes)
    found = where(step, resource, step.keys)
    yield Update(resource.name, found, changes, tuple(running.slots.values), at="data")


def _deletes(running: _Running) -> Iterator[Command]:
    resource, step = _target(running.context, running.effect), running.step
    found = where(step, resource, step.keys)
    yield Delete(resource.name, found, tuple(running.slots.values))


def _syncs(running: _Running) -> Iterator[Command]:
    """New rows, rows that differ, and then those that are not there any more."""
    resource, given = _target(running.context, running.effect), running.step.keys
    on = listed(given.get("on", given.get("id")))
    source = [_fitting(resource, row) for row in _from(running, given)]
    for name in on:
        if name not in resource.columns or any(name not in row for row in source):
            raise Mistake(f"both sides need the column {name!r}", key="on")
    if not on:
        raise Mistake("lacks on: the columns that tell which row is which")
    wanted = {tuple(row[name] for name in on): row for row in source}
    if len(wanted) < len(source):
        raise Mistake(f"several rows have the same {', '.join(on)}")
    names = tuple(dict.fromkeys((*on, *(name for row in source for name in row))))
    held = {tuple(row[name] for name in on): row for row in _held(running, resource, names)}
    yield from _new(resource, [_sent(resource, row) for key, row in wanted.items() if key not in held])
    for key, row in wanted.items():
        changes = {name: value for name, value in row.items() if key in held and held[key].get(name) != value}
        if changes:
            found, values = by_values(resource, dict(zip(on, key, strict=True)))
            yield Update(resource.name, found, _sent(resource, changes), values)
    for key in held:
        if key not in wanted:
            found, values = by_values(resource, dict(zip(on, key, strict=True)))
            yield Delete(resource.name, found, values)


def _from(running: _Running, given: Row) -> list[Row]:
    side = given.get("from", given.get("source"))
    if not isinstance(side, Mapping):
        return running.current()
    step = running.effect.step
    entity = str(side["entity"])
    if "schema" not in side and entity in running.context.snapshot.config.plans[step.draft.plan]:
        made, values = _built(running.context, step.draft.plan, entity)
        if made.plan is None:
            raise Mistake(f"the entity {entity!r} gives no rows")
        return [_plain(row) for row in _rows(running.context, made.plan, made.columns, values).rows]
    resource = _named(step.draft.world, running.context, side)
    return [_plain(row) for row in _all(running, resource, tuple(resource.columns))]


def _held(running: _Running, resource: Resource, names: tuple[str, ...]) -> list[Row]:
    return [_fitting(resource, _plain(row)) for row in _all(running, resource, names)]


def _all(running: _Running, resource: Resource, names: tuple[str, ...]) -> list[dict[str, object]]:
    shown = (name for name in names if not resource.column(name).write_only)
    select = tuple(Select(Path(name), name) for name in shown)
    return reading.answer(running.context, Asked(Query(resource.name, select))).rows


def _fitting(resource: Resource, row: Row) -> dict[str, object]:
    """The row as canonical values of the columns that the entity has."""
    return {
        name: None if value is None else coerce(resource.column(name).type, value)
        for name, value in row.items()
        if name in resource.columns and not resource.column(name).generated
    }


def _sent(resource: Resource, row: Row) -> dict[str, object]:
    """Canonical values as a body would have them."""
    return {name: to_json(value) for name, value in row.items()}


_COMMANDS: Mapping[str, Callable[[_Running], Iterator[Command]]] = {
    "insert": _inserts,
    "update": _updates,
    "delete": _deletes,
    "sync": _syncs,
}
