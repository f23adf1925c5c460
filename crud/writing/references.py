"""What else a deletion does: rows that refer to the deleted one go with it, let go of it, or forbid it.

In: the resource and the values of deleted rows. Out: changes to the rows that refer to them, as their references say:
for a soft deletion, which no foreign key of the database sees, and for references that the database does not enforce.
Whoever deletes, these are the same. Source: seed document of Baasix, `onDelete`; SQL's referential actions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crud import grants, reading
from crud.errors import ApiError
from crud.policy import alive
from crud.writing import generated, statements
from crud.writing.unit import Unit, Values, canonical
from sql.catalog import Reference, Resource
from sql.query import And, Compare, Filter, Path, Slot, both

CHUNK = 1000


@dataclass(frozen=True)
class Child:
    """Rows of `resource` that refer by `reference` to rows that go."""

    resource: Resource
    reference: Reference


def children(unit: Unit, resource: Resource, *, soft: bool) -> list[Child]:
    """Who must be asked when rows of a resource go: everybody for a soft deletion, else whom the database would not."""
    found = unit.context.snapshot.catalog.children(resource)
    return [Child(child, link) for child, link in found if soft or not link.enforced]


def needed(unit: Unit, resource: Resource, *, soft: bool) -> tuple[str, ...]:
    """The columns of deleted rows that others refer to, after the key."""
    linked = (there for child in children(unit, resource, soft=soft) for _, there in child.reference.columns)
    return tuple(dict.fromkeys((*resource.key, *linked)))


def release(unit: Unit, resource: Resource, rows: Sequence[Values], *, soft: bool) -> None:
    """Do to the rows that refer to these what their references say. Raises ApiError (conflict)."""
    for child in children(unit, resource, soft=soft):
        for start in range(0, len(rows), CHUNK):
            _release(unit, child, resource, rows=rows[start : start + CHUNK], soft=soft)


def _release(unit: Unit, child: Child, parent: Resource, *, rows: Sequence[Values], soft: bool) -> None:
    for where, values in _conditions(child, parent, rows):
        match child.reference.on_delete:
            case "CASCADE":
                _cascade(unit, child, where, values)
            case "SET NULL" | "SET DEFAULT":
                _let_go(unit, child, where, values)
            case "RESTRICT":
                _forbid(unit, child, where, values)
            case _ if not soft:
                _forbid(unit, child, where, values)


def _conditions(child: Child, parent: Resource, rows: Sequence[Values]) -> list[tuple[Filter, tuple[object, ...]]]:
    """The rows that refer to some of these: one condition where the reference is one column."""
    pairs = child.reference.columns
    if len(pairs) == 1:
        (here, there), held = pairs[0], child.resource.column(pairs[0][0]).type
        wanted = tuple(canonical(parent, there, row[there]) for row in rows if row[there] is not None)
        return [(Compare(Path(here), "in", (Slot(0, held, many=True),)), (wanted,))] if wanted else []
    return [_one(child, parent, row) for row in rows]


def _one(child: Child, parent: Resource, row: Values) -> tuple[Filter, tuple[object, ...]]:
    pairs = child.reference.columns
    values = tuple(canonical(parent, there, row[there]) for _, there in pairs)
    terms = (
        Compare(Path(here), "eq", (Slot(index, child.resource.column(here).type),))
        for index, (here, _) in enumerate(pairs)
    )
    return And(tuple(terms)), values


def _living(child: Child, where: Filter) -> Filter:
    return both(alive(child.resource), where)


def _forbid(unit: Unit, child: Child, where: Filter, values: tuple[object, ...]) -> None:
    if reading.counted(unit.context, grants.referring(child.resource, _living(child, where)), values):
        raise ApiError("conflict", "Other rows refer to this one")


def _let_go(unit: Unit, child: Child, where: Filter, values: tuple[object, ...]) -> None:
    names = tuple(here for here, _ in child.reference.columns)
    if any(not child.resource.column(name).nullable for name in names):
        _forbid(unit, child, where, values)
        return
    change = grants.following("update", child.resource, _living(child, where), columns=names)
    statements.count(unit, change, values, (None,) * len(names))


def _cascade(unit: Unit, child: Child, where: Filter, values: tuple[object, ...]) -> None:
    """The children go as their own resource deletes: marked, or removed after those that refer to them."""
    resource, soft = child.resource, child.resource.soft_delete is not None
    columns = needed(unit, resource, soft=soft)
    going = _rows(unit, resource, _living(child, where), columns=columns, values=values)
    if not going:
        return
    if soft:
        mark(unit, resource, _living(child, where), values)
        release(unit, resource, going, soft=True)
        return
    release(unit, resource, going, soft=False)
    statements.count(unit, grants.following("delete", resource, where), values)


def _rows(
    unit: Unit, resource: Resource, where: Filter, *, columns: tuple[str, ...], values: tuple[object, ...]
) -> list[Mapping[str, object]]:
    change = grants.following("lock", resource, where, returning=columns or tuple(resource.columns)[:1])
    return [dict(zip(change.query.returning, row, strict=True)) for row in statements.touch(unit, change, values)]


def mark(unit: Unit, resource: Resource, where: Filter, values: tuple[object, ...]) -> None:
    """Mark rows deleted."""
    name, value = generated.deleted(resource, unit.now)
    statements.count(unit, grants.following("update", resource, where, columns=(name,)), values, (value,))
