"""The rows as each database keeps them: the documented forms, written without the program's own encoders.

In: canonical values with their types. Out: what `sqlite3` and `psycopg` are given.
"""

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sql.ranges import Range
from sql.types import Type
from tests.property.documents import ABSENT


def _instant(value: datetime) -> str:
    return f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}{'Z' if value.tzinfo else ''}"


def _range_text(value: Range) -> str:
    if value.bounds == "empty":
        return "empty"
    ends = ("" if end is None else str(end) for end in (value.lower, value.upper))
    return value.bounds[0] + ",".join(ends) + value.bounds[1]


def for_sqlite(type: Type, value: Any) -> Any:
    """A value as the documentation says that SQLite keeps it."""
    match value:
        case _ if type.name == "json":
            return None if value is ABSENT else json.dumps(value, ensure_ascii=False)
        case Decimal():
            return str(value)
        case datetime():
            return _instant(value)
        case date() | time():
            return value.isoformat()
        case tuple():
            return json.dumps(value, ensure_ascii=False)
        case Range():
            return _range_text(value)
    return value


def for_postgres(type: Type, value: Any) -> Any:
    """A value as psycopg takes it."""
    match value:
        case _ if type.name == "json":
            return None if value is ABSENT else json.dumps(value, ensure_ascii=False)
        case tuple():
            return list(value)
        case Range():
            return _range_text(value)
    return value
