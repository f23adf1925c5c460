"""What introspection finds in the awkward database."""

from collections.abc import Iterator

import pytest

from sql.catalog import Column, Default, Table
from sql.database import Database
from sql.introspection import ForeignKey, TableInfo
from sql.opening import open_database
from sql.types import Type, array_of, range_of
from tests.fixtures.awkward import LONG, ODD, build


@pytest.fixture
def awkward(database: Database) -> dict[Table, TableInfo]:
    return {info.table: info for info in build(database).tables()}


def columns_of(database: Database, table: str) -> dict[str, Column]:
    found = next(info for info in build(database).tables() if info.table == Table(table))
    return {column.name: column for column in found.columns}


@pytest.fixture
def sqlite(sqlite_url: str) -> Database:
    return open_database(sqlite_url)


@pytest.mark.parametrize("name", ["Order Details", ODD, "select", LONG, "keyless", "big customers"])
def test_a_table_of_any_name_is_found(awkward: dict[Table, TableInfo], name: str) -> None:
    assert Table(name) in awkward


def test_columns_keep_their_names_and_order(awkward: dict[Table, TableInfo]) -> None:
    names = [column.name for column in awkward[Table("Order Details")].columns]
    assert names == ["Order ID", "Product", "Unit Price", "select", "Menge%"]
    assert [column.name for column in awkward[Table(ODD)].columns] == ["Größe", "it's", "CamelCase"]


def test_keys_are_in_key_order(awkward: dict[Table, TableInfo]) -> None:
    assert awkward[Table("Order Details")].key == ("Order ID", "Product")
    assert awkward[Table("keyless")].key == ()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("parts", [ForeignKey(("parent_id",), Table("parts"), ("id",), "SET NULL")]),
        (
            "transfers",
            [
                ForeignKey(("from_id",), Table("customers"), ("id",)),
                ForeignKey(("to_id",), Table("customers"), ("id",), "CASCADE"),
            ],
        ),
        ("notes", [ForeignKey(("order_id", "product"), Table("Order Details"), ("Order ID", "Product"))]),
    ],
)
def test_references(awkward: dict[Table, TableInfo], table: str, expected: list[ForeignKey]) -> None:
    assert list(awkward[Table(table)].foreign_keys) == expected


def test_uniques_leave_out_partial_and_computed_indexes(awkward: dict[Table, TableInfo]) -> None:
    assert awkward[Table("customers")].uniques == (("code",),)


def test_views_are_found_with_their_columns(awkward: dict[Table, TableInfo]) -> None:
    view = awkward[Table("big customers")]
    assert (view.kind, view.key, [column.name for column in view.columns]) == ("view", (), ["id", "name"])


def test_our_own_tables_are_found_only_when_asked(database: Database) -> None:
    with database.transaction() as session:
        session.execute("CREATE TABLE _dragoman_users (id integer)")
    assert database.tables() == ()
    assert [info.table.name for info in database.tables(include_own=True)] == ["_dragoman_users"]


@pytest.mark.parametrize(
    ("name", "type", "storage"),
    [
        ("spaced", "datetime_local", "space0"),
        ("epoch", "datetime", "epoch"),
        ("millis", "datetime", "epoch_ms"),
        ("zoned", "datetime", "iso3z"),
        ("mixed", "datetime", "mixed"),
        ("day", "date", "date"),
        ("midnight", "date", "space0"),
        ("clock", "time", "time6o"),
        ("minutes", "time", "minutes"),
        ("garbage", "text", None),
        ("empty", "datetime", "iso6z"),
        ("stamped", "datetime_local", "space0"),
    ],
)
def test_sqlite_times_are_told_by_their_data(sqlite: Database, name: str, type: str, storage: str | None) -> None:
    column = columns_of(sqlite, "times")[name]
    assert (column.type.name, column.storage) == (type, storage)


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("nocase", Type("citext")),
        ("doc", Type("json")),
        ("flag", Type("boolean")),
        ("price", Type("decimal", precision=10, scale=2)),
        ("ratio", Type("number")),
        ("guid", Type("uuid")),
        ("upper_guid", Type("string")),
        ("raw", Type("bytes")),
        ("bare", Type("text")),
        ("counted", Type("bigint")),
        ("status", Type("enum", values=("new", "it's"))),
        ("big", Type("bigint")),
    ],
)
def test_sqlite_types(sqlite: Database, name: str, type: Type) -> None:
    assert columns_of(sqlite, "kinds")[name].type == type


def test_sqlite_numbers_and_generated_columns(sqlite: Database) -> None:
    columns = columns_of(sqlite, "kinds")
    assert columns["id"].default == Default("increment")
    assert columns["twice"].generated


def test_sqlite_leaves_out_shadow_tables_and_broken_views(sqlite: Database) -> None:
    names = {info.table.name for info in build(sqlite).tables()}
    assert "documents" in names
    assert not {"broken", "documents_data", "sqlite_schema"} & names


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    opened = open_database(postgres_url)
    yield opened
    opened.close()


def test_postgres_types(postgres: Database) -> None:
    columns = columns_of(postgres, "kinds")
    mood = Type("enum", values=("sad", "it's ok", "happy"))
    expected = {
        "mood": mood,
        "moods": array_of(mood),
        "numbers": array_of(Type("integer")),
        "price": Type("decimal", precision=10, scale=2),
        "huge": Type("decimal"),
        "small": Type("integer"),
        "big": Type("bigint"),
        "plain": Type("json"),
        "code": Type("string"),
        "moment": Type("datetime"),
        "local": Type("datetime_local"),
        "span": range_of(Type("integer")),
        "periods": range_of(Type("datetime")),
        "positive": Type("integer"),
        "status": Type("enum", values=("new", "it's")),
    }
    assert {name: columns[name].type for name in expected} == expected
    assert columns["positive"].native == "integer"


def test_postgres_types_without_a_place_are_texts_to_read(postgres: Database) -> None:
    columns = columns_of(postgres, "kinds")
    names = ("many", "duration", "address", "amount", "bits", "search", "page", "late", "spans")
    assert {(columns[name].type.name, columns[name].read_only) for name in names} == {("text", True)}


def test_postgres_defaults_and_generated_columns(postgres: Database) -> None:
    columns = columns_of(postgres, "kinds")
    assert columns["id"].default == Default("increment")
    assert columns["guid"].default == Default("sql", "gen_random_uuid()")
    assert (columns["total"].generated, columns["total"].default) == (True, None)


def test_postgres_schemas_partitions_and_materialised_views(postgres: Database) -> None:
    tables = {info.table: info for info in build(postgres).tables()}
    other = tables[Table("customers", "Other Place")]
    assert other.foreign_keys == (ForeignKey(("public_id",), Table("customers"), ("id",), "RESTRICT"),)
    assert other.columns[0].default == Default("increment")
    assert tables[Table("summary")].kind == "view"
    assert Table("measured") in tables and Table("measured_2021") not in tables
