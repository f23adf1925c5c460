"""What every dialect stands on: mounts, the context of a request, names and parameters to parse, answers, refusals.

In: Flask's request. Out: for the dialects `context()`, `scope()`, `reader()`, `open_resource()`, `answer()`; for the
application `install()`, which mounts the dialects and answers every refusal in the envelope of the dialect whose mount
is the longest prefix of the path. The only room besides the dialects that knows the web.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import structlog
from flask import Flask, Response, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from crud.access import permissions
from crud.access.actor import ANONYMOUS, Actor
from crud.callers import actor_of
from crud.errors import ApiError, Clash, Mistake, Mistakes, clashing, said, unknown_resource
from crud.identity.keys import PREFIX
from crud.jsontext import json_bytes
from crud.presentation import Presentation
from crud.sight import sight
from crud.snapshots.state import Context, State
from crud.telemetry.calls import enter, spending
from crud.web import explaining
from crud.web.again import again, can_repeat, overtaken
from crud.web.crossing import SAFE, refuse_cross_site
from crud.web.holding import hold
from crud.web.mounts import Dialect as Dialect
from crud.web.mounts import Mounted, Served, joined, speaking
from crud.web.mounts import mount as mount
from crud.web.mounts import reads as reads
from crud.web.mounts import served as served
from crud.web.telling import call, path
from crud.wire.params import Reader
from crud.wire.paths import Scope, Values
from sql import errors as sql
from sql.catalog import Resource

log = structlog.get_logger()
MOST_MISTAKES = 100
MOST_SAID = 20
APART = frozenset({"live", "ready", "metrics"})


# ---------------------------------------------------------------- inside a request


def context() -> Context:
    """The snapshot and the actor of this request."""
    found: Context = g.context
    return found


def presentation(dialect: str) -> Presentation:
    """The names of a dialect in this request's snapshot."""
    return context().snapshot.presentations[dialect]


def scope(dialect: str, asking: Context | None = None) -> Scope:
    """What a parser of this dialect works in: the names that the caller may know, and no values yet."""
    asking = asking or context()
    snapshot = asking.snapshot
    names = sight(asking, presentation(dialect))
    return Scope(names, snapshot.catalog, Values(), snapshot.config.limits.list_items)


def reader() -> Reader:
    """The query parameters of this request."""
    return Reader(request.args.lists())


def open_resource(dialect: str, written: str) -> Resource:
    """The resource of a written name, once it is known that the caller may read it. Raises ApiError."""
    try:
        resource = presentation(dialect).resource(written)
    except sql.UnknownResource:
        raise unknown_resource(written) from None
    return admit(resource, written)


