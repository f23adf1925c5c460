"""Steps that tell less than the rows at hand: groups, one of all that are equal, hashes instead of values.

In: a step. Out: the table after it; `Mistake` for what cannot be.
"""

from collections.abc import Mapping

from crud.plans import reading
from crud.plans.draft import Current, Given, Mistake, Step
from sql.expressions import Masked, Path
from sql.operators import AGGREGATES, SCALARS
from sql.query import Aggregate, Query, Select, Sort, Strategy, Unique
from sql.stages import FUNCTIONS

STRATEGIES: Mapping[object, Strategy] = {"first": "first", "last": "last", "highest": "highest", "lowest": "lowest"}


def aggregated(step: Step) -> Current:
    """One row for each group: the values by which rows are grouped, and what is computed of them. Raises Mistake."""
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
    for name in paths:
        if (type := of.columns[name].type).family not in SCALARS:
            raise Mistake(f"there are no hashes of {name!r} ({type.name}): leave it out with fields before")
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
