"""The order in which things can be renamed, when the new name of one is the old name of another.

In: old name → new name. Out: single renames that never meet a name that is taken; a circle goes over a name of ours.
"""

from collections.abc import Iterator, Mapping


def in_order(renames: Mapping[str, str], *, folded: bool = False) -> Iterator[tuple[str, str]]:
    """(name, new name), one after the other. `folded`: names that differ in case only are the same name."""
    same = str.lower if folded else str
    pending = {old: new for old, new in renames.items() if old != new}
    while pending:
        taken = {same(name) for name in pending}
        free = [old for old, new in pending.items() if same(new) not in taken]
        for old in free:
            yield old, pending.pop(old)
        if not free:
            old, new = next(iter(pending.items()))
            del pending[old]
            between = f"_dragoman_{len(pending)}"
            yield old, between
            pending[between] = new
