"""What differs between databases: the contract of a backend's grammar.

In: terms (printed expressions and what is known of them) and parameters (values not printed yet).
Out: fragments of that database's SQL, and functions that make a database's value JSON-ready.
The builder composes; everything that has two spellings is asked here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sql.catalog import Column, Table
from sql.fragment import Binder, Fragment
from sql.types import Type

Decoder = Callable[[Any], object]
# How a column of an intermediate result keeps numbers of any length, where the database's own have only so many digits.
DIGITS = "digits"


@dataclass(frozen=True)
class Term:
    """A printed expression. `native` and `storage` are its column's; `computed` tells it from a plain column."""

    sql: Fragment
    type: Type
    nullable: bool = True
    native: str = ""
    storage: str | None = None
    computed: bool = True


@dataclass(frozen=True)
class Parameter:
    """A value that waits for its neighbour to say how it is written. `many`: a tuple of such."""

    get: Binder
    type: Type
    many: bool = False


Operand = Term | Parameter


@dataclass(frozen=True)
class Keys:
    """The parents of an include as a table: what stands in FROM up to the children's table (`… JOIN`).

    `number` is a row's number from 0, `parts` are its key's.
    """

    source: Fragment
    number: Fragment
    parts: tuple[Fragment, ...]


@dataclass(frozen=True)
class Shown:
    """What is selected for a value, how it becomes JSON-ready (None: as it comes), and what it is sorted by
    where that is something else."""

    sql: Fragment
    decode: Decoder | None = None
    sort: Fragment | None = None


class Backend(Protocol):
    """One database's grammar. Stateless: the same arguments give the same text."""

    @property
    def name(self) -> str:
        """sqlite or postgres."""

    def ident(self, name: str, /) -> str:
        """The identifier, quoted."""

    def column(self, alias: str, column: Column) -> Term:
        """A column of the table under this alias."""

    def parameter(self, parameter: Parameter) -> Term:
        """A value that stands alone."""

    def assign(self, column: Column, parameter: Parameter) -> Fragment:
        """A value as the column stores it, exactly. None is NULL. Its binder raises BadValue for what does not fit."""

    def hold(self, alias: str) -> Fragment:
        """What stands at the end of a SELECT that keeps the rows of this table until the transaction ends."""

    def advance(self, table: Table, column: Column) -> Fragment | None:
        """The statement by which a counter goes on after the values that rows have; None where it does by itself."""

    def compare(self, op: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        """A row of `sql.operators.OPERATORS` as a condition (three-valued)."""

    def comparable(self, term: Term) -> Term:
        """The term in the form in which it is sorted, grouped and told apart."""

    def order(self, term: Term, *, descending: bool) -> Fragment:
        """One key of an ORDER BY."""

    def cast(self, term: Term, type: Type) -> Term:
        """The term as another type, NULL where it cannot be."""

    def date_part(self, part: str, term: Term) -> Term:
        """A row of `sql.operators.DATE_PARTS` out of a time."""

    def json_path(self, term: Term, keys: Parameter) -> Term:
        """The JSON value under the keys; a JSON null there is NULL."""

    def json_length(self, term: Term) -> Term:
        """The number of elements of a JSON array."""

    def json_kind(self, term: Term) -> Term:
        """What a JSON value is."""

    def aggregate(self, function: str, term: Term) -> Shown:
        """A row of `sql.operators.AGGREGATES` over a term."""

    def settled(self, term: Term) -> Term:
        """The term as a column of an intermediate result: texts by code point, times in one form."""

    def aggregated(self, function: str, term: Term, type: Type) -> Term:
        """The same aggregate as a column of an intermediate result, of this type."""

    def hashed(self, term: Term, key: bytes) -> Term:
        """The keyed hash of the term's text (`sql.masking`)."""

    def shown(self, term: Term) -> Shown:
        """How a term is selected and decoded."""

    def keys(self, columns: tuple[Column, ...], alias: str) -> Keys:
        """The keys of an include's parents (`Bindings.parents`), compared with these columns."""
