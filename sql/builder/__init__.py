"""The builder: an authorised query or change and the catalog in, compiled statements out. The only maker of such SQL.

Rooms: `kit` (what every room is given), `values` (binders), `expressions`, `filters`, `orders`, `includes`, `select`,
`aggregates`, `writes`. No room knows which database it prints for: what differs is asked of the `Backend`.
"""

from collections.abc import Mapping

from sql.backend import Backend
from sql.builder.aggregates import compile_groups
from sql.builder.kit import Kit
from sql.builder.select import compile_rows
from sql.builder.writes import compile_change, rows_per_statement
from sql.catalog import Catalog
from sql.compiled import Compiled
from sql.query import Authorized, Query

__all__ = ["compile_change", "compile_query", "rows_per_statement"]


def compile_query(
    authorized: Authorized[Query],
    catalog: Catalog,
    backend: Backend,
    *,
    max_rows: int,
    backends: Mapping[str, Backend] | None = None,
    mask: bytes = b"",
) -> Compiled:
    """The statements of a query. Their text depends on the query's shape alone.

    `backends`: of the sources into which includes may lead; `mask`: the key of hashes.
    """
    query, kit = authorized.query, Kit(catalog, backend, max_rows, backends or {}, mask)
    if query.group or query.aggregates:
        return compile_groups(kit, query)
    return compile_rows(kit, query)
