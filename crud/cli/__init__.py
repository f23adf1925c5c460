"""The command line: `flask prepare`, `flask config check`, `flask data import`, `flask data export`,
`flask access explain`, `flask access key`, `flask audit prune`.

In: the environment and arguments. Out: text on the terminal. Each module is one group of commands.
"""

from flask import Flask

from crud.cli.access import access_commands
from crud.cli.audit import audit_commands
from crud.cli.config import config_commands
from crud.cli.data import data_commands
from crud.cli.keys import key_commands
from crud.cli.prepare import prepare


def install(app: Flask) -> None:
    """Give the application its commands."""
    access_commands.add_command(key_commands)
    for command in (access_commands, audit_commands, config_commands, data_commands, prepare):
        app.cli.add_command(command)
