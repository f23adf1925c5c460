"""Brakes: how often one caller may knock at each kind of door (Flask-Limiter).

In: `auth.limits`, requests. Out: `braked`, which a door wears; `too_many` with the time to wait, once it was enough.
All doors of a kind count together, whatever their path. A caller is the address that the request came from, as the
counted proxies in front of us tell it (`server.proxy_hops`): no header or body of his own choice makes him another.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from ipaddress import IPv6Address, ip_address, ip_network
from time import time
from typing import ParamSpec, TypeVar

from flask import Flask, current_app, request
from flask_limiter import Limiter, RateLimitExceeded
from limits.errors import ConfigurationError
from werkzeug.middleware.proxy_fix import ProxyFix

from crud.definitions.config import Config
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.schema import DOORS
from crud.errors import ApiError
from crud.telemetry import figures

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[], None]
NAME = "dragoman.brakes"


def install(app: Flask, config: Config) -> None:
    """Count the proxies that are ours, and put the configured limits in force. Raises ConfigError."""
    hops = config.server.proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, 0, hops)  # type: ignore[method-assign]
    limits = config.auth.limits
    try:
        limiter = _limiter(app, limits.storage if any(getattr(limits, door) for door in DOORS) else "memory://")
    except ConfigurationError:
        at = config.place / "auth" / "limits" / "storage"
        raise ConfigError([Problem("cannot be used: is the package redis installed?", at)]) from None
    app.extensions[NAME] = {door: _check(limiter, door, text) for door in DOORS if (text := getattr(limits, door))}


def _limiter(app: Flask, storage: str) -> Limiter:
    """Where the storage does not answer, each worker counts for itself until it does."""
    limiter = Limiter(
        caller,
        storage_uri=storage,
        strategy="moving-window",
        in_memory_fallback_enabled=True,
        key_prefix=NAME,
    )
    # Where it is not there yet, it hangs itself around every request. Doors ask it themselves.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    return limiter


def caller() -> str:
    """Who is counted: an address, or the network of 64 bits that one subscriber of IPv6 has."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


def _check(limiter: Limiter, door: str, text: str) -> Check:
    def check() -> None:
        """Count one knock."""

    check.__qualname__ = f"knock at {door}"  # the limiter knows what it limits by this name
    counted: Check = limiter.shared_limit(text, scope=door)(check)

    def checked() -> None:
        try:
            counted()
        except RateLimitExceeded:
            figures.count("refusals", door)
            limit = limiter.current_limit
            wait = max(1, round(limit.reset_at - time())) if limit else 1
            raise ApiError("too_many", "Too many requests, try again later", wait=wait) from None

    return checked


def braked(door: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view that is a door of this kind: sign_in, register, refresh or set_up. Raises `too_many`."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def slowed(*args: P.args, **kwargs: P.kwargs) -> R:
            knock(door)
            return view(*args, **kwargs)

        return slowed

    return decorate


def knock(door: str) -> None:
    """Count one knock at a door of this kind, where only part of a view is one. Raises `too_many`."""
    checks: Mapping[str, Check] = current_app.extensions[NAME]
    if door in checks:
        checks[door]()
