"""Metal's reads: the entities of a schema, the rows of an entity, and what is there.

In: `GET /schema/:schema/:entity?filter={…}&filter-expression=…&fields=…&sort=…`. Out: tables of rows.
"""

from flask import Response, request

from crud import service
from crud.dialects.metal import rendering
from crud.dialects.metal.mounts import CACHE, SCHEMA, SERVER, grammar, open_entity, readable, signed_in
from crud.dialects.metal.parsing import parse_select, raw_reader
from crud.errors import ApiError
from crud.web.dialect import answer, context, reader
from sql.catalog import Resource

VERSION = "0.3"


@SCHEMA.blueprint.get("/<schema>")
def list_entities(schema: str) -> Response:
    """The entities of a schema that the caller may read."""
    reader().finish()
    return answer(rendering.entities(schema, ((r.entity or r.name, kind(r)) for r in readable(schema))))


@SCHEMA.blueprint.get("/<schema>/<entity>")
def select(schema: str, entity: str) -> Response:
    """The rows of an entity."""
    resource = open_entity(schema, entity)
    wanted = parse_select(grammar(), resource, raw_reader(request.query_string))
    result = service.read(context(), wanted.asked)
    return answer(rendering.table(schema, entity, result, kinds=wanted.kinds))


@SERVER.blueprint.get("/info")
def server_info() -> Response:
    """What serves here, open to all."""
    reader().finish()
    return answer({"server": "Metal", "version": VERSION})


@CACHE.blueprint.get("/view")
def cache_view() -> Response:
    """The cached answers, for administrators."""
    reader().finish()
    signed_in()
    if not context().actor.admin:
        raise ApiError("forbidden", "Permission denied")
    return answer(rendering.cache_view())


def kind(resource: Resource) -> str:
    """table, or view for what has neither a key nor takes writes."""
    return "table" if resource.writable or resource.key else "view"
