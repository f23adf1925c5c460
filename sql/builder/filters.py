"""Conditions.

In: a `Filter` and the scope it speaks of. Out: a fragment that is true, false or unknown.
A comparison over to-one hops and a `Some` are EXISTS: two-valued, and they never multiply rows.
"""

from dataclasses import replace

from sql.backend import Operand
from sql.builder import expressions
from sql.builder.kit import Kit, Scope
from sql.builder.values import parameter
from sql.catalog import Relation
from sql.errors import Unsupported
from sql.expressions import (
    TRUE,
    ActorValue,
    And,
    Cast,
    Compare,
    Const,
    DatePart,
    Expr,
    Filter,
    Hop,
    JsonKind,
    JsonLength,
    JsonPath,
    Not,
    Now,
    Or,
    Path,
    Search,
    Slot,
    Some,
)
from sql.fragment import Fragment, join, sql
from sql.operators import OPERATORS

# The database says that NULL IN () is false: turned round it would let NULLs through.
_TURNED = {"in": "not_in", "not_in": "in", "json_in": "json_not_in", "json_not_in": "json_in"}


def condition(kit: Kit, scope: Scope, filter: Filter) -> Fragment:
    """Print a filter."""
    match inward(filter):
        case And(terms=()):
            return sql("TRUE")
        case Or(terms=()):
            return sql("FALSE")
        case And(terms=terms):
            return join(" AND ", [conjunct(kit, scope, term) for term in terms])
        case Or(terms=terms):
            return join(" OR ", [condition(kit, scope, term) for term in terms])
        case Not(term=Compare() as compare) if compare.op in _TURNED and not hops_of(compare.left):
            return _compare(kit, scope, replace(compare, op=_TURNED[compare.op]))
        case Not(term=term):
            return sql("NOT ({})", condition(kit, scope, term))
        case Compare() as compare:
            return _compare(kit, scope, compare)
        case Some() as some:
            return _some(kit, scope, some)
        case Search() as search:
            return _search(kit, scope, search)


def inward(filter: Filter) -> Filter:
    """NOT of a list as the list of NOTs: only a comparison is turned round, where `_TURNED` sees it."""
    match filter:
        case Not(term=Not(term=term)):
            return inward(term)
        case Not(term=And(terms=terms)):
            return Or(tuple(Not(term) for term in terms))
        case Not(term=Or(terms=terms)):
            return And(tuple(Not(term) for term in terms))
    return filter


def where(kit: Kit, scope: Scope, filter: Filter) -> Fragment:
    """` WHERE …`, or nothing where the filter is true."""
    return Fragment("") if filter == TRUE else sql(" WHERE {}", condition(kit, scope, filter))


def conjunct(kit: Kit, scope: Scope, term: Filter) -> Fragment:
    """AND binds closer than OR. No other parentheses: SQLite's parser is only so deep."""
    printed = condition(kit, scope, term)
    turned = inward(term)
    return sql("({})", printed) if isinstance(turned, Or) and turned.terms else printed


def _compare(kit: Kit, scope: Scope, compare: Compare) -> Fragment:
    _check(compare)
    right = tuple(_operand(kit, scope, expr) for expr in compare.right)
    hops = hops_of(compare.left)
    if not hops:
        return kit.backend.compare(compare.op, expressions.term(kit, scope, compare.left), right)
    way = expressions.reach(kit, scope, hops)
    left = expressions.term(kit, way.end, _without_hops(compare.left))
    held = kit.backend.compare(compare.op, left, right)
    return sql("EXISTS (SELECT 1 FROM {} WHERE {})", way.tables, join(" AND ", [*way.where, held]))


def _check(compare: Compare) -> None:
    operator = OPERATORS.get(compare.op)
    if operator is None:
        raise Unsupported(f"No operator {compare.op!r}")
    if len(compare.right) != {"none": 0, "one": 1, "many": 1, "two": 2}[operator.operands]:
        raise Unsupported(f"{compare.op!r} does not take {len(compare.right)} operands")


def _operand(kit: Kit, scope: Scope, expr: Expr) -> Operand:
    if isinstance(expr, Slot | Const | ActorValue | Now):
        return parameter(expr)
    return expressions.term(kit, scope, expr)


def hops_of(expr: Expr) -> tuple[Hop, ...]:
    """The hops of the one column that an expression is made of."""
    match expr:
        case Path(hops=hops):
            return hops
        case Cast(expr=inner) | DatePart(expr=inner) | JsonPath(expr=inner):
            return hops_of(inner)
        case JsonLength(expr=inner) | JsonKind(expr=inner):
            return hops_of(inner)
    return ()


def _without_hops(expr: Expr) -> Expr:
    match expr:
        case Path():
            return replace(expr, hops=())
        case Cast() | DatePart() | JsonPath() | JsonLength() | JsonKind():
            return replace(expr, expr=_without_hops(expr.expr))
    return expr


def _some(kit: Kit, scope: Scope, some: Some) -> Fragment:
    """One EXISTS over the hops, the junction and the related table."""
    way = expressions.reach(kit, scope, some.hops) if some.hops else None
    near = way.end if way else scope
    relation = near.resource.relation(some.relation)
    child = kit.target(near, relation)
    tables, links = _related(kit, near, child, relation)
    terms = [conjunct(kit, child, term) for term in (some.guard, some.where) if term != TRUE]
    if way is None:
        return sql("EXISTS (SELECT 1 FROM {} WHERE {})", tables, join(" AND ", [links, *terms]))
    where = join(" AND ", [*way.where, links, *terms])
    return sql("EXISTS (SELECT 1 FROM {}, {} WHERE {})", way.tables, tables, where)


def _related(kit: Kit, near: Scope, far: Scope, relation: Relation) -> tuple[Fragment, Fragment]:
    """The tables behind a relation, and what ties them to this side."""
    if relation.through is None:
        return kit.source(far), kit.follow(near, far, relation)
    through = relation.through
    junction = kit.scope(kit.catalog.resource(through.resource))
    joined = kit.link(junction, far, through.far)
    tables = sql("{} JOIN {} ON {}", kit.table(through.table, junction.alias), kit.source(far), joined)
    return tables, join(" AND ", [kit.link(near, junction, through.near), *kit.only(junction, through.only)])


def _search(kit: Kit, scope: Scope, search: Search) -> Fragment:
    """A column over hops is searched in its scalar subquery: a hidden parent is NULL and does not match."""
    if not search.columns:
        return sql("FALSE")
    bound = parameter(search.term)
    found = [expressions.textual(kit, scope, path) for path in search.columns]
    return sql("({})", join(" OR ", [kit.backend.compare("icontains", term, (bound,)) for term in found]))
