"""Where Metal is mounted, and what each of its views begins with.

In: the request. Out: the mounts, the resource that a path names, the names and limits that parsers work in.
"""

from flask import Response

from crud.errors import ApiError
from crud.scripting.filling import Scripts
from crud.web.dialect import admit, context, mount, presentation, scope
from crud.web.request import admit_for
from crud.web.telling import call
from crud.wire.grammar import Grammar
from crud.wire.scripts import Texts
from sql.catalog import Resource
from sql.errors import UnknownResource

SCHEMA, USER, SERVER = mount("metal", "/schema"), mount("metal", "/user"), mount("metal", "/server")
CACHE, PLAN = mount("metal", "/cache"), mount("metal", "/plan")
MOUNTS = (SCHEMA, USER, SERVER, CACHE, PLAN)


def _timed(response: Response) -> Response:
    response.headers["X-Response-Time"] = f"{call().seconds * 1000:.1f}ms"
    return response


for _mount in MOUNTS:
    _mount.blueprint.after_request(_timed)


def signed_in() -> None:
    """Refuse an anonymous caller."""
    if context().actor.id is None:
        raise ApiError("unauthorized", "Unauthorized")


def grammar() -> Grammar:
    """What the parsers of this request work in: names as this caller may know them, his expressions if he may."""
    config, actor = context().snapshot.config, context().actor
    may = actor.wholly("admin", *config.dialect("metal").scripts)
    return Grammar(scope("metal"), config.limits, Texts(Scripts(config.limits) if may else None))


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


def open_entity(schema: str, entity: str, action: str = "read") -> Resource:
    """The resource of an entity, if the caller may do this to it; else Metal's words for one who may not."""
    try:
        resource = presentation("metal").entity(schema, entity)
        if action != "read" and admit_plan(resource, entity):
            raise ApiError("for_tables", "Not allowed for plans")
        return admit(resource, entity) if action == "read" else admit_for(resource, entity, action)
    except (UnknownResource, ApiError) as error:
        raise refusal(error, schema, entity) from None


def admit_plan(resource: Resource, entity: str) -> bool:
    """Whether it is a plan. Who may not read it is not told."""
    return resource.plan is not None and admit(resource, entity) is resource


def refusal(error: Exception, schema: str, entity: str) -> ApiError:
    """Unauthorized before signing in, Permission denied after, or not found."""
    if isinstance(error, ApiError) and error.kind == "forbidden":
        return error if context().actor.id is not None else ApiError("unauthorized", "Unauthorized")
    if isinstance(error, ApiError) and error.kind in ("wrong_method", "refused", "for_tables"):
        return error
    readable(schema)
    return ApiError("unknown_resource", f"{schema}: Entity '{entity}' not found")
