"""Which columns a schema shows as hashes (`anonymize`).

In: a schema's definition, its resources with their references. Out: the same with these columns `masked`; what cannot
be is a problem. A key is never masked: by it rows are addressed, ordered and referred to.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from crud.definitions.config import Config
from crud.definitions.declared import SchemaDefinition
from crud.definitions.problems import Problem
from sql.catalog import Resource

ALL = "*"


def masked(config: Config, resources: Mapping[str, Resource], problems: list[Problem]) -> Mapping[str, Resource]:
    """All resources, with the columns masked that their schemas say."""
    made = dict(resources)
    for schema in config.schemas.values() if resources else ():
        mine = [
            resource for resource in resources.values() if resource.namespace == schema.name and not resource.system
        ]
        problems += [*_unknown(schema, mine), *_keys(schema, mine)]
        for resource in mine if schema.anonymize else ():
            made[resource.name] = _masked(resource, _named(schema, resource, resources))
    return MappingProxyType(made)


def _masked(resource: Resource, names: frozenset[str]) -> Resource:
    columns = {name: replace(column, masked=name in names) for name, column in resource.columns.items()}
    return replace(resource, columns=MappingProxyType(columns))


def _named(schema: SchemaDefinition, resource: Resource, resources: Mapping[str, Resource]) -> frozenset[str]:
    """The columns by their names, or all but those that tell which row it is, and which row it refers to."""
    if ALL not in schema.anonymize:
        return frozenset(schema.anonymize) & resource.columns.keys()
    return frozenset(resource.columns) - {*resource.key, *_referring(resource, resources)}


def _referring(resource: Resource, resources: Mapping[str, Resource]) -> Iterator[str]:
    for link in resource.references:
        target = resources.get(link.target)
        yield from (here for here, there in link.columns if target is not None and there in target.key)


def _unknown(schema: SchemaDefinition, resources: Iterable[Resource]) -> Iterator[Problem]:
    known = {name for resource in resources for name in resource.columns}
    for name in schema.anonymize:
        if name != ALL and name not in known:
            message = f"no entity of {schema.name} has a column {name!r}"
            yield Problem(message, schema.place / "anonymize", tuple(sorted(known)))


def _keys(schema: SchemaDefinition, resources: Iterable[Resource]) -> Iterator[Problem]:
    for name in schema.anonymize:
        keyed = ", ".join(resource.name for resource in resources if name in resource.key)
        if keyed:
            message = f"{name!r} is (part of) the key of {keyed}, by which rows are addressed"
            yield Problem(message, schema.place / "anonymize")
