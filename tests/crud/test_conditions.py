"""The JSON condition language: what each word means in the AST, and what is refused."""

from types import MappingProxyType

import pytest

from crud.errors import ApiError
from crud.wire.conditions import MOST_PATTERN, WORDS, parse
from crud.wire.exact import ExactNames
from crud.wire.jsonconditions import JSON_WORDS, KEY_WORDS
from crud.wire.paths import MOST_STEPS, Scope, Values
from sql.catalog import Catalog, Column, Relation, Resource, Table
from sql.expressions import (
    ActorValue,
    And,
    Cast,
    Compare,
    Filter,
    Hop,
    JsonKind,
    JsonLength,
    JsonPath,
    Not,
    Now,
    Or,
    Slot,
)
from sql.types import BIGINT, BOOLEAN, DATETIME, INTEGER, JSON, STRING, TEXT, UUID, Type, array_of
from tests.crud.written import path, some
from tests.tables import each


def resource(name: str, columns: dict[str, Type], *relations: Relation, **more: object) -> Resource:
    made = {key: Column(key, type, write_only=key == "password") for key, type in columns.items()}
    named = MappingProxyType({relation.name: relation for relation in relations})
    return Resource(name, Table(name), MappingProxyType(made), ("id",), named, **more)  # type: ignore[arg-type]


POSTS = resource(
    "posts",
    {
        "id": INTEGER,
        "title": STRING,
        "subtitle": STRING,
        "views": INTEGER,
        "at": DATETIME,
        "by": UUID,
        "meta": JSON,
        "tags": array_of(STRING),
        "live": BOOLEAN,
    },
    Relation("author", "to_one", "users", (("by", "id"),)),
    Relation("comments", "to_many", "comments", (("id", "post"),)),
)
COMMENTS = resource(
    "comments",
    {"id": INTEGER, "body": STRING, "note": STRING, "post": INTEGER, "by": UUID},
    Relation("author", "to_one", "users", (("by", "id"),)),
)
USERS = resource("users", {"id": UUID, "name": STRING, "password": STRING}, entity="users", system=True)
CATALOG = Catalog(MappingProxyType({each.name: each for each in (POSTS, COMMENTS, USERS)}))


def parsed(tree: object) -> tuple[Filter, tuple[object, ...]]:
    values = Values()
    return parse(Scope(ExactNames(), CATALOG, values), POSTS, tree), values.all


def refused(tree: object) -> str:
    with pytest.raises(ApiError) as caught:
        parsed(tree)
    return caught.value.message


SAMPLE: dict[str, tuple[str, object]] = {
    "in": ("views", [1, 2]),
    "nin": ("views", [1, 2]),
    "notIn": ("views", [1, 2]),
    "between": ("views", [1, 2]),
    "notBetween": ("views", [1, 2]),
    "arraycontains": ("tags", "a"),
    "arraycontained": ("tags", ["a"]),
    **{word: ("meta", {"a": 1}) for word in ("jsonbContains", "jsonbNotContains", "jsonbContainedBy")},
    "jsonbHasKey": ("meta", "a"),
    "jsonbHasAnyKeys": ("meta", ["a"]),
    "jsonbHasAllKeys": ("meta", ["a"]),
}


@each("word", WORDS)
def test_each_word_is_the_operator_of_the_table(word: str) -> None:
    field, value = SAMPLE.get(word, ("title", "a"))
    made, _ = parsed({field: {word: True if "Null" in word else value}})
    assert isinstance(made, Compare) and made.op == WORDS[word] and made.left == path(field)


@each("word", KEY_WORDS)
def test_each_key_word_tests_the_value_under_its_key(word: str) -> None:
    op, operand = KEY_WORDS[word]
    value = ["x"] if operand == "values" else "x"
    made, values = parsed({"meta": {word: {"key": "a", operand: value} if operand else "a"}})
    assert isinstance(made, Compare) and made.op == op
    assert made.left == JsonPath(path("meta"), Slot(0, TEXT, many=True)) and values[0] == ("a",)


