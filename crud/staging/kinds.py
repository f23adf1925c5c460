"""The types of columns that nobody declared: what all values of a column have in common.

In: the texts of CSV cells, or JSON values. Out: a `Type`. A number with leading zeros is a text; a column without any
value is one, too.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from sql.errors import BadValue
from sql.types import BIGINT, BOOLEAN, DATE, DATETIME, INTEGER, JSON, NUMBER, STRING, Type
from sql.values import coerce

_SMALL = range(-(2**31), 2**31)
_WHOLE = r"-?(?:0|[1-9]\d{0,17})"
_FORMS: Mapping[str, tuple[Type, re.Pattern[str]]] = {
    "whole": (BIGINT, re.compile(_WHOLE, re.ASCII)),
    "number": (NUMBER, re.compile(rf"{_WHOLE}(?:\.\d{{1,17}})?(?:[eE][+-]?\d{{1,3}})?", re.ASCII)),
    "truth": (BOOLEAN, re.compile("true|false")),
    "date": (DATE, re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)),
    "moment": (DATETIME, re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)),
}


def of_cells(cells: Iterable[str]) -> Type:
    """The type of a column of texts."""
    known = [cell for cell in cells if cell]
    for type, form in _FORMS.values() if known else ():
        if all(form.fullmatch(cell) for cell in known) and all(_fits(type, cell) for cell in known):
            return _narrow(type, map(int, known)) if type is BIGINT else type
    return STRING


def _fits(type: Type, cell: str) -> bool:
    try:
        coerce(type, cell)
    except BadValue:
        return False
    return True


def of_values(values: Iterable[object]) -> Type:
    """The type of a column of JSON values."""
    known = [value for value in values if value is not None]
    found = {_kind(value) for value in known}
    if found == {"whole"} and all(_fits(BIGINT, str(value)) for value in known):
        return _narrow(BIGINT, (int(str(value)) for value in known))
    if found and found <= {"whole", "number"}:
        return NUMBER
    return {"truth": BOOLEAN, "text": STRING}.get(next(iter(found)), JSON) if len(found) == 1 else _mixed(found)


def _mixed(found: set[str]) -> Type:
    return JSON if found else STRING


def _kind(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = ((bool, "truth"), (int, "whole"), (Decimal, "number"), (str, "text"))
    return next((word for python, word in kinds if isinstance(value, python)), "json")


def _narrow(type: Type, numbers: Iterable[int]) -> Type:
    return INTEGER if all(number in _SMALL for number in numbers) else type
