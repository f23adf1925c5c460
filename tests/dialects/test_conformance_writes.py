"""What is written through one dialect is there, whole, in the four others; what is gone is gone in all of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests.dialects.conftest import ADMIN, Fresh, sibling, with_callers
from tests.dialects.speakers import DIALECTS, KEYED, Row, Speaker, everyone

STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MADE = re.compile(r"thing_[0-9a-z]{12}")
WRITER = "5081778e-c036-5085-8adb-6f1892daaa73"

# One column of every type, one of everything that is made by itself.
THINGS = """
version: "0.3"
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      things:
        fields:
          id: {type: integer, key: true, auto: increment}
          name: {type: string, required: true, unique: true, max: 40}
          whole: {type: integer}
          big: {type: bigint}
          real: {type: number}
          exact: {type: decimal, precision: 12, scale: 4}
          flag: {type: boolean}
          prose: {type: text}
          mail: {type: email}
          word: {type: enum, values: [red, green]}
          folded: {type: citext}
          ref: {type: uuid}
          day: {type: date}
          clock: {type: time}
          moment: {type: datetime}
          local: {type: datetime_local}
          counted: {type: epoch_ms}
          data: {type: json}
          tags: {type: array, items: string}
          numbers: {type: array, items: integer}
          span: {type: range, items: integer}
          raw: {type: bytes}
          first_mark: {type: string, default: new}
          level: {type: integer, required: true, default: 7}
          code: {type: string, auto: prefixed}
          token: {type: uuid, auto: uuid}
        stamps: [created_at, updated_at, created_by, updated_by]
        dialects: {sonicjs: {times: epoch_ms}, phantom: {columns: {prose: body}}, baasix: {columns: {moment: when}}}
"""
WHOLE_THING: Row = {
    "name": "one",
    "whole": -5,
    "big": 9007199254740993,
    "real": Decimal("0.1"),
    "exact": Decimal("12345678.0625"),
    "flag": False,
    "prose": "a\n\N{GRINNING FACE} 'b' \\ %",
    "mail": "one@example.com",
    "word": "green",
    "folded": "MiXed",
    "ref": "5081778e-c036-5085-8adb-6f1892daaa73",
    "day": "2024-02-29",
    "clock": "10:20:30",
    "moment": "2024-02-29T10:20:30.123Z",
    "local": "2024-02-29T10:20:30.500",
    "counted": 1709201230123,
    "data": {"a": [1, None, {"b": "c"}], "n": 2},
    "tags": ["x", "y,z", ""],
    "numbers": [3, 1, 2],
    "span": {"lower": 1, "upper": 5, "bounds": "[)"},
    "raw": "AAEC/w==",
}
CHANGED_THING: Row = {
    "whole": None,
    "exact": Decimal("-0.5000"),
    "flag": True,
    "moment": "1999-12-31T23:59:59.999Z",
    "counted": 0,
    "data": [1],
    "tags": [],
    "level": 8,
}


@dataclass(frozen=True)
class Case:
    """A row of a resource, found again by one of its columns, and what it has besides what was sent."""

    resource: str
    marker: str
    row: Row
    made: dict[str, object] = field(default_factory=dict)
    changes: Row = field(default_factory=dict)
    stamp: str | None = None


CASES = {
    "things": Case(
        "things",
        "name",
        WHOLE_THING,
        {"first_mark": "new", "level": 7, "code": MADE, "token": UUID, "created_at": STAMP, "updated_at": STAMP},
        CHANGED_THING,
        "updated_at",
    ),
    "a thing of nothing": Case(
        "things",
        "name",
        {"name": "bare"},
        {"first_mark": "new", "level": 7, "code": MADE, "flag": None, "data": None, "tags": None, "moment": None},
        {"data": {"a": None}, "first_mark": None},
    ),
    "posts": Case(
        "posts",
        "title",
        {"title": "Five ways", "content": "C", "authorId": WRITER, "categoryId": 1},
        {"published": False, "createdAt": STAMP, "deletedAt": None},
        {"published": True, "categoryId": None},
    ),
    "products": Case(
        "products",
        "name",
        {"name": "Lamp", "price": Decimal("29.90"), "category": "office"},
        {"id": UUID, "status": "active", "organization_id": None, "created_at": STAMP},
        {"price": Decimal("0.01"), "category": None},
    ),
    "orders": Case(
        "orders",
        "tracking_number",
        {"tracking_number": "T-1", "customer_id": 1, "total_amount": Decimal("1234567890.12"), "year": 2024},
        {"status": "pending", "user_id": None, "priority": None, "created_at": STAMP},
        {"status": "shipped", "priority": 3},
    ),
    "order items": Case(
        "order_items",
        "quantity",
        {
            "order_id": 1,
            "product_id": "00000000-0000-0000-0000-000000000002",
            "quantity": 977,
            "price": Decimal("1.50"),
        },
        {},
        {"price": Decimal("2.25")},
    ),
    "accounts": Case(
        "_dragoman_users",
        "email",
        {"email": "five@example.com", "name": "Five", "phone": "1", "tags": ["a"], "metadata": {"b": 1}, "age": 5},
        {"id": UUID, "is_active": True, "status": "active", "created_at": STAMP, "updated_at": STAMP},
        {"age": 6, "tags": ["b", "c"], "is_active": False},
        "updated_at",
    ),
}


@pytest.fixture(scope="session")
def things_home(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """The application of all types, over a database of its own."""
    return with_callers(make_app(THINGS, sibling(database_url, tmp_path_factory)))


@pytest.fixture
def things(things_home: Fresh) -> Fresh:
    """The same without things."""
    with things_home.snapshot.system.transaction() as session:
        session.execute("DELETE FROM things")
    return things_home


@pytest.fixture
def world(request: pytest.FixtureRequest, case: Case, database_url: str) -> Fresh:
    """The application that has the resource of a case, on the backend of the run's own database."""
    made: Fresh = request.getfixturevalue("things" if case.resource == "things" else "fresh")
    return made


