"""What the keys of a step mean: names of columns, fields, orders, conditions.

In: what a configuration says. Out: nodes of `sql.expressions` and `sql.query`, whose origins name the step; `Mistake`
for what cannot be. Conditions are written as in Metal's requests: pairs, or an expression (`crud.wire.expression`).
"""

from collections.abc import Iterator, Mapping

from crud.errors import ApiError
from crud.plans.draft import Current, Given, Mistake, Step
from crud.wire import expression
from crud.wire.exact import ExactNames
from crud.wire.params import comma_list
from crud.wire.paths import Scope, all_of, compare, reach, to_one_path
from sql.catalog import Column, Resource
from sql.expressions import TRUE, Filter, Path, both
from sql.operators import SCALARS
from sql.query import Select, Sort
from sql.stages import is_hidden

DIRECTIONS: Mapping[str, bool] = {"asc": False, "desc": True}


def scope_of(step: Step) -> Scope:
    """What the parsers of a step work in."""
    draft = step.draft
    return Scope(ExactNames(), draft.catalog, draft.values, draft.world.config.limits.list_items)


def listed(given: object) -> list[str]:
    """Names, as a list or as a text with commas."""
    if isinstance(given, list | tuple):
        return [str(name) for name in given]
    return comma_list(given) if isinstance(given, str) else []


def column(step: Step, of: Resource, written: str, key: str) -> Path:
    """A column by its name, or over relations to one row where a table is read. Raises Mistake."""
    try:
        if is_hidden(written):
            raise ApiError("unknown_field", "")
        return to_one_path(reach(scope_of(step), of, written, step.at, shown=True))
    except ApiError as error:
        raise _mistake(error, step, of, written, key) from None


def columns(step: Step, of: Resource, given: object, key: str) -> tuple[Path, ...]:
    """Columns by their names. Raises Mistake."""
    found = tuple(column(step, of, name, key) for name in listed(given))
    if not found:
        raise Mistake("names no column", key=key)
    return found


def scalar(step: Step, of: Current, path: Path, key: str) -> Path:
    """The column, if its values can be compared. Raises Mistake."""
    type = of.columns[path.column].type
    if type.family not in SCALARS:
        raise Mistake(f"values of {path.column!r} ({type.name}) cannot be compared", key=key)
    return path


def fields(step: Step, of: Resource, given: object, key: str = "fields") -> tuple[Select, ...]:
    """`a, b`, a list, or new names of columns; `*` is all that nobody needs to name."""
    pairs = named(given, key)
    found: dict[str, Select] = {}
    for alias, written in pairs:
        for item in everything(of) if written == "*" else (Select(column(step, of, written, key), alias),):
            found.setdefault(item.alias, item)
    return tuple(found.values())


def named(given: object, key: str) -> list[tuple[str, str]]:
    """(new name, column) of what fields say. Raises Mistake."""
    if given is None:
        return [("*", "*")]
    if isinstance(given, Mapping):
        return [(str(alias), _text(written, key)) for alias, written in given.items()]
    names = listed(given)
    if len(set(names)) < len(names) or not names:
        raise Mistake("names a column twice" if names else "names no column", key=key)
    return [(name, name) for name in names]


def _text(written: object, key: str) -> str:
    if not isinstance(written, str) or not written:
        raise Mistake("takes the name of a column", key=key)
    return written


def everything(of: Resource) -> tuple[Select, ...]:
    """Every column that can be read, named by nobody."""
    shown = (name for name, found in of.columns.items() if _can_be_read(found) and not is_hidden(name))
    return tuple(Select(Path(name), name) for name in shown)


def _can_be_read(found: Column) -> bool:
    """Of lists and JSON there are no hashes in a database."""
    return not found.write_only and not (found.masked and found.type.family not in SCALARS)


# ---------------------------------------------------------------- orders


