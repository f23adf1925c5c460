"""Exports: all rows of a query, some at a time, and their text as CSV, JSON or JSON lines.

In: a `Context` and a query without lists below its rows. Out: lists of rows, then pieces of bytes; never more than one
list is held. The same rules apply as for every read; only the limit on the rows of one answer does not.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from crud import reading
from crud.access.permissions import authorize, gate_for
from crud.hooks import Event
from crud.jsontext import decimal_text, json_bytes
from crud.limits import check
from crud.plans.filled import filled
from crud.presentation import View
from crud.snapshots.state import Context
from sql.catalog import Column
from sql.errors import Unsupported
from sql.fragment import Bindings
from sql.query import Asked, Query

Row = dict[str, object]
Rows = Iterable[Sequence[Row]]
SIZE = 1000
WITHOUT_LIMIT = 2**62

_TEXTS = frozenset({"string", "text", "email", "enum", "citext"})
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def stream(context: Context, asked: Asked, *, size: int = SIZE) -> Iterator[list[Row]]:
    """The rows of a query in lists, as of one moment, sorted by its sort and key. Raises ApiError and SqlError."""
    asked = filled(context, asked)
    query, snapshot, actor = asked.query, context.snapshot, context.actor
    check(query, snapshot.config.limits)
    authorized = authorize(query, gate_for(snapshot.policy, snapshot.catalog, actor))
    event = Event("read", query.resource, {}, None, actor.id, actor.roles, actor.tenant)
    snapshot.hooks.before(event)
    compiled = reading.statements(context, authorized, max_rows=WITHOUT_LIMIT)
    if compiled.children:
        raise Unsupported("An export has no lists below its rows")
    bindings = Bindings(asked.values, actor.values, datetime.now(UTC))
    with (
        reading.placed(context, query, compiled, bindings) as database,
        database.stream(compiled.statement.text, compiled.statement.bind(bindings), size=size) as lists,
    ):
        for raw in lists:
            yield compiled.build(raw, ())
    snapshot.hooks.after([event])


def exported(view: View, columns: Sequence[Column] = ()) -> Query:
    """The query of all rows of a resource: these columns, or all that can be read."""
    selected = tuple(view.select(column) for column in columns) or view.star
    return Query(view.resource.name, select=selected)


# ---------------------------------------------------------------- formats


def csv_of(rows: Rows, columns: Mapping[str, Column], *, raw: bool = False) -> Iterator[bytes]:
    """CSV (RFC 4180) with a header. NULL is an empty cell, lists and objects are JSON.

    A text that a spreadsheet would take for a formula gets a `'` before it, unless `raw`; so does one that begins with
    such marks already, so that taking one away again gives back what was there.
    """
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\r\n")
    cells = [_text if raw or column.type.name not in _TEXTS else _guarded for column in columns.values()]
    writer.writerow(columns)
    yield _taken(held)
    for chunk in rows:
        for row in chunk:
            writer.writerow([cell(row[name]) for cell, name in zip(cells, columns, strict=True)])
        yield _taken(held)


def _taken(held: io.StringIO) -> bytes:
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text.encode()


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return decimal_text(value)
        case float():
            return repr(value)
        case int():
            return str(value)
        case _:
            return json_bytes(value).decode()


def _guarded(value: object) -> str:
    text = _text(value)
    return f"'{text}" if _FORMULA.match(text) else text


def json_of(rows: Rows, columns: Mapping[str, Column], *, raw: bool = False) -> Iterator[bytes]:
    """One JSON array, an object a line."""
    before = b"[\n"
    for chunk in rows:
        yield before + b",\n".join(map(json_bytes, chunk))
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def lines_of(rows: Rows, columns: Mapping[str, Column], *, raw: bool = False) -> Iterator[bytes]:
    """One JSON object a line."""
    for chunk in rows:
        yield b"".join(json_bytes(row) + b"\n" for row in chunk)


FORMATS: Mapping[str, Callable[..., Iterator[bytes]]] = MappingProxyType(
    {"csv": csv_of, "json": json_of, "ndjson": lines_of}
)
