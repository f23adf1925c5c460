"""Showing what an entity of a plan would run, and running it.

In: a `Context` of an administrator, the names of a plan and of its entity. Out: `Shown`, `Ran`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from crud import reading, service
from crud.plans.effects import target
from crud.runs.asked import built_now, question, rows_of
from crud.runs.steps import Running
from crud.runs.writing import carried_out
from crud.service import Work
from crud.snapshots.state import Context
from crud.symbols import MARK, symbolic, symbols
from sql.catalog import Resource
from sql.compiled import Statement
from sql.errors import SqlError
from sql.fragment import Bindings

Told = Callable[[str], None]


@dataclass(frozen=True)
class Shown:
    """An entity: its columns with their types, its statements under what they are, and what its steps write."""

    columns: Mapping[str, str]
    statements: tuple[tuple[str, str], ...]
    writes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """What a run did: the rows that the entity gives in the end, and how many rows each step has written."""

    rows: list[dict[str, object]]
    written: tuple[tuple[str, int], ...] = ()


def show(context: Context, plan: str, entity: str) -> Shown:
    """What an entity would run. Raises ApiError."""
    made, values = built_now(context, plan, entity)
    writes = tuple(f"{each.step.at}: {_place(target(each.step))}" for each in made.effects)
    if made.plan is None:
        return Shown({}, (), writes)
    asking, asked = question(context, made.plan, made.columns, values)
    snapshot = asking.snapshot
    compiled = reading.prepared(asking, asked.query)
    found = []
    for each in compiled.brought:
        backend = snapshot.database(each.source).backend.name
        found.append((f"{each.at}: in the source {each.source!r}", _said(each.statement, backend, values)))
    source = snapshot.catalog.resource(asked.query.resource).source
    home = "sqlite" if compiled.brought else snapshot.database(source).backend.name
    title = "with the rows of those, in a database beside them" if compiled.brought else f"in the source {source!r}"
    found.append((title, _said(compiled.statement, home, values)))
    return Shown({name: column.type.name for name, column in made.columns.items()}, tuple(found), writes)


def _place(resource: Resource) -> str:
    return f"{resource.name}, in the source {resource.source!r}"


def _said(statement: Statement, backend: str, values: Sequence[object]) -> str:
    return symbolic(statement, MARK[backend], symbols(statement.binders, Bindings(tuple(values))))


def run(context: Context, plan: str, entity: str, told: Told = lambda step: None) -> Ran:
    """Run an entity. `told` is called with each step that writes. Raises ApiError and SqlError."""
    return service.attempted(lambda: _run(context, plan, entity, told))


def _run(context: Context, plan: str, entity: str, told: Told) -> Ran:
    made, values = built_now(context, plan, entity)
    written: list[tuple[str, int]] = []
    with ExitStack() as stack:
        work: Work | None = None
        for effect in made.effects:
            told(effect.step.at)
            work = work or stack.enter_context(service.work(context, target(effect.step).source))
            written.append((effect.step.at, carried_out(Running(context, work, made, values, effect))))
        if made.plan is None:
            return Ran([], tuple(written))
        try:
            rows = rows_of(context, made.plan, made.columns, values).rows
        except SqlError as error:
            error.add_note(f"Plan {plan!r}, entity {entity!r}")
            raise
    return Ran(rows, tuple(written))
