"""Makes resources out of what introspection found and what definitions say of it.

In: a `TableInfo` and a `ResourceDefinition` (or none). Out: a `Resource` without relations; what does not
fit is a problem. Types, defaults and rules are overridden only where the definition gives them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from crud.definitions.declared import FieldDefinition, ResourceDefinition
from crud.definitions.formulas import bad_formula
from crud.definitions.place import Place
from crud.definitions.problems import Problem
from crud.definitions.values import check_rules
from crud.presentation import STYLES, Shown, Style
from crud.presenting import meetings
from sql import formulas
from sql.catalog import Column, Default, Resource, Table
from sql.defaults import plain_default
from sql.errors import BadFormula, BadValue
from sql.introspection import TableInfo
from sql.types import Type
from sql.values import coerce

_WORDS_OF_DEFAULT = {
    "now": {"date", "time", "datetime"},
    "uuid": {"uuid", "text"},
    "suid": {"text"},
    "increment": {"number"},
}
_AUTO_DEFAULT = {"uuid": "uuid", "increment": "increment", "created_at": "now", "updated_at": "now"}


def default_of(field: FieldDefinition, type: Type) -> Default | None:
    """A declared default. Raises BadValue where it does not fit the type."""
    if field.auto in _AUTO_DEFAULT:
        return Default(_AUTO_DEFAULT[field.auto])
    if not field.has_default:
        return None
    if field.literal:
        return Default("literal", coerce(type, field.default))
    if isinstance(field.default, str) and type.family in _WORDS_OF_DEFAULT.get(field.default, ()):
        return Default(field.default)
    if field.default == "$CURRENT_USER":
        return Default("caller")
    return Default("literal", coerce(type, field.default))


def annotated(column: Column, field: FieldDefinition, problems: list[Problem]) -> Column:
    """A column as its definition wants it. Rules without a type were not checked while the type was not known."""
    made = replace(
        column,
        type=field.type or column.type,
        auto=field.auto or column.auto,
        formula=field.formula or column.formula,
        storage=field.storage or column.storage,
        read_only=column.read_only or field.read_only,
        write_only=field.write_only,
        rules=MappingProxyType({**column.rules, **field.rules}),
    )
    if field.type is None:
        problems += check_rules(field.rules, made.type, field.place)
    try:
        default = default_of(field, made.type)
    except BadValue as error:
        problems.append(Problem(str(error), field.place / "default"))
        return made
    left = _has_already(made, default)
    made = made if left else replace(made, default=default or column.default)
    return made if made.nullable or _filled_unasked(made, left=left) else _without_rule(made, "required")


def _has_already(column: Column, default: Default | None) -> bool:
    """Whether the database has the declared default of its own: it goes on filling the column."""
    own = column.default
    return own is not None and own.kind == "sql" and default == plain_default(str(own.value), column.type) is not None


def _filled_unasked(column: Column, *, left: bool) -> bool:
    """Whether the database would fill the column, so that only the rule makes it required."""
    return column.default is not None and column.default.kind == "sql" and not left


def _without_rule(column: Column, name: str) -> Column:
    return replace(column, rules=MappingProxyType({rule: said for rule, said in column.rules.items() if rule != name}))


def planned(definition: ResourceDefinition, types: Mapping[str, Type], problems: list[Problem]) -> tuple[Column, ...]:
    """The columns of a table that is still to be made. `types`: those of columns that take their target's type."""
    columns = []
    for field in definition.fields:
        type = field.type or types.get(field.name)
        if type is None:
            problems.append(Problem("lacks a type", field.place, ("type: …",)))
            continue
        required = field.required or field.name in definition.key
        bare = Column(field.name, type, nullable=not required, generated=bool(field.formula))
        columns.append(annotated(bare, field, problems))
    problems += _wrong_formulas(definition, {column.name: column for column in columns})
    return tuple(columns)


def _wrong_formulas(definition: ResourceDefinition, columns: Mapping[str, Column]) -> Iterator[Problem]:
    """Formulas that cannot be over these columns, and those of columns that the database does not compute."""
    for field in definition.fields:
        column = columns.get(field.name)
        if column is None or not field.formula:
            continue
        if not column.generated:
            yield Problem("the column exists, and the database does not compute it", field.place / "formula")
        try:
            formulas.check(column, columns)
        except BadFormula as error:
            yield bad_formula(field.formula, error, field.place)


