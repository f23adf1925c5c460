"""Tables, as their generations know them: the same table has one id, whatever it is called where it is served.

In: the catalog, the databases, names of resources. Out: ids, of tables and of whole databases.
"""

from collections.abc import Iterable, Mapping
from os.path import abspath
from typing import Protocol

from crud.caching.keys import named
from sql.catalog import Catalog, Table

SQLITE = "sqlite:///"


class Located(Protocol):
    """A database."""

    @property
    def url(self) -> str: ...


def database_id(database: Located) -> str:
    """The id of everything that a database holds."""
    url = database.url
    return named(f"{SQLITE}{abspath(url.removeprefix(SQLITE))}" if url.startswith(SQLITE) else url)


def table_id(database: Located, table: Table) -> str:
    """The id of a table."""
    return named(database_id(database), table.schema or "", table.name)


def table_ids(catalog: Catalog, databases: Mapping[str, Located], names: Iterable[str]) -> frozenset[str]:
    """The ids of the tables of resources, and of the junctions between them."""
    resources = [catalog.resource(name) for name in names]
    found = {table_id(databases[each.source], each.table) for each in resources}
    for each in resources:
        for relation in each.relations.values():
            if relation.through is not None:
                found.add(table_id(databases[each.source], relation.through.table))
    return frozenset(found)


def database_ids(catalog: Catalog, databases: Mapping[str, Located], names: Iterable[str]) -> frozenset[str]:
    """The ids of the databases of resources."""
    return frozenset(database_id(databases[catalog.resource(name).source]) for name in names)
