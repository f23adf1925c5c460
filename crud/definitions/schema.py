"""The shape of a whole configuration as JSON Schema: the settings of the service, and around them what is declared.

In: nothing. Out: `CONFIG` and its parts, data for `jsonschema`. Every object refuses unknown keys.
"""

from crud.definitions.declared_schema import ACCOUNTS, AUDIT, HOOK, RESOURCE, RULE
from crud.definitions.settings import DIALECTS, EVOLVE, Limits
from crud.definitions.steps import STEP
from crud.definitions.words import COUNT, FLAG, NAME, NAMES, TEXT, Schema, mapping, shape, words

SECONDS: Schema = {"type": "number", "exclusiveMinimum": 0}
# As a browser writes it: without the port that its scheme has anyway.
PLAIN = r"^(?!https://[^:]*:443$|http://[^:]*:80$)"
ORIGIN: Schema = {"type": "string", "pattern": PLAIN + r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$"}
ASYMMETRIC = ("RS256", "ES256")
DOORS = ("sign_in", "register", "refresh", "set_up")

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
