"""The step `sync`: one entity made equal to another, or to the rows at hand.

In: a step in its run. Out: the commands that insert, change and delete what differs.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

from crud import reading
from crud.plans.draft import Mistake
from crud.plans.effects import keys_of, side_of
from crud.plans.steps import table, within
from crud.runs.asked import Row, built_now, plain, rows_of
from crud.runs.steps import Running, Together, inserted
from crud.wire.keys import by_values
from sql.catalog import Resource
from sql.commands import Delete, Restore, Update
from sql.expressions import And, Compare, Filter, Path, both
from sql.query import Asked, Query, Select
from sql.values import coerce, to_json

Key = tuple[object, ...]


def syncs(running: Running) -> Iterator[Together]:
    """Rows that are not there any more go, those that differ change, and then come new ones, so that a value which must
    be unique is free; in a table whose rows refer to each other the other way round. Raises Mistake."""
    resource, on = running.target, keys_of(running.step)
    source = [_fitting(resource, row) for row in _from(running)]
    wanted = _by(on, source, "several rows")
    names = tuple(dict.fromkeys((*on, *(name for row in source for name in row))))
    there = [_fitting(resource, row) for row in _all(running, resource, names)]
    held = _by(on, there, f"several rows of {resource.name}")
    gone = {*running.work.gone(resource, tuple(on))} - held.keys()
    dropped = ((Delete(resource.name, *_those(resource, on, key)),) for key in held if key not in wanted)
    changed = _differing(resource, on, wanted, held)
    back = (_back(resource, on, key, row) for key, row in wanted.items() if key in gone)
    new = inserted(resource, [_sent(row) for key, row in wanted.items() if key not in held and key not in gone])
    itself = any(reference.target == resource.name for reference in resource.references)
    yield from chain(new, back, changed, dropped) if itself else chain(dropped, changed, back, new)


def _differing(
    resource: Resource, on: list[str], wanted: Mapping[Key, Row], held: Mapping[Key, Row]
) -> Iterator[Together]:
    for key, row in wanted.items():
        if changes := _changed(row, held.get(key)):
            found, values = _those(resource, on, key)
            yield (Update(resource.name, found, _sent(changes), values),)


def _by(on: list[str], rows: list[Row], said: str) -> dict[Key, Row]:
    found = {tuple(row[name] for name in on): row for row in rows}
    if len(found) < len(rows):
        raise Mistake(f"{said} have the same {', '.join(on)}")
    return found


def _back(resource: Resource, on: list[str], key: Key, row: Row) -> Together:
    """A soft-deleted row is alive again, as the row says."""
    found, values = _those(resource, on, key)
    changes = _sent({name: value for name, value in row.items() if name not in on})
    restored = Restore(resource.name, found, values)
    return (restored, Update(resource.name, found, changes, values)) if changes else (restored,)


def _those(resource: Resource, on: list[str], key: Key) -> tuple[Filter, tuple[object, ...]]:
    """The rows of a key, in which NULL is a value like others, and the values of the slots."""
    row = dict(zip(on, key, strict=True))
    found, values = by_values(resource, {name: value for name, value in row.items() if value is not None})
    lacking = And(tuple(Compare(Path(name), "is_null") for name, value in row.items() if value is None))
    return both(found, lacking), values


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
