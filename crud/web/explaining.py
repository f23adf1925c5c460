"""Who wants a read explained instead of answered: an administrator with `X-Explain: 1`, or `flask explain`.

In: Flask's request, once it is known who asks. Out: whether it is to be explained; a refusal where it is no read, so
that nothing is done that nobody wanted. For everybody else the header has no effect.
"""

from flask import current_app, request

from crud.access.actor import Actor
from crud.errors import ApiError
from crud.web.crossing import SAFE

HEADER = "X-Explain"
# Set by `flask explain` in the environment of a request, where no header can come.
CALLER = "dragoman.caller"
ONLY_READS = "Only reads are explained"


def caller() -> Actor | None:
    """As whom `flask explain` asks."""
    found: Actor | None = request.environ.get(CALLER)
    return found


def wanted(actor: Actor) -> bool:
    """Whether this request is to be explained. Raises ApiError where it cannot be."""
    if caller() is None and not (request.headers.get(HEADER) == "1" and actor.admin):
        return False
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and request.method not in SAFE and not getattr(view, "reads", False):
        raise ApiError("bad_parameter", ONLY_READS, parameter=HEADER)
    return True
