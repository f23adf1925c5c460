"""One table on its way from one layout to another: which columns and parts stay, come and go.

In: a change with both layouts. Out: `Delta`. Parts that stay may have another name; what stands on a column that is
made anew comes and goes with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sql.backend import Backend
from sql.catalog import Column
from sql.evolution.changes import Change
from sql.evolution.comparing import made_by
from sql.evolution.computed import remade
from sql.evolution.names import Names, names_of
from sql.layout import Layout
from sql.parts import Part, parts


@dataclass(frozen=True, eq=False)
class Delta:
    """`gone` are parts of the old layout, `added` of the new one, `kept` pairs of both. `anew`: columns (new names)
    that are dropped and made again."""

    old: Layout
    new: Layout
    names: Names
    anew: frozenset[str]
    gone: tuple[Part, ...]
    kept: tuple[tuple[Part, Part], ...]
    added: tuple[Part, ...]

    @property
    def pairs(self) -> Iterator[tuple[Column, Column]]:
        """The columns that stay: (as it was, as it will be)."""
        for column in self.new.columns:
            if column.name in self.names.was and column.name not in self.anew:
                yield self.old.column(self.names.was[column.name]), column

    @property
    def dropped(self) -> tuple[Column, ...]:
        """The columns, as they were, that go; some are made again."""
        return tuple(c for c in self.old.columns if self.names.now.get(c.name) in (None, *self.anew))

    @property
    def coming(self) -> tuple[Column, ...]:
        """The columns that are added, or made again."""
        return tuple(c for c in self.new.columns if c.name not in self.names.was or c.name in self.anew)

    @property
    def renames(self) -> dict[str, str]:
        """Old name → new name of columns that stay."""
        return {was.name: now.name for was, now in self.pairs}

    def counts_anew(self, now: Column) -> bool:
        """Whether what the database itself gives to rows changes for a column that stays."""
        return made_by(self.old, self.old.column(self.names.was[now.name])) != made_by(self.new, now)


def delta(change: Change, backend: Backend) -> Delta:
    """What happens to a table that is there and stays."""
    assert change.old is not None and change.new is not None
    names = names_of(change.old, change.new, change.renamed)
    anew = remade(change.old, change.new, names, backend)
    before = list(parts(change.old, backend.name))
    gone, kept, added = [], [], []
    for part in parts(change.new, backend.name):
        same = [one for one in before if _same(one, part, names) and not anew & {*part.columns}]
        if same:
            found = next((one for one in same if one.name == part.name), same[0])
            before.remove(found)
            kept.append((found, part))
        else:
            added.append(part)
    gone = before
    return Delta(change.old, change.new, names, anew, tuple(gone), tuple(kept), tuple(added))


def _same(old: Part, new: Part, names: Names) -> bool:
    """Whether it is the same part, whatever it is called."""
    columns = names.moved(old.columns)
    if columns is None:
        return False
    reference = replace(old.reference, columns=columns) if old.reference else None
    return replace(old, name=new.name, columns=columns, reference=reference) == new
