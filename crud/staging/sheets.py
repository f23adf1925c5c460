"""One file as a sheet: its columns, and its rows as values of their types.

In: a file, the types that are declared for its columns. Out: a `Sheet`, or a `ConfigError` that says what is wrong with
which row. CSV is read as an import reads it (`crud.importing`), JSON as bodies are.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crud.definitions.settings import Limits
from crud.errors import ApiError
from crud.importing.cells import rows_from_csv
from crud.importing.rows import Bad, Numbered
from crud.importing.texts import text_of
from crud.presentation import View
from crud.staging import kinds
from crud.wire.bodies import read_json
from sql.catalog import Column, Resource, Table
from sql.errors import BadValue
from sql.types import STRING, Type
from sql.values import coerce, coerce_strict

Row = Mapping[str, object]
KINDS = (".csv", ".json", ".ndjson")


class Unreadable(Exception):
    """A file that is no table. The text says why."""


@dataclass(frozen=True)
class Sheet:
    """A file as a table. `rows` are values in the order of the columns."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]

    def unique(self, name: str) -> bool:
        """Whether every row has a value of its own in this column."""
        place = next((number for number, column in enumerate(self.columns) if column.name == name), None)
        values = [row[place] for row in self.rows] if place is not None else [None]
        return None not in values and len(set(map(str, values))) == len(values)


def read(file: Path, declared: Mapping[str, Type], limits: Limits) -> Sheet:
    """The sheet of a file. Raises Unreadable."""
    try:
        data = file.read_bytes()
        if len(data) > limits.import_bytes:
            raise Unreadable(f"has more than {limits.import_bytes} bytes (limits.import_bytes)")
        return (_csv if file.suffix == ".csv" else _json)(file, data, declared, limits)
    except OSError as error:
        raise Unreadable(error.strerror or "cannot be read") from error
    except ApiError as error:
        raise Unreadable(error.message.removeprefix("file: ").removeprefix("body: ")) from error


def _sheet(file: Path, types: Mapping[str, Type], rows: Iterable[Row]) -> Sheet:
    if not types:
        raise Unreadable("has no rows that would say what its columns are; declare them")
    folded = [name.lower() for name in types]
    if len(set(folded)) < len(folded):
        raise Unreadable("its columns need names that differ in more than case")
    columns = tuple(Column(name, type) for name, type in types.items())
    return Sheet(file.stem, columns, tuple(tuple(row.get(name) for name in types) for row in rows))


# ---------------------------------------------------------------- CSV


def _csv(file: Path, data: bytes, declared: Mapping[str, Type], limits: Limits) -> Sheet:
    header = next(csv.reader(text_of(io.BytesIO(data))), [])
    texts = dict.fromkeys((name.strip() for name in header), STRING)
    cells = [*_rows(file, data, texts, limits)]
    types = {name: declared.get(name) or kinds.of_cells(str(row.get(name) or "") for row in cells) for name in texts}
    return _sheet(file, types, _rows(file, data, types, limits))


def _rows(file: Path, data: bytes, types: Mapping[str, Type], limits: Limits) -> Iterator[Row]:
    columns = {name: Column(name, type) for name, type in types.items()}
    view = View(Resource(file.stem, Table(file.stem), columns), file.stem, columns, columns, {})
    for found in rows_from_csv(io.BytesIO(data), view, columns, most_row=limits.import_row_bytes):
        yield _row(found)


def _row(found: Numbered | Bad) -> Row:
    if isinstance(found, Bad):
        wrong = "; ".join(f"{mistake.field}: {mistake.message}" for mistake in found.mistakes)
        raise Unreadable(f"row {found.number}: {wrong or found.message}")
    return found.row


# ---------------------------------------------------------------- JSON


def _json(file: Path, data: bytes, declared: Mapping[str, Type], limits: Limits) -> Sheet:
    rows = [*_objects(file, data)]
    names = dict.fromkeys((*declared, *(name for row in rows for name in row)))
    types = {name: declared.get(name) or kinds.of_values(row.get(name) for row in rows) for name in names}
    return _sheet(file, types, [_typed(number, row, types, declared) for number, row in enumerate(rows, 1)])


def _objects(file: Path, data: bytes) -> Iterator[Row]:
    lines = [line for line in data.splitlines() if line.strip()]
    found = read_json(data) if file.suffix == ".json" else [read_json(line) for line in lines]
    if not isinstance(found, list):
        raise Unreadable("is no JSON array of objects")
    for number, row in enumerate(found, 1):
        if not isinstance(row, dict):
            raise Unreadable(f"row {number} is no object")
        yield row


def _typed(number: int, row: Row, types: Mapping[str, Type], declared: Mapping[str, Type]) -> Row:
    made: dict[str, object] = {}
    for name, value in row.items():
        try:
            make = coerce if name in declared else coerce_strict
            made[name] = None if value is None else make(types[name], value)
        except BadValue as error:
            raise Unreadable(f"row {number}: {name}: {error}") from None
    return made
