"""`flask access explain`: who may do what, by which rules.

In: a caller, a resource, an action. Out: the rules, the fields, the rows and the verdict, as text or JSON.
"""

import json

import click
from flask.cli import AppGroup, with_appcontext

from crud import inquiry
from crud.cli.data import find_resource
from crud.errors import ApiError
from crud.web.dialect import served

access_commands = AppGroup("access", help="Ask who may do what.")


@access_commands.command("explain")
@click.option("--as", "caller", help="An account's e-mail or id, a configured user, or anon.")
@click.option("--role", "roles", multiple=True, help="Instead of --as: somebody with this role. Repeated: with all.")
@click.option("--resource", required=True, help="A resource, by its exact name or one that a dialect gives it.")
@click.option("--action", type=click.Choice(inquiry.ACTIONS), required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def explain(*, caller: str | None, roles: tuple[str, ...], resource: str, action: str, as_json: bool) -> None:
    """Say which rules give which fields and rows, and which do not, and why."""
    if (caller is None) == (not roles):
        raise click.UsageError("Give either --as or --role.")
    snapshot = served().state.current()
    try:
        actor = inquiry.actor_of_roles(roles) if caller is None else inquiry.actor_named(snapshot, caller)
        found = inquiry.answer(snapshot, actor, find_resource(snapshot, resource), action)
    except ApiError as error:
        raise click.ClickException(error.message) from error
    click.echo(json.dumps(inquiry.data(found), indent=2) if as_json else "\n".join(inquiry.text(found)))
