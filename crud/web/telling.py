"""What is told of each request: its ids in the answer, its line in the log, where its time went, the figures.

In: Flask's request and its answer. Out: `install()`, which hooks around everything else that the application does with
a request. Neither the query string nor a header nor a body is told: they hold secrets, and what callers look for.
"""

import re
from collections.abc import Mapping

from flask import Flask, Request, Response, g, request

from crud import logs
from crud.snapshots.health import connections
from crud.snapshots.state import Context
from crud.telemetry import figures
from crud.telemetry.calls import CALL, Call
from crud.telemetry.ids import request_id, trace
from crud.web.explaining import CALLER
from crud.web.mounts import served

_MOST = 200
# A token or a key that somebody has put into a path.
_SECRET = re.compile(r"eyJ[\w.-]{8,}|drg_[\w-]+")
# Asked every few seconds by who only wants to know whether all is well.
QUIET = frozenset({"live", "ready"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install(app: Flask) -> None:
    """Hook around every request: this comes before all other hooks."""
    figures.start()
    app.before_request(_begin)
    app.after_request(_end)


def call() -> Call:
    """What is told of this request."""
    found: Call = g.call
    return found


def _begin() -> None:
    if "call" not in g:  # else it is begun again
        given = request.environ
        g.call = made = Call(request_id(given.get("HTTP_X_REQUEST_ID")), trace(given.get("HTTP_TRACEPARENT")))
        CALL.set(made)


def _end(response: Response) -> Response:
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # each way over the proxy takes time
    known: Context | None = g.get("context")
    told, settings = call(), (known.snapshot if known else served().state.held).config.telemetry
    told.enter("render")
    response.headers["X-Request-Id"] = told.id
    if told.trace:
        response.headers["traceparent"] = told.trace.header
    if known and known.actor.wholly("admin", *settings.timing):
        response.headers["Server-Timing"] = timing(told)
    where, seconds = (route(asked), dialect(asked)), told.seconds
    quiet = asked.endpoint in QUIET and response.status_code == 200 or CALLER in asked.environ
    if settings.access_log and not quiet:
        logs.access(_line(asked, response, where, seconds))
    _count(asked.method, response.status_code, where, seconds)
    CALL.set(None)
    return response


def _count(method: str, status: int, where: tuple[str, str], seconds: float) -> None:
    figures.answered(*where, method if method in METHODS else "other", status=status, seconds=seconds)
    for source, (count, sum) in call().statements.items():
        figures.count("statements", source, by=count)
        figures.count("statement_seconds", source, by=sum)
    if figures.due():
        figures.look(connections(served().state.held))


def timing(told: Call) -> str:
    """`Server-Timing`: what the time of a request was spent on, in milliseconds."""
    parts = [f"{phase};dur={max(seconds, 0) * 1000:.2f}" for phase, seconds in told.spent.items()]
    return ", ".join([*parts, f"total;dur={told.seconds * 1000:.2f}"])


def _line(asked: Request, response: Response, where: tuple[str, str], seconds: float) -> Mapping[str, object]:
    told, known = call(), g.get("context")
    return {
        "method": asked.method[:20],
        "route": where[0],
        "path": path(asked.path),
        "status": response.status_code,
        "ms": round(seconds * 1000, 2),
        "sql_ms": round(told.spent["sql"] * 1000, 2),
        "statements": sum(count for count, _ in told.statements.values()),
        "bytes": response.calculate_content_length() or response.content_length or 0,
        "dialect": where[1],
        "actor": known.actor.id if known else None,
    }


def route(asked: Request) -> str:
    """The template of the path; empty where no view is at it."""
    return str(asked.url_rule.rule) if asked.url_rule else ""


def path(asked: str) -> str:
    """A path without what may be a secret in it, and no longer than a line should be."""
    shown = _SECRET.sub("[secret]", asked)[:_MOST]
    return shown if shown.isprintable() else ascii(shown)[1:-1]


def dialect(asked: Request) -> str:
    """The dialect whose mount the path is in; empty outside all."""
    if asked.url_rule and ":" in asked.url_rule.endpoint:
        return str(asked.url_rule.endpoint).partition(":")[0]
    return next((each.dialect.name for each in served().sharing(asked.path)), "")
