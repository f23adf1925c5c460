"""Plans, narrowed to what a caller may read.

In: a plan, the caller's gate, and the rewrite of one query (`crud.access.permissions`). Out: the plan, every read of a
resource in it rewritten for the caller: his rows, the columns that he may see. A column that nobody named is left out
of this stage and of all that follow; where the plan names one, or a resource, that he may not read, it is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from crud.access.together import Access
from crud.errors import ApiError
from sql.catalog import Catalog, Relation, Resource
from sql.expressions import Path
from sql.query import Body, Joined, Limited, Listing, Part, Plan, Query, Rows, Select, Sort, Stage, Union, Unique
from sql.stages import columns_of, is_stage, resource_of


class Way(Protocol):
    """What the rewrite asks of a gate."""

    @property
    def catalog(self) -> Catalog: ...
    def access(self, resource: Resource) -> Access: ...
    def leads(self, resource: Resource, relation: Relation) -> bool: ...
    def reads(self, resource: Resource) -> bool: ...


Rewrite = Callable[[Query, Way], Query]


class Hidden(Exception):
    """Something that was not named and may not be seen: dropped where it stands."""


@dataclass(frozen=True)
class Within:
    """The gate in a plan: what stages have, the caller may see."""

    gate: Way
    catalog: Catalog

    def access(self, resource: Resource) -> Access:
        if is_stage(resource.name):
            return Access(frozenset(resource.columns), allowed=True)
        return self.gate.access(resource)

    def leads(self, resource: Resource, relation: Relation) -> bool:
        return self.gate.leads(resource, relation)

    def reads(self, resource: Resource) -> bool:
        return self.gate.reads(resource)


def refused(at: str) -> ApiError:
    """The one answer where a plan names what the caller may not read: it does not say what that is."""
    return ApiError("refused", f"{at}: it reads what you may not read")


def narrowed_plan(plan: Plan, gate: Way, rewrite: Rewrite) -> Plan:
    """The plan as the caller may have it. Raises ApiError that names the step."""
    return _narrowed(plan, gate, rewrite)[0]


def visible(plan: Plan, gate: Way, rewrite: Rewrite) -> frozenset[str]:
    """The columns of a plan that the caller may see. Raises ApiError."""
    return frozenset(_narrowed(plan, gate, rewrite)[1].columns)


def _narrowed(plan: Plan, gate: Way, rewrite: Rewrite) -> tuple[Plan, Resource]:
    """The plan, and its last stage as a resource."""
    made: dict[str, Resource] = {}
    within = Within(gate, gate.catalog.extended(made))
    stages = []
    for stage in plan.stages:
        narrow = replace(stage, body=_body(stage, within, rewrite))
        made[stage.name] = resource_of(stage.name, columns_of(narrow.body, within.catalog))
        stages.append(narrow)
    last = plan.stages[-1]
    order = tuple(_named(sort, made[last.name], last.at) for sort in plan.order)
    return replace(plan, stages=tuple(stages), order=order), made[last.name]


def _body(stage: Stage, within: Within, rewrite: Rewrite) -> Body:
    match stage.body:
        case Query() as query:
            return _query(query, stage.at, within, rewrite)
        case Joined() as joined:
            return _joined(joined, stage.at, within)
        case Union() as union:
            return _union(union, within)
        case Unique() as unique:
            return _unique(unique, stage.at, within)
        case Limited() as limited:
            of = within.catalog.resource(limited.of)
            sort = tuple(_named(each, of, stage.at) for each in limited.sort)
            return replace(limited, sort=sort, shown=_shown(limited.shown, of, stage.at))
        case Listing(columns=columns, entries=entries):
            rows = tuple(row for name, row in entries if within.reads(within.catalog.resource(name)))
            return Rows(columns, rows)
        case body:
            return body


def _query(query: Query, at: str, within: Within, rewrite: Rewrite) -> Query:
    resource = within.catalog.resource(query.resource)
    if not within.access(resource).allowed:
        raise refused(at)
    try:
        return rewrite(query, within)
    except ApiError as error:
        raise refused(error.parameter or at) if error.kind == "unknown_field" else error from None
    except Hidden:
        raise refused(at) from None


def _joined(body: Joined, at: str, within: Within) -> Joined:
    left, right = within.catalog.resource(body.left), within.catalog.resource(body.right)
    for here, there in body.on:
        _seen(here, left, at)
        _seen(there, right, at)
    return replace(body, left_shown=_shown(body.left_shown, left, at), right_shown=_shown(body.right_shown, right, at))


def _union(body: Union, within: Within) -> Union:
    parts = tuple(_part(part, within.catalog.resource(part.stage)) for part in body.parts)
    there = {item.alias for part in parts for item in part.shown}
    return replace(body, parts=parts, columns=tuple(each for each in body.columns if each[0] in there))


def _part(part: Part, resource: Resource) -> Part:
    shown = tuple(item for item in part.shown if isinstance(item.expr, Path) and item.expr.column in resource.columns)
    return replace(part, shown=shown)


def _unique(body: Unique, at: str, within: Within) -> Unique:
    of = within.catalog.resource(body.of)
    keys = tuple(path for path in body.keys if path.column in of.columns or path.origin is not None)
    for path in (*keys, *([body.by] if body.by else [])):
        _seen(path, of, at)
    sort = tuple(_named(each, of, at) for each in body.sort)
    return replace(body, keys=keys, sort=sort, shown=_shown(body.shown, of, at))


def _shown(shown: tuple[Select, ...], resource: Resource, at: str) -> tuple[Select, ...]:
    kept = []
    for item in shown:
        assert isinstance(item.expr, Path)
        if item.expr.column in resource.columns:
            kept.append(item)
        elif item.expr.origin is not None:
            raise refused(item.expr.origin.parameter or at)
    return tuple(kept)


def _named(sort: Sort, resource: Resource, at: str) -> Sort:
    assert isinstance(sort.expr, Path)
    _seen(sort.expr, resource, at)
    return sort


def _seen(path: Path, resource: Resource, at: str) -> None:
    if path.column not in resource.columns:
        raise refused(path.origin.parameter if path.origin else at)
