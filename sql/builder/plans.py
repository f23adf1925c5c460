"""Plans: a common table expression for each stage, and what is asked of the last one as the query around them.

In: a kit and an authorised plan. Out: the expressions before the statement (`prelude`), and a kit whose catalog has the
stages as resources, so that every other room reads them as tables. Stages that need several databases are printed for
one that has the rows of the others already (`crud.plans.beside`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import LiteralString

from sql.backend import DIGITS, Parameter, Term
from sql.builder import expressions, filters, orders
from sql.builder.kit import Kit, Scope
from sql.builder.values import parameter
from sql.catalog import Catalog, Column, Resource
from sql.errors import Unsupported
from sql.expressions import Expr, Masked, Path
from sql.fragment import Fragment, ident, join, sql
from sql.query import Aggregate, Joined, Limited, Page, Part, Plan, Query, Rows, Select, Sort, Stage, Union, Unique
from sql.stages import columns_of, entities, is_stage, resource_of
from sql.types import BIGINT, CITEXT, Type

JOINS: Mapping[str, LiteralString] = {
    "inner": "JOIN",
    "left": "LEFT JOIN",
    "right": "RIGHT JOIN",
    "full-outer": "FULL JOIN",
    "cross": "CROSS JOIN",
}
_NUMBER = Fragment("_dragoman_n")


@dataclass(frozen=True)
class Printed:
    """A stage: its text, and its columns as this database has them."""

    text: Fragment
    columns: Mapping[str, Column]


def prelude(kit: Kit, name: str, plan: Plan, staged: Mapping[str, Resource] | None = None) -> tuple[Kit, Fragment]:
    """The kit in which the resource of this name is the last stage of the plan, and what stands before the statement.
    `staged`: stages that are tables already."""
    made: dict[str, Resource] = dict(staged or {})
    within = replace(kit, catalog=kit.catalog.extended(made))
    texts = []
    for stage in plan.stages:
        if stage.name not in made:
            printed = _printed(within, stage)
            texts.append(sql("{} AS ({})", ident(kit.backend, stage.name), printed.text))
            made[stage.name] = resource_of(stage.name, printed.columns)
    last, asked = made[plan.stages[-1].name], kit.catalog.resource(name)
    made[name] = replace(last, name=name, order=plan.order, source=asked.source)
    return within, sql("WITH {} ", join(", ", texts)) if texts else Fragment("")


def sources_of(plan: Plan, catalog: Catalog) -> frozenset[str]:
    """The sources from which a plan reads."""
    return frozenset(catalog.resource(name).source for name in entities(plan))


def _printed(kit: Kit, stage: Stage) -> Printed:
    body = stage.body
    known = columns_of(body, kit.catalog)
    match body:
        case Query() if body.group or body.aggregates:
            return _finished(kit, known, *_groups(kit, body))
        case Query():
            return _finished(kit, known, *_rows(kit, body))
        case Joined():
            return _finished(kit, known, *_joined(kit, body))
        case Unique():
            return _unique(kit, body, known)
        case Limited():
            return _finished(kit, known, *_limited(kit, body))
        case Union():
            return _union(kit, body)
        case Rows():
            return _written(kit, body)
    raise Unsupported("A plan lists what a caller may read once it is known who calls")


Terms = dict[str, Term]


def _finished(kit: Kit, known: Mapping[str, Column], terms: Terms, rest: Fragment) -> Printed:
    """A select of these terms under their names."""
    columns = {
        name: replace(known[name], native=term.native, storage=term.storage, nullable=known[name].nullable)
        for name, term in terms.items()
    }
    return Printed(sql("SELECT {}{}", _listed(kit, terms), rest), columns)


def _listed(kit: Kit, terms: Terms) -> Fragment:
    if not terms:
        return sql("1 AS {}", _NUMBER)
    return join(", ", [sql("{} AS {}", term.sql, ident(kit.backend, name)) for name, term in terms.items()])


def _term(kit: Kit, scope: Scope, expr: Expr) -> Term:
    """A selected expression. What is read of a table is brought into the form of intermediate results."""
    if isinstance(expr, Masked):
        return kit.backend.hashed(_term(kit, scope, expr.expr), kit.mask)
    found = expressions.term(kit, scope, expr)
    plain = isinstance(expr, Path) and is_stage(scope.resource.name)
    return found if plain else kit.backend.settled(found)


def _terms(kit: Kit, scope: Scope, shown: tuple[Select, ...]) -> Terms:
    return {item.alias: _term(kit, scope, item.expr) for item in shown}


# ---------------------------------------------------------------- each kind of stage


def _rows(kit: Kit, query: Query) -> tuple[Terms, Fragment]:
    if query.include or query.page != Page() or query.sort:
        raise Unsupported("A stage of a plan selects rows")
    scope = kit.scope(kit.catalog.resource(query.resource))
    where = filters.where(kit, scope, query.where)
    return _terms(kit, scope, query.select), sql(" FROM {}{}", kit.source(scope), where)


def _groups(kit: Kit, query: Query) -> tuple[Terms, Fragment]:
    scope = kit.scope(kit.catalog.resource(query.resource))
    groups = {item.alias: kit.backend.comparable(_term(kit, scope, item.expr)) for item in query.group}
    terms = groups | {each.alias: _aggregate(kit, scope, each) for each in query.aggregates}
    by = join(", ", [term.sql for term in groups.values()])
    grouped = sql(" GROUP BY {}", by) if groups else by
    where = filters.where(kit, scope, query.where)
    return terms, sql(" FROM {}{}{}", kit.source(scope), where, grouped)


def _aggregate(kit: Kit, scope: Scope, each: Aggregate) -> Term:
    type = columns_of(Query(scope.resource.name, aggregates=(each,)), kit.catalog)[each.alias].type
    if each.argument is None:
        return Term(sql("count(*)"), BIGINT, nullable=False)
    return kit.backend.aggregated(each.function, expressions.term(kit, scope, each.argument), type)


def _joined(kit: Kit, body: Joined) -> tuple[Terms, Fragment]:
    left, right = (kit.scope(kit.catalog.resource(name)) for name in (body.left, body.right))
    terms = _terms(kit, left, body.left_shown) | _terms(kit, right, body.right_shown)
    tables = sql("{} {} {}", kit.source(left), Fragment(JOINS[body.kind]), kit.source(right))
    equal = [
        kit.backend.compare("eq", expressions.term(kit, left, here), (expressions.term(kit, right, there),))
        for here, there in body.on
    ]
    on = sql(" ON {}", join(" AND ", equal)) if equal else Fragment("")
    return terms, sql(" FROM {}{}", tables, on)


def _keys(kit: Kit, scope: Scope, sort: tuple[Sort, ...], *, backwards: bool = False) -> list[Fragment]:
    """The order, completed with all columns, so that it is total."""
    return [
        orders.key_of(kit, expressions.term(kit, scope, each.expr), descending=each.descending != backwards)
        for each in orders.completed(scope.resource, sort)
    ]


def _chosen(kit: Kit, scope: Scope, body: Unique) -> Fragment:
    """The order by which the first of equal rows is the one that stays. NULL is neither the highest nor the lowest."""
    keys = _keys(kit, scope, body.sort, backwards=body.strategy == "last")
    if body.by is not None:
        term = expressions.term(kit, scope, body.by)
        best = orders.key_of(kit, term, descending=body.strategy == "highest")
        keys = [sql("({} IS NULL)", term.sql), best, *keys]
    return orders.order_by(join(", ", keys))


def _limited(kit: Kit, body: Limited) -> tuple[Terms, Fragment]:
    scope = kit.scope(kit.catalog.resource(body.of))
    most = orders.number(kit, lambda _: 2**62 if body.limit is None else body.limit)
    page = sql(" LIMIT {} OFFSET {}", most, orders.number(kit, lambda _: body.offset))
    rest = sql(" FROM {}{}{}", kit.source(scope), orders.order_by(join(", ", _keys(kit, scope, body.sort))), page)
    return _terms(kit, scope, body.shown), rest


def _unique(kit: Kit, body: Unique, known: Mapping[str, Column]) -> Printed:
    """Rows are numbered among those that are equal, and the first stays; any, where they are equal in everything."""
    scope = kit.scope(kit.catalog.resource(body.of))
    if _is_whole(body, scope.resource):
        terms = _terms(kit, scope, body.shown)
        made = _finished(kit, known, terms, sql(" FROM {}", kit.source(scope)))
        return Printed(sql("SELECT DISTINCT {} FROM {}", _listed(kit, terms), kit.source(scope)), made.columns)
    keys = [_key(kit, scope, path, folded=body.folded) for path in body.keys]
    among = sql("PARTITION BY {}", join(", ", keys)) if keys else Fragment("")
    window = sql("row_number() OVER ({}{}) AS {}", among, _chosen(kit, scope, body), _NUMBER)
    terms = _terms(kit, scope, body.shown)
    inner = sql("SELECT {}, {} FROM {}", _listed(kit, terms), window, kit.source(scope))
    made = _finished(kit, known, terms, Fragment(""))
    outer = Scope(resource_of(body.of, made.columns), f"t{next(kit.numbers)}")
    shown = {item.alias: kit.backend.column(outer.alias, made.columns[item.alias]) for item in body.shown}
    rest = sql(" FROM ({}) AS {} WHERE {} = 1", inner, Fragment(outer.alias), _NUMBER)
    return _finished(kit, known, shown, rest)


def _is_whole(body: Unique, resource: Resource) -> bool:
    """Whether rows are removed that differ from another in nothing at all."""
    told_apart = all(column.type.name != "citext" for column in resource.columns.values())
    return told_apart and not body.folded and {path.column for path in body.keys} == {*resource.columns}


def _key(kit: Kit, scope: Scope, path: Path, *, folded: bool) -> Fragment:
    term = expressions.term(kit, scope, path)
    if folded and term.type.family == "text":
        term = replace(term, type=CITEXT, native="")
    return kit.backend.comparable(term).sql


def _union(kit: Kit, body: Union) -> Printed:
    parts = [_part(kit, part, dict(body.columns)) for part in body.parts]
    columns = {name: _met(name, type, [terms[name] for terms, _ in parts]) for name, type in body.columns}
    texts = [sql("SELECT {}{}", _listed(kit, terms), rest) for terms, rest in parts]
    return Printed(join(" UNION ALL ", texts), columns)


def _part(kit: Kit, part: Part, types: Mapping[str, Type]) -> tuple[Terms, Fragment]:
    scope = kit.scope(kit.catalog.resource(part.stage))
    held = _terms(kit, scope, part.shown)
    terms = {name: _as(kit, held[name], type) if name in held else _null(kit, type) for name, type in types.items()}
    return terms, sql(" FROM {}", kit.source(scope))


def _as(kit: Kit, term: Term, type: Type) -> Term:
    if term.type == type or type.family != "number" or type.name == "bigint":
        return replace(term, type=type)
    if term.type.name == type.name or (type.name == "decimal" and term.type.name != "number"):
        return replace(term, type=type)
    return replace(kit.backend.cast(term, type), nullable=term.nullable)


def _null(kit: Kit, type: Type) -> Term:
    return kit.backend.settled(kit.backend.parameter(Parameter(lambda _: None, type)))


def _met(name: str, type: Type, terms: list[Term]) -> Column:
    """A column that has the values of several: in the form that can hold those of all."""
    told = {term.native for term in terms}
    storage = DIGITS if any(term.storage == DIGITS for term in terms) else terms[0].storage
    return Column(name, type, native=terms[0].native if len(told) == 1 else "", storage=storage)


def _written(kit: Kit, body: Rows) -> Printed:
    """Rows that are written in the plan. Both databases call the columns of VALUES alike."""
    known = {name: Column(name, type) for name, type in body.columns}
    nulls = {name: _null(kit, type) for name, type in body.columns}
    if not body.rows:
        return _finished(kit, known, nulls, sql(" WHERE FALSE"))
    texts = [sql("({})", join(", ", [kit.backend.parameter(parameter(cell)).sql for cell in row])) for row in body.rows]
    names = [Fragment(f"v.column{number}") for number in range(1, len(body.columns) + 1)]
    terms = {name: kit.backend.settled(replace(nulls[name], sql=held)) for name, held in zip(known, names, strict=True)}
    return _finished(kit, known, terms, sql(" FROM (VALUES {}) AS v", join(", ", texts)))
