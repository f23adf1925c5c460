"""Random plans give the same rows on SQLite, on PostgreSQL, brought together from both, and in plain Python."""

import json
import random
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from crud.definitions.config import Config
from crud.definitions.declared import SchemaDefinition
from crud.definitions.settings import Limits
from crud.plans.beside import BACKEND, beside
from crud.plans.built import Failed, build
from crud.plans.draft import World
from sql.builder import compile_query
from sql.builder.plans import sources_of
from sql.catalog import Catalog, Resource, Table
from sql.compiled import BESIDE
from sql.database import Database
from sql.errors import SqlError
from sql.execute import Bindings, execute
from sql.expressions import Path
from sql.query import Authorized, Query, Select
from tests.property.comparing import MAX_ROWS, Opened, difference
from tests.property.data import ROWS
from tests.property.parts import shown
from tests.property.planning import KEY, Interpreter, Steps
from tests.property.plans import plan
from tests.property.schema import CATALOG

Plans = Mapping[str, Steps]
WHERE = {"owner": "one", "thing": "two", "solid": "one", "tag": "two", "mark": "two", "note": "one"}


def interpreter(made: Plans) -> Interpreter:
    return Interpreter(CATALOG, ROWS, made)


def expected(made: Plans) -> list[dict[str, object]]:
    table = interpreter(made).entity("last")
    return [{name: shown(type, row[name]) for name, type in table.types.items()} for row in table.sorted()]


def question(made: Plans, catalog: Catalog) -> tuple[Query, Catalog]:
    """All that the entity gives, in its own order."""
    config = Config(
        plans={"p": {name: tuple(steps) for name, steps in made.items()}},
        schemas={"main": SchemaDefinition("main")},
        limits=Limits(plan_steps=200),
    )
    entities = {("main", resource.name): resource for resource in catalog}
    built = build(World(config, catalog, entities), "p", "last")
    assert built.plan is not None
    asked = Resource("p.last", Table("p"), built.columns, plan=built.plan)
    select = tuple(Select(Path(name), name) for name in built.columns)
    return Query("p.last", select, plan=built.plan), Catalog({**catalog.resources, "p.last": asked})


def rows_of(made: Plans, catalog: Catalog, databases: Mapping[str, Database]) -> list[dict[str, object]]:
    """The rows that the statement gives, in one database, or beside several."""
    query, whole = question(made, catalog)
    backends = {name: database.backend for name, database in databases.items()} | {BESIDE: BACKEND}
    first = next(iter(databases.values()))
    compiled = compile_query(Authorized(query), whole, first.backend, max_rows=MAX_ROWS, backends=backends, mask=KEY)
    bindings = Bindings()
    if not compiled.brought:
        return execute(compiled, first, bindings).rows
    with beside(compiled, databases, bindings, 20) as database:
        return execute(compiled, database, bindings).rows


def apart(opened: Mapping[str, Opened]) -> tuple[Catalog, dict[str, Database]]:
    """Some of the tables on SQLite, the others on PostgreSQL."""
    of = {"one": opened["sqlite"], "two": opened["postgres"]}
    found = {name: replace(of[where].catalog.resource(name), source=where) for name, where in WHERE.items()}
    return Catalog(found), {name: each.database for name, each in of.items()}


def agreed(opened: Mapping[str, Opened], made: Plans) -> int:
    """How many rows all agree on."""
    wanted = expected(made)
    found = {name: rows_of(made, one.catalog, {"default": one.database}) for name, one in opened.items()}
    catalog, databases = apart(opened)
    query, whole = question(made, catalog)
    assert query.plan is not None
    if len(sources_of(query.plan, whole)) > 1:
        found["both"] = rows_of(made, catalog, databases)
    for name, rows in found.items():
        place = difference(wanted, rows)
        assert place is None, f"{name}: {place}"
    return len(wanted)


def random_plans(opened: Mapping[str, Opened], *, seeds: range) -> Counter[str]:
    """Run so many, always the same ones: how many there were, had rows, and of which steps they were made."""
    seen = Counter[str]()
    for seed in seeds:
        made = plan(random.Random(seed), interpreter)
        try:
            rows = agreed(opened, made)
        except (AssertionError, Failed, SqlError) as error:
            raise AssertionError(f"{seed}: {error}\n{json.dumps(made, default=str)}") from error
        seen["plans"] += 1
        seen["with rows"] += rows > 0
        seen.update(next(iter(step)) for steps in made.values() for step in steps)
    return seen


def test_random_plans_agree(opened: Mapping[str, Opened]) -> None:
    seen = random_plans(opened, seeds=range(40))
    assert seen["with rows"] > 20
    assert len(seen) == 2 + 10


@pytest.mark.long
def test_thousands_of_random_plans_agree(opened: Mapping[str, Opened], capsys: pytest.CaptureFixture[str]) -> None:
    seen = random_plans(opened, seeds=range(1000, 3000))
    with capsys.disabled():
        print(f"\nrandom plans without a difference: {dict(seen)}", file=sys.stderr)
    assert seen["with rows"] > 1000
