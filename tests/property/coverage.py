"""Every operator on every type of its families, for rows where the column is NULL and for rows where it is not.

In: a source of chance. Out: for each cell, queries whose answer is not empty and holds a row of the cell's kind.
What is asked is drawn from the data until the evaluator finds such an answer, so that no example is wasted.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sql.expressions import And, Compare, Expr, Filter, JsonPath, Not, Or, Path, Slot
from sql.jsonpath import JsonPathTest
from sql.operators import OPERATORS
from sql.query import Asked, Query, Select
from sql.types import INTEGER, JSON, TEXT, Type
from tests.property.data import POOLS, ROWS, STRANGE, WORLD, null
from tests.property.documents import kind
from tests.property.evaluator import Rows
from tests.property.schema import TYPES

TRIES = 60


@dataclass(frozen=True)
class Cell:
    """One operator on one column (there is a column for each type), NULL or not."""

    op: str
    column: str
    null: bool


def cells() -> Iterator[Cell]:
    """All of them, by the tables of operators and types."""
    for op, operator in OPERATORS.items():
        for column, type in TYPES.items():
            if type.family in operator.families:
                yield from (Cell(op, column, null) for null in (False, True))


def example(cell: Cell, source: random.Random, number: int) -> Asked:
    """A query for the cell with an answer that counts. `number` turns through the forms of the question."""
    for attempt in range(TRIES * 4):
        asked = _asked(cell, source, number + attempt // TRIES)
        if counts(cell, asked.query, replace(WORLD, values=asked.values).answer(asked.query)[0]):
            return asked
    raise AssertionError(f"No example found for {cell}")


def counts(cell: Cell, query: Query, rows: Rows) -> bool:
    """Whether some row of the answer is of the cell's kind."""
    kept = {row["id"]: row[cell.column] for row in ROWS[query.resource]}
    absent = null(TYPES[cell.column])
    return any((kept[row["id"]] is absent) == cell.null for row in rows)


def _asked(cell: Cell, source: random.Random, number: int) -> Asked:
    type = TYPES[cell.column]
    left: Expr = Path(cell.column)
    values: list[Any] = []
    if type.name == "json" and source.random() < 0.5 and not cell.null:
        left = JsonPath(left, _bound(values, source.choice(KEYS), TEXT, many=True))
    test = Compare(left, cell.op, operands(cell.op, cell.column, source, values))
    resource = "solid" if number % 4 in (1, 2) and not cell.null else "thing"
    forms = _NULL_FORMS if cell.null else _FORMS
    where = forms[number % len(forms)](cell, test, source, values)
    select = (Select(Path("id"), "id"), Select(Path(cell.column), "value"))
    return Asked(Query(resource, select, where), tuple(values))


Form = Callable[[Cell, Compare, random.Random, list[Any]], Filter]


def _some_null(cell: Cell, op: str, source: random.Random, values: list[Any]) -> Filter:
    """The number of a row where the column is NULL, compared."""
    ids = [row["id"] for row in ROWS["thing"] if row[cell.column] is null(TYPES[cell.column])]
    return Compare(Path("id"), op, (_bound(values, source.choice(ids), INTEGER),))


# Unknown is not false: each form brings one row with NULL into the answer and must keep the others out.
_NULL_FORMS: tuple[Form, ...] = (
    lambda cell, test, source, values: Or((test, _some_null(cell, "eq", source, values))),
    lambda cell, test, source, values: Not(And((test, _some_null(cell, "ne", source, values)))),
    lambda cell, test, source, values: Or((Not(test), _some_null(cell, "eq", source, values))),
    lambda cell, test, source, values: Not(And((Not(test), _some_null(cell, "ne", source, values)))),
)
_FORMS: tuple[Form, ...] = (
    lambda cell, test, source, values: test,
    lambda cell, test, source, values: Not(test),
    lambda cell, test, source, values: test,
    lambda cell, test, source, values: Not(Not(test)),
)


def _bound(values: list[Any], value: Any, type: Type, *, many: bool = False) -> Slot:
    values.append(value)
    return Slot(len(values) - 1, type, many)


# ---------------------------------------------------------------- what is asked

