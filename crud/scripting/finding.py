"""Where the expressions of a text are.

In: a text such as `until ${{ new Date().getFullYear() }}`. Out: its parts in order, plain texts and `Code`s. An
expression ends at the first `}}` outside of its own braces, texts, templates, patterns and comments. Every character
is read once, and what is not closed is refused at once.
"""

import re
from dataclasses import dataclass

OPEN, CLOSE = "${{", "}}"


class Unclosed(ValueError):
    """An expression, or something in it, has no end. `place` counts from 0."""

    def __init__(self, place: int) -> None:
        super().__init__(f"the expression at position {place + 1} is not closed")
        self.place = place


@dataclass(frozen=True)
class Code:
    """What stands in one `${{ … }}`."""

    source: str


_WORD = re.compile(
    r"""
    (?P<plain>   [^'"`/{}]++ )
  | (?P<text>    '(?:[^'\\\n]++|\\.)*+' | "(?:[^"\\\n]++|\\.)*+" | `(?:[^`\\]++|\\.)*+` )
  | (?P<comment> /\*(?:[^*]++|\*(?!/))*+\*/ | //(?:[^\n}]++|\}(?!\}))*+ )
  | (?P<slash>   /(?!\*) )
  | (?P<brace>   [{}] )
    """,
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?:[^/\\\[\n]++|\\.|\[(?:[^\]\\\n]++|\\.)*+\])++/")
_BEFORE_PATTERN = frozenset("(,=:[!&|?{};+-*%~^<>")


def parts(text: str) -> list[str | Code]:
    """The text taken apart. Raises Unclosed."""
    found: list[str | Code] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        end = end_of(text, start)
        found += [text[at:start], Code(text[start + len(OPEN) : end - len(CLOSE)])]
        at = end
    return [part for part in (*found, text[at:]) if part != ""]


def without_code(text: str) -> str:
    """The text without its expressions; all of it where one is not closed."""
    try:
        return "".join(part for part in parts(text) if isinstance(part, str))
    except Unclosed:
        return text


def end_of(text: str, start: int) -> int:
    """Where the expression that begins at `start` is over. Raises Unclosed."""
    at, depth, last = start + len(OPEN), 0, "("
    while not (depth == 0 and text.startswith(CLOSE, at)):
        found = _WORD.match(text, at)
        if found is None:
            raise Unclosed(start)
        if found.lastgroup == "slash" and last in _BEFORE_PATTERN:
            found = _PATTERN.match(text, at)
            if found is None:
                raise Unclosed(start)
        depth = max(0, depth + {"{": 1, "}": -1}.get(found[0], 0))
        last, at = _last(found, last), found.end()
    return at + len(CLOSE)


def _last(found: re.Match[str], before: str) -> str:
    """The last character that counts: blanks and comments do not."""
    return before if found.lastgroup == "comment" else found[0].rstrip()[-1:] or before
