"""A new record and the records within it, as one list of inserts.

In: an object of a body in which relations hold objects. Out: `Creation`. What a foreign key of the record points to is
made before it, what points to it afterwards; keys that are not known yet are `Ref`s. Each insert is authorised on its
own, and `at` says where in the body it stood. One walk over the body; its depth, the relations in it and its records
are bounded by the limits of reads and of lists.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from crud.dialects.xond.parsing import parse_wanted
from crud.wire.bodies import bad_body, row_of
from crud.wire.grammar import Grammar
from crud.wire.params import Reader
from crud.wire.target import Target
from crud.wire.wanted import Wanted, parts, unnamed
from sql.catalog import Relation, Resource
from sql.commands import Insert, Ref
from sql.query import Query

Row = dict[str, object]


@dataclass(frozen=True)
class Creation:
    """Inserts in the order in which they must be made; `root` is the number of the record itself."""

    commands: tuple[Insert, ...]
    root: int


def parse_create(
    at: Grammar, resource: Resource, data: Row, *, query: Reader, targets: Callable[[Resource], Target]
) -> Creation:
    """The inserts of a body. The answer shows the relations that were created along with the record."""
    wanted = parse_wanted(at, resource, query)
    query.finish()
    nest = _Nest(at, targets)
    root = nest.place(resource, data, _Spot(wanted))
    select, include = parts(at.scope, wanted)
    nest.commands[root] = replace(nest.commands[root], shown=Query(resource.name, select, include=include))
    return Creation(tuple(nest.commands), root)


@dataclass(frozen=True)
class _Spot:
    """A place in the body: what the answer shows of it, its path, and the columns that follow from where it is."""

    wanted: Wanted
    at: str = ""
    relations: tuple[str, ...] = ()
    given: Row = field(default_factory=dict)


@dataclass
class _Nest:
    """The walk: `commands` so far, the `met` paths of relations."""

    grammar: Grammar
    targets: Callable[[Resource], Target]
    commands: list[Insert] = field(default_factory=list)
    met: set[tuple[str, ...]] = field(default_factory=set)

    def place(self, resource: Resource, data: object, spot: _Spot) -> int:
        """Add the inserts of one object. The number of its own."""
        target = self.targets(resource)
        parsed = row_of(target.view, target.settable, data, drop_unknown=False, at=spot.at, relations=True)
        row, after = dict(parsed.row), []
        _put(target, row, spot.given, spot.at)
        for relation, raw in parsed.nested.values():
            if not self._points(resource, relation):
                after.append((relation, raw))
            elif raw is not None:
                self._before(target, row, relation, raw=raw, spot=spot)
        number = self._add(Insert(resource.name, (row,), at=spot.at))
        for relation, raw in after:
            self._after(number, target, relation, raw=raw, spot=spot)
        return number

    def _add(self, command: Insert) -> int:
        most = self.grammar.limits.list_items
        if len(self.commands) >= most:
            raise bad_body(f"more than {most} records in one request")
        self.commands.append(command)
        return len(self.commands) - 1

    def _points(self, resource: Resource, relation: Relation) -> bool:
        """Whether the foreign key of a relation is on this side."""
        there = self.grammar.scope.catalog.target(relation)
        turned = {(here, far) for far, here in relation.columns}
        back = any(link.target == resource.name and set(link.columns) == turned for link in there.references)
        return relation.kind == "to_one" and relation.through is None and not back

    def _before(self, target: Target, row: Row, relation: Relation, *, raw: object, spot: _Spot) -> None:
        """The record that the foreign key points to."""
        inner = self._inner(target, relation, spot)
        there = self.grammar.scope.catalog.target(relation)
        number = self.place(there, raw, replace(inner, given=dict(relation.only_there)))
        given = {here: self._value(number, there, inner.at) for here, there in relation.columns} | dict(relation.only)
        _put(target, row, given, inner.at)

    def _after(self, number: int, target: Target, relation: Relation, *, raw: object, spot: _Spot) -> None:
        """The records that point here, directly or by rows of a junction table."""
        inner = self._inner(target, relation, spot)
        if relation.kind == "to_one":
            raw = [] if raw is None else [raw]
        if not isinstance(raw, list):
            raise bad_body("expected a list of objects", inner.at)
        for index, item in enumerate(raw):
            one = replace(inner, at=inner.at if relation.kind == "to_one" else f"{inner.at}[{index}]")
            self._child(number, relation, item, one)

    def _child(self, number: int, relation: Relation, item: object, spot: _Spot) -> None:
        catalog = self.grammar.scope.catalog
        there = catalog.target(relation)
        if relation.through is None:
            given = {far: self._value(number, here, spot.at) for here, far in relation.columns}
            self.place(there, item, replace(spot, given=given | dict(relation.only_there)))
            return
        linked = self.place(there, item, spot)
        near = {link: self._value(number, here, spot.at) for here, link in relation.through.near}
        far = {link: self._value(linked, column, spot.at) for link, column in relation.through.far}
        row = {**near, **far, **dict(relation.through.only)}
        self._add(Insert(relation.through.resource, (row,), at=spot.at))

    def _inner(self, target: Target, relation: Relation, spot: _Spot) -> _Spot:
        """One relation further down, within the limits."""
        limits, path = self.grammar.limits, (*spot.relations, relation.name)
        self.met.add(path)
        name = target.view.shown(relation.name)
        at = f"{spot.at}.{name}" if spot.at else name
        if len(path) > limits.include_depth:
            raise bad_body(f"more than {limits.include_depth} relations deep", at)
        if len(self.met) > limits.include_nodes:
            raise bad_body(f"more than {limits.include_nodes} relations in one request", at)
        return _Spot(unnamed(self.grammar.scope, spot.wanted, relation), at, path)

    def _value(self, number: int, column: str, at: str) -> object:
        """What a foreign key to a new row holds: a key is known once the row is made, anything else must be given."""
        command = self.commands[number]
        resource = self.grammar.scope.catalog.resource(command.resource)
        if column in resource.key:
            return Ref(number, column)
        if column in command.rows[0]:
            return command.rows[0][column]
        shown = self.grammar.names.view(resource).shown(column)
        raise bad_body(f"{shown} of the record that it is linked to must be given", at)


def _put(target: Target, row: Row, given: Row, at: str) -> None:
    """Add the columns that follow from where an object stands; the body must not say them as well."""
    for name in given:
        if name in row:
            raise bad_body(f"{target.view.shown(name)} follows from where the record stands", at)
    row.update(given)
