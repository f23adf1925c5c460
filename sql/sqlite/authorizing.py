"""What a statement on a SQLite connection may do at all: no other files, no settings changed.

In: what SQLite says that a statement is about to do. Out: yes or no.
"""

import sqlite3

_READING = frozenset(
    {
        "table_list",
        "table_xinfo",
        "index_list",
        "index_xinfo",
        "foreign_key_list",
        "foreign_key_check",
        "data_version",
    }
)
_REFUSED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})


def authorize(action: int, first: str | None, *_: str | None) -> int:
    """For what callers ask."""
    refused = action in _REFUSED or (action == sqlite3.SQLITE_PRAGMA and first not in _READING)
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def authorize_evolution(action: int, first: str | None, *more: str | None) -> int:
    """While tables are changed, ALTER TABLE may be told what to look after, and itself look whether a CHECK holds."""
    if action == sqlite3.SQLITE_PRAGMA and first in ("legacy_alter_table", "quick_check"):
        return sqlite3.SQLITE_OK
    return authorize(action, first, *more)
