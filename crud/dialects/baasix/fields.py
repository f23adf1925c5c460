"""What an answer holds: `fields`, and `relConditions`, which narrow the related rows in it.

In: `fields=["*","author.name"]`, repeated or a comma list, with `*`, `rel.*`, `rel.**`, `*.*`;
`relConditions={"comments": {"approved": true}}`. Out: `Wanted`.
"""

from crud.conditions import parse
from crud.errors import bad_parameter, unknown_field
from crud.params import Reader, Scope, comma_list, json_value
from crud.presentation import Presentation
from crud.wanted import Child, Wanted, add
from sql.catalog import Resource
from sql.query import TRUE, Filter, Origin, Query, both


def read_fields(wide: Scope, seen: Scope, resource: Resource, reader: Reader, *, depth: int) -> Wanted:
    """The wanted of a request."""
    wanted = Wanted(resource)
    for text in field_names(reader.take_all("fields")) or ["*"]:
        if "." in text and set(text) == {"*", "."}:
            _every_level(wide, wanted, text.split("."))
        else:
            _named(wide, seen, wanted, text, depth=depth)
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


def _named(wide: Scope, seen: Scope, wanted: Wanted, text: str, *, depth: int) -> None:
    steps = text.count(".")
    if steps > depth:
        raise bad_parameter("fields", f"{steps} levels deep, at most {depth} are allowed")
    _require(seen, wanted.resource, text)
    add(wide, wanted, text, "fields", depth=depth)


def _require(seen: Scope, resource: Resource, text: str) -> None:
    """Refuse a name that the caller may not see, also where another name has its relation in the answer already."""
    *steps, last = text.split(".")
    for step in steps:
        relation = seen.names.view(resource).relation(step)
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
        child = wanted.children.setdefault(shown, Child(relation, Wanted(wide.catalog.target(relation)), None))
        _every_level(wide, child.wanted, stars[1:])


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
