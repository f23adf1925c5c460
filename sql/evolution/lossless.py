"""Which types hold every value of another type, so that nothing is lost on the way.

In: two types. Out: whether. What is not listed may lose something, or refuse a value that is there.
"""

from collections.abc import Mapping
from types import MappingProxyType

from sql.types import Type

_TEXTS = ("string", "text", "citext")
_LISTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "integer": ("bigint", "number", "epoch_ms", *_TEXTS, "json"),
        "bigint": ("epoch_ms", *_TEXTS, "json"),
        "epoch_ms": ("bigint", *_TEXTS, "json"),
        "number": (*_TEXTS, "json"),
        "decimal": _TEXTS,
        "boolean": ("integer", "bigint", "number", *_TEXTS, "json"),
        **dict.fromkeys(("string", "text", "citext", "email"), (*_TEXTS, "email")),
        "enum": _TEXTS,
        "uuid": _TEXTS,
        "date": ("datetime", "datetime_local", *_TEXTS),
        "time": _TEXTS,
        "datetime": ("datetime_local", *_TEXTS),
        "datetime_local": ("datetime", *_TEXTS),
        "json": _TEXTS,
        "array": ("json",),
    }
)
# The most digits before the point.
_DIGITS = {"integer": 10, "bigint": 19, "epoch_ms": 19, "boolean": 1}


def lossless(old: Type, new: Type) -> bool:
    """Whether every value stays what it is."""
    if old == new:
        return True
    if old.item and new.item:
        return old.name == new.name and {old.item.name, new.item.name} <= {"string", "text", "email", "citext"}
    if old.name == new.name == "enum":
        return set(old.values) <= set(new.values)
    if new.name == "decimal":
        return _wide_enough(old, new)
    return new.name in _LISTED.get(old.name, ())


def _wide_enough(old: Type, new: Type) -> bool:
    if old.name == "decimal":
        return new.precision is None or (
            old.precision is not None
            and (new.scale or 0) >= (old.scale or 0)
            and new.precision - (new.scale or 0) >= old.precision - (old.scale or 0)
        )
    digits = _DIGITS.get(old.name)
    return digits is not None and (new.precision is None or new.precision - (new.scale or 0) >= digits)
