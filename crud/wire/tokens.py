"""The words of the condition language of `crud.wire.expression`, found one by one in linear time.

In: the text of an expression. Out: tokens with their positions (counted from 1), the last one of kind `end`.
`${{ … }}` is a token of its own, of kind `code`, or stays in the text that it stands in, marks and all.
Made while the parser asks, so that an expression refused early costs no more than what was read of it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from crud.errors import ApiError, bad_parameter
from crud.scripting.finding import OPEN, Unclosed, end_of

KEYWORDS = frozenset({"AND", "OR", "NOT", "LIKE", "ILIKE", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE"})
SHOWN = 40


class Token(NamedTuple):
    """One word. `kind` is keyword, name, number, text, code, symbol or end; `text` is its meaning, `written` itself."""

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
  | (?P<text>    '(?:[^'$]++|''|\$(?!\{\{))*+' )
  | (?P<quoted>  "(?:[^"]++|"")*+" | `(?:[^`]++|``)*+` )
  | (?P<number>  [+-]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+ (?![\w$]) )
  | (?P<name>    [^\W\d][\w$]*+ )
  | (?P<symbol>  <>|!=|<=|>=|[=<>(),.] )
    """,
    re.VERBOSE,
)


_PLAIN = re.compile(r"(?:[^'$]++|''|\$(?!\{\{))*+")


def tokens(text: str, parameter: str) -> Iterator[Token]:
    """The tokens of an expression. Raises ApiError at what is no word of the language."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        token = _with_code(text, at, parameter) if found is None else _token(found)
        if token.kind != "blank":
            yield token
        at += len(token.written)
    yield Token("end", "", len(text) + 1)


def _with_code(text: str, at: int, parameter: str) -> Token:
    """A `${{ … }}`, or a text with some in it. Raises ApiError where nothing of the kind begins here."""
    try:
        if text.startswith(OPEN, at):
            written = text[at : end_of(text, at)]
            return Token("code", written, at + 1, written)
        return _text_with_code(text, at) or _refused(text, at, parameter)
    except Unclosed as error:
        raise bad_parameter(parameter, f"position {error.place + 1}: expected a closing }}}}, got the end") from None


def _text_with_code(text: str, start: int) -> Token | None:
    """The text in quotation marks that begins here; marks within code are those of the code."""
    if text[start] != "'":
        return None
    meant, at = "", start + 1
    while found := _PLAIN.match(text, at):
        meant, at = meant + found[0].replace("''", "'"), found.end()
        if not text.startswith(OPEN, at):
            break
        end = end_of(text, at)
        meant, at = meant + text[at:end], end
    return Token("text", meant, start + 1, text[start : at + 1]) if text.startswith("'", at) else None


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


def _refused(text: str, at: int, parameter: str) -> NoReturn:
    if text[at] in "'\"`":
        raise bad_parameter(parameter, f"position {at + 1}: expected a closing {text[at]}, got the end")
    raise bad_parameter(parameter, f"position {at + 1}: {text[at : at + 2]!r} has no meaning here")
