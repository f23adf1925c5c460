"""What is declared of resources, as frozen values: fields, indexes, relations, rules, hooks, resources, schemas.

In: nothing; `crud.definitions.reading` makes these out of checked data. Out: values that all else is made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from crud.definitions.place import NOWHERE, Place
from crud.presentation import Shown
from sql.catalog import SoftDelete
from sql.types import Type

Audit = Literal["", "names", "values"]
NOTHING: Mapping[str, object] = MappingProxyType({})
ACTIONS = ("read", "create", "update", "delete", "list")
HOOKS = tuple(f"{time}_{action}" for time in ("before", "after") for action in ("create", "update", "delete", "read"))


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
