"""A query or a change as statements, ready to be executed any number of times.

In: what the builder printed. Out: `Compiled`, a tree: the statement of the query itself and one child per to-many
include, each with the function that makes rows of its tuples.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sql.backend import Decoder
from sql.catalog import Column
from sql.fragment import Binder, Bindings, Fragment

# The source of what runs in a database of its own, with rows of several sources.
BESIDE = ""
Raw = tuple[Any, ...]
Lists = Mapping[object, Sequence[dict[str, object]]]
Build = Callable[[Sequence[Raw], Sequence[Lists]], list[dict[str, object]]]
Decode = Callable[[Sequence[Raw]], list[tuple[object, ...]]]


@dataclass(frozen=True)
class Statement:
    """Text that is the same for every set of values, and what gives its parameters."""

    text: str
    binders: tuple[Binder, ...] = ()

    def bind(self, bindings: Bindings) -> tuple[object, ...]:
        """The parameters of one execution."""
        return tuple(binder(bindings) for binder in self.binders)


@dataclass(frozen=True)
class Child:
    """An include by a statement of its own, whose first column is the number of the parent; `key` are columns of the
    parent. `carry`: where it leads into another database, the parent's key as that one has it, None where it cannot."""

    compiled: "Compiled"
    key: tuple[int, ...]
    carry: Callable[[Raw], Raw | None] | None = None


@dataclass(frozen=True)
class Brought:
    """Rows of a plan that are read in a database of their own, for another one where they are the table `name`. `at`:
    the step that they are of."""

    source: str
    name: str
    at: str
    columns: tuple[Column, ...]
    statement: Statement
    decoders: tuple[Decoder | None, ...]
    max_rows: int


@dataclass(frozen=True)
class Compiled:
    """One level of a read, in the database of a `source`.

    `counted`: a total is asked; without a `count` statement it is the number of rows. `brought`: what has to be in a
    database of its own before; `plan`: how errors call the plan.
    """

    statement: Statement
    build: Build
    max_rows: int
    count: Statement | None = None
    counted: bool = False
    children: tuple[Child, ...] = ()
    source: str = ""
    brought: tuple[Brought, ...] = ()
    plan: str = ""


@dataclass(frozen=True)
class CompiledChange:
    """One write. `decode` makes JSON-ready tuples of the rows that come back."""

    statement: Statement
    decode: Decode


def statement(fragment: Fragment) -> Statement:
    """The fragment as a whole statement."""
    return Statement(fragment.text, fragment.params)
