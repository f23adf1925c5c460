"""Which column of the new layout is which of the old one.

In: two layouts, and what was renamed. Out: `Names`, which translates both ways.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sql.layout import Layout


@dataclass(frozen=True)
class Names:
    """`was`: new name → old name, `now`: old name → new name; of the columns that are in both layouts."""

    was: Mapping[str, str]
    now: Mapping[str, str]

    def moved(self, columns: tuple[str, ...]) -> tuple[str, ...] | None:
        """Old names as they are now; None where one is gone."""
        found = [self.now.get(name) for name in columns]
        return None if None in found else tuple(name for name in found if name is not None)


def names_of(old: Layout, new: Layout, renamed: Mapping[str, str]) -> Names:
    """A name that a rename has given away means a column that is new."""
    given = {new_name: name for new_name, name in renamed.items() if name in old.names and new_name in new.names}
    taken = frozenset(given.values())
    kept = {name: name for name in new.names if name in old.names and name not in taken and name not in given}
    was = kept | given
    return Names(was, {name: new_name for new_name, name in was.items()})
