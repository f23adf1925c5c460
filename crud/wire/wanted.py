"""What an answer shall contain: fields and relations collected from the parameters of a dialect into one tree.

In: dotted names like `title`, `author.name`, `author.*`, `author.**`. Out: the `select` and `include` of a `Query`.
Used by every dialect that lets callers choose fields or embed relations.
"""

from dataclasses import dataclass, field, replace

from crud.errors import unknown_field
from crud.presentation import Presentation
from crud.wire.paths import Scope, lead, near
from sql.catalog import Relation, Resource
from sql.expressions import Origin, Path
from sql.query import Include, Query, Select


@dataclass
class Wanted:
    """What is wanted of one resource. Filled while parameters are read, then printed by `parts`.

    `query` holds what a dialect asks of an included read besides (where, sort, page).
    """

    resource: Resource
    star: bool = False
    columns: dict[str, Select] = field(default_factory=dict)
    children: dict[str, "Child"] = field(default_factory=dict)
    query: Query | None = None


@dataclass
class Child:
    """A wanted relation. Without an origin nobody named it, and it may be dropped where it is hidden."""

    relation: Relation
    wanted: Wanted
    origin: Origin | None


def add(scope: Scope, wanted: Wanted, text: str, parameter: str, *, depth: int, nodes: int = 0) -> None:
    """Add a dotted name. A name that ends in a relation wants all of its columns; `**` all relations, `depth` deep."""
    origin, rest = Origin(text, parameter), near(text, parameter)
    while (view := _presentation(scope).view(wanted.resource)).readable(rest) is None:
        if (led := lead(view, rest)) is None:
            break
        relation, rest = led
        wanted, depth = _follow(scope, wanted, relation, origin), depth - 1
    match rest:
        case "*":
            wanted.star = True
        case "**":
            everything(scope, wanted, depth=depth, nodes=nodes)
        case _:
            _last(scope, wanted, rest, origin)


def step(scope: Scope, wanted: Wanted, written: str, origin: Origin) -> Wanted:
    """The wanted of a relation, added where it is not there yet. Raises ApiError."""
    relation = scope.names.view(wanted.resource).relation(written)
    if relation is None:
        raise unknown_field(origin)
    return _follow(scope, wanted, relation, origin)


def _follow(scope: Scope, wanted: Wanted, relation: Relation, origin: Origin) -> Wanted:
    shown = _presentation(scope).view(wanted.resource).shown(relation.name)
    if shown not in wanted.children:
        wanted.children[shown] = Child(relation, Wanted(scope.catalog.target(relation)), origin)
    return wanted.children[shown].wanted


def _last(scope: Scope, wanted: Wanted, written: str, origin: Origin) -> None:
    view = _presentation(scope).view(wanted.resource)
    if (column := view.readable(written)) is not None:
        alias = view.shown(column.name)
        wanted.columns[alias] = Select(Path(column.name, origin=origin), alias, view.form(column))
    else:
        step(scope, wanted, written, origin).star = True


def everything(scope: Scope, wanted: Wanted, *, depth: int, nodes: int) -> None:
    """All columns and, level by level, all relations, never back to a resource on the own path.

    It ends at the depth, or before the level that would take more than `nodes` relations: paths grow exponentially.
    """
    wanted.star = True
    level: list[tuple[Wanted, tuple[str, ...]]] = [(wanted, (wanted.resource.name,))]
    for _ in range(depth):
        ways = [(parent, path, way) for parent, path in level for way in _ways(scope, parent.resource, path)]
        nodes -= len(ways)
        if nodes < 0:
            return
        level = [(unnamed(scope, parent, way), (*path, way.target)) for parent, path, way in ways]


def _ways(scope: Scope, resource: Resource, path: tuple[str, ...]) -> list[Relation]:
    relations = _presentation(scope).view(resource).relations.values()
    return [relation for relation in relations if relation.target not in path]


def unnamed(scope: Scope, parent: Wanted, relation: Relation) -> Wanted:
    """The wanted of a relation that nobody named, with all columns; it may be dropped where it is hidden."""
    shown = _presentation(scope).view(parent.resource).shown(relation.name)
    child = parent.children.setdefault(shown, Child(relation, Wanted(scope.catalog.target(relation)), None))
    child.wanted.star = True
    return child.wanted


def parts(scope: Scope, wanted: Wanted) -> tuple[tuple[Select, ...], tuple[Include, ...]]:
    """The select and include of a query."""
    star = _presentation(scope).view(wanted.resource).star if wanted.star else ()
    known = {item.alias for item in star}
    named = tuple(item for item in wanted.columns.values() if item.alias not in known)
    return star + named, tuple(_include(scope, shown, child) for shown, child in wanted.children.items())


def _include(scope: Scope, shown: str, child: Child) -> Include:
    select, include = parts(scope, child.wanted)
    base = child.wanted.query or Query(child.wanted.resource.name)
    query = replace(base, select=select, include=include)
    return Include(shown, child.relation.name, query, origin=child.origin)


def _presentation(scope: Scope) -> Presentation:
    assert isinstance(scope.names, Presentation)
    return scope.names
