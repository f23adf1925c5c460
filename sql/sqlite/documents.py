"""JSON on SQLite, with the meaning that PostgreSQL's jsonb has.

In: JSON texts. Out: what the functions of the SQL give: 1, 0 or None for a test, JSON text, a number, a word.
Parsed values are `tagged`: true is not 1, while 1 is 1.0.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

Item = tuple[str, Any]
NULL: Item = ("null", None)
MAX_EXPONENT = 1000


def tagged(value: object) -> Item:
    """A JSON value with its kind, all the way down."""
    match value:
        case None:
            return NULL
        case bool():
            return ("boolean", value)
        case int() | Decimal():
            return ("number", value)
        case str():
            return ("string", value)
        case list():
            return ("array", tuple(tagged(item) for item in value))
        case dict():
            return ("object", {name: tagged(item) for name, item in value.items()})
    raise TypeError(value)


def _parse(raw: object) -> Any:
    """The JSON value of a text; raises ValueError where it is none."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return raw if isinstance(raw, int) else Decimal(repr(raw))
    if not isinstance(raw, str):
        raise ValueError
    return json.loads(raw, parse_float=_number, parse_constant=_refuse)


def _number(written: str) -> Decimal:
    """Bounded, so that no text of it is endless."""
    found = Decimal(written)
    if abs(found.adjusted()) > MAX_EXPONENT:
        raise ValueError(written)
    return found


def _refuse(word: str) -> object:
    raise ValueError(word)


def load(raw: object) -> Item | None:
    """A stored JSON text, tagged; None for NULL and for what is no JSON."""
    try:
        return tagged(_parse(raw))
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)
def _asked(raw: str) -> Any:
    return json.loads(raw, parse_float=Decimal)


def kind(raw: object) -> str | None:
    """object, array, string, number, boolean or null."""
    found = load(raw)
    return None if found is None else found[0]


def length(raw: object) -> int | None:
    """The number of an array's elements."""
    found = load(raw)
    return len(found[1]) if found is not None and found[0] == "array" else None


def empty(raw: object) -> int:
    """NULL, null, [], {} or an empty string."""
    found = load(raw)
    return int(raw is None or found is not None and found[1] in (None, (), {}, ""))


def text(raw: object) -> str | None:
    """The text of a scalar."""
    found = load(raw)
    match found:
        case ("string", str(word)):
            return _sound(word)
        case ("boolean", truth):
            return "true" if truth else "false"
        case ("number", number):
            return format(number, "f") if isinstance(number, Decimal) else str(number)
    return None


def path(raw: object, keys: str | None) -> str | None:
    """The JSON text under the keys; None where there is nothing, or null."""
    try:
        found = _parse(raw)
        for key in json.loads(keys or "[]"):
            found = _step(found, key)
        return None if found is None else _sound(_dump(found))
    except (ValueError, RecursionError):
        return None


def _sound(word: str) -> str | None:
    """A lone surrogate is no text to SQLite."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return None
    return word


def _step(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and key.removeprefix("-").isascii() and key.removeprefix("-").isdigit():
        index = int(key[:20])
        return value[index] if -len(value) <= index < len(value) else None
    return None


def _dump(value: object) -> str:
    """Numbers keep their digits, which the standard library would make floats."""
    match value:
        case Decimal():
            return str(value)
        case list():
            return "[" + ",".join(map(_dump, value)) + "]"
        case dict():
            return "{" + ",".join(f"{_dump(name)}:{_dump(item)}" for name, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def contains(held: Item, wanted: Item) -> bool:
    """jsonb's `@>`: an array also contains a bare scalar, at the top alone."""
    if held[0] == "array" and wanted[0] not in ("array", "object"):
        return wanted in held[1]
    return _within(held, wanted)


def _within(held: Item, wanted: Item) -> bool:
    if held[0] != wanted[0]:
        return False
    match held[0]:
        case "object":
            return all(name in held[1] and _within(held[1][name], item) for name, item in wanted[1].items())
        case "array":
            return all(any(_within(one, item) for one in held[1]) for item in wanted[1])
    return bool(held == wanted)


