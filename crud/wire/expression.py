"""The condition language of Metal's `filter-expression`: SQL's conditions, and nothing else of SQL.

In: text such as `name LIKE '%ing' AND (views > 3 OR author.name IS NULL)` and a `Scope`. Out: a `Filter`.

    condition   = conjunction { OR conjunction }
    conjunction = negation { AND negation }
    negation    = NOT negation | "(" condition ")" | comparison
    comparison  = operand ( "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" ) operand
                | column [NOT] (LIKE | ILIKE) value
                | column [NOT] IN "(" value { "," value } ")"
                | column [NOT] BETWEEN value AND value
                | column IS [NOT] NULL
    operand     = column | value
    column      = name { "." name }          a name is a word, "quoted" or `quoted`; all but the last are relations
    value       = number | 'text' | TRUE | FALSE | NULL | ${{ code }}

What code gives, there or within a text, stands in the place of one value and is not read again.

No functions, sub-selects, comments or statements: there are no words for them. Every token is looked at once;
parentheses and NOTs nest at most `DEPTH` deep, and there are at most as many comparisons as the configuration allows.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from crud.errors import bad_parameter
from crud.wire.paths import Reached, Scope, all_of, any_of, compare, reach, to_one_path
from crud.wire.scripts import Texts
from crud.wire.tokens import Token, expected, tokens
from sql.catalog import Resource
from sql.expressions import And, Compare, Filter, Not, Some
from sql.operators import OPERATORS

DEPTH = 32
TERMS = 200
STEPS = 6
NO_CODE = Texts()

# symbol → (operator, operator with the sides exchanged)
COMPARISONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "=": ("eq", "eq"),
        "<>": ("ne", "ne"),
        "!=": ("ne", "ne"),
        "<": ("lt", "gt"),
        "<=": ("lte", "gte"),
        ">": ("gt", "lt"),
        ">=": ("gte", "lte"),
    }
)

# word → (operator, operator after NOT)
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "LIKE": ("like", "not_like"),
        "ILIKE": ("ilike", "not_ilike"),
        "IN": ("in", "not_in"),
        "BETWEEN": ("between", "not_between"),
    }
)

OPERATOR = "an operator (= <> != < <= > >= LIKE ILIKE IN BETWEEN IS)"
VALUE = "a value (a number, 'text', TRUE, FALSE or NULL)"
OPERAND = "a column or a value"


def parse(
    scope: Scope, resource: Resource, text: str, *, parameter: str, terms: int = TERMS, texts: Texts = NO_CODE
) -> Filter:
    """The filter of an expression. Raises ApiError naming the position and what was expected there."""
    parser = _Parser(scope, resource, parameter, terms, text, texts)
    made = parser.condition()
    parser.end()
    return made


@dataclass
class Value:
    """A value as written; a number too long for a machine word stays text, the column's type judges it."""

    raw: object


