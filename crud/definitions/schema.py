"""The shape of definitions as JSON Schema: what a configuration, an entity and a metadata file may say.

In: nothing. Out: `CONFIG` and `RESOURCE`, data for `jsonschema`. Every object refuses unknown keys.
"""

from collections.abc import Mapping

from crud.definitions.declared import ACTIONS, HOOKS
from crud.definitions.settings import DIALECTS, EVOLVE, Limits
from crud.definitions.steps import STEP
from crud.definitions.values import FORMATS, SHAPES
from crud.definitions.words import FLAG, NAME, TEXT, Schema, mapping, shape, words
from sql.types import TYPES

COUNT: Schema = {"type": "integer", "minimum": 1}
NAMES: Schema = {"type": "array", "items": NAME}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
SECONDS: Schema = {"type": "number", "exclusiveMinimum": 0}
ORIGIN: Schema = {"type": "string", "pattern": r"^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$"}
LIMIT: Schema = {"type": ["number", "string"]}
AUTO = ("created_at", "updated_at", "created_by", "updated_by", "status", "uuid", "prefixed", "increment")
STAMPS = AUTO[:5]
ON_DELETE = ("cascade", "set null", "restrict", "no action", "set_null", "no_action")
ON_DELETE_WORDS = (*ON_DELETE, *(word.upper() for word in ON_DELETE))
ASYMMETRIC = ("RS256", "ES256")
DOORS = ("sign_in", "register", "refresh", "set_up")
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

SOURCE = shape(
    {
        "provider": words("sqlite", "postgres", "files", "memory", "plan"),
        "url": NAME,
        "host": NAME,
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "user": NAME,
        "password": {"type": ["string", "number"]},
        "database": NAME,
        "options": shape(
            {
                **{"busy_seconds": SECONDS, "pool_size": COUNT, "read_only": FLAG, "folder": NAME},
                **{"autocreate": FLAG, "max_bytes": COUNT},
            }
        ),
    }
)

SERVER = shape(
    {
        "host": NAME,
        "port": {"type": "integer", "minimum": 0, "maximum": 65535},
        "default_schema": NAME,
        "system": NAME,
        "name": NAME,
        "proxy_hops": {"type": "integer", "minimum": 0, "maximum": 10},
        "cors": {"type": "array", "items": ORIGIN, "uniqueItems": True},
        "evolve": words(*EVOLVE),
        "watch": FLAG,
    }
)

KEY = shape({"id": NAME, "secret": NAME, "private": NAME, "public": NAME}, "id")
ISSUER = shape(
    {
        "issuer": NAME,
        "jwks": NAME,
        "algorithms": {"type": "array", "items": words(*ASYMMETRIC), "minItems": 1, "uniqueItems": True},
        "audience": NAME,
        "account_claim": NAME,
        "roles_claim": NAME,
        "tenant_claim": NAME,
        "roles": mapping(NAME),
        "default_roles": NAMES,
        "cache_seconds": SECONDS,
        "refetch_seconds": SECONDS,
        "timeout_seconds": SECONDS,
        "allow_private": FLAG,
    },
    *("issuer", "jwks", "algorithms", "audience"),
)
RATE: Schema = {"type": "string", "pattern": "^([1-9][0-9]*/(second|minute|hour|day))?$"}

AUTH = shape(
    {
        "secret": TEXT,
        "access_minutes": SECONDS,
        "refresh_days": SECONDS,
        "registration": words("open", "closed"),
        "registration_role": NAME,
        "algorithm": words("HS256", *ASYMMETRIC),
        "keys": {"type": "array", "items": KEY, "minItems": 1},
        "audience": NAME,
        "issuers": mapping(ISSUER),
        "passwords": shape({"min_length": COUNT, "max_length": COUNT}),
        "hashes_at_once": COUNT,
        "lockout": shape(
            {"failures": {"type": "integer", "minimum": 0}, "window_minutes": SECONDS, "minutes": SECONDS}
        ),
        "limits": shape({**dict.fromkeys(DOORS, RATE), "storage": NAME}),
    }
)

MOUNT: Schema = {"type": "string", "pattern": "^(/[A-Za-z0-9._~-]+)*$"}
DIALECT: Schema = {"enabled": FLAG, "mounts": mapping(MOUNT)}
OWN_SETTINGS: dict[str, Schema] = {"xond": {"trust_body_identity": FLAG}, "metal": {"scripts": NAMES}}
DIALECT_SETTINGS = {name: shape({**DIALECT, **OWN_SETTINGS.get(name, {})}) for name in DIALECTS}

LIMITS = shape({name: SECONDS if name.endswith("_seconds") else COUNT for name in Limits.__dataclass_fields__})

CACHE: Schema = {
    **shape(
        {
            "enabled": FLAG,
            "store": words("memory", "files", "redis"),
            "path": NAME,
            "url": NAME,
            "max_seconds": SECONDS,
            "max_entries": COUNT,
            "max_bytes": COUNT,
        }
    ),
    "if": {"properties": {"store": {"const": "redis"}}, "required": ["store"]},
    "then": {"required": ["url"]},
}

TELEMETRY = shape(
    {
        "access_log": FLAG,
        "slow_seconds": {"type": "number", "minimum": 0},
        "figures": NAMES,
        "token": TEXT,
        "timing": NAMES,
    }
)

USER = shape({"password": {"type": ["string", "number"]}, "roles": NAMES}, "password")

CONFIG = shape(
    {
        "version": {"type": ["string", "number"]},
        "server": SERVER,
        "auth": AUTH,
        "roles": mapping({"type": "string", "pattern": "^(?!.*(.).*\\1)[crudal]+$"}),
        "users": mapping(USER),
        "sources": mapping(SOURCE),
        "schemas": mapping(
            shape(
                {
                    "source": NAME,
                    "roles": NAMES,
                    "tables": words("all", "declared"),
                    "require_filter": FLAG,
                    "anonymize": NAME,
                    "entities": mapping(RESOURCE),
                }
            )
        ),
        "accounts": ACCOUNTS,
        "rules": {"type": "array", "items": RULE},
        "audit": mapping(AUDIT),
        "hooks": {"type": "array", "items": HOOK},
        "plans": mapping(mapping({"type": "array", "items": STEP, "minItems": 1})),
        "dialects": shape(dict(DIALECT_SETTINGS)),
        "limits": LIMITS,
        "cache": CACHE,
        "telemetry": TELEMETRY,
        "metadata": NAME,
        "sample": NAME,
    }
)
