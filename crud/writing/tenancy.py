"""Rows of a tenant refer to rows of the same tenant: one of another tenant is answered as a missing one.

In: rows that are about to be stored, or keys of rows that were changed. Out: nothing, or the refusal of a foreign key.
Asked before the statement wherever the tenant is known by then, so that a reference to another tenant's row and one to
no row at all end at the same point. Only resources with a tenant column are asked about.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from crud import reading
from crud.access import grants
from crud.access.grants import Granted, keys_in
from crud.writing import statements
from crud.writing.conflicts import dangling
from crud.writing.unit import Unit, Values, canonical
from sql.catalog import Reference, Resource
from sql.expressions import And, Compare, Filter, Path, Slot

Key = tuple[object, ...]
CHUNK = 500


def check(unit: Unit, resource: Resource, rows: Sequence[Values]) -> None:
    """Refuse rows that refer to those of another tenant than their own. Raises ApiError (conflict)."""
    for link, target in _links(unit, resource):
        made = {_named(row, [there for _, there in link.columns]) for row in rows} if target is resource else set()
        for tenant, keys in _wanted(unit, resource, link, rows):
            _found(unit, link, target, tenant=tenant, keys=[key for key in keys if key not in made])


def checks_later(unit: Unit, resource: Resource, columns: Sequence[str]) -> bool:
    """Whether only the stored rows tell what a change to these columns amounts to."""
    moved = resource.tenant is not None and resource.tenant in columns
    return moved or any(_unknown(unit, resource, link, columns) for link, _ in _links(unit, resource))


def check_later(unit: Unit, granted: Granted, columns: Sequence[str], keys: Sequence[Values]) -> None:
    """Refuse changed rows that refer to, or are referred to by, rows of another tenant. Raises ApiError (conflict)."""
    resource = granted.resource
    if not checks_later(unit, resource, columns):
        return
    for key in keys:
        row = _stored(unit, resource, key)
        check(unit, resource, [row])
        if resource.tenant in columns:
            _release(unit, resource, row)


# ---------------------------------------------------------------- what rows refer to


def _links(unit: Unit, resource: Resource) -> Iterator[tuple[Reference, Resource]]:
    """The references that lead to tenants' rows."""
    for link in resource.references:
        target = unit.context.snapshot.catalog.resource(link.target)
        if target.tenant is not None:
            yield link, target


def _wanted(
    unit: Unit, resource: Resource, link: Reference, rows: Sequence[Values]
) -> Iterator[tuple[object, list[Key]]]:
    """tenant → the keys that its rows refer to."""
    found: dict[object, dict[Key, None]] = {}
    names = [here for here, _ in link.columns]
    for row in rows:
        if any(name in row for name in names) and not _unknown(unit, resource, link, list(row)):
            whole = {**row, **({resource.tenant: _tenant(unit, resource, row)} if resource.tenant else {})}
            found.setdefault(_tenant(unit, resource, row), {})[_named(whole, names)] = None
    for tenant, keys in found.items():
        yield tenant, [key for key in keys if None not in key]


def _unknown(unit: Unit, resource: Resource, link: Reference, columns: Sequence[str]) -> bool:
    """Whether these columns do not tell all of a reference that they are part of: the whole key and the tenant."""
    actor = unit.context.actor
    names = {here for here, _ in link.columns} - {resource.tenant}
    named = names & set(columns)
    partly = bool(named) and named != names
    return partly or bool(named and resource.tenant and actor.tenant is None and resource.tenant not in columns)


def _tenant(unit: Unit, resource: Resource, row: Values) -> object:
    """Whose a row is: its own tenant's, else its writer's."""
    own = row.get(resource.tenant) if resource.tenant else None
    return unit.context.actor.tenant if own is None else own


def _named(row: Values, names: Sequence[str]) -> Key:
    return tuple(row.get(name) for name in names)


def _found(unit: Unit, link: Reference, target: Resource, *, tenant: object, keys: list[Key]) -> None:
    if tenant is None and unit.context.actor.admin:
        return
    names = [there for _, there in link.columns]
    single = tuple(names) in (target.key, *target.uniques) and len(names) == 1
    size = CHUNK if single else 1
    for start in range(0, len(keys), size):
        _count(unit, target, names, tenant=tenant, keys=keys[start : start + size], many=single)


def _count(unit: Unit, target: Resource, names: list[str], *, tenant: object, keys: list[Key], many: bool) -> None:
    """One condition for all keys where a column tells rows apart; else one for each."""
    assert target.tenant is not None
    whose = canonical(target, target.tenant, tenant)
    wanted = [tuple(canonical(target, name, part) for name, part in zip(names, key, strict=True)) for key in keys]
    distinct = tuple(dict.fromkeys(key[0] for key in wanted))
    slots = [Slot(i, target.column(name).type, many=many) for i, name in enumerate((*names, target.tenant))]
    terms = (Compare(Path(name), "in" if many else "eq", (slot,)) for name, slot in zip(names, slots, strict=False))
    own = Compare(Path(target.tenant), "eq", (replace(slots[-1], many=False),))
    values = (distinct, whose) if many else (*wanted[0], whose)
    found = reading.counted(unit.context, grants.referring(target, And((*terms, own))), values)
    if found < (len(distinct) if many else 1):
        raise dangling()


# ---------------------------------------------------------------- stored rows


def _stored(unit: Unit, resource: Resource, key: Values) -> Mapping[str, object]:
    slots = tuple(Slot(i, resource.column(name).type) for i, name in enumerate(resource.key))
    values = tuple(canonical(resource, name, key[name]) for name in resource.key)
    change = grants.following("lock", resource, keys_in(resource, slots), returning=tuple(resource.columns))
    return dict(zip(resource.columns, statements.touch(unit, change, values)[0], strict=True))


def _release(unit: Unit, resource: Resource, row: Values) -> None:
    """A row that goes to another tenant is referred to by no row of the old one."""
    for child, link in unit.context.snapshot.catalog.children(resource):
        key = _named(row, [there for _, there in link.columns])
        if child.tenant is not None and None not in key:
            where, values = _of_others(unit, resource, row, child, link)
            if reading.counted(unit.context, grants.referring(child, where), values):
                raise dangling()


def _of_others(
    unit: Unit, resource: Resource, row: Values, child: Resource, link: Reference
) -> tuple[Filter, tuple[object, ...]]:
    """The rows that refer to a row and belong to another tenant."""
    assert child.tenant is not None
    whose = (child.tenant, _tenant(unit, resource, row))
    pairs = [(here, row[there]) for here, there in link.columns] + [whose]
    slots = [Slot(i, child.column(name).type) for i, (name, _) in enumerate(pairs)]
    operators = ["eq"] * len(link.columns) + ["ne"]
    terms = tuple(
        Compare(Path(name), operator, (slot,))
        for (name, _), operator, slot in zip(pairs, operators, slots, strict=True)
    )
    return And(terms), tuple(canonical(child, name, value) for name, value in pairs)
