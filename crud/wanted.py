"""What an answer shall contain: fields and relations collected from the parameters of a dialect into one tree.

In: dotted names like `title`, `author.name`, `author.*`, `author.**`. Out: the `select` and `include` of a `Query`.
Used by every dialect that lets callers choose fields or embed relations; what a plain relation name means is the dialect's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from crud.errors import unknown_field
from crud.params import Scope
from crud.presentation import Presentation
from sql.catalog import Relation, Resource
from sql.query import Include, Origin, Path, Query, Select


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


def add(scope: Scope, wanted: Wanted, text: str, parameter: str, *, depth: int) -> None:
    """Add a dotted name. A name that ends in a relation wants all of its columns; `**` all relations, `depth` deep."""
    origin = Origin(text, parameter)
    *steps, last = text.split(".")
    for written in steps:
        wanted = step(scope, wanted, written, origin)
    match last:
        case "*":
            wanted.star = True
        case "**":
            everything(scope, wanted, depth=depth - len(steps), path=(wanted.resource.name,))
        case _:
            _last(scope, wanted, last, origin)


def step(scope: Scope, wanted: Wanted, written: str, origin: Origin) -> Wanted:
    """The wanted of a relation, added where it is not there yet."""
    relation = scope.names.view(wanted.resource).relation(written)
    if relation is None:
        raise unknown_field(origin)
    shown = _presentation(scope).view(wanted.resource).shown(relation.name)
    if shown not in wanted.children:
        wanted.children[shown] = Child(relation, Wanted(scope.catalog.target(relation)), origin)
    return wanted.children[shown].wanted


def _last(scope: Scope, wanted: Wanted, written: str, origin: Origin) -> None:
    view = _presentation(scope).view(wanted.resource)
    column = view.column(written)
    if column is None:
        step(scope, wanted, written, origin).star = True
        return
    alias = view.shown(column.name)
    wanted.columns[alias] = Select(Path(column.name, origin=origin), alias, view.form(column))


def everything(scope: Scope, wanted: Wanted, *, depth: int, path: tuple[str, ...]) -> None:
    """All columns and all relations, `depth` deep, never back to a resource on the own path."""
    wanted.star = True
    if depth <= 0:
        return
    for shown, relation in _presentation(scope).view(wanted.resource).relations.items():
        if relation.target not in path:
            child = wanted.children.setdefault(shown, Child(relation, Wanted(scope.catalog.target(relation)), None))
            everything(scope, child.wanted, depth=depth - 1, path=(*path, relation.target))


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


def of_all(resource: Resource, texts: Iterable[str], scope: Scope, *, parameter: str, depth: int) -> Wanted:
    """All columns of a resource and the named relations."""
    wanted = Wanted(resource, star=True)
    for text in texts:
        add(scope, wanted, text, parameter, depth=depth)
    return wanted


def _presentation(scope: Scope) -> Presentation:
    assert isinstance(scope.names, Presentation)
    return scope.names
