"""The text that the builder prints, and its parameters, without a database."""

from dataclasses import replace

import pytest

from sql.backend import Backend
from sql.builder import compile_query
from sql.catalog import Catalog, Column, Resource, Table
from sql.compiled import Compiled
from sql.errors import BadValue, Unsupported
from sql.execute import Bindings
from sql.expressions import And, Compare, Const, Hop, Path, Slot, Some
from sql.jsonpath import JsonPathTest
from sql.moments import moved
from sql.operators import OPERATORS
from sql.postgres.grammar import Postgres
from sql.query import Aggregate, Authorized, Include, Page, Query, Select, Sort
from sql.sqlite.grammar import SQLITE
from sql.types import INTEGER, TEXT, Type
from tests.sql.test_execute import NOW, OPERATIONS, slots
from tests.sql.world import CATALOG, POST, THING
from tests.tables import each

POSTGRES = Postgres('"pg_c_utf8"')
BACKENDS = pytest.mark.parametrize("backend", [SQLITE, POSTGRES], ids=["sqlite", "postgres"])
ID = (Select(Path("id"), "id"),)
NAMES = ['a"b', "%s", "%(x)s", "a]b", "?", "{}", "{0}", "'; --", "ünï\u2028", "\\", "a`b", "$1", ":x"]


def compiled(query: Query, backend: Backend, catalog: Catalog = CATALOG) -> Compiled:
    return compile_query(Authorized(query), catalog, backend, max_rows=100)


def text(query: Query, backend: Backend) -> str:
    return compiled(query, backend).statement.text


def test_a_read_on_sqlite() -> None:
    more = Compare(Path("stars"), "gt", (Slot(0, INTEGER),))
    where = And((more, Compare(Path("title"), "icontains", (Slot(1, TEXT),))))
    query = Query("post", ID, where, (Sort(Path("title"), True),), Page(Slot(2, INTEGER), Slot(3, INTEGER)), total=True)
    made = compiled(query, SQLITE)
    condition = 'WHERE t0."stars" > ? AND instr(dragoman_fold(t0."title"), ?) > 0'
    order = 'ORDER BY t0."title" DESC NULLS FIRST, t0."id" LIMIT ? OFFSET ?'
    assert made.statement.text == f'SELECT t0."id" FROM "post" AS t0 {condition} {order}'
    assert made.statement.bind(Bindings((3, "É", 10, 20))) == (3, "é", 10, 20)
    assert made.count is not None
    assert made.count.text == f'SELECT count(*) FROM "post" AS t0 {condition}'


def test_a_read_on_postgres() -> None:
    where = Compare(Path("title"), "icontains", (Slot(0, TEXT),))
    query = Query("post", ID, where, (Sort(Path("title"), True),), Page(offset=Slot(1, INTEGER)))
    made = compiled(query, POSTGRES).statement
    lower = '(lower({} COLLATE "pg_c_utf8") COLLATE "C")'
    title = lower.format('t0."title"')
    order = 'ORDER BY t0."title" DESC, t0."id" LIMIT %s::bigint OFFSET %s::bigint'
    pattern = lower.format("%s::text")
    assert made.text == f'SELECT t0."id" FROM "post" AS t0 WHERE {title} LIKE {pattern} {order}'
    assert made.bind(Bindings(("50%_\\", 20))) == ("%50\\%\\_\\\\%", 101, 20)


def test_parents_join_and_children_come_by_one_parameter() -> None:
    posts = Query("post", ID, page=Page(Slot(0, INTEGER)))
    author = Query("author", ID, include=(Include("posts", "posts", posts),))
    made = compiled(Query("post", ID, include=(Include("author", "author", author),)), SQLITE)
    joined = 'FROM "post" AS t0 LEFT JOIN "author" AS t1 ON t1."id" = t0."author_id"'
    assert made.statement.text == f'SELECT t0."id", t1."id" {joined} ORDER BY t0."id" LIMIT ?'
    (child,) = made.children
    assert child.key == (1,)
    assert "json_each(?) AS k CROSS JOIN" in child.compiled.statement.text
    assert "row_number() OVER (PARTITION BY k.key ORDER BY" in child.compiled.statement.text
    assert child.compiled.statement.bind(Bindings((5,), parents=((1,), (2,)))) == ("[1,2]", 0, 5, 101)


def test_hops_and_children_are_asked_by_exists() -> None:
    guard = Compare(Path("alive"), "is_not_null")
    parent = Compare(Path("name", (Hop("author", guard), Hop("boss"))), "eq", (Slot(0, TEXT),))
    printed = text(Query("post", ID, And((parent, Some("tags", And())))), SQLITE)
    assert (
        'EXISTS (SELECT 1 FROM "author" AS t1 JOIN "author" AS t2 ON t2."id" = t1."boss_id" '
        'WHERE t1."id" = t0."author_id" AND t1."alive" IS NOT NULL AND t2."name" = ?)'
    ) in printed
    assert (
        'EXISTS (SELECT 1 FROM "post_tag" AS t4 JOIN "tag" AS t3 ON t3."lang" = t4."lang" AND t3."code" = t4."code" '
        'WHERE t4."post_id" = t0."id")'
    ) in printed


