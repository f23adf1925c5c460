"""Arrays on SQLite: JSON lists in text columns.

In: the stored text and the JSON list of what is asked. Out: 1, 0, or None where there is no list. NULLs match nothing.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sql.sqlite.documents import NULL, Item, load
from sql.sqlite.text import fold


def test(op: str, stored: object, asked: str, folding: int) -> int | None:
    """One of the array operators; `folding` ignores case."""
    if not isinstance(stored, str):
        return None
    held, wanted = _items(stored, folding), _items(asked, folding)
    return None if held is None or wanted is None else int(_TESTS[op](held, wanted))


def _items(text: str, folding: int) -> list[Item] | None:
    found = load(text)
    if found is None or found[0] != "array":
        return None
    return [("string", fold(word)) if folding and kind == "string" else (kind, word) for kind, word in found[1]]


def _contains(held: list[Item], wanted: list[Item]) -> bool:
    return all(item != NULL and item in held for item in wanted)


def _overlaps(held: list[Item], wanted: list[Item]) -> bool:
    return any(item != NULL and item in wanted for item in held)


_TESTS: Mapping[str, Callable[[list[Item], list[Item]], bool]] = MappingProxyType(
    {
        "array_contains": _contains,
        "array_contained": lambda held, wanted: _contains(wanted, held),
        "array_overlaps": _overlaps,
        "not_array_overlaps": lambda held, wanted: not _overlaps(held, wanted),
    }
)
