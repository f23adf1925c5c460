"""Gathers the rules of a configuration under exact names.

In: a `Config`, the catalog, what names mean. Out: `RuleDefinition`s of resources, schemas, metadata and Metal's
letters. What cannot be (unknown resources and columns) is a problem. Conditions are compiled, and so checked, by
`crud.access.policy`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from crud import system
from crud.definitions.config import Config
from crud.definitions.declared import RuleDefinition
from crud.definitions.problems import Problem
from crud.definitions.semantics import exact_name, named
from sql.catalog import Catalog, Resource

Names = Mapping[str, Mapping[str, str]]


def collect_rules(config: Config, catalog: Catalog, names: Names) -> tuple[tuple[RuleDefinition, ...], list[Problem]]:
    """The written rules, and what is wrong with them."""
    problems: list[Problem] = []
    rules = [*_own_rules(config, catalog, names, problems), *_general_rules(config, catalog, names, problems)]
    for rule in rules:
        problems += _members(rule, catalog)
    return tuple(rules), problems


def _own_rules(config: Config, catalog: Catalog, names: Names, problems: list[Problem]) -> Iterator[RuleDefinition]:
    """Rules under an entity or under `accounts`: they are about it, whatever else they say is a mistake."""
    every = (*named(config), *(each for schema in config.schemas.values() for each in schema.planned))
    owners = [(exact_name(d, config.server.default_schema), d) for d in every]
    for exact, definition in [*owners, (system.ACCOUNTS, config.accounts)]:
        for rule in definition.rules:
            meant = names.get(definition.namespace, {}).get(rule.resource, rule.resource)
            if rule.resource not in (definition.entity, exact) and meant != exact:
                problems.append(Problem(f"a rule here is about {exact}", rule.at / "resource"))
            if exact in catalog.resources:
                yield replace(rule, resource=exact)


def _general_rules(config: Config, catalog: Catalog, names: Names, problems: list[Problem]) -> Iterator[RuleDefinition]:
    known = names.get(config.server.default_schema, {})
    for rule in config.rules:
        exact = rule.resource if rule.resource == "*" else known.get(rule.resource, rule.resource)
        if exact == "*" or exact in catalog.resources:
            yield replace(rule, resource=exact)
        else:
            allowed = ("*", *sorted(r.name for r in catalog if not r.system), *system.WORDS)
            problems.append(Problem(f"there is no resource {rule.resource!r}", rule.at / "resource", allowed))


def _members(rule: RuleDefinition, catalog: Catalog) -> Iterator[Problem]:
    if rule.resource == "*":
        return
    resource = catalog.resource(rule.resource)
    for name in rule.fields or ():
        if name != "*" and name.removeprefix("-") not in resource.columns:
            message = f"{resource.name} has no column {name.removeprefix('-')!r}"
            yield Problem(message, rule.at / "fields", tuple(resource.columns))
    for name in rule.defaults:
        if name not in resource.columns:
            yield Problem(f"{resource.name} has no column {name!r}", rule.at / "defaults", tuple(resource.columns))
    for name in rule.related:
        if name not in resource.relations:
            yield Problem(f"{resource.name} has no relation {name!r}", rule.at / "related", tuple(resource.relations))
    if rule.related and not rule.allow:
        yield Problem("does not go with a denial", rule.at / "related")


def lettered(config: Config, catalog: Catalog, written: Iterable[RuleDefinition]) -> Iterator[RuleDefinition]:
    """Metal's letters of a role: everywhere, or in the schemas that let the role in.

    Where a schema restricts roles, `*` would say too much: the role then gets a rule for each resource that it may
    reach, without the actions of which a written rule of its own speaks there (the specific replaces the general).
    """
    rules = [rule for rule in written if rule.allow]
    restricted = any(schema.roles is not None for schema in config.schemas.values())
    for role, actions in config.roles.items():
        place = str(config.place / "roles" / role)
        if not restricted:
            yield RuleDefinition(role, "*", actions, place=place)
            continue
        spoken = {(rule.resource, action) for rule in rules if rule.role == role for action in rule.actions}
        for resource in catalog:
            left = tuple(action for action in actions if (resource.name, action) not in spoken)
            if left and not resource.system and _lets_in(config, resource, role):
                yield RuleDefinition(role, resource.name, left, place=place)


def _lets_in(config: Config, resource: Resource, role: str) -> bool:
    schema = config.schemas.get(resource.namespace)
    return schema is None or schema.roles is None or role in schema.roles
