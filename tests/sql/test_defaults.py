"""Defaults of a database that say a plain value."""

from datetime import date
from decimal import Decimal

import pytest

from sql.catalog import Default
from sql.defaults import plain_default
from sql.types import BIGINT, BOOLEAN, DATE, DATETIME, DATETIME_LOCAL, DECIMAL, INTEGER, JSON, STRING, TEXT, UUID, Type
from tests.tables import each

MOOD = Type("enum", values=("sad", "it's ok"))
VALUES = [
    ("'active'::character varying", STRING, "active"),
    ("'it''s'", TEXT, "it's"),
    ("'it''s ok'::\"Other Place\".mood", MOOD, "it's ok"),
    ("('a')", TEXT, "a"),
    ("'now'::text", TEXT, "now"),
    ("5", INTEGER, 5),
    ("'-5'::integer", INTEGER, -5),
    ("(-5)", BIGINT, -5),
    ("(1)::bigint", BIGINT, 1),
    ("0.990", DECIMAL, Decimal("0.990")),
    ("true", BOOLEAN, True),
    ("0", BOOLEAN, False),
    ("'2020-01-31'::date", DATE, date(2020, 1, 31)),
]
WORDS = [
    ("now()", DATETIME, "now"),
    ("CURRENT_TIMESTAMP", DATETIME_LOCAL, "now"),
    ("(datetime('now'))", DATETIME, "now"),
    ("CURRENT_DATE", DATE, "now"),
    ("gen_random_uuid()", UUID, "uuid"),
]
OTHERS = [
    ("NULL", TEXT),
    ("NULL::text", TEXT),
    ("random()", INTEGER),
    ("2 * 3", INTEGER),
    ("'a' || 'b'", TEXT),
    ("('a') || ('b')", TEXT),
    ("'angry'", MOOD),
    ("'{}'::jsonb", JSON),
    ("CURRENT_TIMESTAMP", TEXT),
    ("name", TEXT),
    ("'soon'", DATE),
]


@each(("text", "type", "value"), VALUES)
def test_a_value_is_read(text: str, type: Type, value: object) -> None:
    assert plain_default(text, type) == Default("literal", value)


@pytest.mark.parametrize(("text", "type", "word"), WORDS)
def test_a_word_is_read(text: str, type: Type, word: str) -> None:
    assert plain_default(text, type) == Default(word)


@each(("text", "type"), OTHERS)
def test_everything_else_is_left_to_the_database(text: str, type: Type) -> None:
    assert plain_default(text, type) is None
