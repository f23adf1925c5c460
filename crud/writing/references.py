"""What else a deletion does: rows that refer to the deleted one go with it, let go of it, or forbid it.

In: the resource and the values of deleted rows. Out: changes to the rows that refer to them, as their references say:
for a soft deletion, which no foreign key of the database sees, and for references that the database does not enforce.
Whoever deletes, these are the same. Source: seed document of Baasix, `onDelete`; SQL's referential actions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from crud import reading
from crud.access import grants
from crud.access.always import alive
from crud.errors import ApiError
from crud.writing import generated, recording, statements
from crud.writing.unit import Unit, Values, canonical
from sql.catalog import Catalog, Reference, Resource
from sql.expressions import And, Compare, Filter, Path, Slot, both

CHUNK = 1000


@dataclass(frozen=True)
class Child:
    """Rows of `resource` that refer by `reference` to rows that go."""

    resource: Resource
    reference: Reference


Met = set[tuple[object, ...]]


def children(unit: Unit, resource: Resource, *, soft: bool) -> list[Child]:
    """Who must be asked when rows of a resource go: everybody for a soft deletion, else whom the database would not
    ask, or would not ask about those that refer to them."""
    catalog = unit.context.snapshot.catalog
    found = [Child(child, link) for child, link in catalog.children(resource)]
    return [child for child in found if soft or _ours(child) or _leads_on(catalog, child, set())]


def _ours(child: Child) -> bool:
    """Whether the database would not ask the child, or would not tell the audit."""
    told = child.resource.audit and child.reference.on_delete in ("CASCADE", "SET NULL")
    return not child.reference.enforced or bool(told)


def _leads_on(catalog: Catalog, child: Child, met: set[str]) -> bool:
    """Whether rows that the database removes are referred to by rows that it does not know of."""
    if child.reference.on_delete != "CASCADE" or child.resource.name in met:
        return False
    met.add(child.resource.name)
    below = [Child(resource, link) for resource, link in catalog.children(child.resource)]
    return any(_ours(each) or _leads_on(catalog, each, met) for each in below)


def comes_back(unit: Unit, resource: Resource) -> bool:
    """Whether the database's own cascades lead back to the same table: it may count what they remove, or not."""
    catalog = unit.context.snapshot.catalog
    met: dict[str, Resource] = {}
    wanted = [resource]
    while wanted:
        found = [
            child
            for child, link in catalog.children(wanted.pop())
            if link.enforced and link.on_delete == "CASCADE" and child.name not in met
        ]
        met |= {child.name: child for child in found}
        wanted += found
    return resource.home in met


def needed(unit: Unit, resource: Resource, *, soft: bool) -> tuple[str, ...]:
    """The columns of deleted rows that others refer to, after the key."""
    linked = (there for child in children(unit, resource, soft=soft) for _, there in child.reference.columns)
    return tuple(dict.fromkeys((*resource.key, *linked)))


def release(unit: Unit, resource: Resource, rows: Sequence[Values], *, soft: bool, going: Met | None = None) -> None:
    """Do to the rows that refer to these what their references say. Raises ApiError (conflict).

    `going`: rows that go already, so that rows which refer to each other are left once.
    """
    going = set() if going is None else going
    going.update(_named(resource, row) for row in rows)
    for child in children(unit, resource, soft=soft):
        for start in range(0, len(rows), CHUNK):
            _release(unit, child, resource, rows=rows[start : start + CHUNK], soft=soft, going=going)


def _named(resource: Resource, row: Values) -> tuple[object, ...]:
    return (resource.home, *(row[name] for name in resource.key or row))


def _release(unit: Unit, child: Child, parent: Resource, *, rows: Sequence[Values], soft: bool, going: Met) -> None:
    for where, values in _conditions(child, parent, rows):
        match child.reference.on_delete:
            case "CASCADE":
                _cascade(unit, child, where, values=values, soft=soft, going=going)
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
    held = recording.held(unit, child.resource, _living(child, where), values, names)
    change = grants.following("update", child.resource, _living(child, where), columns=names)
    statements.count(unit, change, values, (None,) * len(names))
    recording.updated(unit, child.resource, dict.fromkeys(names), held, held)


def _cascade(unit: Unit, child: Child, where: Filter, *, values: tuple[object, ...], soft: bool, going: Met) -> None:
    """The children go as their own resource deletes: marked, or removed after those that refer to them.

    Those of a removed row (not `soft`) whose reference is enforced cannot stay, marked or not.
    """
    resource = child.resource
    forced = not soft and child.reference.enforced
    marks = resource.soft_delete is not None and not forced
    found = _rows(
        unit,
        resource,
        where if forced else _living(child, where),
        columns=recording.needed(resource, needed(unit, resource, soft=marks), soft=marks),
        values=values,
    )
    rows = [row for row in found if _named(resource, row) not in going]
    if marks:
        mark(unit, resource, rows)
        release(unit, resource, rows, soft=True, going=going)
    else:
        release(unit, resource, rows, soft=False, going=going)
        remove(unit, resource, rows)
    recording.deleted(unit, resource, rows, mark=generated.deleted(resource, unit.now) if marks else None)


def _rows(
    unit: Unit, resource: Resource, where: Filter, *, columns: tuple[str, ...], values: tuple[object, ...]
) -> list[Mapping[str, object]]:
    change = grants.following("lock", resource, where, returning=columns or tuple(resource.columns)[:1])
    return [dict(zip(change.query.returning, row, strict=True)) for row in statements.touch(unit, change, values)]


def mark(unit: Unit, resource: Resource, rows: Sequence[Values]) -> None:
    """Mark rows deleted."""
    name, value = generated.deleted(resource, unit.now)
    for where, values in _these(resource, rows):
        statements.count(unit, grants.following("update", resource, where, columns=(name,)), values, (value,))


def remove(unit: Unit, resource: Resource, rows: Sequence[Values]) -> None:
    """Remove rows that are held."""
    for where, values in _these(resource, rows):
        statements.count(unit, grants.following("delete", resource, where), values)


def _these(resource: Resource, rows: Sequence[Values]) -> Iterator[tuple[Filter, tuple[object, ...]]]:
    """The conditions of exactly these rows: by key, without one by all that is known of them."""
    names = resource.key or tuple(rows[0] if rows else ())
    if len(names) == 1:
        slot = Slot(0, resource.column(names[0]).type, many=True)
        found = tuple(canonical(resource, names[0], row[names[0]]) for row in rows)
        for start in range(0, len(found), CHUNK):
            yield Compare(Path(names[0]), "in", (slot,)), (found[start : start + CHUNK],)
        return
    slots = [(name, Slot(index, resource.column(name).type)) for index, name in enumerate(names)]
    where = And(tuple(Compare(Path(name), "eq", (slot,)) for name, slot in slots))
    for row in rows:
        yield where, tuple(canonical(resource, name, row[name]) for name in names)
