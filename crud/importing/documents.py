"""JSON of any length: one array of objects, or one object a line.

In: a binary stream and a resource as it is shown. Out: rows of raw JSON values under exact names, read by the rules of
every body (`crud.wire.bodies`); a file that is broken ends with a `Bad` row. What is no array is an `ApiError`, at
once.

Python's own decoder reads the array item by item. Its numbers are exact and its texts are what was written; a parser
of events in C (yajl) was tried and replaced halves of surrogate pairs, and broke on integers of 5000 digits.
"""

import json
import re
from collections.abc import Iterator, Mapping
from io import TextIOWrapper

from crud.errors import ApiError
from crud.importing.rows import Bad, Numbered
from crud.importing.texts import PIECE, Binary, Broken, text_of, unreadable
from crud.presentation import View
from crud.wire.bodies import bad_body, read_json, row_of
from sql.catalog import Column

MOST_ROW = 1_000_000
_BLANK = re.compile(r"[ \t\r\n]*")


def rows_from_json(
    stream: Binary,
    view: View,
    writable: Mapping[str, Column],
    *,
    most_row: int = MOST_ROW,
    drop_unknown: bool = False,
) -> Iterator[Numbered | Bad]:
    """The objects of a JSON array. Raises ApiError where the file is none."""
    array = _Array(text_of(stream), most_row)
    if array.peek() != "[":
        raise bad_body("must be a JSON array of objects", "file")
    array.position += 1
    return _rows(array.items(), view, writable, drop_unknown)


def rows_from_lines(
    stream: Binary,
    view: View,
    writable: Mapping[str, Column],
    *,
    most_row: int = MOST_ROW,
    drop_unknown: bool = False,
) -> Iterator[Numbered | Bad]:
    """The objects of JSON lines; empty lines are skipped."""
    return _rows(_lines(text_of(stream), most_row), view, writable, drop_unknown)


def _rows(
    texts: Iterator[str], view: View, writable: Mapping[str, Column], drop_unknown: bool
) -> Iterator[Numbered | Bad]:
    number = 0
    try:
        for number, text in enumerate(texts, 1):
            yield _row(number, text, view, writable, drop_unknown=drop_unknown)
    except Broken as error:
        yield Bad(number + 1, str(error))


def _row(number: int, text: str, view: View, writable: Mapping[str, Column], *, drop_unknown: bool) -> Numbered | Bad:
    if problem := unreadable(text):
        return Bad(number, f"The row {problem}")
    try:
        data = read_json(text.encode())
        row = row_of(view, writable, data, drop_unknown=drop_unknown, at="row").row
    except ApiError as error:
        return Bad(number, error.message)
    assert isinstance(data, dict)
    return Numbered(number, row, {name: value for name, value in data.items() if _told(view, name)})


def _told(view: View, written: str) -> bool:
    """Whether a report may repeat the value: a password is nobody's to read."""
    column = view.input(written)
    return column is None or not column.write_only


# ---------------------------------------------------------------- pieces


def _lines(text: TextIOWrapper, most: int) -> Iterator[str]:
    while line := text.readline(most + 1):
        if len(line) > most:
            raise Broken(f"The row is longer than {most} characters")
        if line.strip():
            yield line


class _Array:
    """The text of an array, of which only what is being read is held. Items begin at `position`."""

    def __init__(self, text: TextIOWrapper, most: int) -> None:
        self.text, self.most = text, most
        self.held, self.position, self.whole = "", 0, False

    def items(self) -> Iterator[str]:
        """The texts of the items, after the opening bracket. Raises Broken."""
        if self.peek() != "]":
            yield self._item()
            while self.peek() == ",":
                self.position += 1
                yield self._item()
        if self.peek() != "]":
            raise Broken("The file is not valid JSON: expected a comma or the end of the array")
        self.position += 1
        if self.peek():
            raise Broken("The file is not valid JSON: something follows the array")

    def peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        while True:
            self.position = _BLANK.match(self.held, self.position).end()  # type: ignore[union-attr]
            if self.position < len(self.held):
                return self.held[self.position]
            if not self._more():
                return ""

    def _item(self) -> str:
        self.peek()
        while (end := self._end()) is None:
            if len(self.held) - self.position > self.most:
                raise Broken(f"The row is not valid JSON, or longer than {self.most} characters")
            if not self._more():
                raise Broken("The row is not valid JSON, or the file ends within it")
        start, self.position = self.position, end
        return self.held[start:end]

    def _end(self) -> int | None:
        """Where the item ends, if all of it is held. A number may go on."""
        try:
            _, end = _EXTENT.raw_decode(self.held, self.position)
        except json.JSONDecodeError:
            return None
        except RecursionError:
            raise Broken("The row is nested too deeply") from None
        return end if end < len(self.held) or self.whole else None

    def _more(self) -> bool:
        piece = self.text.read(PIECE)
        self.held, self.position = self.held[self.position :] + piece, 0
        self.whole = not piece
        return bool(piece)


def _nothing(_: str) -> None:
    """Numbers are made later, when the item is read."""


# Only to find where an item ends.
_EXTENT = json.JSONDecoder(parse_float=_nothing, parse_int=_nothing, parse_constant=_nothing)
