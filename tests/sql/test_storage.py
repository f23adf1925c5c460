"""How SQLite columns keep times: told by the data, compared rightly, answered in our form."""

import sqlite3
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.sqlite.storage import CANONICAL, STORAGES, decode, detect, encode, instant
from sql.types import DATE, DATETIME, DATETIME_LOCAL, TIME, Type
from tests.tables import each

INSTANTS = [name for name, row in STORAGES.items() if row.kind in ("text", "epoch", "mixed")]
CLOCKS = [name for name, row in STORAGES.items() if row.kind in ("time", "minutes", "mixed")]
MOMENT = datetime(2024, 1, 31, 10, 0, tzinfo=UTC)
STEP = {"minutes": timedelta(minutes=1), "date": timedelta(days=1)}


@each(
    ("samples", "storage"),
    [
        (["2021-01-01 00:00:00"], "space0"),
        (["2021-01-01T00:00:00.000Z", None], "iso3z"),
        (["2021-01-01T00:00:00.000000Z"], "iso6z"),
        (["2021-01-01T00:00:00.000000"], "iso6"),
        (["2021-01-01 00:00:00", "2021-01-01 00:00:00.500000"], "space6o"),
        (["2021-01-01 00:00:00+00:00"], "space0_offset"),
        (["2021-01-01 00:00:00+02:00"], "mixed"),
        (["2021-01-01 00:00:00", 5], "mixed"),
        (["2021-01-01"], "date"),
        (["10:00:00"], "time6o"),
        (["10:00"], "minutes"),
        ([1700000000], "epoch"),
        ([1700000000123], "epoch_ms"),
        ([1700000000, 1700000000.5], "epoch_real"),
        (["soon"], None),
        (["2021-02-30 00:00:00"], None),
        ([b"x"], None),
        ([], None),
    ],
)
def test_storage_is_told_by_samples(samples: list[object], storage: str | None) -> None:
    assert detect(samples) == storage


def test_a_column_that_has_whole_seconds_so_far_takes_fractions() -> None:
    storage = detect(["10:00:00", "11:30:15"])
    assert [encode(time(10, 0, 0, micro), storage) for micro in (0, 500000)] == ["10:00:00", "10:00:00.500000"]


@each("storage", INSTANTS)
def test_a_moment_goes_in_and_out(storage: str) -> None:
    assert decode(encode(MOMENT, storage), DATETIME, storage) == "2024-01-31T10:00:00.000Z"


@pytest.mark.parametrize("storage", CLOCKS)
def test_a_clock_goes_in_and_out(storage: str) -> None:
    assert decode(encode(time(10), storage), TIME, storage) == "10:00:00"


@each("storage", ["date", *INSTANTS])
def test_a_day_goes_in_and_out(storage: str) -> None:
    assert decode(encode(date(2024, 1, 31), storage), DATE, storage) == "2024-01-31"


@pytest.mark.parametrize("storage", ["date", *INSTANTS])
@given(moment=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_a_finer_parameter_lies_between_its_neighbours(storage: str, moment: datetime) -> None:
    row = STORAGES[storage]
    step = {"epoch": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1), "date": timedelta(days=1)}.get(
        storage, timedelta(microseconds=10 ** (6 - row.digits) if row.kind == "text" else 1)
    )
    aware = moment.replace(tzinfo=UTC)
    below = aware - (aware - datetime(1970, 1, 1, tzinfo=UTC)) % step
    low, asked, high = (encode(value, storage) for value in (below, aware, below + step))
    assert (low <= asked < high) if below == aware else (low < asked < high)  # type: ignore[operator]


@each("storage", INSTANTS)
def test_sqlite_compares_stored_moments_as_they_happened(storage: str) -> None:
    moments = [MOMENT + timedelta(seconds=n) for n in range(-3, 4)]
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE t (n INTEGER, at DATETIME)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, encode(m, storage)) for n, m in enumerate(moments)])
        found = connection.execute("SELECT n FROM t WHERE at >= ? ORDER BY at", (encode(MOMENT, storage),)).fetchall()
    connection.close()
    assert found == [(3,), (4,), (5,), (6,)]


@each("type", [Type(name) for name in CANONICAL])
@each("raw", ["soon", "", 10**30, -(10**20), b"\x00", 1.5e300, float("inf"), "9999-99-99"])
@each("storage", [None, "iso6z", "epoch", "epoch_ms", "mixed", "date"])
def test_what_is_no_time_comes_as_it_is(type: Type, raw: object, storage: str | None) -> None:
    assert decode(raw, type, storage) == raw


@pytest.mark.parametrize(
    ("raw", "type", "storage", "shown"),
    [
        ("2024-01-01T00:00:00.000000Z", DATETIME, "iso6z", "2024-01-01T00:00:00.000Z"),
        ("2024-01-01T00:00:00.123456Z", DATETIME, "iso6z", "2024-01-01T00:00:00.123456Z"),
        ("2024-01-01T00:00:00.120000", DATETIME_LOCAL, "iso6", "2024-01-01T00:00:00.120"),
        ("2024-01-01 00:00:00", DATETIME, "iso6z", "2024-01-01T00:00:00.000Z"),
        ("2024-01-01 00:00:00", DATETIME_LOCAL, "space0", "2024-01-01T00:00:00.000"),
        ("2024-01-01T02:00:00+02:00", DATETIME_LOCAL, "mixed", "2024-01-01T00:00:00.000"),
        (1700000000, DATETIME, "epoch", "2023-11-14T22:13:20.000Z"),
    ],
)
def test_stored_times_are_shown_in_our_form(raw: object, type: Type, storage: str, shown: str) -> None:
    assert decode(raw, type, storage) == shown


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("2024-01-01", "2024-01-01T00:00:00.000000Z"),
        ("2024-01-01 02:00+02", "2024-01-01T00:00:00.000000Z"),
        (1704067200, "2024-01-01T00:00:00.000000Z"),
        (1704067200000, "2024-01-01T00:00:00.000000Z"),
        ("10:00", "10:00:00.000000"),
        ("soon", None),
        (None, None),
    ],
)
def test_mixed_times_have_one_comparable_form(raw: object, text: str | None) -> None:
    assert instant(raw) == text
