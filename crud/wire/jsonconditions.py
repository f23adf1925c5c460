"""Conditions that look into a JSON column, each with an object of its own shape.

In: a reached JSON column and the operand, like `{"key": "level", "value": 4}` or `{"path": ["a", 0], "value": 1}`.
Out: a `Filter`. `JSON_WORDS` is the table. Operators of JSON that take a plain value are in `crud.wire.conditions`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from crud.errors import bad_parameter, bad_value
from crud.wire.paths import Reached, condition, fit, operands
from crud.wire.variables import At
from sql.errors import BadValue
from sql.expressions import Compare, Expr, Filter, JsonKind, JsonLength, JsonPath, Value
from sql.jsonpath import JsonPathTest, parse_json_path, parse_json_path_test
from sql.types import BIGINT, JSON, STRING, TEXT, Type

# word → (operator on the value under the key, name of the operand beside "key"; empty: the operand is the key)
KEY_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "jsonbKeyEquals": ("json_eq", "value"),
        "jsonbKeyNotEquals": ("json_ne", "value"),
        "jsonbKeyGt": ("json_gt", "value"),
        "jsonbKeyGte": ("json_gte", "value"),
        "jsonbKeyLt": ("json_lt", "value"),
        "jsonbKeyLte": ("json_lte", "value"),
        "jsonbKeyIn": ("json_in", "values"),
        "jsonbKeyNotIn": ("json_not_in", "values"),
        "jsonbKeyLike": ("json_like", "pattern"),
        "jsonbKeyIsNull": ("json_is_null", ""),
        "jsonbKeyIsNotNull": ("json_is_not_null", ""),
    }
)

Test = tuple[Callable[[Expr], Expr], Type, str, object]
_COMPARISONS = ("eq", "ne", "gt", "gte", "lt", "lte")
_NULLS = {"json_eq": "json_is_null", "json_ne": "json_is_not_null"}


def _key(word: str, at: At, reached: Reached, raw: object) -> Filter:
    op, operand = KEY_WORDS[word]
    if not operand:
        return _under(at, reached, [raw], (op, None))
    shape = _shape(at, word, raw, {"key", operand})
    if len(shape) != 2:
        raise bad_parameter(at.parameter, f'{word} takes {{"key": …, "{operand}": …}}')
    value = shape[operand]
    if operand == "values" and not isinstance(value, list):
        raise bad_parameter(at.parameter, f"the values of {word} are a list")
    if operand == "pattern" and isinstance(value, str) and "%" not in value:
        value = f"%{value}%"
    return _under(at, reached, [shape["key"]], (op, value))


def _under(at: At, reached: Reached, keys: list[object], test: tuple[str, object]) -> Filter:
    """A test of the value under a list of keys."""
    op, raw = test
    path = _path(at, reached, keys)
    if raw is None and op in _NULLS:
        op = _NULLS[op]
    right = operands(at.scope, JSON, op, raw, origin=reached.origin)
    return condition(reached, lambda base: Compare(JsonPath(base, path) if path else base, op, right))


def _path(at: At, reached: Reached, keys: list[object]) -> Value | None:
    """The slot of the keys, None where there are none."""
    if reached.column.type.family != "json":
        raise bad_parameter(at.parameter, f"field {reached.origin.text!r} does not hold JSON")
    if not all(isinstance(key, str | int) and not isinstance(key, bool) for key in keys):
        raise bad_parameter(at.parameter, f"keys into {reached.origin.text!r} are names or indexes")
    fitted = tuple(fit(TEXT, str(key), reached.origin) for key in keys)
    return at.scope.values.bind(fitted, TEXT, many=True) if keys else None


def _shape(at: At, word: str, raw: object, keys: set[str]) -> dict[str, object]:
    if not isinstance(raw, dict) or not set(raw) <= keys:
        raise bad_parameter(at.parameter, f"{word} takes an object of {', '.join(sorted(keys))}")
    return raw


def _keys(at: At, raw: dict[str, object]) -> list[object]:
    keys = raw.get("path", [])
    if isinstance(keys, str):
        return [*keys.split(".")] if keys else []
    if not isinstance(keys, list):
        raise bad_parameter(at.parameter, "path is a list of names and indexes")
    return keys


def _comparison(at: At, raw: dict[str, object]) -> str:
    op = raw.get("op", "eq")
    if op not in _COMPARISONS:
        raise bad_parameter(at.parameter, f"op is one of {', '.join(_COMPARISONS)}")
    return str(op)


def _computed(at: At, reached: Reached, keys: list[object], test: Test) -> Filter:
    """A comparison of something computed from the JSON value under the keys."""
    wrap, type, op, operand = test
    path = _path(at, reached, keys)
    right = operands(at.scope, type, op, operand, origin=reached.origin)
    return condition(reached, lambda base: Compare(wrap(JsonPath(base, path) if path else base), op, right))


def _array_length(at: At, reached: Reached, raw: object) -> Filter:
    shape = _shape(at, "jsonbArrayLength", raw, {"op", "value", "path"})
    return _computed(at, reached, _keys(at, shape), (JsonLength, BIGINT, _comparison(at, shape), shape.get("value")))


def _type_of(at: At, reached: Reached, raw: object) -> Filter:
    shape = _shape(at, "jsonbTypeOf", raw, {"type", "path"})
    return _computed(at, reached, _keys(at, shape), (JsonKind, STRING, "eq", shape.get("type")))


def _deep_value(at: At, reached: Reached, raw: object) -> Filter:
    shape = _shape(at, "jsonbDeepValue", raw, {"path", "value", "op"})
    return _under(at, reached, _keys(at, shape), (f"json_{_comparison(at, shape)}", shape.get("value")))


def _path_exists(at: At, reached: Reached, raw: object) -> Filter:
    return _tested(at, reached, "json_path_exists", raw)


def _path_match(at: At, reached: Reached, raw: object) -> Filter:
    return _tested(at, reached, "json_path_match", raw)


def _tested(at: At, reached: Reached, op: str, raw: object) -> Filter:
    try:
        test = parse_json_path_test(str(raw)) if op == "json_path_match" else JsonPathTest(parse_json_path(str(raw)))
    except BadValue as error:
        raise bad_value(reached.origin, raw, error.expected) from None
    if reached.column.type.family != "json":
        raise bad_parameter(at.parameter, f"field {reached.origin.text!r} does not hold JSON")
    right = (at.scope.values.bind(test, JSON),)
    return condition(reached, lambda path: Compare(path, op, right))


JSON_WORDS: Mapping[str, Callable[[At, Reached, object], Filter]] = MappingProxyType(
    {
        **{word: partial(_key, word) for word in KEY_WORDS},
        "jsonbArrayLength": _array_length,
        "jsonbTypeOf": _type_of,
        "jsonbDeepValue": _deep_value,
        "jsonbPathExists": _path_exists,
        "jsonbPathMatch": _path_match,
    }
)
