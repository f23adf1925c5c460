"""The application factory: configuration in, a Flask application that speaks every dialect out.

`create_app()` reads the configuration that the environment names (`crud.snapshots.startup`), builds the first
snapshot, mounts the dialects and hangs the commands of `crud.cli` under `flask`.
"""

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import click
import structlog
from flask import Flask

from crud import cli, logs
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.dialects import DIALECTS
from crud.identity import brakes, passwords
from crud.snapshots import inherited, startup
from crud.snapshots.following import followed
from crud.snapshots.inherited import INHERITED, Files
from crud.snapshots.state import Snapshot, State
from crud.web import explained, health, installing, origins, pages, telling
from crud.web.mounts import Dialect
from crud.web.routes import Route
from sql.errors import Busy, DatabaseError, ReadOnly, Unavailable, Unusable

log = structlog.get_logger()
Given = Config | Path | str | None


class StartError(click.ClickException):
    """The service cannot start: every mistake in the configuration, or the database that cannot be reached."""


def create_app(
    config: Given = None,
    *,
    dialects: Iterable[Dialect] = tuple(DIALECTS.values()),
    waits: bool = False,
) -> Flask:
    """The WSGI application. `config` is a configuration, the path of one, or None for what the environment names.
    `waits`: while the database cannot be reached, requests are refused (503), and it starts when it can.

    Raises StartError, which `flask` prints without a traceback.
    """
    try:
        return _create(config, tuple(dialects), waits=waits)
    except (ConfigError, DatabaseError) as error:
        raise StartError(str(error)) from error


def _create(config: Given, dialects: tuple[Dialect, ...], *, waits: bool) -> Flask:
    logs.configure("stdout" if cli.serves(sys.argv[1:]) else "stderr")
    app = Flask("dragoman", static_folder=None)
    cli.install(app)
    if config is None and cli.without_service(sys.argv[1:]):
        return app
    read, texts = _files(config)
    app.url_rule_class = Route
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # the redirect would be an answer outside every dialect's envelope
    telling.install(app)
    passwords.allow_at_once(read.auth.hashes_at_once)
    brakes.install(app, read)
    names = [each.name for each in dialects]
    state = _state(config, names, (read, texts), waits=waits)
    installing.install(app, state, dialects)
    explained.install(app)
    health.install(app, state)
    origins.install(app, read)
    pages.install(app)
    return app


def _state(config: Given, names: Sequence[str], files: Files, *, waits: bool) -> State:
    try:
        return State(_first(config, names, files), followed)
    except (Busy, Unavailable) as error:
        if not waits or isinstance(error, (ReadOnly, Unusable)) and not INHERITED.again:
            raise
        log.warning("the database cannot be reached: requests are refused until it can", cause=repr(error.__cause__))
        unreached = startup.unreached(files[0], names, files[1])
        return State(unreached, followed, start=lambda: _first(config, names, _files(config)))


def _first(config: Given, names: Sequence[str], files: Files) -> Snapshot:
    read, texts = files
    if texts and config is None and (INHERITED.again or cli.joins(sys.argv[1:])):
        make = partial(startup.joined, read, names, texts)
    else:
        make = partial(startup.assemble, read, names, texts)
    try:
        return make()
    except startup.Overtaken:
        return _first(config, names, _files(config))


def _files(config: Given) -> Files:
    """The configuration, with the texts of its files where it has some."""
    if isinstance(config, Config):
        return config, None
    return inherited.found() if config is None else startup.configured(config)