def test_every_word_beyond_the_core_is_known() -> None:
    assert not set(WORDS) & set(JSON_WORDS)


@each(
    ("tree", "expected"),
    [
        ({}, And()),
        ({"views": 3}, Compare(path("views"), "eq", (Slot(0, INTEGER),))),
        ({"views": None}, Compare(path("views"), "is_null")),
        ({"views": {"not": None}}, Compare(path("views"), "is_not_null")),
        ({"views": {"isNull": False}}, Compare(path("views"), "is_not_null")),
        ({"views": {"isNotNull": "false"}}, Compare(path("views"), "is_null")),
        ({"NOT": {"live": True}}, Not(Compare(path("live"), "eq", (Slot(0, BOOLEAN),)))),
        ({"title": "$COL(subtitle)"}, Compare(path("title"), "eq", (path("subtitle"),))),
        ({"by": "$CURRENT_USER"}, Compare(path("by"), "eq", (ActorValue("id", UUID),))),
        ({"title": "$CURRENT_USER.name"}, Compare(path("title"), "eq", (ActorValue("name", STRING),))),
        ({"by": "$CURRENT_TENANT"}, Compare(path("by"), "eq", (ActorValue("tenant", UUID),))),
        ({"at": {"gt": "$NOW-DAYS_7"}}, Compare(path("at"), "gt", (Now(DATETIME, -7, "days"),))),
        ({"title": "$100"}, Compare(path("title"), "eq", (Slot(0, STRING),))),
        ({"author.name": "Ann"}, Compare(path("name", (Hop("author"),)), "eq", (Slot(0, STRING),))),
        ({"views": {"like": "1", "cast": "text"}}, Compare(Cast(path("views"), TEXT), "like", (Slot(0, TEXT),))),
        (
            {"views": {"eq": "$COL(id)", "cast": "varchar"}},
            Compare(Cast(path("views"), TEXT), "eq", (Cast(path("id"), TEXT),)),
        ),
        ({"meta": {"jsonbTypeOf": {"type": "array"}}}, Compare(JsonKind(path("meta")), "eq", (Slot(0, STRING),))),
        (
            {"meta": {"jsonbArrayLength": {"op": "gt", "value": 1, "path": ["a", 0]}}},
            Compare(JsonLength(JsonPath(path("meta"), Slot(0, TEXT, many=True))), "gt", (Slot(1, BIGINT),)),
        ),
        (
            {"by": {"in": ["$CURRENT_USER"]}},
            Or(
                (
                    Compare(path("by"), "in", (Slot(0, UUID, many=True),)),
                    Compare(path("by"), "eq", (ActorValue("id", UUID),)),
                )
            ),
        ),
        (
            {"at": {"between": ["2024-01-01T00:00:00Z", "$NOW"]}},
            Compare(path("at"), "between", (Slot(0, DATETIME), Now(DATETIME))),
        ),
    ],
)
def test_a_tree_means(tree: object, expected: Filter) -> None:
    assert parsed(tree)[0] == expected


def test_like_gets_percent_signs_where_it_has_none() -> None:
    assert parsed({"title": {"like": "a"}})[1] == ("%a%",)
    assert parsed({"title": {"notILike": "a%"}})[1] == ("a%",)


def test_a_text_is_one_value_of_a_list() -> None:
    assert parsed({"tags": {"arraycontains": "a,b"}})[1] == (("a,b",),)
    assert parsed({"title": {"in": "a,b"}})[1] == (("a,b",),)


def test_conditions_of_one_list_speak_of_the_same_child() -> None:
    made, _ = parsed({"AND": [{"comments.body": "a"}, {"comments.note": "b"}]})
    assert isinstance(made, And) and made.terms[0] == some(
        "comments",
        And((Compare(path("body"), "eq", (Slot(0, STRING),)), Compare(path("note"), "eq", (Slot(1, STRING),)))),
    )


