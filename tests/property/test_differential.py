"""The same query on SQLite, on PostgreSQL and in plain Python: the same rows in the same order."""

import random
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sql.expressions import Compare
from sql.query import Asked
from tests.property.comparing import Opened, agreed
from tests.property.coverage import Cell, cells, counts, example
from tests.property.schema import CATALOG
from tests.property.strategies import Maker, questions

Both = dict[str, Opened]


def covered(opened: Both, *, each: int, seed: int) -> Counter[Cell]:
    """Run so many examples of every cell; how many of each had an answer that counts."""
    source, done = random.Random(seed), Counter[Cell]()
    for cell in cells():
        for number in range(each):
            asked = example(cell, source, number)
            done[cell] += counts(cell, asked.query, agreed(opened, asked.query, asked.values))
    return done


def told(done: Counter[Cell]) -> str:
    """The coverage in words: the whole, and the least of each operator."""
    least = {op: min(count for cell, count in done.items() if cell.op == op) for op in {cell.op for cell in done}}
    lines = [f"  {op:24}{count:5}" for op, count in sorted(least.items())]
    whole = f"{len(done)} cells (operator, type, NULL or not), {done.total()} examples, least {min(done.values())}"
    return "\n".join([whole, "operator: least examples with a non-empty answer over its types", *lines])


def random_queries(opened: Both, *, examples: int) -> Counter[bool]:
    """Run so many random queries, always the same ones; how many had rows."""
    seen = Counter[bool]()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(questions())
    def run(asked: Asked) -> None:
        seen[bool(agreed(opened, asked.query, asked.values))] += 1

    run()
    return seen


def test_every_operator_agrees_on_every_type(opened: Both) -> None:
    done = covered(opened, each=1, seed=1)
    assert set(done) == set(cells())
    assert min(done.values()) >= 1


def test_guards_come_to_an_end_whatever_chance_says() -> None:
    class Agreeing(random.Random):
        def random(self) -> float:
            return 0.0

        def getrandbits(self, count: int, /) -> int:
            return 0

    for resource in CATALOG:
        hops, _ = Maker(Agreeing()).hops(resource)
        assert all(isinstance(hop.guard, Compare) for hop in hops)


def test_random_queries_agree(opened: Both) -> None:
    seen = random_queries(opened, examples=200)
    assert seen.total() >= 200
    assert seen[True] >= 70


@pytest.mark.long
def test_every_operator_agrees_on_every_type_fifty_times(opened: Both, capsys: pytest.CaptureFixture[str]) -> None:
    done = covered(opened, each=50, seed=2)
    with capsys.disabled():
        print("\n" + told(done), file=sys.stderr)
    assert set(done) == set(cells())
    assert min(done.values()) >= 50


@pytest.mark.long
def test_thousands_of_random_queries_agree(opened: Both, capsys: pytest.CaptureFixture[str]) -> None:
    seen = random_queries(opened, examples=3000)
    with capsys.disabled():
        print(f"\n{seen.total()} random queries without a difference, {seen[True]} with rows", file=sys.stderr)
    assert seen.total() >= 2000
    assert seen[True] >= 1000
