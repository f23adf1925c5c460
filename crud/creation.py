"""Makes what is declared and does not exist yet: our own tables, the tables of entities, their sample rows.

In: a `Config` and its databases, at start. Out: tables. Several workers may start at once: everything happens in one
transaction that only one of them can be in, and what exists is left as it is.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

from crud import naming, revision, system
from crud.definitions.config import Config, FieldDefinition, ResourceDefinition
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.semantics import declared, exact_name
from crud.identity import tables
from crud.identity.accounts import ensure_role, sql_for, stored_role
from crud.resources import find_table, planned, reference, uniques_of
from crud.samples import insert_rows, read_rows
from sql.catalog import Column, Resource, Table
from sql.database import Database, Session
from sql.ddl import add_column, create_table
from sql.fragment import Bindings
from sql.introspection import ForeignKey, TableInfo
from sql.layout import Layout, layout_of
from sql.types import STRING, Type

Names = Mapping[str, Mapping[str, str]]
LOCK = 7_263_548_190
ROLES = {
    "administrator": "May do everything",
    "user": "An account",
    "public": "Everybody, signed in or not",
}
_VIEW_ROLE = (
    "(SELECT CASE r.name WHEN 'administrator' THEN 'admin' ELSE r.name END FROM _dragoman_user_roles l "
    "JOIN _dragoman_roles r ON r.id = l.role_id WHERE l.user_id = u.id "
    "ORDER BY CASE r.name WHEN 'administrator' THEN 0 WHEN 'public' THEN 2 ELSE 1 END, r.name LIMIT 1)"
)


@dataclass(frozen=True)
class Known:
    """What references may lead to in one source: exact name → table, types of its columns, key."""

    table: Table
    types: Mapping[str, Type]
    key: tuple[str, ...]
    exists: bool


@contextmanager
def alone(database: Database) -> Iterator[Session]:
    """A transaction that no other worker is in at the same time."""
    with database.transaction() as session:
        if database.backend.name == "postgres":
            session.fetch("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        yield session


# ---------------------------------------------------------------- our own tables


def install(database: Database, config: Config) -> None:
    """Make our own tables, the roles that always exist, and sample people if the tables are new."""
    if config.sources[config.server.system].read_only:
        message = "our own tables cannot live in a source that is read only"
        raise ConfigError([Problem(message, config.place / "server" / "system", tuple(config.sources))])
    with alone(database) as session:
        there = {info.table.name: info for info in database.tables(include_own=True)}
        made = [d for d in system.definitions(config) if d.table not in there]
        _create_all(config, database, session, made)
        _add_columns(config, database, session, there)
        _create_bare(database, session, there)
        _create_view(config, database, session, there)
        for role, description in ROLES.items():
            ensure_role(database, session, role, description)
        for definition in (each for each in made if each.table != system.AUDIT):
            _fill_own(config, database, session, definition)


def _create_bare(database: Database, session: Session, there: Mapping[str, TableInfo]) -> None:
    """The tables that are no resources: those of identity, and the revision."""
    tables.create(database, session, there)
    revision.create(database, session, there)
    if system.REVISION not in there:
        session.execute("CREATE UNIQUE INDEX _dragoman_users_email ON _dragoman_users (lower(email))")


def _add_columns(config: Config, database: Database, session: Session, there: Mapping[str, TableInfo]) -> None:
    """Columns that our own tables, or the configuration's accounts, have got since the tables were made."""
    for definition in system.definitions(config):
        if info := there.get(definition.table):
            found = {column.name for column in info.columns}
            for name in (field.name for field in definition.fields if field.name not in found):
                columns = _columns(definition, {})
                optional = replace(columns[name], nullable=True, default=None)
                _run(session, add_column(Layout(info.table, tuple(columns.values())), optional, database.backend))


