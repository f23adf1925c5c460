"""`flask audit prune`: forget what the audit has kept long enough.

In: a day. Out: how many entries went; the audit has an entry that says so.
"""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup, with_appcontext

from crud import audit
from crud.web.dialect import served

audit_commands = AppGroup("audit", help="Look after the audit.")


@audit_commands.command("prune")
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), required=True, help="A day, in UTC: what is older goes.")
@with_appcontext
def prune(*, before: datetime) -> None:
    """Forget entries that are older than a day."""
    gone = audit.prune(served().state.current().system, before.replace(tzinfo=UTC))
    click.echo(f"{gone} entries are gone.")
