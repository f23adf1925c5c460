"""What we last made of each table: rows of `_dragoman_layouts`, beside our other tables.

In: the database of our own tables, a session in it. Out: layouts by source and table.
"""

import json
from collections.abc import Mapping

from crud import system
from crud.identity.accounts import sql_for
from sql.catalog import Column, Table
from sql.database import Database, Session
from sql.layout import Layout, from_data, to_data
from sql.types import STRING, TEXT

LAYOUT = Layout(
    Table(system.LAYOUTS),
    (
        Column("source", STRING, nullable=False),
        Column("space", STRING, nullable=False),
        Column("name", STRING, nullable=False),
        Column("layout", TEXT, nullable=False),
    ),
    ("source", "space", "name"),
)
Where = tuple[str, Table]  # a source, and a table in it
_READ = "SELECT source, layout FROM _dragoman_layouts"
_FORGET = "DELETE FROM _dragoman_layouts WHERE source = ? AND space = ? AND name = ?"
_WRITE = "INSERT INTO _dragoman_layouts (source, space, name, layout) VALUES (?, ?, ?, ?)"


def read(database: Database) -> Mapping[Where, Layout]:
    """All records; none where our own tables are not there yet."""
    made: dict[Where, Layout] = {}
    if system.LAYOUTS not in database.names():
        return made
    for source, text in database.fetch(_READ):
        layout = from_data(json.loads(str(text)))
        made[str(source), layout.table] = layout
    return made


def write(database: Database, session: Session, source: str, layout: Layout) -> None:
    """Keep what was made of a table, instead of what was kept of it."""
    forget(database, session, source, layout.table)
    text = json.dumps(to_data(layout), ensure_ascii=False)
    session.execute(sql_for(database, _WRITE), (source, layout.table.schema or "", layout.table.name, text))


def forget(database: Database, session: Session, source: str, table: Table) -> None:
    """Keep nothing of a table."""
    session.execute(sql_for(database, _FORGET), (source, table.schema or "", table.name))
