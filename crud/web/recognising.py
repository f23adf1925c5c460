"""Who calls: what a request shows, and the context that it opens.

In: headers and cookies. Out: the context of the request, with the actor behind its token or key.
"""

from dataclasses import replace

from flask import g, request

from crud.access.actor import ANONYMOUS, Actor
from crud.callers import actor_of
from crud.errors import ApiError
from crud.identity.keys import PREFIX
from crud.snapshots.state import Context
from crud.telemetry.calls import spending
from crud.web import explaining
from crud.web.crossing import SAFE, refuse_cross_site
from crud.web.dialect import context
from crud.web.holding import hold
from crud.web.mounts import served
from crud.web.telling import call


def open_context() -> None:
    """What a request works with: what is in force, and who asks. Raises ApiError and SqlError."""
    state = served().state
    with spending("authorise"):
        snapshot = state.current()
    g.context = Context(snapshot, ANONYMOUS, call().id, state)
    hold(snapshot.config.limits)
    if not any(each.mount.door for each in served().sharing(request.path)):
        with spending("authorise"):
            identify()


def identify() -> None:
    """Take the caller from what the request shows: a token or a key in a header, else the cookie of the mount, which
    lets nobody write from another site. Raises ApiError."""
    if said := explaining.caller():
        return become(said)
    name = served().cookie_of(request.path)
    token = shown(name)
    if token is None:
        return
    if request.method not in SAFE and bearer() is None:
        refuse_cross_site(token)
    become(actor_of(context().snapshot, token))


def become(actor: Actor) -> None:
    """From here on this actor is calling."""
    g.context = replace(context(), actor=actor)


def shown(cookie: str | None) -> str | None:
    """What a request shows in a header, else in this cookie."""
    token = bearer()
    return request.cookies.get(cookie) if token is None and cookie else token


def bearer() -> str | None:
    """The token or API key in the Authorization header, or the key in X-API-Key. Another scheme is refused, and so is
    showing both."""
    header, key = request.headers.get("Authorization"), request.headers.get("X-API-Key")
    if header is None and key is None:
        return None
    scheme, _, token = (header or f"bearer {key}").partition(" ")
    wrong_key = key is not None and (header is not None or not key.startswith(PREFIX))
    if wrong_key or scheme.lower() != "bearer" or not token.strip():
        raise ApiError("invalid_token", "Invalid or expired token")
    return token.strip()
