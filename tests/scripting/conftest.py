"""Pools of processes for one test each, and what the system says of their processes."""

from collections.abc import Iterator

import psutil
import pytest

from crud.definitions.settings import Limits
from crud.scripting.filling import Scripts
from crud.scripting.pool import Pool

PATIENT = Limits(script_seconds=10, script_wait_seconds=10)
HASTY = Limits(script_seconds=0.2, script_wait_seconds=0.05)


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A pool of the real processes."""
    made = Pool()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Pool]:
    """One for all tests of a module."""
    made = Pool()
    yield made
    made.close()


def value(pool: Pool, source: str, limits: Limits = PATIENT) -> object:
    """The value of one expression."""
    return Scripts(limits, pool).value(f"${{{{ {source} }}}}")


def children(before: set[int] = frozenset()) -> list[psutil.Process]:  # type: ignore[assignment]
    """The processes that this one has started and not buried, but for those of before."""
    return [child for child in psutil.Process().children() if child.pid not in before]
