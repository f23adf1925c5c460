"""Text on SQLite: lower-casing, and the patterns of its GLOB.

In: text, or a LIKE pattern with `\\` as its escape. Out: folded text; a GLOB pattern, which is exact on code points
and linear in the database's own code (a function of ours would be called for every row).
"""

from collections.abc import Mapping
from types import MappingProxyType

from sql.errors import BadValue

MAX_PATTERN = 50_000
_WILD: Mapping[str, str] = MappingProxyType({"%": "*", "_": "?"})
_LITERAL: Mapping[str, str] = MappingProxyType({"*": "[*]", "?": "[?]", "[": "[[]"})


class _Lower(dict[int, str]):
    """Lower case of single code points, found once each. One code point stays one: U+0130 is `i`."""

    def __missing__(self, code: int) -> str:
        lower = chr(code).lower()
        self[code] = lower if len(lower) == 1 else lower[0]
        return self[code]


_LOWER = _Lower()


def fold(text: str) -> str:
    """Lower case, code point by code point (no special final sigma, ß stays)."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def literal(text: str) -> str:
    """A GLOB pattern that matches this text."""
    return "".join(_LITERAL.get(char, char) for char in text)


def contains(text: str) -> str:
    """A GLOB pattern for texts that contain this one."""
    return _bounded(f"*{literal(text)}*")


def starts_with(text: str) -> str:
    """A GLOB pattern for texts that begin so."""
    return _bounded(f"{literal(text)}*")


def ends_with(text: str) -> str:
    """A GLOB pattern for texts that end so."""
    return _bounded(f"*{literal(text)}")


def like(pattern: str) -> str:
    """A LIKE pattern as GLOB. A backslash at the very end is a backslash."""
    made: list[str] = []
    chars = iter(pattern)
    for char in chars:
        if char == "\\":
            char = next(chars, "\\")
            made.append(_LITERAL.get(char, char))
        else:
            made.append(_WILD.get(char) or _LITERAL.get(char, char))
    return _bounded("".join(made))


def _bounded(pattern: str) -> str:
    if len(pattern.encode()) > MAX_PATTERN:
        raise BadValue(pattern, "a shorter text")
    return pattern
