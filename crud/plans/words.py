"""What each word of a plan means.

In: a step, and the table before it. Out: the table after it, of stages that were added to the draft; `Mistake` for what
cannot be. What steps write (`sync`, `insert`, `update`, `delete`) is only noted here: an explicit run does it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from crud.plans.draft import Current, Effect, Mistake, Step
from crud.plans.folding import aggregated, anonymized, unique
from crud.plans.several import joined, united
from crud.plans.steps import bounded, filtered, ordered, picked, select
from sql.catalog import Resource
from sql.expressions import Const
from sql.query import Listing, Rows
from sql.types import TEXT

Meaning = Callable[[Step], Current | None]


def listing(step: Step) -> Current:
    """The entities of a schema, or of this plan, that the caller may read. Raises Mistake."""
    world, schema = step.draft.world, step.keys.get("schema")
    if schema is not None and schema not in world.schemas:
        raise Mistake(f"there is no schema {schema!r}", key="schema", allowed=world.schemas)
    tables = [each for (name, _), each in world.entities.items() if name == schema]
    entries = tuple((each.name, _entry(each.entity or each.name, kind(each))) for each in tables)
    columns = (("name", TEXT), ("type", TEXT))
    if schema is None:
        names = tuple(_entry(name, "plan") for name in world.config.plans[step.draft.plan])
        return step.add(Rows(columns, names))
    return step.add(Listing(columns, entries))


def _entry(name: str, word: str) -> tuple[Const, ...]:
    return Const(name, TEXT), Const(word, TEXT)


def kind(resource: Resource) -> str:
    """table, or view for what has neither a key nor takes writes."""
    return "table" if resource.writable or resource.key else "view"


def effect(step: Step) -> Current | None:
    """Something that is written: in an explicit run alone."""
    step.draft.effects.append(Effect(step, step.current))
    return step.current


def debugged(step: Step) -> Current | None:
    """Answers say so in their metadata."""
    step.draft.debug = str(step.given or "error")
    return step.current


WORDS: Mapping[str, Meaning] = MappingProxyType(
    {
        "select": select,
        "filter": filtered,
        "fields": picked,
        "sort": ordered,
        "limit": bounded,
        "join": joined,
        "union": united,
        "aggregate": aggregated,
        "remove-duplicates": unique,
        "anonymize": anonymized,
        "list-entities": listing,
        "sync": effect,
        "insert": effect,
        "update": effect,
        "delete": effect,
        "debug": debugged,
    }
)