def _create_view(config: Config, database: Database, session: Session, there: Mapping[str, TableInfo]) -> None:
    """Accounts with their leading role. Made anew when accounts have got new columns."""
    wanted = [field.name for d in system.definitions(config) if d.table == system.ACCOUNTS for field in d.fields]
    table, view = there.get(system.ACCOUNTS), there.get(system.ACCOUNTS_VIEW)
    names = list(dict.fromkeys([*(column.name for column in table.columns), *wanted] if table else wanted))
    if view and [column.name for column in view.columns] == [*names, "role"]:
        return
    if view:
        session.execute("DROP VIEW _dragoman_accounts")
    shown = ", ".join(f"u.{database.backend.ident(name)}" for name in names)
    session.execute(f"CREATE VIEW _dragoman_accounts AS SELECT {shown}, {_VIEW_ROLE} AS role FROM _dragoman_users u")


def _fill_own(config: Config, database: Database, session: Session, definition: ResourceDefinition) -> None:
    names = ("accounts", "users") if definition.entity == "users" else (definition.entity,)
    file, rows = read_rows(config.sample, *names)
    if definition.entity == "user_roles":
        rows = [_with_role(database, session, dict(row)) for row in rows]
    if definition.entity == "roles":
        rows = [row for row in rows if row.get("name") not in ROLES]
    columns = _columns(definition, {})
    insert_rows(session, database.backend, Table(definition.table), columns=columns, rows=rows, file=file)


def _with_role(database: Database, session: Session, row: dict[str, object]) -> dict[str, object]:
    """A link that names its role: `role` instead of `role_id`."""
    if "role" not in row:
        return row
    role = stored_role(str(row.pop("role")))
    ensure_role(database, session, role, "")
    found = session.fetch(sql_for(database, "SELECT id FROM _dragoman_roles WHERE name = ?"), (role,))
    return {"id": str(uuid.uuid4()), **row, "role_id": str(found[0][0])}


# ---------------------------------------------------------------- the tables of entities


def create_missing(config: Config, databases: Mapping[str, Database]) -> None:
    """Make the tables of declared entities that do not exist, and fill them with their sample rows."""
    for source, database in databases.items():
        mine = [d for d in declared(config) if d.source == source]
        if not mine or config.sources[source].read_only or not _missing(database, mine):
            continue
        with alone(database) as session:
            made = _create_all(config, database, session, _missing(database, mine))
            for definition, columns in made:
                exact = exact_name(definition, config.server.default_schema)
                file, rows = read_rows(config.sample, exact, definition.entity)
                table = Table(definition.table)
                insert_rows(session, database.backend, table, columns=columns, rows=rows, file=file)
                _count_on(database, session, table, columns)


def _missing(database: Database, definitions: list[ResourceDefinition]) -> list[ResourceDefinition]:
    tables = {info.table: info for info in database.tables()}
    return [d for d in definitions if find_table(d, tables) is None and d.fields]


def _count_on(database: Database, session: Session, table: Table, columns: Mapping[str, Column]) -> None:
    """A counter goes on after the keys of the sample."""
    for column in columns.values():
        counts = column.default is not None and column.default.kind == "increment"
        if counts and (advance := database.backend.advance(table, column)):
            session.fetch(advance.text, tuple(binder(Bindings()) for binder in advance.params))


def _create_all(
    config: Config, database: Database, session: Session, definitions: list[ResourceDefinition]
) -> list[tuple[ResourceDefinition, Mapping[str, Column]]]:
    """Make the tables, parents first.

    A reference in a circle, or to a column that tells rows apart within a tenant only, has no constraint.
    """
    known = _known(config, database, definitions)
    names = _names(config, known)
    made: list[tuple[ResourceDefinition, Mapping[str, Column]]] = []
    done = {exact for exact, target in known.items() if target.exists}
    within = {_exact(config, d): _unique_within(d) for d in declared(config)}
    for definition in _parents_first(config, definitions, names):
        exact = _exact(config, definition)
        space = names[definition.namespace]
        columns = _columns(definition, _target_types(definition, known, space))
        targets = [(f, *_target(f, known, space)) for f in definition.fields if f.references]
        keys = tuple(
            ForeignKey((f.name,), known[t].table, (column,), (f.on_delete or "no action").upper())
            for f, t, column in targets
            if (t in done or t == exact) and column not in within.get(t, ())
        )
        resource = Resource(exact, Table(definition.table), columns, definition.key, uniques=uniques_of(definition))
        _run(session, create_table(layout_of(resource, references=keys), database.backend))
        done.add(exact)
        made.append((definition, columns))
    return made


