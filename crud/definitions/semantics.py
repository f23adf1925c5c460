"""What the parts of a configuration say of each other, as far as it can be known without a database.

In: a `Config`. Out: problems with positions: names that clash or can never be reached, sources, schemas and roles that
do not exist, references to nothing.
"""

from collections.abc import Iterable, Iterator, Mapping

from crud import naming
from crud.definitions.access import check_access
from crud.definitions.config import Config
from crud.definitions.declared import (
    FieldDefinition,
    RelationDefinition,
    ResourceDefinition,
    RuleDefinition,
    SchemaDefinition,
)
from crud.definitions.formulas import check_formulas
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.definitions.settings import DIALECTS
from crud.definitions.tables import check_tables
from crud.definitions.values import check_auto, check_pattern, check_rules
from crud.presentation import STYLES, Shown
from sql.introspection import OWN_PREFIX
from sql.types import TYPES

BUILT_IN_ROLES = frozenset({"admin", "anon", "user"})
LASTING = "a source of another provider than memory"
SYSTEM_WORDS = ("accounts", "users", "roles", "user_roles", "permissions", "tenants", "User", "user", "organization")

# A resource of which every name in a dialect is one of these could never be reached there.
RESERVED: Mapping[str, frozenset[str]] = {
    "phantom": frozenset({"batch", "schema", "v1"}),
    "sonicjs": frozenset({"user", "auth"}),
}
# Paths of the service itself: no dialect is mounted there, and below `/` no resource is called so.
OWN_PATHS = frozenset({"live", "ready", "metrics", "docs", "openapi.json"})


def exact_name(definition: ResourceDefinition, default_schema: str) -> str:
    """The catalog's name of a declared resource."""
    if definition.namespace == default_schema:
        return definition.entity
    return f"{definition.namespace}.{definition.entity}"


def declared(config: Config) -> tuple[ResourceDefinition, ...]:
    """All declared resources."""
    return tuple(entity for schema in config.schemas.values() for entity in schema.entities)


def shared(config: Config) -> tuple[ResourceDefinition, ...]:
    """All entities whose tables are those of others."""
    return tuple(entity for schema in config.schemas.values() for entity in schema.shared)


def named(config: Config) -> tuple[ResourceDefinition, ...]:
    """All entities that have a name."""
    return (*declared(config), *shared(config))


def check_meaning(config: Config) -> list[Problem]:
    """All that is wrong with the meaning of a configuration."""
    checks = (_server(config), check_access(config), _sources(config), _clashes(config), _reserved(config))
    more = (
        _mounts(config),
        _roles(config),
        _members(config),
        check_tables(declared(config), config.accounts),
        _targets(config),
        _shared(config),
    )
    return [problem for check in (*checks, *more) for problem in check]


def _server(config: Config) -> Iterator[Problem]:
    at = config.place / "server"
    if config.server.default_schema not in config.schemas:
        yield Problem(_unknown("schema", config.server.default_schema), at / "default_schema", tuple(config.schemas))
    if config.server.system not in config.sources:
        yield Problem(_unknown("source", config.server.system), at / "system", tuple(config.sources))
    elif config.sources[config.server.system].memory:
        yield Problem("our own tables are in a database that lasts", at / "system", (LASTING,))


def _sources(config: Config) -> Iterator[Problem]:
    users: list[SchemaDefinition | ResourceDefinition] = [*config.schemas.values(), *named(config)]
    for user in users:
        if user.source not in config.sources:
            yield Problem(_unknown("source", user.source), user.place / "source", tuple(config.sources))


def _shared(config: Config) -> Iterator[Problem]:
    """What is said of a table belongs to the entity that has it."""
    for definition in shared(config):
        at, of = definition.place, definition.of
        if of and of.schema and of.schema not in config.schemas:
            yield Problem(_unknown("schema", of.schema), at / "schema", tuple(config.schemas))
        for key in of.more if of else ():
            yield Problem(f"belongs to {of.schema}.{of.entity}, whose table this is" if of else "", at / key)


def words_of(definition: ResourceDefinition, dialect: str, default_schema: str) -> tuple[str, ...]:
    """Every name that a definition gives its resource in a dialect."""
    exact = exact_name(definition, default_schema)
    own = definition.shown.get(dialect, Shown()).name
    return tuple(dict.fromkeys([exact, *definition.aliases, *([own] if own else [])]))


def _clashes(config: Config) -> Iterator[Problem]:
    told: set[tuple[str, str, str]] = set()
    for dialect in DIALECTS:
        holders: dict[str, ResourceDefinition] = {}
        for definition in named(config):
            for word in words_of(definition, dialect, config.server.default_schema):
                other = holders.setdefault(word, definition)
                mark = (word, str(other.place), str(definition.place))
                if other is not definition and mark not in told:
                    told.add(mark)
                    yield _clash(word, definition, other)


def _clash(word: str, definition: ResourceDefinition, other: ResourceDefinition) -> Problem:
    mine, theirs = f"{definition.namespace}.{definition.entity}", f"{other.namespace}.{other.entity}"
    return Problem(f"the name {word!r} of {mine} is also that of {theirs} ({other.place})", definition.place)


def _mounts(config: Config) -> Iterator[Problem]:
    for dialect in DIALECTS:
        for default, mount in config.dialect(dialect).mounts.items():
            if mount.split("/")[1:2] and mount.split("/")[1] in OWN_PATHS:
                at = config.place / "dialects" / dialect / "mounts" / default
                yield Problem(f"{mount!r} is a path of the service itself", at)


