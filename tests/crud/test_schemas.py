"""What a row must be before it is written: types, rules, and all mistakes at once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID as PythonUUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crud.errors import ApiError, Mistake, Mistakes, invalid, said
from crud.schemas import RowSchema, duplicates, is_required, load, schema_of, schemas_of
from sql.catalog import Catalog, Column, Default, Resource, SoftDelete, Table
from sql.commands import Ref
from sql.ranges import Range
from sql.types import (
    BIGINT,
    CITEXT,
    DATE,
    DATETIME,
    DATETIME_LOCAL,
    DECIMAL,
    INTEGER,
    JSON,
    NUMBER,
    STRING,
    TEXT,
    TIME,
    TYPES,
    UUID,
    Type,
    array_of,
    range_of,
)
from tests.tables import each

ENUM = Type("enum", values=("draft", "published"))
AN_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def resource(*columns: Column, **more: Any) -> Resource:
    return Resource("posts", Table("posts"), {column.name: column for column in columns}, **more)


def one(type: Type, value: object, backend: str = "", **rules: object) -> tuple[object, list[tuple[str, str]]]:
    """(value, mistakes as rule and message) of a row with one column."""
    return of_row(schema_of(resource(Column("x", type, rules=rules)), backend), value)


def of_row(schema: RowSchema, value: object) -> tuple[object, list[tuple[str, str]]]:
    values, mistakes = load(schema, {"x": value}, partial=False)
    assert (values == {}) == bool(mistakes)
    return values.get("x"), [(mistake.rule, mistake.message) for mistake in mistakes]


# ---------------------------------------------------------------- types

GOOD: list[tuple[Type, object, object]] = [
    (INTEGER, 5, 5),
    (BIGINT, -(2**63), -(2**63)),
    (BIGINT, 2**63 - 1, 2**63 - 1),
    (NUMBER, 5, 5.0),
    (NUMBER, Decimal("0.1"), 0.1),
    (NUMBER, 0.1, 0.1),
    (DECIMAL, 5, Decimal(5)),
    (DECIMAL, Decimal("12345678901234567.89"), Decimal("12345678901234567.89")),
    (DECIMAL, "1.50", Decimal("1.50")),
    (Type("epoch_ms"), 1704067200000, 1704067200000),
    (Type("epoch_ms"), datetime(2024, 1, 1, tzinfo=UTC), 1704067200000),
    (Type("boolean"), True, True),
    (STRING, "", ""),
    (STRING, "a\nb \N{GRINNING FACE}", "a\nb \N{GRINNING FACE}"),
    (TEXT, "18", "18"),
    (Type("email"), "a@example.com", "a@example.com"),
    (CITEXT, "Ann", "Ann"),
    (ENUM, "draft", "draft"),
    (UUID, AN_ID.upper(), AN_ID),
    (UUID, PythonUUID(AN_ID), AN_ID),
    (STRING, PythonUUID(AN_ID), AN_ID),
    (DATE, "2024-02-29", date(2024, 2, 29)),
    (DATE, date(2024, 2, 29), date(2024, 2, 29)),
    (TIME, "10:00", time(10)),
    (TIME, time(10), time(10)),
    (DATETIME, "2024-01-01T00:00:00+02:00", datetime(2023, 12, 31, 22, tzinfo=UTC)),
    (DATETIME, datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), datetime(2024, 1, 1, tzinfo=UTC)),
    (DATETIME, datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)),
    (DATETIME_LOCAL, "2024-01-01T00:00:00.000001", datetime(2024, 1, 1, 0, 0, 0, 1)),
    (DATETIME_LOCAL, datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1)),
    (JSON, {"a": [Decimal("1.5"), None, "x", 2**60]}, {"a": [1.5, None, "x", 2**60]}),
    (JSON, Decimal("1e3"), 1000.0),
    (JSON, False, False),
    (JSON, "text", "text"),
    (array_of(INTEGER), [1, None], (1, None)),
    (array_of(DATE), ["2024-01-01", date(2024, 1, 2)], (date(2024, 1, 1), date(2024, 1, 2))),
    (array_of(STRING), (), ()),
    (range_of(INTEGER), {"lower": 1, "upper": 5, "bounds": "[]"}, Range(1, 6, "[)")),
    (range_of(INTEGER), "[1,5)", Range(1, 5, "[)")),
    (range_of(INTEGER), Range(1, 5), Range(1, 5)),
    (Type("bytes"), "AAE=", b"\x00\x01"),
    (Type("bytes"), b"\x00\x01", b"\x00\x01"),
]


@each(("type", "raw", "value"), GOOD)
def test_a_good_value_becomes_canonical(type: Type, raw: object, value: object) -> None:
    found, mistakes = one(type, raw)
    assert mistakes == [] and found == value and found.__class__ is value.__class__
    assert getattr(found, "tzinfo", None) == getattr(value, "tzinfo", None)


def test_floats_stay_floats_inside_json() -> None:
    found, _ = one(JSON, {"a": [Decimal("1.0")]})
    assert isinstance(found, dict) and found["a"][0].__class__ is float


BAD: list[tuple[Type, object]] = [
    *[(INTEGER, bad) for bad in ("18", 1.5, Decimal("1.0"), True, [], {}, 2**63, -(2**63) - 1, "", date(2024, 1, 1))],
    *[(BIGINT, bad) for bad in ("18", 2**64, True, b"x")],
    *[(NUMBER, bad) for bad in ("1.5", True, [], 10**400, Decimal("1e400"), Decimal("NaN"), float("inf"))],
    *[(DECIMAL, bad) for bad in (True, "x", "", "1_0", {}, Decimal("Infinity"), Decimal("1e5000"))],
    *[(Type("epoch_ms"), bad) for bad in ("2024-01-01", 1.5, True)],
    *[(Type("boolean"), bad) for bad in (0, 1, "true", "", [])],
    *[(STRING, bad) for bad in (1, True, [], {}, "a\x00b", "\ud800", date(2024, 1, 1), b"x")],
    *[(TEXT, bad) for bad in (1.5, Decimal(1))],
    *[(Type("email"), bad) for bad in (1, [])],
    *[(CITEXT, bad) for bad in (1, "\x00")],
    *[(UUID, bad) for bad in ("x", "", AN_ID + "0", 5, b"x")],
    *[(DATE, bad) for bad in ("2023-02-29", "2024-1-1", "2024-01-01T00:00:00", 5, datetime(2024, 1, 1), "0000-01-01")],
    *[(TIME, bad) for bad in ("25:00", "10", 10, datetime(2024, 1, 1))],
    *[(DATETIME, bad) for bad in ("now", "2024-13-01T00:00:00Z", 1704067200000, True, date(2024, 1, 1))],
    *[(DATETIME_LOCAL, bad) for bad in ("", 5, time(1))],
    *[(JSON, bad) for bad in (2**64, {"a": "\x00"}, {1: 2}, Decimal("1e400"), {date(2024, 1, 1)}, float("nan"))],
    *[(array_of(INTEGER), bad) for bad in (["1"], 5, "[1]", {}, [[1]], [True])],
    *[(range_of(INTEGER), bad) for bad in ("1-5", 5, {"from": 1}, {"lower": 5, "upper": 1}, [1, 5], "[a,b]")],
    *[(Type("bytes"), bad) for bad in ("=", "é", 5, [1])],
]


@each(("type", "raw"), BAD, ids=[f"{type.name} {str(raw)[:20]!r}" for type, raw in BAD])
def test_a_bad_value_is_told_with_what_was_expected(type: Type, raw: object) -> None:
    assert one(type, raw)[1] == [("type", f"Expected {type.expected}")]


@pytest.mark.parametrize("raw", ["x", "Draft", 1, ["draft"]])
def test_an_enum_tells_its_words(raw: object) -> None:
    assert one(ENUM, raw)[1] == [("enum", "Expected one of draft, published")]


@each("name", TYPES)
def test_every_type_has_good_and_bad_values_here(name: str) -> None:
    assert name in {type.name for type, _, _ in GOOD}
    assert name == "enum" or name in {type.name for type, _ in BAD}


# ---------------------------------------------------------------- rules

RULES: list[tuple[Type, Mapping[str, object], object, tuple[str, str] | None]] = [
    (INTEGER, {"max": 150}, 150, None),
    (INTEGER, {"max": 150}, 300, ("max", "Value 300 is greater than maximum 150")),
    (INTEGER, {"min": 0}, -1, ("min", "Value -1 is less than minimum 0")),
    (INTEGER, {"min": 0.5}, 0, ("min", "Value 0 is less than minimum 0.5")),
    (NUMBER, {"max": 0.1}, Decimal("0.2"), ("max", "Value 0.2 is greater than maximum 0.1")),
    (DECIMAL, {"max": 0.1}, Decimal("0.1"), None),
    (DECIMAL, {"max": 1}, Decimal("1e2"), ("max", "Value 100 is greater than maximum 1")),
    (DATE, {"min": "2024-01-01"}, "2024-01-01", None),
    (DATE, {"min": "2024-01-01"}, "2023-12-31", ("min", "Value 2023-12-31 is less than minimum 2024-01-01")),
    (
        DATETIME,
        {"max": "2024-01-01T00:00:00Z"},
        "2024-01-01T00:00:01Z",
        ("max", "Value 2024-01-01T00:00:01.000Z is greater than maximum 2024-01-01T00:00:00Z"),
    ),
    (DATETIME_LOCAL, {"max": "2024-01-01"}, "2024-01-01T00:00:00", None),
    (TIME, {"max": "12:00"}, "12:00:01", ("max", "Value 12:00:01 is greater than maximum 12:00")),
    (STRING, {"max": 3}, "äöü", None),
    (STRING, {"max": 3}, "abcd", ("max_length", "Text of 4 characters is longer than 3")),
    (STRING, {"max": "3"}, "abcd", ("max_length", "Text of 4 characters is longer than 3")),
    (STRING, {"min": 1}, "", ("min_length", "Text of 0 characters is shorter than 1")),
    (TEXT, {"max_length": 100}, "x" * 120, ("max_length", "Text of 120 characters is longer than 100")),
    (TEXT, {"min_length": 2}, "x", ("min_length", "Text of 1 characters is shorter than 2")),
    (array_of(INTEGER), {"max": 1}, [1, 2], ("max_length", "List of 2 items is longer than 1")),
    (STRING, {"pattern": "[a-z]+"}, "abc", None),
    (STRING, {"pattern": "[a-z]+"}, "abc1", ("pattern", "Text does not match the pattern [a-z]+")),
    (STRING, {"pattern": "[a-z]+"}, "abc\n", ("pattern", "Text does not match the pattern [a-z]+")),
    (STRING, {"pattern": "a|b"}, "bc", ("pattern", "Text does not match the pattern a|b")),
    (STRING, {"format": "email"}, "ann@example.com", None),
    (NUMBER, {"whole": True}, 3.0, None),
    (NUMBER, {"whole": True}, 3.5, ("whole", "Value 3.5 is not a whole number")),
    (array_of(INTEGER), {"each": {"min": 1, "max": 3}}, [1, 2, None, 3], None),
    (array_of(INTEGER), {"each": {"min": 1, "max": 3}}, [1, 4], ("max", "Value 4 is greater than maximum 3")),
    (
        array_of(STRING),
        {"each": {"max_length": 2}},
        ["a", "abc"],
        ("max_length", "Text of 3 characters is longer than 2"),
    ),
    (range_of(INTEGER), {"each": {"min": 0}}, {"lower": 0, "upper": 9}, None),
    (range_of(INTEGER), {"each": {"min": 0}}, {"lower": -1}, ("min", "Value -1 is less than minimum 0")),
    (STRING, {"format": "email"}, "ann", ("email", "Expected an e-mail address")),
    (Type("email"), {}, "ann@", ("email", "Expected an e-mail address")),
    (Type("email"), {}, "a@b@c.example", ("email", "Expected an e-mail address")),
    (Type("email"), {}, "{}@", ("email", "Expected an e-mail address")),
    (STRING, {"format": "url"}, "https://example.com/a?b=c", None),
    (STRING, {"format": "url"}, "http://localhost:8080/", None),
    (STRING, {"format": "url"}, "javascript:alert(1)", ("url", "Expected a URL like https://example.com/")),
    (STRING, {"format": "url"}, "http://" + "a." * 20_000, ("url", "Expected a URL like https://example.com/")),
    (Type("email"), {}, "a@" + "a." * 20_000 + "example", ("email", "Expected an e-mail address")),
    (STRING, {"format": "url"}, "ftp://example.com", ("url", "Expected a URL like https://example.com/")),
    (JSON, {"shape": "object"}, {}, None),
    (JSON, {"shape": "object"}, [], ("type", "Expected a JSON object")),
    (JSON, {"shape": "array"}, [], None),
    (JSON, {"shape": "array"}, "[]", ("type", "Expected a JSON list")),
    (Type("decimal", 5, 2), {}, Decimal("123.4500"), None),
    (Type("decimal", 5, 2), {}, 0, None),
    (Type("decimal", 5, 2), {}, Decimal("1.234"), ("precision", "Value 1.234 has more than 2 decimals")),
    (Type("decimal", 5, 2), {}, 1000, ("precision", "Value 1000 has more than 3 digits before the point")),
    (Type("decimal", 5, 0), {}, Decimal("0.5"), ("precision", "Value 0.5 has more than 0 decimals")),
    (Type("decimal", 3, 3), {}, Decimal("0.001"), None),
    (STRING, {"unknown_rule": 1}, "x", None),
]


@each(("type", "rules", "raw", "mistake"), RULES)
def test_a_rule(type: Type, rules: Mapping[str, object], raw: object, mistake: tuple[str, str] | None) -> None:
    assert one(type, raw, **rules)[1] == ([] if mistake is None else [mistake])


@each(
    ("backend", "type", "raw", "rule"),
    [
        ("sqlite", DECIMAL, Decimal("0.1234567890123456"), "precision"),
        ("sqlite", DECIMAL, Decimal("123456789012345000"), None),
        ("postgres", DECIMAL, Decimal("0.1234567890123456"), None),
        ("postgres", INTEGER, 2**31, "type"),
        ("postgres", INTEGER, -(2**31), None),
        ("postgres", BIGINT, 2**31, None),
        ("sqlite", INTEGER, 2**31, "type"),
        ("sqlite", array_of(INTEGER), [1, None, 2**31], "type"),
        ("postgres", array_of(INTEGER), [1, None, 2**31 - 1], None),
    ],
)
def test_what_a_kind_of_database_cannot_hold(backend: str, type: Type, raw: object, rule: str | None) -> None:
    assert [found for found, _ in one(type, raw, backend)[1]] == ([rule] if rule else [])


def test_several_rules_of_one_value_are_all_told() -> None:
    assert [rule for rule, _ in one(STRING, "abc!", max=3, pattern="[a-z]*")[1]] == ["max_length", "pattern"]


# ---------------------------------------------------------------- rows

REQUIRED = [
    (Column("x", STRING), False),
    (Column("x", STRING, nullable=False), True),
    (Column("x", STRING, rules={"required": True}), True),
    (Column("x", STRING, rules={"required": False}), False),
    (Column("x", STRING, nullable=False, default=Default("literal", "a")), False),
    (Column("x", STRING, rules={"required": True}, default=Default("literal", "a")), False),
    (Column("x", STRING, nullable=False, default=Default("sql", "'a'")), False),
    (Column("x", STRING, rules={"required": True}, default=Default("sql", "'a'")), True),
    (Column("x", STRING, nullable=False, auto="prefixed"), False),
    (Column("x", STRING, nullable=False, generated=True), False),
    (Column("key", STRING), True),
    (Column("key", INTEGER, default=Default("increment")), False),
    (Column("alive", INTEGER, nullable=False), False),
]


@each(("column", "required"), REQUIRED)
def test_required_is_what_nothing_else_fills(column: Column, required: bool) -> None:
    posts = resource(column, key=("key",), soft_delete=SoftDelete("alive", 1, 0))
    assert is_required(posts, column) is required
    mistakes = load(schema_of(posts), {}, partial=False)[1]
    assert mistakes == ([Mistake(column.name, "is required", "required")] if required else [])
    assert load(schema_of(posts), {}, partial=True) == ({}, [])


@each("partial", [True, False])
@each(
    ("column", "allowed"),
    [
        (Column("x", STRING), True),
        (Column("x", STRING, rules={"max": 3}), True),
        (Column("x", STRING, nullable=False, default=Default("literal", "a")), False),
        (Column("x", STRING, rules={"required": True}), False),
        (Column("key", STRING), False),
    ],
)
def test_null_is_for_nullable_columns(column: Column, allowed: bool, partial: bool) -> None:
    values, mistakes = load(schema_of(resource(column, key=("key",))), {column.name: None}, partial=partial)
    assert values == ({column.name: None} if allowed else {})
    assert mistakes == ([] if allowed else [Mistake(column.name, "cannot be null", "null")])


def test_all_mistakes_of_a_row_come_at_once_in_the_order_of_the_columns() -> None:
    columns = (Column("c", STRING, nullable=False), Column("b", INTEGER), Column("a", STRING, nullable=False))
    columns += (Column("sum", INTEGER, generated=True),)
    row = {"b": "x", "a": None, "zz": 1, "sum": 5}
    values, mistakes = load(schema_of(resource(*columns)), row, partial=False, at="items[3]", row_number=4)
    assert values == {}
    assert mistakes == [
        Mistake("c", "is required", "required", None, 4, "items[3]"),
        Mistake("b", "Expected an integer", "type", "x", 4, "items[3]"),
        Mistake("a", "cannot be null", "null", None, 4, "items[3]"),
        Mistake("sum", "cannot be set", "unknown", None, 4, "items[3]"),
        Mistake("zz", "cannot be set", "unknown", None, 4, "items[3]"),
    ]


def test_what_is_not_shown_is_not_repeated_in_a_mistake() -> None:
    schema = schema_of(resource(Column("password", STRING, write_only=True, rules={"min": 8})))
    (mistake,) = load(schema, {"password": "hunter2"}, partial=False)[1]
    assert mistake.value is None and "hunter2" not in mistake.message


def test_a_reference_to_another_command_is_left_alone() -> None:
    columns = (Column("a", INTEGER, rules={"max": 1}), Column("b", Type("email"), nullable=False))
    row = {"a": Ref(0, "id"), "b": Ref(1, "id")}
    assert load(schema_of(resource(*columns)), row, partial=False) == (row, [])


@each("name", ["a.b", "load", "Meta", "fields", "_schema", "opts", "context", "Order Details", "é", "c0", "", "self"])
def test_a_column_may_have_any_name(name: str) -> None:
    schema = schema_of(resource(Column("c1", STRING), Column(name, INTEGER)))
    assert load(schema, {name: 5, "c1": "x"}, partial=False) == ({"c1": "x", name: 5}, [])
    assert load(schema, {name: "x"}, partial=False)[1] == [Mistake(name, "Expected an integer", "type", "x")]


def test_a_read_only_column_is_for_hooks() -> None:
    schema = schema_of(resource(Column("slug", STRING, read_only=True)))
    assert load(schema, {"slug": "made"}, partial=False) == ({"slug": "made"}, [])


def test_there_is_a_schema_for_what_can_be_written() -> None:
    posts, view = resource(Column("n", INTEGER)), Resource("v", Table("v"), {}, writable=False)
    schemas = schemas_of(Catalog({"posts": posts, "v": view}), {"default": "postgres"})
    assert list(schemas) == ["posts"]
    assert load(schemas["posts"], {"n": 2**40}, partial=False)[1][0].rule == "type"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
EVERY_TYPE = [type for type, _, _ in GOOD]


@cache
def kept(type: Type) -> tuple[RowSchema, RowSchema]:
    """Schemas of a column without rules and with some, made once."""
    rules = {"max": 5, "pattern": "a+"} if type.family == "text" else {}
    plain, ruled = (schema_of(resource(Column("x", type, rules=each))) for each in ({}, rules))
    return plain, ruled


@given(st.sampled_from(EVERY_TYPE), JSON_VALUES)
def test_any_value_is_canonical_or_a_mistake(type: Type, raw: object) -> None:
    plain, ruled = kept(type)
    found, mistakes = of_row(ruled, raw)
    if not mistakes and found is not None:
        assert of_row(plain, found) == (found, [])


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        (Mistake("name", "is required", "required"), "Name is required"),
        (Mistake("name", "cannot be null", "null"), "Name cannot be null"),
        (
            Mistake("age", "Value 300 is greater than maximum 150", "max"),
            "Name: Value 300 is greater than maximum 150",
        ),
    ],
)
def test_a_mistake_is_a_sentence(mistake: Mistake, text: str) -> None:
    assert said(mistake, "Name") == text


def test_mistakes_are_one_refusal() -> None:
    mistakes = [Mistake("a", "is required", "required"), Mistake("b", "Expected an integer", "type", "x")]
    refusal = invalid("posts", mistakes)
    assert (refusal.kind, refusal.status, refusal.field) == ("invalid", 400, "a")
    assert refusal.message == "a is required; b: Expected an integer"
    assert refusal.details == Mistakes("posts", tuple(mistakes))


def test_a_refusal_does_not_grow_with_the_rows() -> None:
    refusal = invalid("posts", [Mistake("a", "is required", "required")] * 5000)
    assert len(refusal.message) < 1000
    assert isinstance(refusal.details, Mistakes) and len(refusal.details.mistakes) == 5000


# ---------------------------------------------------------------- duplicates

DUPLICATES: list[tuple[list[dict[str, object]], tuple[int, int, list[str]] | None]] = [
    ([{"id": 1}, {"id": 2}], None),
    ([{"id": 1}, {"id": 2}, {"id": 1}], (0, 2, ["id"])),
    ([{"mail": "Ann"}, {"mail": "aNN"}], (0, 1, ["mail"])),
    ([{"mail": None}, {"mail": None}, {}, {}], None),
    ([{"a": 1, "b": "x"}, {"a": 1, "b": "X"}, {"a": 2, "b": "x"}], None),
    ([{"a": 1, "b": "x"}, {"a": 1, "b": "x"}], (0, 1, ["a", "b"])),
    ([{"a": 1, "b": None}, {"a": 1, "b": None}], None),
    ([{"meta": {"x": 1, "y": 2}}, {"meta": {"y": 2, "x": 1}}], (0, 1, ["meta"])),
    ([], None),
]


@each(("rows", "found"), DUPLICATES)
def test_duplicates_in_one_bulk(rows: list[dict[str, object]], found: tuple[int, int, list[str]] | None) -> None:
    columns = (Column("id", INTEGER), Column("mail", CITEXT), Column("a", INTEGER), Column("b", STRING))
    posts = resource(*columns, Column("meta", JSON), key=("id",), uniques=(("mail",), ("a", "b"), ("meta",)))
    refusal = duplicates(posts, rows)
    if found is None:
        assert refusal is None
    else:
        assert isinstance(refusal, ApiError) and (refusal.kind, refusal.status) == ("conflict", 409)
        assert refusal.details == {"first": found[0], "row": found[1], "fields": found[2]}


def test_a_table_without_keys_has_no_duplicates() -> None:
    assert duplicates(resource(Column("a", INTEGER)), [{"a": 1}, {"a": 1}]) is None
