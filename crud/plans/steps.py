"""What each word of a plan means.

In: a step, and the table before it. Out: the table after it, of stages that were added to the draft; `Mistake` for what
cannot be. What steps write (`sync`, `insert`, `update`, `delete`) is only noted here: an explicit run does it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from crud.plans import reading
from crud.plans.draft import Current, Effect, Given, Mistake, Step
from crud.plans.written import rows_of
from sql.catalog import Resource
from sql.expressions import TRUE, Const, Masked, Path
from sql.operators import AGGREGATES
from sql.query import (
    Aggregate,
    Joined,
    Kind,
    Limited,
    Listing,
    Part,
    Query,
    Rows,
    Select,
    Sort,
    Strategy,
    Union,
    Unique,
)
from sql.stages import FUNCTIONS, comparable, unified
from sql.types import TEXT, Type

Meaning = Callable[[Step], Current | None]
KINDS: Mapping[object, Kind] = {
    "inner": "inner",
    "left": "left",
    "right": "right",
    "full-outer": "full-outer",
    "cross": "cross",
}
STRATEGIES: Mapping[object, Strategy] = {"first": "first", "last": "last", "highest": "highest", "lowest": "lowest"}


def select(step: Step) -> Current:
    """Rows of an entity, written here, or of the table at hand: filtered, sorted, with these columns."""
    given = step.keys
    if "data" in given and "entity" in given:
        raise Mistake("takes rows from an entity or from data, not from both", key="data")
    if "data" in given:
        return narrowed(step, step.add(rows_of(step, given["data"])), given)
    return narrowed(step, source(step, given) if "entity" in given else step.table(), given)


def source(step: Step, given: Given) -> Current | Resource:
    """The entity that a step names: of this plan where no schema is given, else of the default schema."""
    entity, config = str(given["entity"]), step.draft.world.config
    if "schema" not in given and entity in config.plans[step.draft.plan]:
        return step.another(step.draft, entity)
    return step.draft.world.table(str(given.get("schema", config.server.default_schema)), entity)


def narrowed(step: Step, of: Current | Resource, given: Given) -> Current:
    """A table, or an entity, by the keys of a select."""
    resource = of.resource if isinstance(of, Current) else of
    order = reading.sorts(step, resource, given.get("sort")) or (of.order if isinstance(of, Current) else ())
    where = reading.where(step, resource, given)
    made: Current
    if isinstance(of, Current) and where == TRUE and "fields" not in given:
        made = Current(of.name, of.columns, order)
    else:
        shown, order = reading.carried(step, reading.fields(step, resource, given.get("fields")), order)
        made = step.add(Query(resource.name, select=shown, where=where), order)
    if "limit" in given or "offset" in given:
        return limited(step, made, given)
    return made


def limited(step: Step, of: Current, given: Given) -> Current:
    """So many rows of the table, in its order."""
    limit, offset = given.get("limit"), given.get("offset", 0)
    assert isinstance(offset, int) and (limit is None or isinstance(limit, int))
    return step.add(Limited(of.name, of.order, of.whole, limit, offset), of.order)


def read(step: Step, of: Current | Resource, fields: object = None) -> Current:
    """An entity as a table."""
    if isinstance(of, Current) and fields is None:
        return of
    return narrowed(step, of, {} if fields is None else {"fields": fields})


def filtered(step: Step) -> Current:
    """The rows of the table for which a condition holds."""
    of = step.table()
    where = reading.condition(step, of.resource, step.given)
    return step.add(Query(of.name, select=of.whole, where=where), of.order)


def picked(step: Step) -> Current:
    """These columns of the table."""
    return narrowed(step, step.table(), {"fields": step.given})


def ordered(step: Step) -> Current:
    """The table in another order. What it was ordered by before decides where the new order does not."""
    of = step.table()
    asked = reading.sorts(step, of.resource, step.given)
    names = {sort.expr for sort in asked}
    return Current(of.name, of.columns, (*asked, *(sort for sort in of.order if sort.expr not in names)))


def bounded(step: Step) -> Current:
    """So many rows."""
    return limited(step, step.table(), step.keys if isinstance(step.given, Mapping) else {"limit": step.given})


# ---------------------------------------------------------------- several tables


def joined(step: Step) -> Current:
    """Rows beside those of another entity. A column of both is called after the other entity there."""
    given, left = step.keys, step.table()
    right = read(step, source(step, given))
    kind = KINDS[given.get("type", "inner")]
    on = _pairs(step, left, right, given, kind)
    here = tuple(Select(Path(name), name) for name in left.seen)
    taken = reading.fields(step, right.resource, given.get("fields"))
    there = _beside(left, taken, str(given["entity"]), chosen="fields" in given)
    return step.add(Joined(kind, left.name, right.name, on, here, there))


def _pairs(step: Step, left: Current, right: Current, given: Given, kind: Kind) -> tuple[tuple[Path, Path], ...]:
    if kind == "cross":
        if "left-field" in given or "right-field" in given:
            raise Mistake("a cross join has no fields", key="left-field")
        return ()
    if "left-field" not in given or "right-field" not in given:
        raise Mistake("lacks left-field or right-field")
    here = reading.columns(step, left.resource, given["left-field"], "left-field")
    there = reading.columns(step, right.resource, given["right-field"], "right-field")
    if len(here) != len(there):
        raise Mistake("left-field and right-field name as many columns", key="right-field")
    for one, other in zip(here, there, strict=True):
        types = left.columns[one.column].type, right.columns[other.column].type
        reading.scalar(step, left, one, "left-field")
        if not comparable(*types):
            said = f"{one.column} ({types[0].name}) and {other.column} ({types[1].name})"
            raise Mistake(f"{said} cannot be equal", key="right-field")
    return tuple(zip(here, there, strict=True))


def _beside(left: Current, items: tuple[Select, ...], entity: str, *, chosen: bool) -> tuple[Select, ...]:
    taken = {name.lower() for name in left.seen}
    found = []
    for item in items:
        name = item.alias
        alias = name if name.lower() not in taken else f"{entity}_{name}"
        if alias != name and chosen:
            raise Mistake(f"both sides have a column {name!r}: give one another name", key="fields")
        if alias.lower() in taken:
            raise Mistake(f"both sides have a column {alias!r}: choose columns with fields")
        taken.add(alias.lower())
        found.append(Select(item.expr, alias))
    return tuple(found)


def united(step: Step) -> Current:
    """The rows of another entity after those at hand, columns by their names. No row is left out."""
    left, right = step.table(), read(step, source(step, step.keys), step.keys.get("fields"))
    types: dict[str, Type] = {name: column.type for name, column in left.seen.items()}
    for name, column in right.seen.items():
        met = unified(types[name], column.type) if name in types else column.type
        if met is None:
            raise Mistake(f"{name!r} is {types[name].name} here and {column.type.name} there")
        types[name] = met
    return step.add(Union((_part(left), _part(right)), tuple(types.items())))


def _part(of: Current) -> Part:
    return Part(of.name, tuple(Select(Path(name), name) for name in of.seen))


# ---------------------------------------------------------------- groups, duplicates, hashes


def aggregated(step: Step) -> Current:
    """One row for each group: the values by which rows are grouped, and what is computed of them."""
    of, given = step.table(), step.keys
    group = reading.fields(step, of.resource, given["group"], "group") if "group" in given else ()
    for item in group:
        assert isinstance(item.expr, Path)
        reading.scalar(step, of, item.expr, "group")
    made = tuple(each for word in FUNCTIONS if word in given for each in _aggregates(step, of, word, given[word]))
    names = [*(item.alias for item in group), *(each.alias for each in made)]
    if len(set(names)) < len(names):
        raise Mistake("gives two columns one name")
    return step.add(Query(of.name, group=group, aggregates=made))


def _aggregates(step: Step, of: Current, word: str, given: object) -> list[Aggregate]:
    pairs = reading.named(given, word)
    if not isinstance(given, Mapping):
        pairs = [(word if name == "*" else f"{word}_{name}", name) for _, name in pairs]
    return [_aggregate(step, of, word, alias, written) for alias, written in pairs]


def _aggregate(step: Step, of: Current, word: str, alias: str, written: str) -> Aggregate:
    if written == "*":
        if word != "count":
            raise Mistake(f"{word} takes a column", key=word)
        return Aggregate(alias, word)
    path = reading.column(step, of.resource, written, word)
    type = of.columns[path.column].type
    if type.family not in AGGREGATES[word].families:
        raise Mistake(f"{word} does not take values of {written!r} ({type.name})", key=word)
    return Aggregate(alias, word, path)


def unique(step: Step) -> Current:
    """One row of all that are equal."""
    of, given = step.table(), step.keys
    if "keys" in given:
        keys = reading.columns(step, of.resource, given["keys"], "keys")
    else:
        keys = tuple(Path(name) for name in of.seen)
    for path in keys:
        reading.scalar(step, of, path, "keys")
    strategy = STRATEGIES[given.get("strategy", "first")]
    by = _by(step, of, given, strategy)
    folded = given.get("method") == "ignorecase"
    return step.add(Unique(of.name, keys, of.order, of.whole, strategy, by, folded), of.order)


def _by(step: Step, of: Current, given: Given, strategy: Strategy) -> Path | None:
    if (strategy in ("highest", "lowest")) != ("condition" in given):
        raise Mistake("highest and lowest go with a condition: the column that decides", key="condition")
    if "condition" not in given:
        return None
    path = reading.column(step, of.resource, str(given["condition"]), "condition")
    return reading.scalar(step, of, path, "condition")


def anonymized(step: Step) -> Current:
    """The table with the hashes of these columns instead of their values."""
    of = step.table()
    names = reading.listed(step.given)
    paths = {path.column: path for path in _hashed(step, of, names)}
    for path in paths.values():
        reading.scalar(step, of, path, "")
    shown = tuple(
        Select(Masked(paths[name]), name) if name in paths else Select(Path(name), name) for name in of.columns
    )
    return step.add(Query(of.name, select=shown), _unhashed(of.order, paths))


def _unhashed(order: tuple[Sort, ...], hashed: Mapping[str, Path]) -> tuple[Sort, ...]:
    """The order without what would tell something of values that are hashes now."""
    return tuple(sort for sort in order if isinstance(sort.expr, Path) and sort.expr.column not in hashed)


def _hashed(step: Step, of: Current, names: list[str]) -> tuple[Path, ...]:
    if names == ["*"]:
        return tuple(Path(name) for name in of.seen)
    return reading.columns(step, of.resource, names, "")


def listing(step: Step) -> Current:
    """The entities of a schema, or of this plan, that the caller may read."""
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


# ---------------------------------------------------------------- the rest


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
