"""`flask prepare`: what a first start needs, and how the service is used.

In: the environment. Out: database, sample data and an administrator where there is none; text on the terminal.
"""

import os
import secrets
from urllib.parse import quote

import click
from flask.cli import with_appcontext

from crud.access.actor import ANONYMOUS
from crud.definitions.problems import ConfigError
from crud.definitions.reading import variable
from crud.doors import ADMINISTRATOR
from crud.evolution.applying import Refused
from crud.identity import accounts
from crud.identity.passwords import hash_password
from crud.snapshots.building import opened
from crud.snapshots.reloading import reload
from crud.snapshots.startup import configuration, keep_safe, listening
from crud.snapshots.state import Snapshot
from crud.web.dialect import served
from crud.writing.newcomers import make_account
from sql.catalog import Resource


@click.command()
@with_appcontext
def prepare() -> None:
    """Make the first administrator if there is none, and print how to use the service."""
    state = served().state
    try:
        reload(state, connections=False)
    except ConfigError as error:
        if isinstance(error, Refused):
            config = configuration()
            keep_safe(config, opened(config))
        raise click.ClickException(str(error)) from error
    snapshot = served().state.current()
    click.echo(banner(snapshot, first_administrator(snapshot)))


def first_administrator(snapshot: Snapshot) -> tuple[str, str] | None:
    """E-mail and password of the administrator that was just made, or None where there was one."""
    if accounts.has_administrator(snapshot.system):
        return None
    email = os.environ.get("ADMIN_EMAIL") or "admin@example.com"
    password = variable("ADMIN_PASSWORD") or secrets.token_urlsafe(12)
    hashed = hash_password(password)
    with snapshot.system.transaction() as session:
        values = {"email": email, "name": "Administrator", "password_hash": hashed}
        make_account(snapshot, session, values, role=ADMINISTRATOR)
    return email, password


# ---------------------------------------------------------------- what is printed


def banner(snapshot: Snapshot, made: tuple[str, str] | None) -> str:
    """Where the service listens, how to sign in, and one request per dialect."""
    base = f"http://{listening(snapshot.config)}"
    email, password = made or (os.environ.get("ADMIN_EMAIL") or "admin@example.com", "…")
    resource, public = example_resource(snapshot)
    lines = [f"Dragoman listens on {base}", "", "Sign in:" if made else "Sign in (the administrator exists already):"]
    lines += _sign_in(base, email, password)
    if made and not variable("ADMIN_PASSWORD"):
        lines += ["", f"The first administrator is {email}; this password is shown once: {password}"]
    lines += ["", f"Every address, to be read and tried: {base}/docs"]
    if resource is not None:
        lines += ["", "One request in each dialect:" if public else "One request in each dialect (after signing in):"]
        lines += [f"  {line}" for line in example_lines(snapshot, resource, (base, public))]
    return "\n".join([*lines, ""])


def _sign_in(base: str, email: str, password: str) -> list[str]:
    body = f'{{"email":"{email}","password":"{password}"}}'
    pick = "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"token\"])'"
    return [f"  TOKEN=$(curl -s {base}/auth/login -H 'Content-Type: application/json' \\", f"    -d '{body}' | {pick})"]


def example_resource(snapshot: Snapshot) -> tuple[Resource | None, bool]:
    """A resource to show, and whether anybody may read it: `products` of the sample, else the first there is."""
    own = sorted((each for each in snapshot.catalog if not each.system), key=lambda each: each.name != "products")
    for resource in own:
        if snapshot.policy.access(resource, ANONYMOUS.roles, "read", tenantless=True).allowed:
            return resource, True
    return (own[0], False) if own else (None, False)


# dialect → how a short list is asked
EXAMPLES = {
    "phantom": "/api/{name}?limit=2",
    "xond": "/json/{name}?pageSize=2",
    "sonicjs": "/v1/{name}?limit=2",
    "metal": "/schema/{namespace}/{entity}",
    "baasix": "/items/{name}?limit=2",
}


def example_lines(snapshot: Snapshot, resource: Resource, at: tuple[str, bool]) -> list[str]:
    """One working curl line per dialect."""
    base, public = at
    token = "" if public else ' -H "Authorization: Bearer $TOKEN"'
    lines = []
    for dialect, path in EXAMPLES.items():
        name = snapshot.presentations[dialect].name(resource)
        shown = path.format(name=name, namespace=resource.namespace, entity=resource.entity or resource.name)
        lines.append(f"curl -s '{base}{quote(shown, safe='/?=')}'{token}")
    return lines
