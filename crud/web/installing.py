"""The application is put together: dialects on their mounts, a context before each request, refusals in its envelope.

In: Flask, the state, the dialects. Out: nothing; from here on requests are answered.
"""

from collections.abc import Iterable
from dataclasses import replace

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from crud.errors import ApiError
from crud.snapshots.state import State
from crud.web import explaining
from crud.web.again import again, can_repeat, overtaken
from crud.web.dialect import context
from crud.web.mounts import Dialect, Mounted, Served
from crud.web.recognising import open_context
from crud.web.refusals import refused
from sql import errors as sql

APART = frozenset({"live", "ready", "metrics"})


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


def _close(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _refuse(error: Exception) -> Response:
    if overtaken(error):
        return again() if can_repeat() else refused(ApiError("busy", "The definitions have changed, try again"))
    return refused(error)
