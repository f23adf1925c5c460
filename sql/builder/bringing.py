"""Stages whose rows are read where they are, for a database in which the rest of a plan runs.

In: a kit and an authorised plan that reads several sources. Out: a statement for each of the largest parts that need
one source alone, with the columns that their rows have in the other database.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sql.backend import DIGITS
from sql.builder import orders
from sql.builder.kit import Kit
from sql.builder.plans import prelude
from sql.catalog import Column
from sql.compiled import Brought
from sql.compiled import statement as whole
from sql.fragment import join, sql
from sql.query import Page, Plan, Stage
from sql.stages import entities, inputs, is_stage, needed

EXACT_DIGITS = 15


def brought(kit: Kit, plan: Plan) -> Iterator[Brought]:
    """The stages whose rows are read where they are, for a database in which the rest of the plan runs: the largest
    ones that need one source alone."""
    of_stage: dict[str, frozenset[str]] = {}
    for stage in plan.stages:
        of_stage[stage.name] = frozenset().union(*(_sources(kit, name, of_stage) for name in inputs(stage.body)))
    used = {
        name for stage in plan.stages if len(of_stage[stage.name]) > 1 for name in inputs(stage.body) if is_stage(name)
    }
    for stage in plan.stages:
        sources = of_stage[stage.name]
        if stage.name in used and len(sources) == 1:
            yield _brought(kit, plan, stage, next(iter(sources)))


def _sources(kit: Kit, name: str, of_stage: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return of_stage[name] if is_stage(name) else frozenset({kit.catalog.resource(name).source})


def _brought(kit: Kit, plan: Plan, stage: Stage, source: str) -> Brought:
    there = replace(kit.fresh(), backend=kit.backends[source], max_rows=kit.most_brought)
    part = Plan(plan.name, needed(plan.stages, stage.name))
    within, text = prelude(there, next(iter(entities(part))), part)
    scope = within.scope(within.catalog.resource(stage.name))
    columns = tuple(scope.resource.columns.values())
    shown = [within.backend.shown(within.backend.column(scope.alias, column)) for column in columns]
    listed = join(", ", [each.sql for each in shown]) if shown else sql("1")
    limit = orders.limited(within, Page())
    made = sql("{}SELECT {} FROM {}{}", text, listed, within.source(scope), limit)
    held = tuple(_held(column) for column in columns)
    decoders = tuple(each.decode for each in shown)
    return Brought(source, stage.name, stage.at, held, whole(made), decoders, kit.most_brought)


def _held(column: Column) -> Column:
    """The column in the other database: times in its own form, numbers of any length."""
    long = column.type.name == "decimal" and column.type.precision not in range(1, EXACT_DIGITS + 1)
    return Column(column.name, column.type, column.nullable, storage=DIGITS if long else None)
