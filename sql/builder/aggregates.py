"""Groups and aggregates.

In: a query with `group` or `aggregates`. Out: `Compiled`, rows of which are groups.
What is grouped and counted is computed in an inner select, and the outer one speaks of its columns alone: a parameter
inside a grouped expression would otherwise be another expression to the database every time it is printed.
"""

from dataclasses import dataclass, replace

from sql.backend import Shown, Term
from sql.builder import expressions, filters, orders
from sql.builder.kit import Kit, Scope
from sql.compiled import Compiled, Statement, statement
from sql.errors import Unsupported
from sql.expressions import Path
from sql.fragment import Fragment, join, sql
from sql.operators import AGGREGATES, SCALARS
from sql.query import Aggregate, Page, Query, Select, Sort
from sql.rows import Value, epoch_ms, row_builder
from sql.types import BIGINT, Type

_INNER = "s"


@dataclass(frozen=True)
class Column:
    """A column of the inner select: what it is, and the term by which the outer select speaks of it."""

    inner: Fragment
    term: Term


@dataclass(frozen=True)
class Group:
    """A grouping expression: `by` is compared, `shown` answers (they differ where case is ignored)."""

    select: Select
    by: Column
    shown: Shown


@dataclass(frozen=True)
class Sum:
    """An aggregate: its inner column (none counts rows), what is selected, and of which type that is."""

    aggregate: Aggregate
    column: Column | None
    shown: Shown
    type: Type


def compile_groups(kit: Kit, query: Query) -> Compiled:
    """The statements of a query for groups. Raises Unsupported."""
    if query.select or query.include:
        raise Unsupported("A query for groups selects groups and aggregates alone")
    scope = kit.scope(kit.catalog.resource(query.resource))
    groups = [_group(kit, scope, select, number) for number, select in enumerate(query.group)]
    sums = [_sum(kit, scope, aggregate, number) for number, aggregate in enumerate(query.aggregates)]
    inner = _inner(kit, scope, query, groups, sums)
    selected = [*(group.shown.sql for group in groups), *(one.shown.sql for one in sums)]
    body = sql("SELECT {} FROM ({}) AS s{}", join(", ", selected), inner, _group_by(groups))
    order = orders.order_by(_order(kit, query.sort, groups, sums))
    text = sql("{}{}{}", body, order, orders.limited(kit, query.page))
    count = _count(query, inner, groups)
    build = row_builder(_entries(groups, sums))
    return Compiled(statement(text), build, kit.max_rows, count=count, counted=query.total)


def _column(name: str, term: Term) -> Column:
    known = Fragment(f"{_INNER}.{name}")
    return Column(sql("{} AS {}", term.sql, Fragment(name)), replace(term, sql=known, computed=False))


def _group(kit: Kit, scope: Scope, select: Select, number: int) -> Group:
    term = expressions.term(kit, scope, select.expr)
    if term.type.family not in SCALARS:
        raise Unsupported(f"Values of type {term.type.name} cannot be grouped")
    by = _column(f"g{number}", kit.backend.comparable(term))
    return Group(select, by, kit.backend.shown(by.term))


def _sum(kit: Kit, scope: Scope, aggregate: Aggregate, number: int) -> Sum:
    function = AGGREGATES.get(aggregate.function)
    if function is None:
        raise Unsupported(f"No aggregate {aggregate.function!r}")
    if aggregate.argument is None:
        if aggregate.function != "count":
            raise Unsupported(f"{aggregate.function!r} needs a column")
        return Sum(aggregate, None, Shown(sql("count(*)")), BIGINT)
    term = expressions.term(kit, scope, aggregate.argument)
    if term.type.family not in function.families:
        raise Unsupported(f"{aggregate.function!r} does not take values of type {term.type.name}")
    column = _column(f"a{number}", term)
    return Sum(aggregate, column, kit.backend.aggregate(aggregate.function, column.term), function.result or term.type)


def _inner(kit: Kit, scope: Scope, query: Query, groups: list[Group], sums: list[Sum]) -> Fragment:
    columns = [*(group.by.inner for group in groups), *(one.column.inner for one in sums if one.column)]
    listed = join(", ", columns) if columns else sql("1 AS one")
    return sql("SELECT {} FROM {}{}", listed, kit.source(scope), filters.where(kit, scope, query.where))


def _group_by(groups: list[Group]) -> Fragment:
    names = join(", ", [group.by.term.sql for group in groups])
    return sql(" GROUP BY {}", names) if groups else names


def _count(query: Query, inner: Fragment, groups: list[Group]) -> Statement | None:
    if not query.total or not groups or query.page == Page():
        return None
    return statement(sql("SELECT count(*) FROM (SELECT 1 FROM ({}) AS s{}) AS g", inner, _group_by(groups)))


def _order(kit: Kit, sorts: tuple[Sort, ...], groups: list[Group], sums: list[Sum]) -> Fragment:
    """The sorts as asked, and then the groups ascending."""
    keys = [orders.key_of(kit, _sorted(sort, groups, sums), descending=sort.descending) for sort in sorts]
    asked = [sort.expr for sort in sorts]
    rest = [group for group in groups if group.select.expr not in asked and Path(group.select.alias) not in asked]
    return join(", ", [*keys, *(orders.key_of(kit, group.by.term, descending=False) for group in rest)])


def _sorted(sort: Sort, groups: list[Group], sums: list[Sum]) -> Term:
    """A group's expression, or the alias of an aggregate or a group."""
    for group in groups:
        if sort.expr == group.select.expr:
            return group.by.term
    alias = sort.expr.column if isinstance(sort.expr, Path) and not sort.expr.hops else None
    for one in sums:
        if alias == one.aggregate.alias:
            return Term(one.shown.sort or one.shown.sql, one.type)
    for group in groups:
        if alias == group.select.alias:
            return group.by.term
    raise Unsupported("Groups are sorted by what they are grouped by or by an aggregate")


def _entries(groups: list[Group], sums: list[Sum]) -> list[Value]:
    made = [_shown_as(group, index) for index, group in enumerate(groups)]
    rest = [Value(one.aggregate.alias, len(groups) + index, one.shown.decode) for index, one in enumerate(sums)]
    return [*made, *rest]


def _shown_as(group: Group, index: int) -> Value:
    decode = group.shown.decode
    if group.select.form != "epoch_ms":
        return Value(group.select.alias, index, decode)
    return Value(group.select.alias, index, epoch_ms if decode is None else lambda raw: epoch_ms(decode(raw)))
