"""The entities of plans as resources, which are read in every dialect, and never written.

In: a configuration, the catalog of what is there. Out: a resource for each entity in each schema over its plan, or in
a schema of the plan's name where there is none; what is wrong. Entities whose steps write are not served: they are run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crud.definitions.config import Config
from crud.definitions.declared import ResourceDefinition
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.definitions.semantics import exact_name
from crud.plans.built import Built, Failed, build
from crud.plans.draft import world_of
from sql.catalog import Catalog, Resource, Table
from sql.stages import entities

# What a definition of an entity of a plan can say.
SAID = ("entity", "namespace", "source", "table", "aliases", "hidden", "rules", "shown", "place")


@dataclass(frozen=True)
class Planned:
    """Resources by exact name, and what definitions say of them."""

    resources: Mapping[str, Resource]
    definitions: Mapping[str, ResourceDefinition]
    problems: tuple[Problem, ...] = ()


def planned(config: Config, catalog: Catalog) -> Planned:
    """The resources of all plans, and everything that is wrong with plans."""
    world, problems = world_of(config, catalog), []
    resources: dict[str, Resource] = {}
    definitions: dict[str, ResourceDefinition] = {}
    for plan, steps in config.plans.items():
        found: dict[str, Built] = {}
        for entity in steps:
            try:
                found[entity] = build(world, plan, entity)
            except Failed as failed:
                problems.append(failed.problem)
        for definition in _definitions(config, plan):
            problems += _wrong(definition, found, tuple(steps))
            made = found.get(definition.entity)
            if made is None or made.plan is None or made.effects:
                continue
            name = exact_name(definition, config.server.default_schema)
            if name in catalog.resources or name in resources:
                problems.append(Problem(f"{name} is another resource already", _place(config, plan, definition)))
            resources[name] = _resource(config, catalog, name, definition, made)
            definitions[name] = definition
    return Planned(MappingProxyType(resources), definitions, tuple(dict.fromkeys(problems)))


def _place(config: Config, plan: str, definition: ResourceDefinition) -> Place:
    return definition.place if definition.place.path else config.place / "plans" / plan / definition.entity


def _definitions(config: Config, plan: str) -> Iterator[ResourceDefinition]:
    """The entities of a plan in each of its schemas, with what is said of them there."""
    schemas = [schema for schema in config.schemas.values() if schema.plan == plan]
    namespaces = {schema.name: {each.entity: each for each in schema.planned} for schema in schemas}
    for namespace, said in (namespaces or {plan: {}}).items():
        names = dict.fromkeys((*config.plans[plan], *said))
        for entity in names:
            yield said.get(entity) or ResourceDefinition(entity, namespace, table=entity)


def _wrong(definition: ResourceDefinition, found: Mapping[str, Built], known: tuple[str, ...]) -> Iterator[Problem]:
    """What a definition says of a plan's entity, and cannot."""
    if definition.entity not in known:
        yield Problem(f"the plan has no entity {definition.entity!r}", definition.place, known)
    empty = ResourceDefinition(definition.entity)
    for name, value in vars(definition).items():
        if name not in SAID and value != getattr(empty, name):
            yield Problem("a plan's entity takes aliases, dialects, hidden and rules alone", definition.place / name)
    made = found.get(definition.entity)
    if definition.rules and made is not None and (made.plan is None or made.effects):
        yield Problem("has steps that write: it is run, and not served", definition.place)


def _resource(config: Config, catalog: Catalog, name: str, definition: ResourceDefinition, made: Built) -> Resource:
    assert made.plan is not None
    read = entities(made.plan)
    usual = config.schemas[config.server.default_schema].source if config.schemas else "default"
    source = catalog.resource(read[0]).source if read else usual
    return Resource(
        name=name,
        table=Table(f"_dragoman_plan {name}"),
        columns=MappingProxyType(dict(made.columns)),
        namespace=definition.namespace,
        entity=definition.entity,
        source=source,
        writable=False,
        hidden=definition.hidden,
        plan=made.plan,
    )
