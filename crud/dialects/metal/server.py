"""Metal's server: its configuration read again, and put in force.

In: `POST /server/reload`. Out: a message, with the keys that only a restart puts in force, if some have changed; or
everything that is wrong with the files, in which case nothing has changed.
"""

from flask import Response

from crud.definitions.problems import ConfigError
from crud.dialects.metal.bodies import members
from crud.dialects.metal.mounts import SERVER, signed_in
from crud.dialects.metal.writing import received
from crud.errors import ApiError
from crud.snapshots import reloading
from crud.web.dialect import answer, context, reader, served


@SERVER.blueprint.post("/reload")
def reload_server() -> Response:
    """Read the files again; all connections are made anew."""
    reader().finish()
    signed_in()
    if not reloading.may_reload(context().snapshot, context().actor):
        raise ApiError("forbidden", "Permission denied")
    members(received())
    state = served().state
    try:
        done = reloading.reload(state)
    except ConfigError as error:
        raise ApiError("not_loaded", reloading.said(error, state)) from error
    return answer({"message": "Server reloaded", **({"restart": done.restart} if done.restart else {})})
