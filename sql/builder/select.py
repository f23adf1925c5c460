"""Reads of rows: the statement of a query, its count, and the statements of its to-many includes.

In: a query without groups. Out: `Compiled`.
"""

from sql.backend import Keys
from sql.builder import filters, orders
from sql.builder.includes import Draft, entries
from sql.builder.kit import Kit, Scope
from sql.catalog import Column, Relation
from sql.compiled import Compiled, Statement, statement
from sql.fragment import Fragment, join, sql
from sql.query import Page, Query
from sql.rows import row_builder


def compile_rows(kit: Kit, query: Query) -> Compiled:
    """The statements of a query that reads rows."""
    scope = kit.scope(kit.catalog.resource(query.resource))
    draft = Draft(kit, compile_child)
    row = entries(draft, scope, query)
    columns = join(", ", draft.columns) if draft.columns else sql("1")
    tables = sql("{}{}", kit.source(scope), join("", draft.joins))
    order = orders.order_by(orders.order_of(kit, scope, query))
    where = filters.where(kit, scope, query.where)
    text = sql("SELECT {} FROM {}{}{}{}", columns, tables, where, order, orders.limited(kit, query.page))
    return Compiled(
        statement(text),
        row_builder(row),
        kit.max_rows,
        count=_count(kit, query),
        counted=query.total,
        children=tuple(draft.children),
        source=scope.resource.source,
    )


def _count(kit: Kit, query: Query) -> Statement | None:
    """Without a page all rows come, and counting them is enough."""
    if not query.total or query.page == Page():
        return None
    fresh = kit.fresh()
    scope = fresh.scope(fresh.catalog.resource(query.resource))
    where = filters.where(fresh, scope, query.where)
    return statement(sql("SELECT count(*) FROM {}{}", fresh.source(scope), where))


def compile_child(parent: Kit, near: Scope, relation: Relation, query: Query) -> Compiled:
    """The statement of an include. Its first column is the number of the parent's key."""
    kit = parent.there(near, relation)
    scope = kit.scope(kit.catalog.target(relation))
    keys, tables = _tables(kit, scope, relation)
    draft = Draft(kit, compile_child)
    draft.columns.append(keys.number)
    row = entries(draft, scope, query)
    body = sql("{}{}{}", tables, join("", draft.joins), filters.where(kit, scope, query.where))
    order = orders.order_of(kit, scope, query)
    text = _plain(kit, draft, body, order) if query.page == Page() else _windowed(kit, draft, body, order, keys, query)
    children = tuple(draft.children)
    return Compiled(statement(text), row_builder(row), kit.max_rows, children=children, source=scope.resource.source)


def _tables(kit: Kit, scope: Scope, relation: Relation) -> tuple[Keys, Fragment]:
    """The parents' keys joined with the children, through a junction where there is one."""
    if relation.through is None:
        keys, near = _keys(kit, scope, tuple(there for _, there in relation.columns))
        on = join(" AND ", [near, *kit.only(scope, relation.only_there)])
        return keys, sql("{} {} ON {}", keys.source, kit.source(scope), on)
    through = relation.through
    junction = kit.scope(kit.catalog.resource(through.resource))
    keys, near = _keys(kit, junction, tuple(there for _, there in through.near))
    link, near = kit.link(junction, scope, through.far), join(" AND ", [near, *kit.only(junction, through.only)])
    middle = kit.table(through.table, junction.alias)
    return keys, sql("{} {} ON {} JOIN {} ON {}", keys.source, middle, near, kit.source(scope), link)


def _keys(kit: Kit, scope: Scope, names: tuple[str, ...]) -> tuple[Keys, Fragment]:
    columns: tuple[Column, ...] = tuple(scope.resource.column(name) for name in names)
    keys = kit.backend.keys(columns, "k")
    equal = [sql("{} = {}", kit.name(scope, name), part) for name, part in zip(names, keys.parts, strict=True)]
    return keys, join(" AND ", equal)


def _plain(kit: Kit, draft: Draft, body: Fragment, order: Fragment) -> Fragment:
    columns, limit = join(", ", draft.columns), orders.limited(kit, Page())
    return sql("SELECT {} FROM {}{}{}", columns, body, orders.order_by(order), limit)


def _windowed(kit: Kit, draft: Draft, body: Fragment, order: Fragment, keys: Keys, query: Query) -> Fragment:
    """A page per parent: rows are numbered within each parent."""
    names = [Fragment(f"c{number}") for number in range(len(draft.columns))]
    columns = join(", ", [sql("{} AS {}", column, name) for column, name in zip(draft.columns, names, strict=True)])
    window = sql("row_number() OVER (PARTITION BY {}{}) AS n", keys.number, orders.order_by(order))
    inner = sql("SELECT {}, {} FROM {}", columns, window, body)
    limit = orders.limited(kit, Page())
    within = _within(kit, query.page)
    return sql("SELECT {} FROM ({}) AS w WHERE {} ORDER BY c0, n{}", join(", ", names), inner, within, limit)


def _within(kit: Kit, page: Page) -> Fragment:
    first, asked = orders.of_slot(page.offset), orders.of_slot(page.limit)
    after = sql("n > {}", orders.number(kit, first))
    if page.limit is None:
        return after
    return sql("{} AND n <= {}", after, orders.number(kit, lambda bindings: first(bindings) + asked(bindings)))
