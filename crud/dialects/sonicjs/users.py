"""Who is calling, as SonicJS tells it: the caller's own account, bare, wrapped, and beside his session.

In: the bearer, or `sessionId`. Out: the row of the account as its owner may read it. Who has no account (a user of the
configuration, a caller of another issuer) is shown by what is known of him.
"""

from dataclasses import replace
from time import perf_counter

from flask import Response

from crud import service
from crud.access.actor import Actor
from crud.callers import actor_of
from crud.dialects.sonicjs.mounts import API_V1, V1, Row, elapsed, wrapped
from crud.dialects.sonicjs.parameters import as_asked
from crud.errors import ApiError
from crud.identity.sessions import CONFIGURED
from crud.snapshots.state import Context
from crud.system import ACCOUNTS
from crud.web.dialect import answer, context, reader, scope
from crud.web.recognising import shown
from crud.web.request import tagged
from crud.wire.keys import by_key
from crud.wire.wanted import Wanted, parts
from sql.query import Query


@V1.blueprint.get("/user")
def get_user_bare() -> Response:
    """The caller's own row, bare."""
    asking, _ = asked()
    row = row_of(asking)
    return tagged(row, row)


@API_V1.blueprint.get("/user")
def get_user_wrapped() -> Response:
    """The caller's own row."""
    started = perf_counter()
    asking, _ = asked()
    row = row_of(asking)
    return tagged(row, wrapped(row, 1, started))


@V1.blueprint.get("/auth/user")
def get_session_user() -> Response:
    """The caller, as the first generation tells it to a session."""
    started = perf_counter()
    asking, _ = asked()
    return answer({"data": row_of(asking), "source": "session", "executionTime": elapsed(started)})


@API_V1.blueprint.get("/auth/user")
def get_session() -> Response:
    """The caller and his session, as the second generation tells it."""
    asking, token = asked()
    return answer({"data": {"session": session_of(asking.actor, token), "user": row_of(asking)}})


# ---------------------------------------------------------------- the caller


def asked() -> tuple[Context, str]:
    """The context of the bearer, or of `sessionId`, and the token itself. Where both are given they must agree."""
    parameters = reader()
    session = parameters.take("sessionId")
    parameters.finish()
    asking = context() if session is None else by_session(context(), session)
    token = shown(None) if session is None else session
    if asking.actor.id is None or token is None:
        raise ApiError("unauthorized", "Unauthorized")
    return asking, token


def by_session(asking: Context, token: str) -> Context:
    """The context of a session's token."""
    actor = actor_of(asking.snapshot, token)
    if asking.actor.id not in (None, actor.id):
        raise ApiError("invalid_token", "Unauthorized")
    return replace(asking, actor=actor)


def row_of(asking: Context) -> Row:
    """The caller's account under the rules for reading it, or what is known of a caller without one."""
    if "id" not in asking.actor.account:
        return plain(asking.actor)
    accounts = asking.snapshot.catalog.resource(ACCOUNTS)
    within = scope("sonicjs", asking)
    select, _ = parts(within, Wanted(accounts, star=True))
    query = Query(accounts.name, select, by_key(within, accounts, str(asking.actor.id)))
    try:
        return service.read(asking, as_asked(within, query)).rows[0]
    except (ApiError, IndexError) as error:
        if isinstance(error, ApiError) and error.kind != "unknown_resource":
            raise
        raise ApiError("missing_row", "Not Found") from None  # to who may not read accounts, they have no name


def plain(actor: Actor) -> Row:
    """Who a caller is, by no rule: what he said himself when he signed in, and his leading role."""
    role = "admin" if "admin" in actor.roles else min(actor.roles, default=None)
    name = actor.account.get("name") or str(actor.id).removeprefix(CONFIGURED)
    return {"id": actor.id, "name": name, "email": actor.account.get("email"), "role": role}


def session_of(actor: Actor, token: str) -> Row | None:
    """A session with its times in milliseconds. It ends whether or not it is used. An API key has none."""
    if actor.session is None:
        return None
    begun, ends = (int(str(actor.claims[name])) * 1000 for name in ("iat", "exp"))
    times = {"activeExpires": ends, "idleExpires": ends, "createdOn": begun, "updatedOn": begun}
    return {"userId": actor.id, **times, "token": token}
