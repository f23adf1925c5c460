"""What is in force, told by numbers: a row of our own that every request compares with what its worker holds.

In: the database of our own tables. Out: `Revision`, one number for each part of what is in force; `renew`, which gives
parts other numbers inside the transaction that changes them. A number is no sum: a database that was put back from a
copy would come to the same one again. Constant SQL.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter

from crud.identity.accounts import sql_for
from crud.system import PREFIX, REVISION
from sql.catalog import Column, Resource, Table
from sql.database import Database, Row, Session
from sql.ddl import add_column, create_table
from sql.introspection import TableInfo
from sql.layout import Layout, layout_of
from sql.types import BIGINT, STRING, TEXT

FILES, DEFINITIONS = f"{PREFIX}files", f"{PREFIX}definitions"


@dataclass(frozen=True)
class Revision:
    """The numbers. `rules`: permissions and roles. `definitions`: what arrived by request. `files`: the configuration.
    `connections`: they are to be new. `cache`: answers that were kept before are given no more."""

    rules: int = 0
    definitions: int = 0
    files: int = 0
    connections: int = 0
    cache: int = 0


NAMES = tuple(field.name for field in fields(Revision))
# The number of the rules is the column that was there first.
_COLUMNS = ("value", *NAMES[1:])
_numbers = attrgetter(*NAMES)
_ASKED = f"SELECT {', '.join(_COLUMNS)} FROM {REVISION}"


def revision(database: Database) -> Revision:
    """The numbers as they are now."""
    return _made(database.fetch(_ASKED))


def is_now(held: Revision, database: Database) -> bool:
    """Whether these are the numbers as they are now: what every request asks."""
    return database.fetch(_ASKED) == [_numbers(held)]


def revision_within(session: Session) -> Revision:
    """The same in an open transaction or snapshot."""
    return _made(session.fetch(_ASKED))


def _made(rows: list[Row]) -> Revision:
    return Revision(*map(int, map(str, rows[0]))) if rows else Revision()


def renew(database: Database, session: Session, *parts: str) -> None:
    """Let every worker read these parts anew, the rules where nothing is said, with its first request after this
    transaction."""
    named = [_COLUMNS[NAMES.index(part)] for part in parts or NAMES[:1]]
    text = f"UPDATE {REVISION} SET {', '.join(f'{name} = ?' for name in named)}"
    session.execute(sql_for(database, text), tuple(secrets.randbits(62) + 1 for _ in named))


def announce(database: Database, *parts: str) -> None:
    """The same in a transaction of its own."""
    with database.transaction() as session:
        renew(database, session, *parts)


# ---------------------------------------------------------------- the tables


def create(database: Database, session: Session, there: Mapping[str, TableInfo]) -> None:
    """Make the row, and the tables of accepted files and of definitions that arrived by request, where they are
    missing."""
    if REVISION not in there:
        _create(database, session, REVISION, [Column(name, BIGINT, nullable=False) for name in _COLUMNS])
        session.execute(f"INSERT INTO {REVISION} ({', '.join(_COLUMNS)}) VALUES ({', '.join('0' for _ in _COLUMNS)})")
        renew(database, session, "cache")  # answers of another database that was in its place are not its own
    else:
        _widen(database, session, {column.name for column in there[REVISION].columns})
    for table, column in ((FILES, "content"), (DEFINITIONS, "definition")):
        if table not in there:
            columns = (Column("name", STRING, nullable=False), Column(column, TEXT, nullable=False))
            _create(database, session, table, columns, "name")


def _create(database: Database, session: Session, table: str, columns: Iterable[Column], *key: str) -> None:
    resource = Resource(table, Table(table), {column.name: column for column in columns}, key)
    for statement in create_table(layout_of(resource), database.backend):
        session.execute(statement)


def _widen(database: Database, session: Session, found: set[str]) -> None:
    """Columns that the row has got since it was made."""
    layout = Layout(Table(REVISION), ())
    for name in (name for name in _COLUMNS if name not in found):
        for statement in add_column(layout, Column(name, BIGINT), database.backend):
            session.execute(statement)
        session.execute(f"UPDATE {REVISION} SET {name} = 0")
