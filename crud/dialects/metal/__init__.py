"""Metal: reading under `/schema`, and what it says of the user, the server and the cache.

In: `GET /schema/:schema/:entity?filter={…}&filter-expression=…&fields=…&sort=…`. Out: tables of rows.
Grammar: docs/dialects/metal.md; parsers are in `parsing`, answers and refusals in `rendering`.
"""

from flask import Response, request

from crud import service
from crud.dialect import Dialect, admit, answer, context, mount, presentation, reader, scope
from crud.dialects.metal import rendering
from crud.dialects.metal.parsing import parse_select, raw_reader
from crud.dialects.metal.rendering import render_error
from crud.errors import ApiError
from crud.grammar import Grammar
from sql.catalog import Resource
from sql.errors import UnknownResource

SCHEMA, USER, SERVER = mount("metal", "/schema"), mount("metal", "/user"), mount("metal", "/server")
CACHE, PLAN = mount("metal", "/cache"), mount("metal", "/plan")
VERSION = "0.3"

dialect = Dialect("metal", (SCHEMA, USER, SERVER, CACHE, PLAN), render_error)


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


@USER.blueprint.get("/info")
def user_info() -> Response:
    """Who the caller is."""
    reader().finish()
    signed_in()
    return answer(rendering.user_info(context().actor))


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


# ---------------------------------------------------------------- schemas, entities and callers


def signed_in() -> None:
    """Refuse an anonymous caller."""
    if context().actor.id is None:
        raise ApiError("unauthorized", "Unauthorized")


def grammar() -> Grammar:
    """What the parsers of this request work in: names as this caller may know them."""
    return Grammar(scope("metal"), context().snapshot.config.limits)


def readable(schema: str) -> list[Resource]:
    """The entities of a schema that the caller may read. A schema without any is answered as one that is not there."""
    found = [resource for resource in presentation("metal").entities(schema) or () if may_read(resource)]
    if not found:
        raise ApiError("unknown_resource", f"Schema '{schema}' not found")
    return found


def may_read(resource: Resource) -> bool:
    """Whether the caller may read a resource."""
    try:
        admit(resource, resource.name)
    except ApiError:
        return False
    return True


def kind(resource: Resource) -> str:
    """table, or view for what has neither a key nor takes writes."""
    return "table" if resource.writable or resource.key else "view"


def open_entity(schema: str, entity: str) -> Resource:
    """The resource of an entity, if the caller may read it; else Metal's words for one who may not."""
    try:
        return admit(presentation("metal").entity(schema, entity), entity)
    except (UnknownResource, ApiError) as error:
        raise refusal(error, schema, entity) from None


def refusal(error: Exception, schema: str, entity: str) -> ApiError:
    """Unauthorized before signing in, Permission denied after, or not found."""
    if isinstance(error, ApiError) and error.kind == "forbidden":
        return error if context().actor.id is not None else ApiError("unauthorized", "Unauthorized")
    readable(schema)
    return ApiError("unknown_resource", f"{schema}: Entity '{entity}' not found")
