"""Builds everything that is served out of a configuration and the databases as they stand.

In: a `Config` and an open database per source. Out: `Loaded`: the catalog, a presentation per dialect, the rules under
exact names. Deterministic: workers that load the same things agree without talking. A catalog with mistakes is never
given out: all of them come in one `ConfigError`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from crud import naming, system
from crud.access.rules import collect_rules, lettered
from crud.audit import audits
from crud.definitions.config import Config
from crud.definitions.declared import Audit, ResourceDefinition, RuleDefinition, SchemaDefinition
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.semantics import declared, exact_name, shared
from crud.definitions.settings import DIALECTS
from crud.evolution.applying import bring_up
from crud.evolution.made import Tables, as_made
from crud.evolution.records import Where
from crud.evolution.steps import Seen
from crud.masked import masked
from crud.parts import Names, Part, draft_of
from crud.plans.resources import planned
from crud.presentation import Declared, Presentation
from crud.presenting import present
from crud.relations import derive
from crud.relations.drafts import Draft
from crud.resources import check_shown, declared_resource, find_table, found_resource
from crud.sharing import Leading, homes, table_info, unknown
from sql.catalog import Catalog, Relation, Resource, Table
from sql.database import Database
from sql.introspection import TableInfo

UNSEEN: Seen = MappingProxyType({})


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


def load(
    config: Config,
    databases: Mapping[str, Database],
    *,
    losing: bool | Collection[Where] | None = None,
    drop: bool | Collection[Where] = (),
    alone_already: bool = False,
) -> Loaded:
    """Bring tables up to their definitions (`bring_up`), introspect, and build. Raises ConfigError."""
    done = bring_up(config, databases, losing=losing, drop=drop, alone_already=alone_already)
    return look(config, databases, {} if done.changes else done.seen)


def look(config: Config, databases: Mapping[str, Database], seen: Seen = UNSEEN) -> Loaded:
    """Introspect what was not seen just now, and build: what is declared has been made. Raises ConfigError."""
    home = config.server.system
    every = {name: seen.get(name) or database.tables(include_own=name == home) for name, database in databases.items()}
    tables = {
        name: {info.table: info for info in found if name == home or not info.table.name.startswith(system.PREFIX)}
        for name, found in every.items()
    }
    return build(config, as_made(databases, tables, home))


def build(config: Config, tables: Tables) -> Loaded:
    """Build from what introspection found. Raises ConfigError."""
    problems: list[Problem] = []
    parts = {part.resource.name: part for part in _parts(config, tables, problems)}
    names = _names(config, parts)
    drafts = {name: draft_of(part, parts, names=names, problems=problems) for name, part in parts.items()}
    relations, wrong = derive(drafts, names)
    problems += wrong
    kept = _audits(config, parts, names=names, problems=problems)
    finished = {name: _finished(drafts[name], relations[name], kept.get(name, "")) for name in parts}
    found = Catalog(masked(_without_plans(config), _leading(finished), problems))
    plans = planned(config, found)
    problems += plans.problems
    shown = masked(_with_plans(config), plans.resources, problems)
    catalog = Catalog(MappingProxyType({**found.resources, **shown}))
    for name, definition in plans.definitions.items():
        problems += check_shown(catalog.resource(name), definition)
    for name, part in parts.items():
        if part.definition:
            problems += check_shown(catalog.resource(name), part.definition)
    rules, wrong = collect_rules(config, catalog, names)
    said = _declared_names(config, {**_definitions(parts), **plans.definitions})
    return _loaded(config, catalog, said, rules=rules, problems=problems + wrong)


def _without_plans(config: Config) -> Config:
    """The configuration without schemas over plans."""
    return replace(config, schemas={name: schema for name, schema in config.schemas.items() if not schema.plan})


def _with_plans(config: Config) -> Config:
    """The configuration with schemas over plans alone."""
    return replace(config, schemas={name: schema for name, schema in config.schemas.items() if schema.plan})


def _loaded(
    config: Config,
    catalog: Catalog,
    said: Declared,
    *,
    rules: tuple[RuleDefinition, ...],
    problems: list[Problem],
) -> Loaded:
    if any(not problem.warning for problem in problems):
        raise ConfigError(problems)
    dialects = dict.fromkeys([*DIALECTS, *config.dialects])
    presentations = {dialect: present(dialect, catalog, said) for dialect in dialects}
    notes = [Problem(note, warning=True) for p in presentations.values() for note in p.notes]
    every = (*rules, *lettered(config, catalog, rules))
    return Loaded(catalog, MappingProxyType(presentations), rules, every, (*problems, *notes), said)


def _finished(draft: Draft, relations: Mapping[str, Relation], kept: Audit) -> Resource:
    references = tuple(link.reference for link in draft.links)
    return replace(draft.resource, relations=MappingProxyType(dict(relations)), references=references, audit=kept)


def _leading(finished: Mapping[str, Resource]) -> Mapping[str, Resource]:
    """The same, with the ways of those that share their table, and what is kept of changes there."""
    leading, made = Leading(finished), dict(finished)
    for name, each in finished.items():
        if each.shares:
            home = finished[each.shares]
            own = {**dict(leading.relations(each, home.relations)), **each.relations}
            links = leading.references(each, home)
            made[name] = replace(each, relations=MappingProxyType(own), references=links, audit=home.audit)
    return made


def _audits(config: Config, parts: Mapping[str, Part], *, names: Names, problems: list[Problem]) -> Mapping[str, Audit]:
    said = {name: part.definition for name, part in parts.items() if part.definition}
    declared = {name: (each.audit, each.place / "audit") for name, each in said.items()}
    resources = {name: part.resource for name, part in parts.items()}
    known = names.get(config.server.default_schema, {})
    kept, wrong = audits(config, resources, declared, names=known)
    problems += wrong
    return kept


def _definitions(parts: Mapping[str, Part]) -> dict[str, ResourceDefinition]:
    return {name: part.definition for name, part in parts.items() if part.definition}


def _declared_names(config: Config, known: Mapping[str, ResourceDefinition]) -> Declared:
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
        claimed.add((definition.source, info.table))
        taken[name] = _part(config, definition, info, name, problems)
    for part in _unclaimed(config, tables, claimed):
        if part.resource.name in taken:
            message = f"the table {part.info.table.name} is not served: {part.resource.name} is another resource"
            problems.append(Problem(message, warning=True))
        taken.setdefault(part.resource.name, part)
    _add_shared(config, tables, taken, problems)
    yield from taken.values()
    yield from _system_parts(config, tables, problems)


def _part(config: Config, definition: ResourceDefinition, info: TableInfo, name: str, problems: list[Problem]) -> Part:
    resource = declared_resource(info, definition, name=name, problems=problems)
    if config.sources[definition.source].read_only:
        resource = replace(resource, writable=False)
    return Part(resource, info, definition)


def _add_shared(config: Config, tables: Tables, taken: dict[str, Part], problems: list[Problem]) -> None:
    """Those whose table is another's, after all others: they take the names that they say."""
    wanted = shared(config)
    said = {exact_name(each, config.server.default_schema): each for each in wanted}
    found = {name: part.resource for name, part in taken.items() if name not in said}
    made, left = homes(config, wanted, found)
    for name, resource in made.items():
        if name in taken:
            message = f"the table {taken[name].info.table.name} is not served: {name} is another resource"
            problems.append(Problem(message, warning=True))
        taken[name] = Part(resource, taken[resource.home].info, said[name])
    for each in left:
        info = table_info(each.of, tables.get(each.of.source, {})) if each.of and each.of.source else None
        if info is None:
            problems.append(unknown(each, found))
            continue
        name = exact_name(each, config.server.default_schema)
        taken[name] = _part(config, each, info, name, problems)


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
