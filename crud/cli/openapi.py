"""`flask openapi`: the description of a dialect as one caller has it, as `/openapi.json` would give it to him.

In: a dialect, a caller. Out: an OpenAPI 3.1 document, in a file or on standard output.
"""

from pathlib import Path

import click
from flask.cli import with_appcontext

from crud import inquiry
from crud.access.actor import Actor
from crud.cli.acting import administrator
from crud.cli.giving import give
from crud.errors import ApiError
from crud.snapshots.state import Context
from crud.web.dialect import served
from crud.web.documents import document_for


@click.command("openapi")
@click.option("--dialect", required=True, help="Which dialect.")
@click.option("--as", "caller", help="For whom: an account's e-mail or id, a configured user, or anon.")
@click.option(
    "--role", "roles", multiple=True, help="Instead of --as: for somebody with this role. Repeated: with all."
)
@click.option("--root", default="", help="The path under which the service is reached, where it is not /.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output.")
@with_appcontext
def openapi(*, dialect: str, caller: str | None, roles: tuple[str, ...], root: str, output: Path | None) -> None:
    """Write the OpenAPI document of a dialect; for an administrator, unless another caller is named."""
    if caller is not None and roles:
        raise click.UsageError("Give either --as or --role.")
    try:
        found = document_for(served(), _asking(caller, roles), dialect, root)
    except ApiError as error:
        raise click.ClickException(error.message) from error
    give(f"{found.text.decode()}\n", output)


def _asking(caller: str | None, roles: tuple[str, ...]) -> Context:
    snapshot = served().state.current()
    if roles:
        return Context(snapshot, _somebody(inquiry.actor_of_roles(roles)))
    return administrator() if caller is None else Context(snapshot, inquiry.actor_named(snapshot, caller))


def _somebody(actor: Actor) -> Actor:
    """Who has a role has signed in, unless it is nobody's."""
    return actor if actor.roles == {"anon"} else Actor("somebody", actor.roles)
