"""Sample rows: the JSON files that fill tables which were made just now.

In: a directory, a table's columns, a session. Out: rows in the table. Values are checked against the columns' types;
keys and stamps that a row lacks are made.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crud.definitions.place import Place
from crud.definitions.problems import ConfigError, Problem
from crud.suid import short_id
from sql.backend import Backend, Parameter
from sql.catalog import Column, Table
from sql.database import Session
from sql.errors import BadValue
from sql.fragment import Bindings, Fragment, ident, join, sql
from sql.moments import as_type
from sql.values import coerce, to_json

Row = Mapping[str, Any]


def read_rows(folder: Path | None, *names: str) -> tuple[Path, list[Row]]:
    """The rows of the first of these files that exists; none without one. Raises ConfigError."""
    for name in names if folder else ():
        file = Path(folder or "") / f"{name}.json"
        if file.is_file():
            try:
                rows = json.loads(file.read_text(encoding="utf-8"))
            except ValueError as error:
                raise _wrong(file, f"not valid JSON: {error}") from None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise _wrong(file, "must be a list of objects")
            return file, rows
    return Path(), []


def insert_rows(
    session: Session, backend: Backend, table: Table, *, columns: Mapping[str, Column], rows: Iterable[Row], file: Path
) -> None:
    """Put rows into a table. Raises ConfigError."""
    for number, row in enumerate(rows, start=1):
        values = completed(row, columns)
        for name in values:
            if name not in columns:
                raise _wrong(file, f"row {number}: the table {table.name} has no column {name!r}")
        try:
            given = {name: _value(columns[name], value) for name, value in values.items()}
        except BadValue as error:
            raise _wrong(file, f"row {number}: {error}") from None
        _insert(session, backend, table, columns=columns, values=given)


def completed(row: Row, columns: Mapping[str, Column]) -> dict[str, Any]:
    """The row with its generated keys, stamps and defaults."""
    made = {name: _made(column) for name, column in columns.items() if name not in row}
    return {**{name: value for name, value in made.items() if value is not None}, **row}


def _made(column: Column) -> object:
    match column.default:
        case None:
            return None
        case default if default.kind == "uuid":
            return str(uuid.uuid4())
        case default if default.kind == "suid":
            return short_id(column.rules.get("max_length"))
        case default if default.kind == "now":
            return to_json(as_type(datetime.now(UTC), column.type))
        case default if default.kind == "literal":
            return default.value
        case _:
            return None


def _value(column: Column, value: object) -> object:
    return None if value is None else coerce(column.type, value)


def _insert(
    session: Session, backend: Backend, table: Table, *, columns: Mapping[str, Column], values: Mapping[str, object]
) -> None:
    names = [ident(backend, name) for name in values]
    marks = [_mark(backend, columns[name], value) for name, value in values.items()]
    path = [table.schema, table.name] if table.schema else [table.name]
    statement = sql("INSERT INTO {} ({}) VALUES ({})", ident(backend, *path), join(", ", names), join(", ", marks))
    session.execute(statement.text, tuple(binder(Bindings()) for binder in statement.params))


def _mark(backend: Backend, column: Column, value: object) -> Fragment:
    if value is None:
        return sql("NULL")
    return backend.parameter(Parameter(lambda _: value, column.type)).sql


def _wrong(file: Path, message: str) -> ConfigError:
    return ConfigError([Problem(message, Place(str(file)))])
