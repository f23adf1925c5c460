"""Names and values of a query: dotted names, operands, lists of conditions.

In: what was written, and a `Scope` (the dialect's names, the limits, the values collected so far). Out: AST nodes of
`sql.expressions`. An unknown part of a name answers for the whole, so that no part can be probed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from crud.errors import bad_parameter, bad_value, unknown_field
from crud.wire.params import comma_list
from sql.catalog import Catalog, Column, Relation, Resource
from sql.errors import BadValue
from sql.expressions import And, Compare, Expr, Filter, Hop, Or, Origin, Path, Slot, Some, Value
from sql.operators import OPERATORS, SCALARS
from sql.query import LATER, Page
from sql.types import BIGINT, JSON, TEXT, Type
from sql.values import coerce


class Shown(Protocol):
    """One resource as it is written in a dialect (`crud.presentation.View`)."""

    @property
    def columns(self) -> Mapping[str, Column]: ...
    @property
    def relations(self) -> Mapping[str, Relation]: ...
    def column(self, written: str) -> Column | None: ...
    def readable(self, written: str) -> Column | None: ...
    def relation(self, written: str) -> Relation | None: ...


class Names(Protocol):
    """How a dialect writes names (`crud.presentation.Presentation`)."""

    def view(self, resource: Resource) -> Shown: ...


class Values:
    """The caller's values, in the order of their slots."""

    def __init__(self) -> None:
        self._values: list[object] = []

    def bind(self, value: object, type: Type, *, many: bool = False) -> Value:
        """The slot of a canonical value."""
        self._values.append(value)
        return Slot(len(self._values) - 1, type, many)

    @property
    def all(self) -> tuple[object, ...]:
        """What goes beside the query."""
        return tuple(self._values)


class Binder(Protocol):
    """What turns a value into a node: slots for callers, constants for rules."""

    def bind(self, value: object, type: Type, *, many: bool = False) -> Value: ...


@dataclass(frozen=True)
class Scope:
    """What a parser works in. `list_items` bounds lists of values."""

    names: Names
    catalog: Catalog
    values: Binder = field(default_factory=Values)
    list_items: int = 10_000

    @property
    def filled(self) -> tuple[object, ...]:
        """The caller's values so far, in the order of their slots."""
        return self.values.all if isinstance(self.values, Values) else ()


@dataclass(frozen=True)
class Reached:
    """Where a dotted name leads: the steps from the root, and the column at the end."""

    steps: tuple[Relation, ...]
    column: Column
    origin: Origin

    @property
    def to_many(self) -> bool:
        """Whether some step leads to many rows."""
        return any(step.kind == "to_many" for step in self.steps)


MOST_STEPS = 16
ACROSS = "rows of it can be included, but one database cannot filter, sort or group by what another one holds"


def reach(scope: Scope, resource: Resource, text: str, parameter: str, *, shown: bool = False) -> Reached:
    """Resolve `relation.relation.column`. An unknown part answers for the whole name, so no part can be probed.
    `shown`: the column is part of an answer, else it is compared. Raises ApiError."""
    origin = Origin(text, parameter)
    steps: list[Relation] = []
    across = False
    rest = near(text, parameter)
    while (column := _column(scope.names.view(resource), rest, shown)) is None or column.write_only:
        led = lead(scope.names.view(resource), rest)
        if led is None:
            raise unknown_field(origin)
        relation, rest = led
        steps.append(relation)
        here, resource = resource, scope.catalog.target(relation)
        across = across or resource.source != here.source
    if across:
        raise bad_parameter(parameter, f"{text!r} leads into another database: {ACROSS}")
    return Reached(tuple(steps), column, origin)


def _column(view: Shown, written: str, shown: bool) -> Column | None:
    return view.readable(written) if shown else view.column(written)


def near(text: str, parameter: str) -> str:
    """The dotted name, if it is not too long a way: every step is a join or a subquery. Raises ApiError."""
    if text.count(".") > MOST_STEPS:
        raise bad_parameter(parameter, f"a path of more than {MOST_STEPS} relations")
    return text


def lead(view: Shown, text: str) -> tuple[Relation, str] | None:
    """The relation that a dotted name begins with, and the rest. Names may hold dots themselves."""
    for index, character in enumerate(text):
        if character == "." and (relation := view.relation(text[:index])) is not None:
            return relation, text[index + 1 :]
    return None


def to_one_path(reached: Reached) -> Path:
    """The path of a value that there is once per row (to sort, select or group by). A to-many step is a 400."""
    if reached.to_many:
        raise bad_parameter(reached.origin.parameter, f"{reached.origin.text!r} leads to many rows, one was expected")
    return Path(reached.column.name, tuple(Hop(step.name) for step in reached.steps), reached.origin)


