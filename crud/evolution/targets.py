"""What the references of definitions lead to, before any of their tables has to exist.

In: a `Config`, and what introspection found in each source. Out: `Known`: names as definitions write them, the type
that a column takes of its target, and which references the database can hold as constraints.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from crud import naming, system
from crud.definitions.config import Config
from crud.definitions.declared import FieldDefinition, ResourceDefinition
from crud.definitions.semantics import declared, exact_name, named, shared
from crud.resources import find_table, reference, uniques_of
from sql.catalog import Table
from sql.introspection import TableInfo
from sql.types import Type

Found = Mapping[str, Mapping[Table, TableInfo]]
_WHOLE = frozenset({"integer", "bigint", "epoch_ms"})
_TEXTS = frozenset({"string", "text", "email", "enum", "citext"})


@dataclass(frozen=True)
class Target:
    """A table that references may lead to. `follows`: columns that take the type of what they refer to.

    `unique`: columns of which the database keeps every value apart. `definition`: what lays the table out; None where
    it is taken as it was found.
    """

    exact: str
    source: str
    namespace: str
    table: Table
    types: Mapping[str, Type]
    key: tuple[str, ...]
    unique: frozenset[str]
    follows: Mapping[str, str] = field(default_factory=dict)
    definition: ResourceDefinition | None = None


@dataclass(frozen=True)
class Known:
    """All targets by exact name, and what definitions of a (source, namespace) call them."""

    targets: Mapping[str, Target]
    names: Mapping[tuple[str, str], Mapping[str, str]]

    def target(self, written: str, source: str, namespace: str) -> tuple[Target | None, str]:
        """The target and column of `resource` or `resource.column`; no target where there is none: the loader tells."""
        exact, column = reference(written, self.names.get((source, namespace), {}))
        found = self.targets.get(exact)
        return found, column or (found.key if found and found.key else ("",))[0]

    def type_of(self, target: Target, column: str, seen: frozenset[tuple[str, str]] = frozenset()) -> Type | None:
        """The type of a column, which may take it of a target of its own."""
        here = (target.exact, column)
        if column in target.types or column not in target.follows or here in seen:
            return target.types.get(column)
        further, there = self.target(target.follows[column], target.source, target.namespace)
        return self.type_of(further, there, seen | {here}) if further else None

    def types(self, definition: ResourceDefinition) -> Mapping[str, Type]:
        """The types of fields that say none and take that of what they refer to."""
        found: dict[str, Type] = {}
        for said in definition.fields:
            if said.references and said.type is None:
                target, column = self.target(said.references, definition.source, definition.namespace)
                type = self.type_of(target, column) if target else None
                found |= {said.name: type} if type else {}
        return found

    def constraint(self, definition: ResourceDefinition, said: FieldDefinition) -> tuple[Target, str] | None:
        """Where a field's reference leads, if the database can see to it: to a unique column of a type like its own."""
        target, column = self.target(said.references or "", definition.source, definition.namespace)
        if target is None or target.source != definition.source or column not in target.unique:
            return None
        there = self.type_of(target, column)
        here = said.type or there
        return (target, column) if here and there and comparable(here, there) else None


def comparable(here: Type, there: Type) -> bool:
    """Whether a constraint may lead from a column of one type to one of another, on both databases."""
    groups = (_WHOLE, _TEXTS, _WHOLE | {"decimal"} if there.name == "decimal" else _WHOLE)
    return here.name == there.name or any({here.name, there.name} <= group for group in groups)


def exact_of(config: Config, definition: ResourceDefinition) -> str:
    """The catalog's name of a definition, also of our own."""
    if definition.namespace == "system" and definition.table.startswith(system.PREFIX):
        return definition.table
    return exact_name(definition, config.server.default_schema)


def survey(config: Config, found: Found, laid_out: Collection[str]) -> Known:
    """What references may lead to. `laid_out`: the exact names of the definitions that their tables follow."""
    definitions = declared(config)
    targets = {target.exact: target for target in _undeclared(config, found)}
    for definition in definitions:
        exact = exact_of(config, definition)
        info = find_table(definition, found.get(definition.source, {}))
        if exact in laid_out:
            targets[exact] = _laid_out(definition, exact, info.table if info else Table(definition.table))
        elif info:
            targets[exact] = _as_found(info, exact, definition.source, definition.namespace)
    for each in shared(config):
        home = _home(config, each, targets)
        targets |= {exact_of(config, each): home} if home else {}
    for own in system.definitions(config):
        targets[own.table] = _laid_out(own, own.table, Table(own.table))
    return Known(targets, _names(config, targets, named(config)))


def _home(config: Config, said: ResourceDefinition, targets: Mapping[str, Target]) -> Target | None:
    """What an entity is another name of."""
    of = said.of
    if of is None:
        return None
    if of.schema:
        return targets.get(exact_name(ResourceDefinition(of.entity, of.schema), config.server.default_schema))
    return next((each for each in targets.values() if (each.source, each.table.name) == (of.source, of.entity)), None)


def _laid_out(definition: ResourceDefinition, exact: str, table: Table) -> Target:
    singles = [unique[0] for unique in (definition.key, *uniques_of(definition)) if len(unique) == 1]
    indexed = [index.fields[0] for index in definition.indexes if index.unique and len(index.fields) == 1]
    return Target(
        exact,
        definition.source,
        definition.namespace,
        table,
        {said.name: said.type for said in definition.fields if said.type},
        definition.key,
        frozenset(singles + indexed),
        {said.name: said.references for said in definition.fields if said.references and said.type is None},
        definition,
    )


def _as_found(info: TableInfo, exact: str, source: str, namespace: str) -> Target:
    types = {column.name: column.type for column in info.columns}
    singles = frozenset(unique[0] for unique in (info.key, *info.uniques) if len(unique) == 1)
    return Target(
        exact, source, namespace, info.table, types, info.key, singles if info.kind == "table" else frozenset()
    )


def _undeclared(config: Config, found: Found) -> Iterator[Target]:
    """Tables as they would be called if nobody declared them; those of the default schema go last, and win."""
    main = config.server.default_schema
    for schema in sorted(config.schemas.values(), key=lambda schema: schema.name == main):
        for info in found.get(schema.source, {}).values():
            namespace = info.table.schema or schema.name
            exact = info.table.name if namespace == main else f"{namespace}.{info.table.name}"
            if not info.table.name.startswith(system.PREFIX):
                yield _as_found(info, exact, schema.source, namespace)


def _names(
    config: Config, targets: Mapping[str, Target], definitions: Iterable[ResourceDefinition]
) -> Mapping[tuple[str, str], Mapping[str, str]]:
    general = {word: exact for word, exact in system.WORDS.items() if exact in targets}
    for definition in definitions:
        exact = exact_of(config, definition)
        forms = (naming.pascal_singular(definition.entity), naming.camel_singular(definition.entity))
        general |= dict.fromkeys((*forms, *definition.aliases), exact)
    general |= {exact: exact for exact in targets}
    spaces = {*config.schemas, "system"}
    entities = {s: {d.entity: exact_of(config, d) for d in definitions if d.namespace == s} for s in spaces}
    return {
        (source, space): _tables_of(targets, source) | general | entities[space]
        for source in config.sources
        for space in spaces
    }


def _tables_of(targets: Mapping[str, Target], source: str) -> dict[str, str]:
    return {target.table.name: exact for exact, target in targets.items() if target.source == source}
