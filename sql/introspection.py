"""What introspection finds: a table or view, its columns, its keys and its references, alike for both backends.

In: nothing. Out: `TableInfo`, `ForeignKey` and `Index`, made by `sql.sqlite.introspection` and
`sql.postgres.introspection`.
"""

from dataclasses import dataclass
from typing import Literal

from sql.catalog import Column, Table

OWN_PREFIX = "_dragoman_"


@dataclass(frozen=True)
class ForeignKey:
    """A reference; `on_delete` in SQL's words: NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT."""

    columns: tuple[str, ...]
    target: Table
    target_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"


@dataclass(frozen=True)
class Index:
    """An index over columns."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True)
class TableInfo:
    """One table or view as it stands in the database. `uniques` are unique keys beside the primary key; `indexes` are
    all over whole columns and every row, those that serve a unique too."""

    table: Table
    kind: Literal["table", "view"]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[Index, ...] = ()
