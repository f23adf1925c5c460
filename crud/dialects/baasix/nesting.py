"""New rows with rows inside them: an object of a body as commands in the order in which they must be carried out.

In: a resource and the object that describes a row of it. Out: `Creation`: the rows that it refers to come first, then
the row itself, then those that refer to it, and links to rows that exist. A relation whose columns the caller may not
set is dropped like every other unknown member; one whose rows he may not create is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from crud.definitions.settings import Limits
from crud.dialects.baasix.unknown import dropped
from crud.errors import ApiError
from crud.presentation import View
from crud.web.dialect import context, presentation
from crud.web.request import admit_for, settable
from crud.wire.bodies import bad_body, row_of
from sql.catalog import Relation, Resource
from sql.commands import Insert, Ref
from sql.query import Query

Values = Mapping[str, object]
NONE: Values = {}


@dataclass(frozen=True)
class Creation:
    """What makes one row of a body. `root`: the number of the command that makes the row itself."""

    commands: tuple[Insert, ...]
    root: int

    @property
    def flat(self) -> bool:
        """Whether there is nothing but the row."""
        return len(self.commands) == 1


@dataclass(frozen=True)
class Spot:
    """Where an object stands in the body: its path, and how many relations lead to it."""

    at: str = ""
    depth: int = 0

    def into(self, name: str, index: int | None = None) -> "Spot":
        """The place of what stands below a relation's name, or in its list."""
        path = f"{self.at}.{name}" if self.at else name
        return Spot(path if index is None else f"{path}[{index}]", self.depth + 1)


@dataclass
class Plan:
    """Commands in the making."""

    limits: Limits
    commands: list[Insert] = field(default_factory=list)
    relations: int = 0

    def add(self, resource: Resource, row: Values, spot: Spot) -> int:
        """A new row; the number of its command."""
        if len(self.commands) >= self.limits.list_items:
            raise bad_body(f"more than {self.limits.list_items} rows")
        self.commands.append(Insert(resource.name, (row,), at=spot.at))
        return len(self.commands) - 1

    def follow(self, spot: Spot) -> None:
        """One relation more, at this place."""
        self.relations += 1
        if spot.depth > self.limits.include_depth:
            raise bad_body(f"nested deeper than {self.limits.include_depth} relations", spot.at)
        if self.relations > self.limits.include_nodes:
            raise bad_body(f"more than {self.limits.include_nodes} relations")


def creation(resource: Resource, data: object, *, shown: Query | None = None, at: str = "") -> Creation:
    """The commands that make a row of the body, and what is in it."""
    plan = Plan(context().snapshot.config.limits)
    root = _row(plan, resource, data, spot=Spot(at))
    plan.commands[root] = replace(plan.commands[root], shown=shown)
    return Creation(tuple(plan.commands), root)


def _row(plan: Plan, resource: Resource, data: object, *, spot: Spot, given: Values = NONE) -> int:
    """`given`: values of columns that refer to the row above."""
    view = presentation("baasix").view(resource)
    allowed = settable(resource, "create")
    parsed = row_of(view, allowed, data, drop_unknown=dropped(resource), at=spot.at, relations=True)
    row: dict[str, object] = {**parsed.row, **given}
    nested = [(relation, raw) for relation, raw in parsed.nested.values() if raw is not None]
    for relation, raw in nested:
        if not _children_of(resource, relation) and _may_follow(resource, relation):
            row |= _parent(plan, view, relation, raw, spot=spot, row=row)
    number = plan.add(resource, row, spot)
    for relation, raw in nested:
        if _children_of(resource, relation) and _may_follow(resource, relation):
            _children(plan, view, relation, raw, spot=spot, number=number)
    return number


def _children_of(resource: Resource, relation: Relation) -> bool:
    """Whether the rows behind refer to this one; else this one refers to the row behind."""
    if relation.kind == "to_many":
        return True
    back = tuple((there, here) for here, there in relation.columns)
    return any(link.target == resource.name and link.columns == back for link in _target(relation).references)


