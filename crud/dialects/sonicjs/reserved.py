"""Paths that are no table and no record, whatever the method: SonicJS's own words.

In: requests to a reserved word with a method that it lacks. Out: 405 with the methods that it has, or 404 below it.
Every method is named here, since a route of its own would otherwise fall through to a table of that name.
"""

from collections.abc import Callable

from flask import Response
from werkzeug.exceptions import MethodNotAllowed

from crud.dialects.sonicjs.mounts import API_V1, V1
from crud.errors import ApiError

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

# word → the methods that it has
RESERVED = (
    ("user", ("GET",)),
    ("auth", ()),
    ("auth/login", ("POST",)),
    ("auth/logout", ("POST",)),
    ("auth/user", ("GET",)),
)


def lacking(has: tuple[str, ...]) -> Callable[[], Response]:
    """The view of a word with a method that it lacks."""

    def refuse() -> Response:
        raise MethodNotAllowed(has)

    return refuse


def refuse_below(rest: str) -> Response:
    """There is nothing below a reserved word."""
    raise ApiError("unknown_path", "Not Found")


for mount in (V1, API_V1):
    for word, has in RESERVED:
        lacks = sorted(METHODS - set(has))
        mount.blueprint.add_url_rule(f"/{word}", f"lacking {word}", lacking(has), methods=lacks)
        below = f"/{word}/<path:rest>"
        mount.blueprint.add_url_rule(below, f"below {word}", refuse_below, methods=sorted(METHODS))
