"""The tables of words that a query may use: operators, casts, date parts, aggregate functions.

In: nothing. Out: one row per word: how many operands it takes, on which families of types it works, of which type
its operands are. Dialects coerce by these rows, backends have SQL for each, and the tests are parametrised over them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sql.types import BOOLEAN, DATE, DECIMAL, INTEGER, JSON, NUMBER, TEXT, TIME, Type

SCALARS = frozenset({"number", "boolean", "text", "uuid", "date", "time", "datetime"})
ANY = SCALARS | {"json", "array", "range", "bytes"}
TEXTUAL = frozenset({"text"})


@dataclass(frozen=True)
class Operator:
    """A row of `OPERATORS`.

    `operands` is none, one, many (one slot with a list) or two. `operand` says of which type they are: `same` (as the
    left side), `text`, `json`, `item` (of the left array, a list) or `jsonpath` (a `sql.jsonpath.JsonPathTest`).
    """

    operands: str
    families: frozenset[str]
    operand: str = "same"


def _texts(*names: str) -> dict[str, Operator]:
    """Each text operator in four forms: plain, insensitive, and their negations."""
    prefixes = ("", "i", "not_", "not_i")
    return {prefix + name: Operator("one", TEXTUAL, "text") for name in names for prefix in prefixes}


def _json(operands: str, operand: str, *names: str) -> dict[str, Operator]:
    return {f"json_{name}": Operator(operands, frozenset({"json"}), operand) for name in names}


def _array(*names: str) -> dict[str, Operator]:
    return {name: Operator("many", frozenset({"array"}), "item") for name in names}


_EQUATABLE = SCALARS | {"range", "bytes"}

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "eq": Operator("one", _EQUATABLE),
        "ne": Operator("one", _EQUATABLE),
        "gt": Operator("one", SCALARS),
        "gte": Operator("one", SCALARS),
        "lt": Operator("one", SCALARS),
        "lte": Operator("one", SCALARS),
        "in": Operator("many", _EQUATABLE),
        "not_in": Operator("many", _EQUATABLE),
        "between": Operator("two", SCALARS),
        "not_between": Operator("two", SCALARS),
        "is_null": Operator("none", ANY),
        "is_not_null": Operator("none", ANY),
        "empty": Operator("none", ANY),
        "not_empty": Operator("none", ANY),
        **_texts("like", "contains", "starts_with", "ends_with"),
        **_array("array_contains", "array_contained", "array_overlaps", "not_array_overlaps"),
        **_json("one", "json", "contains", "not_contains", "contained", "eq", "ne", "gt", "gte", "lt", "lte"),
        **_json("one", "text", "has_key", "like"),
        **_json("many", "text", "has_any_keys", "has_all_keys"),
        **_json("many", "json", "in", "not_in"),
        **_json("none", "json", "is_null", "is_not_null"),
        **_json("one", "jsonpath", "path_exists", "path_match"),
    }
)

# part → what it counts; week is ISO's, dow is 0 (Sunday) to 6.
DATE_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "year": "date",
        "quarter": "date",
        "month": "date",
        "week": "date",
        "day": "date",
        "dow": "date",
        "doy": "date",
        "hour": "time",
        "minute": "time",
        "second": "time",
    }
)

# target type name → families it can be made from.
CASTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "text": SCALARS,
        "integer": frozenset({"number", "boolean", "text"}),
        "number": frozenset({"number", "text"}),
        "decimal": frozenset({"number", "text"}),
        "boolean": frozenset({"number", "boolean", "text"}),
        "date": frozenset({"date", "datetime", "text"}),
        "time": frozenset({"time", "datetime", "text"}),
    }
)
CAST_TYPES: Mapping[str, Type] = MappingProxyType(
    {t.name: t for t in (TEXT, INTEGER, NUMBER, DECIMAL, BOOLEAN, DATE, TIME)}
)


@dataclass(frozen=True)
class Function:
    """A row of `AGGREGATES`. `result` is a type, or None for the argument's own."""

    families: frozenset[str]
    result: Type | None = None


AGGREGATES: Mapping[str, Function] = MappingProxyType(
    {
        "count": Function(ANY, Type("bigint")),
        "count_distinct": Function(SCALARS, Type("bigint")),
        "sum": Function(frozenset({"number"})),
        "avg": Function(frozenset({"number"})),
        "min": Function(SCALARS - {"boolean"}),
        "max": Function(SCALARS - {"boolean"}),
        "array_agg": Function(SCALARS, JSON),
    }
)
