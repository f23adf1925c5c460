"""Steps with the rows of one table: chosen, ordered, so many of them, with some of its columns.

In: a step. Out: the table after it, of stages that were added to the draft; `Mistake` for what cannot be.
"""

from collections.abc import Mapping

from crud.plans import reading
from crud.plans.draft import Current, Given, Mistake, Step
from crud.plans.written import rows_of
from sql.catalog import Resource
from sql.expressions import TRUE
from sql.query import Limited, Query


def select(step: Step) -> Current:
    """Rows of an entity, written here, or of the table at hand: filtered, sorted, with these columns. Raises
    Mistake."""
    given = step.keys
    if "data" in given and "entity" in given:
        raise Mistake("takes rows from an entity or from data, not from both", key="data")
    if "data" in given:
        return narrowed(step, step.add(rows_of(step, given["data"])), given)
    return narrowed(step, source(step, given) if "entity" in given else step.table(), given)


def source(step: Step, given: Given) -> Current | Resource:
    """The entity that a step names: of this plan where no schema is given, else of the default schema."""
    return step.another(step.draft, str(given["entity"])) if within(step, given) else table(step, given)


def within(step: Step, given: Given) -> bool:
    """Whether the entity that is named is one of this plan."""
    return "schema" not in given and given["entity"] in step.draft.world.config.plans[step.draft.plan]


def table(step: Step, given: Given) -> Resource:
    """The entity of the schema that is named, or of the default one. Raises Mistake."""
    world = step.draft.world
    return world.table(str(given.get("schema", world.config.server.default_schema)), str(given["entity"]))


def narrowed(step: Step, of: Current | Resource, given: Given) -> Current:
    """A table, or an entity, by the keys of a select."""
    resource = of.resource if isinstance(of, Current) else of
    order = reading.sorts(step, resource, given.get("sort")) or (of.order if isinstance(of, Current) else ())
    where = reading.where(step, resource, given)
    made: Current
    if isinstance(of, Current) and where == TRUE and "fields" not in given:
        made = Current(of.name, of.columns, order)
    else:
        shown, order = reading.carried(step, reading.fields(step, resource, given.get("fields")), order)
        made = step.add(Query(resource.name, select=shown, where=where), order)
    if "limit" in given or "offset" in given:
        return limited(step, made, given)
    return made


def limited(step: Step, of: Current, given: Given) -> Current:
    """So many rows of the table, in its order."""
    limit, offset = given.get("limit"), given.get("offset", 0)
    assert isinstance(offset, int) and (limit is None or isinstance(limit, int))
    return step.add(Limited(of.name, of.order, of.whole, limit, offset), of.order)


def read(step: Step, of: Current | Resource, fields: object = None) -> Current:
    """An entity as a table."""
    if isinstance(of, Current) and fields is None:
        return of
    return narrowed(step, of, {} if fields is None else {"fields": fields})


def filtered(step: Step) -> Current:
    """The rows of the table for which a condition holds."""
    of = step.table()
    where = reading.condition(step, of.resource, step.given)
    return step.add(Query(of.name, select=of.whole, where=where), of.order)


def picked(step: Step) -> Current:
    """These columns of the table."""
    return narrowed(step, step.table(), {"fields": step.given})


def ordered(step: Step) -> Current:
    """The table in another order. What it was ordered by before decides where the new order does not."""
    of = step.table()
    asked = reading.sorts(step, of.resource, step.given)
    names = {sort.expr for sort in asked}
    return Current(of.name, of.columns, (*asked, *(sort for sort in of.order if sort.expr not in names)))


def bounded(step: Step) -> Current:
    """So many rows."""
    return limited(step, step.table(), step.keys if isinstance(step.given, Mapping) else {"limit": step.given})
