"""Rows of a many-to-any that would lead nowhere, were a table taken from it.

In: a relation as it stands, and the tables that it shall have. Out: nothing, or a refusal: nobody loses links by a
change of words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crud import service
from crud.dialects.baasix.schemas import collections
from crud.errors import ApiError
from crud.web.dialect import context, scope
from sql.catalog import Resource
from sql.expressions import Compare, Path
from sql.query import Aggregate, Asked, Query
from sql.types import STRING


def refuse_orphans(name: str, field: str, tables: object) -> None:
    """Refuse tables that leave out one to which rows of the junction lead. Raises ApiError."""
    resource = collections.find(context(), name)
    written = collections.schema(context(), resource) if resource else {"fields": {}}
    said: Mapping[str, Any] = written["fields"].get(field, {})
    junction = collections.find(context(), said["target"]) if said.get("polymorphic") else None
    if junction is None or not isinstance(tables, Sequence):
        return
    for table in said.get("tables", ()):
        if table not in tables and _leads(junction, table):
            raise ApiError("conflict", "The table is in use", details=f"There are rows that lead to {table!r}")


def _leads(junction: Resource, table: str) -> bool:
    at = scope("baasix")
    here = Compare(Path("collection"), "eq", (at.values.bind(table, STRING),))
    query = Query(junction.name, where=here, aggregates=(Aggregate("rows", "count"),))
    return bool(service.read(context(), Asked(query, at.filled)).rows[0]["rows"])
