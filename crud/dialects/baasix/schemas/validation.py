"""What Baasix writes as `validate`: the rules of a value.

In: the rules of a field, and its type. Out: what a definition says of them. Rules of a list speak of each of its items,
those of a range of both its ends.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

Data = dict[str, Any]
_WHOLE = frozenset({"integer", "bigint"})
_FRACTIONS = frozenset({"number", "decimal"})
_WHOLE_TEXT = re.compile(r"\^(?:[^|\\$]|\\.)*\$", re.DOTALL)


class BadRule(Exception):
    """A rule that a field cannot have."""


def rules_of(written: Mapping[str, Any], type: str) -> Data:
    """What a definition says of the rules of a value of this type. Raises BadRule."""
    made: Data = {}
    for name, said in written.items():
        for rule, value in _MAKERS[name](said, type).items():
            made[rule] = _both(rule, made[rule], value) if rule in made else value
    return made


def _both(rule: str, one: Any, other: Any) -> Any:
    """Two rules of one kind: the narrower, or a pattern of both."""
    if rule.startswith("min"):
        return max(one, other)
    if rule.startswith("max"):
        return min(one, other)
    if rule == "pattern":
        return f"(?={one})(?:{other})"
    raise BadRule("isEmail and isUrl do not go together")


def _bound(name: str) -> Callable[[Any, str], Data]:
    return lambda said, type: {name: float(said) if isinstance(said, Decimal) else said}


def _is_int(said: bool, type: str) -> Data:
    if not said or type in _WHOLE:
        return {}
    if type not in _FRACTIONS:
        raise BadRule("isInt goes with numbers")
    return {"whole": True}


def _len(said: list[int], type: str) -> Data:
    return {"min_length": said[0], "max_length": said[1]}


def _flag(rule: str, value: object) -> Callable[[Any, str], Data]:
    return lambda said, type: {rule: value} if said else {}


def _pattern(said: str, type: str) -> Data:
    """JavaScript looks for the pattern anywhere in the text, and its `$` is the very end."""
    if _WHOLE_TEXT.fullmatch(said):
        return {"pattern": f"(?a:{said[1:-1]})"}
    return {"pattern": f"(?s:.*?)(?a:{_ended(said)})(?s:.*)"}


def _ended(pattern: str) -> str:
    made, inside, escaped = [], False, False
    for letter in pattern:
        if letter == "$" and not inside and not escaped:
            letter = r"(?!(?s:.))"
        elif not escaped and letter in "[]":
            inside = letter == "["
        escaped = letter == "\\" and not escaped
        made.append(letter)
    return "".join(made)


_MAKERS: Mapping[str, Callable[[Any, str], Data]] = MappingProxyType(
    {
        "min": _bound("min"),
        "max": _bound("max"),
        "isInt": _is_int,
        "len": _len,
        "notEmpty": _flag("min_length", 1),
        "isEmail": _flag("format", "email"),
        "isUrl": _flag("format", "url"),
        "is": _pattern,
        "matches": _pattern,
    }
)
