"""What operators, casts, date parts and aggregates mean, in plain Python.

In: canonical values (None is NULL; in a JSON column NULL is `ABSENT`) and types. Out: True, False or None (unknown);
values. Nothing of the program's SQL side is used.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from sql.jsonpath import JsonPathTest
from sql.types import Type
from sql.values import to_json
from tests.property import documents
from tests.property.documents import ABSENT, ORDERS

Truth = bool | None
WIDE = Context(prec=400)


def fold(text: str) -> str:
    """Lower case, code point by code point."""
    return "".join("i" if char == "\u0130" else char.lower() for char in text)


def comparable(type: Type, value: Any) -> Any:
    """The form in which values are compared, sorted and told apart."""
    return fold(value) if type.name == "citext" and value is not None else value


def negated(truth: Truth) -> Truth:
    """NOT."""
    return None if truth is None else not truth


def every(truths: Sequence[Truth]) -> Truth:
    """AND."""
    return False if False in truths else None if None in truths else True


def some(truths: Sequence[Truth]) -> Truth:
    """OR."""
    return True if True in truths else None if None in truths else False


def holds(op: str, type: Type, left: Any, right: Sequence[Any]) -> Truth:
    """One comparison, `left` being of the type."""
    if type.name == "json":
        return _json(op, left, right)
    if op in _NULLS:
        return _NULLS[op](type, left)
    if op.startswith("not_") and op != "not_array_overlaps":
        return negated(holds(op.removeprefix("not_"), type, left, right))
    if op == "between":
        return every([holds("gte", type, left, right[:1]), holds("lte", type, left, right[1:])])
    if left is None or right[0] is None:
        return None
    if op in _ARRAYS:
        return _ARRAYS[op](left, right[0])
    if op in _COMPARED:
        return _COMPARED[op](comparable(type, left), comparable(type, right[0]))
    if op == "in":
        return comparable(type, left) in [comparable(type, one) for one in right[0]]
    return _text(op, left, right[0])


_NULLS: dict[str, Callable[[Type, Any], bool]] = {
    "is_null": lambda type, left: left is None,
    "is_not_null": lambda type, left: left is not None,
    "empty": lambda type, left: left is None or type.family in ("text", "array") and left in ("", ()),
    "not_empty": lambda type, left: not _NULLS["empty"](type, left),
}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    **ORDERS,
}


def _within(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """NULL is in nothing."""
    return all(one is not None and one in right for one in left)


_ARRAYS: dict[str, Callable[[Any, Any], bool]] = {
    "array_contains": lambda left, right: _within(right, left),
    "array_contained": _within,
    "array_overlaps": lambda left, right: any(one is not None and one in right for one in left),
    "not_array_overlaps": lambda left, right: not _ARRAYS["array_overlaps"](left, right),
}


def _text(op: str, left: str, right: str) -> bool:
    if op in _TEXTS:
        return _TEXTS[op](left, right)
    return _TEXTS[op.removeprefix("i")](fold(left), fold(right))


def like(left: str, pattern: str) -> bool:
    """`%` and `_`, with a backslash before what is meant as it stands."""
    pieces = re.findall(r"\\.|[^\\]|\\$", pattern, re.DOTALL)
    made = "".join({"%": ".*", "_": "."}.get(piece) or re.escape(piece[-1]) for piece in pieces)
    return re.fullmatch(made, left, re.DOTALL) is not None


_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "like": like,
    "contains": lambda left, right: right in left,
    "starts_with": lambda left, right: left.startswith(right),
    "ends_with": lambda left, right: left.endswith(right),
}


def _json(op: str, left: Any, right: Sequence[Any]) -> Truth:
    match op:
        case "is_null" | "is_not_null":
            return (left is ABSENT) == (op == "is_null")
        case "json_is_null" | "json_is_not_null":
            return (left is ABSENT or left is None) == (op == "json_is_null")
        case "empty" | "not_empty":
            return (left is ABSENT or left is None or left in ("", [], {})) == (op == "empty")
    name = op.removeprefix("json_")
    if left is ABSENT:
        return None
    if left is None and name in ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte"):
        return None
    return negated(_JSON[name[4:]](left, right[0])) if name.startswith("not_") else _JSON[name](left, right[0])


def _json_like(held: Any, pattern: str) -> Truth:
    text = documents.text(held)
    return None if text is None else like(text, pattern)


def _path(held: Any, test: JsonPathTest) -> bool:
    found = documents.walk(held, test.tokens)
    return any(test.op is None or documents.passes(one, test.op, test.value) for one in found)


_JSON: dict[str, Callable[[Any, Any], Truth]] = {
    "contains": documents.contains,
    "contained": lambda held, asked: documents.contains(asked, held),
    "eq": documents.same,
    "ne": lambda held, asked: not documents.same(held, asked),
    **{name: documents.ordered(test) for name, test in ORDERS.items()},
    "in": lambda held, asked: any(documents.same(held, one) for one in asked),
    "has_key": documents.has_key,
    "has_any_keys": lambda held, asked: any(documents.has_key(held, one) for one in asked),
    "has_all_keys": lambda held, asked: all(documents.has_key(held, one) for one in asked),
    "like": _json_like,
    "path_exists": _path,
    "path_match": _path,
}

# ---------------------------------------------------------------- casts and parts of times


def cast(source: Type, value: Any, target: str) -> Any:
    """The value as another type; None where it cannot be."""
    return None if value is None else _CASTS[target](source, value)


def _to_text(source: Type, value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value.normalize() if value else Decimal(0), "f")
        case float():
            return _float_text(value)
        case time():
            return str(to_json(value)).rstrip("0") if value.microsecond else str(to_json(value))
    return str(to_json(value))


def _float_text(value: float) -> str:
    """The shortest digits, with an exponent where the number is very large or small."""
    number = Decimal(repr(value)).normalize()
    power = number.adjusted()
    if value == 0 or -5 < power < 15:
        return format(number, "f")
    return f"{number.scaleb(-power)}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _to_integer(source: Type, value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\s*[+-]?\d{1,18}\s*", value, re.ASCII) else None
    return int(value) if isinstance(value, int) or abs(value) < 9.2e18 else None


_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def _to_decimal(source: Type, value: Any) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(value.strip()) if _NUMBER.fullmatch(value) else None
    return Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)


def _to_boolean(source: Type, value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip(" \t\n\r").lower())
    return bool(value)


def _to_date(source: Type, value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = re.match(r"\d{4}-\d\d-\d\d", value, re.ASCII)
    return _made(date.fromisoformat, found[0]) if found else None


def _to_time(source: Type, value: Any) -> time | None:
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    found = re.fullmatch(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?", value, re.ASCII)
    return _made(time.fromisoformat, value) if found else None


def _made(make: Callable[[str], Any], text: str) -> Any:
    try:
        return make(text)
    except ValueError:
        return None


def _to_number(source: Type, value: Any) -> float | None:
    made = _to_decimal(source, value)
    return None if made is None else float(made)


_CASTS: dict[str, Callable[[Type, Any], Any]] = {
    "text": _to_text,
    "integer": _to_integer,
    "number": _to_number,
    "decimal": _to_decimal,
    "boolean": _to_boolean,
    "date": _to_date,
    "time": _to_time,
}
PARTS: dict[str, Callable[[Any], int]] = {
    "year": lambda value: value.year,
    "quarter": lambda value: (value.month + 2) // 3,
    "month": lambda value: value.month,
    "week": lambda value: value.isocalendar().week,
    "day": lambda value: value.day,
    "dow": lambda value: value.isoweekday() % 7,
    "doy": lambda value: value.timetuple().tm_yday,
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": lambda value: value.second,
}

# ---------------------------------------------------------------- aggregates


def aggregate(function: str, type: Type, values: Sequence[Any]) -> Any:
    """One function over the values of a group, NULLs left out."""
    null = ABSENT if type.name == "json" else None
    values = [value for value in values if value is not null]
    keys = [comparable(type, value) for value in values]
    match function:
        case "count":
            return len(values)
        case "count_distinct":
            return len(set(keys))
        case "array_agg" if values:
            return [value for _, value in sorted(zip(keys, values, strict=True))]
        case "min" | "max" if values:
            return min(keys) if function == "min" else max(keys)
        case "sum" if values:
            return sum(values) if not isinstance(values[0], Decimal) else _sum(values)
        case "avg" if values:
            return sum(values) / len(values) if type.name == "number" else _mean(type, values)
    return None


def _sum(values: Sequence[Any]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = WIDE.add(total, Decimal(value))
    return total


def _mean(type: Type, values: Sequence[Any]) -> Decimal:
    scale = 0 if type.name != "decimal" else 6 if type.scale is None else type.scale
    mean = WIDE.divide(_sum(values), Decimal(len(values)))
    return mean.quantize(Decimal(1).scaleb(-scale - 6), ROUND_HALF_UP, WIDE)