@dataclass
class _Parser:
    scope: Scope
    resource: Resource
    parameter: str
    terms: int
    text: str
    texts: Texts
    depth: int = 0
    count: int = 0
    seen: Token = field(init=False)

    def __post_init__(self) -> None:
        self._rest = tokens(self.text, self.parameter)
        self.seen = next(self._rest)

    # ------------------------------------------------------------ tokens

    def next(self) -> Token:
        """The current token; the one after it becomes current."""
        token = self.seen
        if token.kind != "end":
            self.seen = next(self._rest)
        return token

    def at(self, text: str) -> bool:
        """Whether the current token is this keyword or symbol."""
        return self.seen.kind in ("keyword", "symbol") and self.seen.text == text

    def took(self, text: str) -> bool:
        """Whether the current token was this keyword or symbol; then it is behind us."""
        found = self.at(text)
        if found:
            self.next()
        return found

    def need(self, text: str) -> None:
        """Take this keyword or symbol, or refuse."""
        if not self.took(text):
            raise expected(self.parameter, repr(text), self.seen)

    def end(self) -> None:
        """Refuse anything after the condition."""
        if self.seen.kind != "end":
            raise expected(self.parameter, "AND, OR or the end", self.seen)

    # ------------------------------------------------------------ AND, OR, NOT, parentheses

    def condition(self) -> Filter:
        parts = [self.conjunction()]
        while self.took("OR"):
            parts.append(self.conjunction())
        return any_of(parts)

    def conjunction(self) -> Filter:
        parts = [self.negation()]
        while self.took("AND"):
            parts.append(self.negation())
        return all_of(parts)

    def negation(self) -> Filter:
        if self.at("NOT"):
            return Not(self.deeper(self.negation))
        if self.at("("):
            return _group(self.deeper(self.condition, close=")"))
        return self.comparison()

    def deeper(self, inner: Callable[[], Filter], *, close: str = "") -> Filter:
        """What stands behind NOT or a parenthesis, counted before it can nest too deeply."""
        if self.depth >= DEPTH:
            raise bad_parameter(self.parameter, f"position {self.seen.place}: more than {DEPTH} levels deep")
        self.next()
        self.depth += 1
        made = inner()
        self.depth -= 1
        if close:
            self.need(close)
        return made

    # ------------------------------------------------------------ one comparison

    def comparison(self) -> Filter:
        self.count += 1
        if self.count > self.terms:
            raise bad_parameter(self.parameter, f"more than {self.terms} conditions")
        left = self.operand()
        if self.seen.kind == "symbol" and self.seen.text in COMPARISONS:
            return self.two_sided(left)
        if isinstance(left, Value):
            raise expected(self.parameter, "a comparison (= <> != < <= > >=)", self.seen)
        return self.worded(left)

    def two_sided(self, left: "Operand") -> Filter:
        symbol = self.next()
        op, exchanged = COMPARISONS[symbol.text]
        right = self.operand()
        match left, right:
            case Reached(), Reached():
                return self.columns(left, op, right)
            case Reached(), Value(raw):
                return compare(self.scope, left, op, fitting(left, raw))
            case Value(raw), Reached():
                return compare(self.scope, right, exchanged, fitting(right, raw))
        raise bad_parameter(self.parameter, f"position {symbol.place}: expected a column on one side of {symbol}")

    def columns(self, left: Reached, op: str, right: Reached) -> Filter:
        family = left.column.type.family
        if right.column.type.family != family or family not in OPERATORS[op].families:
            names = f"{left.origin.text!r} and {right.origin.text!r}"
            raise bad_parameter(self.parameter, f"fields {names} cannot be compared with each other")
        return Compare(to_one_path(left), op, (to_one_path(right),))

    def worded(self, left: Reached) -> Filter:
        if self.took("IS"):
            op = "is_not_null" if self.took("NOT") else "is_null"
            self.need("NULL")
            return compare(self.scope, left, op, None)
        negated = self.took("NOT")
        if self.seen.kind != "keyword" or self.seen.text not in WORDS:
            raise expected(self.parameter, "LIKE, ILIKE, IN or BETWEEN" if negated else OPERATOR, self.seen)
        word = self.next().text
        raw = self.right_of(word, left)
        return compare(self.scope, left, WORDS[word][negated], raw)

    def right_of(self, word: str, left: Reached) -> object:
        match word:
            case "IN":
                return self.listed(left)
            case "BETWEEN":
                low = self.value(left)
                self.need("AND")
                return [low, self.value(left)]
            case _:
                return self.value(left)

    def listed(self, left: Reached) -> list[object]:
        self.need("(")
        items = [self.value(left)]
        while self.took(","):
            items.append(self.value(left))
            if len(items) > self.scope.list_items:
                raise bad_parameter(self.parameter, f"a list of more than {self.scope.list_items} values")
        self.need(")")
        return items

    # ------------------------------------------------------------ columns and values

    def operand(self) -> "Operand":
        if self.seen.kind == "name":
            return self.column()
        return Value(self.literal(OPERAND))

    def value(self, left: Reached) -> object:
        return fitting(left, self.literal(VALUE))

    def column(self) -> Reached:
        names = [self.next().text]
        while self.took("."):
            if self.seen.kind != "name":
                raise expected(self.parameter, "a name", self.seen)
            names.append(self.next().text)
            if len(names) > STEPS + 1:
                raise bad_parameter(
                    self.parameter, f"position {self.seen.place}: a name of more than {STEPS} relations"
                )
        if self.at("("):
            raise bad_parameter(self.parameter, f"position {self.seen.place}: there are no functions here")
        return reach(self.scope, self.resource, ".".join(names), self.parameter)

    def literal(self, wanted: str) -> object:
        token = self.seen
        if token.kind not in ("number", "text", "code") and not (token.kind == "keyword" and token.text in _CONSTANTS):
            raise expected(self.parameter, wanted, token)
        self.next()
        match token.kind:
            case "number":
                return int(token.text) if _SHORT.fullmatch(token.text) else token.text
            case "text":
                return self.texts.text(token.text, self.parameter)
            case "code":
                return self.texts.value(token.text, self.parameter)
            case _:
                return _CONSTANTS[token.text]


Operand = Reached | Value

_CONSTANTS: Mapping[str, object] = MappingProxyType({"TRUE": True, "FALSE": False, "NULL": None})
_SHORT = re.compile(r"[+-]?[0-9]{1,18}")
_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def _group(made: Filter) -> Filter:
    """What stands in parentheses is a group of its own: a to-many condition in it means another child."""
    return And((made,)) if isinstance(made, Some) else made


def fitting(reached: Reached, raw: object) -> object:
    """The value as the column's type reads it: dates may be written M/D/YYYY, as Metal's own samples make them."""
    if reached.column.type.family not in ("date", "datetime") or not isinstance(raw, str):
        return raw
    found = _AMERICAN.fullmatch(raw)
    return f"{found[3]}-{found[1]:0>2}-{found[2]:0>2}" if found else raw
