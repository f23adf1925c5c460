"""The order of rows, and which of them make a page.

In: sorts as asked. Out: sorts completed with the key, so that pages never overlap, and the fragments for them.
"""

from collections.abc import Callable

from sql.backend import Parameter, Term
from sql.builder import expressions
from sql.builder.kit import Kit, Scope
from sql.catalog import Resource
from sql.errors import Unsupported
from sql.expressions import Cast, Path, Slot
from sql.fragment import Binder, Bindings, Fragment, join, sql
from sql.operators import SCALARS
from sql.query import Page, Query, Sort
from sql.types import BIGINT, TEXT

IntBinder = Callable[[Bindings], int]


def completed(resource: Resource, sorts: tuple[Sort, ...]) -> tuple[Sort, ...]:
    """The sorts, the resource's own order, and then the key ascending; without key, all sortable columns in catalog
    order, but those of which the order would tell something."""
    columns = resource.columns.items()
    scalars = [name for name, column in columns if column.type.family in SCALARS and not column.masked]
    asked = _plain(sorts)
    own = tuple(sort for sort in resource.order if not _plain((sort,)) <= asked)
    rest = [name for name in resource.key or scalars if name not in asked | _plain(own)]
    # Without a key, texts that are equal but for case are told apart in the end.
    folded = [name for name in scalars if not resource.key and resource.columns[name].type.name == "citext"]
    told_apart = (Sort(Cast(Path(name), TEXT)) for name in folded)
    return (*sorts, *own, *(Sort(Path(name)) for name in rest), *told_apart)


def _plain(sorts: tuple[Sort, ...]) -> set[str]:
    """The columns of the resource itself that these sort by."""
    return {sort.expr.column for sort in sorts if isinstance(sort.expr, Path) and not sort.expr.hops}


def order_of(kit: Kit, scope: Scope, query: Query) -> Fragment:
    """The keys of the query's ORDER BY; empty where nothing can be sorted."""
    return join(", ", [_key(kit, scope, sort) for sort in completed(scope.resource, query.sort)])


def order_by(order: Fragment) -> Fragment:
    """` ORDER BY …`, or nothing."""
    return sql(" ORDER BY {}", order) if order.text else order


def _key(kit: Kit, scope: Scope, sort: Sort) -> Fragment:
    return key_of(kit, expressions.term(kit, scope, sort.expr), descending=sort.descending)


def key_of(kit: Kit, term: Term, *, descending: bool) -> Fragment:
    """One key of an ORDER BY. Raises Unsupported."""
    if term.type.family not in SCALARS:
        raise Unsupported(f"Values of type {term.type.name} cannot be sorted")
    return kit.backend.order(kit.backend.comparable(term), descending=descending)


def limited(kit: Kit, page: Page) -> Fragment:
    """` LIMIT … OFFSET …`: one row more than allowed at most, so that too many rows are noticed."""
    limit = number(kit, _bounded(page.limit, kit.max_rows + 1))
    if page.offset is None:
        return sql(" LIMIT {}", limit)
    return sql(" LIMIT {} OFFSET {}", limit, number(kit, of_slot(page.offset)))


def number(kit: Kit, binder: Binder) -> Fragment:
    """An integer parameter."""
    return kit.backend.parameter(Parameter(binder, BIGINT)).sql


def of_slot(slot: Slot | None) -> IntBinder:
    """The slot's value, 0 without a slot or below it."""
    if slot is None:
        return lambda bindings: 0
    index = slot.index
    return lambda bindings: max(0, bindings.values[index])  # type: ignore[call-overload]


def _bounded(slot: Slot | None, most: int) -> Binder:
    if slot is None:
        return lambda bindings: most
    asked = of_slot(slot)
    return lambda bindings: min(asked(bindings), most)
