"""What an answer holds: `fields`, and `relConditions`, which narrow the related rows in it.

In: `fields=["*","author.name"]`, repeated or a comma list, with `*`, `rel.*`, `rel.**`, `*.*`;
`relConditions={"comments": {"approved": true}}`. Out: `Wanted`.
"""

from crud.conditions import parse
from crud.definitions.config import Limits
from crud.errors import bad_parameter, unknown_field
from crud.params import Reader, Scope, comma_list, json_value
from crud.presentation import Presentation
from crud.wanted import Child, Wanted, add, step
from sql.catalog import Relation, Resource
from sql.query import TRUE, Filter, Origin, Query, both


def read_fields(wide: Scope, seen: Scope, resource: Resource, reader: Reader, *, limits: Limits) -> Wanted:
    """The wanted of a request."""
    wanted = Wanted(resource)
    for text in field_names(reader.take_all("fields")) or ["*"]:
        if "." in text and set(text) == {"*", "."}:
            _every_level(wide, wanted, text.split("."))
        else:
            _named(wide, seen, wanted, text, limits=limits)
    narrowing = reader.take("relConditions")
    if narrowing is not None:
        _narrow(seen, wanted, json_value(narrowing, "relConditions"), path=())
    return wanted


def field_names(texts: list[str]) -> list[str]:
    """The names in all `fields` of a request."""
    names: list[object] = []
    for text in texts:
        read = json_value(text, "fields") if text.lstrip().startswith("[") else comma_list(text)
        names += read if isinstance(read, list) else [read]
    if not all(isinstance(name, str) and name for name in names):
        raise bad_parameter("fields", "expected a list of names")
    return [str(name) for name in names]


def _named(wide: Scope, seen: Scope, wanted: Wanted, text: str, *, limits: Limits) -> None:
    steps = text.count(".")
    if steps > limits.include_depth:
        raise bad_parameter("fields", f"{steps} levels deep, at most {limits.include_depth} are allowed")
    _require(seen, wanted.resource, text)
    if not text.endswith("**"):
        add(wide, wanted, text, "fields", depth=0)
        return
    *relations, _ = text.split(".")
    for written in relations:
        wanted = step(wide, wanted, written, Origin(text, "fields"))
    _everything(wide, seen, wanted, depth=limits.include_depth - steps, nodes=limits.include_nodes - steps)


def _everything(wide: Scope, seen: Scope, wanted: Wanted, *, depth: int, nodes: int) -> None:
    """All columns and, level by level, all relations that may be followed, never back to a resource on the own path.

    It ends at the depth, or before the level that would be too much: paths grow in number exponentially.
    """
    wanted.star = True
    level: list[tuple[Wanted, tuple[str, ...]]] = [(wanted, (wanted.resource.name,))]
    for _ in range(depth):
        following = [(parent, path, way) for parent, path in level for way in _ways(wide, seen, parent.resource, path)]
        nodes -= len(following)
        if nodes < 0:
            return
        level = [(_child(wide, parent, *way), (*path, way[1].target)) for parent, path, way in following]


def _ways(wide: Scope, seen: Scope, resource: Resource, path: tuple[str, ...]) -> list[tuple[str, Relation]]:
    assert isinstance(wide.names, Presentation)
    view, sight = wide.names.view(resource), seen.names.view(resource)
    return [(n, way) for n, way in view.relations.items() if way.target not in path and sight.relation(n)]


def _child(wide: Scope, parent: Wanted, shown: str, relation: Relation) -> Wanted:
    """The wanted of a relation that nobody named."""
    child = parent.children.setdefault(shown, Child(relation, Wanted(wide.catalog.target(relation)), None))
    child.wanted.star = True
    return child.wanted


def _require(seen: Scope, resource: Resource, text: str) -> None:
    """Refuse a name that the caller may not see, also where another name has its relation in the answer already."""
    *steps, last = text.split(".")
    for written in steps:
        relation = seen.names.view(resource).relation(written)
        if relation is None:
            raise unknown_field(Origin(text, "fields"))
        resource = seen.catalog.target(relation)
    view = seen.names.view(resource)
    if last not in ("*", "**") and view.column(last) is None and view.relation(last) is None:
        raise unknown_field(Origin(text, "fields"))


def _every_level(wide: Scope, wanted: Wanted, stars: list[str]) -> None:
    """`*.*` and deeper: all columns of a level, and all relations down to the last."""
    if not all(star == "*" for star in stars) or len(stars) > 3:
        raise bad_parameter("fields", "expected *, *.* or *.*.*")
    wanted.star = True
    if len(stars) == 1:
        return
    assert isinstance(wide.names, Presentation)
    for shown, relation in wide.names.view(wanted.resource).relations.items():
        _every_level(wide, _child(wide, wanted, shown, relation), stars[1:])


def _narrow(seen: Scope, wanted: Wanted, tree: object, *, path: tuple[str, ...]) -> None:
    """Conditions on the loaded relations. One that is not loaded is answered as an unknown one."""
    if not isinstance(tree, dict):
        raise bad_parameter("relConditions", "expected an object of relations and their conditions")
    for written, conditions in tree.items():
        head, *rest = written.split(".")
        child = wanted.children.get(head)
        if child is None or seen.names.view(wanted.resource).relation(head) is None:
            raise unknown_field(Origin(".".join((*path, head)), "relConditions"))
        if rest:
            _narrow(seen, child.wanted, {".".join(rest): conditions}, path=(*path, head))
        else:
            _narrow_child(seen, child.wanted, conditions, path=(*path, head))


def _narrow_child(seen: Scope, wanted: Wanted, tree: object, *, path: tuple[str, ...]) -> None:
    if not isinstance(tree, dict):
        raise bad_parameter("relConditions", f"the conditions of {path[-1]!r} are an object")
    deeper = {key: value for key, value in tree.items() if key in wanted.children and isinstance(value, dict)}
    _narrow(seen, wanted, deeper, path=path)
    own = {key: value for key, value in tree.items() if key not in deeper}
    where = parse(seen, wanted.resource, own, parameter="relConditions") if own else TRUE
    wanted.query = Query(wanted.resource.name, where=both(_where(wanted), where))


def _where(wanted: Wanted) -> Filter:
    return wanted.query.where if wanted.query else TRUE
