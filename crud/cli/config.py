"""`flask config check`: read a configuration and say what is wrong with it.

In: the path of a configuration, or what the environment names. Out: mistakes, each with its line; a status.
"""

import os
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from crud import startup
from crud.definitions.reading import check_config

config_commands = AppGroup("config", help="Read and check the configuration.")


@config_commands.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
def check(path: Path | None) -> None:
    """Say whether a configuration is good: every mistake with file, line, key and what is allowed."""
    found = path or Path(os.environ.get("DRAGOMAN_CONFIG") or startup.HERE / "config.yml")
    problems = check_config(found)
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        sys.exit(1)
    click.echo(f"{found}: good")
