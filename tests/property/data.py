"""The data of the property test: few rows, every awkward value.

In: nothing. Out: `ROWS` (canonical values; `ABSENT` is NULL in a JSON column), `POOLS` and `STRANGE` (values to ask
for, of each column), and `WORLD`, all of it for the evaluator.
"""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sql.types import Type
from sql.values import coerce
from tests.property.documents import ABSENT
from tests.property.evaluator import World
from tests.property.schema import CATALOG, TYPES, WORDS

COUNT = 60
TEXTS: tuple[str, ...] = (
    *(
        "",
        " ",
        "a",
        "A",
        "ab",
        "AB",
        "aB",
        "abc",
        "b",
        "Z",
        "\u00c9",
        "\u00e9",
        "e\u0301",
        "E",
        "\u00df",
        "\u1e9e",
        "SS",
    ),
    *("Stra\u00dfe", "STRASSE", "\u03a3", "\u03c3", "\u03c2", "\u039f\u03a3", "\u0130", "i", "\u0131", "I", "I\u0307"),
    *("\u212a", "k", "K", "\u212b", "\u00e5", "\u01c5", "\u01c4", "\u2167", "\u1fbc", "\u10d0", "\u1c90", "\u13a0"),
    *(
        "%",
        "_",
        "\\",
        "a%b",
        "a_b",
        "a\\b",
        "a\\",
        "100%",
        "it's",
        '"q"',
        "[a]",
        "*",
        "?",
        "[",
        "]",
        "^",
        "{}",
        "%s",
        "%%",
    ),
    *(
        "\uffee",
        "\U0001f600",
        "x\U0001f600y",
        "\U00010400",
        "line\nbreak",
        "tab\t",
        " 1 ",
        "1",
        "12",
        "-7",
        "1.5",
        "1e3",
    ),
    *("true", "False", "0", "2024-01-01", "2023-02-29", "1969-12-31T10:00:00Z", "10:00", "23:59:59.5", "25:00", "NaN"),
    *(
        "\u0661",
        "1_000",
        "-",
        ".5",
        "5.",
        "\u00a01",
        "a.b@c.de",
        "A.B@C.DE",
        "\u0391\u0392",
        "\u0430\u0411",
        "\u00ff",
        "\u0178",
    ),
)


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


_MOMENTS = (
    _utc(1, 1, 1),
    _utc(1582, 10, 10, 1, 2, 3),
    _utc(1969, 12, 31, 23, 59, 59, 999999),
    _utc(1969, 12, 31, 23, 59, 59, 999000),
    _utc(1970, 1, 1),
    _utc(2000, 2, 29, 12),
    _utc(2020, 12, 31, 23, 59, 59, 123456),
    _utc(2021, 1, 3, 10, 0, 0, 500000),
    _utc(2024, 1, 1),
    _utc(2024, 1, 1, 0, 0, 0, 1000),
    _utc(2024, 2, 29, 10, 20, 30),
    _utc(9999, 12, 31, 23, 59, 59, 999999),
)
DOCUMENTS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 1.0, -2.5, 1e3, 9007199254740993, "", "a", "\u00c9", "abc", "1", "b", [], {}),
    *({"a": 1}, {"a": 2.5}, {"a": "x"}, {"a": True}, {"a": None}, {"a": False, "b": 3}, {"b": {}, "c": []}),
    *({"a": {"b": [1, 2, {"c": None}]}}, {"a": {"b": [1, 2, {"c": "d"}]}, "level": 5}, {"a": ["x", "y"], "level": "5"}),
    *(
        {"level": 2.5},
        {"level": True},
        {"level": None},
        {"level": 5, "tags": ["x", "y"]},
        {"tags": []},
        {"level": [4, 6]},
    ),
    *([1, 2, 3], [[1, 2], [3]], ["a", "b", None], [{"a": 1}, {"a": 2}], [None], ["x", ["y"]], [1.5, "1.5"], [[["z"]]]),
    *({"0": "zero"}, {"\u00e9": "\u00c9", "odd name": 1}, {"a": ""}, {"a": "100%"}, {"a": "a_b", "b": "\\"}, [True, 1]),
    *([{"level": 7}, {"level": [8, 9]}], {"a": [{"b": 1}, {"b": "x"}]}, {"level": -1, "a": "\U0001f600"}),
)
_COUNTS = ((), (1,), (1, 2), (2, 1), (1, None), (None,), (3, 3), (-5, 0, 2147483647), (2, 3, 4))
_LABELS = ((), ("a",), ("A", "\u00e9"), ("",), ("a", None), (None,), ('"q"', "a,b"), ("{}", "\\"), ("NULL", "a", "b"))
_SPANS = ("empty", "[1,5)", "(1,5)", "[1,5]", "(,3)", "[3,)", "(,)", "[0,1)", "[-10,10)")
_SEASONS = ("empty", "[2024-01-01,2024-02-01)", "(2024-01-01,2024-01-31]", "(,1969-12-31)", "[2024-02-29,)", "(,)")
_FLOATS = (-1234.5, -2.25, -1.0, -0.1, 0.0, 1e-05, 0.0001, 0.1, 0.30000000000000004, 1.0, 1.5, 2.5, 3.75, 7.0, 1e6)
_PRICES = ("-99999.999", "-0.005", "0", "0.001", "0.1", "1", "1.5", "2.500", "9.99", "10", "1234.567", "999999999.999")

