"""`flask reload`: the files are read again, and put in force on every worker of every host.

In: the configuration that the environment names. Out: what only a restart puts in force; or everything that is wrong
with the files, in which case nothing has changed. This is what a SIGHUP to gunicorn runs (`deploy/gunicorn.conf.py`).
"""

import click
from flask.cli import with_appcontext

from crud.definitions.problems import ConfigError
from crud.snapshots import reloading
from crud.web.dialect import served
from sql.errors import DatabaseError


@click.command()
@with_appcontext
def reload() -> None:
    """Put the files of the configuration in force as they are now; connections are made anew."""
    try:
        done = reloading.reload(served().state)
    except (ConfigError, DatabaseError) as error:
        raise click.ClickException(str(error)) from error
    click.echo("Reloaded.")
    if done.restart:
        click.echo(f"Only a restart puts in force: {', '.join(done.restart)}.")
