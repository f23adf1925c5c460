"""What every dialect stands on: mounts, the context of a request, names and parameters to parse, answers, refusals.

In: Flask's request. Out: for the dialects `context()`, `scope()`, `reader()`, `open_resource()`, `answer()`; for the
application `install()`, which mounts the dialects and answers every refusal in the envelope of the dialect whose mount
is the longest prefix of the path. The only room besides the dialects that knows the web.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import structlog
from flask import Blueprint, Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from crud import permissions
from crud.errors import ApiError, Clash, Mistake, Mistakes, clashing, said, unknown_resource
from crud.identity.callers import actor_of
from crud.identity.keys import PREFIX
from crud.jsontext import to_json
from crud.params import Reader
from crud.paths import Scope, Values
from crud.presentation import Presentation
from crud.sight import sight
from crud.state import ANONYMOUS, Context, State
from sql import errors as sql
from sql.catalog import Resource

log = structlog.get_logger()
Render = Callable[[ApiError], tuple[object, int]]
MOST_MISTAKES = 100
MOST_SAID = 20


@dataclass(frozen=True)
class Dialect:
    """A wire dialect: its name, its mounts (blueprints with a default path), how it words a refusal."""

    name: str
    mounts: tuple["Mount", ...]
    render_error: Render


@dataclass(frozen=True)
class Mount:
    """One path of a dialect and the routes below it. `cookie` names a cookie that may carry the token there."""

    path: str
    blueprint: Blueprint
    cookie: str | None = None


def mount(dialect: str, path: str, *, cookie: str | None = None) -> Mount:
    """A mount to hang routes on: `@API.blueprint.get("/<name>")`. Its requests get a context before a view runs."""
    name = f"{dialect}:{path.strip('/').replace('/', '-')}"
    return Mount(path, Blueprint(name, __name__), cookie)


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
    gate = permissions.gate_for(snapshot.policy, snapshot.catalog, context().actor)
    permissions.require(gate, resource, written)
    return resource


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response. Decimals keep their digits; a body over the configured size is a 413."""
    data = to_json(body)
    limit = context().snapshot.config.limits.response_bytes if "context" in g else len(data)
    if len(data) > limit:
        raise ApiError("too_large", "Response body too large")
    return Response(data, status, headers, mimetype="application/json")


def nothing(status: int) -> Response:
    """An answer without a body."""
    response = Response(status=status)
    response.headers["Content-Length"] = "0"
    return response


# ---------------------------------------------------------------- the application's side


@dataclass(frozen=True)
class Served:
    """What the application serves: dialects by their actual mounts, longest first."""

    state: State
    mounts: tuple[tuple[str, Mount, Dialect], ...]

    def dialect_of(self, path: str) -> Dialect | None:
        """The dialect whose mount is the longest prefix of a path."""
        return next((dialect for _, dialect in self._at(path)), None)

    def cookie_of(self, path: str) -> str | None:
        """The cookie that may carry a token to this path."""
        return next((mount.cookie for mount, _ in self._at(path)), None)

    def _at(self, path: str) -> Iterator[tuple[Mount, Dialect]]:
        return ((mount, dialect) for at, mount, dialect in self.mounts if path == at or path.startswith(f"{at}/"))


def install(app: Flask, state: State, dialects: Iterable[Dialect]) -> None:
    """Mount the enabled dialects, open a context before each request, answer every refusal in its envelope."""
    mounts = []
    for dialect in dialects:
        settings = state.held.config.dialect(dialect.name)
        if settings.enabled:
            for each in dialect.mounts:
                at = settings.mounts.get(each.path, each.path)
                app.register_blueprint(each.blueprint, url_prefix=at)
                mounts.append((at, each, dialect))
    app.extensions["dragoman"] = Served(state, tuple(sorted(mounts, key=lambda mounted: -len(mounted[0]))))
    app.before_request(_open)
    app.after_request(_close)
    for kind in (ApiError, sql.SqlError, HTTPException, Exception):
        app.register_error_handler(kind, _refuse)


def served() -> Served:
    """What this application serves."""
    found: Served = current_app.extensions["dragoman"]
    return found


_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _open() -> None:
    g.request_id = request.headers.get("X-Request-Id", "")
    if not _REQUEST_ID.fullmatch(g.request_id):
        g.request_id = uuid.uuid4().hex
    snapshot = served().state.current()
    g.context = Context(snapshot, ANONYMOUS, g.request_id)
    if len(request.query_string) > snapshot.config.limits.query_bytes:
        raise ApiError("bad_parameter", f"The query string is longer than {snapshot.config.limits.query_bytes} bytes")
    token = shown(served().cookie_of(request.path))
    if token is not None:
        g.context = replace(g.context, actor=actor_of(snapshot, token))


def shown(cookie: str | None) -> str | None:
    """What a request shows: a token or an API key in the Authorization header, a key in X-API-Key, else the mount's
    cookie. Another scheme is refused, and so is showing both."""
    header, key = request.headers.get("Authorization"), request.headers.get("X-API-Key")
    if header is None and key is None:
        return request.cookies.get(cookie) if cookie else None
    scheme, _, token = (header or f"bearer {key}").partition(" ")
    wrong_key = key is not None and (header is not None or not key.startswith(PREFIX))
    if wrong_key or scheme.lower() != "bearer" or not token.strip():
        raise ApiError("invalid_token", "Invalid or expired token")
    return token.strip()


def _close(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
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
                log.warning(kind, request_id=g.get("request_id"), path=request.path, cause=repr(error.__cause__))
            return ApiError(kind, message or str(error))
    log.error("internal error", request_id=g.get("request_id"), path=request.path, exc_info=error)
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
    dialect = served().dialect_of(request.path)
    refusal = told(error)
    refusal = worded(dialect.name, refusal) if dialect else refusal
    body, status = (dialect.render_error if dialect else problem)(refusal)
    response = Response(to_json(body), status, mimetype="application/json" if dialect else "application/problem+json")
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
