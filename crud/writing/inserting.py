"""New rows: stored, checked against their writer's own rule, read back.

In: a granted command and its completed rows. Out: `Written`. A value may refer to a row that an earlier command of the
same request has made.
"""

from collections.abc import Sequence
from itertools import groupby

from crud import reading
from crud.access import grants
from crud.access.grants import Granted
from crud.errors import ApiError
from crud.writing import own, recording, statements, tenancy
from crud.writing.unit import Unit, Values, Written, canonical, event, keyed
from sql.catalog import Resource
from sql.commands import Ref
from sql.expressions import TRUE, Slot

Row = dict[str, object]
CHUNK = 500


def insert(unit: Unit, granted: Granted, rows: Sequence[dict[str, object]]) -> Written:
    """Store new rows."""
    keys = put(unit, granted, rows)
    for row, key in zip(rows, keys, strict=False):
        own.settle(unit, granted.resource, row, key=key)
    recording.created(unit, granted.resource, rows, keys)
    told: Sequence[Row | None] = keys or [None] * len(rows)
    unit.events += [
        event(unit, "create", granted.resource, row=row, key=key) for row, key in zip(rows, told, strict=True)
    ]
    first = {**rows[0], **keys[0]} if rows and keys else {}
    return Written(granted.command, len(rows), tuple(keys), created=True, values=first)


def put(unit: Unit, granted: Granted, rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Store rows, those with the same columns together; their keys, in order."""
    resource = granted.resource
    keys: list[dict[str, object]] = []
    tenancy.check(unit, resource, rows)
    for columns, alike in groupby((own.stored(resource, row) for row in rows), key=tuple):
        change = grants.insertion(granted, columns)
        written = statements.put_many(unit, change, [tuple(row.values()) for row in alike])
        keys += [keyed(resource, raw) for raw in written]
    named = {name for row in rows for name in row}
    statements.advance(unit, resource, named)
    check(unit, granted, "create", columns=named, keys=keys)
    return keys


def resolved(row: Values, made: Sequence[Written]) -> Row:
    """The row with the values of others that it refers to. `made`: what the earlier commands of the request did."""
    return {
        name: made[value.command].values[value.column] if isinstance(value, Ref) else value
        for name, value in row.items()
    }


def check(unit: Unit, granted: Granted, action: str, *, columns: set[str], keys: Sequence[Values]) -> None:
    """The written rows must be ones that their writer may write. Raises ApiError (forbidden): all is undone."""
    resource = granted.resource
    access = granted.create if action == "create" else granted.update
    must = grants.checked(granted, access, columns)
    if must == TRUE:
        return
    wanted = grants.written(granted, must, _slots(resource))
    for values in _key_values(resource, keys):
        asked = len(values[0]) if isinstance(values[0], tuple) else 1
        if reading.counted(unit.context, wanted, values) < asked:
            raise refused(action, resource)
    if not resource.key:
        raise refused(action, resource)


def refused(action: str, resource: Resource) -> ApiError:
    """The refusal of a row that its writer may not have."""
    details = {"action": action, "resource": resource.name}
    return ApiError("forbidden", "The row would not be one that you may write", details=details)


def _slots(resource: Resource) -> tuple[Slot, ...]:
    many = len(resource.key) == 1
    return tuple(Slot(i, resource.column(name).type, many=many) for i, name in enumerate(resource.key))


def _key_values(resource: Resource, keys: Sequence[Values]) -> list[tuple[object, ...]]:
    """The keys as parameters: many at once where the key is one column."""
    rows = [tuple(canonical(resource, name, key[name]) for name in resource.key) for key in keys]
    if len(resource.key) != 1:
        return rows
    distinct = list(dict.fromkeys(row[0] for row in rows))
    return [(tuple(distinct[start : start + CHUNK]),) for start in range(0, len(distinct), CHUNK)]