def _unique_within(definition: ResourceDefinition) -> frozenset[str]:
    """The columns whose values are unique within a tenant, and perhaps not beyond."""
    if definition.tenant is None:
        return frozenset()
    return frozenset(u[0] for u in definition.uniques if len(u) == 1) - {definition.tenant, *definition.key[:1]}


def _columns(definition: ResourceDefinition, types: Mapping[str, Type]) -> Mapping[str, Column]:
    problems: list[Problem] = []
    usual = {field.name: STRING for field in definition.fields if field.references}
    columns = planned(definition, {**usual, **types}, problems)
    if problems:
        raise ConfigError(problems)
    return MappingProxyType({column.name: column for column in columns})


def _exact(config: Config, definition: ResourceDefinition) -> str:
    if definition.namespace == "system" and definition.table.startswith(system.PREFIX):
        return definition.table
    return exact_name(definition, config.server.default_schema)


def _known(config: Config, database: Database, making: list[ResourceDefinition]) -> dict[str, Known]:
    tables = {info.table: info for info in database.tables(include_own=True)}
    known = {info.table.name: _existing(info) for info in tables.values()}
    for definition in declared(config):
        info = find_table(definition, tables)
        if info and definition not in making:
            known[_exact(config, definition)] = _existing(info)
    for definition in making:
        types = {field.name: field.type for field in definition.fields if field.type}
        known[_exact(config, definition)] = Known(Table(definition.table), types, definition.key, exists=False)
    return known


def _existing(info: TableInfo) -> Known:
    return Known(info.table, {column.name: column.type for column in info.columns}, info.key, exists=True)


def _names(config: Config, known: Mapping[str, Known]) -> dict[str, dict[str, str]]:
    general: dict[str, str] = {word: exact for word, exact in system.WORDS.items() if exact in known}
    for definition in declared(config):
        exact = _exact(config, definition)
        forms = (naming.pascal_singular(definition.entity), naming.camel_singular(definition.entity))
        general |= dict.fromkeys((*forms, *definition.aliases), exact)
    general |= {exact: exact for exact in known}
    spaces = {*config.schemas, "system"}
    entities = {s: {d.entity: _exact(config, d) for d in declared(config) if d.namespace == s} for s in spaces}
    return {space: general | entities[space] for space in spaces}


def _target(field: FieldDefinition, known: Mapping[str, Known], space: Mapping[str, str]) -> tuple[str, str]:
    """(exact resource, column) that a field refers to; ("", "") where there is none: the loader tells."""
    exact, column = reference(field.references or "", space)
    if exact not in known:
        return "", ""
    return exact, column or (known[exact].key or ("",))[0]


def _target_types(
    definition: ResourceDefinition, known: Mapping[str, Known], space: Mapping[str, str]
) -> dict[str, Type]:
    """The types of fields that say none and take that of what they refer to."""
    found: dict[str, Type] = {}
    for field in definition.fields:
        exact, column = _target(field, known, space) if field.references and not field.type else ("", "")
        if exact and column in known[exact].types:
            found[field.name] = known[exact].types[column]
    return found


def _parents_first(config: Config, definitions: list[ResourceDefinition], names: Names) -> Iterator[ResourceDefinition]:
    making = {_exact(config, d): d for d in definitions}
    seen: set[str] = set()

    def visit(exact: str) -> Iterator[ResourceDefinition]:
        if exact in seen or exact not in making:
            return
        seen.add(exact)
        for field in making[exact].fields:
            if field.references:
                yield from visit(reference(field.references, names[making[exact].namespace])[0])
        yield making[exact]

    for exact in making:
        yield from visit(exact)


def _run(session: Session, statements: tuple[str, ...]) -> None:
    for statement in statements:
        session.execute(statement)
