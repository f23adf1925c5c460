"""`GET /permissions/explain` of Baasix: which rules give which fields and rows.

In: `resource`, `action`, and `as` (an account's e-mail or id, or `anon`) or `role`; without either the caller himself.
Out: `{"data": {…}}`. Administrators ask about anybody; others about themselves, and are told nothing of what they may
not know.
"""

from flask import Response
from werkzeug.exceptions import MethodNotAllowed

from crud import inquiry
from crud.access import permissions
from crud.access.actor import Actor
from crud.dialects.baasix.mounts import RULES
from crud.errors import ApiError, bad_parameter, unknown_resource
from crud.web.dialect import answer, context, presentation, reader
from sql.catalog import Resource
from sql.errors import UnknownResource


@RULES.blueprint.get("/explain")
def explain() -> Response:
    asked = reader()
    caller, roles = asked.take("as"), asked.take_all("role")
    name, action = asked.take("resource"), asked.take("action") or "read"
    asked.finish()
    actor, snapshot = _actor(caller, roles), context().snapshot
    resource = _resource(name)
    found = inquiry.answer(snapshot, actor, resource, action)
    if context().actor.admin:
        return answer({"data": inquiry.data(found)})
    return answer({"data": inquiry.data_for_himself(snapshot, found, resource)})


@RULES.blueprint.route("/explain", methods=["POST", "PUT", "PATCH", "DELETE"])
def reserved() -> Response:
    raise MethodNotAllowed(["GET"])


def _actor(caller: str | None, roles: list[str]) -> Actor:
    """Who is asked about. Who is no administrator is not told whether somebody else exists."""
    asking = context().actor
    if not asking.admin and (roles or not inquiry.is_himself(asking, caller or asking.id or "anon")):
        raise ApiError("forbidden", "You may only ask about yourself")
    if caller is not None and roles:
        raise bad_parameter("role", "give either as or role")
    if roles:
        return inquiry.actor_of_roles(roles)
    if caller is None or inquiry.is_himself(asking, caller):
        return asking
    return inquiry.actor_named(context().snapshot, caller)


def _resource(name: str | None) -> Resource:
    """The resource, unless it is one that the caller may not know of."""
    if name is None:
        raise bad_parameter("resource", "expected the name of a collection")
    try:
        resource = presentation("baasix").resource(name)
    except UnknownResource:
        raise unknown_resource(name) from None
    snapshot = context().snapshot
    gate = permissions.gate_for(snapshot.policy, snapshot.catalog, context().actor)
    if (resource.hidden or resource.system) and not gate.access(resource).allowed:
        raise unknown_resource(name)
    return resource
