"""Steps with the table of another entity: its rows beside those at hand, or after them.

In: a step. Out: the table after it; `Mistake` for what cannot be.
"""

from collections.abc import Mapping

from crud.plans import reading
from crud.plans.draft import Current, Given, Mistake, Step
from crud.plans.steps import read, source
from sql.expressions import Path
from sql.query import Joined, Kind, Part, Select, Union
from sql.stages import comparable, unified
from sql.types import Type

KINDS: Mapping[object, Kind] = {
    "inner": "inner",
    "left": "left",
    "right": "right",
    "full-outer": "full-outer",
    "cross": "cross",
}


def joined(step: Step) -> Current:
    """Rows beside those of another entity. A column of both is called after the other entity there."""
    given, left = step.keys, step.table()
    right = read(step, source(step, given))
    kind = KINDS[given.get("type", "inner")]
    on = _pairs(step, left, right, given, kind)
    here = tuple(Select(Path(name), name) for name in left.seen)
    taken = reading.fields(step, right.resource, given.get("fields"))
    there = _beside(left, taken, str(given["entity"]), chosen="fields" in given)
    return step.add(Joined(kind, left.name, right.name, on, here, there))


def _pairs(step: Step, left: Current, right: Current, given: Given, kind: Kind) -> tuple[tuple[Path, Path], ...]:
    if kind == "cross":
        if "left-field" in given or "right-field" in given:
            raise Mistake("a cross join has no fields", key="left-field")
        return ()
    if "left-field" not in given or "right-field" not in given:
        raise Mistake("lacks left-field or right-field")
    here = reading.columns(step, left.resource, given["left-field"], "left-field")
    there = reading.columns(step, right.resource, given["right-field"], "right-field")
    if len(here) != len(there):
        raise Mistake("left-field and right-field name as many columns", key="right-field")
    for one, other in zip(here, there, strict=True):
        types = left.columns[one.column].type, right.columns[other.column].type
        reading.scalar(step, left, one, "left-field")
        if not comparable(*types):
            said = f"{one.column} ({types[0].name}) and {other.column} ({types[1].name})"
            raise Mistake(f"{said} cannot be equal", key="right-field")
    return tuple(zip(here, there, strict=True))


def _beside(left: Current, items: tuple[Select, ...], entity: str, *, chosen: bool) -> tuple[Select, ...]:
    taken = {name.lower() for name in left.seen}
    found = []
    for item in items:
        name = item.alias
        alias = name if name.lower() not in taken else f"{entity}_{name}"
        if alias != name and chosen:
            raise Mistake(f"both sides have a column {name!r}: give one another name", key="fields")
        if alias.lower() in taken:
            raise Mistake(f"both sides have a column {alias!r}: choose columns with fields")
        taken.add(alias.lower())
        found.append(Select(item.expr, alias))
    return tuple(found)


def united(step: Step) -> Current:
    """The rows of another entity after those at hand, columns by their names. No row is left out. Raises Mistake."""
    left, right = step.table(), read(step, source(step, step.keys), step.keys.get("fields"))
    types: dict[str, Type] = {name: column.type for name, column in left.seen.items()}
    for name, column in right.seen.items():
        met = unified(types[name], column.type) if name in types else column.type
        if met is None:
            raise Mistake(f"{name!r} is {types[name].name} here and {column.type.name} there")
        types[name] = met
    return step.add(Union((_part(left), _part(right)), tuple(types.items())))


def _part(of: Current) -> Part:
    return Part(of.name, tuple(Select(Path(name), name) for name in of.seen))
