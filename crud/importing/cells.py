"""CSV (RFC 4180): a header of names, then rows of cells, each converted by the type of its column.

In: a binary stream and a resource as it is shown. Out: rows under exact names; a bad cell is a mistake that names row
and column; a file that is broken ends with a `Bad` row. What is wrong with the header is an `ApiError`, at once.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from types import MappingProxyType

from crud.errors import ApiError, Mistake, unknown_field
from crud.importing.rows import Bad, Numbered, wrong
from crud.importing.texts import Binary, Broken, text_of, unreadable
from crud.presentation import View
from crud.wire.bodies import bad_body, read_json
from sql.catalog import Column
from sql.errors import BadValue
from sql.expressions import Origin
from sql.values import coerce

MOST_COLUMNS = 2000
MOST_ROW = 1_000_000
Cell = Callable[[str], object]

_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_TEXTS = frozenset({"string", "text", "email", "enum", "citext"})
# What the csv module says → what is said to who sent the file.
_PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        "unexpected end of data": "a quote is not closed",
        "new-line character seen in unquoted field - do you need to open the file with newline=''?": "a stray line end",
        "field larger than field limit": "a cell is too long; is a quote not closed?",
    }
)


@dataclass(frozen=True)
class Heading:
    """A column of the file: how it is headed, whose cells they are, how one is read.

    `empty`: an empty cell means that nothing is said, so that the column gets its default.
    """

    shown: str
    column: Column
    read: Cell
    empty: bool


def rows_from_csv(
    stream: Binary,
    view: View,
    writable: Mapping[str, Column],
    *,
    most_row: int = MOST_ROW,
    spreadsheet: bool = False,
    drop_unknown: bool = False,
) -> Iterator[Numbered | Bad]:
    """The rows of a CSV file. `writable`: exact name → column, for those that may be set; all others are unknown.

    `spreadsheet`: the file was exported for spreadsheets; the marks before its formulas are taken away.
    `drop_unknown`: cells of unknown columns are passed over.
    Raises ApiError for a bad header.
    """
    csv.field_size_limit(max(csv.field_size_limit(), most_row))
    records = _records(text_of(stream), most_row)
    try:
        header = next(records, None)
    except Broken as error:
        raise bad_body(f"the header cannot be read: {error}", "file") from None
    if header is None:
        raise bad_body("is empty; its first line must name the columns", "file")
    headings = _headings(header, view, writable, spreadsheet=spreadsheet, drop_unknown=drop_unknown)
    return _rows(records, headings)


# ---------------------------------------------------------------- records


def _records(text: TextIOWrapper, most: int) -> Iterator[list[str]]:
    """The records that are not empty, as lists of cells."""
    lines = _Lines(text, most)
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise Broken(f"line {reader.line_num}: {_problem(str(error))}") from None
        if record is None:
            return
        lines.length = 0
        if record:
            yield record


def _problem(said: str) -> str:
    known = (ours for theirs, ours in _PROBLEMS.items() if said.startswith(theirs))
    return next(known, "text stands after a closing quote")


class _Lines:
    """The lines of a text. `length` is that of the lines of the record that is being read."""

    def __init__(self, text: TextIOWrapper, most: int) -> None:
        self.text, self.most = text, most
        self.length = self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.text.readline(self.most + 1)
        if not line:
            raise StopIteration
        self.length += len(line)
        self.number += 1
        if self.length > self.most:
            raise Broken(f"line {self.number}: a row is longer than {self.most} characters; is a quote not closed?")
        if problem := unreadable(line):
            raise Broken(f"line {self.number} {problem}")
        return line


# ---------------------------------------------------------------- the header


def _headings(
    header: list[str], view: View, writable: Mapping[str, Column], *, spreadsheet: bool, drop_unknown: bool
) -> list[Heading | None]:
    if len(header) > MOST_COLUMNS:
        raise bad_body(f"has {len(header)} columns, at most {MOST_COLUMNS} are allowed", "file")
    names = [name.strip() for name in header]
    found = [
        _column(view, writable, name, number=number, drop_unknown=drop_unknown) for number, name in enumerate(names, 1)
    ]
    met: set[str] = set()
    for name, column in zip(names, found, strict=True):
        if column is not None and column.name in met:
            raise bad_body(f"the column {name!r} is given twice", "file")
        met.update([column.name] if column else [])
    return [
        _heading(view, name, column, spreadsheet) if column else None for name, column in zip(names, found, strict=True)
    ]


def _column(view: View, writable: Mapping[str, Column], name: str, *, number: int, drop_unknown: bool) -> Column | None:
    if not name:
        raise bad_body(f"column {number} has no name in the header", "file")
    column = view.input(name) or view.input(view.shown(name))
    if column is None or column.name not in writable:
        if drop_unknown:
            return None
        raise unknown_field(Origin(name[:100], "header"))
    return column


def _heading(view: View, name: str, column: Column, spreadsheet: bool) -> Heading:
    read = _unguarded if spreadsheet and column.type.name in _TEXTS else reading(column, view.form(column))
    return Heading(name, column, read, empty=column.default is not None or column.auto is not None)


# ---------------------------------------------------------------- cells


def reading(column: Column, form: str | None = None) -> Cell:
    """How the cells of a column are read. Raise BadValue and ApiError."""
    type = column.type
    if type.name in _TEXTS:
        return str
    if type.name == "json":
        return lambda cell: read_json(cell.encode())
    if type.name == "array":
        return lambda cell: coerce(type, read_json(cell.encode()) if cell.lstrip().startswith("[") else cell)
    if type.name == "range":
        return lambda cell: coerce(type, read_json(cell.encode()) if cell.lstrip().startswith("{") else cell)
    if form == "epoch_ms":
        return lambda cell: coerce(type, int(cell) if _WHOLE.fullmatch(cell) else cell)
    return lambda cell: coerce(type, cell)


_WHOLE = re.compile(r"-?[0-9]{1,18}")


def _unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def _rows(records: Iterator[list[str]], headings: list[Heading | None]) -> Iterator[Numbered | Bad]:
    number = 0
    try:
        for number, cells in enumerate(records, 1):
            yield _row(number, cells, headings)
    except Broken as error:
        yield Bad(number + 1, str(error))


def _row(number: int, cells: list[str], headings: list[Heading | None]) -> Numbered | Bad:
    known = [(heading, cell) for heading, cell in zip(headings, cells, strict=False) if heading is not None]
    data = {heading.shown: cell or None for heading, cell in known if _told(heading)}
    if len(cells) != len(headings):
        return Bad(number, f"Expected {len(headings)} cells, found {len(cells)}", data)
    row: dict[str, object] = {}
    mistakes: list[Mistake] = []
    for heading, cell in known:
        if not cell:
            if not heading.empty:
                row[heading.column.name] = None
            continue
        try:
            row[heading.column.name] = heading.read(cell)
        except (BadValue, ApiError):
            mistakes.append(_mistake(number, heading, cell))
    return wrong(number, data, tuple(mistakes)) if mistakes else Numbered(number, row, data)


def _told(heading: Heading) -> bool:
    """Whether a report may repeat the cell: a password is nobody's to read."""
    return not heading.column.write_only


def _mistake(number: int, heading: Heading, cell: str) -> Mistake:
    value = cell[:100] if _told(heading) else None
    return Mistake(heading.column.name, f"Expected {heading.column.type.expected}", "type", value, row=number)
