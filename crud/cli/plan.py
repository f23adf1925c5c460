"""`flask plan show` and `flask plan run`: what a plan does, and doing it.

In: a plan, or one of its entities as `plan/entity`. Out: steps with their statements; or the rows that entities give,
and how many rows their steps have written. Whoever can start these commands can read the database: they act as an
administrator. What an entity writes is one transaction.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import click
from flask.cli import AppGroup, with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from crud import runs
from crud.cli.acting import administrator, refusals
from crud.errors import ApiError
from crud.jsontext import json_bytes
from crud.snapshots.state import Context

plan_commands = AppGroup("plan", help="Show plans, and run them.")
PLAN = click.argument("plan", metavar="PLAN[/ENTITY]")


@plan_commands.command("show")
@PLAN
@with_appcontext
def show(plan: str) -> None:
    """Print the steps of PLAN, their columns and their statements; nothing is read."""
    with refusals():
        context = administrator()
        for name, entity in _named(context, plan):
            click.echo(f"{name}/{entity}")
            for number, step in enumerate(context.snapshot.config.plans[name][entity], 1):
                click.echo(f"  {number}. {_step(step)}")
            found = runs.show(context, name, entity)
            columns = [f"{column} ({type})" for column, type in found.columns.items()]
            click.echo(f"  gives: {', '.join(columns) or 'nothing'}")
            for said in found.writes:
                click.echo(f"  writes: {said}")
            for title, text in found.statements:
                click.echo(f"  -- {title}\n  {text}")


@plan_commands.command("run")
@PLAN
@click.option("--json", "as_json", is_flag=True, help="Print rows and numbers as JSON.")
@with_appcontext
def run(plan: str, *, as_json: bool) -> None:
    """Carry out the steps of PLAN, one entity after the other, those that write too."""
    with refusals():
        context = administrator()
        chosen = list(_named(context, plan))
        done: dict[str, runs.Ran] = {}
        try:
            with _progress(len(chosen)) as told:
                for name, entity in chosen:
                    told(f"{name}/{entity}", 0)
                    done[entity] = runs.run(context, name, entity, lambda step: told(step, 0))
                    told(f"{name}/{entity}", 1)
        finally:  # what is done stays done, also where the next one fails
            _report(chosen[0][0], done, as_json=as_json)


def _report(plan: str, done: Mapping[str, runs.Ran], *, as_json: bool) -> None:
    if as_json:
        said = {entity: {"rows": ran.rows, "written": dict(ran.written)} for entity, ran in done.items()}
        click.echo(json_bytes({"plan": plan, "entities": said}))
        return
    for entity, ran in done.items():
        click.echo(f"{plan}/{entity}: {len(ran.rows)} rows")
        for step, count in ran.written:
            click.echo(f"  {step}: {count} rows written")


def _named(context: Context, written: str) -> Iterator[tuple[str, str]]:
    """The entities that are meant. Raises ApiError."""
    plan, _, entity = written.partition("/")
    known = context.snapshot.config.plans
    if plan not in known:
        raise ApiError("unknown_resource", f"Plan '{plan}' not found; there are {', '.join(known) or 'none'}")
    if entity and entity not in known[plan]:
        raise ApiError("unknown_resource", f"Plan '{plan}' has {', '.join(known[plan])}, not '{entity}'")
    yield from ((plan, name) for name in ([entity] if entity else known[plan]))


def _step(step: Mapping[str, object]) -> str:
    ((word, taken),) = step.items()
    return word if taken is None else f"{word}: {json.dumps(taken, ensure_ascii=False)}"


@contextmanager
def _progress(many: int) -> Iterator[Callable[[str, int], None]]:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda said, more: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=many)
        yield lambda said, more: bar.update(task, description=said, advance=more)
