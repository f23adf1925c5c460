"""Expressions and filters: what is asked of one row, free of any wire syntax and of any database.

In: nodes made by dialects (through `crud.wire.params`) and by rules. Out: frozen, hashable trees, the inner part of a
query (`sql.query`). The caller's values are `Slot`s, filled from a tuple beside the query, and what depends on who asks
or when stays symbolic (`ActorValue`, `Now`), so that one authorised shape serves every caller of the same roles.

`Origin` remembers what the caller wrote, for messages alone: all origins are equal, so shapes stay shared.
A node without an origin was not named by the caller (`*`, a default search): authorize drops what may not be seen
where it would refuse a named one, and so the two are different shapes.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

from sql.types import Type

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


def both(left: Filter, right: Filter) -> Filter:
    """The conjunction of two filters, each kept whole (a rule never merges with the caller's conditions)."""
    if left == TRUE:
        return right
    if right == TRUE:
        return left
    return And((left, right))