def _reserved(config: Config) -> Iterator[Problem]:
    for dialect in DIALECTS:
        reserved = RESERVED.get(dialect, frozenset())
        reserved |= OWN_PATHS if "" in config.dialect(dialect).mounts.values() else frozenset()
        customary = STYLES[dialect].customary
        for definition in named(config) if config.dialect(dialect).enabled else ():
            words = {*words_of(definition, dialect, config.server.default_schema)}
            own = definition.shown.get(dialect, Shown()).name
            reachable = words | ({customary(definition.entity)} if customary else set())
            if own in reserved or reachable <= reserved:
                word = own if own in reserved else definition.entity
                yield Problem(f"{word!r} is a reserved word of {dialect}: it could never be reached", definition.place)


def _roles(config: Config) -> Iterator[Problem]:
    known = known_roles(config)
    for roles, place in _named_roles(config):
        for role in roles:
            if role not in known:
                yield Problem(_unknown("role", role), place, tuple(sorted(known)))


def _named_roles(config: Config) -> Iterator[tuple[Iterable[str], Place]]:
    """Roles that are given something outside of rules, and where."""
    at = config.place
    yield from ((user.roles, at / "users" / user.name / "roles") for user in config.users.values())
    yield from ((schema.roles or (), schema.place / "roles") for schema in config.schemas.values())
    yield config.dialect("metal").scripts, at / "dialects" / "metal" / "scripts"


def known_roles(config: Config) -> frozenset[str]:
    """Roles that something names: built in, with letters, in a rule, or told figures. Others may exist as accounts'
    roles."""
    rules: list[RuleDefinition] = [*config.rules, *config.accounts.rules]
    rules += [rule for definition in named(config) for rule in definition.rules]
    told = {*config.telemetry.figures, *config.telemetry.timing}
    return BUILT_IN_ROLES | frozenset(config.roles) | {rule.role for rule in rules} | told


def _members(config: Config) -> Iterator[Problem]:
    for definition in (*declared(config), config.accounts):
        names = [field.name for field in definition.fields]
        for field in definition.fields:
            if names.count(field.name) > 1:
                yield Problem(f"the column {field.name!r} is declared twice", field.place)
            yield from _field(field)
        yield from check_formulas(definition)
        for relation in definition.relations:
            yield from _relation(relation)


def _field(field: FieldDefinition) -> Iterator[Problem]:
    kind = field.type
    if kind and kind.name == "enum" and not kind.values:
        yield Problem("an enum lacks its values", field.place / "type", ("values: [...]",))
    if kind and kind.values and kind.name != "enum":
        yield Problem(f"values belong to an enum, not to {kind.name}", field.place / "values")
    if kind and kind.values and field.has_default and field.default not in kind.values:
        yield Problem(f"{field.default!r} is not allowed", field.place / "default", kind.values)
    if field.relation and not field.references:
        yield Problem("a relation lacks its target", field.place)
    if kind and kind.scale is not None and (kind.precision is None or kind.scale > kind.precision):
        yield Problem("a scale needs a precision that is not smaller", field.place / "scale")
    if kind and kind.name not in TYPES:
        yield Problem(_unknown("type", kind.name), field.place / "type", tuple(TYPES))
    yield from check_pattern(field.rules, field.place)
    if kind and kind.name in TYPES:
        yield from check_rules(field.rules, kind, field.place)
        yield from check_auto(field.auto, kind, field.place)


def _relation(relation: RelationDefinition) -> Iterator[Problem]:
    if (relation.rename is None) == (relation.target is None):
        yield Problem("needs either target or rename", relation.place)
    if relation.columns and relation.through:
        yield Problem("columns do not go with through", relation.place / "columns", ("near", "far"))
    if relation.only and relation.rename:
        yield Problem("only does not go with rename", relation.place / "only", ("target: …",))
    if (relation.near or relation.far) and not relation.through:
        yield Problem("near and far go with through", relation.place)


def _targets(config: Config) -> Iterator[Problem]:
    """References to nothing, where every table of the source is declared and it can be known."""
    open_schemas = tuple(f"{schema.name}." for schema in config.schemas.values() if schema.everything)
    open_sources = {schema.source for schema in config.schemas.values() if schema.everything}
    found = lookup(config)
    exact = tuple(sorted({name for name in found.values() if name}))
    for definition in declared(config):
        for name, place in _named(definition) if definition.source not in open_sources else ():
            words = (name, name.rpartition(".")[0], f"{definition.namespace}.{name}")
            if not name.startswith((OWN_PREFIX, *open_schemas)) and not any(word in found for word in words):
                yield Problem(_unknown("resource", name), place, exact)


def _named(definition: ResourceDefinition) -> Iterator[tuple[str, Place]]:
    """The resources that a definition names."""
    for field in definition.fields:
        if field.references is not None:
            yield field.references, field.place / "references"
    for relation in definition.relations:
        for key, name in (("target", relation.target), ("through", relation.through)):
            if name is not None:
                yield name, relation.place / key


def lookup(config: Config) -> dict[str, str]:
    """written name → exact name, for what is declared, and the words of our own resources."""
    found: dict[str, str] = dict.fromkeys(SYSTEM_WORDS, "")
    default = config.server.default_schema
    for definition in named(config):
        exact = exact_name(definition, default)
        forms: Iterable[str] = (naming.camel_singular(definition.entity), naming.pascal_singular(definition.entity))
        for word in forms:
            found.setdefault(word, exact)
    for definition in named(config):
        exact = exact_name(definition, default)
        for word in (exact, f"{definition.namespace}.{definition.entity}", *definition.aliases):
            found[word] = exact
    return found


def _unknown(kind: str, name: str) -> str:
    return f"there is no {kind} {name!r}"
