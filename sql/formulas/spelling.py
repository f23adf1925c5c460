"""What the two databases spell differently in a formula, such that it means the same.

In: printed parts and words of the source. Out: SQL text. PostgreSQL counts units in `numeric`, which never overflows;
SQLite in its 64-bit integers, beyond which a number is a floating one, larger than any bound that is asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from sql.fragment import Quoting


class Spelling(Protocol):
    """One database's words."""

    def name(self, name: str) -> str:
        """A column."""

    def literal(self, text: str) -> str:
        """A text literal."""

    def whole(self, column: str) -> str:
        """An integer column."""

    def units(self, column: str, scale: int) -> str:
        """A decimal column in units."""

    def number(self, value: int) -> str:
        """A literal number of units."""

    def divided(self, left: str, right: str) -> str:
        """The quotient of integers, cut off towards zero."""

    def plain(self, units: str, scale: int) -> str:
        """Units as the decimal that they count, as the column stores it."""

    def integer(self, units: str, type: str) -> str:
        """Units of one as an integer column stores them."""

    def real(self, text: str) -> str:
        """A literal floating number, or a floating column."""

    def floating(self, units: str, scale: int) -> str:
        """Units as the nearest floating number."""

    def rounded(self, real: str) -> str:
        """A floating number without its fraction, halves away from zero."""

    def text(self, column: str, *, folded: bool) -> str:
        """A text column, compared by code point; `folded`: it ignores case by itself."""

    def written(self, units: str, scale: int) -> str:
        """Units as text, with all decimals."""

    def uuid(self, uuid: str) -> str:
        """A uuid as text."""

    def left(self, text: str, count: int) -> str:
        """The first characters."""

    def right(self, text: str, count: int) -> str:
        """The last characters."""


@dataclass(frozen=True)
class Sqlite:
    """SQLite's. A value with NOCASE would spread its collation."""

    backend: Quoting

    def name(self, name: str) -> str:
        return self.backend.ident(name)

    def literal(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def whole(self, column: str) -> str:
        return column

    def units(self, column: str, scale: int) -> str:
        return f"CAST(round({column} * {10**scale}) AS INTEGER)"

    def number(self, value: int) -> str:
        return f"({value})"

    def divided(self, left: str, right: str) -> str:
        return f"({left} / {right})"

    def plain(self, units: str, scale: int) -> str:
        return f"({units} / {10**scale}.0)" if scale else units

    def integer(self, units: str, type: str) -> str:
        return units

    def real(self, text: str) -> str:
        return text

    def floating(self, units: str, scale: int) -> str:
        return f"(CAST({units} AS REAL) / {10**scale}.0)" if scale else f"CAST({units} AS REAL)"

    def rounded(self, real: str) -> str:
        return f"round({real})"

    def text(self, column: str, *, folded: bool) -> str:
        return f"({column} COLLATE BINARY)" if folded else column

    def written(self, units: str, scale: int) -> str:
        if scale == 0:
            return f"CAST({units} AS TEXT)"
        sign, unit, zeros = f"(CASE WHEN {units} < 0 THEN '-' ELSE '' END)", 10**scale, "0" * scale
        whole, rest = f"(abs({units}) / {unit})", f"(abs({units}) % {unit})"
        return f"({sign} || {whole} || '.' || substr('{zeros}' || {rest}, -{scale}))"

    def uuid(self, uuid: str) -> str:
        return uuid

    def left(self, text: str, count: int) -> str:
        return f"substr({text}, 1, {count})"

    def right(self, text: str, count: int) -> str:
        return f"substr({text}, -{count})"


@dataclass(frozen=True)
class Postgres:
    """PostgreSQL's. psycopg would take a single percent sign for a mark."""

    backend: Quoting

    def name(self, name: str) -> str:
        return self.backend.ident(name)

    def literal(self, text: str) -> str:
        quoted = text.replace("'", "''").replace("%", "%%")
        return f"('{quoted}'::text COLLATE \"C\")"

    def whole(self, column: str) -> str:
        return f"({column}::numeric)"

    def units(self, column: str, scale: int) -> str:
        return f"trunc(nullif({column}, 'NaN') * {10**scale})"

    def number(self, value: int) -> str:
        return f"({value}::numeric)"

    def divided(self, left: str, right: str) -> str:
        return f"div({left}, {right})"

    def plain(self, units: str, scale: int) -> str:
        return f"({units} * 1e-{scale})" if scale else units

    def integer(self, units: str, type: str) -> str:
        return f"({units}::{type})"

    def real(self, text: str) -> str:
        return f"({text}::float8)"

    def floating(self, units: str, scale: int) -> str:
        return f"({self.plain(units, scale)}::float8)"

    def rounded(self, real: str) -> str:
        half = f"trunc({real} + CASE WHEN {real} < 0 THEN -0.5 ELSE 0.5 END)"
        return f"(CASE WHEN abs({real}) > 4503599627370496 THEN {real} ELSE {half} END)"

    def text(self, column: str, *, folded: bool) -> str:
        return f'({column}::text COLLATE "C")'

    def written(self, units: str, scale: int) -> str:
        return f"({self.plain(units, scale)}::text)"

    def uuid(self, uuid: str) -> str:
        return f"({uuid}::text)"

    def left(self, text: str, count: int) -> str:
        return f"left({text}, {count})"

    def right(self, text: str, count: int) -> str:
        return f"right({text}, {count})"


SPELLINGS: Mapping[str, Callable[[Quoting], Spelling]] = MappingProxyType({"sqlite": Sqlite, "postgres": Postgres})
