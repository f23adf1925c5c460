"""What columns hold after a write: every type on both databases, and the types that only one of them has."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from sql.builder import compile_change
from sql.catalog import Catalog, Column, Resource, Table
from sql.commands import Change
from sql.database import Database
from sql.errors import BadValue, CheckViolation
from sql.execute import Bindings
from sql.opening import open_database
from sql.query import Authorized
from sql.ranges import Range
from sql.sqlite.grammar import SQLITE
from sql.types import DATE, DATETIME, DATETIME_LOCAL, INTEGER, TIME, Type, array_of
from tests.fixtures.awkward import build
from tests.sql.test_writes import ID, plain, read, world, write

__all__ = ["world"]

# ---------------------------------------------------------------- values

MOMENT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
VALUES: dict[str, tuple[object, ...]] = {
    "n": (1, -(2**31), 0),
    "big": (2**63 - 1, -(2**63), 9007199254740993),
    "f": (0.1, -2.5e300, 5e-324, 3.0),
    "d": (Decimal("10.10"), Decimal("-0.01"), Decimal("9999999999.99"), Decimal("1E+3"), Decimal("7.000")),
    "ok": (True, False),
    "t": ("", "Straße 'É' %s ? \\", "00123", "null", "\u2028😀"),
    "c": ("MiXed",),
    "mood": ("sad", "happy"),
    "u": ("00000000-0000-4000-8000-00000000000a",),
    "day": (date(2024, 2, 29), date(1, 1, 1), date(9999, 12, 31)),
    "clock": (time(10), time(23, 59, 59, 500000), time(0, 0, 0, 1)),
    "at": (MOMENT, MOMENT.replace(microsecond=0), datetime(1, 1, 1, tzinfo=UTC)),
    "local": (MOMENT.replace(tzinfo=None), datetime(9999, 12, 31, 23, 59, 59)),
    "j": ({"b": [1, 2.5, None, {"é": "'\"%s"}], "a": True}, [], {}, "text", 5, False, [None]),
    "a": ((1, None, -3), (), (None,)),
    "words": (("A", 'b,"c}', "", None), ("%s",)),
    "r": (Range(1, 5), Range(None, 3, "()"), Range(None, None, "empty"), Range(None, None, "()")),
    "b": (b"\x00\xff", b"", b"'%s"),
}
SHOWN: dict[str, tuple[object, ...]] = {
    "d": ("10.10", "-0.01", "9999999999.99", "1000.00", "7.00"),
    "at": ("2024-02-29T23:59:59.123456Z", "2024-02-29T23:59:59.000Z", "0001-01-01T00:00:00.000Z"),
    "local": ("2024-02-29T23:59:59.123456", "9999-12-31T23:59:59.000"),
    "day": ("2024-02-29", "0001-01-01", "9999-12-31"),
    "clock": ("10:00:00", "23:59:59.500", "00:00:00.000001"),
    "a": ([1, None, -3], [], [None]),
    "words": (["A", 'b,"c}', "", None], ["%s"]),
    "r": (
        {"lower": 1, "upper": 5, "bounds": "[)"},
        {"lower": None, "upper": 3, "bounds": "()"},
        {"lower": None, "upper": None, "bounds": "empty"},
        {"lower": None, "upper": None, "bounds": "()"},
    ),
    "b": ("AP8=", "", "JyVz"),
}


def same(name: str, values: list[object]) -> list[object]:
    """SQLite's numbers have no zeros at their end."""
    return [None if value is None else Decimal(str(value)) for value in values] if name == "d" else values


@pytest.mark.parametrize("name", VALUES)
def test_what_is_written_is_read_back(world: Database, name: str) -> None:
    values = (*VALUES[name], None)
    change = Change("insert", "thing", ("id", name), returning=("id", name), rows=len(values))
    row = tuple(part for number, value in enumerate(values) for part in (100 + number, value))
    returned = plain(write(world, change, row=row))
    assert [one[0] for one in returned] == [100 + number for number in range(len(values))]
    expected = same(name, [*SHOWN.get(name, VALUES[name]), None])
    assert same(name, [one[1] for one in returned]) == expected
    assert same(name, [one[1] for one in read(world, "thing", ("id", name)) if one[0] >= 100]) == expected


@pytest.mark.parametrize("name", VALUES)
def test_what_is_changed_is_found_again(world: Database, name: str) -> None:
    first = VALUES[name][0]
    write(world, Change("update", "thing", (name,), ID), row=(first,), values=(4,))
    shown = SHOWN.get(name, VALUES[name])[0]
    assert [same(name, [one[1]]) for one in read(world, "thing", ("id", name)) if one[0] == 4] == [same(name, [shown])]
    write(world, Change("update", "thing", (name,), ID), row=(None,), values=(4,))
    assert [one[1] for one in read(world, "thing", ("id", name)) if one[0] == 4] == [None]


def test_a_null_for_a_json_column_is_the_databases_own(world: Database) -> None:
    write(world, Change("update", "thing", ("j",), ID), row=(None,), values=(1,))
    assert world.fetch("SELECT id FROM thing WHERE j IS NULL ORDER BY id") == [(1,), (4,)]


