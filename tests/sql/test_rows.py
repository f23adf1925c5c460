"""Rows made of tuples by a generated function."""

from decimal import Decimal

import pytest

from sql.compiled import Lists
from sql.rows import Many, Object, Value, epoch_ms, row_builder
from tests.tables import each


def test_values_stand_under_their_aliases_in_order() -> None:
    build = row_builder([Value("b", 1), Value("a", 0)])
    assert [list(row.items()) for row in build([(1, 2)], [])] == [[("b", 2), ("a", 1)]]


def test_decoders_never_see_null() -> None:
    build = row_builder([Value("d", 0, Decimal)])
    assert build([("1.5",), (None,)], []) == [{"d": Decimal("1.5")}, {"d": None}]


def test_a_missing_parent_is_null() -> None:
    build = row_builder([Object("p", 0, (Value("x", 1), Object("q", 2, (Value("y", 3),))))])
    assert build([(1, 2, None, None), (None, None, None, None)], []) == [{"p": {"x": 2, "q": None}}, {"p": None}]


def test_children_are_found_by_the_parents_key() -> None:
    build = row_builder([Many("one", 0, (0,)), Many("two", 1, (0, 1))])
    lists: list[Lists] = [{(1,): [{"x": 1}]}, {(1, "a"): [{"y": 2}]}]
    assert build([(1, "a"), (1, "b"), (2, "a")], lists) == [
        {"one": [{"x": 1}], "two": [{"y": 2}]},
        {"one": [{"x": 1}], "two": []},
        {"one": [], "two": []},
    ]


@each("alias", ["'", '"', "\\", "{0}", "\n", "é\u2028", "']); import os; ([", "__class__", ""])
def test_aliases_are_only_names(alias: str) -> None:
    assert row_builder([Value(alias, 0)])([(1,)], []) == [{alias: 1}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00.001Z", 1),
        ("2024-02-29", 1709164800000),
        ("1969-12-31T23:59:59.999999", -1),
        ("infinity", None),
        ("0044-03-15 BC", None),
        (12, None),
    ],
)
def test_times_as_milliseconds(text: object, expected: int | None) -> None:
    assert epoch_ms(text) == expected
