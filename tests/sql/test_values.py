"""From what a client writes to canonical values, and what is refused."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.errors import BadValue
from sql.jsonpath import JsonPathTest, parse_json_path, parse_json_path_test
from sql.ranges import Range
from sql.types import TYPES, Type, array_of, range_of
from sql.values import coerce, coerce_strict, to_json
from tests.tables import each

INTEGER, DATETIME, TEXT = Type("integer"), Type("datetime"), Type("text")
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
GUID = "0a8f3c7e-0000-4000-8000-000000000001"
ENUM = Type("enum", values=("a", "b"))

TAKEN = [
    (INTEGER, "18", 18),
    (INTEGER, " -18 ", -18),
    (INTEGER, 2**40, 2**40),
    (Type("bigint"), "9223372036854775807", 2**63 - 1),
    (Type("number"), "1e3", 1000.0),
    (Type("number"), 5, 5.0),
    (Type("decimal"), "12.50", Decimal("12.50")),
    (Type("decimal"), 0.1, Decimal("0.1")),
    (Type("decimal"), "12345678901234567890.123456789", Decimal("12345678901234567890.123456789")),
    (Type("epoch_ms"), "1704067200000", 1704067200000),
    (Type("epoch_ms"), "2024-01-01T00:00:00Z", 1704067200000),
    *((Type("boolean"), raw, True) for raw in ("1", "true", "TRUE", 1, True)),
    *((Type("boolean"), raw, False) for raw in ("0", "false", 0, False)),
    (TEXT, 5, "5"),
    (TEXT, 1.5, "1.5"),
    (TEXT, True, "true"),
    (TEXT, "", ""),
    (ENUM, "a", "a"),
    (Type("uuid"), GUID.upper(), GUID),
    (Type("uuid"), GUID.replace("-", ""), GUID),
    (Type("date"), "2024-01-31", date(2024, 1, 31)),
    (Type("time"), "10:00", time(10)),
    (Type("time"), "10:00:00.5", time(10, 0, 0, 500000)),
    *((DATETIME, raw, NEW_YEAR) for raw in ("2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 02:00:00+02:00")),
    *((DATETIME, raw, NEW_YEAR) for raw in ("2024-01-01 00:00", "2023-12-31T19:00:00.000-0500", 1704067200000)),
    (Type("datetime_local"), "2024-01-01T02:00:00+02:00", NEW_YEAR.replace(tzinfo=None)),
    (Type("json"), {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
    (Type("json"), '{"a": 1}', '{"a": 1}'),
    (array_of(INTEGER), ["1", 2], (1, 2)),
    (array_of(INTEGER), "[1, 2]", (1, 2)),
    (array_of(INTEGER), "5", (5,)),
    (array_of(TEXT), ["a", None], ("a", None)),
    (range_of(INTEGER), "[1,5]", Range(1, 6, "[)")),
    (range_of(INTEGER), {"lower": 1, "upper": None}, Range(1, None, "[)")),
    (range_of(INTEGER), "[3,3)", Range(None, None, "empty")),
    (range_of(INTEGER), "empty", Range(None, None, "empty")),
    (range_of(Type("decimal")), "(1.5,2.5]", Range(Decimal("1.5"), Decimal("2.5"), "(]")),
    (range_of(Type("date")), "[2024-01-01,2024-01-31]", Range(date(2024, 1, 1), date(2024, 2, 1), "[)")),
    (range_of(DATETIME), '["2024-01-01 00:00:00",)', Range(NEW_YEAR, None, "[)")),
    (Type("bytes"), "aGk=", b"hi"),
]
REFUSED = [
    *((INTEGER, raw) for raw in ("1.0", "1e3", "", "x", "１", "1_000", 2**63, 1.5, True, None, [], {}, "9" * 5000)),
    *((Type("number"), raw) for raw in ("nan", "inf", "1e400", float("nan"), float("inf"), True, "0x10")),
    *((Type("decimal"), raw) for raw in ("NaN", "Infinity", "1e9999", Decimal("NaN"), "1,5")),
    *((Type("boolean"), raw) for raw in ("yes", 2, 1.0, "", [])),
    *((TEXT, raw) for raw in ("a\x00b", "\ud800", [], {}, None)),
    (ENUM, "c"),
    *((Type("uuid"), raw) for raw in ("x", GUID + "0", 5, "0a8f3c7e00004000-8000-000000000001")),
    *((Type("date"), raw) for raw in ("2024-02-30", "2024-01-31T00:00:00Z", "2024-1-1", "20240101", 5)),
    *((Type("time"), raw) for raw in ("24:00", "10", "10:60")),
    *((DATETIME, raw) for raw in ("2024-13-01", "2024-01-01T25:00", "now", 1e300, float("nan"), True)),
    *((DATETIME, raw) for raw in ("0001-01-01T00:00+14:00", "2024-01-01T00:00:00+99:99")),
    *((Type("json"), raw) for raw in ({"a": float("nan")}, ["\x00"], {"\ud800": 1}, 2**64)),
    *((array_of(INTEGER), raw) for raw in ("[1,", ["x"], {})),
    *((range_of(INTEGER), raw) for raw in ("[5,1]", "1,5", {"low": 1}, {"bounds": "{}"}, 5, "[a,b]")),
    (range_of(INTEGER), f"[{2**63 - 1},{2**63 - 1}]"),
    *((Type("bytes"), raw) for raw in ("aGk", "a-_=", 5)),
]


@each(("type", "raw", "value"), TAKEN)
def test_what_fits_becomes_the_canonical_value(type: Type, raw: object, value: object) -> None:
    made = coerce(type, raw)
    assert made == value and made.__class__ is value.__class__


@each(("type", "raw"), REFUSED)
def test_what_does_not_fit_is_refused_in_words(type: Type, raw: object) -> None:
    with pytest.raises(BadValue) as caught:
        coerce(type, raw)
    assert caught.value.expected


def test_a_nesting_without_end_is_refused() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for type in (Type("json"), array_of(TEXT)):
        with pytest.raises(BadValue):
            coerce(type, deep)
    with pytest.raises(BadValue):
        coerce(array_of(TEXT), "[" * 100_000)


@each(
    ("type", "raw"),
    [(INTEGER, "18"), (INTEGER, 1.5), (INTEGER, True), (Type("boolean"), 1), (TEXT, 5), (Type("number"), "1"),
     (DATETIME, 0), (array_of(INTEGER), "[1]"), (array_of(INTEGER), ["1"])],
)  # fmt: skip
def test_typed_json_is_not_converted(type: Type, raw: object) -> None:
    coerce(type, raw) if raw not in (1.5, True) else None
    with pytest.raises(BadValue):
        coerce_strict(type, raw)


@pytest.mark.parametrize(
    ("type", "raw", "value"),
    [(INTEGER, 18, 18), (Type("boolean"), True, True), (TEXT, "x", "x"), (Type("json"), True, True),
     (array_of(INTEGER), [1], (1,)), (Type("decimal"), "1.50", Decimal("1.50")), (DATETIME, "2024-01-01", NEW_YEAR)],
)  # fmt: skip
def test_typed_json_of_the_right_type_is_taken(type: Type, raw: object, value: object) -> None:
    assert coerce_strict(type, raw) == value


RAW = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


EVERY_TYPE = [*map(Type, TYPES), array_of(INTEGER), range_of(INTEGER), range_of(DATETIME), ENUM]


@given(RAW, st.sampled_from(EVERY_TYPE))
def test_nothing_but_bad_value_is_ever_raised(raw: object, type: Type) -> None:
    for convert in (coerce, coerce_strict):
        with suppress(BadValue):
            to_json(convert(type, raw))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (NEW_YEAR, "2024-01-01T00:00:00.000Z"),
        (NEW_YEAR.replace(microsecond=123456, tzinfo=None), "2024-01-01T00:00:00.123456"),
        (date(2024, 1, 31), "2024-01-31"),
        (time(10), "10:00:00"),
        (b"hi", "aGk="),
        ((1, None), [1, None]),
        (Range(1, 6, "[)"), {"lower": 1, "upper": 6, "bounds": "[)"}),
    ],
)
def test_values_as_json_carries_them(value: object, shown: object) -> None:
    assert to_json(value) == shown


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("$", ()),
        ("$.a.b[0].*", ("a", "b", 0, None)),
        ('$."odd name"[*]["x"]', ("odd name", None, "x")),
        ("$.größe.0", ("größe", "0")),
    ],
)
def test_json_paths(text: str, tokens: tuple[object, ...]) -> None:
    assert parse_json_path(text) == tokens


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [("$.level > 4", "gt", 4), ('$.a=="x"', "eq", "x"), ("$.a <> null", "ne", None), ("$.a", None, None)],
)
def test_json_path_comparisons(text: str, op: str | None, value: object) -> None:
    made = parse_json_path_test(text)
    assert made == JsonPathTest(made.tokens, op, value) and made.tokens


BROKEN = ["", "a.b", "$.", "$[", "$.a > ", "$.a ~ 4", "$.a > [1]", "$.a > NaN", '$."\ud800', "$.a\x00"]


@each("text", BROKEN)
def test_broken_json_paths_are_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_json_path_test(text)
