"""The shape of what is declared of resources, as JSON Schema: fields, relations, rules, hooks, presentations.

In: nothing. Out: `RESOURCE` and its parts, data for `jsonschema`. Every object refuses unknown keys.
"""

from collections.abc import Mapping

from crud.definitions.declared import ACTIONS, HOOKS
from crud.definitions.settings import DIALECTS
from crud.definitions.values import FORMATS, SHAPES
from crud.definitions.words import COUNT, FLAG, NAME, NAMES, TEXT, Schema, mapping, shape, words
from sql.types import TYPES

SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
LIMIT: Schema = {"type": ["number", "string"]}
AUTO = ("created_at", "updated_at", "created_by", "updated_by", "status", "uuid", "prefixed", "increment")
STAMPS = AUTO[:5]
ON_DELETE = ("cascade", "set null", "restrict", "no action", "set_null", "no_action")
ON_DELETE_WORDS = (*ON_DELETE, *(word.upper() for word in ON_DELETE))
SCALAR_TYPES = tuple(name for name in TYPES if name not in ("array", "range", "json", "bytes"))

_RULES: Mapping[str, Schema] = {
    "max": LIMIT,
    "min": LIMIT,
    "max_length": {"type": "integer", "minimum": 0},
    "min_length": {"type": "integer", "minimum": 0},
    "pattern": TEXT,
    "format": words(*FORMATS),
    "whole": FLAG,
}
ITEM_RULES = shape(_RULES)
FIELD = shape(
    {
        "type": words(*TYPES, "relation"),
        "key": FLAG,
        "primaryKey": FLAG,
        "required": FLAG,
        "unique": FLAG,
        "default": {},
        "defaultValue": {},
        "literal": {},
        **_RULES,
        "each": ITEM_RULES,
        "shape": words(*SHAPES),
        "prefix": NAME,
        "values": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
        "precision": COUNT,
        "scale": {"type": "integer", "minimum": 0},
        "items": words(*SCALAR_TYPES),
        "references": NAME,
        "target": NAME,
        "on_delete": words(*ON_DELETE_WORDS),
        "onDelete": words(*ON_DELETE_WORDS),
        "auto": words(*AUTO),
        "formula": NAME,
        "storage": NAME,
        "read_only": FLAG,
        "write_only": FLAG,
        "renamed_from": NAME,
        "description": TEXT,
    }
)
PAIRS = mapping(NAME, minProperties=1)
RELATION = shape(
    {
        "rename": NAME,
        "target": NAME,
        "kind": words("to_one", "to_many"),
        "columns": PAIRS,
        "through": NAME,
        "near": PAIRS,
        "far": PAIRS,
        "only": mapping({"type": ["string", "number", "boolean"]}, minProperties=1),
        "inverse": NAME,
    }
)
ROLE_LIST: Schema = {"type": ["array", "string"], "items": NAME}
RULE = shape(
    {
        "role": NAME,
        "resource": NAME,
        "actions": {"type": ["array", "string"], "items": words(*ACTIONS, "*"), "minItems": 1},
        "fields": NAMES,
        "where": {"type": ["object", "array"]},
        "allow": FLAG,
        "defaults": {"type": "object"},
        "related": {"type": "object"},
    },
    "role",
    "actions",
)
HOOK = shape(
    {"resource": NAME, "when": words(*HOOKS), "call": {"type": "string", "pattern": "^[\\w.]+:\\w+$"}},
    "resource",
    "when",
    "call",
)
_SHOWN: Mapping[str, Schema] = {
    "name": NAME,
    "columns": mapping(NAME),
    "relations": mapping(NAME),
    "show": NAMES,
    "hide": NAMES,
    "times": words("iso", "epoch_ms"),
}
SHOWN = shape(_SHOWN)
SHOWN_IN_BAASIX = shape({**_SHOWN, "schema": {"type": "object"}})
SHOWN_IN = shape({**dict.fromkeys(DIALECTS, SHOWN), "baasix": SHOWN_IN_BAASIX})
SOFT_DELETE: Schema = {
    **shape({"column": NAME, "active": SCALAR, "deleted": SCALAR}, "column"),
    "type": ["string", "object"],
    "minLength": 1,
    "dependentRequired": {"active": ["deleted"], "deleted": ["active"]},
}
INDEX = shape({"name": NAME, "fields": {**NAMES, "minItems": 1, "uniqueItems": True}, "unique": FLAG}, "fields")
AUDIT: Schema = {**shape({"values": FLAG}), "type": ["boolean", "object"]}
RESOURCE = shape(
    {
        "table": NAME,
        "entity": NAME,
        "schema": NAME,
        "source": NAME,
        "fields": mapping(FIELD),
        "key": NAMES,
        "unique": {"type": "array", "items": {**NAMES, "minItems": 1}},
        "indexes": {"type": "array", "items": INDEX},
        "renamed_from": NAME,
        "relations": mapping(RELATION),
        "aliases": NAMES,
        "soft_delete": SOFT_DELETE,
        "tenant": NAME,
        "hidden": FLAG,
        "read_only": FLAG,
        "audit": AUDIT,
        "stamps": {"type": ["boolean", "array"], "items": words(*STAMPS)},
        "rules": {"type": "array", "items": RULE},
        "permissions": shape(dict.fromkeys(ACTIONS, ROLE_LIST)),
        "dialects": SHOWN_IN,
        "description": TEXT,
    }
)
ACCOUNTS = shape(
    {name: RESOURCE["properties"][name] for name in ("fields", "relations", "aliases", "rules", "dialects")}  # type: ignore[index]
)