POOLS: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "whole": (-2147483648, -7, -1, 0, 1, 2, 3, 5, 10, 42, 99, 1000, 2147483647),
        "big": (-(2**63), -(2**53) - 1, -1, 0, 1, 2, 7, 2**31, 2**53, 2**53 + 1, 2**63 - 1),
        "real": _FLOATS,
        "price": tuple(map(Decimal, _PRICES)),
        "stamp": (-62135596800000, -1, 0, 1, 1000, 1704067200000, 1704067200001, 253402300799999),
        "flag": (True, False),
        "line": TEXTS,
        "body": TEXTS,
        "mail": (*TEXTS[:6], "a@b.c", "A@B.C", "\u00e9@x.y", "\u00c9@x.y", "a.b@c.de", "x_y@z", "x%y@z"),
        "level": WORDS,
        "handle": TEXTS,
        "code": tuple(f"{digit * 8}-1111-4222-8333-{digit * 12}" for digit in "0123489abcdef"),
        "day": tuple(sorted({moment.date() for moment in _MOMENTS} | {date(2018, 12, 31), date(2026, 1, 1)})),
        "clock": (
            *(
                time(),
                time(0, 0, 0, 1),
                time(0, 30),
                time(10),
                time(10, 0, 0, 500000),
                time(10, 0, 1),
                time(12, 34, 56),
            ),
            *(time(12, 34, 56, 789000), time(23, 59, 59), time(23, 59, 59, 999999)),
        ),
        "moment": _MOMENTS,
        "local": tuple(moment.replace(tzinfo=None) for moment in _MOMENTS),
        "doc": DOCUMENTS,
        "counts": _COUNTS,
        "labels": _LABELS,
        "span": tuple(coerce(TYPES["span"], text) for text in _SPANS),
        "season": tuple(coerce(TYPES["season"], text) for text in _SEASONS),
        "blob": (b"", b"\x00", b"\x00\xff", b"abc", b"ABC", "\u00e9".encode()),
    }
)
# Values that filters ask for and no row can have.
STRANGE: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "whole": (2147483648, -(2**63), 2**63 - 1),
        "real": (1e300, -1e300, 5e-324, 0.1 + 1e-12),
        "price": tuple(map(Decimal, ("1.2345", "1e30", "-1e-9", "0.0010", "1E+3"))),
    }
)


def null(type: Type) -> Any:
    """NULL as the evaluator has it."""
    return ABSENT if type.name == "json" else None


def _deal(source: random.Random, name: str, *, nulls: float) -> list[Any]:
    """A column's values: all of its pool where they fit, in no order, with some NULLs."""
    pool = list(POOLS[name])
    source.shuffle(pool)
    values = [pool[index % len(pool)] for index in range(COUNT)]
    return [null(TYPES[name]) if source.random() < nulls else value for value in values]


def _wide(source: random.Random, *, nulls: float) -> list[dict[str, Any]]:
    columns = {name: _deal(source, name, nulls=nulls) for name in TYPES}
    return [{"id": index + 1} | {name: values[index] for name, values in columns.items()} for index in range(COUNT)]


def _rows() -> Mapping[str, list[dict[str, Any]]]:
    source = random.Random(7)
    things = _wide(source, nulls=0.2)
    for row in things:
        row["owner_id"] = source.choice([None, *range(1, 21)])
        row["up_id"] = source.choice([None, *range(1, row["id"])])
    owners = [{"id": n, "name": TEXTS[n], "city": source.choice([None, *TEXTS])} for n in range(1, COUNT + 1)]
    weights = [None, *POOLS["price"]]
    tags = [{"id": n, "word": source.choice(TEXTS), "weight": source.choice(weights)} for n in range(1, COUNT + 1)]
    marks = sorted({(source.randint(1, COUNT), source.randint(1, 25)) for _ in range(COUNT * 2)})
    pairs = sorted({(source.randint(1, 25), source.randint(1, 5)) for _ in range(COUNT * 2)})
    said = {pair: (source.choice([None, *TEXTS]), source.choice([None, *_MOMENTS])) for pair in pairs}
    return MappingProxyType(
        {
            "owner": owners,
            "thing": things,
            "solid": _wide(source, nulls=0),
            "tag": tags,
            "mark": [{"thing_id": thing, "tag_id": tag} for thing, tag in marks],
            "note": [dict(zip(("thing_id", "number", "said", "seen"), (*p, *s), strict=True)) for p, s in said.items()],
        }
    )


ROWS = _rows()
WORLD = World(CATALOG, ROWS, actor={"id": 5, "tenant": None}, now=_utc(2024, 5, 6, 7, 8, 9))
