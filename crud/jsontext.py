"""JSON text as every answer carries it: decimals with their digits, integers of any size, one text on both backends.

In: rows and envelopes. Out: bytes, and the entity tag of a row (RFC 9110, 8.8.3): strong, since it is made of the very
text that the caller gets, with what this caller may see and no more.
"""

from decimal import Decimal
from hashlib import blake2b

import orjson

_NUMBERS = range(-(2**63), 2**64)


def json_bytes(body: object) -> bytes:
    """JSON text as every answer carries it."""
    try:
        return orjson.dumps(body, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:  # of a whole number beyond 64 bits it asks nobody
        return orjson.dumps(_exact(body), default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(decimal_text(value))
    raise TypeError(type(value).__name__)


def _exact(value: object) -> object:
    """The same, with the text of every whole number that is too large for the encoder."""
    match value:
        case int() if value not in _NUMBERS:
            return orjson.Fragment(str(value))
        case dict():
            return {name: _exact(held) for name, held in value.items()}
        case list() | tuple():
            return [_exact(held) for held in value]
        case _:
            return value


def decimal_text(value: Decimal) -> str:
    """A decimal in plain digits, trailing zeros dropped: one number, one text, on both backends."""
    if not value.is_finite():
        return "null"
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def entity_tag(row: object) -> str:
    """The strong entity tag of a row as it is shown."""
    return entity_tag_of(json_bytes(row))


def entity_tag_of(text: bytes) -> str:
    """The strong entity tag of a text."""
    return f'"{blake2b(text, digest_size=16).hexdigest()}"'
