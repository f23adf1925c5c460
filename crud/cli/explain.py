"""`flask explain URL --as USER`: what a read would ask of the database, and how the database would go about it.

In: the address of a read, as a client would send it, and a caller. Out: its query, what of it he may ask, the SQL and
the plan, as text or JSON. Nothing is read and nothing is written.
"""

import json
from typing import Any
from urllib.parse import SplitResult, urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext

from crud import inquiry
from crud.errors import ApiError
from crud.web.dialect import served
from crud.web.explaining import CALLER


def _address(_context: click.Context, _argument: click.Parameter, text: str) -> SplitResult:
    try:
        text.encode()
        return urlsplit(text)
    except ValueError as error:
        raise click.BadParameter("is not an address") from error


@click.command("explain")
@click.argument("url", callback=_address)
@click.option("--as", "caller", required=True, help="An account's e-mail or id, a configured user, or anon.")
@click.option("--method", type=click.Choice(["GET", "POST"]), default="GET", help="POST for a select of Metal, say.")
@click.option("--data", help="The JSON of a body.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def explain(*, url: SplitResult, caller: str, method: str, data: str | None, as_json: bool) -> None:
    """Say what a read asks of the database, and how the database goes about it."""
    try:
        actor = inquiry.actor_named(served().state.current(), caller)
    except ApiError as error:
        raise click.ClickException(error.message) from error
    answer = current_app.test_client(use_cookies=False).open(
        path=url.path,
        query_string=url.query,
        method=method,
        data=data,
        content_type=None if data is None else "application/json",
        environ_overrides={CALLER: actor},
    )
    told = answer.get_json(silent=True)
    if answer.status_code != 200:
        raise click.ClickException(f"{answer.status}\n{answer.get_data(as_text=True)}")
    if not isinstance(told, dict) or "statements" not in told:
        raise click.ClickException("This reads no rows of a resource: there is nothing to explain.")
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(told)))


def _lines(told: dict[str, Any]) -> list[str]:
    """An explanation as text."""
    actor = told["as"]
    lines = [f"as {actor['id'] or 'nobody'} ({', '.join(actor['roles']) or 'no role'})"]
    lines += [f"{name}: {_text(told[name])}" for name in ("query", "authorized")]
    lines += [f":value_{number} = {_text(value)}" for number, value in enumerate(told["values"], 1)]
    for statement in told["statements"]:
        lines += ["", f"{statement['gives']}, from {statement['source']}:", statement["sql"]]
        lines += [f"  {line}" for line in statement["plan"]]
    return lines


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
