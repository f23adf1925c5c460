"""What each key of a definition means, in the words that editors show beside it.

In: nothing. Out: `DESCRIPTIONS`: the place of a key in `schema` (the name of a shape, and the way to the key within it)
→ what it means. A test names the key that lacks its words here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crud.definitions.described_steps import STEPS
from crud.definitions.settings import DIALECTS

_DIALECT_NAMES = {"phantom": "Phantom", "xond": "Xond", "sonicjs": "SonicJS", "metal": "Metal", "baasix": "Baasix"}

_TOP = {
    "config": "What Dragoman serves: databases, resources, who may do what.",
    "resource": "A resource: one table or view as it is served.",
    "variable": "A value of the environment: ${NAME}, or ${NAME:-default}.",
}

_CONFIG = {
    "version": "Metal's version of this shape; not used further.",
    "server": "Where the service listens, and what is the default.",
    "auth": "How callers are known: tokens, sign-in, registration, issuers.",
    "roles": "Role → letters: c create, r read, u update, d delete, l list, a everything and reload.",
    "users": "People without an account, by the name that they sign in with.",
    "sources": "Name → a database.",
    "schemas": "Name → a namespace of resources over a source.",
    "schemas.source": "The source of its tables. Default: the source `default`, or the only one.",
    "schemas.roles": "The roles whose letters reach this schema. Absent: everybody's.",
    "schemas.tables": "all: every table that nobody else claims; declared (the default beside entities): these alone.",
    "schemas.anonymize": "Columns that are shown as keyed hashes, as a comma list; '*' is all but keys and references.",
    "schemas.require_filter": "true: Metal refuses a PATCH or DELETE without a filter. Default: false.",
    "schemas.entities": "Name → a resource. Where its table exists, it overrides only what it says; else it is made.",
    "accounts": "What is added to our own table of accounts.",
    "accounts.fields": "Columns that accounts have besides their own.",
    "accounts.relations": "Relations of accounts, added or renamed.",
    "accounts.aliases": "Other names of accounts.",
    "accounts.rules": "Who may do what with accounts.",
    "accounts.dialects": "How accounts are shown in each dialect.",
    "rules": "Who may do what. What no rule allows is refused; an administrator may do everything.",
    "audit": "Resource → whether changes of its rows are kept, also for resources that no entity describes.",
    "hooks": "Python functions that are called when rows are read or written.",
    "plans": "Plan → entity → its list of steps, one word per step; docs/plans.md. Entities are read as resources.",
    "dialects": "The five dialects: which answer, and under which paths.",
    "limits": "What a request may cost. Everything beyond is refused.",
    "cache": "Where answers are kept for readers who ask for that (Metal's `cache`).",
    "telemetry": "What is told of requests to those who look after the service.",
    "metadata": "A directory of Phantom's <Resource>.json, relative to this file.",
    "sample": "A directory of <entity>.json with rows, loaded when the entity's table is made; relative to this file.",
}

_SERVER = {
    "host": "The address to listen on. Default: 127.0.0.1.",
    "port": "The port to listen on; 0 is any free one. Default: 3000.",
    "default_schema": "The schema whose resources have plain names; others are `schema.entity`. Default: main.",
    "system": "The source of our own tables (_dragoman_…). Default: default.",
    "name": "What the service calls itself. Default: dragoman.",
    "proxy_hops": "How many proxies of yours stand in front, whose X-Forwarded-… are believed. Default: 0.",
    "cors": "The origins, exactly, whose pages may ask from a browser. Default: none.",
    "evolve": "What of a changed definition tables follow at start: safe (the default) loses nothing; all; nothing.",
    "watch": "false: changed files wait for a reload. Default: true.",
}

_AUTH = {
    "secret": "Signs tokens; at least 32 bytes. Empty: one is made at first start and kept.",
    "access_minutes": "How long an access token is good. Default: 60.",
    "refresh_days": "How long a refresh token is good. Default: 30.",
    "registration": "open: anybody can make an account. Default: closed.",
    "registration_role": "The role of who registers; not an administrator's. Default: user.",
    "algorithm": "How tokens are signed; no other way is accepted. Default: HS256.",
    "keys": "The keys of tokens, instead of `secret`. The first one signs, all of them verify.",
    "audience": "What tokens carry as `aud`, and must carry.",
    "issuers": "Others whose tokens hold here, by a name of your choice.",
    "passwords": "What a new password must be.",
    "passwords.min_length": "Characters that it has at least. Default: 8.",
    "passwords.max_length": "Characters that it has at most. Default: 256.",
    "hashes_at_once": "How many passwords a worker hashes at the same time; each takes 19 MB. Default: 4.",
    "lockout": "Wrong passwords lock an account for a while.",
    "lockout.failures": "How many wrong passwords do; 0 is never. Default: 10.",
    "lockout.window_minutes": "Within how many minutes. Default: 15.",
    "lockout.minutes": "For how many minutes. Default: 15.",
    "limits": "How often one caller may knock, like 20/minute; empty is no limit.",
    "limits.sign_in": "How often one caller may try to sign in. Default: 20/minute.",
    "limits.register": "How often one caller may register. Default: 20/minute.",
    "limits.refresh": "How often one caller may refresh a token. Default: 20/minute.",
    "limits.set_up": "How often one caller may try to set up the first administrator. Default: 20/minute.",
    "limits.storage": "Where it is counted: memory:// in each worker, or redis://… for all together.",
}

_KEY = {
    "id": "The `kid` of the tokens that it signs.",
    "secret": "For HS256: at least 32 bytes.",
    "private": "For RS256 and ES256: the private half, as PEM or as the path of a file with it.",
    "public": "For RS256 and ES256: the public half alone, which verifies.",
}

_ISSUER = {
    "issuer": "`iss` of its tokens.",
    "jwks": "The address of its keys.",
    "algorithms": "How its tokens are signed.",
    "audience": "`aud` of tokens that are meant for us.",
    "account_claim": "The claim that names an account, by e-mail or id. Absent: the caller needs none.",
    "roles_claim": "The claim with roles, or a dotted path into one.",
    "tenant_claim": "The claim with the tenant, or a dotted path to it.",
    "roles": "Its words for our roles; others are nothing here.",
    "default_roles": "The roles of who has no account. Default: user.",
    "cache_seconds": "How long its keys are kept. Default: 600.",
    "refetch_seconds": "How often they are asked for at most. Default: 30.",
    "timeout_seconds": "How long it may take to answer. Default: 5.",
    "allow_private": "true: its address may be in a private network, and http. Default: false.",
}

_SOURCE = {
    "provider": "Metal's word for the kind of database; files: a folder of CSV and JSON files; memory: as long as the "
    "service lasts; plan: a plan. Default: sqlite.",
    "url": "sqlite:///relative/path, sqlite:////absolute/path or postgresql://user@host/database.",
    "host": "The host of PostgreSQL. Default: localhost.",
    "port": "The port of PostgreSQL. Default: 5432.",
    "user": "Who connects to PostgreSQL.",
    "password": "His password; better as ${NAME}.",
    "database": "The path of a SQLite file, the name of a PostgreSQL database or of a plan, or a URL.",
    "options": "How the database is used.",
    "options.folder": "With the provider files: where they are, beside the configuration.",
    "options.autocreate": "With the provider memory: a POST to an entity that is not there makes it. Default: false.",
    "options.max_bytes": "With the provider memory: how large it may grow. Default: 100000000.",
    "options.busy_seconds": "How long a lock is waited for. Default: 5.",
    "options.pool_size": "Connections per worker. Default: 10.",
    "options.read_only": "true: nothing is ever written there. Default: false.",
}

_RESOURCE = {
    "table": "The table or view. Default: the entity's name.",
    "entity": "Metal's word for `table`; with `schema` or `source`, the entity or table that this is another name of.",
    "schema": "The schema that has the entity of which this is another name, with rules of its own.",
    "source": "The source of the table. Default: the schema's.",
    "fields": "Columns by their names.",
    "key": "The columns of the key, in order; a view may be given one, too.",
    "unique": "Lists of columns whose values together are unique.",
    "indexes": "Indexes of the table besides those of keys, uniques and references.",
    "renamed_from": "What the table was called before: its rows stay.",
    "relations": "Relations that are added to the derived ones, or renamed.",
    "aliases": "Other names, in every dialect.",
    "soft_delete": "The column that marks a deleted row: a time, or a status with its two values.",
    "soft_delete.column": "The column that says whether a row is alive.",
    "soft_delete.active": "Its value while the row is alive.",
    "soft_delete.deleted": "Its value when the row is deleted.",
    "tenant": "The column that says whose a row is.",
    "hidden": "true: answers as unknown to those who may not read it. Default: false.",
    "read_only": "true: nobody writes it. Default: false.",
    "audit": "true keeps who changed which columns of which row when.",
    "stamps": "true: created_at and updated_at, filled by the service; or a list of stamps.",
    "rules": "Who may do what here.",
    "permissions": "Phantom's shape of rules: action → roles.",
    **{f"permissions.{action}": f"The roles that may {action}." for action in ("read", "create", "update", "delete")},
    "permissions.list": "The roles that may list.",
    "dialects": "How it is shown in each dialect.",
    "description": "For the documentation.",
}

_RULES = {
    "max": "The most that a number, date or time may be; the length of a text or a list.",
    "min": "The least that a number, date or time may be; the length of a text or a list.",
    "max_length": "The most characters of a text, items of a list.",
    "min_length": "The least characters of a text, items of a list.",
    "pattern": "A regular expression for the whole text.",
    "format": "What a text must be.",
    "whole": "true: a number without a fraction.",
}

_FIELD = {
    "type": "What the column holds; `relation`: a column <name>Id and a relation <name> to its target.",
    "key": "true: the column is (part of) the key.",
    "primaryKey": "The same as `key`.",
    "required": "true: must not be null, and must be given unless there is a default.",
    "unique": "true: no two rows have the same value; where there is a tenant, no two of one tenant.",
    "default": "What an absent value becomes: a value; now, uuid, suid, increment; $CURRENT_USER is the caller.",
    "defaultValue": "The same as `default`.",
    "literal": "The default, also where it is one of the words for values that are made.",
    **_RULES,
    "each": "Rules for each item of an array, or both ends of a range.",
    "shape": "What the JSON of a json field must be.",
    "prefix": "What a prefixed key begins with. Default: the entity's name in the singular.",
    "values": "The words of an enum.",
    "precision": "Digits of a decimal.",
    "scale": "How many digits of a decimal follow the point.",
    "items": "The scalar of an array or a range.",
    "references": "What it refers to: a resource (its key), or resource.column.",
    "target": "The same as `references`.",
    "on_delete": "What happens to the row when the one that it refers to is deleted.",
    "onDelete": "The same as `on_delete`.",
    "auto": "Filled by the service.",
    "formula": "The database computes the column from others of its row: nobody writes it.",
    "storage": "How a SQLite column keeps its times (iso6z, space0, epoch, epoch_ms …), where detection errs.",
    "read_only": "true: never written by a caller.",
    "write_only": "true: never shown.",
    "renamed_from": "What the column was called before: its values stay.",
    "description": "For the documentation.",
}

_INDEX = {
    "name": "What the database calls it. Default: made of the names of the table and its columns.",
    "fields": "Its columns, in order.",
    "unique": "true: no two rows have the same values. Default: false.",
}

_RELATION = {
    "rename": "The new name of a derived relation.",
    "target": "The resource that it leads to.",
    "kind": "to_one or to_many; follows from the keys unless it is said.",
    "columns": "This side's column → that side's. May be left out where one foreign key leads there.",
    "through": "The junction between both sides.",
    "only": "Values that columns of the link must have: of this side to one, of the target to many, of a junction.",
    "near": "This side's column → the junction's.",
    "far": "The junction's column → that side's.",
    "inverse": "The name of the way back, on the resource that it leads to.",
}

_RULE = {
    "role": "Whom the rule speaks of; anon is everybody.",
    "resource": "What it speaks of. Default: *, all but our own tables.",
    "actions": "What it allows or denies; * is everything.",
    "fields": "Which columns: names, *, -name. Default: all.",
    "where": "Which rows: a condition, which may use $CURRENT_USER.",
    "allow": "false: a denial, which wins. Default: true.",
    "defaults": "Values that are set when a row is created.",
    "related": "Relation → a condition on the rows that are reached over it, in reading.",
}

_HOOK = {
    "resource": "A resource, one of its aliases, or *: all but our own tables.",
    "when": "When it is called.",
    "call": "module:function; a module beside this file is found.",
}

_SHOWN = {
    "name": "The resource's name there.",
    "columns": "Exact name → shown name.",
    "relations": "Exact name → shown name.",
    "show": "Only these columns.",
    "hide": "All but these columns and relations.",
    "times": "The form of times; epoch_ms are numbers. Default: iso.",
}
_SHOWN_IN_BAASIX = _SHOWN | {"schema": "The schema that a run-time collection was written with."}

_USER = {
    "password": "A text, a number, or an argon2 hash; better as ${NAME}.",
    "roles": "The roles of who signs in by this name.",
}

_DIALECT_SETTINGS = {
    **{name: f"The dialect {shown}." for name, shown in _DIALECT_NAMES.items()},
    **{f"{name}.enabled": "false: it does not answer. Default: true." for name in DIALECTS},
    **{f"{name}.mounts": "A default path → the path instead of it." for name in DIALECTS},
    "metal.scripts": "The roles, besides administrators, whose ${{ … }} in requests is evaluated.",
    "xond.trust_body_identity": "true: an unsigned jwtCookie is believed, behind a gateway that verifies it.",
}

_LIMITS = {
    "filter_depth": "How deep conditions may be nested. Default: 16.",
    "filter_terms": "How many conditions there may be. Default: 200.",
    "include_depth": "How deep relations may be included. Default: 6.",
    "include_nodes": "How many relations may be included. Default: 50.",
    "query_bytes": "Length of a query string. Default: 65536.",
    "header_bytes": "Length of all headers together. Default: 65536.",
    "form_parts": "Parts of a form that is sent. Default: 100.",
    "body_bytes": "Length of a body. Default: 10000000.",
    "response_bytes": "Length of an answer. Default: 10000000.",
    "list_items": "Values in one list of a filter. Default: 10000.",
    "import_bytes": "Length of a file that is sent to be imported. Default: 50000000.",
    "import_row_bytes": "Characters of one row of an import. Default: 1000000.",
    "import_errors": "Bad rows that an import reports; it stops looking there. Default: 100.",
    "max_rows": "Rows of one answer, included rows counted each time. Default: 100000.",
    "statement_seconds": "Time of one statement. Default: 5.",
    "scripts": "How many ${{ … }} a request may hold. Default: 20.",
    "scripts_at_once": "How many of them a worker evaluates at once. Default: 2.",
    "script_seconds": "How long those of a request may take together. Default: 0.5.",
    "script_wait_seconds": "How long others wait for a turn. Default: 0.25.",
    "script_chars": "Characters of one. Default: 10000.",
    "script_result_chars": "Characters of what one gives. Default: 100000.",
    "script_memory_bytes": "Memory of the engine that evaluates. Default: 32000000.",
    "sort_keys": "How many keys a sort may have. Default: 20.",
    "plan_steps": "How many steps an entity of a plan may have, with those that it uses. Default: 50.",
    "phantom_page": "Rows of a page of Phantom. Default: 100.",
    "phantom_page_max": "Rows of its largest page. Default: 1000.",
    "xond_page": "Rows of a page of Xond. Default: 10.",
    "xond_page_max": "Rows of its largest page. Default: 1000.",
    "sonicjs_page": "Rows of a page of SonicJS. Default: 1000.",
    "sonicjs_page_max": "Rows of its largest page. Default: 1000.",
}

_CACHE = {
    "enabled": "false: nothing is kept. Default: true.",
    "store": "memory of one worker, files for the workers of one host (the default), redis for several hosts.",
    "path": "The folder of files, relative to where the service is started. Default: var/cache.",
    "url": "The address of Redis: redis://host:port/number.",
    "max_seconds": "For how long an answer is kept at most, whatever is asked. Default: 3600.",
    "max_entries": "How many answers are kept, in memory and files. Default: 1000.",
    "max_bytes": "The length of the longest answer that is kept. Default: 1000000.",
}

_TELEMETRY = {
    "access_log": "false: no line in the log for each request. Default: true.",
    "slow_seconds": "A statement that takes so long is named in the log; 0: none is. Default: 1.",
    "figures": "The roles, besides administrators, that may read /metrics and the figures of /ready.",
    "token": "What a program shows that reads the figures; at least 32 bytes. Empty: there is none.",
    "timing": "The roles, besides administrators, whose answers have a Server-Timing.",
}

_SHAPES: Mapping[str, Mapping[str, str]] = {
    "config": _CONFIG | {f"dialects.{name}": text for name, text in _DIALECT_SETTINGS.items()},
    "server": _SERVER,
    "auth": _AUTH,
    "key": _KEY,
    "issuer": _ISSUER,
    "source": _SOURCE,
    "resource": _RESOURCE,
    "field": _FIELD,
    "item_rules": _RULES,
    "index": _INDEX,
    "relation": _RELATION,
    "rule": _RULE,
    "hook": _HOOK,
    "presentations": {name: f"How {_DIALECT_NAMES[name]} shows it." for name in DIALECTS},
    "shown": _SHOWN,
    "shown_in_baasix": _SHOWN_IN_BAASIX,
    "audit": {"values": "true keeps the values too."},
    "user": _USER,
    "step": STEPS,
    "limits": _LIMITS,
    "cache": _CACHE,
    "telemetry": _TELEMETRY,
}
DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    _TOP | {f"{shape}.{key}": text for shape, keys in _SHAPES.items() for key, text in keys.items()}
)