def written(world: Fresh, dialect: str, case: Case) -> Row:
    """The row of a case, created in a dialect, as that dialect shows it."""
    answer = Speaker(world, dialect).create(case.resource, case.row)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    (row,) = Speaker(world, dialect).find(case.resource, case.marker, case.row[case.marker])
    return row


def key_of(world: Fresh, case: Case, row: Row) -> Any:
    return row[world.snapshot.catalog.resource(case.resource).key[0]]


def alike(world: Fresh, case: Case) -> Row:
    """The row of a case: the same in all dialects, in lists and by its key, as far as they show the same columns."""
    lists = [speaker.find(case.resource, case.marker, case.row[case.marker]) for speaker in everyone(world)]
    assert [len(rows) for rows in lists] == [1] * len(DIALECTS)
    key = key_of(world, case, lists[0][0])
    ones = [speaker.one(case.resource, key) for speaker in everyone(world)]
    shared = set.intersection(*(set(row) for (row,) in lists))
    assert len(shared) >= len(case.row) + len(case.made)
    first = {name: lists[0][0][name] for name in shared}
    for dialect, (listed,), one in zip(DIALECTS, lists, ones, strict=True):
        assert {name: listed[name] for name in shared} == first, dialect
        assert {name: one[name] for name in shared} == first, dialect
    return first


def fits(row: Row, expected: dict[str, object]) -> None:
    for name, value in expected.items():
        if isinstance(value, re.Pattern):
            assert value.fullmatch(row[name]), (name, row[name])
        else:
            assert row[name] == value and isinstance(row[name], bool) == isinstance(value, bool), (name, row[name])


EACH = pytest.mark.parametrize("dialect", DIALECTS)
EVERY = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


@EVERY
@EACH
def test_a_created_row_is_whole_in_every_dialect(world: Fresh, dialect: str, case: Case) -> None:
    written(world, dialect, case)
    fits(alike(world, case), {**case.row, **case.made})


