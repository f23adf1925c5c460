"""How a table is laid out: kept as JSON, and the names of its parts."""

import json

import pytest

from sql.catalog import Column, Default, Resource, Table
from sql.database import Database
from sql.ddl import create_table
from sql.introspection import ForeignKey, Index
from sql.layout import Layout, from_data, layout_of, to_data
from sql.parts import name_of, parts
from sql.types import TYPES, Type, array_of, range_of

KEY = Column("id", Type("bigint"), nullable=False, default=Default("increment"))
EVERYTHING = Layout(
    Table("posts", "blog"),
    (
        KEY,
        *(Column(name, Type(name)) for name in TYPES if name not in ("array", "range")),
        Column("price", Type("decimal", 10, 2), nullable=False),
        Column("state", Type("enum", values=("new", "it's"))),
        Column("tags", array_of(Type("enum", values=("a", "b")))),
        Column("span", range_of(Type("date"))),
        Column("made", Type("datetime"), storage="epoch"),
        Column("since", Type("datetime"), default=Default("sql", "now()")),
        Column("total", Type("number"), generated=True, formula="price * 2"),
    ),
    ("id",),
    (("string", "text"),),
    (Index("by_day", ("date", "time"), unique=True),),
    (ForeignKey(("uuid",), Table("people", "blog"), ("id",), "CASCADE"),),
)


def test_a_layout_is_kept_as_json() -> None:
    assert from_data(json.loads(json.dumps(to_data(EVERYTHING)))) == EVERYTHING


def test_what_the_database_does_not_know_is_not_kept() -> None:
    column = Column("a", Type("integer"), default=Default("literal", 5), auto="created_at", rules={"min": 1})
    kept = from_data(to_data(Layout(Table("t"), (column,))))
    assert kept.columns == (Column("a", Type("integer")),)


@pytest.mark.parametrize(("backend", "storage"), [("sqlite", "epoch"), ("postgres", None)])
def test_only_sqlite_keeps_times_in_more_than_one_way(backend: str, storage: str | None) -> None:
    made = Resource("t", Table("t"), {"at": Column("at", Type("datetime"), storage="epoch")})
    assert layout_of(made, backend=backend).column("at").storage == storage


@pytest.mark.parametrize(
    ("table", "columns", "name"),
    [
        ("posts", ("author_id",), "posts__author_id_idx"),
        ("_dragoman_keys", ("a", "b"), "_dragoman_keys__a__b_idx"),
    ],
)
def test_names_of_parts_are_plain_where_they_can_be(table: str, columns: tuple[str, ...], name: str) -> None:
    assert name_of("index", Table(table), columns) == name


def test_names_of_parts_are_never_those_of_others() -> None:
    words = ("a", "b", "a_", "_b", "a__b", "a_b", "a__", "__b", "x" * 70, "x" * 71, "ü" * 40)
    tables = [(table, columns) for table in words for columns in [(), *((w,) for w in words), ("a", "b"), ("a_", "b")]]
    names = [name_of(kind, Table(table), columns) for kind in ("key", "unique", "index") for table, columns in tables]  # type: ignore[arg-type]
    assert len(set(names)) == len(names)
    assert max(len(name.encode()) for name in names) <= 63


def test_parts_are_made_under_their_names(database: Database) -> None:
    target = Layout(Table("people"), (KEY,), ("id",))
    layout = Layout(
        Table("posts"),
        (KEY, Column("title", Type("text")), Column("author", Type("bigint")), Column("day", Type("date"))),
        ("id",),
        (("title",),),
        (Index("by_day", ("day", "title")),),
        (ForeignKey(("author",), target.table, ("id",)),),
    )
    with database.transaction() as session:
        for statement in (*create_table(target, database.backend), *create_table(layout, database.backend)):
            session.execute(statement)
    found = {info.table.name: info for info in database.tables()}["posts"]
    assert sorted(found.indexes, key=lambda index: index.name) == [
        Index("by_day", ("day", "title")),
        Index("posts__author_idx", ("author",)),
        Index("posts__title_key", ("title",), unique=True),
    ]
    assert found.uniques == (("title",),)


def test_an_index_that_was_asked_for_serves_a_reference_too() -> None:
    layout = Layout(
        Table("posts"),
        (Column("author", Type("bigint")), Column("day", Type("date"))),
        indexes=(Index("mine", ("author", "day")),),
        references=(ForeignKey(("author",), Table("people"), ("id",)),),
    )
    assert [part.name for part in parts(layout, "sqlite") if part.kind == "index"] == ["mine"]
