"""What the service puts into a row that nobody sent: stamps, keys, defaults, marks."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from crud.access.actor import ANONYMOUS, Actor
from crud.writing.generated import deleted, now_as, on_create, on_update, restored
from sql.catalog import Column, Default, Resource, SoftDelete, Table
from sql.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DATETIME,
    DATETIME_LOCAL,
    DECIMAL,
    EPOCH_MS,
    INTEGER,
    JSON,
    NUMBER,
    STRING,
    TEXT,
    TIME,
    UUID,
    Type,
)
from sql.values import to_json
from tests.tables import each

NOW = datetime(2024, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
CUT = NOW.replace(microsecond=123000)
ANN = Actor("3f2504e0-4f89-41d3-9a0c-0305e82c3301", frozenset({"user"}))


def resource(*columns: Column, **more: Any) -> Resource:
    return Resource(
        "shop.order_items",
        Table("order_items"),
        {column.name: column for column in columns},
        entity="order_items",
        **more,
    )


def made(column: Column, actor: Actor = ANN, **more: Any) -> dict[str, object]:
    return on_create(resource(column, **more), {}, actor=actor, now=NOW)


TIMES = [
    (DATETIME, CUT),
    (DATETIME_LOCAL, CUT.replace(tzinfo=None)),
    (DATE, date(2024, 1, 1)),
    (TIME, time(12, 0, 0, 123000)),
    (EPOCH_MS, 1704110400123),
    (BIGINT, 1704110400123),
    (NUMBER, 1704110400123.0),
    (DECIMAL, Decimal(1704110400123)),
    (STRING, "2024-01-01T12:00:00.123Z"),
    (TEXT, "2024-01-01T12:00:00.123Z"),
]


@each(("type", "value"), TIMES)
def test_now_has_the_form_of_its_column(type: Type, value: object) -> None:
    for column in (Column("x", type, auto="created_at"), Column("x", type, default=Default("now"))):
        found = made(column)["x"]
        assert found == value and found.__class__ is value.__class__
        assert getattr(found, "tzinfo", None) == getattr(value, "tzinfo", None)


def test_a_stamp_is_shown_with_milliseconds() -> None:
    assert to_json(now_as(DATETIME, NOW)) == "2024-01-01T12:00:00.123Z"
    assert to_json(now_as(DATETIME, NOW.replace(microsecond=999))) == "2024-01-01T12:00:00.000Z"


def test_a_stamp_is_in_utc() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    assert now_as(DATETIME_LOCAL, elsewhere) == CUT.replace(tzinfo=None)
    assert now_as(DATE, datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=5)))) == date(2023, 12, 31)


def test_both_stamps_of_a_new_row_are_equal() -> None:
    columns = (Column("a", DATETIME, auto="created_at"), Column("b", DATETIME, auto="updated_at"))
    row = on_create(resource(*columns), {}, actor=ANN, now=NOW)
    assert row == {"a": CUT, "b": CUT}


CALLERS = [
    (UUID, ANN, ANN.id),
    (STRING, ANN, ANN.id),
    (INTEGER, ANN, None),
    (INTEGER, Actor("17"), 17),
    (UUID, Actor("operator"), None),
    (STRING, ANONYMOUS, None),
]


@each("word", ["created_by", "updated_by", "default"])
@each(("type", "actor", "value"), CALLERS)
def test_the_caller_is_kept_where_the_column_can_hold_him(type: Type, actor: Actor, value: object, word: str) -> None:
    column = Column("x", type, default=Default("caller")) if word == "default" else Column("x", type, auto=word)
    assert made(column, actor) == {"x": value}


STATUS = [
    (Column("x", INTEGER, auto="status"), None, 1),
    (Column("x", STRING, auto="status"), None, "1"),
    (Column("x", BOOLEAN, auto="status"), None, True),
    (Column("x", INTEGER, auto="status", default=Default("literal", 7)), SoftDelete("x", 5, 0), 7),
    (Column("x", INTEGER, auto="status"), SoftDelete("x", 5, 0), 5),
    (Column("x", STRING), SoftDelete("x", "active", "gone"), "active"),
    (Column("x", INTEGER, auto="status"), SoftDelete("other", 5, 0), 1),
]


@pytest.mark.parametrize(("column", "mark", "value"), STATUS)
def test_a_new_row_has_the_status_of_a_living_one(column: Column, mark: SoftDelete | None, value: object) -> None:
    found = made(column, soft_delete=mark)["x"]
    assert found == value and found.__class__ is value.__class__


def test_a_time_of_deletion_stays_empty() -> None:
    assert made(Column("gone_at", DATETIME), soft_delete=SoftDelete("gone_at")) == {}


@pytest.mark.parametrize(("rules", "length"), [({}, 22), ({"max_length": 9}, 9), ({"max_length": 255}, 22)])
def test_a_short_id_is_as_long_as_the_column_takes(rules: dict[str, object], length: int) -> None:
    column = Column("x", STRING, default=Default("suid"), rules=rules)
    one, other = made(column)["x"], made(column)["x"]
    assert isinstance(one, str) and re.fullmatch(f"[A-Za-z0-9]{{{length}}}", one) and one != other


UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
KEYS = [
    (Column("x", UUID, auto="uuid"), UUID4),
    (Column("x", STRING, default=Default("uuid")), UUID4),
    (Column("x", STRING, auto="prefixed"), re.compile("order_item_[a-z0-9]{12}")),
    (Column("x", STRING, auto="prefixed", rules={"prefix": "oi"}), re.compile("oi_[a-z0-9]{12}")),
]


@pytest.mark.parametrize(("column", "form"), KEYS)
def test_keys_are_made_and_differ(column: Column, form: re.Pattern[str]) -> None:
    keys = [str(made(column)["x"]) for _ in range(50)]
    assert all(form.fullmatch(key) for key in keys) and len(set(keys)) == 50


LEFT = [
    Column("x", INTEGER, auto="increment", default=Default("increment")),
    Column("x", INTEGER, default=Default("increment")),
    Column("x", STRING, default=Default("sql", "'a'")),
    Column("x", DATETIME, generated=True, default=Default("now")),
    Column("x", STRING),
]


@pytest.mark.parametrize("column", LEFT)
def test_what_the_database_makes_is_left_to_it(column: Column) -> None:
    assert made(column) == {}


@pytest.mark.parametrize(
    "column",
    [
        Column("x", STRING, auto="uuid"),
        Column("x", STRING, auto="created_at"),
        Column("x", STRING, default=Default("literal", "y")),
    ],
)
@pytest.mark.parametrize("value", ["sent", None])
def test_what_is_in_the_row_stays(column: Column, value: object) -> None:
    row: Mapping[str, object] = {"x": value, "other": 1}
    assert on_create(resource(column), row, actor=ANN, now=NOW) == {"x": value, "other": 1}


def test_a_default_is_not_shared_between_rows() -> None:
    column = Column("x", JSON, default=Default("literal", {"tags": []}))
    first: Any = made(column)["x"]
    first["tags"].append("changed")
    assert made(column) == {"x": {"tags": []}}


def test_a_change_has_its_own_stamps_only() -> None:
    columns = [Column(word, DATETIME, auto=word) for word in ("created_at", "updated_at")]
    columns += [Column(word, STRING, auto=word) for word in ("created_by", "updated_by", "status", "uuid", "prefixed")]
    columns += [Column("d", INTEGER, default=Default("literal", 1))]
    changes = on_update(resource(*columns), {"title": "x"}, actor=ANN, now=NOW)
    assert changes == {"title": "x", "updated_at": CUT, "updated_by": ANN.id}


def test_a_stamp_that_was_given_stays_in_a_change() -> None:
    table = resource(Column("at", DATETIME, auto="updated_at"))
    given = datetime(2020, 1, 1, tzinfo=UTC)
    assert on_update(table, {"at": given}, actor=ANN, now=NOW) == {"at": given}


def test_the_row_that_was_given_is_not_changed() -> None:
    row: dict[str, object] = {}
    on_create(resource(Column("x", UUID, auto="uuid")), row, actor=ANN, now=NOW)
    assert row == {}


MARKS = [
    (DATETIME, SoftDelete("x"), CUT, None),
    (EPOCH_MS, SoftDelete("x"), 1704110400123, None),
    (INTEGER, SoftDelete("x", 1, 0), 0, 1),
    (STRING, SoftDelete("x", 1, 0), "0", "1"),
    (STRING, SoftDelete("x", "active", "gone"), "gone", "active"),
]


@pytest.mark.parametrize(("type", "mark", "gone", "alive"), MARKS)
def test_a_row_is_marked_deleted_and_alive(type: Type, mark: SoftDelete, gone: object, alive: object) -> None:
    table = resource(Column("x", type), soft_delete=mark)
    assert deleted(table, NOW) == ("x", gone)
    assert restored(table) == ("x", alive)
