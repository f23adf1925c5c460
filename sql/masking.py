"""Values that are shown as keyed hashes: equal values stay equal, and what they were cannot be looked up in a table.

In: a key, and a value as answers show it. Out: HMAC-SHA256 of its text, in hexadecimal; NULL stays NULL. The text is
the same whichever database had the value: a text as it is, a time as answers write it, true and false, a number in its
shortest digits (`12.5` for 12.50), and everything else as JSON with sorted names and without blanks.
"""

import hmac
import json
from collections.abc import Callable
from decimal import Decimal

import orjson

Mask = Callable[[object], object]


def mask_of(key: bytes) -> Mask:
    """What makes hashes of values."""
    if not key:
        raise ValueError("Values are hashed with a key")

    def mask(value: object) -> object:
        plain = _parsed(value)
        return None if plain is None else hmac.digest(key, text_of(plain).encode("utf-8", "replace"), "sha256").hex()

    return mask


def text_of(value: object) -> str:
    """The text of a value."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return _digits(value)
        case list() | tuple():
            return f"[{','.join(map(_member, value))}]"
        case dict():
            return "{" + ",".join(f"{_quoted(name)}:{_member(value[name])}" for name in sorted(value)) + "}"
    return str(value)


def _parsed(value: object) -> object:
    """JSON that goes into answers as it stands, read."""
    if not isinstance(value, orjson.Fragment):
        return value
    return json.loads(orjson.dumps(value), parse_float=Decimal)


def _member(value: object) -> str:
    """A value within JSON."""
    match _parsed(value):
        case None:
            return "null"
        case str() as text:
            return _quoted(text)
        case plain:
            return text_of(plain)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _digits(value: float | Decimal) -> str:
    """5, 5.0 and 5.00 are one number."""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        return str(value)
    text = format(exact, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
