"""Expressions: columns, values and what is computed of them.

In: an `Expr` and the scope it speaks of. Out: a `Term`. A path over to-one hops is a scalar subquery (NULL where no
row is, or where a guard hides it), so that it never multiplies rows.
"""

from dataclasses import dataclass, replace

from sql.backend import Term
from sql.builder import filters
from sql.builder.kit import Kit, Scope
from sql.builder.values import parameter
from sql.errors import Unsupported
from sql.expressions import (
    TRUE,
    ActorValue,
    Cast,
    Const,
    DatePart,
    Expr,
    Filter,
    Hop,
    JsonKind,
    JsonLength,
    JsonPath,
    Masked,
    Now,
    Path,
    Relevance,
    Slot,
    Value,
)
from sql.fragment import Fragment, join, sql
from sql.operators import SCALARS, TEXTUAL
from sql.types import CITEXT, INTEGER, TEXT


def term(kit: Kit, scope: Scope, expr: Expr) -> Term:
    """Print an expression. Raises Unsupported."""
    match expr:
        case Path(column=column, hops=()):
            return kit.backend.column(scope.alias, scope.resource.column(column))
        case Path():
            return _scalar(kit, scope, expr)
        case Slot() | Const() | ActorValue() | Now():
            return kit.backend.parameter(parameter(expr))
        case Cast(expr=inner, type=type):
            return kit.backend.cast(term(kit, scope, inner), type)
        case DatePart(part=part, expr=inner):
            return kit.backend.date_part(part, term(kit, scope, inner))
        case JsonPath(expr=inner, keys=keys):
            return kit.backend.json_path(term(kit, scope, inner), parameter(keys))
        case JsonLength(expr=inner):
            return kit.backend.json_length(term(kit, scope, inner))
        case JsonKind(expr=inner):
            return kit.backend.json_kind(term(kit, scope, inner))
        case Relevance(columns=columns, term=sought):
            return _relevance(kit, scope, columns, sought)
        case Masked():
            raise Unsupported("Hashes are shown, and nothing is computed of them")


def textual(kit: Kit, scope: Scope, path: Path) -> Term:
    """A column as text, for searches. Only scalars have one. Raises Unsupported."""
    found = term(kit, scope, path)
    if found.type.family in TEXTUAL:
        return found
    if found.type.family not in SCALARS:
        raise Unsupported(f"{path.column!r} cannot be searched")
    return kit.backend.cast(found, TEXT)


@dataclass(frozen=True)
class Reach:
    """The way over hops: tables in a FROM, the conditions of the way, and the scope where it ends."""

    tables: Fragment
    where: tuple[Fragment, ...]
    end: Scope


def reach(kit: Kit, scope: Scope, hops: tuple[Hop, ...]) -> Reach:
    """Follow to-one relations from the scope, guards applied. There is at least one hop. Raises Unsupported."""
    here, tables, where = scope, Fragment(""), []
    for hop in hops:
        relation = here.resource.relation(hop.relation)
        if relation.kind != "to_one" or relation.through is not None:
            raise Unsupported(f"{hop.relation!r} leads to many rows")
        there = kit.target(here, relation)
        link = kit.follow(here, there, relation)
        if here is scope:
            tables, where = kit.source(there), [link]
        else:
            tables = sql("{} JOIN {} ON {}", tables, kit.source(there), link)
        where.extend(_guard(kit, there, hop.guard))
        here = there
    return Reach(tables, tuple(where), here)


def _guard(kit: Kit, scope: Scope, guard: Filter) -> list[Fragment]:
    return [] if guard == TRUE else [filters.conjunct(kit, scope, guard)]


def _scalar(kit: Kit, scope: Scope, path: Path) -> Term:
    way = reach(kit, scope, path.hops)
    found = term(kit, way.end, replace(path, hops=()))
    where = join(" AND ", way.where)
    text = sql("(SELECT {} FROM {} WHERE {} LIMIT 1)", found.sql, way.tables, where)
    return replace(found, sql=text, nullable=True)


def _relevance(kit: Kit, scope: Scope, columns: tuple[Path, ...], sought: Value) -> Term:
    """Equality as citext compares is equality of folded texts."""
    bound, scores = parameter(sought), []
    for path in columns:
        found = textual(kit, scope, path)
        equal = kit.backend.compare("eq", replace(found, type=CITEXT, native=""), (replace(bound, type=CITEXT),))
        begins = kit.backend.compare("istarts_with", found, (bound,))
        holds = kit.backend.compare("icontains", found, (bound,))
        scores.append(sql("CASE WHEN {} THEN 4 WHEN {} THEN 2 WHEN {} THEN 1 ELSE 0 END", equal, begins, holds))
    # A bare 0 in an ORDER BY would be the number of a column.
    total = sql("({})", join(" + ", scores)) if scores else sql("(0 + 0)")
    return Term(total, INTEGER, nullable=False)
