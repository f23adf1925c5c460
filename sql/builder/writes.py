"""Writes: one authorised change as one statement.

In: `Authorized[Change]` and the catalog. Out: `CompiledChange`, the statement and what its rows mean. The values of
columns come from `Bindings.row`, in the order of the columns and row after row. An UPDATE or DELETE prints its whole
condition, always. Where a view answers the reads of a resource, the condition is asked through it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sql.backend import Backend, Decoder, Parameter, Shown
from sql.builder import filters, orders
from sql.builder.kit import Kit, Scope
from sql.catalog import Catalog, Column, Resource
from sql.commands import Change
from sql.compiled import CompiledChange, Raw, statement
from sql.errors import BadValue, Unsupported
from sql.expressions import Filter, Path
from sql.fragment import Binder, Bindings, Fragment, ident, join, sql
from sql.query import Authorized, Sort
from sql.types import Type

MAX_PARAMETERS = 30_000


def compile_change(authorized: Authorized[Change], catalog: Catalog, backend: Backend) -> CompiledChange:
    """The statement of a change. Its text depends on the change's shape alone."""
    change, kit = authorized.query, Kit(catalog, backend, 0)
    resource = catalog.resource(change.resource)
    match change.kind:
        case "insert":
            return _compiled(_insert(kit, resource, change), _returning(kit, resource, change.returning))
        case "update":
            return _compiled(_update(kit, resource, change), _returning(kit, resource, change.returning))
        case "delete":
            return _compiled(_delete(kit, resource, change), _returning(kit, resource, change.returning))
        case "lock":
            return _lock(kit, resource, change)


def rows_per_statement(columns: int) -> int:
    """How many rows of so many columns one INSERT may have: a statement has only so many parameters."""
    return max(1, MAX_PARAMETERS // max(1, columns))


def _compiled(text: Fragment, shown: list[Shown]) -> CompiledChange:
    """The statement with RETURNING, where something is to come back."""
    whole = sql("{} RETURNING {}", text, join(", ", [one.sql for one in shown])) if shown else text
    return CompiledChange(statement(whole), _decoding(shown))


def _returning(kit: Kit, resource: Resource, names: tuple[str, ...], alias: str = "") -> list[Shown]:
    """Columns as a read would show them; RETURNING knows no alias that both databases would take."""
    return [kit.backend.shown(kit.backend.column(alias, resource.column(name))) for name in names]


@dataclass(frozen=True)
class _Decoding:
    """Rows of a statement as tuples of JSON-ready values."""

    decoders: tuple[Decoder | None, ...]

    def __call__(self, rows: Sequence[Raw]) -> list[tuple[object, ...]]:
        return [self._row(row) for row in rows]

    def _row(self, row: Raw) -> tuple[object, ...]:
        pairs = zip(row, self.decoders, strict=False)  # a row that nothing is asked of is one constant
        return tuple(raw if decode is None or raw is None else decode(raw) for raw, decode in pairs)


def _decoding(shown: list[Shown]) -> _Decoding:
    return _Decoding(tuple(one.decode for one in shown))


# ---------------------------------------------------------------- statements


def _insert(kit: Kit, resource: Resource, change: Change) -> Fragment:
    table = _table(kit, resource)
    if not change.columns:
        if change.rows != 1:
            raise Unsupported("Rows without any column are inserted one by one")
        return sql("INSERT INTO {} DEFAULT VALUES", table)
    columns = [resource.column(name) for name in change.columns]
    names = join(", ", [ident(kit.backend, column.name) for column in columns])
    rows = [_row(kit, columns, number * len(columns)) for number in range(change.rows)]
    return sql("INSERT INTO {} ({}) VALUES {}", table, names, join(", ", rows))


def _row(kit: Kit, columns: list[Column], first: int) -> Fragment:
    values = [_assigned(kit, column, first + index) for index, column in enumerate(columns)]
    return sql("({})", join(", ", values))


def _update(kit: Kit, resource: Resource, change: Change) -> Fragment:
    if not change.columns:
        raise Unsupported("An update changes at least one column")
    scope, where = _target(kit, resource, change.where)
    columns = [resource.column(name) for name in change.columns]
    assigned = [
        sql("{} = {}", ident(kit.backend, column.name), _assigned(kit, column, index))
        for index, column in enumerate(columns)
    ]
    table = kit.table(resource.table, scope.alias)
    return sql("UPDATE {} SET {} WHERE {}", table, join(", ", assigned), where)


def _delete(kit: Kit, resource: Resource, change: Change) -> Fragment:
    scope, where = _target(kit, resource, change.where)
    return sql("DELETE FROM {} WHERE {}", kit.table(resource.table, scope.alias), where)


def _lock(kit: Kit, resource: Resource, change: Change) -> CompiledChange:
    """The rows in the order of their key, so that two callers never wait for each other."""
    scope, where = _target(kit, resource, change.where)
    shown = _returning(kit, resource, change.returning or resource.key, scope.alias)
    columns = join(", ", [one.sql for one in shown]) if shown else sql("1")
    keys = orders.completed(resource, ())
    order = orders.order_by(join(", ", [_order(kit, scope, sort) for sort in keys]))
    limit = Fragment("" if change.limit is None else f" LIMIT {int(change.limit)}")
    table, hold = kit.table(resource.table, scope.alias), kit.backend.hold(scope.alias)
    text = sql("SELECT {} FROM {} WHERE {}{}{}{}", columns, table, where, order, limit, hold)
    return CompiledChange(statement(text), _decoding(shown))


def _order(kit: Kit, scope: Scope, sort: Sort) -> Fragment:
    assert isinstance(sort.expr, Path)
    term = kit.backend.column(scope.alias, scope.resource.column(sort.expr.column))
    return orders.key_of(kit, term, descending=False)


# ---------------------------------------------------------------- their parts


def _table(kit: Kit, resource: Resource) -> Fragment:
    table = resource.table
    return ident(kit.backend, *((table.name,) if table.schema is None else (table.schema, table.name)))


def _target(kit: Kit, resource: Resource, where: Filter) -> tuple[Scope, Fragment]:
    """The table that is written, under its alias, and the condition on its rows."""
    scope = kit.scope(resource)
    condition = filters.condition(kit, scope, where)
    if resource.reads is None:
        return scope, condition
    if not resource.key:
        raise Unsupported(f"{resource.name!r} has no key by which its rows could be found")
    written = Scope(resource, "w")
    here, there = (join(", ", [kit.name(side, name) for name in resource.key]) for side in (written, scope))
    return written, sql("({}) IN (SELECT {} FROM {} WHERE {})", here, there, kit.source(scope), condition)


def _assigned(kit: Kit, column: Column, index: int) -> Fragment:
    return kit.backend.assign(column, Parameter(_value(column.type, index), column.type))


def _value(type: Type, index: int) -> Binder:
    if type.name != "decimal" or type.precision is None:
        return lambda bindings: bindings.row[index]

    def get(bindings: Bindings) -> object:
        value = bindings.row[index]
        return _fitting(value, type.precision or 0, type.scale or 0) if isinstance(value, Decimal) else value

    return get


def _fitting(value: Decimal, precision: int, scale: int) -> Decimal:
    """The number, if the column holds it whole: PostgreSQL would round it, and SQLite hold it all the same."""
    exponent = value.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -scale:
        raise BadValue(value, f"a number of at most {max(scale, 0)} decimals")
    if value and value.adjusted() >= precision - scale:
        raise BadValue(value, f"a number of at most {precision - scale} digits before the point")
    return value
