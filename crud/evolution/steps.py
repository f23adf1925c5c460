"""What has to be done, as values.

In: nothing. Out: `Step` (one table), `Drifted`, `Plan`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from crud.evolution.records import Where
from crud.evolution.wanted import Wanted
from sql.catalog import Table
from sql.evolution import Change, Difference
from sql.introspection import TableInfo
from sql.layout import Layout

Kind = Literal["create", "change", "adopt", "extend", "drop"]
Seen = Mapping[str, tuple[TableInfo, ...]]


@dataclass(frozen=True, eq=False)
class Step:
    """What happens to one table: `old` becomes `new`, and `record` is kept instead of what was `recorded`.

    `adopt`: it is as its definition wants it, and is recorded; `extend`: a found table gets columns.
    """

    kind: Kind
    source: str
    old: Layout | None
    new: Layout | None
    recorded: Layout | None = None
    record: Layout | None = None
    differences: tuple[Difference, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    wanted: Wanted | None = None

    @property
    def table(self) -> Table:
        """The table as it will be called, or was."""
        layout = self.new or self.old
        assert layout is not None
        return layout.table

    @property
    def change(self) -> Change:
        """What the database is asked to do."""
        return Change(self.old, self.new, self.renamed)

    @property
    def loses(self) -> bool:
        """Whether rows or values are lost."""
        return any(difference.loses for difference in self.differences)

    @property
    def silent(self) -> bool:
        """Whether only the record changes."""
        return not self.differences


@dataclass(frozen=True)
class Drifted:
    """A table that is not as we made it, in words."""

    source: str
    table: Table
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that would be done. `undefined`: tables that we made and that no definition speaks of any more.

    `beside`: by source, tables that stay, but may refer to those that change. `seen`: all tables of the sources that it
    had to look at, ours too, as they were then.
    """

    steps: tuple[Step, ...]
    beside: Mapping[str, tuple[Layout, ...]] = field(default_factory=dict)
    drifted: tuple[Drifted, ...] = ()
    undefined: tuple[Where, ...] = ()
    seen: Seen = field(default_factory=dict)

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change a table."""
        return tuple(step for step in self.steps if not step.silent)

    @property
    def loses(self) -> bool:
        """Whether any step loses something."""
        return any(step.loses for step in self.steps)
