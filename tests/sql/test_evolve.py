"""Tables that change: what stands on them stays, what is in the way is told, counters go on, values are converted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import psycopg
import pytest

from sql.backend import Parameter
from sql.catalog import Column, Default, Table
from sql.database import Database
from sql.ddl import table_name
from sql.errors import ForeignKeyViolation
from sql.evolution import CannotEvolve, Change, differences, evolve, evolve_all, followed, statements
from sql.fragment import Bindings, Fragment, ident, join, sql
from sql.introspection import ForeignKey, Index, TableInfo
from sql.layout import Layout
from sql.opening import open_database
from sql.types import Type, array_of
from sql.values import coerce, to_json
from tests.sql.test_sessions import apart

ID = Column("id", Type("integer"), nullable=False, default=Default("increment"))
PEOPLE = Layout(Table("people"), (ID, Column("name", Type("text"))), ("id",), (("name",),))
POSTS = Layout(
    Table("posts"),
    (ID, Column("title", Type("text")), Column("age", Type("text")), Column("author", Type("integer"))),
    ("id",),
    references=(ForeignKey(("author",), Table("people"), ("id",), "CASCADE"),),
)


def change(database: Database, *changes: Change) -> None:
    with database.evolving() as session:
        evolve_all(session, database.backend, followed(changes))


def with_columns(layout: Layout, *columns: Column, without: Sequence[str] = ()) -> Layout:
    there = {column.name: column for column in layout.columns} | {column.name: column for column in columns}
    return replace(layout, columns=tuple(column for name, column in there.items() if name not in without))


def found(database: Database, table: str) -> TableInfo:
    return next(info for info in database.tables() if info.table.name == table)


def run(database: Database, *statements: str) -> None:
    with database.transaction() as session:
        for statement in statements:
            session.execute(statement)


@pytest.fixture
def blog(database: Database) -> Database:
    change(database, Change(None, POSTS), Change(None, PEOPLE))
    run(
        database,
        "INSERT INTO people (name) VALUES ('Ann'), ('Bob'), ('Zoe')",
        "INSERT INTO posts (title, age, author) VALUES ('a', '12', 1), ('b', ' 7 ', 2), ('c', NULL, NULL)",
    )
    return database


# ---------------------------------------------------------------- what stands on a table


def test_what_others_made_on_a_table_stays(blog: Database) -> None:
    run(
        blog,
        "CREATE TABLE log (word text)",
        "CREATE INDEX by_upper ON posts (upper(title))",
        "CREATE INDEX partly ON posts (author) WHERE author > 1",
        "CREATE VIEW titles AS SELECT id, title FROM posts",
    )
    if blog.backend.name == "sqlite":
        run(blog, "CREATE TRIGGER said AFTER INSERT ON posts BEGIN INSERT INTO log VALUES (new.title); END")
    else:
        run(
            blog,
            "CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO log VALUES (new.title); RETURN NULL; END'",
            "CREATE TRIGGER said AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION say()",
        )
    new = with_columns(POSTS, Column("age", Type("integer")), Column("x", Type("text"), False, Default("literal", "-")))
    change(blog, Change(POSTS, new), Change(PEOPLE, PEOPLE))
    run(blog, "INSERT INTO posts (title, x) VALUES ('d', 'y')")
    assert blog.fetch("SELECT word FROM log") == [("d",)]
    assert blog.fetch("SELECT title FROM titles ORDER BY id") == [("a",), ("b",), ("c",), ("d",)]
    assert _index_names(blog) >= {"by_upper", "partly", "posts__author_idx"}


def _index_names(database: Database) -> set[object]:
    text = {
        "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'index'",
        "postgres": "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'",
    }[database.backend.name]
    return {row[0] for row in database.fetch(text)}


def test_an_index_of_others_goes_with_its_column(blog: Database) -> None:
    run(blog, "CREATE INDEX theirs ON posts (title, age)", "CREATE INDEX upper_age ON posts (upper(age))")
    change(blog, Change(POSTS, with_columns(POSTS, without=("age",))))
    assert not _index_names(blog) & {"theirs", "upper_age"}


def test_a_view_is_not_broken(blog: Database) -> None:
    run(blog, "CREATE VIEW ages AS SELECT age FROM posts")
    with pytest.raises(CannotEvolve):
        change(blog, Change(POSTS, with_columns(POSTS, without=("age",))))
    assert "age" in [column.name for column in found(blog, "posts").columns]
    assert len(blog.fetch("SELECT age FROM ages")) == 3


def test_views_and_triggers_follow_a_rename(blog: Database) -> None:
    run(blog, "CREATE VIEW ages AS SELECT age FROM posts")
    new = Layout(
        Table("articles"),
        tuple(replace(column, name="years") if column.name == "age" else column for column in POSTS.columns),
        POSTS.key,
        references=POSTS.references,
    )
    change(blog, Change(POSTS, new, {"years": "age"}))
    assert len(blog.fetch("SELECT * FROM ages")) == 3


def test_names_may_change_in_case_alone_and_with_each_other(blog: Database) -> None:
    swapped = {"title": "age", "age": "title", "author": "Author"}
    columns = tuple(replace(column, name=swapped.get(column.name, column.name)) for column in POSTS.columns)
    posts = Layout(Table("People"), columns, POSTS.key)
    people = replace(PEOPLE, table=Table("posts"))
    change(blog, Change(POSTS, posts, {new: old for old, new in swapped.items()}), Change(PEOPLE, people))
    upper = replace(people, table=Table("POSTS"))
    change(blog, Change(people, upper))
    assert {info.table.name for info in blog.tables()} == {"People", "POSTS"}
    assert blog.fetch('SELECT age, title, "Author" FROM "People" ORDER BY id LIMIT 1') == [("a", "12", 1)]
    assert {index.name for index in found(blog, "POSTS").indexes} == {"POSTS__name_key"}


def test_a_trigger_that_needs_what_goes_is_told(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    change(database, Change(None, PEOPLE), Change(None, POSTS))
    run(database, "CREATE TRIGGER old AFTER UPDATE ON posts BEGIN UPDATE posts SET age = 1 WHERE id = new.id; END")
    with pytest.raises(CannotEvolve, match="posts: what stands on the tables stays: a trigger on posts cannot run"):
        change(database, Change(POSTS, with_columns(POSTS, without=("age",))))
    database.close()


def test_references_of_others_hold_after_a_table_is_built_anew(blog: Database) -> None:
    change(blog, Change(PEOPLE, with_columns(PEOPLE, Column("name", Type("citext")))), Change(POSTS, POSTS))
    assert found(blog, "posts").foreign_keys == POSTS.references
    with pytest.raises(ForeignKeyViolation):
        run(blog, "INSERT INTO posts (author) VALUES (77)")
    run(blog, "DELETE FROM people WHERE name = 'Ann'")
    assert blog.fetch("SELECT title FROM posts ORDER BY id") == [("b",), ("c",)]


# ---------------------------------------------------------------- counters


@pytest.mark.parametrize("type", ["bigint", "integer"])
def test_numbers_go_on_behind_rows_that_are_gone(blog: Database, type: str) -> None:
    run(blog, "DELETE FROM people WHERE name = 'Zoe'")
    wide = with_columns(PEOPLE, replace(ID, type=Type(type)), Column("x", Type("text"), False, Default("literal", "-")))
    authors = with_columns(POSTS, Column("author", Type(type)))
    change(blog, Change(PEOPLE, wide), Change(POSTS, authors))
    run(blog, "INSERT INTO people (name, x) VALUES ('Eve', 'y')")
    assert blog.fetch("SELECT id FROM people WHERE name = 'Eve'") == [(4,)]
    if blog.backend.name == "postgres":
        kept = blog.fetch("SELECT data_type::text FROM pg_sequences WHERE sequencename = 'people_id_seq'")
        assert kept == [(type,)]


def test_a_key_that_begins_to_count_goes_on_after_its_values(database: Database) -> None:
    plain = Layout(Table("t"), (Column("id", Type("bigint")), Column("x", Type("text"))), ("id",))
    change(database, Change(None, plain))
    run(database, "INSERT INTO t VALUES (7, 'a')")
    counted = with_columns(plain, Column("id", Type("bigint"), nullable=False, default=Default("increment")))
    change(database, Change(plain, counted))
    run(database, "INSERT INTO t (x) VALUES ('b')")
    assert database.fetch("SELECT id FROM t ORDER BY id") == [(7,), (8,)]


# ---------------------------------------------------------------- what is in the way

IN_THE_WAY = [
    (
        with_columns(POSTS, Column("title", Type("integer"))),
        "posts: title becomes integer: 3 values cannot become integer",
    ),
    (
        with_columns(POSTS, Column("title", Type("enum", values=("a", "b")))),
        "posts: title is one of a, b: 1 values are none of these",
    ),
    (
        with_columns(POSTS, Column("age", Type("text"), nullable=False)),
        "posts: age must not be empty: 1 rows have no value there, and there is no default",
    ),
    (
        with_columns(POSTS, Column("x", Type("text"), nullable=False)),
        "posts: x is added and must have a value: 3 rows are there that would have no value, and there is no default for them",
    ),
    (
        with_columns(POSTS, Column("x", Type("text"), nullable=False, default=Default("caller"))),
        "posts: x is added and must have a value: 3 rows are there that would have no value, and there is no default for them",
    ),
]


@pytest.mark.parametrize(("new", "words"), IN_THE_WAY)
def test_what_is_in_the_way_is_told_and_nothing_is_changed(blog: Database, new: Layout, words: str) -> None:
    before = found(blog, "posts")
    with pytest.raises(CannotEvolve) as caught:
        change(blog, Change(POSTS, new))
    assert str(caught.value) == words
    assert found(blog, "posts") == before


def test_rows_alike_and_references_to_nothing_are_in_the_way(blog: Database) -> None:
    run(blog, "INSERT INTO posts (title, age) VALUES ('A', '9')")
    folded = replace(with_columns(POSTS, Column("title", Type("citext"))), uniques=(("title",),))
    with pytest.raises(CannotEvolve, match="some rows have the same values"):
        change(blog, Change(POSTS, folded))
    led = replace(POSTS, references=(replace(POSTS.references[0], columns=("id",)),))
    with pytest.raises(CannotEvolve, match="posts: id must refer to people: 1 rows refer to none that is there"):
        change(blog, Change(POSTS, led))


def test_a_value_that_is_being_written_is_waited_for(postgres_url: str) -> None:
    """It would be lost between the look at the values and their conversion."""
    database = open_database(postgres_url)
    change(database, Change(None, PEOPLE), Change(None, POSTS))

    def alter() -> str:
        try:
            change(database, Change(POSTS, with_columns(POSTS, Column("age", Type("integer")))))
        except CannotEvolve as error:
            return error.why
        return "changed"

    with psycopg.connect(postgres_url) as watching, database.transaction() as session:
        session.execute("INSERT INTO posts (age) VALUES ('old')")
        thread, given = apart(alter)
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        while not given and not watching.execute(waiting).fetchall():
            watching.rollback()
    thread.join()
    assert given == ["1 values cannot become integer"]
    assert database.fetch("SELECT age FROM posts") == [("old",)]
    database.close()


def test_a_name_that_is_taken_is_told(blog: Database) -> None:
    run(blog, "CREATE TABLE drafts (id integer)")
    with pytest.raises(CannotEvolve, match="posts: is called drafts: something else"):
        change(blog, Change(POSTS, replace(POSTS, table=Table("drafts"))))


# ---------------------------------------------------------------- computed columns


def test_a_column_that_is_no_longer_computed_keeps_its_values_when_what_it_came_from_goes(blog: Database) -> None:
    said = Column("said", Type("text"), generated=True, formula="title || '!'")
    computed = with_columns(POSTS, said)
    change(blog, Change(POSTS, computed))
    assert blog.fetch("SELECT said FROM posts ORDER BY id") == [("a!",), ("b!",), ("c!",)]
    plain = with_columns(computed, Column("said", Type("text")), without=("title",))
    change(blog, Change(computed, plain))
    run(blog, "UPDATE posts SET said = 'x' WHERE said = 'a!'")
    assert blog.fetch("SELECT said FROM posts ORDER BY id") == [("x",), ("b!",), ("c!",)]


def test_computed_columns_follow_what_they_are_computed_from(blog: Database) -> None:
    said = Column("said", Type("text"), generated=True, formula="UPPER(title)")
    computed = replace(with_columns(POSTS, said), indexes=(Index("by_said", ("said",)),))
    change(blog, Change(POSTS, computed))
    titled = tuple(replace(column, name="name") if column.name == "title" else column for column in POSTS.columns)
    named = replace(computed, columns=(*titled, replace(said, formula='upper( "name" )')))
    assert [d.kind for d in differences(computed, named, {"name": "title"})] == ["rename column"]
    assert not any("said" in text for text in statements(computed, named, blog.backend, {"name": "title"}))
    retyped = with_columns(named, Column("name", Type("citext")))
    change(blog, Change(computed, named, {"name": "title"}))
    change(blog, Change(named, retyped))
    run(blog, "UPDATE posts SET name = 'zz' WHERE name = 'a'")
    assert blog.fetch("SELECT said FROM posts ORDER BY id") == [("ZZ",), ("B",), ("C",)]
    assert "by_said" in {index.name for index in found(blog, "posts").indexes}


# ---------------------------------------------------------------- tables of others


def test_a_table_of_others_gets_columns_and_stays_what_it_is(database: Database) -> None:
    run(database, "CREATE TABLE legacy (a integer PRIMARY KEY, b varchar(7) UNIQUE CHECK (b <> 'x'))")
    info = found(database, "legacy")
    old = Layout(info.table, info.columns, info.key)
    new = replace(
        old, columns=(*old.columns, Column("c", Type("enum", values=("p", "q"))), Column("d", Type("datetime")))
    )
    with database.evolving() as session:
        evolve(session, database.backend, old, new)
    after = found(database, "legacy")
    assert after.columns[:2] == info.columns
    assert [column.type.name for column in after.columns[2:]] == ["enum", "datetime"]
    assert after.uniques == info.uniques


def test_parts_that_others_have_named_are_changed_by_what_they_are(database: Database) -> None:
    run(
        database,
        "CREATE TABLE owners (id integer NOT NULL, CONSTRAINT their_key PRIMARY KEY (id))",
        "CREATE TABLE theirs (id integer NOT NULL, word text, owner integer,"
        " CONSTRAINT my_key PRIMARY KEY (id), CONSTRAINT my_word UNIQUE (word),"
        " CONSTRAINT my_owner FOREIGN KEY (owner) REFERENCES owners (id))",
        "INSERT INTO theirs (id, word) VALUES (1, 'a')",
    )
    columns = (Column("id", Type("integer"), False), Column("word", Type("text")), Column("owner", Type("integer")))
    owned = ForeignKey(("owner",), Table("owners"), ("id",))
    old = Layout(Table("theirs"), columns, ("id",), (("word",),), references=(owned,))
    new = Layout(Table("theirs"), columns, ("id", "word"))
    change(database, Change(old, new))
    after = found(database, "theirs")
    assert (after.key, after.uniques, after.foreign_keys) == (("id", "word"), (), ())


def test_uniques_that_others_wrote_into_a_table_become_indexes_of_ours_when_it_changes(database: Database) -> None:
    run(database, "CREATE TABLE theirs (id integer, word text, UNIQUE (word))", "INSERT INTO theirs VALUES (1, 'a')")
    old = Layout(Table("theirs"), (Column("id", Type("integer")), Column("word", Type("text"))), uniques=(("word",),))
    new = Layout(Table("theirs"), (Column("id", Type("integer")), Column("said", Type("text"))), uniques=(("said",),))
    change(database, Change(old, new, {"said": "word"}))
    assert found(database, "theirs").indexes == (Index("theirs__said_key", ("said",), unique=True),)
    assert database.fetch("SELECT said FROM theirs") == [("a",)]


# ---------------------------------------------------------------- values

CASES: list[tuple[Type, Any, Type, Any]] = [
    (Type("text"), " 12 ", Type("integer"), 12),
    (Type("number"), 2.75, Type("bigint"), 2),
    (Type("boolean"), True, Type("decimal"), 1),
    (Type("boolean"), True, Type("text"), "true"),
    (Type("text"), "TRUE", Type("boolean"), True),
    (Type("decimal"), "12.50", Type("text"), "12.5"),
    (Type("decimal"), "12.50", Type("decimal", 4, 1), "12.5"),
    (Type("integer"), 5, Type("decimal", 4, 1), "5"),
    (Type("number"), 0.1, Type("decimal", 8, 2), "0.1"),
    (Type("uuid"), "AAAAAAAA-2222-4333-8444-555555555555", Type("text"), "aaaaaaaa-2222-4333-8444-555555555555"),
    (Type("text"), "AAAAAAAA-2222-4333-8444-555555555555", Type("uuid"), "aaaaaaaa-2222-4333-8444-555555555555"),
    (Type("date"), "2024-02-29", Type("datetime"), "2024-02-29T00:00:00Z"),
    (Type("date"), "2024-02-29", Type("datetime_local"), "2024-02-29T00:00:00"),
    (Type("datetime"), "2024-02-29T10:00:00.5Z", Type("datetime_local"), "2024-02-29T10:00:00.5"),
    (Type("datetime"), "2024-02-29T10:00:00.5Z", Type("date"), "2024-02-29"),
    (Type("datetime"), "2024-02-29T10:00:00.5Z", Type("time"), "10:00:00.5"),
    (Type("datetime"), "2024-02-29T10:00:00.5Z", Type("epoch_ms"), 1709200800500),
    (Type("datetime"), "2024-02-29T10:00:00.5Z", Type("text"), "2024-02-29T10:00:00.500Z"),
    (Type("epoch_ms"), 1709200800500, Type("datetime"), "2024-02-29T10:00:00.5Z"),
    (Type("epoch_ms"), -1, Type("datetime_local"), "1969-12-31T23:59:59.999"),
    (Type("text"), "2024-02-29 10:00:00.25+02:00", Type("datetime"), "2024-02-29T08:00:00.25Z"),
    (Type("text"), "2024-02-29", Type("datetime_local"), "2024-02-29T00:00:00"),
    (Type("text"), "2024-02-29T10:00", Type("datetime"), "2024-02-29T10:00:00Z"),
    (Type("text"), '{"a": [1, null]}', Type("json"), {"a": [1, None]}),
    (Type("integer"), 5, Type("json"), 5),
    (Type("boolean"), False, Type("json"), False),
    (array_of(Type("text")), ("a", "b"), Type("json"), ["a", "b"]),
    (array_of(Type("string")), ("a", "b"), array_of(Type("text")), ["a", "b"]),
    (Type("citext"), "Ab", Type("email"), "Ab"),
    (Type("text"), "b", Type("enum", values=("a", "b")), "b"),
]
REFUSED: list[tuple[Type, Any, Type]] = [
    (Type("text"), "1.5", Type("integer")),
    (Type("bigint"), 2**31, Type("integer")),
    (Type("number"), 3e9, Type("integer")),
    (Type("decimal"), "1.25", Type("decimal", 4, 1)),
    (Type("decimal"), "1000", Type("decimal", 4, 1)),
    (Type("text"), "2023-02-29", Type("datetime")),
    (Type("text"), "2024-02-29T25:00", Type("datetime_local")),
    (Type("text"), "aaaaaaaa22224333844455555555555x", Type("uuid")),
    (Type("text"), "{a: 1}", Type("json")),
    (Type("text"), "[NaN]", Type("json")),
    (Type("text"), '"\\u0000"', Type("json")),
    (Type("text"), "maybe", Type("boolean")),
    (Type("date"), "2024-02-29", Type("integer")),
    (Type("json"), 5, Type("integer")),
    (Type("time"), "10:00:00", Type("date")),
    (array_of(Type("bigint")), (1,), array_of(Type("integer"))),
    (Type("text"), "{1}", array_of(Type("text"))),
]


def mark(database: Database, column: Column, value: Any) -> Fragment:
    return database.backend.assign(column, Parameter(lambda _: coerce(column.type, value), column.type))


def insert(database: Database, layout: Layout, values: Mapping[str, Any]) -> None:
    backend = database.backend
    marks = [mark(database, layout.column(name), value) for name, value in values.items()]
    names = join(", ", [ident(backend, name) for name in values])
    text = sql("INSERT INTO {} ({}) VALUES ({})", ident(backend, layout.table.name), names, join(", ", marks))
    with database.transaction() as session:
        session.execute(text.text, tuple(binder(Bindings()) for binder in text.params))


def read(database: Database, layout: Layout) -> dict[str, Any]:
    backend, held = database.backend, {}
    for column in layout.columns:
        shown = backend.shown(backend.column("t", column))
        value = database.fetch(f"SELECT {shown.sql.text} FROM {table_name(layout.table, backend)} AS t")[0][0]
        held[column.name] = shown.decode(value) if shown.decode else value
    return dict(orjson.loads(orjson.dumps(held, default=lambda number: f"{number.normalize():f}")))


def test_values_are_converted_alike_on_both_databases(database: Database) -> None:
    old = Layout(Table("t"), tuple(Column(f"c{n}", case[0]) for n, case in enumerate(CASES)))
    new = Layout(Table("t"), tuple(Column(f"c{n}", case[2]) for n, case in enumerate(CASES)))
    change(database, Change(None, old))
    insert(database, old, {f"c{n}": case[1] for n, case in enumerate(CASES)})
    change(database, Change(old, new))
    expected = {f"c{n}": _shown(case[2], case[3]) for n, case in enumerate(CASES)}
    assert {name: str(value) for name, value in read(database, new).items()} == expected


def _shown(type: Type, wire: Any) -> str:
    if type.name == "decimal":
        return f"{Decimal(wire).normalize():f}"
    return str(wire if type.name == "json" else to_json(coerce(type, wire)))


def test_values_that_do_not_convert_refuse_the_change(database: Database) -> None:
    columns = tuple(Column(f"c{n}", case[0]) for n, case in enumerate(REFUSED))
    old = Layout(Table("t"), columns)
    change(database, Change(None, old))
    insert(database, old, {f"c{n}": case[1] for n, case in enumerate(REFUSED)})
    for number, (_, _, type) in enumerate(REFUSED):
        with pytest.raises(CannotEvolve, match=f"c{number} becomes .* 1 values cannot become"):
            change(database, Change(old, with_columns(old, Column(f"c{number}", type))))


def test_what_cannot_be_converted_can_be_where_there_is_nothing(database: Database) -> None:
    old = Layout(Table("t"), tuple(Column(f"c{n}", case[0]) for n, case in enumerate(REFUSED)))
    new = Layout(Table("t"), tuple(Column(f"c{n}", case[2]) for n, case in enumerate(REFUSED)))
    change(database, Change(None, old))
    run(database, "INSERT INTO t (c0) VALUES (NULL)")
    change(database, Change(old, new))
    assert [column.type for column in found(database, "t").columns] == [case[2] for case in REFUSED]


def test_times_are_kept_in_another_way(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    old = Layout(Table("t"), (Column("at", Type("datetime")), Column("day", Type("date"))))
    new = Layout(Table("t"), (Column("at", Type("datetime"), storage="epoch"), Column("day", Type("date"))))
    change(database, Change(None, old))
    insert(database, old, {"at": "2024-02-29T10:00:00.75Z", "day": "2024-02-29"})
    change(database, Change(old, new))
    assert database.fetch("SELECT at, day FROM t") == [(1709200800, "2024-02-29")]
    change(database, Change(new, old))
    assert database.fetch("SELECT at FROM t") == [("2024-02-29T10:00:00.000000Z",)]
    database.close()


# ---------------------------------------------------------------- as text


def test_the_statements_are_told_as_they_run(postgres_url: str) -> None:
    database = open_database(postgres_url)
    new = with_columns(
        POSTS, Column("100%", Type("text"), False, Default("literal", "it's 5%")), Column("age", Type("integer"))
    )
    change(database, Change(None, PEOPLE), Change(None, POSTS))
    texts = statements(POSTS, new, database.backend)
    assert """UPDATE "posts" SET "100%" = 'it''s 5%' WHERE "100%" IS NULL""" in texts
    with psycopg.connect(postgres_url) as connection:
        for text in texts:
            connection.execute(text.encode())
    assert [column.name for column in found(database, "posts").columns][-1] == "100%"
    assert 'CREATE TABLE "people"' in "\n".join(statements(None, PEOPLE, database.backend))
    assert statements(POSTS, POSTS, database.backend) == ()
    database.close()
