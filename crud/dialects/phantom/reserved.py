"""Paths that are no resource and no key, whatever the method: Phantom's own words.

In: requests to a reserved word with a method that it lacks. Out: 405 with the methods that it has, or 404 below it.
Every method is named here, since a route of its own would otherwise fall through to a resource of that name.
"""

from collections.abc import Callable

from flask import Response
from werkzeug.exceptions import MethodNotAllowed

from crud.dialects.phantom.mounts import API
from crud.errors import ApiError

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
ACTIONS = ("create", "read", "update", "delete", "createIfNotExists", "updateIfExists")

# path → the methods that it has; /v1 belongs to another dialect
RESERVED = (
    ("/batch", ("POST",)),
    ("/schema", ()),
    ("/schema/<rest>", ("GET",)),
    ("/<rest>/schema", ("GET",)),
    ("/v1", ()),
    *((f"/<rest>/{word}", ("POST",)) for word in ACTIONS),
)


def lacking(has: tuple[str, ...]) -> Callable[..., Response]:
    """The view of a path with a method that it lacks."""

    def refuse(rest: str = "") -> Response:
        raise MethodNotAllowed(has)

    return refuse


for path, has in RESERVED:
    lacks = sorted(METHODS - set(has))
    API.blueprint.add_url_rule(path, f"lacking {path}", lacking(has), methods=lacks)

# A write below /v1 that the other dialect lacks is a method that its path lacks.
API.blueprint.add_url_rule("/v1/<path:rest>", "below v1", lacking(("GET",)), methods=sorted(METHODS - {"GET"}))


@API.blueprint.route("/batch/<path:rest>", methods=sorted(METHODS))
@API.blueprint.get("/v1/<path:rest>")
def refuse_below(rest: str) -> Response:
    """There is nothing below a reserved word."""
    raise ApiError("unknown_path", "Route not found")
