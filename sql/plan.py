"""Plans: reads that are made step by step, each of the rows that an earlier one gave.

In: nodes made by `crud.plans`, which authorize narrows for a caller and the builder prints, a common table expression
for each stage. Out: frozen trees. A stage is read as a resource is, under its name; its columns follow from its body
(`columns_of`), with the types that every database gives them.

What a definition named has an `Origin` whose `parameter` is the place in the plan; what nobody named is left out where
the caller may not see it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sql.catalog import Catalog, Column, Resource, Table
from sql.errors import Unsupported
from sql.query import Aggregate, Cast, Expr, Masked, Path, Query, Select, Sort, Value, node
from sql.types import BIGINT, NUMBER, TEXT, Type

PREFIX = "_dragoman_step_"
HIDDEN = "_dragoman_order_"
Kind = Literal["inner", "left", "right", "full-outer", "cross"]
Strategy = Literal["first", "last", "highest", "lowest"]
FUNCTIONS = ("sum", "count", "avg", "min", "max")
MEAN_DIGITS = 6


@node
class Joined:
    """The rows of two stages beside each other. `on` pairs columns that must be equal, `left_shown` and `right_shown`
    are what is taken of each side."""

    kind: Kind
    left: str
    right: str
    on: tuple[tuple[Path, Path], ...]
    left_shown: tuple[Select, ...]
    right_shown: tuple[Select, ...]


@node
class Part:
    """One of the stages of a union: what it has of the columns."""

    stage: str
    shown: tuple[Select, ...]


@node
class Union:
    """The rows of several stages one after the other, under these columns. What a part lacks is NULL there."""

    parts: tuple[Part, ...]
    columns: tuple[tuple[str, Type], ...]


@node
class Unique:
    """One row of all that are equal in `keys`: by the strategy that which comes first or last in `sort`, completed with
    all columns, or that with the highest or lowest value of `by`. `folded`: texts are compared without regard to case.
    """

    of: str
    keys: tuple[Path, ...]
    sort: tuple[Sort, ...]
    shown: tuple[Select, ...]
    strategy: Strategy = "first"
    by: Path | None = None
    folded: bool = False


@node
class Limited:
    """Some rows of a stage, in an order that is completed with all columns."""

    of: str
    sort: tuple[Sort, ...]
    shown: tuple[Select, ...]
    limit: int | None = None
    offset: int = 0


@node
class Rows:
    """Rows that are written in the plan."""

    columns: tuple[tuple[str, Type], ...]
    rows: tuple[tuple[Value, ...], ...]


@node
class Listing:
    """What there is to read. `entries`: the resource, and the row that tells of it. Authorize leaves those that the
    caller may read, and makes `Rows` of them."""

    columns: tuple[tuple[str, Type], ...]
    entries: tuple[tuple[str, tuple[Value, ...]], ...]


Body = Query | Joined | Union | Unique | Limited | Rows | Listing


@node
class Stage:
    """What one step gives. `at`: how errors call the step."""

    name: str
    at: str
    body: Body


@node
class Plan:
    """A whole one; its rows are those of the last stage, in this order where nobody asks for another.

    `dynamic`: values in it are worked out at each reading. `debug`: what its step of this name says.
    """

    name: str
    stages: tuple[Stage, ...]
    order: tuple[Sort, ...] = ()
    dynamic: bool = False
    debug: str | None = None


@dataclass(frozen=True)
class Later:
    """What stands for a value that is not known before the plan is read."""


LATER = Later()

# ---------------------------------------------------------------- what stages are made of


def is_stage(name: str) -> bool:
    """Whether a name is that of a stage."""
    return name.startswith(PREFIX)


def inputs(body: Body) -> tuple[str, ...]:
    """The stages and resources that a body reads."""
    match body:
        case Query(resource=resource):
            return (resource,)
        case Joined(left=left, right=right):
            return (left, right)
        case Union(parts=parts):
            return tuple(part.stage for part in parts)
        case Unique(of=of) | Limited(of=of):
            return (of,)
        case Rows() | Listing():
            return ()


def entities(plan: Plan) -> tuple[str, ...]:
    """The resources that a plan reads, each once."""
    read = (name for stage in plan.stages for name in inputs(stage.body) if not is_stage(name))
    return tuple(dict.fromkeys(read))


def needed(stages: tuple[Stage, ...], name: str, known: frozenset[str] = frozenset()) -> tuple[Stage, ...]:
    """The stages without which the one of this name cannot be made, and itself. `known`: those that are tables."""
    wanted, kept = {name}, []
    for stage in reversed(stages):
        if stage.name in wanted and stage.name not in known:
            kept.append(stage)
            wanted.update(inputs(stage.body))
    return tuple(reversed(kept))


def resource_of(name: str, columns: Mapping[str, Column]) -> Resource:
    """A stage as a resource."""
    return Resource(name, Table(name), columns, writable=False)


def is_hidden(name: str) -> bool:
    """Whether a column only keeps the order."""
    return name.startswith(HIDDEN)


# ---------------------------------------------------------------- columns


def columns_of(body: Body, catalog: Catalog) -> dict[str, Column]:
    """The columns of what a body gives. Raises Unsupported for what has no type."""
    match body:
        case Query() if body.group or body.aggregates:
            return dict(_grouped(body, catalog.resource(body.resource), catalog))
        case Query():
            return _selected(body.select, catalog.resource(body.resource), catalog)
        case Joined():
            return dict(_joined(body, catalog))
        case Unique(of=of, shown=shown) | Limited(of=of, shown=shown):
            return _selected(shown, catalog.resource(of), catalog)
        case Union(columns=columns) | Rows(columns=columns) | Listing(columns=columns):
            return {name: Column(name, type) for name, type in columns}


def _selected(shown: tuple[Select, ...], resource: Resource, catalog: Catalog) -> dict[str, Column]:
    return {item.alias: column(item, resource, catalog) for item in shown}


def column(item: Select, resource: Resource, catalog: Catalog) -> Column:
    """What a selected expression is."""
    match item.expr:
        case Path(column=name, hops=hops):
            for hop in hops:
                resource = catalog.target(resource.relation(hop.relation))
            found = resource.column(name)
            nullable = found.nullable or bool(hops)
            return Column(item.alias, TEXT if found.masked else found.type, nullable)
        case Masked(expr=path):
            return replace(column(Select(path, item.alias), resource, catalog), type=TEXT)
        case Cast(type=type):
            return Column(item.alias, type)
    raise Unsupported("A plan selects columns")


def _joined(body: Joined, catalog: Catalog) -> Iterator[tuple[str, Column]]:
    outer = {"left": body.kind in ("right", "full-outer"), "right": body.kind in ("left", "full-outer")}
    for side, stage, shown in (("left", body.left, body.left_shown), ("right", body.right, body.right_shown)):
        for name, found in _selected(shown, catalog.resource(stage), catalog).items():
            yield name, replace(found, nullable=found.nullable or outer[side])


def _grouped(body: Query, resource: Resource, catalog: Catalog) -> Iterator[tuple[str, Column]]:
    for item in body.group:
        found = column(item, resource, catalog)
        yield item.alias, replace(found, type=TEXT) if found.type.name == "citext" else found
    for each in body.aggregates:
        yield each.alias, Column(each.alias, _aggregated(each, resource, catalog), nullable=each.function != "count")


def _aggregated(each: Aggregate, resource: Resource, catalog: Catalog) -> Type:
    if each.argument is None or each.function == "count":
        return BIGINT
    return aggregated_type(each.function, column(_of(each.argument), resource, catalog).type)


def _of(expr: Expr) -> Select:
    return Select(expr, "")


def aggregated_type(function: str, type: Type) -> Type:
    """Of which type an aggregate over values of a type is."""
    if function == "count":
        return BIGINT
    if function in ("min", "max"):
        return TEXT if type.family in ("text", "uuid") else type
    if type.name == "number":
        return NUMBER
    scale = type.scale if type.name == "decimal" else 0
    digits = scale if function == "sum" or scale is None else scale + MEAN_DIGITS
    return Type("decimal", scale=digits)


def unified(left: Type, right: Type) -> Type | None:
    """The type that has the values of both; None where there is none."""
    if left == right:
        return left
    if left.family != right.family:
        return None
    if left.family == "text":
        return TEXT
    if left.family != "number":
        return None
    names = {left.name, right.name}
    if "number" in names:
        return NUMBER
    if "decimal" not in names:
        return BIGINT
    scales = [each.scale if each.name == "decimal" else 0 for each in (left, right)]
    return Type("decimal", scale=None if None in scales else max(scale or 0 for scale in scales))


def comparable(left: Type, right: Type) -> bool:
    """Whether rows can be joined by values of these types."""
    return left == right or unified(left, right) is not None
