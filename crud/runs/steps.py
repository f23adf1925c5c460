"""A step that writes, in the transaction of its run: the rows at hand, the entity that it writes, and new rows of it.

In: what an entity does when it is run (`Effect`). Out: rows of tables of the plan; commands that insert.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from crud.plans.built import Built, whole
from crud.plans.draft import Current, Effect, Step
from crud.plans.effects import target
from crud.plans.filled import Slots
from crud.runs.asked import Row, plain, rows_of
from crud.service import Work
from crud.snapshots.state import Context
from sql.catalog import Resource
from sql.commands import Command, Insert

MANY = 500  # rows of one command
Together = tuple[Command, ...]  # what is done to the same rows


@dataclass(frozen=True)
class Running:
    """One step that writes, in the transaction of its run."""

    context: Context
    work: Work
    made: Built
    values: tuple[object, ...]
    effect: Effect
    slots: Slots = field(default_factory=lambda: Slots(0))

    @property
    def step(self) -> Step:
        """The step, whose conditions have slots of their own."""
        draft = self.effect.step.draft
        return replace(self.effect.step, draft=replace(draft, values=self.slots))

    @property
    def target(self) -> Resource:
        """The entity that the step writes."""
        return target(self.effect.step)

    def current(self) -> list[Row]:
        """The rows at hand where the step stands."""
        assert self.effect.rows is not None
        return self.of(self.effect.rows)

    def of(self, current: Current) -> list[Row]:
        """The rows of a table of the draft."""
        plan = whole(self.effect.step.draft, self.effect.step.entity, current)
        return [plain(row) for row in rows_of(self.context, plan, current.seen, self.values).rows]


def inserted(resource: Resource, rows: Sequence[Row]) -> Iterator[Together]:
    """The commands that make these rows."""
    for first in range(0, len(rows), MANY):
        yield (Insert(resource.name, tuple(rows[first : first + MANY]), at="data"),)
