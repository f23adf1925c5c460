"""Texts and data as YAML on one line, such that our own reader and any other read the same.

In: names and values of any kind. Out: scalars, flow mappings and lists, comments. A text that could be read as anything
else is quoted; `${` is escaped, since it would be taken from the environment.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import yaml

from crud.definitions.document import typed

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*", re.ASCII)
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ENDLESS = 2**31  # a line is never broken


def scalar(text: str) -> str:
    """A text as a key or a value."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and typed(text) == text:
        return text
    shown: str = yaml.dump(text, default_style='"', allow_unicode=True, width=_ENDLESS)
    return shown.strip().replace("${", "\\x24{")


def flow(value: object) -> str:
    """Data on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Decimal():
            return str(value) if Decimal(repr(float(value))) == value and "E" not in str(value) else f'"{value}"'
        case Mapping():
            return "{" + ", ".join(f"{scalar(str(key))}: {flow(each)}" for key, each in value.items()) + "}"
        case str():
            return scalar(value)
        case Sequence():
            return "[" + ", ".join(flow(each) for each in value) + "]"
    return scalar(str(value))


def comment(text: str) -> str:
    """A text behind `#`: on one line, and without anything that does not print."""
    return "# " + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
