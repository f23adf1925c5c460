"""`tests.tables.each` tries all cases, and tells each that fails by its name."""

import inspect

import pytest

from tests.tables import each


@pytest.fixture
def three() -> int:
    return 3


@each(("number", "double"), [(1, 2), (2, 4), (3, 6)])
@each("plus", [0, 1])
def test_every_case_has_the_fixtures(three: int, number: int, double: int, plus: int) -> None:
    assert number + number == double and three + plus in (3, 4)


def test_all_that_fail_are_told() -> None:
    met = []

    @each("number", range(5), ids=lambda number: f"the number {number}")
    def broken(number: int) -> None:
        met.append(number)
        assert number % 2 == 0
        if number == 4:
            pytest.fail("four")

    assert not inspect.signature(broken).parameters
    with pytest.raises(BaseExceptionGroup, match="3 of 5 cases") as told:
        broken()
    assert met == [0, 1, 2, 3, 4]
    assert [error.__notes__ for error in told.value.exceptions] == [
        [f"This was the case the number {number}"] for number in (1, 3, 4)
    ]
