"""What an answer holds: `fields`, and `relConditions`, which narrow the related rows in it.

In: `fields=["*","author.name"]`, repeated or a comma list, with `*`, `rel.*`, `rel.**`, `*.*`;
`relConditions={"comments": {"approved": true}}`. Out: `Wanted`.
"""

from crud.definitions.settings import Limits
from crud.errors import bad_parameter, unknown_field
from crud.wire.conditions import parse
from crud.wire.params import Reader, comma_list, json_value
from crud.wire.paths import Scope
from crud.wire.wanted import Wanted, add, unnamed
from sql.catalog import Resource
from sql.expressions import TRUE, Filter, Origin, both
from sql.query import Query


def read_fields(scope: Scope, resource: Resource, reader: Reader, *, limits: Limits) -> Wanted:
    """The wanted of a read."""
    wanted = read_names(scope, resource, reader, limits=limits)
    narrowing = reader.take("relConditions")
    if narrowing is not None:
        _narrow(scope, wanted, json_value(narrowing, "relConditions"), path=())
    return wanted


def read_names(scope: Scope, resource: Resource, reader: Reader, *, limits: Limits) -> Wanted:
    """The wanted that `fields` name."""
    wanted = Wanted(resource)
    for text in field_names(reader.take_all("fields")) or ["*"]:
        if "." in text and set(text) == {"*", "."}:
            _every_level(scope, wanted, text.split("."))
        else:
            _named(scope, wanted, text, limits=limits)
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


def _named(scope: Scope, wanted: Wanted, text: str, *, limits: Limits) -> None:
    steps = text.count(".")
    if steps > limits.include_depth:
        raise bad_parameter("fields", f"{steps} levels deep, at most {limits.include_depth} are allowed")
    add(scope, wanted, text, "fields", depth=limits.include_depth, nodes=limits.include_nodes - steps)


def _every_level(scope: Scope, wanted: Wanted, stars: list[str]) -> None:
    """`*.*` and deeper: all columns of a level, and all relations down to the last."""
    if not all(star == "*" for star in stars) or len(stars) > 3:
        raise bad_parameter("fields", "expected *, *.* or *.*.*")
    wanted.star = True
    if len(stars) == 1:
        return
    for relation in scope.names.view(wanted.resource).relations.values():
        _every_level(scope, unnamed(scope, wanted, relation), stars[1:])


def _narrow(scope: Scope, wanted: Wanted, tree: object, *, path: tuple[str, ...]) -> None:
    """Conditions on the loaded relations. One that is not loaded is answered as an unknown one."""
    if not isinstance(tree, dict):
        raise bad_parameter("relConditions", "expected an object of relations and their conditions")
    for written, conditions in tree.items():
        head, *rest = written.split(".")
        child = wanted.children.get(head)
        if child is None or scope.names.view(wanted.resource).relation(head) is None:
            raise unknown_field(Origin(".".join((*path, head)), "relConditions"))
        if rest:
            _narrow(scope, child.wanted, {".".join(rest): conditions}, path=(*path, head))
        else:
            _narrow_child(scope, child.wanted, conditions, path=(*path, head))


def _narrow_child(scope: Scope, wanted: Wanted, tree: object, *, path: tuple[str, ...]) -> None:
    if not isinstance(tree, dict):
        raise bad_parameter("relConditions", f"the conditions of {path[-1]!r} are an object")
    deeper = {key: value for key, value in tree.items() if key in wanted.children and isinstance(value, dict)}
    _narrow(scope, wanted, deeper, path=path)
    own = {key: value for key, value in tree.items() if key not in deeper}
    where = parse(scope, wanted.resource, own, parameter="relConditions") if own else TRUE
    wanted.query = Query(wanted.resource.name, where=both(_where(wanted), where))


def _where(wanted: Wanted) -> Filter:
    return wanted.query.where if wanted.query else TRUE
