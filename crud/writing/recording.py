"""What the audit is told of a transaction: which rows were made, changed and removed, by their keys.

In: rows and keys as the statements of a write have them. Out: entries that wait in the unit, and are written by `flush`
in the same transaction, before anything of it is answered. A resource without an audit passes through untouched.
"""

from collections.abc import Iterable, Sequence

from crud import audit
from crud.access import grants
from crud.access.grants import Granted
from crud.audit import Action, Author, Entry
from crud.system import ACCOUNTS, ROLE_COLUMN, called
from crud.writing import statements
from crud.writing.unit import Unit, Values
from sql.catalog import Resource
from sql.expressions import TRUE, Filter
from sql.values import to_json

Row = dict[str, object]
MOST = 500


def flush(unit: Unit) -> None:
    """Write what waits."""
    if not unit.entries:
        return
    actor = unit.context.actor
    author = Author(actor.id, actor.tenant, unit.context.request_id, unit.now)
    audit.keep(unit.database, unit.session, unit.entries, author)
    unit.entries.clear()


def created(unit: Unit, resource: Resource, rows: Sequence[Values], keys: Sequence[Values]) -> None:
    """New rows. What they hold is as it was stored, not what the database made of absent columns."""
    for row, key in zip(rows, keys, strict=True) if resource.audit else ():
        _note(unit, "create", resource, key=key, columns=row, new=row)


def updated(unit: Unit, resource: Resource, changes: Values, keys: Iterable[Values], old: Sequence[Values]) -> None:
    """Rows with other values. `keys` are those before the change, `old` what `before` has read."""
    if not resource.audit or not changes:
        return
    known = {_named(resource, row): row for row in old}
    for key in keys:
        row = known.get(_named(resource, key), {})
        was = {name: row[name] for name in changes if name in row}
        _note(unit, "update", resource, key=key, columns=changes, old=was, new=changes)


def deleted(unit: Unit, resource: Resource, rows: Iterable[Values], *, mark: tuple[str, object] | None) -> None:
    """Rows that went, as they were. `mark`: what a soft deletion wrote into them."""
    for row in rows if resource.audit else ():
        if mark is None:
            _note(unit, "delete", resource, key=row, columns=(), old=row)
        else:
            name, value = mark
            _note(unit, "delete", resource, key=row, columns=(name,), old={name: row.get(name)}, new={name: value})


def restored(unit: Unit, resource: Resource, key: Values, mark: tuple[str, object], old: Sequence[Values]) -> None:
    """A soft-deleted row is alive again."""
    if resource.audit:
        name, value = mark
        was = {name: old[0][name]} if old else {}
        _note(unit, "restore", resource, key=key, columns=(name,), old=was, new={name: value})


def _note(
    unit: Unit,
    action: Action,
    resource: Resource,
    *,
    key: Values,
    columns: Iterable[str],
    old: Values | None = None,
    new: Values | None = None,
) -> None:
    kept = resource.audit == "values"
    moved = {name: to_json(new[name]) for name in resource.key if new and name in new and action == "update"}
    entry = Entry(
        action,
        resource.shares or called(resource),
        {name: to_json(key[name]) for name in resource.key},
        tuple(columns),
        _showable(resource, old) if kept and old else None,
        _showable(resource, new) if kept and new else moved or None,
    )
    unit.entries.append(entry)
    if len(unit.entries) >= MOST:
        flush(unit)


def _showable(resource: Resource, values: Values) -> Row:
    """The values without those that are never shown."""
    return {name: to_json(value) for name, value in values.items() if not resource.column(name).write_only}


def _named(resource: Resource, row: Values) -> tuple[object, ...]:
    return tuple(row[name] for name in resource.key)


# ---------------------------------------------------------------- what must be known before


def renames(resource: Resource, changes: Values) -> bool:
    """Whether changes give a row of an audited resource another key: it is then changed on its own."""
    return bool(resource.audit) and any(name in changes for name in resource.key)


def before(
    unit: Unit, granted: Granted, columns: Iterable[str], values: tuple[object, ...], *, narrowed: Filter = TRUE
) -> list[Row]:
    """The values that a change is about to replace, where they are kept."""
    resource = granted.resource
    names = tuple(dict.fromkeys((*resource.key, *_readable(resource, columns))))
    if resource.audit != "values":
        return []
    return _rows(names, statements.touch(unit, grants.finding(granted, names, narrowed=narrowed), values))


def held(
    unit: Unit, resource: Resource, where: Filter, values: tuple[object, ...], columns: Iterable[str]
) -> list[Row]:
    """The rows that are about to let go of what they refer to."""
    names = tuple(dict.fromkeys((*resource.key, *columns)))
    if not resource.audit:
        return []
    return _rows(names, statements.touch(unit, grants.following("lock", resource, where, returning=names), values))


def needed(resource: Resource, columns: tuple[str, ...], *, soft: bool) -> tuple[str, ...]:
    """The columns that must be known of rows that go, beside those that are needed anyway."""
    if resource.audit != "values":
        return columns
    mark = resource.soft_delete
    kept = (mark.column,) if soft and mark is not None else _readable(resource, resource.columns)
    return tuple(dict.fromkeys((*columns, *kept)))


def _readable(resource: Resource, columns: Iterable[str]) -> list[str]:
    """The columns of the table whose values may be kept: the role of an account is in no table."""
    found = (resource.column(name) for name in columns)
    return [
        column.name
        for column in found
        if not column.write_only and not (resource.name == ACCOUNTS and column.name == ROLE_COLUMN.name)
    ]


def _rows(names: tuple[str, ...], found: Iterable[tuple[object, ...]]) -> list[Row]:
    return [{name: to_json(value) for name, value in zip(names, raw, strict=True)} for raw in found]
