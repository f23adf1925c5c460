"""Values of a query as binders: where a parameter comes from at execution.

In: `Slot`, `Const`, `ActorValue`, `Now`. Out: `Parameter`, whose binder gives the canonical Python value.
"""

from sql.backend import Parameter
from sql.errors import BadValue
from sql.expressions import ActorValue, Const, Now, Slot, Value
from sql.fragment import Binder, Bindings
from sql.moments import as_type, moved
from sql.types import Type
from sql.values import coerce


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
            return Parameter(lambda bindings: as_type(moved(bindings.now, amount, unit), type), type)


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
