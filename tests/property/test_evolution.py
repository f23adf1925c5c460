"""A random walk of changes of tables: after every step they are as if made afresh, and hold what they held."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sql.database import Database
from tests.property.drafts import Drafting
from tests.property.evolving import emptied, filled, step

KINDS = {
    "create table",
    "drop table",
    "rename table",
    "add column",
    "drop column",
    "rename column",
    "type",
    "words",
    "required",
    "default",
    "formula",
    "key",
    "add unique",
    "drop unique",
    "add index",
    "drop index",
    "rename index",
    "add reference",
    "drop reference",
    "refused",
}


def walk(database: Database, source: random.Random, told: Counter[str]) -> None:
    """From no table at all, some steps."""
    world = emptied(database)
    for _ in range(source.randint(3, 9)):
        step(world, Drafting(source, world.layouts).changed())
        filled(world, source)
    told.update(world.told)


def random_walks(database: Database, *, examples: int) -> Counter[str]:
    """So many walks, always the same ones; how often each kind of difference was made."""
    told: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(st.integers(0, 2**64).map(random.Random))
    def run(source: random.Random) -> None:
        walk(database, source, told)

    run()
    return told


def test_a_table_that_evolved_is_as_if_made_afresh(database: Database) -> None:
    random_walks(database, examples=8)


@pytest.mark.long
def test_tables_that_evolve_for_long_are_as_if_made_afresh(
    database: Database, record_property: Callable[[str, object], None]
) -> None:
    told = random_walks(database, examples=200)
    record_property("figures", f"{database.backend.name}: {told.total()} differences: {dict(sorted(told.items()))}")
    assert {*told} >= KINDS
