"""`flask db …`: the databases and the definitions of their tables.

In: the configuration that the environment names. Out: text on the terminal. These commands start no service: they are
for a configuration that the service would refuse, too.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click
from flask.cli import AppGroup

from crud.cli.inspect import inspect
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.definitions.texts import Texts
from crud.evolution import wording
from crud.evolution.applying import statements_of
from crud.snapshots.building import opened
from crud.snapshots.startup import configured, follow, planned
from crud.snapshots.state import Connections
from sql.errors import SqlError

db_commands = AppGroup("db", help="The tables of the databases, and what definitions want of them.")
db_commands.add_command(inspect)
SOMETHING = 2  # the status that tells programs that there is something to do
DONE = "Tables are as their definitions want them."
DROP = click.option("--drop", is_flag=True, help="Drop tables that were made for definitions that are gone.")
REPAIR = click.option("--repair", is_flag=True, help="Take tables as they are, whoever changed them.")


@db_commands.command("plan", with_appcontext=False)
@DROP
@REPAIR
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(*, drop: bool, repair: bool, as_json: bool) -> None:
    """Print what would change, with its SQL and with what would be lost, and where somebody else changed tables.

    The status is 0 if there is nothing to do, 2 if there is something.
    """
    with _opened() as (config, _, databases):
        found = planned(config, databases, drop=drop, repair=repair)
        statements = statements_of(databases, found)
    if as_json:
        click.echo(json.dumps(wording.data(found, statements), ensure_ascii=False, indent=2))
    else:
        click.echo(wording.text(found, statements) or DONE)
    sys.exit(SOMETHING if found.steps or found.drifted else 0)


@db_commands.command("apply", with_appcontext=False)
@click.option("--losing", is_flag=True, help="Also what loses data.")
@DROP
@REPAIR
def apply(*, losing: bool, drop: bool, repair: bool) -> None:
    """Let tables follow their definitions, all of them or none, and put these in force."""
    with _opened() as (config, texts, databases):
        done = follow(config, texts, databases, losing=losing, drop=drop, repair=repair)
    click.echo(wording.text(done) or DONE)


@contextmanager
def _opened() -> Iterator[tuple[Config, Texts | None, Connections]]:
    """The configuration, and its databases until the block ends. What is wrong is told in lines."""
    with ExitStack() as stack:
        try:
            config, texts = configured()
            databases = opened(config)
            for database in databases.values():
                stack.callback(database.close)
            yield config, texts, databases
        except (ConfigError, SqlError) as error:
            raise click.ClickException(str(error)) from error
