"""What a definition says of the values of a field, and being told where it makes no sense."""

import pytest

from crud.definitions.config import Config
from crud.definitions.declared import FieldDefinition
from crud.definitions.document import parse_document
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.definitions.reading import config_of
from crud.resources import annotated
from sql.catalog import Column
from sql.types import INTEGER, JSON, STRING
from tests.tables import each


def read(field: str) -> tuple[Config | None, list[str]]:
    """The configuration of one field, and what is wrong with it."""
    text = f"schemas: {{main: {{entities: {{posts: {{fields: {{x: {field}}}}}}}}}}}"
    config, problems = config_of(parse_document(text, {}))
    return config, [str(problem) for problem in problems]


GOOD = [
    "{type: integer, min: 0, max: 10}",
    "{type: decimal, min: 0.5, max: '10.25'}",
    "{type: date, min: 2024-01-01}",
    "{type: datetime, max: '2024-01-01T00:00:00Z'}",
    "{type: string, max: 10, min: 1, pattern: '[a-z]+', format: url}",
    "{type: citext, min_length: 1, max_length: 5, format: email}",
    "{type: array, items: string, max: 5}",
    "{type: json, shape: object}",
    "{type: decimal, whole: true}",
    "{type: array, items: integer, each: {min: 0, max: 5}}",
    "{type: range, items: date, each: {min: 2024-01-01}}",
    "{type: string, literal: uuid}",
    "{type: string, default: suid}",
    "{type: string, auto: prefixed, prefix: post}",
    "{type: epoch_ms, auto: created_at}",
    "{auto: created_by}",
    "{max: 5, pattern: a}",
]


@each("field", GOOD)
def test_rules_that_go_with_their_type(field: str) -> None:
    assert read(field)[1] == []


BAD = [
    ("{type: boolean, max: 1}", "fields.x.max: does not go with boolean"),
    ("{type: json, min: 1}", "fields.x.min: does not go with json"),
    ("{type: integer, max_length: 1}", "fields.x.max_length: does not go with integer"),
    ("{type: integer, pattern: x}", "fields.x.pattern: does not go with integer"),
    ("{type: date, format: url}", "fields.x.format: does not go with date"),
    ("{type: string, whole: true}", "fields.x.whole: does not go with string"),
    ("{type: string, each: {min: 0}}", "fields.x.each: does not go with string"),
    ("{type: array, items: integer, each: {format: url}}", "fields.x.each.format: does not go with integer"),
    ("{type: array, items: string, each: {pattern: '('}}", "fields.x.each.pattern: is no regular expression"),
    ("{type: array, items: string, each: {shape: object}}", "fields.x.each.shape: unknown key"),
    ("{type: string, shape: object}", "fields.x.shape: does not go with string"),
    ("{type: uuid, auto: uuid, prefix: x}", "fields.x.prefix: does not go with uuid"),
    ("{type: string, format: phone}", "'phone' is not allowed; allowed: email, url"),
    ("{type: json, shape: number}", "'number' is not allowed; allowed: object, array"),
    ("{type: date, min: 5}", "fields.x.min: '5' is not a date"),
    ("{type: integer, max: high}", "fields.x.max: 'high' is not a decimal number"),
    ("{type: string, max: long}", "fields.x.max: 'long' is not a decimal number"),
    ("{type: string, max: [1]}", "fields.x.max: must be a number or a text"),
    ("{type: string, min_length: -1}", "must be at least 0"),
    ("{type: string, pattern: '['}", "fields.x.pattern: is no regular expression"),
    ("{pattern: '('}", "fields.x.pattern: is no regular expression"),
    ("{type: integer, auto: uuid}", "fields.x.auto: uuid does not go with integer"),
    ("{type: boolean, auto: created_at}", "fields.x.auto: created_at does not go with boolean"),
    ("{type: date, auto: prefixed}", "fields.x.auto: prefixed does not go with date"),
]


@each(("field", "message"), BAD)
def test_a_rule_that_cannot_hold_is_told(field: str, message: str) -> None:
    problems = read(field)[1]
    assert any(message in problem for problem in problems), problems


def test_rules_reach_the_column() -> None:
    config, _ = read("{type: string, max: 5, min_length: 1, pattern: a, format: url, prefix: p, required: true}")
    assert config is not None
    (field,) = config.schemas["main"].entities[0].fields
    problems: list[Problem] = []
    column = annotated(Column("x", STRING), field, problems)
    assert problems == []
    assert column.rules == {
        "max": 5,
        "min_length": 1,
        "pattern": "a",
        "format": "url",
        "prefix": "p",
        "required": True,
    }


@pytest.mark.parametrize(
    ("column", "rules", "message"),
    [
        (Column("x", INTEGER), {"pattern": "a"}, "does not go with integer"),
        (Column("x", JSON), {"max": 5}, "does not go with json"),
        (Column("x", INTEGER), {"max": "high"}, "'high' is not a decimal number"),
    ],
)
def test_a_rule_is_checked_against_the_type_that_was_found(
    column: Column, rules: dict[str, object], message: str
) -> None:
    problems: list[Problem] = []
    annotated(column, FieldDefinition("x", rules=rules, place=Place("config.yml")), problems)
    assert [message in str(problem) for problem in problems] == [True]
