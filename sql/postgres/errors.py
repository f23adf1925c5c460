"""PostgreSQL's errors as ours, once, by SQLSTATE.

In: an exception of `psycopg`. Out: the `sql.errors` exception to raise from it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import psycopg

from sql import errors

# The columns of an index; an expression among them is not a plain name and matches nothing.
_NAME = r'[a-z_][a-z0-9_]*|"(?:[^"]|"")+"'
_KEY = re.compile(rf"[^(]*\(((?:{_NAME})(?:, (?:{_NAME}))*)\)=\(", re.DOTALL)


def _columns(error: psycopg.Error) -> tuple[str, ...]:
    found = _KEY.match(error.diag.message_detail or "")
    return tuple(_unquoted(name) for name in re.findall(_NAME, found[1])) if found else ()


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


_Maker = Callable[[psycopg.Error], errors.DatabaseError]
_check: _Maker = lambda _: errors.CheckViolation("The database refused a value")  # noqa: E731
_range: _Maker = lambda _: errors.OutOfRange("A number or time is out of range")  # noqa: E731
_busy: _Maker = lambda _: errors.Busy("The database is busy")  # noqa: E731
_deadlock: _Maker = lambda _: errors.Deadlock("The transaction was in another's way")  # noqa: E731
_away: _Maker = lambda _: errors.Unavailable("The database cannot be reached")  # noqa: E731
_outdated: _Maker = lambda _: errors.Outdated("The tables have changed")  # noqa: E731
_late: _Maker = lambda _: errors.Timeout("The statement took too long")  # noqa: E731
# By the whole code, else by its class (the first two characters).
_BY_STATE: Mapping[str, _Maker] = MappingProxyType(
    {
        "23505": lambda error: errors.UniqueViolation(_columns(error)),
        "23P01": lambda error: errors.UniqueViolation(_columns(error)),
        "23503": lambda _: errors.ForeignKeyViolation("A reference does not hold"),
        "23001": lambda _: errors.ForeignKeyViolation("A reference does not hold"),
        "23502": lambda error: errors.NotNullViolation(error.diag.column_name or ""),
        "23": _check,
        "22003": _range,
        "22008": _range,
        "22": _check,
        "57014": _late,
        "55P03": _busy,
        "40001": _deadlock,
        "40P01": _deadlock,
        "40": _busy,
        "53100": lambda _: errors.Full("The database has no room left"),
        "53": _busy,
        # No such table, schema, column, type, function or operator for these types, unique to tell rows apart by.
        **dict.fromkeys(("42P01", "3F000", "42703", "42704", "42883", "42804", "42P10"), _outdated),
        # What a trigger raises, a view's check option, a value for a column that is always generated.
        "P0": _check,
        "44": _check,
        "428C9": _check,
        "25006": lambda _: errors.ReadOnly("The database takes no changes"),
        "25P03": _late,
        "25P04": _late,
        "08": _away,
        "28": _away,
        "3D": _away,
        "57P": _away,
    }
)


def translate(error: psycopg.Error) -> errors.DatabaseError:
    """Our exception for one of the driver's."""
    if isinstance(error, psycopg.DataError) and error.sqlstate is None:
        return errors.CheckViolation("The database refused a value")
    if stale(error):
        return _outdated(error)
    state = error.sqlstate or ("08" if isinstance(error, psycopg.OperationalError) else "")
    make = next((_BY_STATE[state[:size]] for size in (5, 3, 2) if state[:size] in _BY_STATE), None)
    return make(error) if make else errors.DatabaseError("The database failed")


def stale(error: psycopg.Error) -> bool:
    """Whether a statement was prepared for tables that have changed since, or ran while they did."""
    if error.sqlstate == "XX000":
        return error.diag.source_function in ("relation_open", "try_relation_open", "RevalidateCachedQuery")
    return error.sqlstate == "0A000" and error.diag.source_function == "RevalidateCachedQuery"


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the driver raises in the block leaves it as ours."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error
