"""What steps that write speak of, looked at when a plan is defined: where they write, and which columns.

In: a step that writes (`sync`, `insert`, `update`, `delete`), the rows at hand before it. Out: `target`, the entity
that it writes; `Mistake` for what cannot be. Nothing is written here: an explicit run does it, in a process that has
not what is in the memory of the service.
"""

from collections.abc import Callable, Iterable, Mapping

from crud.plans.draft import Current, Effect, Mistake, Step
from crud.plans.reading import listed, where
from crud.plans.steps import source, table, within
from sql.catalog import Resource
from sql.operators import SCALARS
from sql.stages import inputs, is_stage

Names = tuple[str, ...]


def check(effect: Effect) -> None:
    """Refuse what no run could do. Raises Mistake."""
    step, resource = effect.step, target(effect.step)
    if not resource.writable:
        raise Mistake(f"{resource.name} is read only", key="entity")
    _CHECKS[step.word](effect, resource)
    for each in (resource, *_read(step)):
        if step.draft.world.config.sources[each.source].memory:
            raise Mistake(f"{each.name} is in the memory of the service, which a run does not see")


def target(step: Step) -> Resource:
    """The entity that a step writes. Raises Mistake."""
    side = step.keys.get("to", step.keys.get("destination")) if step.word == "sync" else step.keys
    if not isinstance(side, Mapping):
        raise Mistake("lacks to: the entity that is written")
    return table(step, side)


def side_of(step: Step) -> Mapping[str, object] | None:
    """From where a sync takes its rows; None for those at hand."""
    side = step.keys.get("from", step.keys.get("source"))
    return side if isinstance(side, Mapping) else None


def keys_of(step: Step) -> list[str]:
    """The columns that tell a sync which row is which. Raises Mistake."""
    names = listed(step.keys.get("on", step.keys.get("id")))
    if not names:
        raise Mistake("lacks on: the columns that tell which row is which")
    return names


def _read(step: Step) -> Iterable[Resource]:
    """The tables that the steps so far read, and that a sync takes its rows from."""
    draft, side = step.draft, side_of(step)
    names = (name for stage in draft.stages for name in inputs(stage.body) if not is_stage(name))
    yield from (draft.world.catalog.resource(name) for name in names)
    if side is not None and not within(step, side):
        yield table(step, side)


def _known(resource: Resource, names: Iterable[str], key: str) -> None:
    for name in names:
        if name not in resource.columns:
            raise Mistake(f"{resource.name} has no column {name!r}", key=key, allowed=tuple(resource.columns))
        if resource.column(name).generated:
            raise Mistake(f"{resource.name} computes the column {name!r}: nobody writes it", key=key)


def _insert(effect: Effect, resource: Resource) -> None:
    data = effect.step.keys.get("data")
    if data is None:
        _known(resource, _at_hand(effect), "entity")
        return
    rows = data if isinstance(data, list) else [data]
    _known(resource, dict.fromkeys(name for row in rows if isinstance(row, Mapping) for name in row), "data")


def _update(effect: Effect, resource: Resource) -> None:
    data = effect.step.keys["data"]
    assert isinstance(data, Mapping)
    _known(resource, data, "data")
    where(effect.step, resource, effect.step.keys)


def _delete(effect: Effect, resource: Resource) -> None:
    where(effect.step, resource, effect.step.keys)


def _sync(effect: Effect, resource: Resource) -> None:
    there = _given(effect)
    for name in keys_of(effect.step):
        if name not in resource.columns or name not in there:
            raise Mistake(f"both sides need the column {name!r}", key="on")
        column = resource.column(name)
        if column.type.family not in SCALARS or column.masked:
            raise Mistake(f"values of {name!r} cannot be compared", key="on")


def _given(effect: Effect) -> Names:
    """The columns of the rows that a sync takes."""
    step, side = effect.step, side_of(effect.step)
    if side is None:
        return _at_hand(effect)
    found = source(step, side)
    if isinstance(found, Current):
        return tuple(found.seen)
    return tuple(name for name, column in found.columns.items() if not column.write_only)


def _at_hand(effect: Effect) -> Names:
    if effect.rows is None:
        raise Mistake("there are no rows to write: give data, or select some before")
    return tuple(effect.rows.seen)


_CHECKS: Mapping[str, Callable[[Effect, Resource], None]] = {
    "insert": _insert,
    "update": _update,
    "delete": _delete,
    "sync": _sync,
}
