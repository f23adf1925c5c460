"""Defaults that a database has of its own, where their SQL is a plain value or a word that is known.

In: the SQL of a default as introspection found it, and the column's type. Out: a `Default` that says the same, or None.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from sql.catalog import Default
from sql.errors import BadValue
from sql.types import Type
from sql.values import coerce

_CAST = r'(?:::[\w ."]+(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])?)*'
_TEXT = re.compile(rf"'(?P<text>(?:[^']|'')*)'{_CAST}", re.DOTALL)
_NUMBER = re.compile(rf"(?P<open>\()?(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?(open)\)){_CAST}", re.ASCII)
_CALL = re.compile(r"(?P<word>\w+(?:\('now'\)|\(\))?)" + _CAST)
_NOW = ("now()", "current_timestamp", "localtimestamp", "transaction_timestamp()", "datetime('now')")
_WORDS: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        **dict.fromkeys(_NOW, ("now", frozenset({"datetime"}))),
        **dict.fromkeys(("current_date", "date('now')"), ("now", frozenset({"date"}))),
        **dict.fromkeys(("current_time", "localtime", "time('now')"), ("now", frozenset({"time"}))),
        **dict.fromkeys(("gen_random_uuid()", "uuid_generate_v4()"), ("uuid", frozenset({"uuid"}))),
    }
)
_VALUES = frozenset({"number", "text", "boolean", "uuid", "date"})


def plain_default(text: str, type: Type) -> Default | None:
    """What the SQL of a default says, if it is a value of the type, the time, or a new UUID."""
    bare = _bare(text.strip())
    if found := _CALL.fullmatch(bare):
        kind, families = _WORDS.get(found["word"].lower(), ("", frozenset()))
        if type.family in families:
            return Default(kind)
    raw = _raw(bare)
    if raw is None or type.family not in _VALUES:
        return None
    try:
        return Default("literal", coerce(type, raw))
    except BadValue:
        return None


def _bare(text: str) -> str:
    """Without parentheses around the whole."""
    while text.startswith("(") and text.endswith(")") and _encloses(text):
        text = text[1:-1].strip()
    return text


def _encloses(text: str) -> bool:
    """Whether the first parenthesis is closed by the last."""
    depth = 0
    for mark in text[:-1]:
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if depth == 0:
            return False
    return True


def _raw(text: str) -> str | None:
    if found := _TEXT.fullmatch(text):
        return found["text"].replace("''", "'")
    if found := _NUMBER.fullmatch(text):
        return found["number"]
    return text.lower() if text.lower() in ("true", "false") else None
