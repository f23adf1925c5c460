"""From a schema of Baasix to a definition, and back: every type, default, rule and flag, without a service."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from crud.definitions.entities import read_field
from crud.definitions.place import Place
from crud.dialects.baasix.schemas.defaults import EXPRESSIONS, BadDefault, default_of
from crud.dialects.baasix.schemas.documents import MOST_FIELDS, schema
from crud.dialects.baasix.schemas.fields import BadField, column
from crud.dialects.baasix.schemas.translating import schema_of, whole_schema
from crud.dialects.baasix.schemas.validation import BadRule, rules_of
from crud.dialects.baasix.schemas.words import GEOMETRIES, TYPES, word_of
from crud.errors import ApiError
from sql.types import Type
from tests.dialects.schemas.written import ID, collection, problems, shelf
from tests.tables import each

WORDS = {"ENUM": {"values": ["a", "b"]}}


def type_of(word: str, **more: object) -> Type:
    """Our type of a field of this word."""
    found = read_field("f", column({"type": word, **WORDS.get(word, {}), **more}), Place()).type
    assert found is not None
    return found


@each("word", TYPES)
def test_a_word_is_a_type_that_has_a_word_for_the_same(word: str) -> None:
    found = type_of(word)
    again = word_of(found)
    assert type_of(again) == found
    assert found.name == TYPES[word]["type"]


@each("word", TYPES)
def test_definitions_take_every_type(word: str) -> None:
    work = shelf(things=collection(f={"type": word, **WORDS.get(word, {})}))
    assert problems(work.stored) == []
    assert work.schemas["things"]["fields"]["f"]["type"] == word


@pytest.mark.parametrize("name", ["email", "epoch_ms", "bytes", "array", "range"])
def test_types_without_a_word_are_told_by_one_of_the_same_json(name: str) -> None:
    item = Type({"array": "email", "range": "bigint"}.get(name, "text")) if name in ("array", "range") else None
    assert word_of(Type(name, item=item)) in TYPES


def test_sizes_and_words() -> None:
    assert type_of("Decimal", values={"precision": 12, "scale": 3}) == Type("decimal", 12, 3)
    assert type_of("ENUM", values={"values": ["x", "y"]}) == Type("enum", values=("x", "y"))
    assert column({"type": "String", "values": {"length": 80}})["max_length"] == 80
    assert column({"type": "TOKEN"})["max_length"] == 9


DEFAULTS: list[tuple[object, str, dict[str, object]]] = [
    (None, "text", {}),
    ("draft", "text", {"default": "draft"}),
    (0, "number", {"default": 0}),
    (False, "boolean", {"default": False}),
    ([], "array", {"default": []}),
    ({}, "json", {"default": {}}),
    ({"a": Decimal("1.5")}, "json", {"default": {"a": 1.5}}),
    (Decimal("0.10"), "number", {"default": 0.1}),
    (Decimal("12345678901234567890.5"), "number", {"default": "12345678901234567890.5"}),
    ({"value": 3}, "number", {"default": 3}),
    ({"value": "uuid"}, "text", {"literal": "uuid"}),
    ("$CURRENT_USER", "text", {"literal": "$CURRENT_USER"}),
    ({"type": "UUIDV4"}, "uuid", {"default": "uuid"}),
    ({"type": "UUIDV4"}, "text", {"default": "uuid"}),
    ({"type": "SUID"}, "text", {"default": "suid"}),
    ({"type": "NOW"}, "datetime", {"default": "now"}),
    ({"type": "NOW"}, "date", {"default": "now"}),
    ({"type": "AUTOINCREMENT"}, "number", {"default": "increment"}),
    ({"type": "SQL", "value": "CURRENT_TIMESTAMP"}, "datetime", {"default": "now"}),
    ({"type": "SQL", "value": " now( ) "}, "datetime", {"default": "now"}),
    ({"type": "SQL", "value": "gen_random_uuid()"}, "uuid", {"default": "uuid"}),
    ({"type": "SQL", "value": "'it''s'::text"}, "text", {"default": "it's"}),
    ({"type": "SQL", "value": "'{\"a\":1}'::jsonb"}, "json", {"default": {"a": 1}}),
    ({"type": "SQL", "value": "42"}, "number", {"default": 42}),
    ({"type": "SQL", "value": "TRUE"}, "boolean", {"default": True}),
    ({"type": "SQL", "value": "NULL"}, "text", {}),
]


@each(("written", "family", "expected"), DEFAULTS)
def test_defaults(written: object, family: str, expected: dict[str, object]) -> None:
    assert default_of(written, family) == expected


@each(
    ("written", "family"),
    [
        ({"type": "NOW"}, "text"),
        ({"type": "UUIDV4"}, "number"),
        ({"type": "AUTOINCREMENT"}, "text"),
        ({"type": "MAGIC"}, "text"),
        ({"sql": "now()"}, "datetime"),
        ({"type": "SQL", "value": "CURRENT_TIMESTAMP"}, "text"),
        ({"type": "SQL", "value": "(SELECT 1)"}, "number"),
        ({"type": "SQL", "value": "'a'; DROP TABLE posts; --'"}, "text"),
        ({"type": "SQL", "value": "md5(random()::text)"}, "text"),
        ({"type": "SQL", "value": "'a'::text || 'b'"}, "text"),
    ],
)
def test_what_is_no_default(written: object, family: str) -> None:
    with pytest.raises(BadDefault):
        default_of(written, family)


def test_what_sql_may_say_is_listed() -> None:
    with pytest.raises(BadDefault, match=re.escape(next(iter(EXPRESSIONS)))):
        default_of({"type": "SQL", "value": "pg_sleep(9)"}, "number")


RULES: list[tuple[Mapping[str, Any], str, dict[str, object]]] = [
    ({"min": 0, "max": 150, "isInt": True}, "integer", {"min": 0, "max": 150}),
    ({"isInt": True}, "number", {"whole": True}),
    ({"isInt": False}, "string", {}),
    ({"len": [2, 5], "notEmpty": True}, "string", {"min_length": 2, "max_length": 5}),
    ({"notEmpty": True}, "string", {"min_length": 1}),
    ({"isEmail": True}, "string", {"format": "email"}),
    ({"isUrl": True}, "string", {"format": "url"}),
    ({"max": Decimal("1.5")}, "number", {"max": 1.5}),
]


@each(("written", "type", "expected"), RULES)
def test_rules(written: Mapping[str, Any], type: str, expected: dict[str, object]) -> None:
    assert rules_of(written, type) == expected


@each(
    ("pattern", "text", "fits"),
    [
        (r"^\d{5}$", "12345", True),
        (r"^\d{5}$", "12345\n", False),
        (r"^\d{5}$", "a12345", False),
        (r"\d{5}", "a12345\nb", True),
        (r"^\d{5}(-\d{4})?$", "12345-6789", True),
        (r"^\d$", "\u0663", False),
        (r"[$]9", "cost: $9", True),
        (r"\$$", "9$", True),
    ],
)
def test_a_pattern_means_what_it_means_in_javascript(pattern: str, text: str, fits: bool) -> None:
    made = rules_of({"is": pattern}, "string")["pattern"]
    assert bool(re.fullmatch(made, text)) is fits


def test_two_patterns_both_hold() -> None:
    made = rules_of({"is": "^a", "matches": "z$"}, "string")["pattern"]
    assert re.fullmatch(made, "abz") and not re.fullmatch(made, "ab") and not re.fullmatch(made, "bz")


def test_rules_that_do_not_go_together() -> None:
    for written, type in (({"isInt": True}, "string"), ({"isEmail": True, "isUrl": True}, "string")):
        with pytest.raises(BadRule):
            rules_of(written, type)


def test_rules_of_a_list_are_those_of_its_items() -> None:
    data = column({"type": "Array_Integer", "validate": {"min": 0, "max": 100}})
    assert data == {"type": "array", "items": "integer", "each": {"min": 0, "max": 100}}
    assert column({"type": "Range_Integer", "validate": {"min": 0}})["each"] == {"min": 0}


@each(
    ("field", "key"),
    [
        ({"type": "VIRTUAL"}, "calculated"),
        ({"type": "VIRTUAL", "calculated": "a", "unique": True}, "unique"),
        ({"type": "String", "calculated": "a"}, "calculated"),
        ({"type": "ENUM"}, "values"),
        ({"type": "ENUM", "values": ["a", "a"]}, "values"),
        ({"type": "Integer", "values": {"length": 3}}, "values.length"),
        ({"type": "String", "values": ["a"]}, "values"),
        ({"type": "String", "values": {"precision": 3}}, "values.precision"),
        ({"type": "Integer", "defaultValue": {"type": "AUTOINCREMENT"}}, "defaultValue"),
        ({"type": "Integer", "default": {"type": "NOW"}}, "default"),
        ({"type": "String", "validate": {"isInt": True}}, "validate"),
    ],
)
def test_what_is_wrong_with_a_field_is_told_by_its_key(field: Mapping[str, Any], key: str) -> None:
    with pytest.raises(BadField) as caught:
        column(field)
    assert caught.value.key == key


def test_both_words_for_a_default_are_understood() -> None:
    assert column({"type": "Boolean", "default": False})["default"] is False
    assert column({"type": "Boolean", "default": False, "defaultValue": True})["default"] is True


# ---------------------------------------------------------------- whole schemas


FLAGS = {"timestamps": True, "paranoid": True, "usertrack": True, "sortEnabled": True, "tenant": True}


def test_flags_make_columns_and_take_them_away() -> None:
    work = shelf_with_everybody(things={**collection(title={"type": "String"}), **FLAGS})
    data = work.stored["things"]
    assert {"createdAt", "updatedAt", "deletedAt", "userCreated_Id", "userUpdated_Id", "sort", "tenant_Id"} <= set(
        data["fields"]
    )
    assert (data["soft_delete"], data["tenant"]) == ("deletedAt", "tenant_Id")
    assert data["fields"]["createdAt"]["auto"] == "created_at"
    assert data["fields"]["userCreated_Id"] == {
        "type": "uuid",
        "references": "_dragoman_users",
        "on_delete": "set null",
        "auto": "created_by",
    }
    bare = {**work.schemas["things"], **dict.fromkeys(FLAGS, False)}
    work.put("things", bare)
    assert set(work.definitions()["things"]["fields"]) == {"id", "title"}


def shelf_with_everybody(**schemas: Mapping[str, Any]) -> Any:
    """A shelf beside accounts and tenants."""
    work = shelf()
    users = work.others("baasix_User")
    work.others = lambda name: users if name in ("baasix_User", "baasix_Tenant") else None
    for name, written in schemas.items():
        work.put(name, schema(dict(written)))
    work.stored = work.definitions()
    work.__post_init__()
    return work


def test_a_whole_schema_stays_as_it_is() -> None:
    work = shelf_with_everybody(
        people=collection(),
        things={**collection(owner={"relType": "BelongsTo", "target": "people"}), **FLAGS},
    )
    kept = schema_of(work.stored["things"])
    assert kept is not None and whole_schema("things", kept, work.end) == kept
    work.put("things", schema(kept))
    assert work.definitions() == work.stored


def test_a_column_of_ones_own_may_have_the_name_of_a_flags() -> None:
    work = shelf(things=collection(sort={"type": "String"}, createdAt={"type": "Date"}))
    assert work.stored["things"]["fields"]["createdAt"] == {"type": "date"}
    assert work.stored["things"]["fields"]["sort"] == {"type": "string"}


def test_a_relation_brings_its_column_and_its_index() -> None:
    work = shelf(
        people={"fields": {"id": {"type": "UUID", "primaryKey": True}}},
        things=collection(owner={"relType": "BelongsTo", "target": "people"}),
    )
    written = work.schemas["things"]
    assert written["fields"]["owner_id"] == {"type": "UUID", "allowNull": True, "SystemGenerated": True}
    assert written["indexes"] == [{"name": "things_owner_id_idx", "fields": ["owner_id"], "unique": False}]
    assert work.stored["things"]["fields"]["owner_id"] == {
        "type": "uuid",
        "references": "people",
        "on_delete": "cascade",
    }
    assert work.stored["things"]["relations"]["owner"]["columns"] == {"owner_id": "id"}
    assert problems(work.stored) == []


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ApiError) as caught:
        schema({"fields": {"id": {**ID, "allowNul": False}, "a": {"type": "Strin"}, "b": 3}, "timestamp": True})
    details = caught.value.details
    assert isinstance(details, list)
    assert {each["field"] for each in details} == {
        "schema.fields.id.allowNul",
        "schema.fields.a.type",
        "schema.fields.b",
        "schema.timestamp",
    }


@each("word", GEOMETRIES)
def test_places_are_refused_with_a_reason(word: str) -> None:
    with pytest.raises(ApiError, match="PostGIS"):
        schema(collection(at={"type": word}))


def test_a_schema_has_a_key_and_not_too_many_fields() -> None:
    work = shelf()
    work.put("things", schema({"fields": {"a": {"type": "String"}}}))
    with pytest.raises(ApiError, match="primaryKey"):
        work.definitions()
    with pytest.raises(ApiError, match=str(MOST_FIELDS)):
        schema(collection(**{f"f{n}": {"type": "String"} for n in range(MOST_FIELDS)}))
