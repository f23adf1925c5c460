"""Values of a query as binders: where a parameter comes from at execution.

In: `Slot`, `Const`, `ActorValue`, `Now`. Out: `Parameter`, whose binder gives the canonical Python value.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from sql.backend import Parameter
from sql.errors import BadValue
from sql.expressions import ActorValue, Const, Now, Slot, Value
from sql.fragment import Binder, Bindings
from sql.types import Type
from sql.values import coerce

MONTHS = {"years": 12, "months": 1}


def parameter(value: Value) -> Parameter:
    """The value as a parameter."""
    match value:
        case Slot(index=index, type=type, many=many):
            return Parameter(lambda bindings: bindings.values[index], type, many)
        case Const(value=constant, type=type, many=many):
            return Parameter(lambda bindings: constant, type, many)
        case ActorValue(name=name, type=type):
            return Parameter(_actor(name, type), type)
        case Now(type=type, amount=amount, unit=unit):
            return Parameter(lambda bindings: _of_type(moved(bindings.now, amount, unit), type), type)


def _actor(name: str, type: Type) -> Binder:
    """What the caller has under this name, one or several; NULL where it cannot be a value of the type."""

    def get(bindings: Bindings) -> object:
        held = bindings.actor.get(name)
        if isinstance(held, list | tuple | set | frozenset):
            return tuple(one for one in (_coerced(type, item) for item in held) if one is not None)
        return _coerced(type, held)

    return get


def _coerced(type: Type, raw: object) -> object:
    if raw is None:
        return None
    try:
        return coerce(type, raw)
    except BadValue:
        return None


def moved(now: datetime, amount: int, unit: str) -> datetime:
    """The time, later by `amount` units; months and years keep the day where the month has it."""
    try:
        if unit in MONTHS:
            return _months(now, amount * MONTHS[unit])
        return now + timedelta(**{unit: amount})
    except OverflowError:
        raise BadValue(f"{amount} {unit}", "a time between the years 1 and 9999") from None


def _months(now: datetime, amount: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 + amount, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _of_type(now: datetime, type: Type) -> object:
    utc = now.astimezone(UTC) if now.tzinfo else now.replace(tzinfo=UTC)
    match type.name:
        case "date":
            return utc.date()
        case "time":
            return utc.time()
        case "datetime_local":
            return utc.replace(tzinfo=None)
        case "epoch_ms" | "integer" | "bigint":
            return (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return utc
