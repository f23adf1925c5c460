"""Queries executed on real databases: the same rows in the same order on both."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson
import pytest

from sql.builder import compile_query
from sql.database import Database, Options
from sql.errors import TooManyRows
from sql.execute import Bindings, Result, execute
from sql.expressions import (
    ActorValue,
    And,
    Cast,
    Compare,
    Const,
    DatePart,
    Expr,
    Filter,
    Hop,
    JsonKind,
    JsonLength,
    JsonPath,
    Not,
    Now,
    Or,
    Relevance,
    Search,
    Slot,
    Some,
)
from sql.expressions import Path as Column
from sql.jsonpath import JsonPathTest
from sql.opening import open_database
from sql.operators import OPERATORS
from sql.query import Aggregate, Authorized, Include, Page, Query, Select, Sort
from sql.ranges import Range
from sql.types import BOOLEAN, DATE, DATETIME, DECIMAL, INTEGER, JSON, NUMBER, TEXT, TIME, Type
from tests.postgres import drop, new_postgres
from tests.sql.world import CATALOG, JSONS, THING, fill
from tests.tables import each

NOBODY: Mapping[str, object] = {}
NOW = datetime(2024, 3, 31, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The small world, on each backend."""
    url = f"sqlite:///{tmp_path_factory.mktemp('world') / 'world.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_world")
    opened = open_database(url, options=Options())
    fill(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def postgres_world(postgres_server: str) -> Iterator[str]:
    """A database of the server of its own."""
    url = new_postgres(postgres_server)
    yield url
    drop(url)


def run(
    world: Database, query: Query, *values: object, max_rows: int = 100, actor: Mapping[str, object] = NOBODY
) -> Result:
    compiled = compile_query(Authorized(query), CATALOG, world.backend, max_rows=max_rows)
    return execute(compiled, world, Bindings(values, actor, NOW))


def ids(world: Database, resource: str, where: Filter, *values: object, **actor: object) -> list[object]:
    query = Query(resource, (Select(Column("id"), "id"),), where)
    return [row["id"] for row in run(world, query, *values, actor=actor).rows]


def plain(rows: list[dict[str, object]]) -> Any:
    """Rows as JSON has them."""
    return orjson.loads(orjson.dumps(rows, default=str))


def slots(op: str, type: Type, values: tuple[object, ...]) -> tuple[Slot, ...]:
    row = OPERATORS[op]
    types = {"text": TEXT, "json": JSON, "jsonpath": JSON, "item": type.item or type, "same": type}
    return tuple(Slot(index, types[row.operand], row.operands == "many") for index in range(len(values)))


OPERATIONS = [
    ("n", "eq", (1,), [1]),
    ("n", "ne", (1,), [2, 3, 5, 6]),
    ("n", "gt", (0,), [1, 5, 6]),
    ("n", "gte", (0,), [1, 3, 5, 6]),
    ("n", "lt", (0,), [2]),
    ("n", "lte", (0,), [2, 3]),
    ("n", "eq", (2**62,), []),
    ("n", "in", ((1, 2, 99),), [1, 5]),
    ("n", "in", ((),), []),
    ("n", "not_in", ((1, 2),), [2, 3, 6]),
    ("n", "not_in", ((),), [1, 2, 3, 5, 6]),
    ("n", "between", (0, 2), [1, 3, 5]),
    ("n", "not_between", (0, 2), [2, 6]),
    ("n", "is_null", (), [4]),
    ("n", "is_not_null", (), [1, 2, 3, 5, 6]),
    ("n", "empty", (), [4]),
    ("n", "not_empty", (), [1, 2, 3, 5, 6]),
    ("big", "eq", (9007199254740993,), [1]),
    ("big", "in", ((9007199254740993,),), [1]),
    ("big", "eq", (9007199254740992,), []),
    ("f", "eq", (0.1,), [2]),
    ("f", "in", ((0.1, 1e20),), [2, 3]),
    ("d", "eq", (Decimal("10.1"),), [1]),
    ("d", "in", ((Decimal("10.10"), Decimal(3)),), [1, 6]),
    ("ok", "eq", (True,), [1, 3]),
    ("ok", "ne", (True,), [2]),
    ("ok", "in", ((False,),), [2]),
    ("t", "eq", ("",), [3]),
    ("t", "gt", ("a",), [2]),
    ("t", "empty", (), [3, 4]),
    ("t", "not_empty", (), [1, 2, 5, 6]),
    ("t", "like", ("%a_b%",), [2]),
    ("t", "like", ("a\\%b%",), [2]),
    ("t", "like", ("%\\\\d",), [2]),
    ("t", "like", ("%\\",), []),
    ("t", "like", ("stra%",), []),
    ("t", "not_like", ("a%",), [1, 3, 5, 6]),
    ("t", "ilike", ("STRAß% é",), [1]),
    ("t", "ilike", ("%e",), []),
    ("t", "not_ilike", ("STRA%",), [2, 3, 5, 6]),
    ("t", "contains", ("%b_c",), [2]),
    ("t", "contains", ("",), [1, 2, 3, 5, 6]),
    ("t", "not_contains", ("8",), [1, 2, 3, 6]),
    ("t", "icontains", ("ASSE",), []),
    ("t", "icontains", ("AßE é",), [1]),
    ("t", "icontains", ("ßE é",), [1]),
    ("t", "not_icontains", ("É",), [2, 3, 5, 6]),
    ("t", "starts_with", ("a%",), [2]),
    ("t", "starts_with", ("A",), []),
    ("t", "not_starts_with", ("a",), [1, 3, 5, 6]),
    ("t", "istarts_with", ("A%B",), [2]),
    ("t", "not_istarts_with", ("A",), [1, 3, 5, 6]),
    ("t", "ends_with", ("c\\d",), [2]),
    ("t", "ends_with", ("",), [1, 2, 3, 5, 6]),
    ("t", "not_ends_with", ("5",), [1, 2, 3, 6]),
    ("t", "iends_with", ("C\\D",), [2]),
    ("t", "not_iends_with", ("é",), [2, 3, 5, 6]),
    ("t", "contains", ("*",), []),
    ("t", "starts_with", ("[a]",), []),
    ("c", "eq", ("ANN",), [1, 2]),
    ("c", "ne", ("ANN",), [3, 5, 6]),
    ("c", "in", (("éCLAIR", "x"),), [5, 6]),
    ("c", "not_in", (("éCLAIR",),), [1, 2, 3]),
    ("c", "between", ("AM", "AO"), [1, 2]),
    ("c", "contains", ("NN",), [2]),
    ("c", "empty", (), [3, 4]),
    ("mood", "eq", ("sad",), [1, 6]),
    ("mood", "in", (("sad", "happy"),), [1, 3, 6]),
    ("mood", "gt", ("ok",), [1, 6]),
    ("mood", "contains", ("a",), [1, 3, 6]),
    ("mood", "empty", (), [4]),
    ("u", "eq", ("00000000-0000-0000-0000-00000000000a",), [1]),
    ("u", "in", (("00000000-0000-0000-0000-00000000000b",),), [2]),
    ("day", "gte", (date(2021, 1, 3),), [1, 2]),
    ("day", "in", ((date(2024, 2, 29),),), [1]),
    ("clock", "gt", (time(10),), [2]),
    ("at", "eq", (datetime(2021, 1, 3, 23, 59, 59, 500250, UTC),), [2]),
    ("at", "lt", (datetime(2024, 2, 29, 10, tzinfo=UTC),), [2, 3]),
    ("at", "in", ((datetime(2024, 2, 29, 10, tzinfo=UTC),),), [1]),
    ("local", "lte", (datetime(2021, 1, 3, 23, 59, 59, 500250),), [2, 3]),
    ("j", "json_contains", ({"b": [2]},), [1]),
    ("j", "json_contains", (1,), [3]),
    ("j", "json_not_contains", ({"a": 1},), [3, 5, 6]),
    ("j", "json_contained", ([1, "x", {"a": 2}, 9],), [3, 5]),
    ("j", "json_eq", ("x",), [5]),
    ("j", "json_ne", ("x",), [1, 2, 3]),
    ("j", "json_has_key", ("a",), [1, 2]),
    ("j", "json_has_key", ("x",), [3, 5]),
    ("j", "json_has_any_keys", (("n", "x"),), [1, 3, 5]),
    ("j", "json_has_all_keys", (("a", "n"),), [1]),
    ("j", "json_in", (("x", [1, "x", {"a": 2}]),), [3, 5]),
    ("j", "json_in", ((),), []),
    ("j", "json_not_in", (("x",),), [1, 2, 3]),
    ("j", "json_like", ("x%",), [5]),
    ("j", "json_is_null", (), [4, 6]),
    ("j", "json_is_not_null", (), [1, 2, 3, 5]),
    ("j", "is_null", (), [4]),
    ("j", "empty", (), [4, 6]),
    ("j", "json_path_exists", (JsonPathTest(("deep", "k", None, "v")),), [1]),
    ("j", "json_path_exists", (JsonPathTest((None, "k")),), [1, 2]),
    ("j", "json_path_exists", (JsonPathTest(("a", 0)),), [1, 2, 3]),
    ("j", "json_path_match", (JsonPathTest(("deep", "k", "v"), "gt", 4),), [1]),
    ("j", "json_path_match", (JsonPathTest(("b",), "eq", "x"),), [1]),
    ("j", "json_path_match", (JsonPathTest(("s",), "gt", "I"),), [2]),
    ("j", "json_path_match", (JsonPathTest(("t",), "eq", True),), [1]),
    ("j", "json_path_match", (JsonPathTest(("n",), "eq", None),), [1]),
    ("j", "json_path_match", (JsonPathTest(("a",), "ne", None),), [1, 2, 3]),
    ("j", "json_path_match", (JsonPathTest(("a",), "lt", "z"),), []),
    ("a", "array_contains", ((2,),), [1, 2]),
    ("a", "array_contains", ((),), [1, 2, 3]),
    ("a", "array_contained", ((1, 2, 3),), [2, 3]),
    ("a", "array_overlaps", ((1, 3),), [1, 2]),
    ("a", "not_array_overlaps", ((1,),), [2, 3]),
    ("a", "empty", (), [3, 4, 5, 6]),
    ("words", "array_contains", (("a",),), [1, 2]),
    ("words", "array_overlaps", (("B,C",),), [1]),
    ("r", "eq", (Range(1, 5, "[)"),), [1]),
    ("r", "ne", (Range(None, 5, "()"),), [1, 2]),
    ("r", "in", ((Range(None, None, "empty"),),), [2]),
    ("b", "eq", (b"\x00\xff",), [1]),
    ("b", "in", ((b"", b"A"),), [2, 3]),
]


@each(("column", "op", "values", "expected"), OPERATIONS)
def test_operators_mean_the_same_everywhere(
    world: Database, column: str, op: str, values: tuple[object, ...], expected: list[int]
) -> None:
    where = Compare(Column(column), op, slots(op, THING.columns[column].type, values))
    assert ids(world, "thing", where, *values) == expected


JSON_OPERATIONS = [
    ("a", "json_eq", 1, [1, 2]),
    ("n", "json_is_null", None, [1, 2, 3, 4, 5, 6]),
    ("a", "json_ne", 2, [1, 2]),
    ("s", "json_gt", "Hello", [2]),
    ("s", "json_gte", "Hello", [1, 2]),
    ("a", "json_lt", 1.5, [1, 2]),
    ("a", "json_lte", 1, [1, 2]),
    ("t", "json_gt", False, [1]),
    ("t", "json_gt", 0, []),
    ("s", "json_like", "%l%o", [1]),
    ("a", "json_like", "1%", [1, 2]),
    ("t", "json_like", "tr%", [1]),
    ("b", "json_contains", ["x"], [1]),
]


@each(("key", "op", "value", "expected"), JSON_OPERATIONS)
def test_json_under_a_key_is_compared_by_its_kind(
    world: Database, key: str, op: str, value: object, expected: list[int]
) -> None:
    right = () if OPERATORS[op].operands == "none" else (Slot(1, TEXT if op == "json_like" else JSON),)
    where = Compare(JsonPath(Column("j"), Slot(0, TEXT, many=True)), op, right)
    assert ids(world, "thing", where, (key,), value) == expected


def test_not_of_in_never_returns_nulls(world: Database) -> None:
    where = Not(Compare(Column("n"), "in", (Slot(0, INTEGER, many=True),)))
    assert ids(world, "thing", where, ()) == [1, 2, 3, 5, 6]


def test_every_operator_is_executed_here() -> None:
    assert {op for _, op, _, _ in [*OPERATIONS, *JSON_OPERATIONS]} == set(OPERATORS)


def equals(column: str, value: int) -> Compare:
    return Compare(Column(column), "eq", (Const(value, INTEGER),))


BOSS = (Hop("author"), Hop("boss"))
ALIVE = Compare(Column("alive"), "eq", (Const(True, BOOLEAN),))
RED = Compare(Column("label"), "eq", (Const("Red", TEXT),))


@each(
    ("where", "expected"),
    [
        (Compare(Column("name", (Hop("author"),)), "eq", (Const("Ann", TEXT),)), [1, 2]),
        (Not(Compare(Column("name", (Hop("author"),)), "eq", (Const("Ann", TEXT),))), [3, 4, 5]),
        (Compare(Column("name", (Hop("author"),)), "ne", (Const("Ann", TEXT),)), [3, 5]),
        (Compare(Column("boss_id", (Hop("author"),)), "is_null"), [1, 2]),
        (Compare(Column("name", BOSS), "eq", (Const("Ann", TEXT),)), [3]),
        (Compare(Column("alive", (Hop("author"),)), "eq", (Column("alive", (Hop("author"),)),)), [1, 2, 3]),
        (Compare(Column("id"), "eq", (Column("author_id"),)), [1]),
        (Compare(Column("id", (Hop("author", ALIVE),)), "gt", (Const(0, INTEGER),)), [1, 2]),
        (Some("tags", RED), [1, 3]),
        (Some("posts", Some("tags", RED), hops=(Hop("author"),)), [1, 2, 3]),
        (Some("tags", And(), guard=Compare(Column("lang"), "eq", (Const("de", TEXT),))), [1]),
        (Not(Some("tags", And())), [4, 5]),
        (Some("posts", Compare(Column("id"), "gt", (Const(1, INTEGER),)), hops=(Hop("author"),)), [1, 2, 3, 5]),
        (Or((equals("id", 1), equals("id", 5))), [1, 5]),
        (And((equals("id", 3), Or((Or((equals("id", 1), equals("id", 3))),)))), [3]),
        (Not(Or((equals("id", 1), And((equals("id", 2), Or()))))), [2, 3, 4, 5]),
        (Or((And((equals("id", 1), Or())), And((equals("id", 4), Or((equals("id", 4), equals("id", 5))))))), [4]),
        (Or(), []),
        (And(), [1, 2, 3, 4, 5]),
        (Search((Column("title"), Column("name", (Hop("author"),)), Column("stars")), Const("B", TEXT)), [2, 3]),
        (Search((Column("price"),), Const("10.1", TEXT)), [1]),
        (Search((), Const("B", TEXT)), []),
    ],
)
def test_conditions_over_relations(world: Database, where: Filter, expected: list[int]) -> None:
    assert ids(world, "post", where) == expected


def test_actor_and_time_are_bound_at_execution(world: Database) -> None:
    where = Compare(Column("id"), "eq", (ActorValue("id", INTEGER),))
    assert ids(world, "author", where, id="2") == [2]
    assert ids(world, "author", where, id="x") == []
    assert ids(world, "author", where) == []
    month_ago = Compare(Column("day"), "eq", (Now(DATE, -1, "months"),))
    assert ids(world, "thing", month_ago) == [1]
    assert ids(world, "thing", Compare(Column("at"), "lt", (Now(DATETIME, -1, "years"),))) == [2, 3]


def select(*names: str) -> tuple[Select, ...]:
    return tuple(Select(Column(name), name) for name in names)


def test_includes_nest_and_page(world: Database) -> None:
    posts = Query("post", select("id"), sort=(Sort(Column("id"), True),), page=Page(Slot(0, INTEGER), Slot(1, INTEGER)))
    boss = Include("boss", "boss", Query("author", select("name")))
    author = Query("author", select("name"), include=(Include("posts", "posts", posts), boss))
    tags = Query("tag", select("label"), include=(Include("links", "links", Query("post_tag", select("post_id"))),))
    query = Query("post", select("id"), include=(Include("author", "author", author), Include("tags", "tags", tags)))
    rows = run(world, query, 1, 0).rows
    red = {"label": "Red", "links": [{"post_id": 1}, {"post_id": 3}]}
    assert rows[0] == {
        "id": 1,
        "author": {"name": "Ann", "posts": [{"id": 2}], "boss": None},
        "tags": [{"label": "Rot", "links": [{"post_id": 1}]}, red],
    }
    assert rows[2] == {"id": 3, "author": {"name": "bob", "posts": [{"id": 3}], "boss": {"name": "Ann"}}, "tags": [red]}
    assert rows[3] == {"id": 4, "author": None, "tags": []}
    assert run(world, query, 1, 1).rows[0]["author"] == {"name": "Ann", "posts": [{"id": 1}], "boss": None}


def test_an_include_is_guarded_by_its_own_condition(world: Database) -> None:
    query = Query("post", select("id"), include=(Include("author", "author", Query("author", select("name"), ALIVE)),))
    assert [row["author"] for row in run(world, query).rows] == [{"name": "Ann"}, {"name": "Ann"}, None, None, None]


@each(
    ("expr", "descending", "expected"),
    [
        (Column("title"), False, [5, 2, 1, 4, 3]),
        (Column("title"), True, [3, 4, 1, 2, 5]),
        (Column("name", (Hop("author"),)), False, [1, 2, 3, 5, 4]),
        (Column("name", (Hop("author"),)), True, [4, 5, 3, 1, 2]),
        (Cast(Column("stars"), TEXT), True, [4, 1, 3, 2, 5]),
        (Relevance((Column("title"), Column("name", (Hop("author"),))), Const("B", TEXT)), True, [2, 3, 1, 4, 5]),
    ],
)
def test_order_is_complete(world: Database, expr: Expr, descending: bool, expected: list[int]) -> None:
    query = Query("post", select("id"), sort=(Sort(expr, descending),))
    assert [row["id"] for row in run(world, query).rows] == expected


@pytest.mark.parametrize(
    ("column", "expected"), [("c", [3, 1, 2, 5, 6, 4]), ("mood", [3, 2, 5, 1, 6, 4]), ("ok", [2, 1, 3, 4, 5, 6])]
)
def test_words_sort_by_their_comparable_form(world: Database, column: str, expected: list[int]) -> None:
    query = Query("thing", select("id"), sort=(Sort(Column(column)),))
    assert [row["id"] for row in run(world, query).rows] == expected


def test_pages_and_totals(world: Database) -> None:
    page = Page(Slot(0, INTEGER), Slot(1, INTEGER))
    paged = run(world, Query("post", select("id"), page=page, total=True), 2, 1)
    assert (paged.rows, paged.total) == ([{"id": 2}, {"id": 3}], 5)
    assert run(world, Query("post", select("id"), page=Page(offset=Slot(0, INTEGER))), 3).rows == [{"id": 4}, {"id": 5}]
    assert run(world, Query("post", select("id"), page=page), 2, 2**62).rows == []
    assert run(world, Query("post", select("id"), total=True)).total == 5
    assert run(world, Query("post", select("id"))).total is None


def test_too_many_rows_are_refused(world: Database) -> None:
    with pytest.raises(TooManyRows):
        run(world, Query("post", select("id")), max_rows=4)
    with pytest.raises(TooManyRows):
        run(world, Query("post", select("id"), page=Page(Slot(0, INTEGER))), 50, max_rows=4)
    children = Query("author", select("id"), include=(Include("posts", "posts", Query("post", select("id"))),))
    with pytest.raises(TooManyRows):
        run(world, children, max_rows=3)
    assert len(run(world, Query("post", select("id")), max_rows=5).rows) == 5


def test_rows_are_ready_for_json(world: Database) -> None:
    rows = plain(run(world, Query("thing", select(*THING.columns), page=Page(Slot(0, INTEGER))), 3).rows)
    assert rows[0] == {
        "id": 1,
        "n": 1,
        "big": 9007199254740993,
        "f": 1.5,
        "d": rows[0]["d"],
        "ok": True,
        "t": "Straße É",
        "c": "Ann",
        "mood": "sad",
        "u": "00000000-0000-0000-0000-00000000000a",
        "day": "2024-02-29",
        "clock": "10:00:00",
        "at": "2024-02-29T10:00:00.000Z",
        "local": "2024-02-29T10:00:00.000",
        "j": orjson.loads(JSONS["json1"]),
        "a": [1, 2, None],
        "words": ["A", "b,c"],
        "r": {"lower": 1, "upper": 5, "bounds": "[)"},
        "b": "AP8=",
    }
    assert Decimal(rows[0]["d"]) == Decimal("10.10")
    assert rows[1]["at"] == "2021-01-03T23:59:59.500250Z"
    assert rows[1]["r"] == {"lower": None, "upper": None, "bounds": "empty"}


def test_times_as_milliseconds(world: Database) -> None:
    form = "epoch_ms"
    query = Query("thing", tuple(Select(Column(name), name, form) for name in ("at", "local", "day")))
    assert run(world, query).rows[1] == {"at": 1609718399500, "local": 1609718399500, "day": 1609632000000}


@each(
    ("expr", "expected"),
    [
        (Cast(Column("n"), TEXT), ["1", "-7", "0", None, "2", "3"]),
        (Cast(Column("f"), TEXT), ["1.5", "0.1", "1e+20", None, "-2.5", "0"]),
        (Cast(Column("d"), TEXT), ["10.1", "0.2", "0", None, "-1.01", "3"]),
        (Cast(Column("ok"), TEXT), ["true", "false", "true", None, None, None]),
        (Cast(Column("at"), TEXT), ["2024-02-29T10:00:00.000Z", "2021-01-03T23:59:59.500250Z"]),
        (Cast(Column("local"), TEXT), ["2024-02-29T10:00:00.000", "2021-01-03T23:59:59.500250"]),
        (Cast(Column("day"), TEXT), ["2024-02-29", "2021-01-03", "0001-01-01"]),
        (Cast(Column("clock"), TEXT), ["10:00:00", "23:59:59.5", "00:00:00"]),
        (Cast(Column("t"), INTEGER), [None, None, None, None, None, 12]),
        (Cast(Column("t"), NUMBER), [None, None, None, None, 18.5, 12.0]),
        (Cast(Column("t"), DECIMAL), [None, None, None, None, Decimal("18.5"), Decimal(12)]),
        (Cast(Column("f"), INTEGER), [1, 0, None, None, -2, 0]),
        (Cast(Column("n"), BOOLEAN), [True, True, False, None, True, True]),
        (Cast(Const("2023-02-29", TEXT), DATE), [None]),
        (Cast(Const("2024-02-29T10:00", TEXT), DATE), ["2024-02-29"]),
        (Cast(Const("10:61", TEXT), TIME), [None]),
        (Cast(Const("10:01", TEXT), TIME), ["10:01:00"]),
        (Cast(Const(" TRUE ", TEXT), BOOLEAN), [True]),
        (Cast(Column("at"), DATE), ["2024-02-29", "2021-01-03", "1970-01-01"]),
        (Cast(Column("at"), TIME), ["10:00:00", "23:59:59.500250", "00:00:00"]),
        (DatePart("year", Column("at")), [2024, 2021, 1970, None]),
        (DatePart("quarter", Column("day")), [1, 1, 1, None]),
        (DatePart("month", Column("day")), [2, 1, 1, None]),
        (DatePart("week", Column("at")), [9, 53, 1, None]),
        (DatePart("day", Column("local")), [29, 3, 1, None]),
        (DatePart("dow", Column("day")), [4, 0, 1, None]),
        (DatePart("doy", Column("day")), [60, 3, 1, None]),
        (DatePart("hour", Column("at")), [10, 23, 0, None]),
        (DatePart("minute", Column("clock")), [0, 59, 0, None]),
        (DatePart("second", Column("clock")), [0, 59, 0, None]),
        (JsonKind(Column("j")), ["object", "object", "array", None, "string", "null"]),
        (JsonLength(Column("j")), [None, None, 3, None, None, None]),
        (JsonLength(JsonPath(Column("j"), Const(("b",), TEXT, many=True))), [3, 0, None]),
        (JsonPath(Column("j"), Const(("deep", "k", "0", "v"), TEXT, many=True)), [5, None, None]),
    ],
)
def test_computed_values(world: Database, expr: Expr, expected: list[object]) -> None:
    rows = run(world, Query("thing", (Select(expr, "x"),))).rows
    found = [plain([row])[0]["x"] if isinstance(row["x"], orjson.Fragment) else row["x"] for row in rows]
    assert found[: len(expected)] == expected


def test_groups(world: Database) -> None:
    name = Column("name", (Hop("author"),))
    query = Query(
        "post",
        group=(Select(name, "author"),),
        aggregates=(
            Aggregate("n", "count"),
            Aggregate("sum", "sum", Column("price")),
            Aggregate("avg", "avg", Column("price")),
            Aggregate("stars", "avg", Column("stars")),
            Aggregate("titles", "array_agg", Column("title")),
            Aggregate("first", "min", Column("title")),
        ),
        sort=(Sort(Column("n"), True),),
        page=Page(Slot(0, INTEGER)),
        total=True,
    )
    result = run(world, query, 2)
    assert result.total == 4
    assert result.rows == [
        {
            "author": "Ann",
            "n": 2,
            "sum": Decimal("10.30"),
            "avg": Decimal("5.15"),
            "stars": Decimal(4),
            "titles": ["Beta", "alpha"],
            "first": "Beta",
        },
        {"author": "bob", "n": 1, "sum": None, "avg": None, "stars": Decimal(4), "titles": None, "first": None},
    ]


def test_aggregates_over_everything_and_nothing(world: Database) -> None:
    aggregates = (
        Aggregate("big", "sum", Column("big")),
        Aggregate("f", "sum", Column("f")),
        Aggregate("mean", "avg", Column("n")),
        Aggregate("d", "avg", Column("d")),
        Aggregate("c", "count_distinct", Column("c")),
        Aggregate("max", "max", Column("at")),
        Aggregate("u", "min", Column("u")),
        Aggregate("oks", "array_agg", Column("ok")),
        Aggregate("rows", "count"),
        Aggregate("some", "count", Column("j")),
    )
    whole = run(world, Query("thing", aggregates=aggregates, total=True))
    assert whole.total == 1
    assert whole.rows[0] == {
        "big": 9007199254741003,
        "f": 1e20,
        "mean": Decimal("-0.2"),
        "d": Decimal("2.458"),
        "c": 3,
        "max": "2024-02-29T10:00:00.000Z",
        "u": "00000000-0000-0000-0000-00000000000a",
        "oks": [False, True, True],
        "rows": 6,
        "some": 5,
    }
    nothing = run(world, Query("thing", where=Or(), aggregates=aggregates)).rows
    empty = dict.fromkeys((aggregate.alias for aggregate in aggregates), None)
    assert nothing == [{**empty, "c": 0, "rows": 0, "some": 0}]


def test_groups_of_expressions_with_parameters(world: Database) -> None:
    query = Query(
        "thing",
        group=(Select(JsonKind(JsonPath(Column("j"), Slot(0, TEXT, many=True))), "kind"), Select(Column("c"), "c")),
        aggregates=(Aggregate("n", "count"),),
    )
    rows = run(world, query, ("a",)).rows
    assert rows[0] == {"kind": "number", "c": "ann", "n": 2}


def test_odd_names_are_only_names(world: Database) -> None:
    query = Query("odd", select("i d", "select %s {0}", 'q"u;o'), sort=(Sort(Column('q"u;o')),))
    assert run(world, query).rows == [
        {"i d": 1, "select %s {0}": "x", 'q"u;o': 7},
        {"i d": 2, "select %s {0}": "%s", 'q"u;o': None},
    ]


def test_null_is_a_json_value(world: Database) -> None:
    where = Compare(Column("j"), "json_contains", (Slot(0, JSON),))
    assert ids(world, "thing", where, None) == [6]


def test_a_huge_pattern_is_matched_at_once(world: Database) -> None:
    where = Compare(Column("t"), "like", (Slot(0, TEXT),))
    assert ids(world, "thing", where, "%a" * 5000 + "b") == []


def test_hidden_parents_take_no_part(world: Database) -> None:
    guard = Compare(Column("id"), "eq", (Const(2, INTEGER),))
    query = Query("post", (Select(Column("name", (Hop("author", guard),)), "name"),), sort=())
    assert [row["name"] for row in run(world, query).rows] == [None, None, "bob", None, None]
