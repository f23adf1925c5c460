"""The step `sync`: one entity made equal to another, or to the rows at hand.

In: a step in its run. Out: the commands that insert, change and delete what differs.
"""

from collections.abc import Iterator, Mapping

from crud import reading
from crud.plans.draft import Mistake
from crud.plans.reading import listed
from crud.runs.asked import Row, built_now, plain, rows_of
from crud.runs.steps import Running, inserted, named, target
from crud.wire.keys import by_values
from sql.catalog import Resource
from sql.commands import Command, Delete, Update
from sql.expressions import Path
from sql.query import Asked, Query, Select
from sql.values import coerce, to_json

Key = tuple[object, ...]


def syncs(running: Running) -> Iterator[Command]:
    """New rows, rows that differ, and then those that are not there any more. Raises Mistake."""
    resource, given = target(running.context, running.effect), running.step.keys
    source = [_fitting(resource, row) for row in _from(running, given)]
    on = _on(resource, given, source)
    wanted = _by(on, source)
    if len(wanted) < len(source):
        raise Mistake(f"several rows have the same {', '.join(on)}")
    names = tuple(dict.fromkeys((*on, *(name for row in source for name in row))))
    held = _by(on, [_fitting(resource, row) for row in _all(running, resource, names)])
    yield from inserted(resource, [_sent(row) for key, row in wanted.items() if key not in held])
    for key, row in wanted.items():
        if changes := _changed(row, held.get(key)):
            found, values = by_values(resource, dict(zip(on, key, strict=True)))
            yield Update(resource.name, found, _sent(changes), values)
    for key in held:
        if key not in wanted:
            found, values = by_values(resource, dict(zip(on, key, strict=True)))
            yield Delete(resource.name, found, values)


def _on(resource: Resource, given: Row, source: list[Row]) -> list[str]:
    """The columns that tell which row is which."""
    on = listed(given.get("on", given.get("id")))
    for name in on:
        if name not in resource.columns or any(name not in row for row in source):
            raise Mistake(f"both sides need the column {name!r}", key="on")
    if not on:
        raise Mistake("lacks on: the columns that tell which row is which")
    return on


def _by(on: list[str], rows: list[Row]) -> dict[Key, Row]:
    return {tuple(row[name] for name in on): row for row in rows}


def _changed(row: Row, held: Row | None) -> Row:
    """What is to be changed of a row that is there."""
    return {} if held is None else {name: value for name, value in row.items() if held.get(name) != value}


def _from(running: Running, given: Row) -> list[Row]:
    side = given.get("from", given.get("source"))
    if not isinstance(side, Mapping):
        return running.current()
    step = running.effect.step
    entity = str(side["entity"])
    if "schema" not in side and entity in running.context.snapshot.config.plans[step.draft.plan]:
        made, values = built_now(running.context, step.draft.plan, entity)
        if made.plan is None:
            raise Mistake(f"the entity {entity!r} gives no rows")
        return [plain(row) for row in rows_of(running.context, made.plan, made.columns, values).rows]
    resource = named(step.draft.world, running.context, side)
    return _all(running, resource, tuple(resource.columns))


def _all(running: Running, resource: Resource, names: tuple[str, ...]) -> list[Row]:
    shown = (name for name in names if not resource.column(name).write_only)
    select = tuple(Select(Path(name), name) for name in shown)
    return [plain(row) for row in reading.answer(running.context, Asked(Query(resource.name, select))).rows]


def _fitting(resource: Resource, row: Row) -> Row:
    """The row as canonical values of the columns that the entity has."""
    return {
        name: None if value is None else coerce(resource.column(name).type, value)
        for name, value in row.items()
        if name in resource.columns and not resource.column(name).generated
    }


def _sent(row: Row) -> Row:
    """Canonical values as a body would have them."""
    return {name: to_json(value) for name, value in row.items()}
