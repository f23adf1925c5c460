"""SQLite's errors as ours, once, by extended result code.

In: an exception of `sqlite3`. Out: the `sql.errors` exception to raise from it.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from sql import errors

# The parser's stack (100 entries) and the depth of expressions are compiled into SQLite.
_TOO_DEEP = ("parser stack overflow", "Expression tree is too large", "too many terms")
_OUTDATED = re.compile(
    r"no such (table|column|index)|has no column named|ON CONFLICT clause does not match|no such view"
)
_COLUMNS = re.compile(r"failed: (.+)$", re.DOTALL)


def _columns(text: str) -> tuple[str, ...]:
    found = _COLUMNS.search(text)
    if found is None or found[1].startswith("index "):
        return ()
    table, _, rest = found[1].partition(".")
    return tuple(rest.split(f", {table}."))


_Maker = Callable[[str], errors.DatabaseError]
_unique: _Maker = lambda text: errors.UniqueViolation(_columns(text))  # noqa: E731
_trigger: _Maker = lambda text: (  # noqa: E731
    errors.ForeignKeyViolation("A reference does not hold")
    if "FOREIGN KEY" in text
    else errors.CheckViolation("The database refused a value")
)
_BY_CODE: Mapping[int, _Maker] = MappingProxyType(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE: _unique,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _unique,
        sqlite3.SQLITE_CONSTRAINT_ROWID: _unique,
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: lambda _: errors.ForeignKeyViolation("A reference does not hold"),
        # ON DELETE RESTRICT; a trigger's own RAISE has the same code, and a text of its own
        sqlite3.SQLITE_CONSTRAINT_TRIGGER: _trigger,
        sqlite3.SQLITE_CONSTRAINT_NOTNULL: lambda text: errors.NotNullViolation("".join(_columns(text)[:1])),
        sqlite3.SQLITE_INTERRUPT: lambda _: errors.Timeout("The statement took too long"),
        sqlite3.SQLITE_BUSY: lambda _: errors.Busy("The database is locked"),
        sqlite3.SQLITE_LOCKED: lambda _: errors.Busy("The database is locked"),
        sqlite3.SQLITE_CONSTRAINT: lambda _: errors.CheckViolation("The database refused a value"),
        sqlite3.SQLITE_MISMATCH: lambda _: errors.CheckViolation("The database refused a value"),
        sqlite3.SQLITE_SCHEMA: lambda _: errors.Outdated("The tables have changed"),
        sqlite3.SQLITE_TOOBIG: lambda _: errors.OutOfRange("A value is too large"),
        sqlite3.SQLITE_PROTOCOL: lambda _: errors.Busy("The database is locked"),
        sqlite3.SQLITE_READONLY: lambda _: errors.ReadOnly("The database takes no changes"),
        sqlite3.SQLITE_FULL: lambda _: errors.Full("The database has no room left"),
        **dict.fromkeys(
            (
                sqlite3.SQLITE_CANTOPEN,
                sqlite3.SQLITE_NOTADB,
                sqlite3.SQLITE_CORRUPT,
                sqlite3.SQLITE_IOERR,
                sqlite3.SQLITE_PERM,
            ),
            lambda _: errors.Unavailable("The database file cannot be used"),
        ),
    }
)


def translate(error: Exception) -> errors.DatabaseError:
    """Our exception for one of the driver's."""
    if isinstance(error, OverflowError) or "integer overflow" in str(error):
        return errors.OutOfRange("A number is too large for the database")
    if any(words in str(error) for words in _TOO_DEEP):
        return errors.TooComplex("The query is nested too deeply for the database")
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_ERROR and _OUTDATED.search(str(error)):
        return errors.Outdated("The tables have changed")
    make = _BY_CODE.get(code) or _BY_CODE.get(code & 0xFF)
    return make(str(error)) if make else errors.DatabaseError("The database failed")


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the driver raises in the block leaves it as ours."""
    try:
        yield
    except (sqlite3.Error, OverflowError) as error:
        raise translate(error) from error
