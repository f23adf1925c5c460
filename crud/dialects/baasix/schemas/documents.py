"""The shape of a schema as Baasix writes it: what a body of `/schemas` may say.

In: the JSON of a body. Out: the same, once it has the shape; else one ApiError with all that is wrong. Keys that
nobody knows are refused: a misspelt `allowNull` would be a rule that is not there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from crud.definitions.document import Document
from crud.definitions.problems import Problem
from crud.definitions.shapes import check_shape
from crud.definitions.words import FLAG, NAME, TEXT, Schema, shape, words
from crud.dialects.baasix.schemas.words import GEOMETRIES, TYPES, VIRTUAL
from crud.errors import ApiError

Fields = dict[str, dict[str, Any]]
Written = dict[str, Any]
MOST_FIELDS = 1000  # PostgreSQL has room for 1600 columns, SQLite for 2000
MOST_SAID = 20
RELATIONS = ("BelongsTo", "HasMany", "HasOne", "BelongsToMany")
KINDS = ("M2O", "O2M", "O2O", "M2M", "M2A")
ACTIONS = ("CASCADE", "SET NULL", "RESTRICT", "NO ACTION")

_ACTION = words(*ACTIONS, *map(str.lower, ACTIONS))
_COUNT: Schema = {"type": "integer", "minimum": 0}
_VALUES: Schema = {
    "type": ["array", "object"],
    "items": {"type": "string"},
    "properties": {
        "length": {"type": "integer", "minimum": 1},
        "precision": {"type": "integer", "minimum": 1, "maximum": 1000},
        "scale": {"type": "integer", "minimum": 0, "maximum": 1000},
        "values": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
_LIMIT: Schema = {"type": ["number", "string"]}
_VALIDATE = shape(
    {
        "min": _LIMIT,
        "max": _LIMIT,
        "isInt": FLAG,
        "len": {"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2},
        "notEmpty": FLAG,
        "isEmail": FLAG,
        "isUrl": FLAG,
        "is": TEXT,
        "matches": TEXT,
    }
)
COLUMN = shape(
    {
        "type": words(*TYPES, VIRTUAL),
        "primaryKey": FLAG,
        "allowNull": FLAG,
        "unique": FLAG,
        "defaultValue": {},
        "default": {},
        "values": _VALUES,
        "validate": _VALIDATE,
        "calculated": NAME,
        "comment": TEXT,
        "description": {"type": ["string", "null"]},
        "SystemGenerated": FLAG,
    },
    "type",
)
RELATION = shape(
    {
        "relType": words(*RELATIONS),
        "as": NAME,
        "target": NAME,
        "foreignKey": NAME,
        "otherKey": NAME,
        "through": NAME,
        "alias": NAME,
        "onDelete": _ACTION,
        "onUpdate": _ACTION,
        "constraints": FLAG,
        "scope": shape({"collection": NAME}),
        "polymorphic": FLAG,
        "tables": {"type": "array", "items": NAME},
        "description": {"type": ["string", "null"]},
        "SystemGenerated": FLAG,
    },
    *("relType", "target"),
)
INDEX = shape(
    {
        "name": NAME,
        "fields": {"type": "array", "items": NAME, "minItems": 1, "uniqueItems": True},
        "unique": FLAG,
    },
    "fields",
)
_DOCUMENT = shape(
    {
        "name": NAME,
        "description": {"type": ["string", "null"]},
        "fields": {"type": "object", "minProperties": 1},
        "timestamps": FLAG,
        "paranoid": FLAG,
        "usertrack": FLAG,
        "sortEnabled": FLAG,
        "tenant": FLAG,
        "tenantScoped": FLAG,
        "isJunction": FLAG,
        "indexes": {"type": "array", "items": INDEX},
    },
    "fields",
)
CREATION = shape({"collectionName": NAME, "schema": {"type": "object"}}, "collectionName", "schema")
REPLACEMENT = shape({"collectionName": NAME, "schema": {"type": "object"}}, "schema")
RELATIONSHIP = shape(
    {
        "type": words(*KINDS),
        "name": NAME,
        "target": NAME,
        "alias": NAME,
        "foreignKey": NAME,
        "through": NAME,
        "tables": {"type": "array", "items": NAME, "minItems": 1, "uniqueItems": True},
        "onDelete": _ACTION,
        "onUpdate": _ACTION,
        "description": {"type": ["string", "null"]},
    },
    *("type", "name"),
)
RELATIONSHIP_CHANGE = shape(
    {
        "onDelete": _ACTION,
        "onUpdate": _ACTION,
        "alias": NAME,
        "tables": {"type": "array", "items": NAME, "minItems": 1, "uniqueItems": True},
        "description": {"type": ["string", "null"]},
    }
)


def creation(body: Mapping[str, object]) -> tuple[str, Written]:
    """(collection, schema) of a POST."""
    data = shaped(body, CREATION)
    return str(data["collectionName"]), schema(data["schema"])


def replacement(body: Mapping[str, object], name: str) -> Written:
    """The schema of a PATCH of a collection, which may name it again."""
    data = shaped(body, REPLACEMENT)
    if data.get("collectionName", name) != name:
        raise refused([("collectionName", "a collection keeps its name")])
    return schema(data["schema"])


def schema(data: Mapping[str, object]) -> Written:
    """A schema, once it has the shape."""
    given = data.get("fields")
    if isinstance(given, dict) and len(given) > MOST_FIELDS:
        raise refused([("schema.fields", f"at most {MOST_FIELDS} fields")])
    found = _mistakes(data, _DOCUMENT, "schema")
    for name, field in given.items() if isinstance(given, dict) else ():
        found += _field_mistakes(field, f"schema.fields.{name}")
    if found:
        raise refused(found)
    return dict(data)


def shaped(data: object, wanted: Schema) -> Written:
    """A body, once it has the shape."""
    found = _mistakes(data, wanted, "")
    if found:
        raise refused(found)
    assert isinstance(data, dict)
    return data


def _field_mistakes(field: object, at: str) -> list[tuple[str, str]]:
    if not isinstance(field, dict):
        return [(at, "must be a mapping")]
    if field.get("type") in GEOMETRIES:
        return [(f"{at}.type", "places need PostGIS, which this service does not use")]
    return _mistakes(field, RELATION if "relType" in field else COLUMN, at)


def _mistakes(data: object, wanted: Schema, at: str) -> list[tuple[str, str]]:
    return [(_joined(at, found), _words(found)) for found in check_shape(Document("", data), wanted)]


def _joined(at: str, problem: Problem) -> str:
    return ".".join(part for part in (at, problem.place.key) if part)


def _words(problem: Problem) -> str:
    return f"{problem.message}; allowed: {', '.join(problem.allowed)}" if problem.allowed else problem.message


def refused(mistakes: Iterable[tuple[str, str]]) -> ApiError:
    """All that is wrong with a schema: (where, what)."""
    found = list(mistakes)
    message = "; ".join(f"{at}: {what}" if at else what for at, what in found[:MOST_SAID])
    details = [{"field": at, "message": what} for at, what in found[:100]]
    return ApiError("invalid", message, field=found[0][0] if found else "", details=details)


def is_relation(field: Mapping[str, object]) -> bool:
    """Whether a field is a way to another collection, not a column."""
    return "relType" in field


def columns(written: Written) -> Fields:
    """The fields of a schema that are columns."""
    return {name: field for name, field in written["fields"].items() if not is_relation(field)}


def relations(written: Written) -> Fields:
    """The fields of a schema that lead to other collections."""
    return {name: field for name, field in written["fields"].items() if is_relation(field)}


def key_of(written: Written) -> list[str]:
    """The columns of the primary key."""
    return [name for name, field in columns(written).items() if field.get("primaryKey")]
