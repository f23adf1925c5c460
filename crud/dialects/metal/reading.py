"""Metal's reads: the entities of a schema, the rows of an entity, and what is there.

In: `GET /schema/:schema/:entity?filter={…}&filter-expression=…&fields=…&sort=…`. Out: tables of rows.
"""

from flask import Response, request

from crud.dialects.metal import rendering
from crud.dialects.metal.mounts import SCHEMA, SERVER, grammar, open_entity, readable
from crud.dialects.metal.parsing import parse_select, raw_reader
from crud.dialects.metal.selecting import selected
from crud.sizes import is_small, sizes
from crud.web.dialect import answer, context, reader
from sql.catalog import Resource

VERSION = "0.3"


@SCHEMA.blueprint.get("/<schema>")
def list_entities(schema: str) -> Response:
    """The entities of a schema that the caller may read."""
    reader().finish()
    found = readable(schema)
    known = sizes(context(), found)
    return answer(rendering.entities(schema, ((r.entity or r.name, kind(r), known.get(r.name)) for r in found)))


@SCHEMA.blueprint.get("/<schema>/<entity>")
def select(schema: str, entity: str) -> Response:
    """The rows of an entity."""
    resource = open_entity(schema, entity)
    return selected(schema, entity, parse_select(grammar(), resource, raw_reader(request.query_string)))


@SERVER.blueprint.get("/info")
def server_info() -> Response:
    """What serves here, open to all."""
    reader().finish()
    return answer({"server": "Metal", "version": VERSION})


def kind(resource: Resource) -> str:
    """plan, datatable for what is in memory, table, or view for what has neither a key nor takes writes."""
    if resource.plan is not None:
        return "plan"
    if is_small(context(), resource):
        return "datatable"
    return "table" if resource.writable or resource.key else "view"