def declared_resource(
    info: TableInfo, definition: ResourceDefinition, *, name: str, problems: list[Problem], system: bool = False
) -> Resource:
    """A table under its definition."""
    fields = {field.name: field for field in definition.fields}
    found = {column.name: column for column in info.columns}
    columns = {n: annotated(c, fields[n], problems) if n in fields else c for n, c in found.items()}
    resource = Resource(
        name=name,
        table=info.table,
        columns=MappingProxyType(columns),
        key=definition.key or info.key,
        uniques=tuple(dict.fromkeys(info.uniques + uniques_of(definition, found=info.uniques))),
        namespace=definition.namespace,
        entity=definition.entity,
        source=definition.source,
        writable=info.kind == "table" and not definition.read_only,
        hidden=definition.hidden,
        system=system,
        soft_delete=definition.soft_delete,
        tenant=definition.tenant,
    )
    problems += _missing(resource, definition)
    problems += _wrong_formulas(definition, columns)
    return resource


def uniques_of(
    definition: ResourceDefinition, *, found: tuple[tuple[str, ...], ...] = ()
) -> tuple[tuple[str, ...], ...]:
    """The declared uniques: within the tenant where rows belong to tenants, unless the table has wider ones already."""
    if definition.tenant is None:
        return tuple(dict.fromkeys(definition.uniques))
    whose = definition.tenant
    within = ((u if u in found or whose in u else (whose, *u)) for u in definition.uniques)
    return tuple(dict.fromkeys(within))


def found_resource(info: TableInfo, *, name: str, namespace: str, entity: str, source: str) -> Resource:
    """A table that nobody declared."""
    return Resource(
        name=name,
        table=info.table,
        columns=MappingProxyType({column.name: column for column in info.columns}),
        key=info.key,
        uniques=info.uniques,
        namespace=namespace,
        entity=entity,
        source=source,
        writable=info.kind == "table",
    )


def _missing(resource: Resource, definition: ResourceDefinition) -> Iterator[Problem]:
    at = definition.place
    named: list[tuple[Iterable[str], Place]] = [([field.name], field.place) for field in definition.fields]
    named.append((definition.key, at / "key"))
    named += [(names, at / "unique" / i) for i, names in enumerate(definition.uniques)]
    if definition.soft_delete:
        named.append(([definition.soft_delete.column], at / "soft_delete"))
    if definition.tenant:
        named.append(([definition.tenant], at / "tenant"))
    told = set()
    for names, place in named:
        for name in names:
            if name not in resource.columns and name not in told:
                told.add(name)
                message = f"the table {resource.table.name} has no column {name!r}"
                yield Problem(message, place, tuple(resource.columns))


def check_shown(resource: Resource, definition: ResourceDefinition) -> Iterator[Problem]:
    """What is wrong with a declared presentation: members that do not exist, two under one name."""
    for dialect, shown in definition.shown.items():
        at = definition.place / "dialects" / dialect
        yield from _unknown_members(resource, shown, at)
        for name, met in meetings(resource, shown, STYLES.get(dialect, Style())):
            yield Problem(f"{' and '.join(met)} would both be shown as {name!r}", at)


def _unknown_members(resource: Resource, shown: Shown, at: Place) -> Iterator[Problem]:
    members = {*resource.columns, *resource.relations}
    named: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("columns", shown.columns, resource.columns),
        ("relations", shown.relations, resource.relations),
        ("show", shown.show or (), resource.columns),
        ("hide", shown.hide, members),
    ]
    for key, names, known in named:
        for name in names:
            if name not in known:
                yield Problem(f"{resource.name} has no {name!r}", at / key, tuple(known))


def find_table(definition: ResourceDefinition, tables: Mapping[Table, TableInfo]) -> TableInfo | None:
    """The table that a definition means: in the database's schema of its namespace, in the default one, or dotted."""
    schema, _, table = definition.table.partition(".")
    candidates = (Table(definition.table, definition.namespace), Table(definition.table), Table(table, schema))
    return next((tables[candidate] for candidate in candidates if candidate in tables), None)


def reference(written: str, names: Mapping[str, str]) -> tuple[str, str]:
    """(exact resource, column or "") of `entity` or `entity.column`."""
    if written in names:
        return names[written], ""
    entity, _, column = written.rpartition(".")
    return names.get(entity, ""), column
