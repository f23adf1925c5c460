"""The application factory: configuration in, a Flask application that speaks every dialect out.

`create_app()` reads the configuration that the environment names (`crud.snapshots.startup`), builds the first
snapshot, mounts the dialects and hangs the commands of `crud.cli` under `flask`.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from flask import Flask

from crud import cli, logs
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.dialects import DIALECTS
from crud.identity import brakes, passwords
from crud.snapshots import inherited, startup
from crud.snapshots.following import followed
from crud.snapshots.inherited import INHERITED, Files
from crud.snapshots.state import State
from crud.web import dialect, health, origins, pages, telling
from crud.web.routes import Route
from sql.errors import DatabaseError


class StartError(click.ClickException):
    """The service cannot start: every mistake in the configuration, or the database that cannot be reached."""


def create_app(
    config: Config | Path | str | None = None, *, dialects: Iterable[dialect.Dialect] = tuple(DIALECTS.values())
) -> Flask:
    """The WSGI application. `config` is a configuration, the path of one, or None for what the environment names.

    Raises StartError, which `flask` prints without a traceback.
    """
    try:
        return _create(config, tuple(dialects))
    except (ConfigError, DatabaseError) as error:
        raise StartError(str(error)) from error


def _create(config: Config | Path | str | None, dialects: tuple[dialect.Dialect, ...]) -> Flask:
    logs.configure("stdout" if cli.serves(sys.argv[1:]) else "stderr")
    app = Flask("dragoman", static_folder=None)
    cli.install(app)
    if config is None and cli.without_service(sys.argv[1:]):
        return app
    read, texts = _files(config)
    app.url_rule_class = Route
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # the redirect would be an answer outside every dialect's envelope
    app.config.update(MAX_FORM_PARTS=100)  # how long a body may be is said for each request
    telling.install(app)
    passwords.allow_at_once(read.auth.hashes_at_once)
    brakes.install(app, read)
    names = [each.name for each in dialects]
    if texts and config is None and (INHERITED.again or cli.joins(sys.argv[1:])):
        snapshot = startup.joined(read, names, texts)
    else:
        snapshot = startup.assemble(read, names, texts)
    state = State(snapshot, followed)
    dialect.install(app, state, dialects)
    health.install(app, state)
    origins.install(app, read)
    pages.install(app)
    return app


def _files(config: Config | Path | str | None) -> Files:
    """The configuration, with the texts of its files where it has some."""
    if isinstance(config, Config):
        return config, None
    return inherited.found() if config is None else startup.configured(config)
