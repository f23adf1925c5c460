"""What rows get that were there before a column was required.

In: the new column. Out: SQL for its default, made for each row where it is a UUID; None where it has none that fits: a
caller's name, say, since there is no caller.
"""

from datetime import UTC, datetime

from sql.backend import Backend, Parameter
from sql.catalog import Column
from sql.fragment import Fragment, sql
from sql.moments import as_type


def fill(column: Column, backend: Backend) -> Fragment | None:
    """An expression for the value."""
    match column.default:
        case None:
            return None
        case default if default.kind == "literal":
            return None if default.value is None else _value(column, default.value, backend)
        case default if default.kind == "now":
            return _value(column, as_type(datetime.now(UTC), column.type), backend)
        case default if default.kind == "uuid":
            return _uuid(column, backend)
        case _:
            return None


def _value(column: Column, value: object, backend: Backend) -> Fragment:
    return backend.assign(column, Parameter(lambda _: value, column.type))


def _uuid(column: Column, backend: Backend) -> Fragment:
    if backend.name == "postgres":
        return sql("gen_random_uuid()") if column.type.name == "uuid" else sql("gen_random_uuid()::text")
    return sql("dragoman_uuid()")
