"""JSON read strictly: what could be read in two ways, or hide something by its depth, is refused.

In: a text of a body or of a parameter. Out: its value; `NotJson`, which says what is wrong with it.
"""

import json
import math
import re
from collections.abc import Iterable
from decimal import Decimal

MOST_LEVELS = 64
MOST_DIGITS = 1100

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class NotJson(Exception):
    """What is wrong with a text, in words that go behind its name."""


class _Refused(Exception):
    """JSON that is well-formed, but could be read in two ways."""


def strict_json(text: str, *, exact: bool = False) -> object:
    """The value of a text. `exact`: numbers with a fraction or an exponent are decimals. Raises NotJson."""
    try:
        value: object = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_decimal if exact else None
        )
    except json.JSONDecodeError as error:
        raise NotJson(f"not valid JSON at position {error.pos}") from None
    except _Refused as error:
        raise NotJson(f"not valid JSON: {error}") from None
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise NotJson("not valid JSON: a number is too large") from None
    except RecursionError:
        raise NotJson(f"nested too deeply, at most {MOST_LEVELS} levels") from None
    _refuse_depth(text, value)
    _refuse_surrogates(text, value)
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _Refused("a key is given twice")
    return made


def _no_constant(word: str) -> object:
    raise _Refused(f"{word} is no number")


def _decimal(digits: str) -> Decimal:
    if len(digits) > MOST_DIGITS or math.isinf(float(digits)):
        raise _Refused("a number is too large")
    return Decimal(digits)


def _refuse_depth(text: str, value: object) -> None:
    """Few brackets cannot nest deeply: most texts need no walk."""
    if text.count("[") + text.count("{") >= MOST_LEVELS and _depth(value) > MOST_LEVELS:
        raise NotJson(f"nested too deeply, at most {MOST_LEVELS} levels")


def _depth(value: object) -> int:
    """How deeply a value nests, counted without recursion."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [child for item in level for child in _children(item)]
    return depth


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse_surrogates(text: str, value: object) -> None:
    if not _SURROGATE.search(text):
        return
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise NotJson("half of a surrogate pair is no text") from None
