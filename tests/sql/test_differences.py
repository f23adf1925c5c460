"""What is told of the differences between two layouts."""

from dataclasses import replace

import pytest

from sql.catalog import Column, Default, Table
from sql.evolution import Change, differences, followed
from sql.introspection import ForeignKey, Index
from sql.layout import Layout
from sql.types import TYPES, Type, array_of
from tests.tables import each

ID = Column("id", Type("bigint"), nullable=False, default=Default("increment"))
POSTS = Layout(
    Table("posts"),
    (
        ID,
        Column("title", Type("string")),
        Column("age", Type("integer")),
        Column("state", Type("enum", values=("new", "old"))),
        Column("author", Type("bigint")),
    ),
    ("id",),
    (("title", "age"),),
    (Index("by_age", ("age",)),),
    (ForeignKey(("author",), Table("people"), ("id",)),),
)


def changed(layout: Layout = POSTS, **columns: Column | None) -> Layout:
    """The layout with other columns, or without them."""
    there = {column.name: column for column in layout.columns} | columns
    return replace(layout, columns=tuple(column for column in there.values() if column))


def told(old: Layout | None, new: Layout | None, **renamed: str) -> list[tuple[str, str, bool]]:
    return [(d.kind, d.words, d.loses) for d in differences(old, new, renamed)]


def test_the_same_layout_has_no_differences() -> None:
    literal = changed(title=Column("title", Type("string"), default=Default("literal", "x"), rules={"max": 1}))
    assert told(POSTS, POSTS) == told(POSTS, literal) == []
    assert told(POSTS, replace(POSTS, columns=POSTS.columns[::-1])) == []


def test_a_table_is_made_or_dropped() -> None:
    assert told(None, POSTS) == [("create table", "the table posts is made", False)]
    assert told(POSTS, None) == [("drop table", "the table posts is dropped with its rows", True)]


def test_columns_are_added_dropped_and_renamed() -> None:
    new = replace(changed(age=None, years=Column("years", Type("integer")), day=Column("day", Type("date"))))
    new = replace(new, uniques=(("title", "years"),), indexes=(Index("by_age", ("years",)),))
    assert told(POSTS, new, years="age") == [
        ("rename column", "age becomes years", False),
        ("add column", "day is added as date", False),
    ]
    assert told(POSTS, new)[:2] == [
        ("drop column", "age is dropped with its values", True),
        ("add column", "years is added as integer", False),
    ]


def test_two_columns_may_change_their_names() -> None:
    old = Layout(Table("t"), (Column("a", Type("integer")), Column("b", Type("text"))), uniques=(("a",),))
    new = Layout(Table("t"), (Column("b", Type("integer")), Column("a", Type("text"))), uniques=(("b",),))
    assert {kind for kind, _, _ in told(old, new, a="b", b="a")} == {"rename column"}


def test_a_name_that_was_given_away_is_a_new_column() -> None:
    new = changed(age=Column("age", Type("text")), years=Column("years", Type("integer")))
    assert [kind for kind, _, _ in told(POSTS, new, years="age")][:2] == ["add column", "rename column"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("age", Type("bigint")), ("type", "age becomes bigint, and was integer", False)),
        (Column("age", Type("boolean")), ("type", "age becomes boolean, and was integer", True)),
        (Column("age", Type("integer"), nullable=False), ("required", "age must not be empty", False)),
        (Column("state", Type("enum", values=("old",))), ("words", "state is one of old", True)),
        (Column("state", Type("enum", values=("new", "old", "x"))), ("words", "state is one of new, old, x", False)),
        (Column("age", Type("integer"), formula="1", generated=True), ("formula", "age is computed as 1", True)),
        (
            Column("age", Type("integer"), default=Default("sql", "7")),
            ("default", "age has 7 of the database's own", False),
        ),
    ],
)
def test_a_column_changes(column: Column, expected: tuple[str, str, bool]) -> None:
    assert told(POSTS, changed(**{column.name: column})) == [expected]


def test_keys_uniques_indexes_and_references_come_and_go() -> None:
    new = replace(
        POSTS,
        key=("id", "age"),
        uniques=(("age",),),
        indexes=(Index("by_years", ("age",)), Index("one", ("title",), unique=True)),
        references=(replace(POSTS.references[0], on_delete="CASCADE"),),
    )
    assert [kind for kind, _, _ in told(POSTS, new)] == [
        "default",
        "required",
        "key",
        "drop unique",
        "add unique",
        "rename index",
        "add index",
        "drop reference",
        "add reference",
    ]


def test_references_follow_what_they_lead_to() -> None:
    people = Layout(Table("people"), (ID, Column("name", Type("text"))), ("id",))
    users = Layout(Table("users"), (replace(ID, name="nr"), people.columns[1]), ("nr",))
    new = replace(POSTS, references=(ForeignKey(("author",), Table("users"), ("nr",)),))
    changes = followed([Change(people, users, {"nr": "id"}), Change(POSTS, new)])
    assert [differences(change.old, change.new, change.renamed) for change in changes][1] == ()


def lossy(old: Type, new: Type) -> bool:
    made = differences(Layout(Table("t"), (Column("a", old),)), Layout(Table("t"), (Column("a", new),)))
    return any(difference.loses for difference in made)


@each("name", [name for name in TYPES if name not in ("array", "range", "bytes", "json")])
def test_every_scalar_can_become_a_text_without_loss(name: str) -> None:
    assert not lossy(Type(name), Type("text"))


@each(
    ("old", "new", "expected"),
    [
        (Type("decimal", 10, 2), Type("decimal", 12, 2), False),
        (Type("decimal", 10, 2), Type("decimal", 10, 3), True),
        (Type("decimal"), Type("decimal", 30, 3), True),
        (Type("integer"), Type("decimal", 12, 2), False),
        (Type("bigint"), Type("decimal", 12, 2), True),
        (array_of(Type("string")), array_of(Type("text")), False),
        (array_of(Type("bigint")), array_of(Type("integer")), True),
        (Type("text"), Type("integer"), True),
        (Type("datetime"), Type("date"), True),
    ],
)
def test_narrowing_loses(old: Type, new: Type, expected: bool) -> None:
    assert lossy(old, new) is expected
