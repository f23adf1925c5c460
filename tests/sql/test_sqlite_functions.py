"""The functions that our SQL calls on SQLite."""

import sqlite3
from decimal import Decimal

import pytest

from sql.errors import BadValue
from sql.sqlite import text
from sql.sqlite.encoding import number
from sql.sqlite.functions import FUNCTIONS, register
from tests.tables import each


@pytest.fixture
def connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    register(connection)
    return connection


@pytest.mark.parametrize(
    ("raw", "expected"), [("ABC", "abc"), ("ÉSSß", "éssß"), ("ΣΑΣ", "σασ"), ("İI", "ii"), ("ſK", "ſk"), ("", "")]
)
def test_lower_case_is_by_code_point(raw: str, expected: str) -> None:
    assert text.fold(raw) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a%b_", "a*b?"),
        ("50\\%", "50%"),
        ("\\_x\\\\", "_x\\"),
        ("end\\", "end\\"),
        ("*[?]", "[*][[][?]]"),
        ("\\*", "[*]"),
    ],
)
def test_like_patterns_as_glob(pattern: str, expected: str) -> None:
    assert text.like(pattern) == expected


def test_a_pattern_beyond_the_limit_is_refused() -> None:
    with pytest.raises(BadValue):
        text.contains("x" * 60_000)


def test_decimals_are_never_rounded() -> None:
    assert number(Decimal("-0.10")) == -0.1
    with pytest.raises(BadValue):
        number(Decimal("9" * 30))
    assert number(Decimal("1234567890.12345")) == 1234567890.12345
    assert number(Decimal("1E+3")) == 1000
    with pytest.raises(BadValue):
        number(Decimal("1234567890.123456"))


ODD = [None, "", "no json", "{", "NaN", b"\x00", 5, 1.5, "[" * 5000, '"\\ud800"', "1e999999999"]


@each("raw", ODD)
@each("name", sorted(set(FUNCTIONS) - {"total", "mean"}))
def test_functions_never_fail(connection: sqlite3.Connection, name: str, raw: object) -> None:
    extra = {
        "part": ("year", "datetime", ""),
        "cast": ("text", "", "integer"),
        "convert": ("text", "", "datetime", ""),
        "json_path": ('["a"]',),
        "array": ("'array_contains'", "[1]", 0),
        "hash": (b"key",),
    }.get(name, ())
    calls: list[tuple[str, tuple[object, ...]]] = (
        [("json", (op, raw, "[1]")) for op in ("contains", "eq", "gt", "in")] if name == "json" else []
    )
    if name == "array":
        calls = [(name, ("array_contains", raw, "[1]", 0))]
    for function, arguments in calls or [(name, (raw, *extra))]:
        marks = ", ".join("?" * len(arguments))
        connection.execute(f"SELECT dragoman_{function}({marks})", arguments).fetchone()


def test_sums_do_not_overflow(connection: sqlite3.Connection) -> None:
    rows = "(SELECT 9223372036854775807 AS x UNION ALL SELECT 9223372036854775807 UNION ALL SELECT NULL)"
    found = connection.execute(f"SELECT dragoman_total(sum(x >> 32), sum(x & 4294967295)) FROM {rows}").fetchone()
    assert int(found[0]) == 2 * (2**63 - 1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [((1, 2), "1.500000"), ((-1, -1, 0), "-0.666667"), ((1, 1, 0), "0.666667"), ((0,) * 63 + (1,), "0.015625")],
)
def test_averages_are_rounded_half_up(connection: sqlite3.Connection, values: tuple[int, ...], expected: str) -> None:
    rows = " UNION ALL ".join(f"SELECT {value} AS x" for value in values)
    text = f"SELECT dragoman_avg(x, 6), dragoman_mean(sum(x >> 32), sum(x & 4294967295), count(x)) FROM ({rows})"
    assert connection.execute(text).fetchone() == (expected, expected)


def test_decimals_are_summed_exactly(connection: sqlite3.Connection) -> None:
    rows = " UNION ALL ".join(["SELECT 0.1 AS x"] * 10)
    assert connection.execute(f"SELECT dragoman_sum(x) FROM ({rows})").fetchone() == ("1.0",)
    nothing = "SELECT dragoman_sum(x), dragoman_avg(x, 2) FROM (SELECT 1 AS x) WHERE x > 1"
    assert connection.execute(nothing).fetchone() == (None, None)
