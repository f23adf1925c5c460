"""Ranges as text, in the one form that PostgreSQL writes too: `[1,5)`, `(,2024-01-01)`, `empty`.

In: a `Range`, or such a text. Out: the text, or the JSON object.
"""

from sql.errors import BadValue
from sql.types import Type
from sql.values import Range, coerce, to_json


def range_text(value: Range) -> str:
    """The canonical text of a range."""
    if value.bounds == "empty":
        return "empty"
    lower, upper = ("" if end is None else _quoted(str(to_json(end))) for end in (value.lower, value.upper))
    return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"


def _quoted(text: str) -> str:
    if text and not any(mark in text for mark in ',"\\[]() '):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def range_json(type: Type, text: object) -> object:
    """The JSON object of a range's text; what is none comes as it is."""
    try:
        return to_json(coerce(type, text))
    except BadValue:
        return text
