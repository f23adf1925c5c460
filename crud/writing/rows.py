"""From what a caller sent to what is stored: defaults of rules, the tenant, before-hooks, validation, generated values.

In: a granted command's row. Out: canonical values under exact column names, or the mistakes that are in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crud.access.grants import Granted
from crud.errors import Mistake
from crud.schemas import load
from crud.writing import generated, own
from crud.writing.unit import Unit, Values, canonical, event
from sql.catalog import Resource
from sql.expressions import ActorValue, Const, Now, Value
from sql.moments import moved


@dataclass(frozen=True)
class Place:
    """Where a row stood in the request: its path in the body, its number in a list."""

    at: str = ""
    number: int | None = None


def candidate(unit: Unit, granted: Granted, row: Values, place: Place) -> tuple[dict[str, object], list[Mistake]]:
    """A new row, checked and completed."""
    resource = granted.resource
    given = {**_defaults(unit, granted, row), **row, **_tenant(unit, resource)}
    hooked = before(unit, "create", resource, row=given, key=None)
    values, mistakes = checked(unit, resource, hooked, place=place, partial=False)
    if not mistakes:
        mistakes = _lacks_tenant(unit, resource, values, place)
    made = generated.on_create(resource, values, actor=unit.context.actor, now=unit.now)
    return made, mistakes


def changed(
    unit: Unit, granted: Granted, changes: Values, place: Place, *, key: Values | None
) -> tuple[dict[str, object], list[Mistake]]:
    """Changes to a row, checked and completed."""
    resource = granted.resource
    hooked = before(unit, "update", resource, row=changes, key=key)
    values, mistakes = checked(unit, resource, hooked, place=place, partial=True)
    return generated.on_update(resource, values, actor=unit.context.actor, now=unit.now), mistakes


def checked(
    unit: Unit, resource: Resource, row: Values, *, place: Place, partial: bool
) -> tuple[dict[str, object], list[Mistake]]:
    """The canonical values of a row, and all that is wrong with it."""
    schema = unit.context.snapshot.schemas[resource.name]
    values, mistakes = load(schema, row, partial=partial, at=place.at, row_number=place.number)
    return values, mistakes + own.mistakes(unit, resource, values, at=place.at, number=place.number)


def before(unit: Unit, action: str, resource: Resource, *, row: Values, key: Values | None) -> Mapping[str, object]:
    """What the before-hooks make of a row."""
    hooks = unit.context.snapshot.hooks
    if not hooks.any(resource.name, f"before_{action}"):
        return row
    return hooks.before(event(unit, action, resource, row=row, key=key))


def _tenant(unit: Unit, resource: Resource) -> dict[str, object]:
    """A caller of a tenant writes for it, whatever was sent."""
    tenant = unit.context.actor.tenant
    return {resource.tenant: tenant} if resource.tenant and tenant is not None else {}


def _lacks_tenant(unit: Unit, resource: Resource, values: Values, place: Place) -> list[Mistake]:
    """Who belongs to no tenant says for which one a row is."""
    if resource.tenant is None or unit.context.actor.tenant is not None or values.get(resource.tenant) is not None:
        return []
    return [Mistake(resource.tenant, "is required", "required", row=place.number, at=place.at)]


def _defaults(unit: Unit, granted: Granted, row: Values) -> dict[str, object]:
    resource = granted.resource
    absent = [(name, value) for name, value in granted.create.defaults if name not in row]
    return {name: _valued(unit, resource, name, value) for name, value in absent}


def _valued(unit: Unit, resource: Resource, name: str, value: Value) -> object:
    match value:
        case Const(value=constant):
            return constant
        case ActorValue(name=held):
            return canonical(resource, name, unit.context.actor.values.get(held))
        case Now(amount=amount, unit=units):
            return generated.now_as(resource.column(name).type, moved(unit.now, amount, units))
        case _:
            return None