def sorts(step: Step, of: Resource, given: object, key: str = "sort") -> tuple[Sort, ...]:
    """`{name: asc, age: desc}` or `name asc, age desc`."""
    if given is None:
        return ()
    pairs = given.items() if isinstance(given, Mapping) else _worded(listed(given))
    return tuple(_sort(step, of, str(name), str(word).lower(), key) for name, word in pairs)


def _worded(items: list[str]) -> Iterator[tuple[str, str]]:
    for item in items:
        name, _, word = item.rpartition(" ")
        yield (name.strip(), word) if name and word.lower() in DIRECTIONS else (item, "asc")


def _sort(step: Step, of: Resource, name: str, word: str, key: str) -> Sort:
    if word not in DIRECTIONS:
        raise Mistake(f"{word[:40]!r} is no direction", key=key, allowed=tuple(DIRECTIONS))
    path = column(step, of, name, key)
    if not path.hops and of.columns[path.column].type.family not in SCALARS:
        raise Mistake(f"{name!r} cannot be sorted", key=key)
    return Sort(path, DIRECTIONS[word])


def carried(
    step: Step, shown: tuple[Select, ...], order: tuple[Sort, ...]
) -> tuple[tuple[Select, ...], tuple[Sort, ...]]:
    """The selected columns, with those by which rows are sorted, and the order in their names."""
    made: list[Sort] = []
    hidden: list[Select] = []
    for sort in order:
        assert isinstance(sort.expr, Path)
        alias = next((item.alias for item in (*shown, *hidden) if item.expr == sort.expr), None)
        if alias is None:
            alias = sort.expr.column if is_hidden(sort.expr.column) else step.draft.hidden()
            hidden.append(Select(sort.expr, alias))
        made.append(Sort(Path(alias, origin=sort.expr.origin), sort.descending))
    return (*shown, *hidden), tuple(made)


# ---------------------------------------------------------------- conditions


def where(step: Step, of: Resource, given: Given) -> Filter:
    """`filter` and `filter-expression`, both."""
    return both(_pairs(step, of, given.get("filter")), _expression(step, of, given.get("filter-expression")))


def condition(step: Step, of: Resource, given: object) -> Filter:
    """A step's own condition: pairs, or an expression."""
    return _pairs(step, of, given) if isinstance(given, Mapping) else _expression(step, of, given)


def _pairs(step: Step, of: Resource, given: object) -> Filter:
    if not isinstance(given, Mapping):
        return TRUE
    return all_of([_pair(step, of, str(name), value) for name, value in given.items()])


def _pair(step: Step, of: Resource, name: str, value: object) -> Filter:
    try:
        reached = reach(scope_of(step), of, _unhidden(name, step), step.at)
        meant = step.draft.texts.inside(value, step.at)
        if isinstance(meant, list):
            return compare(scope_of(step), reached, "in", [expression.fitting(reached, item) for item in meant])
        return compare(scope_of(step), reached, "eq", expression.fitting(reached, meant))
    except ApiError as error:
        raise _mistake(error, step, of, name, "filter") from None


def _unhidden(name: str, step: Step) -> str:
    if is_hidden(name):
        raise ApiError("unknown_field", f"Unknown field in {step.at}")
    return name


def _expression(step: Step, of: Resource, given: object) -> Filter:
    if given is None:
        return TRUE
    draft, most = step.draft, step.draft.world.config.limits.filter_terms
    try:
        return expression.parse(scope_of(step), of, str(given), parameter=step.at, terms=most, texts=draft.texts)
    except ApiError as error:
        raise _mistake(error, step, of, error.field, "filter-expression") from None


def _mistake(error: ApiError, step: Step, of: Resource, written: str, key: str) -> Exception:
    """What is wrong, in the words of a configuration. What is no matter of the plan stays what it is."""
    if error.kind == "busy":
        return error
    if error.kind == "unknown_field":
        known = tuple(item.alias for item in everything(of))
        return Mistake(f"there is no column {written[:100]!r}", key=key, allowed=known)
    return Mistake(error.message.removeprefix(f"{step.at}: "), key=key)
