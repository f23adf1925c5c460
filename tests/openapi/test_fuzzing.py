"""What schemathesis finds: no 5xx, no answer that is not as the document says, whoever asks in whichever dialect."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.openapi.conftest import DIALECTS, World
from tests.openapi.fuzzing import ENDINGS, Amount, Found, fuzzed

# For each operation, so that every dialect gets its part of the twenty thousand.
AMOUNTS = {
    "phantom": Amount(drawn=2, edges=10),
    "xond": Amount(drawn=3, edges=22),
    "sonicjs": Amount(drawn=2, edges=12),
    "metal": Amount(drawn=3, edges=26),
    "baasix": Amount(drawn=2, edges=12),
}


def as_said(found: Found) -> None:
    assert not found.wrong, "\n\n".join(f"{' '.join(key)}\n{told}" for key, told in found.wrong.items())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_answers_are_as_the_document_says(world: World, dialect: str) -> None:
    found = fuzzed(world.app, dialect, world.callers["user"], Amount(edges=4, only=r"(?i)/(things?|info)(/|$)"))
    as_said(found)
    assert found.sent > 5 and found.statuses[400]


@pytest.mark.long
@pytest.mark.parametrize("dialect", DIALECTS)
def test_twenty_thousand_answers_are_as_the_documents_say(
    own_world: World, dialect: str, record_property: Callable[[str, object], None]
) -> None:
    statuses: Counter[int] = Counter()
    for who in ("user", "anon", "admin"):
        for amount in (AMOUNTS[dialect], Amount(drawn=2, edges=5, only=ENDINGS)):
            found = fuzzed(own_world.app, dialect, own_world.callers[who], amount)
            as_said(found)
            statuses += found.statuses
    record_property("figures", f"{dialect}: {statuses.total()} requests, {dict(sorted(statuses.items()))}")
    assert statuses.total() >= 2_000
