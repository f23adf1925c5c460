"""The command line: `flask prepare`, `flask config check`, `flask data import`, `flask data export`,
`flask access explain`, `flask access key`, `flask audit prune`, `flask db`, `flask openapi`,
`flask reload`, `flask explain`, `flask plan`.

In: the environment and arguments. Out: text on the terminal. Each module is one group of commands.
"""

import os
from collections.abc import Sequence

from flask import Flask

from crud.cli.access import access_commands
from crud.cli.audit import audit_commands
from crud.cli.config import config_commands
from crud.cli.data import data_commands
from crud.cli.db import db_commands
from crud.cli.explain import explain
from crud.cli.keys import key_commands
from crud.cli.openapi import openapi
from crud.cli.plan import plan_commands
from crud.cli.prepare import prepare
from crud.cli.reload import reload

COMMANDS = (
    access_commands,
    audit_commands,
    config_commands,
    data_commands,
    db_commands,
    explain,
    openapi,
    plan_commands,
    prepare,
    reload,
)
# Those that read the configuration themselves, and are for one with which no service could start.
WITHOUT_SERVICE = frozenset({"config", "db"})


def install(app: Flask) -> None:
    """Give the application its commands."""
    access_commands.add_command(key_commands)
    for command in COMMANDS:
        app.cli.add_command(command)


def without_service(arguments: Sequence[str]) -> bool:
    """Whether `flask` was called, with these arguments, for a command that needs no service started."""
    return _command(arguments) in WITHOUT_SERVICE


def serves(arguments: Sequence[str]) -> bool:
    """Whether a service is started, and no command that prints."""
    return _command(arguments) in ("", "run")


def joins(arguments: Sequence[str]) -> bool:
    """Whether `flask` was called for a command that works with what is in force, whatever the files say meanwhile."""
    return not serves(arguments)


def _command(arguments: Sequence[str]) -> str:
    """The command for which `flask` was called; empty where it was not."""
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
        return ""
    known = {str(command.name) for command in COMMANDS} | {"run", "shell", "routes"}
    return next((word for word in arguments if word in known), "")
