"""What the JSON operators mean, as PostgreSQL's jsonb has it.

In: plain JSON data, NULL being `ABSENT`. Out: True, False or None (unknown). Nothing of the program's SQL side is used.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

ABSENT: Final = object()  # SQL's NULL; None is JSON's null


def same(left: Any, right: Any) -> bool:
    """Equality of JSON: 1 is 1.0, and true is not 1."""
    if kind(left) != kind(right):
        return False
    match left:
        case list():
            return len(left) == len(right) and all(map(same, left, right))
        case dict():
            return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
        case bool() | None | str():
            return bool(left == right)
    return exact(left) == exact(right)


def exact(number: float | Decimal) -> Decimal:
    """A JSON number by its digits."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def kind(value: object) -> str:
    """What a JSON value is."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
    return "number"


def contains(held: Any, wanted: Any) -> bool:
    """`@>`: an array also contains a bare scalar, at the top alone."""
    if isinstance(held, list) and not isinstance(wanted, list | dict):
        return any(same(item, wanted) for item in held)
    return _covers(held, wanted)


def _covers(held: Any, wanted: Any) -> bool:
    match held, wanted:
        case list(), list():
            return all(any(_covers(one, item) for one in held) for item in wanted)
        case dict(), dict():
            return all(name in held and _covers(held[name], item) for name, item in wanted.items())
    return same(held, wanted)


def has_key(held: Any, name: str) -> bool:
    """`?`: a member of an object, a string in an array, or the string itself."""
    return name in held if isinstance(held, list | dict) else isinstance(held, str) and held == name


def ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    """An order between two numbers, two strings or two booleans; anything else is unknown."""

    def judged(held: Any, asked: Any) -> bool | None:
        if kind(held) != kind(asked) or kind(held) not in ("number", "string", "boolean"):
            return None
        return test(exact(held), exact(asked)) if kind(held) == "number" else test(held, asked)

    return judged


def at(held: Any, keys: tuple[str, ...]) -> Any:
    """What is under member names and indexes; a null there is absent."""
    for key in keys:
        held = _step(held, key)
    return ABSENT if held is None else held


def _step(held: Any, key: str) -> Any:
    if isinstance(held, dict):
        return held.get(key, ABSENT)
    if isinstance(held, list) and key.removeprefix("-").isdigit() and -len(held) <= int(key) < len(held):
        return held[int(key)]
    return ABSENT


def text(held: Any) -> str | None:
    """The text of a scalar; None for what has none."""
    match held:
        case str():
            return held
        case bool():
            return "true" if held else "false"
        case int() | float():
            return format(exact(held), "f")
    return None


def walk(held: Any, tokens: tuple[str | int | None, ...]) -> Iterator[Any]:
    """All that a path leads to, in the lax way: members of an array's elements, a lone value as its own first."""
    if not tokens:
        yield held
        return
    for found in _found(held, tokens[0]):
        yield from walk(found, tokens[1:])


def _found(held: Any, token: str | int | None) -> list[Any]:
    match held, token:
        case dict(), None:
            return list(held.values())
        case list(), None:
            return held
        case _, None:
            return []
        case list(), int():
            return held[token : token + 1]
        case _, int():
            return [held] if token == 0 else []
    return [one[token] for one in unwrapped(held) if isinstance(one, dict) and token in one]


def unwrapped(held: Any) -> list[Any]:
    """An array's elements, or the value alone."""
    return held if isinstance(held, list) else [held]


def passes(held: Any, op: str, asked: Any) -> bool:
    """Whether something at the end of a path compares; arrays are looked into, twice."""
    return any(_compared(one, op, asked) for outer in unwrapped(held) for one in unwrapped(outer))


def _compared(held: Any, op: str, asked: Any) -> bool:
    if kind(held) != kind(asked):
        return op == "ne" and None in (held, asked)
    if isinstance(held, list | dict):
        return False
    if held is None:
        return op in ("eq", "gte", "lte")
    if op in ("eq", "ne"):
        return same(held, asked) == (op == "eq")
    return bool(ordered(ORDERS[op])(held, asked))


ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}
