"""JSON paths as text: `$.a.b[0].*`, and a path with one comparison: `$.level > 4`.

In: text. Out: a tuple of tokens (member names, indexes, None for a wildcard) and `JsonPathTest`, or BadValue.
Read from left to right, once.
"""

import json
import re
from dataclasses import dataclass

from sql.errors import BadValue

Token = str | int | None

_STEP = re.compile(
    r"""\.(?P<member>[^\W\d][\w-]*|\d+|\*)      # .name, .* (and .0: a member or an index)
      | \[\s*(?P<index>\d{1,9}|\*)\s*\]          # [0], [*]
      | \.?(?P<quoted>"(?:[^"\\]|\\.)*")         # ."odd name"
      | \[\s*(?P<bracketed>"(?:[^"\\]|\\.)*")\s*\]
    """,
    re.VERBOSE,
)
_TEST = re.compile(r"\s*(==|=|!=|<>|<=|<|>=|>)\s*")
_OPERATORS = {"==": "eq", "=": "eq", "!=": "ne", "<>": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
MOST_STEPS = 64
_PATH = "a JSON path like $.a.b[0].*"


@dataclass(frozen=True)
class JsonPathTest:
    """A path, and a comparison of what is there: `op` is eq, ne, gt, gte, lt or lte; None asks only that it exists."""

    tokens: tuple[Token, ...]
    op: str | None = None
    value: object = None


def parse_json_path(text: str) -> tuple[Token, ...]:
    """The tokens of `$.a.b[0].*`. Raises BadValue."""
    tokens, end = _steps(text)
    if text[end:].strip():
        raise BadValue(text, _PATH)
    return tokens


def parse_json_path_test(text: str) -> JsonPathTest:
    """The path and the comparison of `$.level > 4`; the right side is a JSON scalar. Raises BadValue."""
    tokens, end = _steps(text)
    if not text[end:].strip():
        return JsonPathTest(tokens)
    found = _TEST.match(text, end)
    if found is None:
        raise BadValue(text, "a JSON path with a comparison like $.level > 4")
    return JsonPathTest(tokens, _OPERATORS[found[1]], _scalar(text[found.end() :], text))


def _steps(text: str) -> tuple[tuple[Token, ...], int]:
    text_ = text if isinstance(text, str) else ""
    start = len(text_) - len(text_.lstrip())
    if not text_.startswith("$", start) or "\x00" in text_:
        raise BadValue(text, _PATH)
    tokens: list[Token] = []
    position = start + 1
    while found := _STEP.match(text_, position):
        tokens.append(_token(found, text))
        position = found.end()
        if len(tokens) > MOST_STEPS:
            raise BadValue(text, f"{_PATH} of at most {MOST_STEPS} steps")
    return tuple(tokens), position


def _token(found: re.Match[str], text: str) -> Token:
    written = found["member"] or found["index"]
    if written == "*":
        return None
    if written is not None:
        return int(written) if found["index"] else written
    return str(_scalar(found["quoted"] or found["bracketed"], text))


def _scalar(written: str, text: str) -> object:
    try:
        value = json.loads(written, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BadValue(text, _PATH) from None
    fits = not isinstance(value, (list, dict)) and "\\u0000" not in written and abs(_size(value)) < 2**63
    if not fits or isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
        raise BadValue(text, _PATH)
    return value


def _size(value: object) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def _refuse(word: str) -> object:
    raise ValueError(word)