def _parent(plan: Plan, view: View, relation: Relation, raw: object, *, spot: Spot, row: Values) -> dict[str, object]:
    """The row that this one refers to is made first; the values of the columns that refer to it."""
    below = spot.into(view.shown(relation.name))
    plan.follow(below)
    for here in (*relation.near, *(name for name, _ in relation.only)):
        if here in row:
            raise bad_body(f"{view.shown(here)!r} and {view.shown(relation.name)!r} say the same", spot.at)
    number = _row(plan, _target(relation), raw, spot=below, given=dict(relation.only_there))
    return {here: Ref(number, there) for here, there in relation.columns} | dict(relation.only)


def _children(plan: Plan, view: View, relation: Relation, raw: object, *, spot: Spot, number: int) -> None:
    """The rows that refer to this one, or are linked with it."""
    name = view.shown(relation.name)
    plan.follow(spot.into(name))
    if relation.kind == "to_one":
        given = {there: Ref(number, here) for here, there in relation.columns} | dict(relation.only_there)
        _row(plan, _target(relation), raw, spot=spot.into(name), given=given)
        return
    if not isinstance(raw, list):
        raise bad_body("expected a list", spot.into(name).at)
    for index, item in enumerate(raw):
        below = spot.into(name, index)
        if relation.through is not None:
            _linked(plan, relation, item, spot=below, number=number)
        else:
            given = {there: Ref(number, here) for here, there in relation.columns} | dict(relation.only_there)
            _row(plan, _target(relation), item, spot=below, given=given)


def _linked(plan: Plan, relation: Relation, item: object, *, spot: Spot, number: int) -> None:
    """A row beyond a junction: one that exists, by its id, or a new one."""
    assert relation.through is not None
    near = {there: Ref(number, here) for here, there in relation.through.near}
    far = dict(_far(plan, relation, item, spot=spot))
    plan.add(_junction(relation), near | far | dict(relation.through.only), spot)


def _far(plan: Plan, relation: Relation, item: object, *, spot: Spot) -> Iterator[tuple[str, object]]:
    assert relation.through is not None
    target, pairs = _target(relation), relation.through.far
    id = _id_alone(target, item)
    if id is None:
        made = _row(plan, target, item, spot=spot)
        yield from ((here, Ref(made, there)) for here, there in pairs)
    elif len(pairs) == 1:
        yield pairs[0][0], id
    else:
        raise bad_body("expected an object", spot.at)


def _id_alone(target: Resource, item: object) -> object | None:
    """The id of an item that is nothing else: `3`, or `{"id": 3}` where ids are never given by callers."""
    if not isinstance(item, dict):
        return item
    if len(item) != 1 or len(target.key) != 1:
        return None
    column = target.column(target.key[0])
    made = column.auto is not None or column.default is not None
    return item.get(presentation("baasix").view(target).shown(column.name)) if made else None


# ---------------------------------------------------------------- which relations


def _target(relation: Relation) -> Resource:
    return context().snapshot.catalog.target(relation)


def _junction(relation: Relation) -> Resource:
    assert relation.through is not None
    return context().snapshot.catalog.resource(relation.through.resource)


def _may_follow(resource: Resource, relation: Relation) -> bool:
    """Whether the caller can know of what is behind, and set the columns of the link. Raises ApiError (forbidden)."""
    near, middle, far = relation.links
    if relation.through is not None:
        linking, columns = _junction(relation), middle
    elif not _children_of(resource, relation):
        linking, columns = resource, near
    else:
        linking, columns = _target(relation), far
    behind = (_target(relation), linking) if relation.through else (_target(relation),)
    return columns <= settable(linking, "create").keys() and all(_may_create(each) for each in behind)


def _may_create(resource: Resource) -> bool:
    try:
        admit_for(resource, presentation("baasix").name(resource), "create")
    except ApiError as error:
        if error.kind == "unknown_resource":
            return False
        raise
    return True
