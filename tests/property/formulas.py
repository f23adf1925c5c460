"""Formulas for the property tests: random ones, and what they mean in plain Python.

In: a formula's tree and a row. Out: the value that a computed column must have. Numbers that are exact are counted in units
of their last decimal, as the language says; what has more than 18 digits on the way, or does not fit its type, is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from sql.catalog import Column
from sql.formulas.tree import Binary, Call, Case, Cast, IsNull, Joined, Name, Node, Number, Text, Truth, Unary
from sql.types import BIGINT, BOOLEAN, CITEXT, INTEGER, NUMBER, STRING, UUID, Type

COLUMNS: Mapping[str, Column] = {
    name: Column(name, type)
    for name, type in {
        "qty": INTEGER,
        "big": BIGINT,
        "price": Type("decimal", precision=10, scale=2),
        "rate": Type("decimal", precision=6, scale=4),
        "x": NUMBER,
        "name": STRING,
        "nick": CITEXT,
        "ok": BOOLEAN,
        "ref": UUID,
    }.items()
}
MOST, LONG = 10**18, 10**15
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """A value; an exact number is an int of units of its scale, whether it is None or not."""

    kind: str
    value: Any
    scale: int = 0


def evaluate(node: Node, row: Row) -> Value:
    """What the formula gives for a row."""
    match node:
        case Name(name=name):
            return _column(name, row[name])
        case Number(value=value):
            scale = -int(value.as_tuple().exponent)
            return Value("exact", int(value.scaleb(scale)), scale)
        case Text(value=text):
            return Value("text", text)
        case Truth(value=truth):
            return Value("boolean", truth)
        case Unary(op="NOT", operand=operand):
            held = evaluate(operand, row).value
            return Value("boolean", None if held is None else not held)
        case Unary(operand=operand):
            return _each(evaluate(operand, row), lambda held: -held)
        case Binary(op="AND" | "OR" as op, left=left, right=right):
            return Value("boolean", _logic(op, evaluate(left, row).value, evaluate(right, row).value))
        case Binary(op="+" | "-" | "*" | "/" as op, left=left, right=right):
            return _computed(op, evaluate(left, row), evaluate(right, row))
        case Binary(op=op, left=left, right=right):
            one, other = _alike([evaluate(left, row), evaluate(right, row)])
            none = one.value is None or other.value is None
            return Value("boolean", None if none else _COMPARED[op](_coded(one.value), _coded(other.value)))
        case Joined(parts=parts):
            texts = [_text(evaluate(part, row)) for part in parts]
            return Value("text", None if None in texts else "".join(t or "" for t in texts))
        case IsNull(operand=operand, negated=negated):
            return Value("boolean", (evaluate(operand, row).value is None) != negated)
        case Case(whens=whens, otherwise=otherwise):
            results = [evaluate(result, row) for _, result in whens]
            results.append(evaluate(otherwise, row) if otherwise is not None else Value(results[0].kind, None))
            chosen = next((i for i, (when, _) in enumerate(whens) if evaluate(when, row).value is True), len(whens))
            return _alike(results)[chosen]
        case Cast(operand=operand, target=target):
            held = evaluate(operand, row)
            return Value("text", _text(held)) if target == "text" else _real(held)
        case Call(name=name, arguments=arguments):
            return _call(name, arguments, row)
    raise AssertionError(node)


def _column(name: str, held: Any) -> Value:
    type = COLUMNS[name].type
    match type.name:
        case "integer" | "bigint":
            return Value("exact", held)
        case "decimal":
            scale = type.scale or 0
            return Value("exact", None if held is None else int(held.scaleb(scale)), scale)
        case "number":
            return Value("real", held)
        case "boolean" | "uuid":
            return Value(type.name, held)
    return Value("text", held)


def _limited(value: Value) -> Value:
    if value.kind == "exact" and value.value is not None and abs(value.value) > MOST:
        return Value("exact", None, value.scale)
    return value


def _each(value: Value, make: Any) -> Value:
    held = _limited(value)
    return Value(held.kind, None if held.value is None else make(held.value), held.scale)


def _scaled(value: Value, scale: int) -> Value:
    if scale == value.scale:
        return value
    held = _limited(value)
    made = None if held.value is None else held.value * 10 ** (scale - held.scale)
    return _limited(Value("exact", made, scale))


def _alike(values: list[Value]) -> list[Value]:
    kinds = {value.kind for value in values}
    if kinds == {"exact"}:
        finest = max(value.scale for value in values)
        return [_scaled(value, finest) for value in values]
    return [_real(value) for value in values] if "real" in kinds else values


def _real(value: Value) -> Value:
    if value.kind == "real" or value.value is None:
        return Value("real", value.value)
    if value.scale and abs(value.value) >= LONG:
        return Value("real", None)
    return Value("real", float(Decimal(value.value).scaleb(-value.scale)))


def _computed(op: str, left: Value, right: Value) -> Value:
    if {left.kind, right.kind} == {"exact"}:
        return _exact(op, left, right)
    one, other = _real(left).value, _real(right).value
    if one is None or other is None or (op == "/" and other == 0):
        return Value("real", None)
    return Value("real", {"+": one + other, "-": one - other, "*": one * other, "/": op == "/" and one / other}[op])


def _exact(op: str, left: Value, right: Value) -> Value:
    one, other = _alike([left, right]) if op in "+-" else (left, right)
    one, other = _limited(one), _limited(other)
    scale = one.scale if op in "+-" else one.scale + other.scale
    if one.value is None or other.value is None or (op == "/" and other.value == 0):
        return Value("exact", None, scale)
    match op:
        case "+":
            made = one.value + other.value
        case "-":
            made = one.value - other.value
        case "*":
            made = one.value * other.value
        case _:
            made = _cut(one.value, other.value)
    return _limited(Value("exact", made, scale))


def _cut(left: int, right: int) -> int:
    made = abs(left) // abs(right)
    return made if (left < 0) == (right < 0) else -made


def _half_away(left: int, right: int) -> int:
    made = (2 * abs(left) + abs(right)) // (2 * abs(right))
    return made if (left < 0) == (right < 0) else -made


def _logic(op: str, one: Any, other: Any) -> Any:
    deciding = op == "OR"
    if deciding in (one, other):
        return deciding
    return None if None in (one, other) else not deciding


_COMPARED = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _coded(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _text(value: Value) -> str | None:
    held = _limited(value) if value.scale else value
    if held.value is None:
        return None
    match held.kind:
        case "boolean":
            return "true" if held.value else "false"
        case "exact":
            return format(Decimal(held.value).scaleb(-held.scale), "f") if held.value else f"{0:.{held.scale}f}"
    return str(held.value)


def _ascii(text: str, *, upper: bool) -> str:
    return "".join((c.upper() if upper else c.lower()) if c.isascii() else c for c in text)


def _call(name: str, arguments: tuple[Node, ...], row: Row) -> Value:
    values = [evaluate(each, row) for each in arguments]
    first = values[0].value
    match name:
        case "CONCAT":
            return Value("text", "".join(_text(value) or "" for value in values))
        case "COALESCE":
            listed = _alike(values)
            return next((v for v in listed if v.value is not None), listed[0])
        case "NULLIF":
            one, other = _alike(values)
            same = None not in (one.value, other.value) and one.value == other.value
            return Value(one.kind, None, one.scale) if same else one
        case "ABS":
            return _each(values[0], abs)
        case "ROUND":
            return _rounded(arguments, values, row)
        case "LENGTH":
            return Value("exact", None if first is None else len(first))
    if any(value.value is None for value in values):
        return Value("text", None)
    rest = [value.value for value in values[1:]]
    return Value("text", _TEXTS[name](first, *rest))


_TEXTS = {
    "UPPER": lambda text: _ascii(text, upper=True),
    "LOWER": lambda text: _ascii(text, upper=False),
    "TRIM": lambda text: text.strip(" "),
    "LTRIM": lambda text: text.lstrip(" "),
    "RTRIM": lambda text: text.rstrip(" "),
    "REPLACE": lambda text, old, new: text.replace(old, new) if old else text,
    "SUBSTR": lambda text, first, count=10**9: text[first - 1 : first - 1 + count],
    "LEFT": lambda text, count: text[:count],
    "RIGHT": lambda text, count: text[-count:],
}


def _rounded(arguments: tuple[Node, ...], values: list[Value], row: Row) -> Value:
    places = values[1].value if len(values) == 2 else 0
    node, held = arguments[0], values[0]
    if isinstance(node, Binary) and node.op == "/":
        one, other = evaluate(node.left, row), evaluate(node.right, row)
        if {one.kind, other.kind} == {"exact"} and one.scale + other.scale:
            return _quotient(one, other, places)
    if held.kind == "real":
        return Value("real", None if held.value is None else _real_rounded(held.value, places))
    if held.scale <= places:
        return held
    held = _limited(held)
    made = None if held.value is None else _half_away(held.value, 10 ** (held.scale - places))
    return Value("exact", made, places)


def _quotient(one: Value, other: Value, places: int) -> Value:
    shift = places - one.scale + other.scale
    above = _scaled(Value("exact", one.value), max(shift, 0))
    below = _scaled(Value("exact", other.value), max(-shift, 0))
    above, below = _limited(above), _limited(below)
    none = above.value is None or not below.value
    return _limited(Value("exact", None if none else _half_away(above.value, below.value), places))


def _real_rounded(held: float, places: int) -> float:
    moved = held * float(10**places)
    cut = float(int(moved - 0.5 if moved < 0 else moved + 0.5))
    return cut / float(10**places)


# ---------------------------------------------------------------- random ones


def _op(left: str, op: str, right: str) -> str:
    return f"({left} {op} {right})"


_PLACES = st.integers(0, 4)
exact_leaf = st.sampled_from(["qty", "big", "price", "rate", "7", "0.5", "1.19", "1000", "LENGTH(name)"])
real_leaf = st.sampled_from(["x", "CAST(price AS number)", "CAST(qty AS number)"])
text_leaf = st.sampled_from(["name", "nick", "'a%b''c'", "ref || ''", "price || ''", "qty || ''", "ok || ''"])
truth_leaf = st.sampled_from(["ok", "qty > 3", "price >= rate", "name = nick", "big < 0", "x <= 1.5", "name < 'b'"])


def _exacts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(_op, inner, st.sampled_from("+-*"), inner),
        st.builds("ROUND({} / {}, {})".format, inner, inner, _PLACES),
        st.builds("ROUND({}, {})".format, inner, _PLACES),
        st.builds("ROUND({}) / 7".format, inner),
        st.builds("ABS({})".format, inner),
        st.builds("(- {})".format, inner),
        st.builds("COALESCE({}, {})".format, inner, inner),
        st.builds("NULLIF({}, {})".format, inner, inner),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, truth_leaf, inner, inner),
        st.builds("CASE WHEN {} THEN {} END".format, truth_leaf, inner),
    )


def _reals(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(_op, inner, st.sampled_from("+-*/"), st.one_of(inner, exact_leaf)),
        st.builds("ROUND({}, {})".format, inner, _PLACES),
        st.builds("COALESCE({}, {})".format, inner, exact_leaf),
        st.builds("ABS({})".format, inner),
    )


def _texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} || {})".format, inner, st.one_of(inner, exact_leaf)),
        st.builds("CONCAT({}, {}, {})".format, inner, exact_leaf, inner),
        st.builds("{}({})".format, st.sampled_from(["UPPER", "LOWER", "TRIM", "LTRIM", "RTRIM"]), inner),
        st.builds("REPLACE({}, {}, {})".format, inner, text_leaf, inner),
        st.builds("SUBSTR({}, {}, {})".format, inner, st.integers(1, 4), st.integers(0, 4)),
        st.builds("{}({}, {})".format, st.sampled_from(["LEFT", "RIGHT"]), inner, st.integers(1, 4)),
        st.builds("COALESCE({}, {})".format, inner, inner),
        st.builds("NULLIF({}, {})".format, inner, inner),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, truth_leaf, inner, inner),
    )


def _truths(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(_op, inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds("(NOT {})".format, inner),
        st.builds("({} IS NULL)".format, st.one_of(exact_leaf, text_leaf)),
        st.builds(_op, exact_leaf, st.sampled_from(["=", "<>", "<", ">="]), exact_leaf),
        st.builds(_op, text_leaf, st.sampled_from(["=", "<>", "<", ">="]), text_leaf),
    )


formulas = st.one_of(
    st.recursive(exact_leaf, _exacts, max_leaves=4),
    st.recursive(real_leaf, _reals, max_leaves=3),
    st.recursive(text_leaf, _texts, max_leaves=4),
    st.recursive(truth_leaf, _truths, max_leaves=4),
)

_name = st.one_of(st.none(), st.text("aAbÉé %'ßz\\ ", max_size=6))
rows = st.fixed_dictionaries(
    {
        "qty": st.one_of(st.none(), st.integers(-9, 9), st.integers(-(2**31), 2**31 - 1)),
        "big": st.one_of(st.none(), st.integers(-99, 99), st.integers(-(2**63), 2**63 - 1)),
        "price": st.one_of(st.none(), st.integers(-999, 999), st.integers(-(10**10) + 1, 10**10 - 1)).map(
            lambda units: None if units is None else Decimal(units).scaleb(-2)
        ),
        "rate": st.one_of(st.none(), st.integers(-(10**6) + 1, 10**6 - 1)).map(
            lambda units: None if units is None else Decimal(units).scaleb(-4)
        ),
        "x": st.one_of(st.none(), st.just(0.0), st.floats(0.001, 1e6), st.floats(-1e6, -0.001)),
        "name": _name,
        "nick": _name,
        "ok": st.sampled_from([None, True, False]),
        "ref": st.one_of(st.none(), st.uuids(version=4).map(str)),
    }
)
# Where a floating number is bounded depends on how a formula is printed: of these rows only the databases are asked.
extreme_rows = st.fixed_dictionaries(
    {
        "qty": st.sampled_from([-(2**31), 2**31 - 1, 0, 1]),
        "big": st.sampled_from([-(2**63), 2**63 - 1, 10**18, 10**18 + 1, 2**53 + 1]),
        "price": st.sampled_from([Decimal("99999999.99"), Decimal("-99999999.99"), Decimal("0.01")]),
        "rate": st.sampled_from([Decimal("99.9999"), Decimal("-0.0001")]),
        "x": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([1e100, 1e-100, -0.0, 1e308])),
        "name": st.sampled_from(["", "É" * 50]),
        "nick": st.just("z"),
        "ok": st.booleans(),
        "ref": st.none(),
    }
)