def admit(resource: Resource, written: str) -> Resource:
    """The resource, if the caller may read it: checked before anything about its fields is said."""
    snapshot = context().snapshot
    with spending("authorise"):
        gate = permissions.gate_for(snapshot.policy, snapshot.catalog, context().actor)
        permissions.require(gate, resource, written)
    return resource


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response. Decimals keep their digits; a body over the configured size is a 413."""
    enter("render")
    data = json_bytes(body)
    limit = context().snapshot.config.limits.response_bytes if "context" in g else len(data)
    if len(data) > limit:
        raise ApiError("too_large", "Response body too large")
    return Response(data, status, headers, mimetype="application/json")


def nothing(status: int) -> Response:
    """An answer without a body."""
    return Response(status=status, headers={"Content-Length": "0"})


# ---------------------------------------------------------------- the application's side


def install(app: Flask, state: State, dialects: Iterable[Dialect]) -> None:
    """Mount the enabled dialects, open a context before each request, answer every refusal in its envelope."""
    mounts = []
    for dialect in dialects:
        settings = state.held.config.dialect(dialect.name)
        if settings.enabled:
            for each in dialect.mounts:
                at = settings.mounts.get(each.path, each.path)
                app.register_blueprint(each.blueprint, url_prefix=at)
                mounts.append(Mounted(at, each, dialect))
    app.extensions["dragoman"] = Served(state, tuple(sorted(mounts, key=lambda mounted: -len(mounted.at))))
    app.before_request(_before)
    app.after_request(_close)
    for kind in (ApiError, sql.SqlError, HTTPException, Exception):
        app.register_error_handler(kind, _refuse)


def _before() -> None:
    """Health is asked when there may be no context."""
    if request.endpoint not in APART:
        open_context()
        g.context = replace(context(), explains=explaining.wanted(context().actor))


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


def _close(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# sql error → (kind, message); the first that fits.
TOLD: tuple[tuple[type[sql.SqlError], str, str], ...] = (
    (sql.UnknownResource, "unknown_resource", "Resource not found"),
    (sql.BadValue, "bad_parameter", ""),
    (sql.Unsupported, "bad_parameter", ""),
    (sql.TooManyRows, "too_large", "Response body too large"),
    (sql.TooComplex, "bad_parameter", "The query is nested too deeply"),
    (sql.OutOfRange, "bad_parameter", "A number is too large"),
    (sql.Timeout, "timeout", "The query took too long; ask for less or filter on an indexed field"),
    (sql.Busy, "busy", "The database is busy, try again"),
    (sql.Uncertain, "busy", "The connection to the database was lost; it is not known whether the change was made"),
    (sql.Full, "busy", "The database has no room left"),
    (sql.ReadOnly, "busy", "The database takes no changes now"),
    (sql.Unavailable, "busy", "The database cannot be reached, try again"),
    (sql.UniqueViolation, "conflict", "A row with this value exists already"),
    (sql.ForeignKeyViolation, "conflict", "The row refers to a missing row, or others refer to it"),
    (sql.NotNullViolation, "invalid", "A required value is missing"),
    (sql.CheckViolation, "invalid", "A value does not fit its column"),
)

# HTTP status of a routing error → kind
ROUTING: Mapping[int, str] = {404: "unknown_path", 405: "wrong_method", 413: "too_large", 415: "unsupported_media"}


def told(error: Exception) -> ApiError:
    """What the caller is told of an exception. Anything unforeseen is `internal`, and the log has the rest."""
    match error:
        case ApiError():
            return error
        case HTTPException() if error.code is not None and error.code < 500:
            kind = ROUTING.get(error.code, "bad_body")
            return ApiError(kind, error.name if kind != "wrong_method" else f"{request.method} method not allowed")
        case sql.SqlError() if known := next((row for row in TOLD if isinstance(error, row[0])), None):
            _, kind, message = known
            if kind in ("timeout", "busy"):
                log.warning(kind, path=path(request.path), cause=repr(error.__cause__))
            return ApiError(kind, message or str(error))
        case ParseException():
            return ApiError("bad_body", "The chunks of the body are not as HTTP has them")
    log.error("internal error", path=path(request.path), exc_info=error)
    return ApiError("internal", "Internal server error")


def worded(dialect: str, refusal: ApiError) -> ApiError:
    """What is said of rows, under the names that the dialect shows; `details` becomes JSON data. Others stay."""
    match refusal.details:
        case Mistakes() as found:
            made = _worded_mistakes(dialect, found)
        case Clash() as found:
            made = _worded_clash(dialect, found, refusal)
        case _:
            return refusal
    made.__cause__ = refusal.__cause__
    return made


def _worded_mistakes(dialect: str, found: Mistakes) -> ApiError:
    views = presentation(dialect).views
    listed = found.mistakes[:MOST_MISTAKES]
    shown = [(each, views[each.resource or found.resource].shown(each.field)) for each in listed]
    details = [mistake_json(mistake, name) for mistake, name in shown]
    message = "; ".join(said(mistake, name) for mistake, name in shown[:MOST_SAID])
    return ApiError("invalid", message, field=shown[0][1], parameter="body", details=details)


def _worded_clash(dialect: str, found: Clash, refusal: ApiError) -> ApiError:
    names = [presentation(dialect).views[found.resource].shown(name) for name in found.columns]
    field, details = names[0] if names else "", None if found.row is None else {"row": found.row}
    return ApiError(refusal.kind, clashing(refusal.message, names), field=field, parameter="body", details=details)


def mistake_json(mistake: Mistake, name: str) -> dict[str, object]:
    """A mistake as JSON data: where it is, what is wrong, by which rule."""
    found = {"field": name, "message": mistake.message, "rule": mistake.rule, "value": mistake.value}
    if mistake.row is not None:
        found["row"] = mistake.row
    return {**found, "at": mistake.at} if mistake.at else found


def _refuse(error: Exception) -> Response:
    if overtaken(error):
        return again() if can_repeat() else refused(ApiError("busy", "The definitions have changed, try again"))
    return refused(error)


def refused(error: Exception) -> Response:
    """The refusal that an error means, in the envelope of who answers."""
    refusal = told(error)
    answers = [each.render_error(worded(each.dialect.name, refusal)) for each in speaking()]
    body, status = joined(answers) if answers else problem(refusal)
    response = Response(
        json_bytes(body), status, mimetype="application/json" if answers else "application/problem+json"
    )
    response.headers.update(_headers(refusal, status))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _headers(refusal: ApiError, status: int) -> dict[str, str]:
    if status == 401 or refusal.kind == "invalid_token":
        hint = ' error="invalid_token"' if refusal.kind == "invalid_token" else ""
        return {"WWW-Authenticate": f"Bearer{hint}"}
    wait = refusal.wait or (1 if status == 503 else None)
    return {"Retry-After": str(wait)} if wait else {}


def problem(error: ApiError) -> tuple[object, int]:
    """A refusal outside every dialect (RFC 9457)."""
    body = {"type": "about:blank", "title": error.message, "status": error.status, "code": error.kind}
    return body, error.status
