"""What a definition may say of a column's values, and of which types: bounds, patterns, what the service fills in.

In: the rules of a field, and its type. Out: problems with positions, and `bound`, a limit as it is compared.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from crud.definitions.place import Place
from crud.definitions.problems import Problem
from sql.errors import BadValue
from sql.types import DECIMAL, Type
from sql.values import coerce

VALUE_RULES = (
    *("max", "min", "max_length", "min_length", "pattern", "format", "whole", "each", "shape", "prefix", "required"),
)
ITEM_RULES = ("max", "min", "max_length", "min_length", "pattern", "format", "whole")
FORMATS = ("email", "url")
SHAPES = ("object", "array")
LENGTHS = frozenset({"text", "array"})
COMPOSED = frozenset({"array", "range"})

_ORDERED = LENGTHS | {"number", "date", "time", "datetime"}
_MOMENTS = frozenset({"datetime", "date", "time", "number", "text"})
_PEOPLE = frozenset({"text", "uuid", "number"})
_TEXTS = frozenset({"text"})
# rule → the families of types that it speaks of.
_FAMILIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("max", "min"), _ORDERED),
        **dict.fromkeys(("max_length", "min_length"), LENGTHS),
        **dict.fromkeys(("pattern", "format", "prefix"), _TEXTS),
        "whole": frozenset({"number"}),
        "each": COMPOSED,
        "shape": frozenset({"json"}),
    }
)
# What the service fills in → the families of types that can hold it.
_FILLED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("created_at", "updated_at"), _MOMENTS),
        **dict.fromkeys(("created_by", "updated_by"), _PEOPLE),
        "status": frozenset({"number", "text", "boolean"}),
        "uuid": frozenset({"uuid", "text"}),
        "prefixed": _TEXTS,
        "increment": frozenset({"number"}),
    }
)


def bound(type: Type, raw: object) -> object:
    """A limit as values of the type (or their lengths) are compared with it. Raises BadValue."""
    return coerce(DECIMAL if type.family in LENGTHS | {"number"} else type, raw)


def check_rules(rules: Mapping[str, object], type: Type, place: Place) -> Iterator[Problem]:
    """What is wrong with the rules of a field of this type."""
    for rule, said in rules.items():
        families = _FAMILIES.get(rule)
        if families is not None and type.family not in families:
            yield Problem(f"does not go with {type.name}", place / rule)
        elif rule in ("max", "min"):
            yield from _bound(type, said, place / rule)
        elif isinstance(said, Mapping) and type.item is not None:
            yield from check_rules(said, type.item, place / rule)


def check_pattern(rules: Mapping[str, object], place: Place) -> Iterator[Problem]:
    """A pattern that is no regular expression."""
    try:
        re.compile(str(rules.get("pattern", "")))
    except (re.error, OverflowError, RecursionError) as error:
        yield Problem(f"is no regular expression: {error}", place / "pattern")
    each = rules.get("each")
    if isinstance(each, Mapping):
        yield from check_pattern(each, place / "each")


def check_auto(auto: str | None, type: Type, place: Place) -> Iterator[Problem]:
    """What the service fills in, in a column that cannot hold it."""
    if auto is not None and type.family not in _FILLED[auto]:
        yield Problem(f"{auto} does not go with {type.name}", place / "auto")


def _bound(type: Type, said: object, place: Place) -> Iterator[Problem]:
    try:
        bound(type, said)
    except BadValue as error:
        yield Problem(str(error), place)
