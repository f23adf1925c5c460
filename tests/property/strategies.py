"""Random queries: filters, hops, children, sorts, pages, includes, computed values, searches, groups.

In: hypothesis. Out: `questions()`, a strategy of `Asked`. Choices are weighed so that most answers have rows, and
what is compared with is most often a value that the expression really has.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from sql.catalog import Relation, Resource
from sql.expressions import (
    ActorValue,
    And,
    Cast,
    Compare,
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
from sql.operators import AGGREGATES, CAST_TYPES, CASTS, DATE_PARTS, OPERATORS, SCALARS
from sql.query import Aggregate, Asked, Include, Page, Query, Select, Sort
from sql.types import BIGINT, INTEGER, TEXT, Type
from tests.property.coverage import KEYS, operands
from tests.property.data import ROWS, TEXTS, WORLD
from tests.property.documents import ABSENT
from tests.property.schema import CATALOG, TYPES

ROOTS = ("thing", "thing", "thing", "solid", "owner", "tag", "note")
COLUMN_OF = {type: name for name, type in reversed(list(TYPES.items()))}
ALIASES = ("plain", "caf\u00e9", "with space", 'quote"', "it's", "Select", "a.b", "{x}")
COMPARISONS = ("eq", "ne", "gt", "gte", "lt", "lte")


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """Any query that a dialect may ask, with its values: by choices that shrink, or by a seed, which is more varied."""
    seeds = st.integers(0, 2**64).map(random.Random)
    return question(draw(st.one_of(st.randoms(use_true_random=False), seeds, seeds)))


def question(source: random.Random) -> Asked:
    """One query."""
    maker = Maker(source)
    resource = CATALOG.resource(source.choice(ROOTS))
    query = maker.groups(resource) if source.random() < 0.25 else maker.query(resource, 2)
    return Asked(query, tuple(maker.values))


class Maker:
    """Makes the parts of one query and gathers its values."""

    def __init__(self, source: random.Random) -> None:
        self.source, self.values, self.within = source, list[Any](), 0

    def chance(self, share: float) -> bool:
        """True so often."""
        return self.source.random() < share

    def slot(self, value: Any, type: Type, *, many: bool = False) -> Slot:
        """The value under the next number."""
        self.values.append(value)
        return Slot(len(self.values) - 1, type, many)

    # ------------------------------------------------------------ queries

    def query(self, resource: Resource, depth: int, *, root: bool = True) -> Query:
        """A query for rows. Below the root there is no total."""
        return Query(
            resource.name,
            self.selects(resource),
            self.filter(resource, 2 if root else 1) if self.chance(0.8) else And(),
            tuple(self.sort(resource) for _ in range(self.source.choice((0, 1, 1, 2)))),
            self.page() if self.chance(0.4) else Page(),
            self.includes(resource, depth) if depth else (),
            total=root and self.chance(0.3),
        )

    def selects(self, resource: Resource) -> tuple[Select, ...]:
        """The key, some columns, and something computed."""
        names = self.source.sample(sorted(resource.columns), self.source.randint(0, min(4, len(resource.columns))))
        made = [Select(Path(name), name) for name in dict.fromkeys((*resource.key, *names))]
        for alias in self.source.sample(ALIASES, self.source.choice((0, 0, 1, 2))):
            expr = self.expression(resource)
            dated = self.type_of(resource, expr).name in ("date", "datetime", "datetime_local")
            made.append(Select(expr, alias, "epoch_ms" if dated and self.chance(0.5) else None))
        return tuple(made)

    def page(self) -> Page:
        """A limit, an offset, or both."""
        limit = self.slot(self.source.choice((0, 1, 2, 3, 7, 50)), BIGINT) if self.chance(0.8) else None
        return Page(limit, self.slot(self.source.choice((0, 1, 2, 5, 100)), BIGINT) if self.chance(0.6) else None)

    def includes(self, resource: Resource, depth: int) -> tuple[Include, ...]:
        """Some related rows."""
        names = self.source.sample(
            sorted(resource.relations), min(len(resource.relations), self.source.choice((0, 1, 1, 2)))
        )
        return tuple(self.include(resource.relation(name), depth - 1) for name in names)

    def include(self, relation: Relation, depth: int) -> Include:
        """Related rows under a name of their own."""
        return Include(f"its {relation.name}", relation.name, self.query(CATALOG.target(relation), depth, root=False))

    def sort(self, resource: Resource) -> Sort:
        """One key of the order."""
        if self.chance(0.1):
            return Sort(Relevance(*self.searched(resource)), self.chance(0.7))
        return Sort(self.scalar(resource), self.chance(0.5))

    def groups(self, resource: Resource) -> Query:
        """Groups with their aggregates."""
        group = tuple(Select(self.scalar(resource), f"g{n}") for n in range(self.source.choice((0, 1, 1, 2))))
        group = tuple({select.expr: select for select in group}.values())
        aggregates = tuple(self.aggregate(resource, f"a{n}") for n in range(self.source.randint(0 if group else 1, 3)))
        sorts = [select.expr for select in group] + [Path(a.alias) for a in aggregates if a.function != "array_agg"]
        sort = tuple(
            Sort(expr, self.chance(0.5)) for expr in self.source.sample(sorts, self.source.randint(0, len(sorts)))
        )
        where = self.filter(resource, 1) if self.chance(0.6) else And()
        page = self.page() if group and self.chance(0.3) else Page()
        total = bool(group) and self.chance(0.3)
        return Query(resource.name, (), where, sort, page, (), group, aggregates, total)

    def aggregate(self, resource: Resource, alias: str) -> Aggregate:
        """One aggregate; of floats none that is sorted by, since their sums differ in the last digits."""
        name = self.source.choice(sorted(AGGREGATES))
        if name == "count" and self.chance(0.3):
            return Aggregate(alias, name)
        families = AGGREGATES[name].families
        return Aggregate(alias, name, self.expression(resource, lambda type: type.family in families))

    # ------------------------------------------------------------ expressions

    def type_of(self, resource: Resource, expr: Expr) -> Type:
        """The type of an expression's value."""
        return WORLD.type_of(resource, expr)

    def scalar(self, resource: Resource) -> Expr:
        """What can be sorted and grouped."""
        return self.expression(resource, lambda type: type.family in SCALARS)

    def expression(self, resource: Resource, fits: Callable[[Type], bool] = lambda type: True) -> Expr:
        """A column, perhaps over hops, perhaps turned into something else."""
        while True:
            expr = self.changed(self.path(resource), resource) if self.chance(0.3) else self.path(resource)
            if fits(self.type_of(resource, expr)):
                return expr

    def path(self, resource: Resource) -> Path:
        """A column of the resource or of one that it leads to."""
        hops, end = self.hops(resource) if self.chance(0.3) else ((), resource)
        return Path(self.source.choice(sorted(end.columns)), hops)

    def hops(self, resource: Resource) -> tuple[tuple[Hop, ...], Resource]:
        """Steps along to-one relations, guarded now and then."""
        hops: list[Hop] = []
        while to_one := [one for one in resource.relations.values() if one.kind == "to_one"]:
            relation = self.source.choice(sorted(to_one, key=lambda one: one.name))
            resource = CATALOG.target(relation)
            guarded = self.within < 3 and self.chance(0.1)  # there are ways in a guard, with guards of their own
            hops.append(Hop(relation.name, self.guard(resource)) if guarded else Hop(relation.name))
            if self.chance(0.7):
                break
        return tuple(hops), resource

    def guard(self, resource: Resource) -> Compare:
        """A condition on a step."""
        self.within += 1
        made = self.compare(resource)
        self.within -= 1
        return made

    def changed(self, path: Path, resource: Resource) -> Expr:
        """The column as something else, where there is something else."""
        type = self.type_of(resource, path)
        names = [name for name, families in CASTS.items() if type.family in families]
        made: list[Callable[[], Expr]] = [lambda: Cast(path, CAST_TYPES[self.source.choice(names)])] if names else []
        parts = [part for part, of in DATE_PARTS.items() if type.family in (of, "datetime")]
        if type.family in ("date", "time", "datetime"):
            made.append(lambda: DatePart(self.source.choice(parts), path))
        if type.name == "json":
            made += [lambda: self.document(path), lambda: JsonLength(self.document(path)), lambda: JsonKind(path)]
        return self.source.choice(made)() if made else path

    def document(self, path: Path) -> Expr:
        """Something inside a JSON value, or the whole."""
        keys = self.source.choice(KEYS)
        return JsonPath(path, self.slot(keys, TEXT, many=True)) if self.chance(0.7) else path

    # ------------------------------------------------------------ filters

    def filter(self, resource: Resource, depth: int) -> Filter:
        """Any condition."""
        chance = self.source.random()
        if depth and chance < 0.35:
            terms = tuple(self.filter(resource, depth - 1) for _ in range(self.source.choice((0, 1, 2, 2, 3))))
            return And(terms) if self.chance(0.4) else Or(terms)
        if depth and chance < 0.5:
            return Not(self.filter(resource, depth - 1))
        if depth and chance < 0.65:
            return self.some(resource, depth) or self.compare(resource)
        return Search(*self.searched(resource)) if chance > 0.94 else self.compare(resource)

    def some(self, resource: Resource, depth: int) -> Some | None:
        """Some row of a to-many relation, here or at the end of hops."""
        hops, end = self.hops(resource) if self.chance(0.25) else ((), resource)
        to_many = [name for name, one in sorted(end.relations.items()) if one.kind == "to_many"]
        if not to_many:
            return None
        name = self.source.choice(to_many)
        child = CATALOG.target(end.relation(name))
        guard = self.compare(child) if self.chance(0.1) else And()
        return Some(name, self.filter(child, depth - 1), hops, guard)

    def searched(self, resource: Resource) -> tuple[tuple[Path, ...], Slot]:
        """Columns that have a text, and a piece of one."""
        columns = {self.path(resource) for _ in range(self.source.randint(0, 4))}
        paths = tuple(path for path in columns if self.type_of(resource, path).family in SCALARS)
        word = self.source.choice(TEXTS)
        term = self.source.choice((word, word[:1], word.swapcase(), "1", "a", "-", "true"))
        return tuple(sorted(paths, key=repr)), self.slot(term, TEXT)

    def compare(self, resource: Resource) -> Compare:
        """An operator that the expression takes, with operands of its kind."""
        left = self.expression(resource)
        type = self.type_of(resource, left)
        op = self.source.choice([op for op, one in OPERATORS.items() if type.family in one.families])
        if op in COMPARISONS and self.chance(0.3):
            other = self.other(resource, left, type)
            if other is not None:
                return Compare(left, op, (other,))
        return Compare(left, op, self.operands(resource, left, op))

    def other(self, resource: Resource, left: Expr, type: Type) -> Expr | None:
        """Another column of the same type, the time, or something of the caller."""
        if type.name in ("datetime", "datetime_local", "date") and self.chance(0.5):
            return Now(
                type, self.source.randint(-2000, 2000), self.source.choice(("days", "hours", "weeks", "seconds"))
            )
        if type == INTEGER and self.chance(0.5):
            return ActorValue(self.source.choice(sorted(WORLD.actor)), type)
        same = [Path(name) for name, column in resource.columns.items() if column.type == type]
        if "up" in resource.relations:
            same += [Path(path.column, (Hop("up"),)) for path in same]
        return self.source.choice(same) if same else None

    def operands(self, resource: Resource, left: Expr, op: str) -> tuple[Slot, ...]:
        """Values: as the coverage draws them, or one that the expression has for some row."""
        type = self.type_of(resource, left)
        column = COLUMN_OF.get(type) or COLUMN_OF[SIMILAR[type.name]]
        first = len(self.values)
        made = operands(op, column, self.source, self.values)
        if OPERATORS[op].operand == "same":
            self.values[first:] = [self.near(resource, left, value, type=type) for value in self.values[first:]]
        same = OPERATORS[op].operand == "same"
        return tuple(Slot(slot.index, type if same else slot.type, slot.many) for slot in made)

    def near(self, resource: Resource, left: Expr, drawn: Any, *, type: Type) -> Any:
        """A value of the expression, for most rows; else what was drawn, where it is of the type."""
        if isinstance(drawn, tuple):
            return tuple(self.near(resource, left, one, type=type) for one in drawn)
        if type in COLUMN_OF and self.chance(0.4):
            return drawn
        world = replace(WORLD, values=tuple(self.values))
        rows = self.source.sample(ROWS[resource.name], 5)
        values = [world.value(resource, row, left) for row in rows]
        return next((value for value in values if value is not None and value is not ABSENT and fits(value)), drawn)


SIMILAR: dict[str, Type] = {"decimal": TYPES["price"]}


def fits(value: Any) -> bool:
    """SQLite refuses decimals of more than fifteen digits, and so they are never asked for."""
    return not isinstance(value, Decimal) or len(value.normalize().as_tuple().digits) <= 15
