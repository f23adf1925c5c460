"""The builder: an authorised query or change and the catalog in, compiled statements out. The only maker of such SQL.

Rooms: `kit` (what every room is given), `values` (binders), `expressions`, `filters`, `orders`, `includes`, `select`,
`aggregates`, `plans`, `bringing`, `writes`.
No room knows which database it prints for: what differs is asked of the `Backend`. `expressions` and `filters` need
each other, as the trees do: a comparison has sides, and a hop on the way to a column has a guard.
"""

from collections.abc import Mapping
from dataclasses import replace

from sql.backend import Backend
from sql.builder import bringing, plans
from sql.builder.aggregates import compile_groups
from sql.builder.kit import Kit
from sql.builder.select import compile_rows
from sql.builder.writes import compile_change, rows_per_statement
from sql.catalog import Catalog
from sql.compiled import BESIDE, Compiled, Statement
from sql.fragment import Fragment
from sql.query import Authorized, Plan, Query
from sql.stages import needed, resource_of

__all__ = ["compile_change", "compile_query", "rows_per_statement"]


def compile_query(
    authorized: Authorized[Query],
    catalog: Catalog,
    backend: Backend,
    *,
    max_rows: int,
    backends: Mapping[str, Backend] | None = None,
    mask: bytes = b"",
    most_brought: int | None = None,
) -> Compiled:
    """The statements of a query. Their text depends on the query's shape alone.

    `backends`: of the sources into which includes may lead, and in `BESIDE` that of the database in which a plan runs
    that reads several; `mask`: the key of hashes; `most_brought`: how many rows of each stage may be brought there.
    """
    most = max_rows if most_brought is None else most_brought
    query, kit = authorized.query, Kit(catalog, backend, max_rows, backends or {}, mask, most)
    return _compiled(kit, query) if query.plan is None else _planned(kit, query, query.plan)


def _planned(kit: Kit, query: Query, plan: Plan) -> Compiled:
    """A query of the rows that a plan gives."""
    if len(plans.sources_of(plan, kit.catalog)) < 2:
        within, text = plans.prelude(kit, query.resource, plan)
        return _behind(text, replace(_compiled(within, query), plan=plan.name))
    found = tuple(bringing.brought(kit, plan))
    beside = replace(kit, backend=kit.backends[BESIDE])
    tables = {each.name: resource_of(each.name, {column.name: column for column in each.columns}) for each in found}
    rest = replace(plan, stages=needed(plan.stages, plan.stages[-1].name, frozenset(tables)))
    within, text = plans.prelude(beside, query.resource, rest, tables)
    return _behind(text, replace(_compiled(within, query), plan=plan.name, brought=found))


def _behind(text: Fragment, compiled: Compiled) -> Compiled:
    """The statements with what stands before them."""
    count = compiled.count and _after(text, compiled.count)
    return replace(compiled, statement=_after(text, compiled.statement), count=count)


def _after(text: Fragment, made: Statement) -> Statement:
    return Statement(f"{text.text}{made.text}", (*text.params, *made.binders))


def _compiled(kit: Kit, query: Query) -> Compiled:
    if query.group or query.aggregates:
        return compile_groups(kit, query)
    return compile_rows(kit, query)
