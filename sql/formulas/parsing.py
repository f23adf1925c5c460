"""The text of a formula → its tree.

In: text. Out: a `Node`, or BadFormula, whose message says what was not understood and where.
The language is a small part of SQL's expressions: names (bare, or in double quotes), numbers, texts in single quotes,
TRUE and FALSE, `+ - * /`, `||`, comparisons, IS NULL, AND, OR, NOT, CASE, CAST and calls. There is no way to write
anything else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sql.errors import BadFormula
from sql.formulas.tree import Binary, Call, Case, Cast, IsNull, Joined, Name, Node, Number, Text, Truth, Unary, walk

MAX_LENGTH, MAX_NODES, MAX_DEPTH, MAX_DIGITS = 2000, 200, 20, 15
COMPARISONS = ("<=", ">=", "<>", "!=", "=", "<", ">")
_WORDS = frozenset(
    ("AND", "OR", "NOT", "IS", "NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "AS", "CAST", "TRUE", "FALSE")
)
_TOKEN = re.compile(
    r"""(?P<skip>\s+)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![\w.]))
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<name>[^\W\d]\w*)
      | (?P<sign>\|\||<=|>=|<>|!=|[-+*/=<>(),])
    """,
    re.VERBOSE,
)
_UNSAFE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Token:
    """A piece of a formula. `kind`: number, text, quoted, name, word (of ours), sign, end. `text` is without quotes."""

    kind: str
    text: str
    at: int
    end: int


def read(text: str) -> Node:
    """The tree of a formula as somebody has written it. Raises BadFormula."""
    if len(text) > MAX_LENGTH:
        raise BadFormula(f"is longer than {MAX_LENGTH} characters")
    return parse(text)


def parse(text: str) -> Node:
    """The tree of a formula. Raises BadFormula."""
    reader = _Reader(tuple(tokens(text)))
    made = reader.expression()
    if reader.here.kind != "end":
        raise reader.unexpected()
    if sum(1 for _ in walk(made)) > MAX_NODES:
        raise BadFormula(f"has more than {MAX_NODES} parts")
    return made


def tokens(text: str) -> Iterator[Token]:
    """The pieces of a formula, and an end. One whose columns have got longer names may be longer than it was. Raises
    BadFormula."""
    if len(text) > 10 * MAX_LENGTH:
        raise BadFormula(f"is longer than {MAX_LENGTH} characters")
    if _UNSAFE.search(text):
        raise BadFormula("holds a character that no text can hold")
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise BadFormula(f"{text[position : position + 10]!r} is not understood (at character {position + 1})")
        position = found.end()
        if found.lastgroup != "skip":
            yield _token(str(found.lastgroup), found[0], found.start(), position)
    yield Token("end", "", position, position)


def _token(kind: str, text: str, at: int, end: int) -> Token:
    if kind in ("text", "quoted"):
        return Token(kind, text[1:-1].replace(text[0] * 2, text[0]), at, end)
    if kind == "name" and text.upper() in _WORDS:
        return Token("word", text.upper(), at, end)
    return Token(kind, text, at, end)


class _Reader:
    """One walk over the tokens; each method reads what binds tighter than what called it."""

    def __init__(self, listed: tuple[Token, ...]) -> None:
        self.tokens, self.index, self.depth = listed, 0, 0

    @property
    def here(self) -> Token:
        return self.tokens[self.index]

    def unexpected(self) -> BadFormula:
        if self.here.kind == "end":
            return BadFormula("ends too early")
        if (self.here.kind, self.here.text) == ("word", "NULL"):
            return BadFormula("NULL stands only after IS")
        return BadFormula(f"{self.here.text[:40]!r} is not expected (at character {self.here.at + 1})")

    def taken(self, *texts: str) -> str | None:
        """The next sign or word, if it is one of these."""
        if self.here.kind not in ("sign", "word") or self.here.text not in texts:
            return None
        self.index += 1
        return self.tokens[self.index - 1].text

    def must(self, text: str) -> None:
        if self.taken(text) is None:
            raise self.unexpected()

    def expression(self) -> Node:
        """OR binds least."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadFormula(f"is nested deeper than {MAX_DEPTH}")
        left = self._and()
        while self.taken("OR"):
            left = Binary("OR", left, self._and())
        self.depth -= 1
        return left

    def _and(self) -> Node:
        left = self._not()
        while self.taken("AND"):
            left = Binary("AND", left, self._not())
        return left

    def _not(self) -> Node:
        count = 0
        while self.taken("NOT"):
            count += 1
        held = self._comparison()
        return held if count == 0 else Unary("NOT", held) if count % 2 else Unary("NOT", Unary("NOT", held))

    def _comparison(self) -> Node:
        left = self._joined()
        if self.taken("IS"):
            negated = self.taken("NOT") is not None
            self.must("NULL")
            return IsNull(left, negated)
        op = self.taken(*COMPARISONS)
        return left if op is None else Binary("<>" if op == "!=" else op, left, self._joined())

    def _joined(self) -> Node:
        listed = [self._sum()]
        while self.taken("||"):
            listed.append(self._sum())
        return listed[0] if len(listed) == 1 else Joined(tuple(listed))

    def _sum(self) -> Node:
        left = self._product()
        while op := self.taken("+", "-"):
            left = Binary(op, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._signed()
        while op := self.taken("*", "/"):
            left = Binary(op, left, self._signed())
        return left

    def _signed(self) -> Node:
        negative = False
        while op := self.taken("+", "-"):
            negative ^= op == "-"
        held = self._primary()
        return Unary("-", held) if negative else held

    def _primary(self) -> Node:
        token = self.here
        if self.taken("("):
            inner = self.expression()
            self.must(")")
            return inner
        if self.taken("CASE"):
            return self._case()
        if self.taken("CAST"):
            return self._cast()
        if word := self.taken("TRUE", "FALSE"):
            return Truth(word == "TRUE")
        if token.kind not in ("number", "text", "quoted", "name"):
            raise self.unexpected()
        self.index += 1
        return self._leaf(token)

    def _leaf(self, token: Token) -> Node:
        match token.kind:
            case "number":
                return Number(_number(token.text))
            case "text":
                return Text(token.text)
            case "name" if self.taken("("):
                return Call(token.text.upper(), self._arguments())
        return Name(token.text)

    def _arguments(self) -> tuple[Node, ...]:
        if self.taken(")"):
            return ()
        listed = [self.expression()]
        while self.taken(","):
            listed.append(self.expression())
        self.must(")")
        return tuple(listed)

    def _case(self) -> Node:
        whens = []
        while self.taken("WHEN"):
            condition = self.expression()
            self.must("THEN")
            whens.append((condition, self.expression()))
        if not whens:
            raise BadFormula("CASE is followed by WHEN")
        otherwise = self.expression() if self.taken("ELSE") else None
        self.must("END")
        return Case(tuple(whens), otherwise)

    def _cast(self) -> Node:
        self.must("(")
        operand = self.expression()
        self.must("AS")
        target = self.here.text.lower()
        if self.here.kind != "name" or target not in ("text", "number"):
            raise BadFormula("CAST goes to text or to number")
        self.index += 1
        self.must(")")
        return Cast(operand, target)


def _number(text: str) -> Decimal:
    if len(text.replace(".", "").lstrip("0")) > MAX_DIGITS or len(text) > 2 * MAX_DIGITS:
        raise BadFormula(f"{text[:40]} has more than {MAX_DIGITS} digits")
    if len(text.partition(".")[2]) > MAX_DIGITS:
        raise BadFormula(f"{text[:40]} has more than {MAX_DIGITS} decimals")
    return Decimal(text)
