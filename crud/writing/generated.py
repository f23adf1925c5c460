"""The values that nobody sends: defaults, stamps and keys that the service makes.

In: a row of canonical values, who writes it, and when. Out: the row with what belongs to its columns (never to a
dialect), so that a row is complete whichever way it came. Counters and defaults of the database are left to it.
"""

import copy
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import uuid4

from crud import naming
from crud.access.actor import Actor
from crud.schemas import is_status
from crud.suid import short_id
from sql import times
from sql.catalog import Column, Resource, SoftDelete
from sql.errors import BadValue
from sql.moments import as_type
from sql.types import Type
from sql.values import coerce

Row = Mapping[str, object]
PREFIXED_LETTERS = string.ascii_lowercase + string.digits
PREFIXED_LENGTH = 12


@dataclass(frozen=True)
class Making:
    """What a value may be made of."""

    resource: Resource
    column: Column
    actor: Actor
    now: datetime


def on_create(resource: Resource, row: Row, *, actor: Actor, now: datetime) -> dict[str, object]:
    """The row with all that it lacks and the service can make; what it has stays."""
    return _filled(resource, row, _creating, actor=actor, now=now)


def on_update(resource: Resource, row: Row, *, actor: Actor, now: datetime) -> dict[str, object]:
    """The changes with the stamps of a change."""
    return _filled(resource, row, _updating, actor=actor, now=now)


def now_as(type: Type, now: datetime) -> object:
    """Now, as a column of this type keeps times: to the millisecond, which is what we show."""
    return as_type(_milliseconds(now), type)


def deleted(resource: Resource, now: datetime) -> tuple[str, object]:
    """(column, value) of a row that is marked deleted."""
    mark, column = _mark(resource)
    value = now_as(column.type, now) if mark.deleted is None else coerce(column.type, mark.deleted)
    return column.name, value


def restored(resource: Resource) -> tuple[str, object]:
    """(column, value) of a row that is alive again."""
    mark, column = _mark(resource)
    return column.name, None if mark.active is None else coerce(column.type, mark.active)


def _mark(resource: Resource) -> tuple[SoftDelete, Column]:
    assert resource.soft_delete is not None
    return resource.soft_delete, resource.column(resource.soft_delete.column)


Maker = Callable[[Making], object]


def _filled(
    resource: Resource, row: Row, maker_of: Callable[[Resource, Column], Maker | None], *, actor: Actor, now: datetime
) -> dict[str, object]:
    made = dict(row)
    for name, column in resource.columns.items():
        maker = maker_of(resource, column)
        if maker is not None and name not in made and not column.generated:
            made[name] = maker(Making(resource, column, actor, now))
    return made


def _creating(resource: Resource, column: Column) -> Maker | None:
    """A new row is alive, where a status says so and nothing else gives it one."""
    if column.default is not None or column.auto is not None:
        return _AUTO.get(column.auto or "") or (_DEFAULTS.get(column.default.kind) if column.default else None)
    return _status if is_status(resource, column) else None


def _updating(resource: Resource, column: Column) -> Maker | None:
    return _AUTO[column.auto] if column.auto in ("updated_at", "updated_by") else None


def _milliseconds(now: datetime) -> datetime:
    moment = times.as_utc(now)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _literal(making: Making) -> object:
    assert making.column.default is not None
    return copy.deepcopy(making.column.default.value)


def _moment(making: Making) -> object:
    return now_as(making.column.type, making.now)


def _caller(making: Making) -> object:
    """The caller's id; nobody where it is not known, or cannot be in this column."""
    if making.actor.id is None:
        return None
    try:
        return coerce(making.column.type, making.actor.id)
    except BadValue:
        return None


def _status(making: Making) -> object:
    """The declared default, else what a row of this resource is while it is alive, else 1."""
    column, mark = making.column, making.resource.soft_delete
    if column.default is not None and column.default.kind == "literal":
        return _literal(making)
    alive = mark.active if mark is not None and mark.column == column.name else None
    return coerce(column.type, 1 if alive is None else alive)


def _uuid(making: Making) -> object:
    return str(uuid4())


def _suid(making: Making) -> object:
    return short_id(making.column.rules.get("max_length"))


def _prefixed(making: Making) -> object:
    resource = making.resource
    name = naming.singular(naming.underscored(resource.entity or resource.name))
    prefix = making.column.rules.get("prefix", name)
    return f"{prefix}_{''.join(secrets.choice(PREFIXED_LETTERS) for _ in range(PREFIXED_LENGTH))}"


_AUTO: Mapping[str, Maker] = MappingProxyType(
    {
        "created_at": _moment,
        "updated_at": _moment,
        "created_by": _caller,
        "updated_by": _caller,
        "status": _status,
        "uuid": _uuid,
        "prefixed": _prefixed,
    }
)
_DEFAULTS: Mapping[str, Maker] = MappingProxyType(
    {"literal": _literal, "now": _moment, "uuid": _uuid, "suid": _suid, "caller": _caller}
)
