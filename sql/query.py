"""Queries and plans: what is read, free of any wire syntax and of any database.

In: nodes made by dialects and by `crud.plans`, of the expressions and filters of `sql.expressions`. Out: frozen,
hashable trees that `authorize` narrows and the builder prints. A query is a SHAPE: the caller's values stand in a tuple
beside it, so its SQL is made once.

A plan is a read that is made step by step, each of the rows that an earlier one gave, a common table expression for
each stage. What a definition named has an `Origin` whose `parameter` is the place in the plan; what nobody named is
left out where the caller may not see it. What is known of stages is in `sql.stages`.
"""

from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from sql.expressions import TRUE, Expr, Filter, Origin, Path, Slot, Value, both, node
from sql.types import Type

Kind = Literal["inner", "left", "right", "full-outer", "cross"]
Strategy = Literal["first", "last", "highest", "lowest"]

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


# ---------------------------------------------------------------- plans


@node
class Joined:
    """The rows of two stages beside each other. `on` pairs columns that must be equal, `left_shown` and `right_shown`
    are what is taken of each side."""

    kind: Kind
    left: str
    right: str
    on: tuple[tuple[Path, Path], ...]
    left_shown: tuple[Select, ...]
    right_shown: tuple[Select, ...]


@node
class Part:
    """One of the stages of a union: what it has of the columns."""

    stage: str
    shown: tuple[Select, ...]


@node
class Union:
    """The rows of several stages one after the other, under these columns. What a part lacks is NULL there."""

    parts: tuple[Part, ...]
    columns: tuple[tuple[str, Type], ...]


@node
class Unique:
    """One row of all that are equal in `keys`: by the strategy that which comes first or last in `sort`, completed with
    all columns, or that with the highest or lowest value of `by`. `folded`: texts are compared without regard to case.
    """

    of: str
    keys: tuple[Path, ...]
    sort: tuple[Sort, ...]
    shown: tuple[Select, ...]
    strategy: Strategy = "first"
    by: Path | None = None
    folded: bool = False


@node
class Limited:
    """Some rows of a stage, in an order that is completed with all columns."""

    of: str
    sort: tuple[Sort, ...]
    shown: tuple[Select, ...]
    limit: int | None = None
    offset: int = 0


@node
class Rows:
    """Rows that are written in the plan."""

    columns: tuple[tuple[str, Type], ...]
    rows: tuple[tuple[Value, ...], ...]


@node
class Listing:
    """What there is to read. `entries`: the resource, and the row that tells of it. Authorize leaves those that the
    caller may read, and makes `Rows` of them."""

    columns: tuple[tuple[str, Type], ...]
    entries: tuple[tuple[str, tuple[Value, ...]], ...]


Body = Query | Joined | Union | Unique | Limited | Rows | Listing


@node
class Stage:
    """What one step gives. `at`: how errors call the step."""

    name: str
    at: str
    body: Body


@node
class Plan:
    """A whole one; its rows are those of the last stage, in this order where nobody asks for another.

    `dynamic`: values in it are worked out at each reading. `debug`: what its step of this name says.
    """

    name: str
    stages: tuple[Stage, ...]
    order: tuple[Sort, ...] = ()
    dynamic: bool = False
    debug: str | None = None


@dataclass(frozen=True)
class Later:
    """What stands for a value that is not known before the plan is read."""


LATER = Later()


# ---------------------------------------------------------------- what is asked

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


def narrow(query: Query, condition: Filter) -> Query:
    """The query with one more condition: the only edit there is after authorisation."""
    return replace(query, where=both(query.where, condition))
