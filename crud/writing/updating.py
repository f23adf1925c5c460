"""Changes to rows that exist: by a key or a condition, with entity tags, hooks and the check of what was written.

In: a granted command and, where no hook must see each row, its completed changes. Out: `Written`.
Rows are held first wherever something must be known of each: a tag, a hook, the first of several.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crud.access import grants
from crud.access.grants import Granted, keys_in
from crud.errors import ApiError, invalid
from crud.writing import own, recording, statements, tenancy
from crud.writing.inserting import check
from crud.writing.rows import Place, changed
from crud.writing.showing import matches
from crud.writing.unit import Unit, Values, Written, canonical, event, keyed
from sql.catalog import Resource
from sql.commands import Update, UpdateFirst
from sql.expressions import TRUE, Filter, Slot
from sql.values import to_json

Row = dict[str, object]


@dataclass(frozen=True)
class Rows:
    """Rows that are held: their keys, and the values of the condition that found them."""

    keys: list[Row]
    values: tuple[object, ...]


def hooked(unit: Unit, resource: Resource, action: str) -> bool:
    """Whether some hook must be told of each row."""
    hooks = unit.context.snapshot.hooks
    return hooks.any(resource.name, f"before_{action}") or hooks.any(resource.name, f"after_{action}")


def update(unit: Unit, granted: Granted, changes: Row | None) -> Written:
    """Change the rows of the command. `changes` are None where hooks make them for each row."""
    command = granted.command
    assert isinstance(command, Update)
    alone = not changes or recording.renames(granted.resource, changes)
    if command.if_match or alone or changes is None or hooked(unit, granted.resource, "update"):
        return _each(unit, granted, changes, held=hold(unit, granted))
    return _at_once(unit, granted, changes)


def update_first(unit: Unit, granted: Granted, changes: Row | None) -> Written:
    """Change the first row that the command finds, if there is one."""
    return _each(unit, granted, changes, held=hold(unit, granted, limit=1))


def hold(unit: Unit, granted: Granted, *, limit: int | None = None) -> Rows:
    """The keys of the rows that the command finds, kept from others until the transaction ends."""
    resource, values = granted.resource, getattr(granted.command, "values", ())
    needs_key(resource)
    found = statements.touch(unit, grants.finding(granted, resource.key, limit=limit), values)
    return Rows([keyed(resource, raw) for raw in found], values)


def needs_key(resource: Resource) -> None:
    """Refuse what finds one of many rows in a table whose rows cannot be told apart."""
    if not resource.key:
        raise ApiError("invalid", "A table without a key can only be changed as a whole")


def missing(granted: Granted, action: str) -> ApiError:
    """The refusal of a key that the caller cannot reach."""
    return ApiError("missing_row", "Not found", details={"action": action, "resource": granted.resource.name})


def _at_once(unit: Unit, granted: Granted, changes: Row) -> Written:
    """One statement. Keys come back where somebody needs them."""
    command, resource = granted.command, granted.resource
    assert isinstance(command, Update)
    tenancy.check(unit, resource, [changes])
    stored = own.stored(resource, changes)
    must = grants.checked(granted, granted.update, changes)
    later = tenancy.checks_later(unit, resource, list(changes))
    wanted = command.keyed or command.shown is not None or must != TRUE or resource.system or resource.audit or later
    change = grants.alteration(granted, tuple(stored), returning=resource.key if wanted else ())
    if not wanted or not resource.key:
        count = statements.count(unit, change, command.values, tuple(stored.values()))
        check(unit, granted, "update", columns=set(changes), keys=())
        return Written(command, count)
    old = recording.before(unit, granted, stored, command.values)
    keys = [keyed(resource, raw) for raw in statements.touch(unit, change, command.values, tuple(stored.values()))]
    recording.updated(unit, resource, changes, keys, old)
    return _done(unit, granted, changes, keys=_in_order(keys))


def _in_order(keys: list[Row]) -> list[Row]:
    """By key, as every list is: a database returns rows in the order in which it happens to find them."""
    try:
        return sorted(keys, key=lambda key: list(key.values()))
    except TypeError:
        return keys


def _done(unit: Unit, granted: Granted, changes: Row, *, keys: list[Row]) -> Written:
    command, resource = granted.command, granted.resource
    if isinstance(command, Update) and command.keyed and not keys:
        raise missing(granted, "update")
    check(unit, granted, "update", columns=set(changes), keys=keys)
    tenancy.check_later(unit, granted, list(changes), keys)
    for key in keys:
        own.settle(unit, resource, changes, key=key)
    return Written(command, len(keys), tuple(keys), values={**changes, **(keys[0] if keys else {})})


def _each(unit: Unit, granted: Granted, changes: Row | None, *, held: Rows) -> Written:
    command, resource = granted.command, granted.resource
    if isinstance(command, Update) and command.keyed and not held.keys:
        raise missing(granted, "update")
    named: Row = {}
    keys: list[Row] = []
    for key in held.keys:
        if isinstance(command, Update):
            matches(unit, resource, command.shown, key=key, tags=command.if_match)
        made = _one(unit, granted, changes, key=key)
        keys.append({name: to_json(made.get(name, value)) for name, value in key.items()})
        named |= made
    return _done(unit, granted, named, keys=keys)


def _one(unit: Unit, granted: Granted, changes: Row | None, *, key: Values) -> Row:
    """Change one row that is held."""
    resource = granted.resource
    made = changes if changes is not None else completed(unit, granted, key=key)
    tenancy.check(unit, resource, [made])
    stored = own.stored(resource, made)
    narrowed, full = by_key(resource, key, getattr(granted.command, "values", ()))
    old = recording.before(unit, granted, stored, full, narrowed=narrowed)
    if stored:
        change = grants.alteration(granted, tuple(stored), narrowed=narrowed)
        statements.count(unit, change, full, tuple(stored.values()))
    recording.updated(unit, resource, made, [key], old)
    unit.events.append(event(unit, "update", resource, row=made, key=key))
    return made


def completed(unit: Unit, granted: Granted, *, key: Values) -> Row:
    """The changes to one row, once its hooks have seen them. Raises ApiError (invalid)."""
    command = granted.command
    assert isinstance(command, Update | UpdateFirst)
    made, mistakes = changed(unit, granted, command.changes, Place(command.at), key=key)
    if mistakes:
        raise invalid(granted.resource.name, mistakes)
    return made


def by_key(
    resource: Resource, key: Mapping[str, object], values: tuple[object, ...]
) -> tuple[Filter, tuple[object, ...]]:
    """The condition of a key beside one that has values already."""
    slots = tuple(Slot(len(values) + i, resource.column(name).type) for i, name in enumerate(resource.key))
    return keys_in(resource, slots), values + tuple(canonical(resource, name, key[name]) for name in resource.key)
