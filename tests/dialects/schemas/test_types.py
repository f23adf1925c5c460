"""Every type of Baasix: a collection is created with it, a row is written and read through all five dialects."""

from decimal import Decimal
from typing import Any

import pytest

from crud.dialects.baasix.schemas.words import TYPES
from tests.dialects.conftest import Fresh
from tests.dialects.schemas.conftest import Home
from tests.dialects.schemas.written import collection
from tests.dialects.speakers import DIALECTS, Speaker

MOMENT, LOCAL = "2024-02-29T10:30:00.000Z", "2024-02-29T10:30:00.000"
UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
SCALARS: dict[str, object] = {
    "String": "a 'text'",
    "Text": "long\ntext",
    "HTML": "<p>text</p>",
    "CiText": "TeXt",
    "TOKEN": "a1b2c3d4e",
    "Integer": 2147483647,
    "BigInt": 9007199254740993,
    "Decimal": Decimal("12.34"),
    "Double": Decimal("0.1"),
    "Real": Decimal("1.5"),
    "Boolean": True,
    "Date": "2024-02-29",
    "DateTime": MOMENT,
    "DateTime_NO_TZ": LOCAL,
    "Time": "10:30:00",
    "Time_NO_TZ": "23:59:59",
    "JSONB": {"a": [1, {"b": None}]},
    "JSON": [1, "two"],
    "UUID": UUID,
    "ENUM": "draft",
}
BOUNDS: dict[str, tuple[object, object]] = {
    "Integer": (1, 5),
    "Double": (Decimal("0.5"), Decimal("1.5")),
    "Decimal": (Decimal("0.10"), Decimal("2.25")),
    "Date": ("2024-01-01", "2024-02-01"),
    "DateTime": ("2024-01-01T00:00:00.000Z", MOMENT),
    "DateTime_NO_TZ": ("2024-01-01T00:00:00.000", LOCAL),
    "Time": ("09:00:00", "17:30:00"),
    "Time_NO_TZ": ("09:00:00", "17:30:00"),
}
WORDS: dict[str, dict[str, object]] = {
    "ENUM": {"values": ["draft", "done"]},
    "Decimal": {"values": {"precision": 10, "scale": 2}},
}


def value_of(word: str) -> Any:
    """A value of a type."""
    kind, _, item = word.partition("_")
    if kind == "Array":
        return [SCALARS[item], SCALARS[item]]
    if kind == "Range":
        lower, upper = BOUNDS[item]
        return {"lower": lower, "upper": upper, "bounds": "[)"}
    return SCALARS[word]


VALUES = {f"f_{word}": value_of(word) for word in TYPES}
COMPUTED = {"f_VIRTUAL": f"{VALUES['f_String']}, {VALUES['f_ENUM']}", "f_sum": 2147483648}
FORMULAS = {"f_VIRTUAL": "f_String || ', ' || f_ENUM", "f_sum": "f_Integer + 1"}


def same(one: Any, other: Any) -> bool:
    """Numbers are equal however many zeros they end in."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.fixture(scope="module")
def kinds(home: Home) -> Fresh:
    """A collection with a field of each type."""
    fields: dict[str, Any] = {f"f_{word}": {"type": word, **WORDS.get(word, {})} for word in TYPES}
    fields |= {name: {"type": "VIRTUAL", "calculated": formula} for name, formula in FORMULAS.items()}
    home.define("kinds", collection(**fields))
    assert {name: field["type"] for name, field in home.schema("kinds")["fields"].items()} == {
        "id": "Integer",
        **{name: field["type"] for name, field in fields.items()},
    }
    return Fresh(home.app, home.admin, home.user, home.snapshot)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_row_of_all_types_is_written_by_each_dialect_and_read_by_all(kinds: Fresh, dialect: str) -> None:
    answer = Speaker(kinds, dialect).create("kinds", VALUES)
    assert answer.status_code == 201, answer.text
    newest = max(row["id"] for row in kinds.client.get("/items/kinds", headers=kinds.admin).json["data"])
    for reader in DIALECTS:
        row = Speaker(kinds, reader).one("kinds", newest)
        expected = VALUES | COMPUTED
        wrong = {name: row.get(name) for name, value in expected.items() if not same(row.get(name), value)}
        assert wrong == {}, reader
        assert Speaker(kinds, reader).find("kinds", "f_VIRTUAL", COMPUTED["f_VIRTUAL"]), reader


def test_a_database_says_of_a_column_what_the_schema_said(kinds: Fresh) -> None:
    resource = kinds.snapshot.catalog.resource("kinds")
    tables = {info.table.name: info for info in kinds.snapshot.system.tables()}
    found = {column.name: column.type for column in tables["kinds"].columns}
    for name, column in resource.columns.items():
        said = column.type.item or column.type
        assert (found[name].item or found[name]).family == said.family, name
        if said.family not in ("number", "text"):
            assert found[name] == column.type, name
