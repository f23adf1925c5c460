"""A step that writes, in the transaction of its run: the rows at hand, the entity that it writes, and new rows of it.

In: what an entity does when it is run (`Effect`). Out: rows of tables of the plan; commands that insert. `Mistake` for
what cannot be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crud.errors import ApiError
from crud.plans.built import Built, whole
from crud.plans.draft import Current, Effect, Mistake, Step, World
from crud.plans.filled import Slots
from crud.runs.asked import Row, plain, rows_of, world_in
from crud.service import Work
from crud.snapshots.state import Context
from sql.catalog import Resource
from sql.commands import Command, Insert

MANY = 500  # rows of one command


@dataclass(frozen=True)
class Running:
    """One step that writes, in the transaction of its run."""

    context: Context
    work: Work
    made: Built
    values: list[object]
    effect: Effect
    slots: Slots = field(default_factory=lambda: Slots(0))

    @property
    def step(self) -> Step:
        """The step, whose conditions have slots of their own."""
        draft = self.effect.step.draft
        return replace(self.effect.step, draft=replace(draft, values=self.slots))

    def current(self) -> list[Row]:
        """The rows at hand where the step stands."""
        if self.effect.rows is None:
            raise Mistake("there are no rows to write: give data, or select some before")
        return self.of(self.effect.rows)

    def of(self, current: Current) -> list[Row]:
        """The rows of a table of the draft."""
        plan = whole(self.effect.step.draft, self.effect.step.entity, current)
        return [plain(row) for row in rows_of(self.context, plan, current.seen, self.values).rows]


def target(context: Context, effect: Effect) -> Resource:
    """The entity that a step writes. Raises ApiError."""
    step, given = effect.step, effect.step.keys
    side = given.get("to", given.get("destination")) if step.word == "sync" else given
    if not isinstance(side, Mapping):
        raise ApiError("failed_step", f"{step.at}: lacks to: the entity that is written")
    try:
        return named(world_in(context), context, side)
    except Mistake as mistake:
        raise ApiError("failed_step", f"{step.at}: {mistake.message}") from None


def named(world: World, context: Context, side: Row) -> Resource:
    """The entity that is named beside `schema` and `entity`. Raises Mistake."""
    schema = str(side.get("schema", context.snapshot.config.server.default_schema))
    return world.table(schema, str(side["entity"]))


def inserted(resource: Resource, rows: Sequence[Row]) -> Iterator[Command]:
    """The commands that make these rows. Raises Mistake."""
    for row in rows:
        fits(resource, row)
    for first in range(0, len(rows), MANY):
        yield Insert(resource.name, tuple(rows[first : first + MANY]), at="data")


def fits(resource: Resource, row: Row) -> None:
    """Raises Mistake where a row has more than the columns of its entity."""
    unknown = next((name for name in row if name not in resource.columns), None)
    if unknown is not None:
        raise Mistake(f"{resource.name} has no column {unknown!r}")
