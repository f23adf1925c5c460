"""How the service does: `/live`, `/ready`, and `/metrics` for Prometheus.

In: requests, of anybody; figures are for administrators, the roles of `telemetry.figures` and whoever shows
`telemetry.token`. Out: `install()`. What is looked up is remembered for a second and looked up by one caller at a time,
so that asking often costs no more than asking once.
"""

import hmac
import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from flask import Flask, Response, request

from crud.errors import ApiError
from crud.jsontext import json_bytes
from crud.snapshots.health import Health, connections, health_of
from crud.snapshots.state import State
from crud.telemetry import figures
from crud.web.dialect import context, served
from crud.web.recognising import bearer, open_context
from sql.errors import SqlError

T = TypeVar("T")
SECONDS = 1.0


class Remembered(Generic[T]):
    """A value that is made anew when it is a second old. While one caller makes it, others get the one before."""

    def __init__(self, make: Callable[[], T], seconds: float = SECONDS) -> None:
        self._make, self._seconds = make, seconds
        self._held: tuple[T, float] | None = None
        self._making = threading.Lock()

    def get(self) -> T:
        """The value."""
        held = self._held
        if held and monotonic() < held[1]:
            return held[0]
        if not self._making.acquire(blocking=held is None):
            assert held is not None
            return held[0]
        try:
            if self._held is held:
                self._held = (self._make(), monotonic() + self._seconds)
            assert self._held is not None
            return self._held[0]
        finally:
            self._making.release()


def install(app: Flask, state: State) -> None:
    """Serve the three."""
    health, told = Remembered(lambda: health_of(state)), Remembered(figures.text)
    app.add_url_rule("/live", "live", _live)
    app.add_url_rule("/ready", "ready", lambda: _ready(health))
    app.add_url_rule("/metrics", "metrics", lambda: _metrics(told))


def _live() -> Response:
    """This process answers. Nothing is asked of a database."""
    return _json({"status": "live"}, 200)


def _ready(health: Remembered[Health]) -> Response:
    """Whether requests can be answered: every database, the definitions in force, the catalog."""
    found = health.get()
    status = 200 if found.ready else 503
    response = _json(found.words() | (_figures(found) if _may_see() else {}), status)
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def _metrics(told: Remembered[bytes]) -> Response:
    """The figures of all workers."""
    if not _shows_token():
        open_context()
        if context().actor.id is None:
            raise ApiError("unauthorized", "Unauthorized")
        if not _is_told():
            raise ApiError("forbidden", "Permission denied")
    figures.look(connections(served().state.held))
    try:
        return Response(told.get(), content_type=figures.CONTENT_TYPE)
    except OSError:
        raise ApiError("busy", "The figures cannot be written or read; the log says why") from None


# ---------------------------------------------------------------- who is told


def _may_see() -> bool:
    """Whether a caller is told figures. While the database cannot be asked who he is, nobody is."""
    if _shows_token():
        return True
    if "Authorization" not in request.headers and "X-API-Key" not in request.headers:
        return False
    try:
        open_context()
    except SqlError:
        return False
    return _is_told()


def _is_told() -> bool:
    return context().actor.wholly("admin", *context().snapshot.config.telemetry.figures)


def _shows_token() -> bool:
    """Whether the request shows the token of the configuration, for which no database is asked."""
    token, given = served().state.held.config.telemetry.token, bearer()
    return bool(token and given) and hmac.compare_digest(token.encode(), str(given).encode("utf-8", "surrogatepass"))


def _figures(found: Health) -> dict[str, object]:
    return {"sources": found.sources, "resources": found.resources}


def _json(body: object, status: int) -> Response:
    return Response(json_bytes(body), status, mimetype="application/json")
