"""The catalog: every resource that is served, as it stands in the database. Immutable.

In: columns, keys and relations found by introspection or declared in a definition.
Out: lookups that give a `Resource`, `Column` or `Relation`, or raise `Unknown…`.
The names here are the exact ones; how a dialect shows them is `crud.presentation`.
"""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from sql.errors import UnknownColumn, UnknownRelation, UnknownResource
from sql.query import Plan, Sort
from sql.types import Type

LONGEST_NAME = 63  # bytes of a name that PostgreSQL keeps
Pairs = tuple[tuple[str, str], ...]
Only = tuple[tuple[str, object], ...]
EMPTY: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Default:
    """What an absent value becomes: `kind` is literal, now, uuid, suid, caller, increment or sql (its own)."""

    kind: str
    value: object = None


@dataclass(frozen=True)
class Column:
    """One column. `native` is the database's own name of the type, `storage` how SQLite keeps a time, `formula` what
    the database computes it from (`sql.formulas`), `masked` whether readers are given its hashes (`sql.masking`)."""

    name: str
    type: Type
    nullable: bool = True
    default: Default | None = None
    generated: bool = False
    formula: str = ""
    auto: str | None = None
    native: str = ""
    storage: str | None = None
    read_only: bool = False
    write_only: bool = False
    masked: bool = False
    rules: Mapping[str, object] = field(default_factory=lambda: EMPTY, compare=False)


@dataclass(frozen=True)
class Table:
    """Where rows are: a table or view in a source. `schema` is None for the database's default schema."""

    name: str
    schema: str | None = None


@dataclass(frozen=True)
class Through:
    """A junction table. `near` pairs (this column, junction column), `far` (junction column, target column).

    `only`: columns of the junction that must have these values.
    """

    table: Table
    resource: str
    near: Pairs
    far: Pairs
    only: Only = ()


@dataclass(frozen=True)
class Relation:
    """A way from one resource to another. `columns` pairs (this column, target column); empty with `through`.

    `only`: columns of this side that must have these values, or nothing is there; `only_there`: those of the target.
    """

    name: str
    kind: Literal["to_one", "to_many"]
    target: str
    columns: Pairs = ()
    through: Through | None = None
    only: Only = ()
    only_there: Only = ()

    @property
    def near(self) -> tuple[str, ...]:
        """This side's columns."""
        pairs = self.through.near if self.through else self.columns
        return tuple(here for here, _ in pairs)

    @cached_property
    def links(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """All columns by which it leads: this side's, the junction's, the target's."""
        here = frozenset((*self.near, *(name for name, _ in self.only)))
        there = frozenset(name for name, _ in self.only_there)
        if self.through is None:
            return here, frozenset(), there | {far for _, far in self.columns}
        middle = self.through
        names = (*(link for _, link in middle.near), *(link for link, _ in (*middle.far, *middle.only)))
        return here, frozenset(names), there | {far for _, far in middle.far}


@dataclass(frozen=True)
class Reference:
    """A foreign key. `columns` pairs (this column, target column), `on_delete` is in SQL's words.

    `enforced`: the database has this constraint; else only the definition says so.
    """

    columns: Pairs
    target: str
    on_delete: str = "NO ACTION"
    enforced: bool = True


@dataclass(frozen=True)
class SoftDelete:
    """How a row is marked deleted: a time column (NULL while alive), or a status column with its two values."""

    column: str
    active: object = None
    deleted: object = None


@dataclass(frozen=True, eq=False)
class Resource:
    """One table as exposed. `name` is unique in the catalog; `namespace` and `entity` are Metal's two words.

    `table` takes writes; `reads` (a view over it) answers reads where it is given. `audit`: what is kept of changes.
    `shares`: the resource whose table this is another name of. `plan`: by which its rows are made, where it is no
    table; `order`: in which they come before the key completes it.
    """

    name: str
    table: Table
    columns: Mapping[str, Column]
    key: tuple[str, ...] = ()
    relations: Mapping[str, Relation] = field(default_factory=lambda: MappingProxyType({}))
    uniques: tuple[tuple[str, ...], ...] = ()
    references: tuple[Reference, ...] = ()
    namespace: str = "main"
    entity: str = ""
    source: str = "default"
    reads: Table | None = None
    writable: bool = True
    hidden: bool = False
    system: bool = False
    soft_delete: SoftDelete | None = None
    tenant: str | None = None
    audit: Literal["", "names", "values"] = ""
    shares: str = ""
    plan: Plan | None = None
    order: "tuple[Sort, ...]" = ()

    @property
    def home(self) -> str:
        """The one name that all resources over its table have in common."""
        return self.shares or self.name

    def column(self, name: str) -> Column:
        """The column of this exact name. Raises UnknownColumn."""
        try:
            return self.columns[name]
        except KeyError:
            raise UnknownColumn(self.name, name) from None

    def relation(self, name: str) -> Relation:
        """The relation of this exact name. Raises UnknownRelation."""
        try:
            return self.relations[name]
        except KeyError:
            raise UnknownRelation(self.name, name) from None


@dataclass(frozen=True, eq=False)
class Catalog:
    """All resources by their exact names."""

    resources: Mapping[str, Resource]

    def resource(self, name: str) -> Resource:
        """The resource of this exact name. Raises UnknownResource."""
        try:
            return self.resources[name]
        except KeyError:
            raise UnknownResource(name) from None

    def extended(self, more: Mapping[str, Resource]) -> "Catalog":
        """The same with other resources in front, also those that `more` gets later."""
        return Catalog(ChainMap(more, self.resources))  # type: ignore[arg-type]  # which nobody writes through

    def target(self, relation: Relation) -> Resource:
        """The resource that a relation leads to."""
        return self.resource(relation.target)

    def children(self, resource: Resource) -> tuple[tuple[Resource, Reference], ...]:
        """Who refers to a resource, by whichever of its table's names, and how; each of them under one name."""
        return self._children.get(resource.home, ())

    @cached_property
    def _children(self) -> Mapping[str, tuple[tuple[Resource, Reference], ...]]:
        found: dict[str, tuple[tuple[Resource, Reference], ...]] = {}
        for child in (each for each in self if not each.shares):
            for link in child.references:
                home = self.resources[link.target].home if link.target in self.resources else link.target
                found[home] = (*found.get(home, ()), (child, link))
        return found

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())
