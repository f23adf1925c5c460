"""Stages: what is known of the steps of a plan beside a catalog.

In: nodes of plans (`sql.query`). Out: what a stage reads, and its columns, which follow from its body (`columns_of`)
with the types that every database gives them. A stage is read as a resource is, under its name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sql.catalog import Catalog, Column, Resource, Table
from sql.errors import Unsupported
from sql.expressions import Cast, Expr, Masked, Path
from sql.query import Aggregate, Body, Joined, Limited, Listing, Plan, Query, Rows, Select, Stage, Union, Unique
from sql.types import BIGINT, NUMBER, TEXT, Type

PREFIX = "_dragoman_step_"
HIDDEN = "_dragoman_order_"
FUNCTIONS = ("sum", "count", "avg", "min", "max")
MEAN_DIGITS = 6

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
    """What a selected expression is. Raises Unsupported."""
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
