"""What Baasix writes as `defaultValue`: a literal, `{"value": …}`, or a type of value that is made.

In: the default of a field, and the family of its type. Out: what a definition says of it. SQL is taken where both
databases would mean the same by it: the expressions of `EXPRESSIONS`, and literals.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

Data = dict[str, object]
MADE = ("UUIDV4", "SUID", "NOW", "AUTOINCREMENT", "SQL")
TEXTS, TIMES = ("text",), ("date", "time", "datetime")

# type of a default → (our word, the families of types that can hold it)
WORDS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "UUIDV4": ("uuid", ("uuid", *TEXTS)),
        "SUID": ("suid", TEXTS),
        "NOW": ("now", TIMES),
        "AUTOINCREMENT": ("increment", ("number",)),
    }
)
# SQL, in small letters and without blanks → the type of default that it is
EXPRESSIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("current_timestamp", "now()", "current_date", "current_time"), "NOW"),
        **dict.fromkeys(("localtimestamp", "localtime"), "NOW"),
        **dict.fromkeys(("gen_random_uuid()", "uuid_generate_v4()"), "UUIDV4"),
    }
)
_TEXT = re.compile(r"'((?:[^']|'')*)'(?:::[A-Za-z][A-Za-z0-9_ ]*(?:\[\])?)?")
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")
_CONSTANTS: Mapping[str, object] = MappingProxyType({"true": True, "false": False, "null": None})
_SAID = (*EXPRESSIONS, "'a text'", "a number", "true", "false", "null")

# Texts that would mean something else in a definition.
_MEANT = frozenset({"uuid", "suid", "now", "increment", "$CURRENT_USER"})


class BadDefault(Exception):
    """A default that a field cannot have."""


def default_of(written: object, family: str) -> Data:
    """What a definition says of a default. Raises BadDefault."""
    match written:
        case None:
            return {}
        case {"type": str(kind), **more} if kind in MADE and kind != "SQL" and family != "json" and not more:
            return _made(kind, family)
        case {"type": "SQL", "value": str(text), **more} if not more:
            return _sql(text, family)
        case {"type": str(kind), **more} if family != "json" and not more:
            raise BadDefault(f"{kind[:40]!r} is no type of default; allowed: {', '.join(MADE)}")
        case {"value": value, **more} if not more:
            return _literal(value)
        case dict() if family != "json":
            raise BadDefault("must be a value, {value} or {type}")
        case _:
            return _literal(written)


def _made(kind: str, family: str) -> Data:
    word, families = WORDS[kind]
    if family not in families:
        raise BadDefault(f"{kind} does not go with this type")
    return {"default": word}


def _sql(text: str, family: str) -> Data:
    bare = text.strip().strip(";").strip()
    kind = EXPRESSIONS.get(bare.lower().replace(" ", ""))
    if kind is not None:
        return _made(kind, family)
    found = _constant(bare)
    if found is None:
        raise BadDefault(f"of SQL this service takes what both databases mean the same by: {', '.join(_SAID)}")
    return _literal(_document(found[0]) if family in ("json", "array") else found[0])


def _document(value: object) -> object:
    """The text of a document in SQL is the document."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise BadDefault("the text is no JSON") from None


def _constant(text: str) -> tuple[object] | None:
    if text.lower() in _CONSTANTS:
        return (_CONSTANTS[text.lower()],)
    if found := _TEXT.fullmatch(text):
        return (found[1].replace("''", "'"),)
    if found := _NUMBER.fullmatch(text):
        return (Decimal(text) if found[1] else int(text),)
    return None


def _literal(value: object) -> Data:
    if value is None:
        return {}
    plain = _plain(value)
    return {"literal": plain} if isinstance(plain, str) and plain in _MEANT else {"default": plain}


def _plain(value: object) -> object:
    """JSON without decimals, which a definition does not hold: a number with more digits than a float stays a text."""
    match value:
        case Decimal():
            return float(value) if Decimal(repr(float(value))) == value else str(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case _:
            return value
