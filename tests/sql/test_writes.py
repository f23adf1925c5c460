"""Writes: their text, and what real databases hold after them, alike on both."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from sql.backend import Backend
from sql.builder import compile_change, compile_query, rows_per_statement
from sql.catalog import Catalog, Column, Resource, Table
from sql.commands import Change
from sql.database import Database, Session
from sql.errors import Unsupported
from sql.execute import Bindings, execute
from sql.expressions import ActorValue, And, Compare, Const, Filter, Hop, Or, Path, Slot, Some
from sql.postgres.grammar import Postgres
from sql.query import Authorized, Query, Select, Sort
from sql.sqlite.grammar import SQLITE
from sql.types import INTEGER, STRING, TEXT
from tests.sql.world import CATALOG, POST, fill
from tests.tables import each

POSTGRES = Postgres('"pg_c_utf8"')
NOW = datetime(2024, 3, 31, 12, 0, tzinfo=UTC)
NOBODY: Mapping[str, object] = {}
ID = Compare(Path("id"), "eq", (Slot(0, INTEGER),))
MINE = Compare(Path("name", (Hop("author"),)), "eq", (ActorValue("id", TEXT),))
VIEWED = replace(POST, name="viewed", reads=Table("seen"))
VIEWS = Catalog({**CATALOG.resources, "viewed": VIEWED})


def changed(
    session: Session,
    backend: Backend,
    change: Change,
    *,
    row: tuple[object, ...] = (),
    values: tuple[object, ...] = (),
    actor: Mapping[str, object] = NOBODY,
    catalog: Catalog = CATALOG,
) -> list[tuple[object, ...]]:
    """Run a change; what it returns."""
    made = compile_change(Authorized(change), catalog, backend)
    params = made.statement.bind(Bindings(values, actor, NOW, row=row))
    if change.returning or change.kind == "lock":
        return made.decode(session.fetch(made.statement.text, params))
    session.execute(made.statement.text, params)
    return []


def write(database: Database, change: Change, **bound: Any) -> list[tuple[object, ...]]:
    with database.transaction() as session:
        return changed(session, database.backend, change, **bound)


def read(database: Database, resource: str, columns: tuple[str, ...], catalog: Catalog = CATALOG) -> Any:
    select = tuple(Select(Path(name), name) for name in columns)
    query = Query(resource, select, sort=(Sort(Path(catalog.resource(resource).key[0])),))
    compiled = compile_query(Authorized(query), catalog, database.backend, max_rows=100)
    return plain([list(row.values()) for row in execute(compiled, database, Bindings()).rows])


def plain(value: object) -> Any:
    """As JSON has it."""
    return orjson.loads(orjson.dumps(value, default=str))


@pytest.fixture
def world(database: Database) -> Iterator[Database]:
    """The small world, fresh."""
    fill(database)
    with database.transaction() as session:
        session.execute("CREATE VIEW seen AS SELECT * FROM post WHERE stars > 1")
    yield database


# ---------------------------------------------------------------- text


def text(change: Change, backend: Backend, catalog: Catalog = CATALOG) -> str:
    return compile_change(Authorized(change), catalog, backend).statement.text


WHERE = And((ID, MINE))
WRITTEN = [
    (
        Change("insert", "post", ("id", "title"), returning=("id",)),
        'INSERT INTO "post" ("id", "title") VALUES (?, ?) RETURNING "id"',
        'INSERT INTO "post" ("id", "title") VALUES (%s::bigint, %s) RETURNING "id"',
    ),
    (
        Change("insert", "post", ("id", "title"), rows=2),
        'INSERT INTO "post" ("id", "title") VALUES (?, ?), (?, ?)',
        'INSERT INTO "post" ("id", "title") VALUES (%s::bigint, %s), (%s::bigint, %s)',
    ),
    (
        Change("insert", "post", returning=("id",)),
        'INSERT INTO "post" DEFAULT VALUES RETURNING "id"',
        'INSERT INTO "post" DEFAULT VALUES RETURNING "id"',
    ),
    (
        Change("update", "post", ("title",), WHERE, ("id",)),
        'UPDATE "post" AS t0 SET "title" = ? WHERE t0."id" = ? AND EXISTS (SELECT 1 FROM "author" AS t1'
        ' WHERE t1."id" = t0."author_id" AND t1."name" = ?) RETURNING "id"',
        'UPDATE "post" AS t0 SET "title" = %s WHERE t0."id" = %s::bigint AND EXISTS (SELECT 1 FROM "author" AS t1'
        ' WHERE t1."id" = t0."author_id" AND t1."name" = %s::text) RETURNING "id"',
    ),
    (
        Change("delete", "post", where=Or((ID, MINE))),
        'DELETE FROM "post" AS t0 WHERE t0."id" = ? OR EXISTS (SELECT 1 FROM "author" AS t1'
        ' WHERE t1."id" = t0."author_id" AND t1."name" = ?)',
        'DELETE FROM "post" AS t0 WHERE t0."id" = %s::bigint OR EXISTS (SELECT 1 FROM "author" AS t1'
        ' WHERE t1."id" = t0."author_id" AND t1."name" = %s::text)',
    ),
    (
        Change("update", "post", ("stars",)),
        'UPDATE "post" AS t0 SET "stars" = ? WHERE TRUE',
        'UPDATE "post" AS t0 SET "stars" = %s::bigint WHERE TRUE',
    ),
    (Change("delete", "post", where=Or()), 'DELETE FROM "post" AS t0 WHERE FALSE', None),
    (
        Change("update", "viewed", ("stars",), ID),
        'UPDATE "post" AS w SET "stars" = ? WHERE (w."id") IN (SELECT t0."id" FROM "seen" AS t0 WHERE t0."id" = ?)',
        'UPDATE "post" AS w SET "stars" = %s::bigint WHERE (w."id") IN'
        ' (SELECT t0."id" FROM "seen" AS t0 WHERE t0."id" = %s::bigint)',
    ),
    (
        Change("delete", "viewed", where=ID),
        'DELETE FROM "post" AS w WHERE (w."id") IN (SELECT t0."id" FROM "seen" AS t0 WHERE t0."id" = ?)',
        None,
    ),
    (
        Change("lock", "post", where=ID, limit=3),
        'SELECT t0."id" FROM "post" AS t0 WHERE t0."id" = ? ORDER BY t0."id" LIMIT 3',
        'SELECT t0."id" FROM "post" AS t0 WHERE t0."id" = %s::bigint ORDER BY t0."id" LIMIT 3 FOR UPDATE OF t0',
    ),
    (
        Change("lock", "viewed", where=ID, returning=("title",)),
        'SELECT w."title" FROM "post" AS w WHERE (w."id") IN'
        ' (SELECT t0."id" FROM "seen" AS t0 WHERE t0."id" = ?) ORDER BY w."id"',
        None,
    ),
]


@each(("change", "sqlite", "postgres"), WRITTEN)
def test_a_change_is_one_statement_with_its_whole_condition(change: Change, sqlite: str, postgres: str | None) -> None:
    assert text(change, SQLITE, VIEWS) == sqlite
    if postgres is not None:
        assert text(change, POSTGRES, VIEWS) == postgres


def test_values_come_from_the_row_and_conditions_from_the_slots() -> None:
    made = compile_change(Authorized(Change("update", "post", ("title", "stars"), WHERE)), CATALOG, SQLITE)
    assert made.statement.bind(Bindings((7,), {"id": "Ann"}, NOW, row=("x", None))) == ("x", None, 7, "Ann")


def test_a_table_of_another_schema_is_named_whole() -> None:
    away = Catalog({"post": replace(POST, table=Table("po%st", 'o"ther'))})
    name = '"o""ther"."po%%st"'
    assert text(Change("insert", "post", ("id",)), POSTGRES, away) == f'INSERT INTO {name} ("id") VALUES (%s::bigint)'
    assert text(Change("delete", "post", where=ID), POSTGRES, away).startswith(f"DELETE FROM {name} AS t0 WHERE t0.")


@pytest.mark.parametrize(
    "change",
    [
        Change("update", "post", where=ID),
        Change("insert", "post", rows=2),
        Change("delete", "keyless", where=ID),
    ],
)
def test_what_cannot_be_said_is_unsupported(change: Change) -> None:
    keyless = replace(VIEWED, name="keyless", key=())
    with pytest.raises(Unsupported):
        text(change, SQLITE, Catalog({"post": POST, "keyless": keyless}))


def test_a_statement_has_no_more_parameters_than_both_databases_take(world: Database) -> None:
    rows = rows_per_statement(2)
    row = tuple(part for number in range(rows) for part in (100 + number, "x"))
    write(world, Change("insert", "post", ("id", "title"), rows=rows), row=row)
    assert world.fetch("SELECT count(*) FROM post") == [(rows + 5,)]
    assert rows_per_statement(0) > 0 < rows_per_statement(10**6)


# ---------------------------------------------------------------- rows


def ids(database: Database, table: str = "post") -> list[object]:
    return [row[0] for row in database.fetch(f"SELECT id FROM {table} ORDER BY id")]


def test_keys_of_several_columns_come_back(world: Database) -> None:
    change = Change("insert", "tag", ("lang", "code", "label"), returning=("lang", "code"), rows=2)
    assert write(world, change, row=("fr", "a", "Rouge", "fr", "b", None)) == [("fr", "a"), ("fr", "b")]


def test_an_update_reaches_the_rows_of_its_condition_alone(world: Database) -> None:
    change = Change("update", "post", ("title", "stars"), MINE, ("id", "price"))
    returned = write(world, change, row=("mine", 9), actor={"id": "Ann"})
    assert sorted((key, Decimal(str(price))) for key, price in returned) == [(1, Decimal("10.1")), (2, Decimal("0.2"))]
    assert read(world, "post", ("id", "title", "stars")) == [
        [1, "mine", 9],
        [2, "mine", 9],
        [3, None, 4],
        [4, "delta", None],
        [5, "50%_x", 1],
    ]


TAGGED = Some("tags", Compare(Path("label"), "eq", (Slot(0, TEXT),)))
CONDITIONS: list[tuple[Filter, tuple[object, ...], list[int]]] = [
    (MINE, (), [3, 4, 5]),
    (TAGGED, ("Red",), [2, 4, 5]),
    (And((TAGGED, MINE)), ("Red",), [2, 3, 4, 5]),
    (Compare(Path("name", (Hop("author"), Hop("boss"))), "eq", (Const("Ann", TEXT),)), (), [1, 2, 4, 5]),
    (Compare(Path("name", (Hop("author", Compare(Path("alive"), "is_null")),)), "is_not_null"), (), [1, 2, 3, 4]),
    (Compare(Path("id"), "in", (Slot(0, INTEGER, many=True),)), ((1, 4, 9),), [2, 3, 5]),
    (Or(), (), [1, 2, 3, 4, 5]),
    (And(), (), []),
]


@pytest.mark.parametrize(("where", "values", "left"), CONDITIONS)
def test_a_deletion_reaches_the_rows_of_its_condition_alone(
    world: Database, where: Filter, values: tuple[object, ...], left: list[int]
) -> None:
    deleted = write(world, Change("delete", "post", where=where, returning=("id",)), values=values, actor={"id": "Ann"})
    assert ids(world) == left
    assert sorted(str(row[0]) for row in deleted) == [str(n) for n in range(1, 6) if n not in left]


def test_a_condition_on_the_same_table_is_asked_before_anything_goes(world: Database) -> None:
    bossed = Compare(Path("name", (Hop("boss"),)), "is_not_null")
    with world.transaction() as session:
        session.execute("DELETE FROM post")
        deleted = changed(session, world.backend, Change("delete", "author", where=bossed, returning=("id",)))
    assert sorted(deleted) == [(2,), (3,)]


def test_the_rows_of_a_view_are_written_in_its_table(world: Database) -> None:
    liked = Compare(Path("stars"), "lte", (Slot(0, INTEGER),))
    change = Change("update", "viewed", ("title",), liked, ("id", "title"))
    assert write(world, change, row=("seen",), values=(3,), catalog=VIEWS) == [(2, "seen")]
    write(world, Change("delete", "viewed", where=liked), values=(4,), catalog=VIEWS)
    assert ids(world) == [1, 4, 5]


def test_names_with_quotes_and_percent_signs_are_written(world: Database) -> None:
    columns = ("i d", "select %s {0}", 'q"u;o')
    write(world, Change("insert", "odd", columns), row=(3, "%s", 1))
    where = Compare(Path("select %s {0}"), "eq", (Slot(0, TEXT),))
    change = Change("update", "odd", ('q"u;o',), where, ("i d", 'q"u;o'))
    assert sorted(write(world, change, row=(5,), values=("%s",))) == [(2, 5), (3, 5)]
    write(world, Change("delete", "odd", where=where), values=("x",))
    assert read(world, "odd", ("i d",)) == [[2], [3]]


def test_a_row_without_values_has_the_defaults(world: Database) -> None:
    with world.transaction() as session:
        kind = "INTEGER" if world.backend.name == "sqlite" else "serial"
        session.execute(f"CREATE TABLE counted (id {kind} PRIMARY KEY, word text DEFAULT 'new')")
    columns = {"id": Column("id", INTEGER, False), "word": Column("word", STRING)}
    catalog = Catalog({"counted": Resource("counted", Table("counted"), columns, ("id",))})
    change = Change("insert", "counted", returning=("id", "word"))
    assert [write(world, change, catalog=catalog) for _ in range(2)] == [[(1, "new")], [(2, "new")]]


def test_locked_rows_come_in_the_order_of_their_key(world: Database) -> None:
    assert write(world, Change("lock", "post", where=Or((MINE, ID)), limit=2), values=(5,), actor={"id": "Ann"}) == [
        (1,),
        (2,),
    ]
    assert write(world, Change("lock", "tag", returning=("label",))) == [("Rot",), ("Red",), ("Blue",)]
    assert len(write(world, Change("lock", "post_tag"))) == 4
