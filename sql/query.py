"""The query AST: what is asked, free of any wire syntax and of any database.

In: nodes made by dialects (through `crud.wire.params`) and by rules. Out: frozen, hashable trees that `authorize`
narrows and the builder prints. A query is a SHAPE: the caller's values are `Slot`s, filled from a tuple beside it, and
what depends on who asks or when stays symbolic (`ActorValue`, `Now`), so that one authorised shape serves every caller
of the same roles and its SQL is made once.

`Origin` remembers what the caller wrote, for messages alone: all origins are equal, so shapes stay shared.
A node without an origin was not named by the caller (`*`, a default search): authorize drops what may not be seen
where it would refuse a named one, and so the two are different shapes.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar, dataclass_transform

from sql.types import Type

if TYPE_CHECKING:
    from sql.plan import Plan

C = TypeVar("C")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[C]) -> type[C]:
    """A frozen dataclass that computes its hash once: trees are dictionary keys on the hot path."""
    made = dataclass(frozen=True)(cls)
    compute = made.__hash__

    def remembered(self: object) -> int:
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = compute(self)
            self.__dict__["_hash"] = known
        return known

    made.__hash__ = remembered  # type: ignore[method-assign]
    return made


@dataclass(frozen=True, eq=False)
class Origin:
    """What the caller wrote (`text`) and where (`parameter`: filter, sort, fields …). All are equal to each other."""

    text: str
    parameter: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return hash(Origin)


# ---------------------------------------------------------------- expressions


@node
class Slot:
    """The caller's value number `index`, of canonical Python form for `type`; a tuple of such when `many`."""

    index: int
    type: Type
    many: bool = False


@node
class Const:
    """A value written in a definition (a rule's condition), never a caller's. A tuple when `many`."""

    value: object
    type: Type
    many: bool = False


@node
class ActorValue:
    """Something of the caller, bound at execution: `id`, `tenant` or a column of the account."""

    name: str
    type: Type


@node
class Now:
    """The time of execution, moved by `amount` `unit`s (years, months, weeks, days, hours, minutes, seconds)."""

    type: Type
    amount: int = 0
    unit: str = "days"


Value = Slot | Const | ActorValue | Now


@node
class Hop:
    """One step along a to-one relation. `guard` is filled by authorize alone: what the caller may see there."""

    relation: str
    guard: "Filter" = field(default_factory=lambda: And())


@node
class Path:
    """A column, reached over to-one relations."""

    column: str
    hops: tuple[Hop, ...] = ()
    origin: Origin | None = field(default=None, repr=False)


@node
class Cast:
    """The expression as another type; what cannot be converted is NULL. `CASTS` in sql.operators says which exist."""

    expr: "Expr"
    type: Type


@node
class DatePart:
    """A number out of a date or time. `part` is a row of `DATE_PARTS`."""

    part: str
    expr: "Expr"


@node
class JsonPath:
    """The JSON value under `keys` (a slot of many texts: member names and indexes) in a JSON expression."""

    expr: "Expr"
    keys: Value


@node
class JsonLength:
    """How many elements a JSON array has; NULL for anything else."""

    expr: "Expr"


@node
class JsonKind:
    """object, array, string, number, boolean or null: what a JSON value is."""

    expr: "Expr"


@node
class Relevance:
    """How well a row fits a search: each column that equals the term 4, that begins with it 2, that contains it 1."""

    columns: tuple[Path, ...]
    term: Value


@node
class Masked:
    """A column as a keyed hash. Made by authorize alone, and only as part of an answer: nothing compares it."""

    expr: Path


Expr = Path | Slot | Const | ActorValue | Now | Cast | DatePart | JsonPath | JsonLength | JsonKind | Relevance | Masked

# ---------------------------------------------------------------- filters


@node
class And:
    """All terms hold. Without terms: true."""

    terms: tuple["Filter", ...] = ()


@node
class Or:
    """Some term holds. Without terms: false."""

    terms: tuple["Filter", ...] = ()


@node
class Not:
    """The term does not hold; unknown stays unknown (SQL's three values)."""

    term: "Filter"


@node
class Compare:
    """`left` `op` `right`, `op` a row of `OPERATORS`.

    Over hops it asks for an existing parent (that the guards let through) for which the comparison holds:
    true or false, never unknown. `right` has as many expressions as the operator takes.
    """

    left: Expr
    op: str
    right: tuple[Expr, ...] = ()


@node
class Some:
    """There is a row of the to-many `relation` (itself reached over to-one `hops`) for which `where` holds.

    `where` speaks of the related resource. `guard` is filled by authorize alone.
    """

    relation: str
    where: "Filter"
    hops: tuple[Hop, ...] = ()
    guard: "Filter" = field(default_factory=lambda: And())
    origin: Origin | None = field(default=None, repr=False)


@node
class Search:
    """Some of the columns contains the term, ignoring case."""

    columns: tuple[Path, ...]
    term: Value


Filter = And | Or | Not | Compare | Some | Search
TRUE = And()
FALSE = Or()

# ---------------------------------------------------------------- queries


@node
class Select:
    """One value of an answer under `alias`. `form` is the wire form of a time: None (ISO) or `epoch_ms`."""

    expr: Expr
    alias: str
    form: str | None = None


@node
class Sort:
    """One key of the order. NULLs come last ascending, first descending."""

    expr: Expr
    descending: bool = False


@node
class Page:
    """Which rows of the order: slots of integers."""

    limit: Slot | None = None
    offset: Slot | None = None


@node
class Aggregate:
    """`function` (a row of `AGGREGATES`) over the rows of a group. Without argument it counts rows."""

    alias: str
    function: str
    argument: Expr | None = None


@node
class Include:
    """Related rows under `alias`: an object or null along a to-one relation, a list along a to-many one.

    `query.resource` is the relation's target; its `where`, `sort` and `page` (per parent) are those of the nested read.
    """

    alias: str
    relation: str
    query: "Query"
    origin: Origin | None = field(default=None, repr=False)


@node
class Query:
    """One read. With `group` or `aggregates`, `select` is empty and rows are groups under their aliases. `plan`: by
    which the rows of its resource are made, where it is no table."""

    resource: str
    select: tuple[Select, ...] = ()
    where: Filter = TRUE
    sort: tuple[Sort, ...] = ()
    page: Page = Page()
    include: tuple[Include, ...] = ()
    group: tuple[Select, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    total: bool = False
    plan: "Plan | None" = None


Q = TypeVar("Q")


@dataclass(frozen=True)
class Authorized(Generic[Q]):
    """A query or command that has been through `crud.access.permissions.authorize`: the only thing a builder takes."""

    query: Q


@dataclass(frozen=True)
class Asked:
    """What a dialect's parser gives: a shape and the caller's values for its slots. `cache`: for how many seconds the
    answer may be kept, and how old it may be."""

    query: Query
    values: tuple[object, ...] = ()
    cache: float = 0


def both(left: Filter, right: Filter) -> Filter:
    """The conjunction of two filters, each kept whole (a rule never merges with the caller's conditions)."""
    if left == TRUE:
        return right
    if right == TRUE:
        return left
    return And((left, right))


def narrow(query: Query, condition: Filter) -> Query:
    """The query with one more condition: the only edit there is after authorisation."""
    return replace(query, where=both(query.where, condition))
