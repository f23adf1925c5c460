"""Where Phantom hangs its routes, and the names in which it parses.

In: nothing. Out: the mounts, shared by reading, writing, batches and signing, and the scope of a request.
"""

from crud.definitions.settings import Limits
from crud.dialects.phantom.refusals import render_door_error
from crud.web.dialect import context, mount, scope
from crud.wire.paths import Scope

API = mount("phantom", "/api", cookie="token")
AUTH = mount("phantom", "/auth", cookie="token", render_error=render_door_error, door=True)
CSRF = mount("phantom", "/csrf-token", cookie="token", door=True)


def names() -> Scope:
    """What this request is parsed in: Phantom's names as the caller sees them."""
    return scope("phantom")


def limits() -> Limits:
    """What may be asked for at most."""
    return context().snapshot.config.limits
