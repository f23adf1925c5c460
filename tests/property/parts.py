"""Small parts of the evaluator: the order of rows, the hops of an expression, values as an answer carries them.

In: rows, expressions, canonical values. Out: the same in order; without hops; JSON-ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any, TypeVar

from sql.expressions import Cast, DatePart, Expr, Hop, JsonKind, JsonLength, JsonPath, Path
from sql.types import Type
from sql.values import to_json
from tests.property.documents import ABSENT
from tests.property.meaning import fold

T = TypeVar("T")


@dataclass(frozen=True)
class Document:
    """A JSON value in an answer; the order of its members means nothing."""

    data: Any


def in_order(rows: Sequence[T], keys: Sequence[Any], *, descending: bool) -> list[T]:
    """Sorted by the keys beside them, stable; NULLs last ascending, first descending."""

    def compared(left: int, right: int) -> int:
        a, b = keys[left], keys[right]
        if a is None or b is None:
            return direction * ((a is None) - (b is None))
        return direction * (int(a > b) - int(a < b))

    direction = -1 if descending else 1
    return [rows[number] for number in sorted(range(len(rows)), key=cmp_to_key(compared))]


def score(text: str | None, sought: str) -> int:
    """How well a text fits a search."""
    folded = None if text is None else fold(text)
    if folded is None or sought not in folded:
        return 0
    return 4 if folded == sought else 2 if folded.startswith(sought) else 1


def hops_of(expr: Expr) -> tuple[Hop, ...]:
    """The hops of the one column in an expression."""
    match expr:
        case Path(hops=hops):
            return hops
        case Cast() | DatePart() | JsonPath() | JsonLength() | JsonKind():
            return hops_of(expr.expr)
    return ()


def without_hops(expr: Expr) -> Expr:
    """The expression as it stands at the end of its hops."""
    match expr:
        case Path():
            return replace(expr, hops=())
        case Cast() | DatePart() | JsonPath() | JsonLength() | JsonKind():
            return replace(expr, expr=without_hops(expr.expr))
    return expr


def of_type(moment: datetime, type: Type) -> object:
    """The moment as a value of a type of times."""
    return moment.date() if type.name == "date" else moment if type.name == "datetime" else moment.replace(tzinfo=None)


def shown(type: Type, value: Any, form: str | None = None) -> object:
    """A value as the answer carries it."""
    if value is ABSENT or value is None and type.name != "json":
        return None
    if type.name == "json":
        return Document(value)
    if form == "epoch_ms":
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return to_json(value)
