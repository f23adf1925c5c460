"""What stands on the tables of a SQLite file besides what we make: triggers, views, indexes of others.

In: a session. Out: their statements, and whether they still make sense. SQLite itself would let them break.
"""

from collections.abc import Collection

from sql.database import Session
from sql.errors import DatabaseError

_VIEWS = "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name"
_TRIGGERED = "SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY tbl_name"
_UPON = "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type IN ('trigger', 'index') AND sql IS NOT NULL"
_OVER = """SELECT s.sql FROM sqlite_schema s JOIN pragma_index_xinfo(s.name) x
    WHERE s.tbl_name = ? AND s.type = 'index' AND s.sql IS NOT NULL AND x.name IN (SELECT value FROM json_each(?))"""
_GROWN = """SELECT DISTINCT m.name FROM sqlite_schema m JOIN pragma_index_list(m.name) i
    WHERE m.type = 'table' AND i.origin = 'u'"""
_SETTABLE = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0"


def upon(session: Session, table: str) -> tuple[str, ...]:
    """The statements of the triggers and indexes that go with a table."""
    return tuple(str(row[0]) for row in session.fetch(_UPON, (table,)))


def over(session: Session, table: str, columns: str) -> tuple[str, ...]:
    """The statements of the indexes over one of these columns (a JSON list)."""
    return tuple(str(row[0]) for row in session.fetch(_OVER, (table, columns)))


def grown(session: Session) -> frozenset[str]:
    """The tables whose uniques stand in CREATE TABLE."""
    return frozenset(str(row[0]) for row in session.fetch(_GROWN))


def sound(session: Session) -> frozenset[str]:
    """The views that can be read."""
    views = [str(view) for (view,) in session.fetch(_VIEWS)]
    return frozenset(view for view in views if _holds(session, f"SELECT 1 FROM {_quoted(view)}"))


def fired(session: Session) -> Collection[str]:
    """The tables and views whose triggers can run."""
    return [str(table) for (table,) in session.fetch(_TRIGGERED) if _fires(session, str(table))]


def _fires(session: Session, table: str) -> bool:
    name = _quoted(table)
    columns = [f"{_quoted(column)} = {_quoted(column)}" for (column,) in session.fetch(_SETTABLE, (table,))]
    writes = [f"INSERT INTO {name} DEFAULT VALUES", f"DELETE FROM {name}"]
    writes += [f"UPDATE {name} SET {', '.join(columns)}"] if columns else []
    return all(_holds(session, text) for text in writes)


def _holds(session: Session, text: str) -> bool:
    try:
        session.fetch(f"EXPLAIN {text}")
    except DatabaseError:
        return False
    return True


def _quoted(name: object) -> str:
    return '"' + str(name).replace('"', '""') + '"'