@BACKENDS
@each("op", OPERATORS)
def test_every_operator_is_printed_with_bound_values_only(op: str, backend: Backend) -> None:
    kinds = OPERATORS[op]
    column = next(name for name, held in THING.columns.items() if name != "id" and held.type.family in kinds.families)
    marker = "x'\"%s?{}" if kinds.operand in ("text", "json") else None
    count = {"none": 0, "one": 1, "many": 1, "two": 2}[kinds.operands]
    right = slots(op, THING.columns[column].type, (None,) * count)
    made = compiled(Query("thing", ID, Compare(Path(column), op, right)), backend).statement
    given = {"many": (marker,), "one": JsonPathTest((marker or "a",)) if kinds.operand == "jsonpath" else marker}
    params = made.bind(Bindings((given.get(kinds.operands),) * count))
    assert "x'" not in made.text.replace("'x'", "")
    assert made.text.count("?" if backend.name == "sqlite" else "%s::") == len(params)


@BACKENDS
@each(("column", "op", "values", "expected"), OPERATIONS[:20])
def test_text_does_not_depend_on_values(
    column: str, op: str, values: tuple[object, ...], expected: list[int], backend: Backend
) -> None:
    where = Compare(Path(column), op, slots(op, THING.columns[column].type, values))
    made = compiled(Query("thing", ID, where), backend).statement
    before = made.text
    made.bind(Bindings(values, now=NOW))
    assert made.text == before == text(Query("thing", ID, where), backend)


@BACKENDS
@each("name", NAMES)
def test_identifiers_are_quoted(name: str, backend: Backend) -> None:
    odd = Resource("odd", Table(name, "s%" + name), {name: Column(name, INTEGER, nullable=False)}, (name,))
    query = Query("odd", (Select(Path(name), name),), sort=(Sort(Path(name)),))
    printed = compiled(query, backend, Catalog({"odd": odd})).statement.text
    quoted = '"' + name.replace('"', '""') + '"'
    source = f'"s%{quoted[1:]}.{quoted}'
    if backend.name == "postgres":
        quoted, source = quoted.replace("%", "%%"), source.replace("%", "%%")
        assert printed.count("%s::bigint") == 1
    assert printed.startswith(f"SELECT t0.{quoted} FROM {source} AS t0 ORDER BY t0.{quoted} LIMIT ")


@BACKENDS
def test_names_with_nul_are_refused(backend: Backend) -> None:
    with pytest.raises(Unsupported):
        backend.ident("a\x00b")


@BACKENDS
def test_a_view_answers_reads(backend: Backend) -> None:
    seen = replace(POST, reads=Table("post_view"))
    printed = compiled(Query("post", ID), backend, Catalog({"post": seen})).statement.text
    assert 'FROM "post_view" AS t0' in printed


@BACKENDS
def test_a_resource_without_key_is_sorted_by_all_its_columns(backend: Backend) -> None:
    printed = text(Query("post_tag", (Select(Path("code"), "code"),)), backend)
    order = [printed.index(f't0."{name}"', printed.index("ORDER BY")) for name in ("post_id", "lang", "code")]
    assert order == sorted(order)


@BACKENDS
@each(
    "query",
    [
        Query("thing", ID, sort=(Sort(Path("j")),)),
        Query("post", ID, Compare(Path("label", (Hop("tags"),)), "is_null")),
        Query("post", ID, Compare(Path("id"), "no_such", ())),
        Query("post", ID, Compare(Path("id"), "eq", ())),
        Query("post", ID, aggregates=(Aggregate("n", "count"),)),
        Query("post", aggregates=(Aggregate("n", "sum"),)),
        Query("post", aggregates=(Aggregate("n", "median", Path("id")),)),
        Query("post", aggregates=(Aggregate("n", "sum", Path("title")),)),
        Query("post", group=(Select(Path("id"), "id"),), sort=(Sort(Path("title")),)),
    ],
)
def test_what_cannot_be_answered_is_refused(query: Query, backend: Backend) -> None:
    with pytest.raises(Unsupported):
        compiled(query, backend)


def test_relations_stay_within_one_database() -> None:
    elsewhere = replace(CATALOG.resource("author"), source="other")
    catalog = Catalog({**CATALOG.resources, "author": elsewhere})
    query = Query("post", ID, Compare(Path("name", (Hop("author"),)), "eq", (Const("x", TEXT),)))
    with pytest.raises(Unsupported):
        compiled(query, SQLITE, catalog)


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        (-1, "months", "2024-02-29T12:00:00+00:00"),
        (-1, "years", "2023-03-31T12:00:00+00:00"),
        (3, "months", "2024-06-30T12:00:00+00:00"),
        (1, "weeks", "2024-04-07T12:00:00+00:00"),
        (-36, "hours", "2024-03-30T00:00:00+00:00"),
    ],
)
def test_now_moves_by_the_calendar(amount: int, unit: str, expected: str) -> None:
    assert moved(NOW, amount, unit).isoformat() == expected


def test_now_stays_within_the_calendar() -> None:
    with pytest.raises(BadValue):
        moved(NOW, 10**9, "years")


def test_percent_signs_in_native_types_are_doubled() -> None:
    column = Column("mood", Type("enum", values=("a",)), native='"mo%od"')
    catalog = Catalog({"x": Resource("x", Table("x"), {"mood": column}, ("mood",))})
    query = Query("x", (), Compare(Path("mood"), "eq", (Slot(0, column.type),)))
    assert '= %s::"mo%%od"' in compiled(query, POSTGRES, catalog).statement.text
