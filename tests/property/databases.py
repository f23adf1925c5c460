"""A catalog as it is told by a database: with native types, and how times are kept."""

from collections.abc import Mapping
from dataclasses import replace

from sql.catalog import Catalog, Column, Resource
from sql.database import Database
from tests.property.schema import CATALOG


def told(database: Database, catalog: Catalog = CATALOG) -> Catalog:
    """The catalog with what introspection tells of the columns: their native type, and how a time is kept."""
    tables = {info.table.name: {column.name: column for column in info.columns} for info in database.tables()}
    return Catalog({resource.name: _told(resource, tables[resource.table.name]) for resource in catalog})


def _told(resource: Resource, found: Mapping[str, Column]) -> Resource:
    columns = {
        name: replace(column, native=found[name].native, storage=found[name].storage or column.storage)
        for name, column in resource.columns.items()
    }
    return replace(resource, columns=columns)
