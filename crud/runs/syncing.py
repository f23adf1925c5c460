"""The step `sync`: one entity made equal to another, or to the rows at hand.

In: a step in its run. Out: the commands that insert, change and delete what differs.
"""

from collections.abc import Iterator

from crud import reading
from crud.plans.draft import Mistake
from crud.plans.effects import keys_of, side_of, table, within
from crud.runs.asked import Row, built_now, plain, rows_of
from crud.runs.steps import Running, inserted
from crud.wire.keys import by_values
from sql.catalog import Resource
from sql.commands import Command, Delete, Update
from sql.expressions import Path
from sql.query import Asked, Query, Select
from sql.values import coerce, to_json

Key = tuple[object, ...]


def syncs(running: Running) -> Iterator[Command]:
    """New rows, rows that differ, and then those that are not there any more. Raises Mistake."""
    resource, on = running.target, keys_of(running.step)
    source = [_fitting(resource, row) for row in _from(running)]
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


def _by(on: list[str], rows: list[Row]) -> dict[Key, Row]:
    return {tuple(row[name] for name in on): row for row in rows}


def _changed(row: Row, held: Row | None) -> Row:
    """What is to be changed of a row that is there."""
    return {} if held is None else {name: value for name, value in row.items() if held.get(name) != value}


def _from(running: Running) -> list[Row]:
    step, side = running.effect.step, side_of(running.effect.step)
    if side is None:
        return running.current()
    if not within(step, side):
        resource = table(step, side)
        return _all(running, resource, tuple(resource.columns))
    made, values = built_now(running.context, step.draft.plan, str(side["entity"]))
    assert made.plan is not None
    return [plain(row) for row in rows_of(running.context, made.plan, made.columns, values).rows]


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