@EVERY
def test_an_update_is_seen_in_every_dialect(world: Fresh, case: Case) -> None:
    """Each dialect changes the row and puts it back."""
    written(world, "baasix", case)
    before = alike(world, case)
    for dialect in DIALECTS:
        for changes in (case.changes, {name: before[name] for name in case.changes}):
            answer = Speaker(world, dialect).update(case.resource, key_of(world, case, before), changes)
            assert answer.status_code in (200, 204), answer.get_data(as_text=True)
            after = alike(world, case)
            fits(after, changes)
            stayed = set(after) - set(changes) - {"updated_at"}
            assert {name: after[name] for name in stayed} == {name: before[name] for name in stayed}, dialect
            assert case.stamp is None or after[case.stamp] >= before[case.stamp]


@pytest.mark.parametrize(("dialect", "items"), [("xond", "orderItems"), ("baasix", "order_items")])
def test_rows_that_are_created_with_their_order_are_whole_in_every_dialect(
    fresh: Fresh, dialect: str, items: str
) -> None:
    order, item = CASES["orders"], CASES["order items"]
    speaker = Speaker(fresh, dialect)
    inner = speaker.written(item.resource, {name: value for name, value in item.row.items() if name != "order_id"})
    sent = {**speaker.written(order.resource, order.row), items: [inner]}
    assert speaker.send("POST", speaker.path(order.resource), sent).status_code == 201
    made = alike(fresh, order)
    fits(made, {**order.row, **order.made})
    fits(alike(fresh, item), {**item.row, "order_id": made["id"]})


@EACH
def test_what_is_made_for_a_row_names_its_writer(things: Fresh, dialect: str) -> None:
    row = written(things, dialect, CASES["things"])
    ((id,),) = things.rows("SELECT id FROM _dragoman_users WHERE email = ?", ADMIN[0])
    assert row["created_by"] == row["updated_by"] == str(id)


DELETED = ["things", "products", "posts"]


@pytest.mark.parametrize("case", [CASES[name] for name in DELETED], ids=DELETED)
@EACH
def test_a_deleted_row_is_gone_in_every_dialect(world: Fresh, dialect: str, case: Case) -> None:
    """Posts are deleted softly: the row stays, and nobody is shown it."""
    key = key_of(world, case, written(world, dialect, case))
    assert Speaker(world, dialect).delete(case.resource, key).status_code in (200, 204)
    for speaker in everyone(world):
        assert speaker.find(case.resource, case.marker, case.row[case.marker]) == [], speaker.dialect
    for name in KEYED:
        gone, never = (Speaker(world, name).send("GET", Speaker(world, name).path(case.resource, k)) for k in (key, 0))
        assert gone.status_code == never.status_code == (403 if name == "baasix" else 404)
    left = world.rows(f"SELECT count(*) FROM {case.resource} WHERE {case.marker} = ?", case.row[case.marker])
    assert left == [(1 if case.resource == "posts" else 0,)]


# ---------------------------------------------------------------- entity tags


@pytest.mark.parametrize("dialect", KEYED)
def test_entity_tags_mean_the_same(fresh: Fresh, dialect: str) -> None:
    speaker = Speaker(fresh, dialect)
    path = speaker.path("categories", 1)
    seen = speaker.send("GET", path)
    tag = seen.headers["ETag"]
    again = speaker.send("GET", path, If_None_Match=tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert speaker.send("GET", path, If_None_Match='"other"').status_code == 200

    before = fresh.whole()
    for refused in (
        speaker.update("categories", 1, {"title": "late"}, If_Match='"stale"'),
        speaker.delete("categories", 1, If_Match='"stale"'),
    ):
        assert refused.status_code == 412
    assert fresh.whole() == before

    changed = speaker.update("categories", 1, {"title": "in time"}, If_Match=tag)
    assert changed.status_code == 200 and changed.headers["ETag"] != tag
    assert speaker.send("GET", path).headers["ETag"] == changed.headers["ETag"]
    assert speaker.update("categories", 1, {"title": "late"}, If_Match=tag).status_code == 412
    assert speaker.one("categories", 1)["title"] == "in time"
    post = speaker.send("GET", speaker.path("posts", 1)).headers["ETag"]
    assert speaker.delete("posts", 1, If_Match=post).status_code in (200, 204)