@pytest.mark.parametrize("value", [Decimal("1.005"), Decimal("1E+10"), Decimal("-12345678901.5")])
def test_a_decimal_is_never_rounded(world: Database, value: Decimal) -> None:
    with pytest.raises(BadValue):
        write(world, Change("update", "thing", ("d",), ID), row=(value,), values=(1,))
    assert same("d", [read(world, "thing", ("d",))[0][0]]) == [Decimal("10.10")]


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (Type("decimal"), Decimal("1234567890123456")),
        (Type("decimal"), Decimal("0.1234567890123456")),
        (Type("decimal"), Decimal("1E+400")),
        (Type("decimal"), Decimal("1E-400")),
        (Type("bigint"), 2**63),
        (array_of(Type("decimal")), (Decimal("12345678901234567.5"),)),
    ],
)
def test_sqlite_refuses_a_number_that_it_would_change(type: Type, value: object) -> None:
    catalog = Catalog({"t": Resource("t", Table("t"), {"v": Column("v", type)})})
    made = compile_change(Authorized(Change("insert", "t", ("v",))), catalog, SQLITE)
    with pytest.raises(BadValue):
        made.statement.bind(Bindings(row=(value,)))


# ---------------------------------------------------------------- how existing columns keep their times

LOCAL = datetime(2024, 2, 29, 10, 30, 15, 123456)
ZONED = LOCAL.replace(tzinfo=UTC)
KEPT = [
    (DATETIME_LOCAL, "space0", LOCAL, "2024-02-29 10:30:15", "2024-02-29T10:30:15.000"),
    (DATETIME_LOCAL, "space6o", LOCAL, "2024-02-29 10:30:15.123456", "2024-02-29T10:30:15.123456"),
    (DATETIME_LOCAL, "iso0", LOCAL, "2024-02-29T10:30:15", "2024-02-29T10:30:15.000"),
    (DATETIME, "iso3z", ZONED, "2024-02-29T10:30:15.123Z", "2024-02-29T10:30:15.123Z"),
    (DATETIME, "iso6_offset", ZONED, "2024-02-29T10:30:15.123456+00:00", "2024-02-29T10:30:15.123456Z"),
    (DATETIME, "epoch", ZONED, 1709202615, "2024-02-29T10:30:15.000Z"),
    (DATETIME, "epoch_ms", ZONED, 1709202615123, "2024-02-29T10:30:15.123Z"),
    (DATETIME, "epoch_real", ZONED, 1709202615.123456, "2024-02-29T10:30:15.123456Z"),
    (DATETIME, "epoch", datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=UTC), -1, "1969-12-31T23:59:59.000Z"),
    (DATETIME, "mixed", ZONED, "2024-02-29T10:30:15.123456Z", "2024-02-29T10:30:15.123456Z"),
    (DATETIME_LOCAL, "mixed", LOCAL, "2024-02-29T10:30:15.123456", "2024-02-29T10:30:15.123456"),
    (DATETIME, None, ZONED, "2024-02-29T10:30:15.123456Z", "2024-02-29T10:30:15.123456Z"),
    (DATETIME_LOCAL, "date", LOCAL, "2024-02-29", "2024-02-29T00:00:00.000"),
    (DATE, "date", date(2024, 2, 29), "2024-02-29", "2024-02-29"),
    (DATE, "space0", date(2024, 2, 29), "2024-02-29 00:00:00", "2024-02-29"),
    (DATE, "epoch", date(2024, 2, 29), 1709164800, "2024-02-29"),
    (DATE, "mixed", date(2024, 2, 29), "2024-02-29", "2024-02-29"),
    (TIME, "minutes", time(10, 30, 15, 5), "10:30", "10:30:00"),
    (TIME, "time0", time(10, 30, 15, 5), "10:30:15", "10:30:15"),
    (TIME, "time3", time(10, 30, 15, 500000), "10:30:15.500", "10:30:15.500"),
    (TIME, "mixed", time(10, 30, 15), "10:30:15", "10:30:15"),
]


@pytest.mark.parametrize(("type", "storage", "value", "held", "shown"), KEPT)
def test_a_sqlite_column_keeps_the_form_of_its_times(
    sqlite_url: str, type: Type, storage: str | None, value: object, held: object, shown: str
) -> None:
    database = open_database(sqlite_url)
    columns = {"id": Column("id", INTEGER, False), "v": Column("v", type, storage=storage)}
    catalog = Catalog({"t": Resource("t", Table("t"), columns, ("id",))})
    with database.transaction() as session:
        session.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TIMESTAMP)")
    returned = write(database, Change("insert", "t", ("v",), returning=("v",)), row=(value,), catalog=catalog)
    assert (returned, database.fetch("SELECT v FROM t")) == ([(shown,)], [(held,)])
    assert read(database, "t", ("v",), catalog) == [[shown]]
    database.close()


# ---------------------------------------------------------------- PostgreSQL's own types

