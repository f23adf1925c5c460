"""Computed columns that have to be made again.

In: the two layouts of a table. Out: the names of columns whose values come from a formula, before or afterwards, and
that cannot stay as they are.
"""

from sql.backend import Backend
from sql.evolution.names import Names
from sql.layout import Layout


def remade(old: Layout, new: Layout, names: Names, backend: Backend) -> frozenset[str]:
    """New names of columns that are dropped and made again."""
    return frozenset(
        now.name
        for now in new.columns
        if now.name in names.was and now.formula and old.column(names.was[now.name]) != now
    )
