"""What a configuration says, as frozen values: the result of reading and checking, the input of everything else.

In: nothing; `crud.definitions.reading` makes these out of checked data. Out: `Config` and its parts.
All have defaults, so that tests and `config_for_database` can make small ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from crud.definitions.identity import Auth as Auth
from crud.definitions.identity import User as User
from crud.definitions.place import NOWHERE as NOWHERE
from crud.definitions.place import Place as Place
from crud.presentation import Shown
from sql.catalog import SoftDelete
from sql.types import Type

Audit = Literal["", "names", "values"]
Evolve = Literal["safe", "all", "nothing"]
NOTHING: Mapping[str, object] = MappingProxyType({})
EVOLVE: tuple[Evolve, ...] = ("safe", "all", "nothing")
DIALECTS = ("phantom", "xond", "sonicjs", "metal", "baasix")
ACTIONS = ("read", "create", "update", "delete", "list")
HOOKS = tuple(f"{time}_{action}" for time in ("before", "after") for action in ("create", "update", "delete", "read"))


@dataclass(frozen=True)
class Server:
    """Where the service listens, and which schema and source are the default ones.

    `evolve`: what of a changed definition the tables follow of their own accord; `watch`: changed files are noticed;
    `cors`: the origins whose pages may ask.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    default_schema: str = "main"
    system: str = "default"
    name: str = "dragoman"
    proxy_hops: int = 0
    cors: tuple[str, ...] = ()
    evolve: Evolve = "safe"
    watch: bool = True


@dataclass(frozen=True)
class Source:
    """A database. `folder`: of the files that are staged as one. `memory`: it lasts as long as the service, and has at
    most `max_bytes`; `autocreate`: rows for an entity that is not there make it."""

    name: str
    url: str = field(repr=False)
    busy_seconds: float = 5.0
    pool_size: int = 10
    read_only: bool = False
    folder: str = ""
    memory: bool = False
    autocreate: bool = False
    max_bytes: int = 100_000_000


@dataclass(frozen=True)
class FieldDefinition:
    """One declared column. What is None was not said; an annotation leaves it as introspection found it.

    `literal`: the default is the value itself, also where it is one of the words for values that are made.
    """

    name: str
    type: Type | None = None
    required: bool | None = None
    key: bool = False
    default: object = None
    has_default: bool = False
    literal: bool = False
    unique: bool = False
    references: str | None = None
    on_delete: str | None = None
    relation: str | None = None
    auto: str | None = None
    formula: str = ""
    storage: str | None = None
    read_only: bool = False
    write_only: bool = False
    renamed_from: str | None = None
    rules: Mapping[str, object] = field(default_factory=lambda: NOTHING, hash=False)
    place: Place = NOWHERE


@dataclass(frozen=True)
class IndexDefinition:
    """One declared index. `name` is what the database calls it; empty for the usual one."""

    name: str
    fields: tuple[str, ...]
    unique: bool = False
    place: Place = NOWHERE


@dataclass(frozen=True)
class RelationDefinition:
    """One declared relation, or the new name of a derived one (`rename`). `inverse` names the way back."""

    name: str
    rename: str | None = None
    target: str | None = None
    kind: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    through: str | None = None
    near: tuple[tuple[str, str], ...] = ()
    far: tuple[tuple[str, str], ...] = ()
    only: tuple[tuple[str, object], ...] = ()
    inverse: str | None = None
    place: Place = NOWHERE


@dataclass(frozen=True)
class RuleDefinition:
    """Who may do what. `fields` None means all; it may hold `*` and `-name` exclusions; empty means none.

    `related`: relation → a condition on the rows that are reached over it. `stored`: a row of our own table of
    permissions, whose conditions may use the names of Baasix.
    """

    role: str
    resource: str = "*"
    actions: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    where: object = None
    allow: bool = True
    defaults: Mapping[str, object] = field(default_factory=lambda: NOTHING, hash=False)
    related: Mapping[str, object] = field(default_factory=lambda: NOTHING, hash=False)
    stored: bool = False
    place: str = ""
    at: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class HookDefinition:
    """A Python callable (`package.module:function`) and when it is called: before_create, after_update …"""

    resource: str
    when: str
    call: str
    place: Place = NOWHERE


@dataclass(frozen=True)
class Of:
    """Whose table an entity has: that of an entity of another schema, or a table of a source. `more`: keys of its
    definition that do not go with this."""

    entity: str
    schema: str = ""
    source: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResourceDefinition:
    """One declared resource: the same shape for an entity, a metadata file and the additions to accounts.

    `renamed_from` is what its table, or that of a field its column, was called before. `of`: its table is another's.
    """

    entity: str
    namespace: str = "main"
    source: str = "default"
    table: str = ""
    fields: tuple[FieldDefinition, ...] = ()
    key: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[IndexDefinition, ...] = ()
    renamed_from: str | None = None
    relations: tuple[RelationDefinition, ...] = ()
    aliases: tuple[str, ...] = ()
    soft_delete: SoftDelete | None = None
    tenant: str | None = None
    hidden: bool = False
    read_only: bool = False
    audit: Audit = ""
    rules: tuple[RuleDefinition, ...] = ()
    shown: Mapping[str, Shown] = field(default_factory=dict)
    of: Of | None = None
    place: Place = NOWHERE