def _ordered(test: Callable[[Any, Any], bool]) -> "Test":
    """Only numbers, strings and booleans have an order, each among themselves."""

    def judged(held: Item, asked: Any) -> bool | None:
        other = tagged(asked)
        if held[0] != other[0] or held[0] not in ("number", "string", "boolean"):
            return None
        return test(held[1], other[1])

    return judged


def _known(test: Callable[[Item, Item], bool]) -> "Test":
    """null is unknown."""
    return lambda held, asked: None if held == NULL else test(held, tagged(asked))


def _has(held: Item, names: Iterable[str]) -> list[bool]:
    match held[0]:
        case "object":
            return [name in held[1] for name in names]
        case "array":
            return [("string", name) in held[1] for name in names]
    return [held == ("string", name) for name in names]


Test = Callable[[Item, Any], bool | None]
_TESTS: Mapping[str, Test] = MappingProxyType(
    {
        "contains": lambda held, asked: contains(held, tagged(asked)),
        "not_contains": lambda held, asked: not contains(held, tagged(asked)),
        "contained": lambda held, asked: contains(tagged(asked), held),
        "eq": _known(lambda held, asked: held == asked),
        "ne": _known(lambda held, asked: held != asked),
        "gt": _ordered(lambda held, asked: held > asked),
        "gte": _ordered(lambda held, asked: held >= asked),
        "lt": _ordered(lambda held, asked: held < asked),
        "lte": _ordered(lambda held, asked: held <= asked),
        "in": lambda held, asked: None if held == NULL else held in [tagged(one) for one in asked],
        "not_in": lambda held, asked: None if held == NULL else held not in [tagged(one) for one in asked],
        "has_key": lambda held, asked: all(_has(held, [asked])),
        "has_any_keys": lambda held, asked: any(_has(held, asked)),
        "has_all_keys": lambda held, asked: all(_has(held, asked)),
        "path": lambda held, asked: any(_passes(item, asked) for item in _walk([held], asked["tokens"])),
    }
)


def test(op: str, raw: object, asked: str) -> int | None:
    """One of the JSON operators; None where the left side is NULL or no JSON."""
    held = load(raw)
    try:
        judged = None if held is None else _TESTS[op](held, _asked(asked))
    except RecursionError:
        return None
    return None if judged is None else int(judged)


# ---------------------------------------------------------------- paths, as PostgreSQL's lax jsonpath walks


def _walk(items: list[Item], tokens: list[str | int | None]) -> list[Item]:
    for token in tokens:
        items = [found for item in items for found in _found(item, token)]
    return items


def _found(item: Item, token: str | int | None) -> Iterable[Item]:
    """A member (of each element, in an array), an element (0 is a lone value itself), or all that is inside."""
    match item, token:
        case ("object", members), None:
            return tuple(members.values())
        case ("array", elements), None:
            return tuple(elements)
        case (_, _), None:
            return ()
        case ("object", members), str():
            return (members[token],) if token in members else ()
        case ("array", elements), str():
            return [one[1][token] for one in elements if one[0] == "object" and token in one[1]]
        case ("array", elements), int():
            return tuple(elements[token : token + 1])
        case _, 0:
            return (item,)
    return ()


def _passes(item: Item, asked: Mapping[str, Any]) -> bool:
    if asked["op"] is None:
        return True
    other = tagged(asked["value"])
    return any(_compared(one, other, asked["op"]) for outer in _unwrapped(item) for one in _unwrapped(outer))


def _unwrapped(item: Item) -> tuple[Item, ...]:
    return item[1] if item[0] == "array" else (item,)


def _compared(held: Item, other: Item, op: str) -> bool:
    """Different kinds never compare, except that null is unequal to all else."""
    if held[0] != other[0]:
        return op == "ne" and "null" in (held[0], other[0])
    if held[0] in ("array", "object"):
        return False
    if held[0] == "null":
        return op in ("eq", "gte", "lte")
    return bool(_COMPARED[op](held[1], other[1]))


_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "eq": lambda held, other: held == other,
        "ne": lambda held, other: held != other,
        "gt": lambda held, other: held > other,
        "gte": lambda held, other: held >= other,
        "lt": lambda held, other: held < other,
        "lte": lambda held, other: held <= other,
    }
)
