"""A plain-Python evaluator of the query AST: what an answer must be, straight from the docstrings of `sql.expressions` and
`sql.query`.

In: a catalog, tables as lists of dicts with canonical values, a query with its values. Out: rows and total.
It shares no code with the builder or the backends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sql.catalog import Catalog, Only, Pairs, Resource
from sql.expressions import (
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
    Relevance,
    Search,
    Slot,
    Some,
)
from sql.query import Include, Query, Select, Sort
from sql.types import INTEGER, JSON, TEXT, Type
from sql.values import to_json
from tests.property import documents
from tests.property.documents import ABSENT
from tests.property.meaning import PARTS, Truth, aggregate, cast, comparable, every, fold, holds, negated, some
from tests.property.parts import hops_of, in_order, of_type, score, shown, without_hops

Row = Mapping[str, Any]
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class World:
    """All that there is: the catalog, the rows, and what one execution binds."""

    catalog: Catalog
    tables: Mapping[str, Sequence[Row]]
    values: tuple[object, ...] = ()
    actor: Mapping[str, object] = field(default_factory=dict)
    now: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    indexes: dict[object, dict[object, list[Row]]] = field(default_factory=dict, compare=False)

    def answer(self, query: Query) -> tuple[Rows, int]:
        """The rows of a query, and how many there would be without its page."""
        resource = self.catalog.resource(query.resource)
        rows = self._matching(resource, query, self.tables[resource.name])
        if query.group or query.aggregates:
            return self._groups(resource, query, rows)
        ordered = self._sorted(resource, query.sort, rows)
        return [self._shown(resource, query, row) for row in self._page(query, ordered)], len(rows)

    # ------------------------------------------------------------ rows

    def _matching(self, resource: Resource, query: Query, rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if self.truth(resource, row, query.where) is True]

    def _page(self, query: Query, rows: list[Any]) -> list[Any]:
        limit, offset = (self._number(slot) for slot in (query.page.limit, query.page.offset))
        start = offset or 0
        return rows[start:] if limit is None else rows[start : start + limit]

    def _number(self, slot: Slot | None) -> int | None:
        return None if slot is None else int(self.values[slot.index])  # type: ignore[call-overload]

    def _sorted(self, resource: Resource, sorts: tuple[Sort, ...], rows: Sequence[Row]) -> list[Row]:
        keys = (*sorts, *(Sort(Path(name)) for name in resource.key))
        found = list(rows)
        for sort in reversed(keys):
            type = self.type_of(resource, sort.expr)
            values = [comparable(type, self.value(resource, row, sort.expr)) for row in found]
            found = in_order(found, values, descending=sort.descending)
        return found

    def _shown(self, resource: Resource, query: Query, row: Row) -> dict[str, object]:
        made = {select.alias: self._selected(resource, row, select) for select in query.select}
        return made | {include.alias: self._included(resource, row, include) for include in query.include}

    def _selected(self, resource: Resource, row: Row, select: Select) -> object:
        return shown(self.type_of(resource, select.expr), self.value(resource, row, select.expr), select.form)

    def _included(self, resource: Resource, row: Row, include: Include) -> object:
        relation, query = resource.relation(include.relation), include.query
        target = self.catalog.target(relation)
        rows = self._matching(target, query, self.related(resource, row, include.relation))
        if relation.kind == "to_one":
            return self._shown(target, query, rows[0]) if rows else None
        return [self._shown(target, query, one) for one in self._page(query, self._sorted(target, query.sort, rows))]

    def related(self, resource: Resource, row: Row, name: str) -> list[Row]:
        """The rows that a relation leads to."""
        relation = resource.relation(name)
        if not self._has(resource, row, relation.only):
            return []
        if relation.through is None:
            target = self.catalog.target(relation)
            found = self._linked(row, relation.target, relation.columns)
            return [one for one in found if self._has(target, one, relation.only_there)]
        junction = self.catalog.resource(relation.through.resource)
        linked = self._linked(row, relation.through.resource, relation.through.near)
        middle = [join for join in linked if self._has(junction, join, relation.through.only)]
        return [one for join in middle for one in self._linked(join, relation.target, relation.through.far)]

    def _has(self, resource: Resource, row: Row, values: Only) -> bool:
        """Whether columns have the values that a relation asks for."""
        asked = (Compare(Path(name), "eq", (Const(value, resource.column(name).type),)) for name, value in values)
        return all(self.truth(resource, row, one) is True for one in asked)

    def _linked(self, row: Row, name: str, pairs: Pairs) -> list[Row]:
        """The rows of a table whose columns agree with this row's. NULL agrees with nothing."""
        index = self.indexes.get((name, pairs))
        if index is None:
            index = self.indexes[name, pairs] = {}
            for one in self.tables[name]:
                index.setdefault(tuple(one[there] for _, there in pairs), []).append(one)
        wanted = tuple(row[here] for here, _ in pairs)
        return [] if None in wanted else index.get(wanted, [])

    def _parent(self, resource: Resource, row: Row, hops: tuple[Hop, ...]) -> tuple[Resource, Row] | None:
        for hop in hops:
            target = self.catalog.target(resource.relation(hop.relation))
            found = [one for one in self.related(resource, row, hop.relation) if self.truth(target, one, hop.guard)]
            if not found:
                return None
            resource, row = target, found[0]
        return resource, row

    # ------------------------------------------------------------ expressions

    def type_of(self, resource: Resource, expr: Expr) -> Type:
        """The type of an expression's value."""
        match expr:
            case Path(column=column, hops=hops):
                for hop in hops:
                    resource = self.catalog.target(resource.relation(hop.relation))
                return resource.column(column).type
            case Slot() | Const() | ActorValue() | Now() | Cast():
                return expr.type
            case JsonPath():
                return JSON
            case JsonKind():
                return TEXT
        return INTEGER

    def value(self, resource: Resource, row: Row, expr: Expr) -> Any:
        """The value of an expression for a row; None is NULL, for JSON it is ABSENT."""
        match expr:
            case Path(column=column, hops=()):
                return row[column]
            case Path(column=column, hops=hops):
                end = self._parent(resource, row, hops)
                null = ABSENT if self.type_of(resource, expr).name == "json" else None
                return null if end is None else end[1][column]
            case Slot(index=index):
                return self.values[index]
            case Const(value=value):
                return value
            case ActorValue(name=name):
                return self.actor.get(name)
            case Now(type=type, amount=amount, unit=unit):
                return of_type(self.now + timedelta(**{unit: amount}), type)
            case Relevance(columns=columns, term=term):
                sought = fold(self.value(resource, row, term))
                return sum(score(self._textual(resource, row, path), sought) for path in columns)
        return self._computed(resource, row, expr)

    def _computed(self, resource: Resource, row: Row, expr: Expr) -> Any:
        assert isinstance(expr, Cast | DatePart | JsonPath | JsonLength | JsonKind)
        inner = self.value(resource, row, expr.expr)
        if inner is None and self.type_of(resource, expr.expr).name != "json" or inner is ABSENT:
            return ABSENT if isinstance(expr, JsonPath) else None
        match expr:
            case Cast(type=type):
                return cast(self.type_of(resource, expr.expr), inner, type.name)
            case DatePart(part=part):
                return PARTS[part](inner)
            case JsonPath(keys=keys):
                return documents.at(inner, self.value(resource, row, keys))
            case JsonLength():
                return len(inner) if isinstance(inner, list) else None
        return documents.kind(inner)

    def _textual(self, resource: Resource, row: Row, path: Path) -> str | None:
        type, value = self.type_of(resource, path), self.value(resource, row, path)
        text: str | None = value if type.family == "text" else cast(type, value, "text")
        return text

    # ------------------------------------------------------------ filters

    def truth(self, resource: Resource, row: Row, filter: Filter) -> Truth:
        """True, False, or None for unknown."""
        match filter:
            case And(terms=terms):
                return every([self.truth(resource, row, term) for term in terms])
            case Or(terms=terms):
                return some([self.truth(resource, row, term) for term in terms])
            case Not(term=term):
                return negated(self.truth(resource, row, term))
            case Compare():
                return self._compare(resource, row, filter)
            case Some():
                return self._some(resource, row, filter)
            case Search(columns=columns, term=term):
                sought = self.value(resource, row, term)
                return some(
                    [holds("icontains", TEXT, self._textual(resource, row, path), [sought]) for path in columns]
                )

    def _compare(self, resource: Resource, row: Row, compare: Compare) -> Truth:
        right = [self.value(resource, row, expr) for expr in compare.right]
        hops = hops_of(compare.left)
        if not hops:
            left = self.value(resource, row, compare.left)
            return holds(compare.op, self.type_of(resource, compare.left), left, right)
        end = self._parent(resource, row, hops)
        if end is None:
            return False
        bare = without_hops(compare.left)
        return holds(compare.op, self.type_of(end[0], bare), self.value(*end, bare), right) is True

    def _some(self, resource: Resource, row: Row, asked: Some) -> bool:
        end = self._parent(resource, row, asked.hops)
        if end is None:
            return False
        target = self.catalog.target(end[0].relation(asked.relation))
        both = And((asked.guard, asked.where))
        return any(self.truth(target, one, both) for one in self.related(*end, asked.relation))

    # ------------------------------------------------------------ groups

    def _groups(self, resource: Resource, query: Query, rows: list[Row]) -> tuple[Rows, int]:
        types = [self.type_of(resource, select.expr) for select in query.group]
        groups: dict[tuple[object, ...], list[Row]] = {} if query.group else {(): []}
        for row in rows:
            values = (self.value(resource, row, select.expr) for select in query.group)
            groups.setdefault(tuple(map(comparable, types, values)), []).append(row)
        made = [(key, self._aggregated(resource, query, members)) for key, members in groups.items()]
        for sort in reversed((*query.sort, *(Sort(select.expr) for select in query.group))):
            key = group_key(query, sort.expr)
            made = in_order(made, [key(one) for one in made], descending=sort.descending)
        return [self._group_shown(resource, query, *one) for one in self._page(query, made)], len(made)

    def _aggregated(self, resource: Resource, query: Query, rows: list[Row]) -> dict[str, Any]:
        return {
            one.alias: len(rows)
            if one.argument is None
            else aggregate(
                one.function,
                self.type_of(resource, one.argument),
                [self.value(resource, row, one.argument) for row in rows],
            )
            for one in query.aggregates
        }

    def _group_shown(
        self, resource: Resource, query: Query, key: tuple[object, ...], aggregates: Mapping[str, Any]
    ) -> dict[str, object]:
        pairs = zip(query.group, key, strict=True)
        made = {one.alias: shown(self.type_of(resource, one.expr), value, one.form) for one, value in pairs}
        return made | {alias: to_json(tuple(v) if isinstance(v, list) else v) for alias, v in aggregates.items()}


def group_key(query: Query, expr: Expr) -> Callable[[tuple[tuple[Any, ...], Mapping[str, Any]]], Any]:
    """What a group is sorted by: an aggregate's alias, or an expression of the group."""
    if isinstance(expr, Path) and expr.column in {one.alias for one in query.aggregates}:
        alias = expr.column
        return lambda one: one[1][alias]
    index = [select.expr for select in query.group].index(expr)
    return lambda one: one[0][index]
