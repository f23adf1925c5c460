"""Builds everything that is served out of a configuration and the databases as they stand.

In: a `Config` and an open database per source. Out: `Loaded`: the catalog, a presentation per dialect, the rules under
exact names. Deterministic: workers that load the same things agree without talking. A catalog with mistakes is never
given out: all of them come in one `ConfigError`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from crud import across, naming, system
from crud.access.rules import collect_rules, lettered
from crud.audit import audits
from crud.definitions.config import DIALECTS, Audit, Config, ResourceDefinition, RuleDefinition, SchemaDefinition
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.semantics import declared, exact_name
from crud.evolution.applying import bring_up
from crud.evolution.made import Tables, as_made
from crud.evolution.records import Where
from crud.masked import masked
from crud.presentation import Declared, Presentation, present
from crud.relations import Draft, Link, derive
from crud.resources import check_shown, declared_resource, find_table, found_resource, reference
from sql.catalog import Catalog, Relation, Resource, Table
from sql.database import Database
from sql.introspection import TableInfo

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, eq=False)
class Loaded:
    """What the loader built. `written`: the rules that somebody wrote; `rules` has Metal's letters besides.

    `problems` are warnings for the log: names that are not offered, unreachable tables.
    """

    catalog: Catalog
    presentations: Mapping[str, Presentation]
    written: tuple[RuleDefinition, ...]
    rules: tuple[RuleDefinition, ...]
    problems: tuple[Problem, ...] = ()
    declared: Declared = field(default_factory=Declared)

    def presentation(self, dialect: str) -> Presentation:
        """The presentation of a dialect, also of one that has no customs of its own."""
        return self.presentations.get(dialect) or present(dialect, self.catalog, self.declared)


@dataclass(frozen=True)
class Part:
    """One resource with its definition, if it has one."""

    resource: Resource
    info: TableInfo
    definition: ResourceDefinition | None = None


def load(
    config: Config,
    databases: Mapping[str, Database],
    *,
    losing: bool | Collection[Where] | None = None,
    drop: bool | Collection[Where] = (),
    alone_already: bool = False,
) -> Loaded:
    """Bring tables up to their definitions (`bring_up`), introspect, and build. Raises ConfigError."""
    bring_up(config, databases, losing=losing, drop=drop, alone_already=alone_already)
    return look(config, databases)


def look(config: Config, databases: Mapping[str, Database]) -> Loaded:
    """Introspect, and build: somebody else has made what is declared. Raises ConfigError."""
    tables = {
        name: {info.table: info for info in database.tables(include_own=name == config.server.system)}
        for name, database in databases.items()
    }
    return build(config, as_made(databases, tables, config.server.system))


def build(config: Config, tables: Tables) -> Loaded:
    """Build from what introspection found. Raises ConfigError."""
    problems: list[Problem] = []
    parts = {part.resource.name: part for part in _parts(config, tables, problems)}
    names = _names(config, parts)
    drafts = {name: _draft(part, parts, names=names, problems=problems) for name, part in parts.items()}
    relations, wrong = derive(drafts, names)
    problems += wrong
    kept = _audits(config, parts, names=names, problems=problems)
    finished = {name: _finished(drafts[name], relations[name], kept.get(name, "")) for name in parts}
    catalog = Catalog(masked(config, finished, problems))
    for name, part in parts.items():
        if part.definition:
            problems += check_shown(catalog.resource(name), part.definition)
    rules, wrong = collect_rules(config, catalog, names)
    return _loaded(config, catalog, parts, rules=rules, problems=problems + wrong)


def _loaded(
    config: Config,
    catalog: Catalog,
    parts: Mapping[str, Part],
    *,
    rules: tuple[RuleDefinition, ...],
    problems: list[Problem],
) -> Loaded:
    if any(not problem.warning for problem in problems):
        raise ConfigError(problems)
    said = _declared_names(config, parts)
    dialects = dict.fromkeys([*DIALECTS, *config.dialects])
    presentations = {dialect: present(dialect, catalog, said) for dialect in dialects}
    notes = [Problem(note, warning=True) for p in presentations.values() for note in p.notes]
    every = (*rules, *lettered(config, catalog, rules))
    return Loaded(catalog, MappingProxyType(presentations), rules, every, (*problems, *notes), said)


def _finished(draft: Draft, relations: Mapping[str, Relation], kept: Audit) -> Resource:
    references = tuple(link.reference for link in draft.links)
    return replace(draft.resource, relations=MappingProxyType(dict(relations)), references=references, audit=kept)


def _audits(config: Config, parts: Mapping[str, Part], *, names: Names, problems: list[Problem]) -> Mapping[str, Audit]:
    said = {name: part.definition for name, part in parts.items() if part.definition}
    declared = {name: (each.audit, each.place / "audit") for name, each in said.items()}
    resources = {name: part.resource for name, part in parts.items()}
    known = names.get(config.server.default_schema, {})
    kept, wrong = audits(config, resources, declared, names=known)
    problems += wrong
    return kept


def _declared_names(config: Config, parts: Mapping[str, Part]) -> Declared:
    known = {name: part.definition for name, part in parts.items() if part.definition}
    return Declared(
        aliases={name: definition.aliases for name, definition in known.items()},
        shown={name: definition.shown for name, definition in known.items()},
        namespaces=tuple(config.schemas),
    )


# ---------------------------------------------------------------- which resources there are


def _parts(config: Config, tables: Tables, problems: list[Problem]) -> Iterator[Part]:
    taken: dict[str, Part] = {}
    claimed: set[tuple[str, Table]] = set()
    for definition in declared(config):
        info = find_table(definition, tables.get(definition.source, {}))
        if info is None:
            problems.append(Problem(f"there is no table {definition.table!r}", definition.place))
            continue
        name = exact_name(definition, config.server.default_schema)
        resource = declared_resource(info, definition, name=name, problems=problems)
        if config.sources[definition.source].read_only:
            resource = replace(resource, writable=False)
        claimed.add((definition.source, info.table))
        taken[name] = Part(resource, info, definition)
    for part in _unclaimed(config, tables, claimed):
        if part.resource.name in taken:
            message = f"the table {part.info.table.name} is not served: {part.resource.name} is another resource"
            problems.append(Problem(message, warning=True))
        taken.setdefault(part.resource.name, part)
    yield from taken.values()
    yield from _system_parts(config, tables, problems)


def _unclaimed(config: Config, tables: Tables, claimed: set[tuple[str, Table]]) -> Iterator[Part]:
    """Tables that nobody declared, in schemas that serve everything; the default schema goes first."""
    main = config.server.default_schema
    schemas = sorted(config.schemas.values(), key=lambda schema: schema.name != main)
    for schema in schemas:
        for table, info in tables.get(schema.source, {}).items() if schema.everything else ():
            mine = (schema.source, table)
            if mine not in claimed and not table.name.startswith(system.PREFIX) and _belongs(config, schema, table):
                claimed.add(mine)
                yield Part(_found(config, schema, info), info)


def _belongs(config: Config, schema: SchemaDefinition, table: Table) -> bool:
    """A table in a schema of the database goes to the configured schema of that name and source, if there is one."""
    namesake = config.schemas.get(table.schema or "")
    return namesake is None or namesake is schema or namesake.source != schema.source


def _found(config: Config, schema: SchemaDefinition, info: TableInfo) -> Resource:
    namespace = info.table.schema or schema.name
    name = info.table.name if namespace == config.server.default_schema else f"{namespace}.{info.table.name}"
    found = found_resource(info, name=name, namespace=namespace, entity=info.table.name, source=schema.source)
    return replace(found, writable=found.writable and not config.sources[schema.source].read_only)


def _system_parts(config: Config, tables: Tables, problems: list[Problem]) -> Iterator[Part]:
    ours = tables.get(config.server.system, {})
    for definition in system.definitions(config):
        info = ours.get(Table(definition.table))
        if info is None:
            problems.append(Problem(f"our own table {definition.table} is missing: it is made when the service starts"))
            continue
        yield Part(system.resource(definition, info, ours, problems=problems), info, definition)


# ---------------------------------------------------------------- what names mean in definitions


def _names(config: Config, parts: Mapping[str, Part]) -> Names:
    """namespace → written name → exact name, for references, relations and rules."""
    general: dict[str, str] = {}
    theirs = [part for part in parts.values() if not part.resource.system]
    for part in theirs:
        entity = part.resource.entity
        whole = f"{part.resource.namespace}.{entity}"
        for form in (naming.pascal_singular(entity), naming.camel_singular(entity), whole):
            general.setdefault(form, part.resource.name)
    for part in theirs:
        for alias in part.definition.aliases if part.definition else ():
            general[alias] = part.resource.name
    general |= {name: name for name in parts}
    for word, exact in system.WORDS.items():
        general.setdefault(word, exact)
    namespaces = {*config.schemas, *(part.resource.namespace for part in parts.values())}
    return {namespace: general | _entities(parts, namespace) for namespace in namespaces}


def _entities(parts: Mapping[str, Part], namespace: str) -> dict[str, str]:
    mine = [part.resource for part in parts.values() if part.resource.namespace == namespace]
    return {resource.entity: resource.name for resource in mine}


def _draft(part: Part, parts: Mapping[str, Part], *, names: Names, problems: list[Problem]) -> Draft:
    links = {link.columns: link for link in _found_links(part, parts)}
    for link in _declared_links(part, parts, names=names[part.resource.namespace], problems=problems):
        links[link.columns] = _said_over(link, links.get(link.columns))
    return Draft(part.resource, tuple(links.values()), part.definition.relations if part.definition else ())


def _said_over(said: Link, found: Link | None) -> Link:
    """A declared reference, with what the database says of the same one."""
    if found is None or found.parent != said.parent:
        return said
    return replace(said, on_delete=said.on_delete or found.on_delete, enforced=True)


def _found_links(part: Part, parts: Mapping[str, Part]) -> Iterator[Link]:
    order = list(part.resource.columns)
    for key in sorted(part.info.foreign_keys, key=lambda key: [order.index(name) for name in key.columns]):
        parent = _owner(key.target, part.resource, parts)
        pairs = tuple(zip(key.columns, key.target_columns, strict=False))
        if parent and pairs and all(there in parent.columns for _, there in pairs):
            yield Link(part.resource.name, parent.name, pairs, on_delete=key.on_delete, enforced=True)


def _owner(table: Table, child: Resource, parts: Mapping[str, Part]) -> Resource | None:
    """The resource over a table: of the child's own namespace if there are several."""
    owners = [p.resource for p in parts.values() if (p.resource.table, p.resource.source) == (table, child.source)]
    return min(owners, key=lambda owner: owner.namespace != child.namespace, default=None)


def _declared_links(
    part: Part, parts: Mapping[str, Part], *, names: Mapping[str, str], problems: list[Problem]
) -> Iterator[Link]:
    for said in part.definition.fields if part.definition else ():
        if said.references is None or said.name not in part.resource.columns:
            continue
        exact, column = reference(said.references, names)
        target = parts.get(exact)
        place = said.place / "references"
        if target is None:
            problems.append(Problem(f"there is no resource {said.references!r}", place, tuple(sorted(parts))))
        elif not column and len(target.resource.key) != 1:
            problems.append(Problem(f"{exact} has no single key column: say {exact}.column", place))
        elif column and column not in target.resource.columns:
            problems.append(Problem(f"{exact} has no column {column!r}", place, tuple(target.resource.columns)))
        else:
            pairs = ((said.name, column or target.resource.key[0]),)
            if wrong := across.refused(part.resource, target.resource, pairs, said.on_delete):
                problems.append(Problem(wrong, place))
            yield Link(part.resource.name, exact, pairs, said.relation, on_delete=(said.on_delete or "").upper())