def test_a_nested_group_speaks_of_another_child() -> None:
    made, _ = parsed({"comments.body": "a", "AND": [{"comments.note": "b"}]})
    assert isinstance(made, And) and len(made.terms) == 2


def test_a_column_beside_a_child_is_the_childs() -> None:
    made, _ = parsed({"comments.body": {"ne": "$COL(comments.note)"}})
    assert made == some("comments", Compare(path("body"), "ne", (path("note"),)))


@each(
    ("tree", "words"),
    [
        ([], "expected an object"),
        ("x", "expected an object"),
        ({"AND": {}}, "AND takes a list"),
        ({"OR": []}, "OR takes a list"),
        ({"nope": 1}, "Unknown field 'nope' in filter"),
        ({"author.nope": 1}, "Unknown field 'author.nope' in filter"),
        ({"nope.name": 1}, "Unknown field 'nope.name' in filter"),
        ({"author.password": "x"}, "Unknown field 'author.password' in filter"),
        ({"title": "$CURRENT_USER.password"}, "Unknown field '$CURRENT_USER.password' in filter"),
        ({"title": "$CURRENT_USER.nope"}, "Unknown field '$CURRENT_USER.nope' in filter"),
        ({"title": "$COL(nope)"}, "Unknown field 'nope' in filter"),
        ({"title": "$COL(views)"}, "different types"),
        ({"title": "$COL(comments.body)"}, "not of the same row"),
        ({"comments.body": "$COL(title)"}, "not of the same row"),
        ({"title": "$CURRENT_ROLE.name"}, "not a variable"),
        ({"title": "$COL(a)b"}, "not a variable"),
        ({"at": "$NOW-DAYS"}, "not a variable"),
        ({"at": "$NOW-DAYS_999999"}, "at most"),
        ({"title": "$NOW"}, "compares with dates"),
        ({"title": {"zap": 1}}, "Unknown operator 'zap'"),
        ({"title": {}}, "no operator"),
        ({"views": "x"}, "is not an integer"),
        ({"views": {"like": "x"}}, "does not apply"),
        ({"views": {"between": [1]}}, "takes two values"),
        ({"views": {"between": 1}}, "takes two values"),
        ({"views": {"in": [1, None]}}, "null"),
        ({"views": {"isNull": 1}}, "takes true or false"),
        ({"views": {"eq": 1, "cast": "json"}}, "can be cast to"),
        ({"views": {"eq": 1, "cast": ["text"]}}, "can be cast to"),
        ({"tags": {"arraycontains": ["$CURRENT_USER", "a"]}}, "takes no variable"),
        ({"meta": {"jsonbHasAnyKeys": ["$CURRENT_USER"]}}, "takes no variable"),
        ({"at": {"between": ["$NOW"]}}, "takes two values"),
        ({"title": {"jsonbKeyEquals": {"key": "a", "value": 1}}}, "does not hold JSON"),
        ({"meta": {"jsonbKeyEquals": {"key": "a"}}}, "takes"),
        ({"meta": {"jsonbKeyEquals": "a"}}, "takes an object"),
        ({"meta": {"jsonbKeyIn": {"key": "a", "values": 1}}}, "are a list"),
        ({"meta": {"jsonbKeyIsNull": True}}, "names or indexes"),
        ({"meta": {"jsonbDeepValue": {"path": {"a": 1}, "value": 1}}}, "path is a list"),
        ({"meta": {"jsonbArrayLength": {"op": "zap", "value": 1}}}, "op is one of"),
        ({"meta": {"jsonbPathExists": "$.a[?(@.b == 1)]"}}, "JSON path"),
        ({"meta": {"jsonbPathMatch": "data->>'x') or 1=1--"}}, "JSON path"),
        ({"title": {"like": "%_" * MOST_PATTERN}}, "at most"),
        ({".".join(["author"] * (MOST_STEPS + 2)): 1}, "more than"),
    ],
)
def test_a_tree_is_refused(tree: object, words: str) -> None:
    assert words in refused(tree)
