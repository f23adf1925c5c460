"""A plan in the making: the stages so far, and what each step finds.

In: the steps of an entity. Out: `Draft`, to which steps add stages; `Current`, the table at hand; `Mistake`, what is
wrong with a step.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType

from crud.definitions.config import Config
from crud.definitions.place import Place
from crud.wire.exact import Constants
from crud.wire.paths import Binder
from crud.wire.scripts import Texts
from sql.catalog import LONGEST_NAME, Catalog, Column, Resource
from sql.errors import Unsupported
from sql.expressions import Path
from sql.query import Body, Select, Sort, Stage
from sql.stages import HIDDEN, PREFIX, columns_of, is_hidden, resource_of

Given = Mapping[str, object]
OURS = "_dragoman_"


class Mistake(Exception):
    """What is wrong with a step: `key` within it, `allowed` instead."""

    def __init__(self, message: str, *, key: str = "", allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message, self.key, self.allowed = message, key, allowed


@dataclass(frozen=True)
class World:
    """What steps may speak of: the tables that are there, by schema and entity."""

    config: Config
    catalog: Catalog
    entities: Mapping[tuple[str, str], Resource]

    def table(self, schema: str, entity: str) -> Resource:
        """An entity of a schema. Raises Mistake."""
        found = self.entities.get((schema, entity))
        if found is None and schema in self.plans and schema not in self.schemas:
            raise Mistake(f"the schema {schema!r} is a plan: steps read tables, and entities of their own plan")
        if found is None:
            known = tuple(sorted(entity for name, entity in self.entities if name == schema))
            message = f"there is no entity {entity!r} in the schema {schema!r}" if known else f"no schema {schema!r}"
            raise Mistake(message, key="entity" if known else "schema", allowed=known or self.schemas)
        return found

    @property
    def plans(self) -> set[str]:
        """The names of plans, and of schemas over plans."""
        return {*self.config.plans, *(name for name, schema in self.config.schemas.items() if schema.plan)}

    @property
    def schemas(self) -> tuple[str, ...]:
        """The names of schemas."""
        return tuple(dict.fromkeys(schema for schema, _ in self.entities))


def world_of(config: Config, catalog: Catalog) -> World:
    """The world of a catalog: its tables, also our own, as far as they are served."""
    tables = [each for each in catalog if each.plan is None]
    found = {(each.namespace, each.entity or each.name): each for each in tables}
    return World(config, catalog, MappingProxyType(found))


@dataclass(frozen=True)
class Current:
    """The table at hand: what a stage gives, in an order."""

    name: str
    columns: Mapping[str, Column]
    order: tuple[Sort, ...] = ()

    @property
    def resource(self) -> Resource:
        """The table as a resource."""
        return resource_of(self.name, self.columns)

    @property
    def seen(self) -> dict[str, Column]:
        """The columns without those that only keep the order."""
        return {name: column for name, column in self.columns.items() if not is_hidden(name)}

    @property
    def whole(self) -> tuple[Select, ...]:
        """Every column, as it is."""
        return tuple(Select(Path(name), name) for name in self.columns)


@dataclass(frozen=True)
class Effect:
    """Something that a step writes, in an explicit run alone. `rows`: the table at hand there, if there is one."""

    step: "Step"
    rows: Current | None


@dataclass
class Draft:
    """An entity in the making, with the entities of its plan that it uses. `doing`: which of those are being made."""

    world: World
    plan: str
    texts: Texts
    values: Binder = field(default_factory=Constants)
    stages: list[Stage] = field(default_factory=list)
    known: dict[str, Current] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    debug: str | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _made: dict[str, Resource] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """The tables, and the stages so far."""
        return self.world.catalog.extended(self._made)

    def add(self, at: str, body: Body, order: tuple[Sort, ...] = ()) -> Current:
        """The table that a new stage gives. Raises Mistake."""
        if len(self.stages) >= self.world.config.limits.plan_steps:
            raise Mistake(f"is more than {self.world.config.limits.plan_steps} steps (limits.plan_steps)")
        try:
            columns = columns_of(body, self.catalog)
        except Unsupported as error:
            raise Mistake(str(error)) from None
        check_names(columns)
        name = f"{PREFIX}{len(self.stages) + 1}"
        self.stages.append(Stage(name, at, body))
        self._made[name] = resource_of(name, columns)
        return Current(name, columns, order)

    def hidden(self) -> str:
        """A name for a column that only keeps the order."""
        return f"{HIDDEN}{next(self.numbers)}"


def check_names(columns: Mapping[str, Column]) -> None:
    """Refuse names of columns that not every database tells apart."""
    met: dict[str, str] = {}
    for name in columns:
        if not name or "\x00" in name or len(name.encode("utf-8", "replace")) > LONGEST_NAME:
            raise Mistake(f"{name[:80]!r} cannot be the name of a column")
        if name.startswith(OURS) and not is_hidden(name):
            raise Mistake(f"the name of a column must not begin with {OURS}")
        other = met.setdefault(name.lower(), name)
        if other != name:
            raise Mistake(f"the columns {other!r} and {name!r} differ in capitals alone: say which with fields")


@dataclass(frozen=True)
class Step:
    """One step: its word and what the word takes, where it stands, and the table before it."""

    draft: Draft
    entity: str
    number: int
    word: str
    given: object
    current: Current | None
    another: "Callable[[Draft, str], Current]"

    @property
    def at(self) -> str:
        """How errors call the step."""
        return at_of(self.draft.plan, self.entity, self.number, self.word)

    @property
    def keys(self) -> Given:
        """What the word takes, by its keys."""
        return self.given if isinstance(self.given, Mapping) else {}

    def table(self) -> Current:
        """The table at hand. Raises Mistake."""
        if self.current is None:
            raise Mistake("there are no rows yet: begin with a select that names an entity")
        return self.current

    def add(self, body: Body, order: tuple[Sort, ...] = ()) -> Current:
        """The table that this step gives."""
        return self.draft.add(self.at, body, order)


def at_of(plan: str, entity: str, number: int, word: str) -> str:
    """How errors call a step."""
    return f"Plan {plan!r}, entity {entity!r}, step {number} ({word})"


def place_of(config: Config, plan: str, entity: str, number: int, word: str) -> Place:
    """Where a step is written."""
    return config.place / "plans" / plan / entity / (number - 1) / word
