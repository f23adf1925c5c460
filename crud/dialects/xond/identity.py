"""`jwtCookie`: the caller inside a body. It is believed as far as it is signed.

In: the member of a body, and the caller that a header or a cookie has given, if any. Out: the caller from here on.
A signed token (a text, or an object with `token`) is verified like any other. An unsigned object is what a middleware
in front of this service has read out of a token: it must name the caller who is known already. Only where
`dialects.xond.trust_body_identity` says that a gateway has verified it does its `id` give the caller.
"""

from dataclasses import replace

from flask import g

from crud.access.actor import Actor
from crud.callers import actor_of, extras
from crud.errors import ApiError
from crud.identity import accounts
from crud.snapshots.state import Context
from crud.web.dialect import context
from crud.wire.bodies import bad_body

MEMBER = "jwtCookie"


def identified(body: dict[str, object]) -> dict[str, object]:
    """The body without `jwtCookie`, which has its say first. Raises ApiError."""
    if MEMBER in body:
        g.context = replace(context(), actor=caller(context(), body[MEMBER]))
    return {name: value for name, value in body.items() if name != MEMBER}


def caller(known: Context, cookie: object) -> Actor:
    """Who is calling, by what is known and by what the body says. Raises ApiError."""
    match cookie:
        case str(token):
            return agreed(known.actor, actor_of(known.snapshot, token))
        case {"token": str(token), "id": id}:
            return named(agreed(known.actor, actor_of(known.snapshot, token)), id)
        case {"token": str(token)}:
            return agreed(known.actor, actor_of(known.snapshot, token))
        case {"token": _}:
            raise bad_body("token: expected a text", MEMBER)
        case {"id": id}:
            return named(known.actor if known.actor.id is not None else vouched(known, id), id)
        case _:
            raise bad_body("expected a signed token, or an object with id", MEMBER)


def agreed(known: Actor, proved: Actor) -> Actor:
    """The caller whom the body's token proves; he must be the one who is known, if there is one."""
    return proved if known.id is None else named(known, proved.id)


def named(actor: Actor, id: object) -> Actor:
    """The caller, if this is his id."""
    if not isinstance(id, str) or str(actor.id).lower() != id.lower():
        raise ApiError("forbidden", "jwtCookie names another caller than the token")
    return actor


def vouched(known: Context, id: object) -> Actor:
    """The account of an id that a gateway vouches for; without a gateway nobody does."""
    config = known.snapshot.config
    if not config.dialect("xond").trust_body_identity:
        raise ApiError("unauthorized", "Authentication required: jwtCookie is not signed")
    account = accounts.load_account(known.snapshot.system, str(id), extras=extras(known.snapshot))
    if account is None or not account.active:
        raise ApiError("invalid_token", "Invalid or expired token")
    return Actor(account.id, account.roles, account.tenant, account.row)