@dataclass(frozen=True)
class SchemaDefinition:
    """A schema: a namespace over a source. `roles` (canonical) None means that it does not restrict them.

    `everything`: tables of the source that no entity names are served too. `require_filter`: Metal refuses to change
    or delete all rows of an entity at once. `shared`: entities whose tables are those of others. `anonymize`: the
    columns that are shown as hashes; `*` is all that tell no rows apart. `plan`: the plan whose entities it serves;
    `planned`: what is said of those.
    """

    name: str
    source: str = "default"
    roles: tuple[str, ...] | None = None
    entities: tuple[ResourceDefinition, ...] = ()
    everything: bool = True
    require_filter: bool = False
    anonymize: tuple[str, ...] = ()
    shared: tuple[ResourceDefinition, ...] = ()
    plan: str = ""
    planned: tuple[ResourceDefinition, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True)
class DialectConfig:
    """A dialect's switch and mounts (default mount → mount). `scripts`: roles whose `${{ … }}` Metal evaluates."""

    enabled: bool = True
    mounts: Mapping[str, str] = field(default_factory=dict)
    trust_body_identity: bool = False
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What a request may cost. Everything beyond is answered with a 4xx, statement time with a 503."""

    filter_depth: int = 16
    filter_terms: int = 200
    include_depth: int = 6
    include_nodes: int = 50
    query_bytes: int = 65536
    header_bytes: int = 65536
    body_bytes: int = 10_000_000
    response_bytes: int = 10_000_000
    form_parts: int = 100
    list_items: int = 10_000
    import_bytes: int = 50_000_000
    import_row_bytes: int = 1_000_000
    import_errors: int = 100
    max_rows: int = 100_000
    statement_seconds: float = 5.0
    scripts: int = 20
    scripts_at_once: int = 2
    script_seconds: float = 0.5
    script_wait_seconds: float = 0.25
    script_chars: int = 10_000
    script_result_chars: int = 100_000
    script_memory_bytes: int = 32_000_000
    sort_keys: int = 20
    plan_steps: int = 50
    phantom_page: int = 100
    phantom_page_max: int = 1000
    xond_page: int = 10
    xond_page_max: int = 1000
    sonicjs_page: int = 1000
    sonicjs_page_max: int = 1000


@dataclass(frozen=True)
class CacheSettings:
    """Where answers are kept for readers who ask for that, for how long at most, how many, and how long each may be."""

    enabled: bool = True
    store: Literal["memory", "files", "redis"] = "files"
    path: str = "var/cache"
    url: str = field(default="", repr=False)
    max_seconds: float = 3600
    max_entries: int = 1000
    max_bytes: int = 1_000_000


@dataclass(frozen=True)
class Telemetry:
    """What is told of requests: a line of the log for each, statements that are slow (0: none). `figures` and `timing`
    are roles, besides administrators, that are told how the service does, and where the time of their requests went;
    `token` is shown by a program that reads the figures.
    """

    access_log: bool = True
    slow_seconds: float = 1.0
    figures: tuple[str, ...] = ()
    token: str = field(default="", repr=False)
    timing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """A whole configuration. `roles` is canonical role → actions; `schemas` include the undeclared default one."""

    file: str = ""
    server: Server = Server()
    auth: Auth = Auth()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    schemas: Mapping[str, SchemaDefinition] = field(default_factory=dict)
    accounts: ResourceDefinition = ResourceDefinition("accounts")
    rules: tuple[RuleDefinition, ...] = ()
    audit: Mapping[str, Audit] = field(default_factory=dict)
    hooks: tuple[HookDefinition, ...] = ()
    plans: Mapping[str, Mapping[str, tuple[Mapping[str, object], ...]]] = field(default_factory=dict)
    dialects: Mapping[str, DialectConfig] = field(default_factory=lambda: {name: DialectConfig() for name in DIALECTS})
    limits: Limits = Limits()
    cache: CacheSettings = CacheSettings()
    telemetry: Telemetry = Telemetry()
    metadata: Path | None = None
    sample: Path | None = None
    place: Place = NOWHERE

    def dialect(self, name: str) -> DialectConfig:
        """The settings of a dialect; one that nobody configured is on at its default mounts."""
        return self.dialects.get(name, DialectConfig())


def canonical_role(role: str) -> str:
    """`administrator` and `admin` are one role, `public` and `anon` are one."""
    return {"administrator": "admin", "public": "anon"}.get(role, role)
