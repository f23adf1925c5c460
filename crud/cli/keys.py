"""`flask access key add|list|revoke`: API keys.

In: an account, scopes, the id of a key. Out: the text of a new key, once; keys as a table or as JSON.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup, with_appcontext

from crud.errors import ApiError
from crud.identity import accounts, keys
from crud.identity.keys import Key
from crud.snapshots.state import Snapshot
from crud.web.dialect import served

key_commands = AppGroup("key", help="Make, list and revoke API keys.")
MOST_DAYS = 36_500


@key_commands.command("add")
@click.option("--account", required=True, help="Whom the key acts as: an account's e-mail or id.")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--scope", "scopes", multiple=True, required=True, help="read:posts, read:*, *:posts, or *. Repeated.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), help="How long it is good; without, until it is revoked.")
@with_appcontext
def add(*, account: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key and print it: it is not kept anywhere."""
    snapshot = served().state.current()
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    try:
        owner = _account_id(snapshot, account)
        click.echo(keys.add(snapshot.system, account=owner, name=name, scopes=scopes, expires=expires))
    except ApiError as error:
        raise click.ClickException(error.message) from error


def _account_id(snapshot: Snapshot, named: str) -> str:
    found = accounts.find_account_by_email(snapshot.system, named) or accounts.load_account(snapshot.system, named)
    if found is None:
        raise click.ClickException(f"There is no account {named!r}.")
    return found.id


@key_commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def listed(*, as_json: bool) -> None:
    """List all keys: how they begin, whom they act as, what they are good for."""
    found = keys.listed(served().state.current().system)
    if as_json:
        click.echo(json.dumps([asdict(key) for key in found], indent=2))
    else:
        click.echo("\n".join(_line(key) for key in found) or "There are no keys.")


def _line(key: Key) -> str:
    state = "revoked" if key.revoked else f"until {key.expires}" if key.expires else "good"
    return f"{key.id}  {key.hint}…  {key.account}  {' '.join(key.scopes)}  {state}  {key.name}"


@key_commands.command("revoke")
@click.argument("id")
@with_appcontext
def revoke(id: str) -> None:
    """End a key, from its next request on."""
    if not keys.revoke(served().state.current().system, id):
        raise click.ClickException(f"There is no key {id!r} that is good.")
    click.echo("Revoked.")
