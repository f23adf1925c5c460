"""A row of a file, and what became of it.

In: what a reader found. Out: `Numbered` and `Bad` rows for the engine; `RowError` and `Imported` for who asked.
Rows are numbered from 1; the header of a CSV file is not counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crud.errors import ApiError, Clash, Mistake, Mistakes, clashing, said

MOST_TEXT = 200
MOST_MEMBERS = 50


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row: values under exact names, and `data`, the same as the file writes it."""

    number: int
    row: dict[str, object]
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be read. `mistakes`: in which fields, where that is known."""

    number: int
    message: str
    data: Mapping[str, object] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class RowError:
    """What is wrong with one row. `message` has exact names; a dialect words `mistakes` again with its own."""

    number: int
    data: Mapping[str, object]
    message: str
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class Imported:
    """The outcome of an import: with `errors` nothing was written. No more rows were read once there were too many."""

    imported: int
    failed: int = 0
    errors: tuple[RowError, ...] = ()


def wrong(number: int, data: Mapping[str, object], mistakes: tuple[Mistake, ...]) -> Bad:
    """A row with mistakes in its fields."""
    return Bad(number, "; ".join(said(mistake, mistake.field) for mistake in mistakes), data, mistakes)


def refused(number: int, data: Mapping[str, object], error: ApiError) -> Bad:
    """A row that was refused further down."""
    found = error.details.mistakes if isinstance(error.details, Mistakes) else ()
    names = error.details.columns if isinstance(error.details, Clash) else ()
    return Bad(number, clashing(error.message, names), data, found)


def error_of(bad: Bad) -> RowError:
    """A bad row as it is reported: not all of a long one."""
    members = list(bad.data.items())[:MOST_MEMBERS]
    return RowError(bad.number, {name: _short(value) for name, value in members}, bad.message, bad.mistakes)


def _short(value: object) -> object:
    """A value of a report; of a long or nested one its beginning."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, dict)) and len(str(value)) <= MOST_TEXT:
        return value
    text = str(value)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"
