"""An entity of a plan, whole: all of its steps, with those of the entities that it uses.

In: a world, the names of a plan and of its entity, what texts and values mean. Out: `Built`; or `Failed`, which says
which step is wrong, and how.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from crud.definitions.problems import Problem
from crud.errors import ApiError
from crud.plans.draft import Current, Draft, Effect, Mistake, Step, World, at_of, place_of
from crud.plans.effects import check
from crud.plans.words import WORDS
from crud.wire.exact import Constants
from crud.wire.paths import Binder
from crud.wire.scripts import Texts
from sql.catalog import Column
from sql.query import LATER, Plan
from sql.stages import needed


@dataclass(frozen=True)
class Built:
    """An entity: by which plan it is read (None where its steps only write), its columns, what its steps write."""

    plan: Plan | None
    columns: Mapping[str, Column]
    effects: tuple[Effect, ...] = ()


class Failed(Exception):
    """A step that cannot be."""

    def __init__(self, world: World, plan: str, spot: tuple[str, int, str], mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self._world, self._plan, self._spot, self._mistake = world, plan, spot, mistake

    @property
    def problem(self) -> Problem:
        """It as a mistake of the configuration."""
        place = place_of(self._world.config, self._plan, *self._spot)
        keyed = place / self._mistake.key if self._mistake.key else place
        return Problem(self._mistake.message, keyed, self._mistake.allowed)

    @property
    def refusal(self) -> ApiError:
        """It as the answer to a reading."""
        return ApiError("failed_step", f"{at_of(self._plan, *self._spot)}: {self._mistake.message}")


@dataclass
class _Open:
    """Notes that a value is only known later."""

    found: bool = False

    def __call__(self) -> object:
        self.found = True
        return LATER


def build(world: World, plan: str, entity: str) -> Built:
    """An entity as it is defined, with what its steps write: what expressions give stays open. Raises Failed."""
    later = _Open()
    made = built(world, plan, entity, Texts(later=later), Constants())
    for effect in made.effects:
        step = effect.step
        with _failing(world, plan, (step.entity, step.number, step.word)):
            check(effect)
    return replace(made, plan=replace(made.plan, dynamic=later.found) if made.plan else None)


def built(world: World, plan: str, entity: str, texts: Texts, values: Binder) -> Built:
    """An entity with the values that texts have now. Raises Failed, and ApiError where it is no matter of the plan."""
    draft = Draft(world, plan, texts, values)
    current = _current(draft, entity, ())
    effects = tuple(draft.effects)
    if current is None:
        return Built(None, {}, effects)
    return Built(whole(draft, entity, current), current.seen, effects)


def whole(draft: Draft, entity: str, current: Current) -> Plan:
    """What a table of a draft is, as a plan."""
    stages = needed(tuple(draft.stages), current.name)
    return Plan(f"{draft.plan}/{entity}", stages, current.order, debug=draft.debug)


def _current(draft: Draft, entity: str, doing: tuple[str, ...]) -> Current | None:
    """The table that the steps of an entity give."""
    current: Current | None = None
    for number, given in enumerate(draft.world.config.plans[draft.plan][entity], 1):
        ((word, taken),) = given.items()
        if word == "break":
            break
        step = Step(draft, entity, number, word, taken, current, _Another((*doing, entity)))
        with _failing(draft.world, draft.plan, (entity, number, word)):
            current = WORDS[word](step)
    return current


@contextmanager
def _failing(world: World, plan: str, spot: tuple[str, int, str]) -> Iterator[None]:
    """What is wrong in the block is told of this step."""
    try:
        yield
    except Mistake as mistake:
        raise Failed(world, plan, spot, mistake) from None


@dataclass(frozen=True)
class _Another:
    """The table of another entity of the same plan, made once."""

    doing: tuple[str, ...]

    def __call__(self, draft: Draft, entity: str) -> Current:
        if entity in self.doing:
            raise Mistake(f"uses itself: {' → '.join((*self.doing, entity))}{_meant(draft, entity)}", key="entity")
        if entity not in draft.known:
            written, debug = len(draft.effects), draft.debug
            found = _current(draft, entity, self.doing)
            draft.debug = debug
            if found is None or len(draft.effects) > written:
                raise Mistake(f"the entity {entity!r} has steps that write: only a run does them", key="entity")
            draft.known[entity] = found
        return draft.known[entity]


def _meant(draft: Draft, entity: str) -> str:
    """A word for who means the table of that name."""
    schema = draft.world.config.server.default_schema
    return f"; for the table give its schema, {schema!r}" if (schema, entity) in draft.world.entities else ""
