"""The words of the condition language of `crud.wire.expression`, found one by one in linear time.

In: the text of an expression. Out: tokens with their positions (counted from 1), the last one of kind `end`.
Made while the parser asks, so that an expression refused early costs no more than what was read of it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from crud.errors import ApiError, bad_parameter

KEYWORDS = frozenset({"AND", "OR", "NOT", "LIKE", "ILIKE", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE"})
SHOWN = 40


class Token(NamedTuple):
    """One word. `kind` is keyword, name, number, text, symbol or end; `text` is its meaning, `written` its source."""

    kind: str
    text: str
    place: int
    written: str = ""

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.written[:SHOWN])


# Possessive quantifiers (*+, ++): no pattern ever goes back, whatever the text.
_TOKEN = re.compile(
    r"""
    (?P<blank>   \s++ )
  | (?P<text>    '(?:[^']++|'')*+' )
  | (?P<quoted>  "(?:[^"]++|"")*+" | `(?:[^`]++|``)*+` )
  | (?P<number>  [+-]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+ (?![\w$]) )
  | (?P<name>    [^\W\d][\w$]*+ )
  | (?P<symbol>  <>|!=|<=|>=|[=<>(),.] )
    """,
    re.VERBOSE,
)


def tokens(text: str, parameter: str) -> Iterator[Token]:
    """The tokens of an expression. Raises ApiError at what is no word of the language."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _no_token(text, at, parameter)
        if found.lastgroup != "blank":
            yield _token(found)
        at = found.end()
    yield Token("end", "", len(text) + 1)


def _token(found: re.Match[str]) -> Token:
    written, place = found[0], found.start() + 1
    match found.lastgroup:
        case "text" | "quoted" as kind:
            mark = written[0]
            return Token("text" if kind == "text" else "name", written[1:-1].replace(mark * 2, mark), place, written)
        case "name" if written.upper() in KEYWORDS:
            return Token("keyword", written.upper(), place, written)
        case kind:
            return Token(str(kind), written, place, written)


def expected(parameter: str, what: str, got: Token) -> ApiError:
    """The refusal of a token: where it stands and what was expected there."""
    return bad_parameter(parameter, f"position {got.place}: expected {what}, got {got}")


def _no_token(text: str, at: int, parameter: str) -> ApiError:
    if text[at] in "'\"`":
        return bad_parameter(parameter, f"position {at + 1}: expected a closing {text[at]}, got the end")
    return bad_parameter(parameter, f"position {at + 1}: {text[at : at + 2]!r} has no meaning here")
