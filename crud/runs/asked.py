"""An entity of a plan for who runs it: with the values that its expressions have now, as a question, and its rows.

In: a `Context`, the names of a plan and of its entity. Out: what it is (`Built`) with its values; its rows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from crud import reading
from crud.errors import ApiError
from crud.memo import Memo
from crud.plans.built import Built
from crud.plans.filled import worked_out
from crud.reading import Result
from crud.snapshots.state import Context
from sql.catalog import Column, Resource, Table
from sql.expressions import Path
from sql.query import Asked, Plan, Query, Select
from sql.stages import entities

Row = Mapping[str, object]


def built_now(context: Context, plan: str, entity: str) -> tuple[Built, tuple[object, ...]]:
    """The entity, and the values that its expressions have now. Raises ApiError."""
    if entity not in context.snapshot.config.plans.get(plan, {}):
        raise ApiError("unknown_resource", f"Plan '{plan}' has no entity '{entity}'")
    return worked_out(context, plan, entity)


def question(
    context: Context, plan: Plan, columns: Mapping[str, Column], values: Sequence[object]
) -> tuple[Context, Asked]:
    """The question for all rows of a plan, and a context in which it has a name."""
    snapshot, read = context.snapshot, entities(plan)
    source = snapshot.catalog.resource(read[0]).source if read else snapshot.config.server.system
    resource = Resource(plan.name, Table(plan.name), columns, source=source, writable=False, plan=plan)
    catalog = snapshot.catalog.extended({plan.name: resource})
    asking = replace(context, snapshot=replace(snapshot, catalog=catalog, compiled=Memo(1)))
    select = tuple(Select(Path(name), name) for name in columns)
    return asking, Asked(Query(plan.name, select, plan=plan), tuple(values))


def rows_of(context: Context, plan: Plan, columns: Mapping[str, Column], values: Sequence[object]) -> Result:
    """All rows of a plan, as its caller may read them. Raises ApiError."""
    return reading.answer(*question(context, plan, columns, values))


def plain(row: Row) -> dict[str, object]:
    """A row whose JSON is data."""
    return {
        name: json.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value
        for name, value in row.items()
    }
