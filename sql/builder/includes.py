"""What stands in a row: selected values, joined parents, lists of children.

In: a query, its scope and a `Draft` of its statement. Out: entries for the row builder; the draft gathers columns,
joins and children. A to-one include is a LEFT JOIN of the same statement, a to-many include a statement of its own,
narrowed to the parents' keys by one parameter; so is any include that leads into another database.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sql.builder import carrying, expressions, filters
from sql.builder.kit import Kit, Scope
from sql.catalog import Relation
from sql.compiled import Child, Compiled
from sql.errors import Unsupported
from sql.expressions import TRUE, Masked, Path
from sql.fragment import Fragment, join, sql
from sql.masking import mask_of
from sql.query import Include, Query, Select
from sql.rows import Entry, Many, Object, One, Value, epoch_ms

MAX_JOINS = 32
CompileChild = Callable[[Kit, Scope, Relation, Query], Compiled]


@dataclass
class Draft:
    """A statement in the making: columns are added once, wherever they are used."""

    kit: Kit
    compile_child: CompileChild
    columns: list[Fragment] = field(default_factory=list)
    joins: list[Fragment] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)

    def add(self, column: Fragment) -> int:
        """The index of the column, new or known."""
        if not column.params and column in self.columns:
            return self.columns.index(column)
        self.columns.append(column)
        return len(self.columns) - 1


def entries(draft: Draft, scope: Scope, query: Query) -> tuple[Entry, ...]:
    """The values of a row and then its includes, in the order in which they are asked."""
    values = [_value(draft, scope, select) for select in query.select]
    return (*values, *(_include(draft, scope, include) for include in query.include))


def _value(draft: Draft, scope: Scope, select: Select) -> Value:
    if isinstance(select.expr, Masked):
        return _masked(draft, scope, select, select.expr.expr)
    shown = draft.kit.backend.shown(expressions.term(draft.kit, scope, select.expr))
    index, decode = draft.add(shown.sql), shown.decode
    if select.form == "epoch_ms":
        return Value(select.alias, index, epoch_ms if decode is None else lambda raw: epoch_ms(decode(raw)))
    return Value(select.alias, index, decode)


def _masked(draft: Draft, scope: Scope, select: Select, path: Path) -> Value:
    """The hash is made of what would be shown, so that it is the same whichever database has the value."""
    shown = draft.kit.backend.shown(expressions.term(draft.kit, scope, path))
    mask, decode = mask_of(draft.kit.mask), shown.decode
    index = draft.add(shown.sql)
    return Value(select.alias, index, mask if decode is None else lambda raw: mask(decode(raw)))


def _include(draft: Draft, scope: Scope, include: Include) -> Entry:
    relation = scope.resource.relation(include.relation)
    if include.query.group or include.query.aggregates:
        raise Unsupported("Groups cannot be included")
    if draft.kit.beyond(scope, relation):
        return _across(draft, scope, include)
    return (_object if relation.kind == "to_one" else _list)(draft, scope, include)


def _object(draft: Draft, scope: Scope, include: Include) -> Object:
    kit, relation = draft.kit, scope.resource.relation(include.relation)
    target = kit.target(scope, relation)
    on = kit.follow(scope, target, relation)
    if include.query.where != TRUE:
        on = sql("{} AND {}", on, filters.conjunct(kit, target, include.query.where))
    draft.joins.append(sql(" LEFT JOIN {} ON {}", kit.source(target), on))
    if len(draft.joins) > MAX_JOINS:
        raise Unsupported(f"More than {MAX_JOINS} joined relations")
    present = draft.add(kit.name(target, relation.columns[0][1]))
    return Object(include.alias, present, entries(draft, target, include.query))


def _key(kit: Kit, scope: Scope, relation: Relation) -> list[Fragment]:
    """What the children are found by: NULL, which finds none, where this side does not have the values it must have."""
    return _said(kit, scope, relation, [kit.name(scope, column) for column in relation.near])


def _said(kit: Kit, scope: Scope, relation: Relation, names: list[Fragment]) -> list[Fragment]:
    if not relation.only:
        return names
    said = join(" AND ", kit.only(scope, relation.only))
    return [sql("CASE WHEN {} THEN {} END", said, name) for name in names]


def _list(draft: Draft, scope: Scope, include: Include) -> Many:
    kit, relation = draft.kit, scope.resource.relation(include.relation)
    key = tuple(draft.add(column) for column in _key(kit, scope, relation))
    number = len(draft.children)
    draft.children.append(Child(draft.compile_child(kit, scope, relation, include.query), key))
    return Many(include.alias, number, key)


def _across(draft: Draft, scope: Scope, include: Include) -> One | Many:
    """Rows of another database: the keys are shown, as an answer would show them, and carried over."""
    kit, relation = draft.kit, scope.resource.relation(include.relation)
    shown = carrying.shown(kit, scope, relation)
    key = tuple(draft.add(column) for column in _said(kit, scope, relation, [each.sql for each in shown]))
    number, compiled = len(draft.children), draft.compile_child(kit, scope, relation, include.query)
    draft.children.append(Child(compiled, key, carrying.carrier(kit, scope, relation, shown)))
    return (One if relation.kind == "to_one" else Many)(include.alias, number, key)
