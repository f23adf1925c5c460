"""Keys that are carried from one database into another.

In: a relation whose ends are in two databases. Out: how its columns are selected on this side (`shown`), and the
function that makes of such a key what the other database compares with its own columns (`carrier`): the value goes the
way of every value, out as JSON has it and in as the other column stores it. A key that the other column cannot hold
finds nothing.
"""

from collections.abc import Callable

from sql.backend import Backend, Decoder, Parameter, Shown
from sql.builder.kit import Kit, Scope
from sql.catalog import Column, Relation
from sql.compiled import Raw
from sql.errors import BadValue, Unsupported
from sql.fragment import Bindings
from sql.values import coerce, to_json

Carry = Callable[[object], object]


def shown(kit: Kit, scope: Scope, relation: Relation) -> list[Shown]:
    """This side's columns as they are selected. Raises Unsupported."""
    if relation.through is not None:
        raise Unsupported(f"{relation.name!r} leads into another database over a junction")
    columns = [scope.resource.column(name) for name in relation.near]
    return [kit.backend.shown(kit.backend.column(scope.alias, column)) for column in columns]


def carrier(kit: Kit, scope: Scope, relation: Relation, here: list[Shown]) -> Callable[[Raw], Raw | None]:
    """The function that carries keys to where the relation leads."""
    target, backend = kit.catalog.target(relation), kit.there(scope, relation).backend
    columns = [target.column(name) for _, name in relation.columns]
    parts = [_part(backend, column, each.decode) for column, each in zip(columns, here, strict=True)]

    def carry(key: Raw) -> Raw | None:
        try:
            return tuple(part(value) for part, value in zip(parts, key, strict=True))
        except BadValue:
            return None

    return carry


def _part(backend: Backend, column: Column, decode: Decoder | None) -> Carry:
    stored = backend.assign(column, Parameter(lambda bindings: bindings.row[0], column.type)).params[0]

    def carry(raw: object) -> object:
        value = coerce(column.type, to_json(decode(raw) if decode else raw))
        return stored(Bindings(row=(value,)))

    return carry
