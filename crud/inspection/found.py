"""What there is to be written: the catalog of a database that nobody declared, with the tables that it was made of.

In: a source, the tables that introspection found there. Out: `Found`, and the words by which definitions may refer to a
resource. Our own tables are made up where the database has none yet, since they are left out anyway.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crud import naming, system
from crud.definitions.config import Config
from crud.definitions.declared import SchemaDefinition
from crud.definitions.problems import Problem
from crud.definitions.semantics import SYSTEM_WORDS
from crud.definitions.settings import Server, Source
from crud.loader import Loaded, build
from crud.relations.drafts import word
from crud.resources import planned
from sql.catalog import Column, Resource, Table
from sql.introspection import Index, TableInfo
from sql.layout import Layout
from sql.sqlite.storage import CANONICAL


@dataclass(frozen=True)
class Found:
    """A database. `loaded` is what is served of it when nobody has declared anything, `recorded` how we made tables."""

    source: Source
    loaded: Loaded
    tables: Mapping[Table, TableInfo]
    recorded: Mapping[Table, Layout]
    default_schema: str = "main"

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All but our own."""
        return tuple(resource for resource in self.loaded.catalog if not resource.system)

    def uniques(self, resource: Resource) -> tuple[tuple[str, ...], ...]:
        """The columns that are unique together: where we made the table, without those of indexes."""
        made = self.recorded.get(resource.table)
        return made.uniques if made else resource.uniques

    def indexes(self, resource: Resource) -> tuple[Index, ...]:
        """The indexes besides those that keys, uniques and references bring along."""
        made = self.recorded.get(resource.table)
        return made.indexes if made else tuple(index for index in self.info(resource).indexes if not index.unique)

    def storage(self, resource: Resource, column: Column) -> str | None:
        """How times are kept, where it has to be said."""
        made = self.recorded.get(resource.table)
        if made and column.name in made.names:
            return made.column(column.name).storage
        return None if column.storage == CANONICAL.get(column.type.name) else column.storage

    def info(self, resource: Resource) -> TableInfo:
        """The table of a resource."""
        return self.tables[resource.table]


@dataclass(frozen=True)
class Read:
    """What was read of a database: tables, our own among them, and the layouts of those that we made."""

    tables: tuple[TableInfo, ...]
    recorded: Mapping[Table, Layout] = field(default_factory=dict)


def find(source: Source, read: Read, *, default_schema: str = "main") -> Found:
    """What is in a database."""
    config = _bare(source, default_schema)
    loaded = build(config, with_own(config, read.tables))
    return Found(source, loaded, {info.table: info for info in read.tables}, read.recorded, default_schema)


def _bare(source: Source, default_schema: str) -> Config:
    return Config(
        server=Server(default_schema=default_schema, system=source.name),
        sources={source.name: source},
        schemas={default_schema: SchemaDefinition(default_schema, source.name)},
    )


def with_own(config: Config, tables: tuple[TableInfo, ...]) -> dict[str, Mapping[Table, TableInfo]]:
    """The tables of the system's source, with our own where they are still to be made."""
    found = {info.table: info for info in tables}
    for definition in system.definitions(config):
        problems: list[Problem] = []
        table = Table(definition.table)
        columns = planned(definition, {}, problems)
        found.setdefault(table, TableInfo(table, "table", columns, definition.key))
    return {config.server.system: found}


def called(name: str) -> str:
    """What people call a resource: `accounts`, not our own table's name."""
    return next((word for word in SYSTEM_WORDS if system.WORDS[word] == name), name)


@dataclass(frozen=True)
class Words:
    """What definitions may call resources. `taken`: how often a text is the name of one, in any form."""

    default_schema: str
    taken: Counter[str]

    @staticmethod
    def of(found: Found) -> "Words":
        """The words of all resources."""
        return Words(found.default_schema, Counter(each for r in found.resources for each in _forms(r)))

    def reference(self, here: Resource, there: Resource, column: str) -> str | None:
        """What a field says of its reference to a column, or None where no word means that one alone."""
        name = self._name(here, there)
        if name is None or there.key == (column,):
            return name
        whole = f"{name}.{column}"
        return None if self.taken[whole] or "." in column else whole

    def _name(self, here: Resource, there: Resource) -> str | None:
        if there.system:
            return next((w for w in SYSTEM_WORDS if system.WORDS[w] == there.name and not self.taken[w]), None)
        if here.namespace == there.namespace:
            return there.entity
        return f"{there.namespace}.{there.entity}" if there.namespace == self.default_schema else there.name


def _forms(resource: Resource) -> Iterator[str]:
    entity = word(resource)
    yield from {resource.name, entity, naming.pascal_singular(entity), naming.camel_singular(entity)}