NATIVE = [
    ("mood", "it's ok", "it's ok"),
    ("moods", ("sad", None), ["sad", None]),
    ("numbers", (1, None), [1, None]),
    ("texts", ("a", "b,c"), ["a", "b,c"]),
    ("price", Decimal("12.50"), "12.50"),
    ("huge", Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
    ("small", 7, 7),
    ("doc", {"b": 1, "a": [1.5]}, {"a": [1.5], "b": 1}),
    ("plain", {"b": 1}, {"b": 1}),
    ("code", "0123456789", "0123456789"),
    ("padded", "p", "p  "),
    ("span", Range(1, 5), {"lower": 1, "upper": 5, "bounds": "[)"}),
    ("days", Range(date(2024, 1, 1), None), {"lower": "2024-01-01", "upper": None, "bounds": "[)"}),
    (
        "periods",
        Range(MOMENT, None),
        {"lower": "2024-02-29T23:59:59.123456Z", "upper": None, "bounds": "[)"},
    ),
    ("many", "{[1,3)}", "{[1,3)}"),
    ("duration", "P1DT2H", "P1DT2H"),
    ("address", "10.0.0.1/8", "10.0.0.1/8"),
    ("amount", "$12.50", "$12.50"),
    ("bits", "101", "101"),
    ("late", "10:00:00+02", "10:00:00+02"),
    ("positive", 7, 7),
    ("spans", '{"[1,2)"}', '{"[1,2)"}'),
    ("status", "it's", "it's"),
]


@pytest.fixture
def kinds(postgres_url: str) -> Iterator[tuple[Database, Catalog]]:
    """A table with every type of PostgreSQL's, as introspection finds it."""
    database = build(open_database(postgres_url))
    database.close()  # types that were made since are known to new connections alone
    info = next(info for info in database.tables() if info.table.name == "kinds")
    columns = {column.name: column for column in info.columns}
    yield database, Catalog({"kinds": Resource("kinds", info.table, columns, info.key)})
    database.close()


def test_the_types_of_postgres_read_what_they_are_given(kinds: tuple[Database, Catalog]) -> None:
    database, catalog = kinds
    names = tuple(name for name, _, _ in NATIVE)
    for rows in (1, 2):
        change = Change("insert", "kinds", names, returning=names, rows=rows)
        returned = write(database, change, row=tuple(value for _, value, _ in NATIVE) * rows, catalog=catalog)
        for row in returned:
            assert dict(zip(names, plain(row), strict=True)) == {name: shown for name, _, shown in NATIVE}
    change = Change("update", "kinds", names, ID, names)
    assert plain(write(database, change, row=(None,) * len(names), values=(3,), catalog=catalog)) == [
        [None] * len(names)
    ]


TOO_LONG = [("code", "01234567890"), ("padded", "abcd"), ("bits", "1011"), ("positive", 0), ("duration", "soon")]


@pytest.mark.parametrize(("name", "value"), TOO_LONG)
def test_the_types_of_postgres_refuse_what_they_would_cut_off(
    kinds: tuple[Database, Catalog], name: str, value: object
) -> None:
    database, catalog = kinds
    with pytest.raises(CheckViolation):
        write(database, Change("insert", "kinds", (name,)), row=(value,), catalog=catalog)


def test_a_table_of_another_schema_is_written(kinds: tuple[Database, Catalog]) -> None:
    database, _ = kinds
    info = next(info for info in database.tables() if info.table.schema == "Other Place")
    columns = {column.name: column for column in info.columns}
    catalog = Catalog({"other": Resource("other", info.table, columns, info.key)})
    change = Change("insert", "other", ("public_id",), returning=("id", "public_id"), rows=2)
    assert write(database, change, row=(1, 2), catalog=catalog) == [(1, 1), (2, 2)]
    with pytest.raises(CheckViolation):
        write(database, Change("insert", "other", ("id",)), row=(7,), catalog=catalog)
    moved = Change("update", "other", ("public_id",), ID, ("id",))
    assert write(database, moved, row=(3,), values=(2,), catalog=catalog) == [(2,)]
    write(database, Change("delete", "other", where=ID), values=(1,), catalog=catalog)
    assert read(database, "other", ("id", "public_id"), catalog) == [[2, 3]]


def test_modifiers_of_an_arrays_type_do_not_cut_its_items(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with database.transaction() as session:
        session.execute("CREATE TABLE t (v varchar(3)[])")
    column = next(info for info in database.tables() if info.table.name == "t").columns[0]
    catalog = Catalog({"t": Resource("t", Table("t"), {"v": column})})
    assert write(database, Change("insert", "t", ("v",), returning=("v",)), row=(("abc",),), catalog=catalog)
    with pytest.raises(CheckViolation):
        write(database, Change("insert", "t", ("v",)), row=(("abcd",),), catalog=catalog)
    database.close()


def test_json_keeps_whole_numbers_and_fractions(world: Database) -> None:
    held = {"n": 2**53 + 1, "f": 0.1, "d": Decimal("2.50"), "whole": Decimal(7)}
    write(world, Change("update", "thing", ("j",), ID), row=(held,), values=(1,))
    assert read(world, "thing", ("j",))[0] == [{"n": 2**53 + 1, "f": 0.1, "d": 2.5, "whole": 7}]
