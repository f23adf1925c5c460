"""Tables of ours as they were made, where introspection cannot tell: SQLite knows no width of a counter, and no
database keeps a formula in our words.

In: what introspection found, and what was recorded. Out: the same tables; a column that nobody has changed since has
the type, the storage and the formula that it was made with.
"""

from collections.abc import Mapping
from dataclasses import replace

from crud.evolution import records
from sql.backend import Backend
from sql.catalog import Column, Table
from sql.database import Database
from sql.drift import of_column
from sql.introspection import TableInfo
from sql.layout import Layout

Tables = Mapping[str, Mapping[Table, TableInfo]]


def as_made(databases: Mapping[str, Database], tables: Tables, home: str) -> Tables:
    """All tables. `home`: the source that keeps the records."""
    recorded = records.read(databases[home])

    def made(source: str, info: TableInfo) -> TableInfo:
        return table_as_made(info, recorded.get((source, info.table)), databases[source].backend)

    return {source: {table: made(source, info) for table, info in found.items()} for source, found in tables.items()}


def table_as_made(info: TableInfo, layout: Layout | None, backend: Backend) -> TableInfo:
    """One table; unless it was recorded, as it was found."""
    if layout is None:
        return info
    return replace(info, columns=tuple(_column(column, layout, backend) for column in info.columns))


def _column(found: Column, layout: Layout, backend: Backend) -> Column:
    if found.name not in layout.names:
        return found
    made = layout.column(found.name)
    changed = [*of_column(layout, made, found, backend)]
    return (
        found
        if changed
        else replace(found, type=made.type, formula=made.formula, storage=made.storage or found.storage)
    )
