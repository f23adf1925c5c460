"""Plans whose values are worked out at each reading: `${{ … }}` in their steps.

In: what a dialect asks of a resource. Out: the same, with the plan as it is now: its steps are read again with what
their expressions give, which become values beside the query, as a caller's do, and nothing else.
"""

from dataclasses import dataclass, field, replace

from crud.plans.built import Built, Failed, built
from crud.plans.draft import world_of
from crud.scripting.filling import Scripts
from crud.snapshots.state import Context
from crud.wire.scripts import Texts
from sql.expressions import Slot, Value
from sql.query import Asked
from sql.types import Type


@dataclass
class Slots:
    """A binder whose slots come after those of the caller."""

    after: int
    values: list[object] = field(default_factory=list)

    def bind(self, value: object, type: Type, *, many: bool = False) -> Value:
        """The slot of a value."""
        self.values.append(value)
        return Slot(self.after + len(self.values) - 1, type, many)


def filled(context: Context, asked: Asked) -> Asked:
    """The question, with the values that its plan has now. Raises ApiError that names the step."""
    plan = context.snapshot.catalog.resource(asked.query.resource).plan
    if plan is None or not plan.dynamic:
        return asked
    name, _, entity = plan.name.partition("/")
    made, values = worked_out(context, name, entity, len(asked.values))
    assert made.plan is not None
    return replace(asked, query=replace(asked.query, plan=made.plan), values=(*asked.values, *values))


def worked_out(context: Context, plan: str, entity: str, after: int = 0) -> tuple[Built, tuple[object, ...]]:
    """An entity of a plan, and the values that its expressions have now: those of slots from `after` on. Raises
    ApiError that names the step."""
    snapshot, slots = context.snapshot, Slots(after)
    world = snapshot.compiled.get("world of plans", lambda: world_of(snapshot.config, snapshot.catalog))
    try:
        made = built(world, plan, entity, Texts(Scripts(snapshot.config.limits)), slots)  # type: ignore[arg-type]
    except Failed as failed:
        raise failed.refusal from None
    return made, tuple(slots.values)
