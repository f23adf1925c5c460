"""How a table of ours is laid out: what CREATE TABLE says of it, and nothing of what is said on top.

In: a resource, or what `to_data` made. Out: `Layout`, a frozen value that is made (`sql.ddl`), compared and evolved
(`sql.evolution`), and kept as JSON between two runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sql.catalog import Column, Default, Resource, Table
from sql.introspection import ForeignKey, Index
from sql.types import Type

# Defaults that the database itself knows; the others are made before a row reaches it.
_OF_THE_DATABASE = frozenset({"increment", "sql"})


@dataclass(frozen=True)
class Layout:
    """One table. `indexes` are those that were asked for; references and texts without case bring theirs along."""

    table: Table
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[Index, ...] = ()
    references: tuple[ForeignKey, ...] = ()

    def column(self, name: str) -> Column:
        """The column of this name, which there must be."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called."""
        return tuple(column.name for column in self.columns)

    @property
    def counted(self) -> str | None:
        """The key column that the database numbers by itself."""
        if len(self.key) != 1:
            return None
        column = self.column(self.key[0])
        return column.name if column.default is not None and column.default.kind == "increment" else None

    def optional(self, column: Column) -> bool:
        """Whether the database takes NULL in this column. What it computes may be NULL always."""
        return (column.nullable or bool(column.formula)) and column.name not in self.key


def layout_of(
    resource: Resource,
    *,
    references: tuple[ForeignKey, ...] = (),
    indexes: tuple[Index, ...] = (),
    backend: str = "sqlite",
) -> Layout:
    """The layout of a resource's table. Which references are constraints is for the caller to say. Only SQLite keeps
    times in more than one way."""
    columns = tuple(resource.columns.values())
    if backend != "sqlite":
        columns = tuple(replace(column, storage=None) for column in columns)
    return Layout(resource.table, columns, resource.key, resource.uniques, indexes, references)


def physical(column: Column) -> Column:
    """The column as far as its database knows it."""
    known = column.default is not None and column.default.kind in _OF_THE_DATABASE
    return Column(
        column.name,
        column.type,
        column.nullable,
        default=column.default if known else None,
        generated=bool(column.formula),
        formula=column.formula,
        storage=column.storage,
    )


def to_data(layout: Layout) -> dict[str, Any]:
    """The layout as JSON. Of the columns it keeps what is `physical`."""
    return {
        "table": _table_data(layout.table),
        "columns": [_column_data(physical(column)) for column in layout.columns],
        "key": list(layout.key),
        "uniques": [list(unique) for unique in layout.uniques],
        "indexes": [
            {"name": index.name, "columns": list(index.columns), "unique": index.unique} for index in layout.indexes
        ],
        "references": [_reference_data(key) for key in layout.references],
    }


def from_data(data: Mapping[str, Any]) -> Layout:
    """The layout that `to_data` wrote."""
    return Layout(
        _table(data["table"]),
        tuple(_column(column) for column in data["columns"]),
        tuple(data["key"]),
        tuple(tuple(unique) for unique in data["uniques"]),
        tuple(Index(index["name"], tuple(index["columns"]), index["unique"]) for index in data["indexes"]),
        tuple(_reference(key) for key in data["references"]),
    )


def _table_data(table: Table) -> list[str | None]:
    return [table.name, table.schema]


def _table(data: list[Any]) -> Table:
    return Table(*data)


def _column_data(column: Column) -> dict[str, Any]:
    default = column.default
    data = {
        "name": column.name,
        "type": _type_data(column.type),
        "nullable": column.nullable,
        "default": None if default is None else [default.kind, default.value],
        "formula": column.formula,
        "storage": column.storage,
    }
    return {name: value for name, value in data.items() if value not in (None, "")}


def _column(data: Mapping[str, Any]) -> Column:
    formula = data.get("formula", "")
    return Column(
        data["name"],
        _type(data["type"]),
        data["nullable"],
        default=Default(*data["default"]) if "default" in data else None,
        generated=bool(formula),
        formula=formula,
        storage=data.get("storage"),
    )


def _type_data(type: Type) -> dict[str, Any]:
    data = {
        "name": type.name,
        "precision": type.precision,
        "scale": type.scale,
        "values": list(type.values) or None,
        "item": _type_data(type.item) if type.item else None,
    }
    return {name: value for name, value in data.items() if value is not None}


def _type(data: Mapping[str, Any]) -> Type:
    made = Type(data["name"], data.get("precision"), data.get("scale"), tuple(data.get("values", ())))
    return replace(made, item=_type(data["item"])) if "item" in data else made


def _reference_data(key: ForeignKey) -> dict[str, Any]:
    return {
        "columns": list(key.columns),
        "target": _table_data(key.target),
        "target_columns": list(key.target_columns),
        "on_delete": key.on_delete,
    }


def _reference(data: Mapping[str, Any]) -> ForeignKey:
    return ForeignKey(tuple(data["columns"]), _table(data["target"]), tuple(data["target_columns"]), data["on_delete"])
