"""`flask config check`: read a configuration and say what is wrong with it. `flask config schema`: its JSON Schema.

In: the path of a configuration, or what the environment names. Out: mistakes, each with its line; a status; JSON.
"""

import json
import os
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from crud.definitions.published import config_schema, resource_schema
from crud.definitions.reading import check_config
from crud.snapshots import startup

config_commands = AppGroup("config", help="Read and check the configuration.")


@config_commands.command("check", with_appcontext=False)
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


@config_commands.command("schema", with_appcontext=False)
@click.option(
    "--resource", is_flag=True, help="Of one resource, as in a metadata file, instead of a whole configuration."
)
def schema(*, resource: bool) -> None:
    """Print the JSON Schema of a configuration, as it is published in docs/schema."""
    click.echo(json.dumps(resource_schema() if resource else config_schema(), indent=2, ensure_ascii=False))
