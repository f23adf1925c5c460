"""Entities whose table is that of another: the same rows under another name, with rules of its own.

In: the definitions that say so, and the resources that there are. Out: resources that differ from those whose tables
they have (their homes) in nothing but their names and what they say of themselves; their relations and references,
which lead to the entities of their own schema where those have the same tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from crud.definitions.config import Config
from crud.definitions.declared import Of, ResourceDefinition
from crud.definitions.problems import Problem
from crud.definitions.semantics import exact_name
from sql.catalog import Reference, Relation, Resource, Table
from sql.introspection import TableInfo

Found = Mapping[str, Resource]


def homes(
    config: Config, wanted: Sequence[ResourceDefinition], found: Found
) -> tuple[dict[str, Resource], list[ResourceDefinition]]:
    """What is shared under exact names, and the definitions whose homes are not there. One may be another's home."""
    made: dict[str, Resource] = {}
    left = list(wanted)
    while True:
        met = [(each, home) for each in left if (home := home_of(config, each.of, {**found, **made}))]
        if not met:
            return made, left
        for each, home in met:
            name = exact_name(each, config.server.default_schema)
            made[name] = _shared(each, home, name)
        left = [each for each in left if all(each is not done for done, _ in met)]


def home_of(config: Config, of: Of | None, found: Found) -> Resource | None:
    """The resource that an entity is another name of."""
    if of is None:
        return None
    if of.schema:
        mine = (each for each in found.values() if (each.namespace, each.entity) == (of.schema, of.entity))
    else:
        schema, _, table = of.entity.rpartition(".")
        tables = (Table(of.entity), Table(table, schema or None))
        mine = (each for each in found.values() if each.source == of.source and each.table in tables)
    return next((each for each in mine if not each.system), None)


def _shared(said: ResourceDefinition, home: Resource, name: str) -> Resource:
    return replace(
        home,
        name=name,
        namespace=said.namespace,
        entity=said.entity,
        hidden=said.hidden,
        writable=home.writable and not said.read_only,
        shares=home.home,
    )


def unknown(said: ResourceDefinition, found: Found) -> Problem:
    """What is told of a home that is not there."""
    assert said.of is not None
    known = tuple(sorted(each.entity for each in found.values() if each.namespace == said.of.schema))
    where = f"{said.of.schema}.{said.of.entity}" if said.of.schema else f"{said.of.entity} in {said.of.source}"
    return Problem(f"there is no {where}", said.place / "entity", known)


# ---------------------------------------------------------------- where they lead


class Leading:
    """Ways of a home, as those of another name of it lead: first to the names of its own schema."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self._names: dict[tuple[str, str], str] = {}
        for each in found.values():
            self._names.setdefault((each.namespace, each.home), each.name)

    def name(self, namespace: str, target: str) -> str:
        """What a schema calls a resource: itself, if it has no name for it."""
        return self._names.get((namespace, self.found[target].home), target)

    def references(self, resource: Resource, home: Resource) -> tuple[Reference, ...]:
        """The references of its home."""
        return tuple(replace(link, target=self.name(resource.namespace, link.target)) for link in home.references)

    def relations(self, resource: Resource, home: Mapping[str, Relation]) -> Iterator[tuple[str, Relation]]:
        """The relations of its home."""
        for name, relation in home.items():
            through = relation.through
            if through is not None:
                through = replace(through, resource=self.name(resource.namespace, through.resource))
            yield name, replace(relation, target=self.name(resource.namespace, relation.target), through=through)


def table_info(of: Of, tables: Mapping[Table, TableInfo]) -> TableInfo | None:
    """The table of a source that nobody else serves."""
    schema, _, table = of.entity.rpartition(".")
    return tables.get(Table(of.entity)) or tables.get(Table(table, schema or None))
