"""Rows that go, and rows that come back: deletion, soft deletion, restoring.

In: a granted command. Out: `Written`. What refers to the rows follows (`crud.writing.references`).
"""

from crud.access import grants
from crud.access.grants import Granted
from crud.writing import generated, recording, references, statements
from crud.writing.rows import before
from crud.writing.showing import matches
from crud.writing.unit import Unit, Written, event
from crud.writing.updating import by_key, hold, hooked, missing
from sql.catalog import Resource
from sql.commands import Delete, Restore
from sql.values import to_json

Row = dict[str, object]


def delete(unit: Unit, granted: Granted) -> Written:
    """Remove the rows of the command, or mark them where their resource deletes softly."""
    command, resource = granted.command, granted.resource
    assert isinstance(command, Delete)
    soft = resource.soft_delete is not None
    if command.if_match or hooked(unit, resource, "delete"):
        _ask(unit, granted, command)
    alone = not references.children(unit, resource, soft=False) and not references.comes_back(unit, resource)
    if alone and not (soft or command.keyed or resource.audit or hooked(unit, resource, "delete")):
        return Written(command, statements.count(unit, grants.removal(granted), command.values))
    return _known(unit, granted, command, soft=soft)


def _ask(unit: Unit, granted: Granted, command: Delete) -> None:
    """Entity tags and before-hooks, of each row."""
    for key in hold(unit, granted).keys:
        matches(unit, granted.resource, command.shown, key=key, tags=command.if_match)
        before(unit, "delete", granted.resource, row={}, key=key)


def _known(unit: Unit, granted: Granted, command: Delete, *, soft: bool) -> Written:
    """Delete rows whose keys must be known: for the answer, for hooks, for those that refer to them."""
    resource = granted.resource
    columns = references.needed(unit, resource, soft=soft) or tuple(resource.columns)[:1]
    columns = recording.needed(resource, columns, soft=soft)
    mark = generated.deleted(resource, unit.now) if soft else None
    if mark:
        gone = _rows(columns, statements.touch(unit, grants.finding(granted, columns), command.values))
        _mark(unit, granted, command, mark)
        references.release(unit, resource, gone, soft=True)
    else:
        gone = _removed(unit, granted, command, columns=columns)
    recording.deleted(unit, resource, gone, mark=mark)
    keys = [{name: to_json(row[name]) for name in resource.key} for row in gone]
    if command.keyed and not keys:
        raise missing(granted, "delete")
    unit.events += [event(unit, "delete", resource, row={}, key=key) for key in keys]
    return Written(command, len(keys), tuple(keys))


def _removed(unit: Unit, granted: Granted, command: Delete, *, columns: tuple[str, ...]) -> list[Row]:
    """Those that refer to the rows go first: their references may be enforced further down."""
    if references.children(unit, granted.resource, soft=False) or references.comes_back(unit, granted.resource):
        going = _rows(columns, statements.touch(unit, grants.finding(granted, columns), command.values))
        references.release(unit, granted.resource, going, soft=False)
        references.remove(unit, granted.resource, going)
        return going
    return _rows(columns, statements.touch(unit, grants.removal(granted, returning=columns), command.values))


def _rows(columns: tuple[str, ...], found: list[tuple[object, ...]]) -> list[Row]:
    return [dict(zip(columns, row, strict=True)) for row in found]


def _mark(unit: Unit, granted: Granted, command: Delete, mark: tuple[str, object]) -> None:
    name, value = mark
    statements.count(unit, grants.alteration(granted, (name,)), command.values, (value,))


def restore(unit: Unit, granted: Granted) -> Written:
    """The soft-deleted row of a key is alive again."""
    command, resource = granted.command, granted.resource
    assert isinstance(command, Restore)
    key = _one(unit, granted, resource)
    name, value = generated.restored(resource)
    before(unit, "update", resource, row={name: value}, key=key)
    narrowed, values = by_key(resource, key, command.values)
    old = recording.before(unit, granted, (name,), values, narrowed=narrowed)
    statements.count(unit, grants.alteration(granted, (name,), narrowed=narrowed), values, (value,))
    recording.restored(unit, resource, key, (name, value), old)
    unit.events.append(event(unit, "update", resource, row={name: value}, key=key))
    return Written(command, 1, (key,))


def _one(unit: Unit, granted: Granted, resource: Resource) -> Row:
    found = hold(unit, granted).keys if resource.soft_delete is not None else []
    if not found:
        raise missing(granted, "restore")
    return found[0]