KEYS = (
    ("a",),
    ("level",),
    ("a", "b"),
    ("tags",),
    ("0",),
    ("1", "0"),
    ("-1",),
    ("b",),
    ("\u00e9",),
    ("tags", "0"),
    ("c",),
)
_NAMES = ("a", "b", "level", "tags", "x", "0", "\u00e9", "odd name", "c", "")
_TOKENS: tuple[tuple[str | int | None, ...], ...] = (
    *((), ("a",), ("level",), ("a", "b"), ("a", "b", 0), (None,), (0,), (1,), (None, None), ("a", "b", None)),
    *(("odd name",), ("a", "b", 2, "c"), (0, 0), (0, "a"), ("level", None), ("tags", 1), ("\u00e9",), ("b",), ("a", 0)),
)
_SCALARS = (0, 1, 2, 2.5, 5, -1, 7, "x", "a", "5", "", True, False, None, "\u00c9")


def operands(op: str, column: str, source: random.Random, values: list[Any]) -> tuple[Slot, ...]:
    """The right side of an operator, drawn from the data and from what is near it."""
    operator, type = OPERATORS[op], TYPES[column]
    if operator.operands == "none":
        return ()
    draw, kind_ = _DRAWS[operator.operand], _operand_type(operator.operand, type)
    if operator.operands == "many":
        many = tuple(draw(op, column, source) for _ in range(source.choice((1, 1, 2, 3, 5, 0))))
        return (_bound(values, many, kind_, many=True),)
    number = 2 if operator.operands == "two" else 1
    return tuple(_bound(values, draw(op, column, source), kind_) for _ in range(number))


def _operand_type(operand: str, type: Type) -> Type:
    words = {"text": TEXT, "json": JSON, "jsonpath": JSON, "same": type}
    return words.get(operand) or type.item or TEXT


def _same(op: str, column: str, source: random.Random) -> Any:
    strange = STRANGE.get(column, ())
    if strange and source.random() < 0.15:
        return source.choice(strange)
    value = source.choice(POOLS[column])
    return _recased(value, source) if column == "handle" else value


def _recased(text: str, source: random.Random) -> str:
    return source.choice((text, text.lower(), text.upper(), text.swapcase()))


def _text(op: str, column: str, source: random.Random) -> str:
    """A piece of some text, in another case, with wildcards."""
    if column == "doc":
        return source.choice((*_NAMES, "%", "a%", "_", "%\u00c9", "1%", "x\\%", "100\\%", "a\\_b", "true", "2.5"))
    text = source.choice(POOLS[column])
    start = source.randint(0, len(text))
    piece = text[start : source.randint(start, len(text))] if source.random() < 0.7 else text
    if "i" in op.removeprefix("not_").split("_")[0][:1]:
        piece = _recased(piece, source)
    return _patterned(piece, source) if "like" in op else piece


def _patterned(piece: str, source: random.Random) -> str:
    escaped = "".join("\\" + char if char in "%_\\" and source.random() < 0.7 else char for char in piece)
    wild = "".join("_" if source.random() < 0.1 else char for char in escaped)
    return source.choice(("", "%", "%%", "_")) + wild + source.choice(("", "%", "_%", "\\"[: source.randint(0, 1)]))


def _json(op: str, column: str, source: random.Random) -> Any:
    """A document, what is in one, or a part of one."""
    value = source.choice(POOLS["doc"])
    while source.random() < 0.5 and isinstance(value, dict | list) and value:
        value = source.choice(list(value.values()) if isinstance(value, dict) else value)
    if isinstance(value, dict) and len(value) > 1 and source.random() < 0.5:
        value = dict([source.choice(list(value.items()))])
    if kind(value) == "number" and source.random() < 0.5:
        value += source.choice((-1, 0, 1))
    return source.choice(("a", 1)) if value is None else value


def _path(op: str, column: str, source: random.Random) -> JsonPathTest:
    tokens = source.choice(_TOKENS)
    if op == "json_path_exists":
        return JsonPathTest(tokens)
    return JsonPathTest(tokens, source.choice(("eq", "ne", "gt", "gte", "lt", "lte")), source.choice(_SCALARS))


def _item(op: str, column: str, source: random.Random) -> Any:
    items = [item for value in POOLS[column] for item in value if item is not None]
    return source.choice((*items, items[0], 77 if column == "counts" else "none"))


_DRAWS: Mapping[str, Callable[[str, str, random.Random], Any]] = MappingProxyType(
    {"same": _same, "text": _text, "json": _json, "jsonpath": _path, "item": _item}
)
