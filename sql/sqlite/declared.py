"""What only the text of CREATE TABLE tells: collations of columns, and the words that a CHECK allows.

In: the statement as SQLite keeps it. Out: `Declared` per column. A small reader of tokens, no parser of SQL.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*.*?(?:\*/|$))
      | (?P<string>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
      | (?P<word>[\w$]+)
      | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of SQL: kind is string, quoted, word or mark; text without its quotes."""

    kind: str
    text: str

    def is_(self, word: str) -> bool:
        """Whether it is this keyword or mark."""
        return self.kind in ("word", "mark") and self.text.upper() == word


@dataclass
class Declared:
    """What the text says of a table; names of columns in lower case, as SQLite compares them."""

    nocase: set[str] = field(default_factory=set)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)


@lru_cache(1000)
def read_declared(statement: str) -> Declared:
    """What a CREATE TABLE says of its columns' collations and words; a table is looked at again and again."""
    made = Declared()
    for definition in _definitions(list(_tokens(statement))):
        if definition[0].kind != "mark" and _is_nocase(definition):
            made.nocase.add(definition[0].text.lower())
        for position, token in enumerate(definition):
            if token.is_("CHECK") and (allowed := _allowed(definition[position + 1 :])):
                made.words[allowed[0].lower()] = allowed[1]
    return made


def _tokens(statement: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(statement):
        kind, text = str(found.lastgroup), found[0]
        if kind in ("string", "quoted"):
            quote = text[-1]
            text = text[1:-1].replace(quote * 2, quote) if quote != "]" else text[1:-1]
        if kind != "skip":
            yield Token(kind, text)


def _definitions(tokens: Sequence[Token]) -> list[list[Token]]:
    """What stands between the commas of the outermost parentheses."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth -= token.is_(")")
        if depth == 1 and token.is_(","):
            parts.append([])
        elif depth >= 1:
            parts[-1].append(token)
        depth += token.is_("(")
    return [part for part in parts if part]


def _is_nocase(definition: Sequence[Token]) -> bool:
    pairs = zip(definition, definition[1:], strict=False)
    return any(first.is_("COLLATE") and second.text.upper() == "NOCASE" for first, second in pairs)


def _allowed(tokens: Sequence[Token]) -> tuple[str, tuple[str, ...]] | None:
    """The column and words of `(column IN ('a', 'b'))`, and of nothing else."""
    end = next((i for i, token in enumerate(tokens) if token.is_(")")), 0)
    head, listed, tail = tokens[:4], tokens[4:end], tokens[end : end + 2]
    if len(head) < 4 or not (head[0].is_("(") and head[2].is_("IN") and head[3].is_("(")):
        return None
    words, commas = listed[::2], listed[1::2]
    plain = all(word.kind == "string" for word in words) and all(comma.is_(",") for comma in commas)
    if not words or not plain or len(tail) < 2 or not tail[1].is_(")"):
        return None
    return head[1].text, tuple(word.text for word in words)
