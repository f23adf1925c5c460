"""Makes our own tables, and the sample people in them. Those of definitions are `crud.evolution`'s.

In: a `Config` and the database of our own tables, at start. Out: tables. Several workers may start at once: everything
happens in one transaction that only one of them can be in, and what exists is left as it is.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from crud import system
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError, Problem
from crud.evolution import records
from crud.evolution.locking import alone
from crud.evolution.targets import survey
from crud.evolution.wanted import Wanted, own
from crud.identity import tables
from crud.identity.accounts import ensure_role, sql_for, stored_role
from crud.samples import insert_rows, read_rows
from crud.snapshots import revision
from sql.catalog import Column
from sql.database import Database, Session
from sql.ddl import add_column, create_table
from sql.introspection import TableInfo

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


def install(database: Database, config: Config) -> None:
    """Make our own tables, the roles that always exist, and sample people if the tables are new. Raises ConfigError."""
    if config.sources[config.server.system].read_only:
        message = "our own tables cannot live in a source that is read only"
        raise ConfigError([Problem(message, config.place / "server" / "system", tuple(config.sources))])
    with alone(database, evolving=False) as session:
        ours, there = _wanted(config, database)
        if not any(_lacking(each, there) for each in ours):
            _make(config, database, session, ours, there)
            return
    with alone(database) as session:
        ours, there = _wanted(config, database)
        _add_columns(ours, database, session, there)
        _make(config, database, session, ours, there)


def _wanted(config: Config, database: Database) -> tuple[tuple[Wanted, ...], Mapping[str, TableInfo]]:
    """How our own tables are laid out, and what there is."""
    there = {info.table.name: info for info in database.tables(include_own=True)}
    return _own(config, database, there), there


def _make(
    config: Config, database: Database, session: Session, ours: Iterable[Wanted], there: Mapping[str, TableInfo]
) -> None:
    """What is not there yet."""
    made = [each for each in ours if each.layout.table.name not in there]
    for each in made:
        _run(session, create_table(each.layout, database.backend))
    _create_bare(database, session, there)
    _create_view(config, database, session, there)
    for role, description in ROLES.items():
        ensure_role(database, session, role, description)
    for each in made:
        _fill_own(config, database, session, each)


def _own(config: Config, database: Database, there: Mapping[str, TableInfo]) -> tuple[Wanted, ...]:
    """How our own tables are laid out. Those of others may be referred to as they are found."""
    source = config.server.system
    found = {source: {info.table: info for info in there.values() if not info.table.name.startswith(system.PREFIX)}}
    made = own(config, survey(config, found, ()), {source: database.backend.name})
    if problems := [problem for each in made for problem in each.problems]:
        raise ConfigError(problems)
    return made


def _create_bare(database: Database, session: Session, there: Mapping[str, TableInfo]) -> None:
    """The tables that are no resources: those of identity, and the revision."""
    tables.create(database, session, there)
    revision.create(database, session, there)
    if system.REVISION not in there:
        session.execute("CREATE UNIQUE INDEX _dragoman_users_email ON _dragoman_users (lower(email))")
    if system.LAYOUTS not in there:
        _run(session, create_table(records.LAYOUT, database.backend))


def _lacking(wanted: Wanted, there: Mapping[str, TableInfo]) -> list[Column]:
    """Columns that one of our own tables, or the configuration's accounts, have got since the table was made."""
    info = there.get(wanted.layout.table.name)
    found = {column.name for column in info.columns} if info else set()
    return [column for column in wanted.layout.columns if column.name not in found] if info else []


def _add_columns(ours: Iterable[Wanted], database: Database, session: Session, there: Mapping[str, TableInfo]) -> None:
    for each in ours:
        for column in _lacking(each, there):
            optional = replace(column, nullable=True, default=None)
            _run(session, add_column(each.layout, optional, database.backend))


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


def _fill_own(config: Config, database: Database, session: Session, made: Wanted) -> None:
    entity = made.definition.entity
    names = {"users": ("accounts", "users"), "audit": ()}.get(entity, (entity,))
    file, rows = read_rows(config.sample, *names)
    if entity == "user_roles":
        rows = [_with_role(database, session, dict(row)) for row in rows]
    if entity == "roles":
        rows = [row for row in rows if row.get("name") not in ROLES]
    insert_rows(session, database.backend, made.layout.table, columns=made.columns, rows=rows, file=file)


def _with_role(database: Database, session: Session, row: dict[str, object]) -> dict[str, object]:
    """A link that names its role: `role` instead of `role_id`."""
    if "role" not in row:
        return row
    role = stored_role(str(row.pop("role")))
    ensure_role(database, session, role, "")
    found = session.fetch(sql_for(database, "SELECT id FROM _dragoman_roles WHERE name = ?"), (role,))
    return {"id": str(uuid.uuid4()), **row, "role_id": str(found[0][0])}


def _run(session: Session, statements: tuple[str, ...]) -> None:
    for statement in statements:
        session.execute(statement)
