"""The same requests of writes on SQLite, on PostgreSQL and in plain Python: the same answers, the same tables."""

import random
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.property.beginning import begun
from tests.property.requests import Maker
from tests.property.writing import Opened, agreed

KINDS = ("Insert", "Update", "Delete", "Restore", "Ensure", "UpdateFirst", "Upsert")
Seen = Counter[tuple[str, str]]


pytestmark = pytest.mark.usefixtures("rising_uuids")


def sequence(both: Opened, source: random.Random, seen: Seen) -> None:
    """Some requests, one after the other, on tables that hold something to begin with."""
    world = begun(both)
    maker = Maker(source, world)
    for _ in range(source.randint(1, 8)):
        actor, commands = maker.request()
        refused = agreed(both, world, actor, commands)
        blamed = commands if refused is None else [commands[refused.command]]
        for command in blamed:
            seen[type(command).__name__, "accepted" if refused is None else refused.kind] += 1


def random_sequences(both: Opened, *, examples: int) -> Seen:
    """So many sequences, always the same ones; how many commands of each kind were accepted or refused, and how."""
    seen: Seen = Counter()
    seeds = st.integers(0, 2**64).map(random.Random)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(st.one_of(st.randoms(use_true_random=False), *[seeds] * 5))
    def run(source: random.Random) -> None:
        sequence(both, source, seen)

    run()
    return seen


def told(seen: Seen) -> str:
    """The coverage in words."""
    refusals = sorted({kind for _, kind in seen} - {"accepted"})
    lines = [f"  {'':12}" + "".join(f"{kind:>15}" for kind in ("accepted", *refusals))]
    lines += [f"  {name:12}" + "".join(f"{seen[name, kind]:15}" for kind in ("accepted", *refusals)) for name in KINDS]
    return "\n".join([f"{seen.total()} commands without a difference", *lines])


def each_both_ways(seen: Seen, least: int) -> None:
    """Every kind of command was accepted and refused."""
    for name in KINDS:
        refused = sum(count for (kind, answer), count in seen.items() if kind == name and answer != "accepted")
        assert seen[name, "accepted"] >= least, name
        assert refused >= least, name


def test_random_requests_agree(both: Opened) -> None:
    seen = random_sequences(both, examples=60)
    assert {name for name, answer in seen if answer == "accepted"} == set(KINDS)
    assert len({answer for _, answer in seen}) > 3


@pytest.mark.long
def test_thousands_of_random_sequences_agree(both: Opened, capsys: pytest.CaptureFixture[str]) -> None:
    seen = random_sequences(both, examples=3000)
    with capsys.disabled():
        print("\n" + told(seen), file=sys.stderr)
    each_both_ways(seen, 100)
