"""What is told of each request: its ids in the answer, its line in the log, where its time went, the figures.

In: Flask's request and its answer. Out: `install()`, which hooks around everything else that the application does with
a request. Neither the query string nor a header nor a body is told: they hold secrets, and what callers look for.
"""

import re
from collections.abc import Mapping

from flask import Flask, Response, g, request

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
        headers = request.headers
        g.call = Call(request_id(headers.get("X-Request-Id")), trace(headers.get("traceparent")))
        CALL.set(g.call)


def _end(response: Response) -> Response:
    known: Context | None = g.get("context")
    told, settings = call(), known.snapshot.config.telemetry if known else served().state.held.config.telemetry
    told.enter("render")
    response.headers["X-Request-Id"] = told.id
    if told.trace:
        response.headers["traceparent"] = told.trace.header
    if known and known.actor.wholly("admin", *settings.timing):
        response.headers["Server-Timing"] = timing(told)
    seconds = told.seconds
    quiet = request.endpoint in QUIET and response.status_code == 200 or CALLER in request.environ
    if settings.access_log and not quiet:
        logs.access(_line(response, told, known, seconds))
    _count(response.status_code, told, seconds)
    CALL.set(None)
    return response


def _count(status: int, told: Call, seconds: float) -> None:
    method = request.method if request.method in METHODS else "other"
    figures.answered(route(), dialect(), method, status=status, seconds=seconds)
    for source, (count, sum) in told.statements.items():
        figures.count("statements", source, by=count)
        figures.count("statement_seconds", source, by=sum)
    if figures.due():
        figures.look(connections(served().state.held))


def timing(told: Call) -> str:
    """`Server-Timing`: what the time of a request was spent on, in milliseconds."""
    parts = [f"{phase};dur={max(seconds, 0) * 1000:.2f}" for phase, seconds in told.spent.items()]
    return ", ".join([*parts, f"total;dur={told.seconds * 1000:.2f}"])


def _line(response: Response, told: Call, known: Context | None, seconds: float) -> Mapping[str, object]:
    return {
        "method": request.method[:20],
        "route": route(),
        "path": path(),
        "status": response.status_code,
        "ms": round(seconds * 1000, 2),
        "sql_ms": round(told.spent["sql"] * 1000, 2),
        "statements": sum(count for count, _ in told.statements.values()),
        "bytes": response.calculate_content_length() or 0,
        "dialect": dialect(),
        "actor": known.actor.id if known else None,
    }


def route() -> str:
    """The template of the path; empty where no view is at it."""
    return request.url_rule.rule if request.url_rule else ""


def path() -> str:
    """The path without what may be a secret in it, and no longer than a line should be."""
    shown = _SECRET.sub("[secret]", request.path)[:_MOST]
    return shown if shown.isprintable() else ascii(shown)[1:-1]


def dialect() -> str:
    """The dialect whose mount the path is in; empty outside all."""
    if request.blueprint:
        return request.blueprint.partition(":")[0]
    return next((each.dialect.name for each in served().sharing(request.path)), "")
