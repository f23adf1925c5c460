"""The tables of identity that are no resources: sessions, API keys, failed sign-ins.

In: the database of our own tables, inside the transaction in which they are made. Out: those that were missing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sql.catalog import Column, Table
from sql.database import Database, Session
from sql.ddl import create_table
from sql.introspection import ForeignKey
from sql.layout import Layout
from sql.types import BIGINT, DATETIME, STRING, TEXT, UUID

SESSIONS, API_KEYS, LOCKOUTS = "_dragoman_sessions", "_dragoman_api_keys", "_dragoman_lockouts"
_OF_AN_ACCOUNT = ForeignKey(("user_id",), Table("_dragoman_users"), ("id",), "CASCADE")


@dataclass(frozen=True)
class Bare:
    """A table: its columns, its key, what it refers to, and the columns by which rows are looked for besides."""

    name: str
    columns: tuple[Column, ...]
    key: str
    references: tuple[ForeignKey, ...] = ()
    sought: tuple[str, ...] = ()


TABLES = (
    Bare(
        SESSIONS,
        (
            Column("id", STRING, nullable=False),
            Column("subject", STRING, nullable=False),
            Column("user_id", UUID),
            Column("refresh", STRING, nullable=False),
            Column("created_at", DATETIME, nullable=False),
            Column("expires", DATETIME, nullable=False),
            Column("revoked_at", DATETIME),
        ),
        "id",
        (_OF_AN_ACCOUNT,),
        ("expires",),
    ),
    Bare(
        API_KEYS,
        (
            Column("id", UUID, nullable=False),
            Column("hash", STRING, nullable=False),
            Column("hint", STRING, nullable=False),
            Column("name", STRING, nullable=False),
            Column("user_id", UUID, nullable=False),
            Column("scopes", TEXT, nullable=False),
            Column("created_at", DATETIME, nullable=False),
            Column("expires", DATETIME),
            Column("revoked_at", DATETIME),
        ),
        "hash",
        (_OF_AN_ACCOUNT,),
    ),
    Bare(
        LOCKOUTS,
        (
            Column("subject", STRING, nullable=False),
            Column("failures", BIGINT, nullable=False),
            Column("since", DATETIME, nullable=False),
            Column("locked_until", DATETIME),
        ),
        "subject",
        sought=("since",),
    ),
)


def create(database: Database, session: Session, there: Collection[str]) -> None:
    """Make those tables that are not there."""
    for bare in TABLES:
        if bare.name not in there:
            layout = Layout(Table(bare.name), bare.columns, (bare.key,), references=bare.references)
            for statement in create_table(layout, database.backend):
                session.execute(statement)
            for column in bare.sought:
                session.execute(f"CREATE INDEX {bare.name}_{column} ON {bare.name} ({column})")
