"""A table that we create is found again as it was declared."""

from types import MappingProxyType

import pytest

from sql.catalog import Column, Default, Resource, Table
from sql.database import Database
from sql.ddl import create_table
from sql.errors import CheckViolation, ForeignKeyViolation, Unsupported
from sql.introspection import ForeignKey, TableInfo
from sql.layout import layout_of
from sql.types import TYPES, Type, array_of, range_of

SCALARS = [Type(name) for name in TYPES if name not in ("array", "range", "enum")]
ITEMS = ("integer", "bigint", "number", "decimal", "boolean", "text", "uuid", "date", "datetime", "datetime_local")
RANGED = ("integer", "bigint", "decimal", "date", "datetime", "datetime_local")
WORDS = ("draft", "it's 100%", "Größe, (x)")
ALL_TYPES = [
    *SCALARS,
    Type("decimal", precision=10, scale=2),
    Type("enum", values=WORDS),
    Type("enum", values=("only",)),
    *(array_of(Type(name)) for name in ITEMS),
    *(range_of(Type(name)) for name in RANGED),
]


def resource(name: str, *columns: Column, **more: object) -> Resource:
    by_name = MappingProxyType({column.name: column for column in columns})
    return Resource(name, Table(name), by_name, **more)  # type: ignore[arg-type]


def create(database: Database, made: Resource, *references: ForeignKey) -> TableInfo:
    with database.transaction() as session:
        for statement in create_table(layout_of(made, references=references), database.backend):
            session.execute(statement)
    return next(info for info in database.tables() if info.table == made.table)


def test_every_type_is_read_back_as_it_was_declared(database: Database) -> None:
    columns = [Column(f"c{index}", type) for index, type in enumerate(ALL_TYPES)]
    found = create(database, resource("every_type", *columns))
    assert [column.type for column in found.columns] == ALL_TYPES


def test_names_of_any_kind_can_be_created(database: Database) -> None:
    column = Column('A "b" 100%', Type("enum", values=WORDS))
    found = create(database, resource("Order % Details", column, key=(column.name,)))
    assert found.key == (column.name,)
    assert found.columns[0].type == column.type


def test_keys_uniques_and_references_are_read_back(database: Database) -> None:
    key = Column("id", Type("integer"), default=Default("increment"))
    create(database, resource("parent", key, key=("id",)))
    child = resource(
        "child",
        Column("a", Type("integer")),
        Column("b", Type("text"), nullable=False),
        Column("parent_id", Type("integer")),
        key=("a", "b"),
        uniques=(("b", "parent_id"),),
    )
    reference = ForeignKey(("parent_id",), Table("parent"), ("id",), "CASCADE")
    found = create(database, child, reference)
    assert (found.key, found.uniques, found.foreign_keys) == (("a", "b"), (("b", "parent_id"),), (reference,))
    assert [column.nullable for column in found.columns] == [False, False, True]


def test_a_counted_key_counts_by_itself(database: Database) -> None:
    key = Column("id", Type("integer"), nullable=False, default=Default("increment"))
    found = create(database, resource("counted", key, Column("x", Type("text")), key=("id",)))
    with database.transaction() as session:
        session.execute("INSERT INTO counted (x) VALUES ('a')")
    assert database.fetch("SELECT id FROM counted") == [(1,)]
    assert found.columns[0].default == Default("increment")


def test_the_words_of_an_enum_are_enforced(database: Database) -> None:
    create(database, resource("worded", Column("w", Type("enum", values=WORDS))))
    with pytest.raises(CheckViolation), database.transaction() as session:
        session.execute("INSERT INTO worded VALUES ('other')")


def test_references_are_enforced(database: Database) -> None:
    key = Column("id", Type("integer"), default=Default("increment"))
    create(database, resource("parent", key, key=("id",)))
    child = resource("child", Column("parent_id", Type("integer")))
    create(database, child, ForeignKey(("parent_id",), Table("parent"), ("id",)))
    with pytest.raises(ForeignKeyViolation), database.transaction() as session:
        session.execute("INSERT INTO child VALUES (7)")


def test_an_action_on_delete_is_one_that_sql_knows(database: Database) -> None:
    child = resource("child", Column("a", Type("integer")))
    with pytest.raises(Unsupported):
        wrong = ForeignKey(("a",), Table("b"), ("a",), "CASCADE; DROP")
        create_table(layout_of(child, references=(wrong,)), database.backend)


def test_names_of_indexes_stay_short_and_apart(database: Database) -> None:
    parent = resource("parent", Column("id", Type("integer")), key=("id",))
    create(database, parent)
    long = "x" * 55
    columns = [Column(f"{long}{end}", Type("integer")) for end in "ab"]
    references = [ForeignKey((column.name,), Table("parent"), ("id",)) for column in columns]
    assert len(create(database, resource("t" * 60, *columns), *references).foreign_keys) == 2
