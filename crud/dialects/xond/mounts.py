"""Where Xond is mounted, and what each of its views begins with.

In: the request. Out: the mount, the resource that a path names, the names and limits that parsers work in.
"""

from crud.errors import ApiError
from crud.web.dialect import context, mount, open_resource, scope
from crud.web.request import open_for
from crud.wire.grammar import Grammar
from sql.catalog import Resource

API = mount("xond", "/json", cookie="jwtCookie")


def opened(name: str, action: str = "read") -> Resource:
    """The resource, if the caller may do this to it. An anonymous caller who may not is asked for a token."""
    try:
        return open_resource("xond", name) if action == "read" else open_for("xond", name, action)
    except ApiError as error:
        if error.kind == "forbidden" and context().actor.id is None:
            raise ApiError("unauthorized", "Authentication required") from None
        raise


def grammar() -> Grammar:
    """What the parsers of this request work in: names as this caller may know them."""
    return Grammar(scope("xond"), context().snapshot.config.limits)
