"""Metal's server: its configuration read again, whole or one plan of it, and put in force.

In: `POST /server/reload`, `POST /plan/:plan/reload`. Out: a message, with the keys that only a restart puts in force,
if some have changed; or everything that is wrong with the files, in which case nothing has changed.
"""

from flask import Response

from crud.definitions.problems import ConfigError
from crud.dialects.metal.bodies import members
from crud.dialects.metal.mounts import PLAN, SERVER, signed_in
from crud.dialects.metal.writing import received
from crud.errors import ApiError
from crud.snapshots import reloading
from crud.web.dialect import answer, context, served


@PLAN.blueprint.post("/<plan>/reload")
def reload_plan(plan: str) -> Response:
    """Take one plan from the files anew."""
    admitted()
    state = served().state
    try:
        found = reloading.reload_plan(state, plan)
    except ConfigError as error:
        raise ApiError("not_loaded", reloading.said(error, state)) from error
    if not found:
        raise ApiError("unknown_resource", f"Plan '{plan}' not found")
    return answer({"plan": plan, "message": "Plan reloaded"})


def admitted() -> None:
    """Refuse whoever may not reload, and a body that says something."""
    signed_in()
    if not reloading.may_reload(context().snapshot, context().actor):
        raise ApiError("forbidden", "Permission denied")
    members(received())


@SERVER.blueprint.post("/reload")
def reload_server() -> Response:
    """Read the files again; all connections are made anew."""
    admitted()
    state = served().state
    try:
        done = reloading.reload(state)
    except ConfigError as error:
        raise ApiError("not_loaded", reloading.said(error, state)) from error
    return answer({"message": "Server reloaded", **({"restart": done.restart} if done.restart else {})})