def sortable(reached: Reached) -> Path:
    """The path of a value by which rows can be sorted."""
    path, type = to_one_path(reached), reached.column.type
    if type.family not in SCALARS:
        raise bad_parameter(reached.origin.parameter, f"values of field {reached.origin.text!r} cannot be sorted")
    return path


def condition(reached: Reached, make: Callable[[Path], Filter]) -> Filter:
    """A condition on the column at the end of the steps: some child along each to-many one."""
    return _along(reached.steps, reached, make)


def _along(steps: tuple[Relation, ...], reached: Reached, make: Callable[[Path], Filter]) -> Filter:
    first = next((index for index, step in enumerate(steps) if step.kind == "to_many"), None)
    if first is None:
        return make(Path(reached.column.name, tuple(Hop(step.name) for step in steps), reached.origin))
    hops = tuple(Hop(step.name) for step in steps[:first])
    return Some(steps[first].name, _along(steps[first + 1 :], reached, make), hops, origin=reached.origin)


def compare(scope: Scope, reached: Reached, op: str, raw: object) -> Filter:
    """`column op raw`, the value coerced by the column's type. null with eq and ne asks for NULL."""
    if raw is None and op in ("eq", "ne"):
        op = "is_null" if op == "eq" else "is_not_null"
    right = operands(scope, reached.column.type, op, raw, origin=reached.origin)
    return condition(reached, lambda path: Compare(path, op, right))


def operands(scope: Scope, left: Type, op: str, raw: object, *, origin: Origin) -> tuple[Expr, ...]:
    """The right side of an operator as slots. Refuses an operator that the type does not take."""
    operator = OPERATORS[op]
    if left.family not in operator.families:
        raise bad_parameter(origin.parameter, f"operator {op} does not apply to field {origin.text!r}")
    if operator.operands == "none":
        return ()
    type = operand_type(left, operator.operand)
    if operator.operands == "one":
        return (scope.values.bind(fit(type, raw, origin), type),)
    items = as_list(raw, origin, most=scope.list_items)
    fitted = tuple(fit(type, item, origin) for item in items)
    if operator.operands == "many":
        return (scope.values.bind(fitted, type, many=True),)
    if len(fitted) != 2:
        raise bad_parameter(origin.parameter, f"operator {op} on {origin.text!r} takes two values, got {len(fitted)}")
    return (scope.values.bind(fitted[0], type), scope.values.bind(fitted[1], type))


def operand_type(left: Type, operand: str) -> Type:
    """The type of an operator's operand by its row in `OPERATORS`."""
    match operand:
        case "text":
            return TEXT
        case "json" | "jsonpath":
            return JSON
        case "item":
            return left.item or TEXT
        case _:
            return left


def fit(type: Type, raw: object, origin: Origin) -> object:
    """The canonical value, or a 400 that names the field. One that is not known yet stays open."""
    if raw is LATER:
        return raw
    if raw is None and type.name != "json":
        raise bad_value(origin, "null", type.expected)
    try:
        return coerce(type, raw)
    except BadValue as error:
        raise bad_value(origin, raw, error.expected) from None


def as_list(raw: object, origin: Origin, *, most: int) -> list[object]:
    """A JSON list, or the words of a comma list. Raises ApiError."""
    items: object = comma_list(raw) if isinstance(raw, str) else raw
    if not isinstance(items, list):
        items = [items]
    if len(items) > most:
        raise bad_parameter(origin.parameter, f"a list of {len(items)} values for {origin.text!r}, at most {most}")
    return items


# ---------------------------------------------------------------- lists of conditions


def all_of(terms: Iterable[Filter]) -> Filter:
    """AND. Conditions on one to-many relation that stand directly in this list speak of the same child."""
    merged: dict[object, Filter] = {}
    for index, term in enumerate(terms):
        key: object = (term.hops, term.relation) if isinstance(term, Some) else index
        merged[key] = _same_child(merged[key], term) if key in merged else term
    made = tuple(merged.values())
    return made[0] if len(made) == 1 else And(made)


def _same_child(left: Filter, right: Filter) -> Filter:
    assert isinstance(left, Some) and isinstance(right, Some)
    return Some(left.relation, all_of(_direct(left.where) + _direct(right.where)), left.hops, origin=left.origin)


def _direct(where: Filter) -> list[Filter]:
    return list(where.terms) if isinstance(where, And) else [where]


def any_of(terms: Iterable[Filter]) -> Filter:
    """OR. Each term has its own child."""
    made = tuple(terms)
    return made[0] if len(made) == 1 else Or(made)


def page(values: Binder, limit: int | None, offset: int = 0) -> Page:
    """Limit and offset as slots, so that every page of a list has one shape."""
    first = values.bind(limit, BIGINT) if limit is not None else None
    skip = values.bind(offset, BIGINT) if offset else None
    assert not isinstance(first, Mapping)
    return Page(first, skip)  # type: ignore[arg-type]
