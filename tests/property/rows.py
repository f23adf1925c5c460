"""The rows of the model, and the words in which requests and outcomes speak of them.

In: nothing. Out: `Sent` and `Made` values, `Refused`, `Outcome`; what it means that rows are alive, equal, in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sql.catalog import Column, Resource
from sql.commands import Ref
from tests.property.meaning import comparable

Row = dict[str, Any]
Tables = dict[str, list[Row]]
STAMP = "a time of now"


@dataclass(frozen=True)
class Sent:
    """A value as a caller sends it, and what it means. `wrong`: no value of its column."""

    raw: object
    value: object = None
    wrong: bool = False

    def __hash__(self) -> int:
        return hash(repr(self.raw))


@dataclass(frozen=True, order=True)
class Made:
    """The key number `number` that the database made for this table."""

    table: str
    number: int


@dataclass(eq=False)
class Refused(Exception):
    """The request is refused: the kind, and the number of the command that is to blame."""

    kind: str
    command: int = 0


@dataclass
class Outcome:
    """What one command did, as its caller may see it."""

    count: int
    created: bool = False
    keys: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    first: Row = field(default_factory=dict)


def alive(resource: Resource, row: Row) -> bool:
    """Whether a row is not soft-deleted."""
    mark = resource.soft_delete
    return mark is None or (row[mark.column] is None if mark.deleted is None else row[mark.column] != mark.deleted)


def in_order(resource: Resource, rows: Iterable[Row]) -> list[Row]:
    """By key. Keys that a database makes come after those that are sent."""

    def place(row: Row) -> list[tuple[bool, Any]]:
        return [(isinstance(row[n], Made), row[n].number if isinstance(row[n], Made) else row[n]) for n in resource.key]

    return sorted(rows, key=place)


def required(resource: Resource, column: Column) -> bool:
    """Nothing but the caller gives the value."""
    return column.default is None and column.auto is None and (not column.nullable or column.name in resource.key)


def meant(value: object) -> object:
    return value.value if isinstance(value, Sent) else value


def same(resource: Resource, name: str, value: Any) -> object:
    """The form in which values of a unique are told apart."""
    return comparable(resource.column(name).type, value)


def equal(resource: Resource, names: Sequence[str], left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """The same values; NULL equals nothing."""
    pairs = [(same(resource, name, left[name]), same(resource, name, right[name])) for name in names]
    return all(a is not None and a == b for a, b in pairs)


def resolved(row: Mapping[str, object], outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {n: outcomes[v.command].first[v.column] if isinstance(v, Ref) else v for n, v in row.items()}


def key_of(resource: Resource, row: Row) -> Row:
    return {name: row[name] for name in resource.key}


def marked_alive(resource: Resource, row: Row, written: Mapping[str, object]) -> bool:
    """Nobody deletes by writing the mark."""
    mark = resource.soft_delete
    return mark is None or mark.deleted is None or mark.column not in written or row[mark.column] != mark.deleted
