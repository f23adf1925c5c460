"""Computed columns: a formula over the other columns of its table, with one meaning on every database.

In: the text of a formula and the columns of its table. Out: what is wrong with it, the type of its value, and the body
of `GENERATED ALWAYS AS (…)` for a backend. Rooms: `tree`, `parsing`, `kinds` (what a value can be), `numbers`
(arithmetic), `spelling` (what the databases spell differently), `printing`.
A formula that uses another computed column is printed with that one's formula in its place: PostgreSQL asks for it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sql.backend import Backend
from sql.catalog import Column
from sql.errors import BadFormula
from sql.formulas import numbers
from sql.formulas.kinds import (
    DIGITS,
    INT32,
    INT64,
    TEXT,
    TEXTS,
    Counted,
    Exact,
    Kind,
    Part,
    Plain,
    Real,
    kind_of,
    named,
    type_of,
)
from sql.formulas.parsing import parse, read, tokens
from sql.formulas.printing import MAX_SQL, Printer
from sql.formulas.spelling import SPELLINGS, Spelling
from sql.formulas.tree import Name, walk
from sql.types import Type

__all__ = ["body", "check", "derived", "names", "renamed"]

MAX_NESTED = 40  # SQLite's parser is only so deep
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_NESTING = re.compile(r"[()]|\b(?:CASE|END)\b")
Columns = Mapping[str, Column]


def names(text: str) -> tuple[str, ...]:
    """The columns that a formula speaks of. Raises BadFormula."""
    return tuple(dict.fromkeys(node.name for node in walk(parse(text)) if isinstance(node, Name)))


def body(column: Column, columns: Columns, backend: Backend) -> str:
    """What stands between the parentheses of GENERATED ALWAYS AS. Raises BadFormula.

    It depends on the types of the columns that the formula speaks of, and on the formulas behind them.
    """
    return _body(column, _Work(columns, SPELLINGS[backend.name](backend)))


def _body(column: Column, work: "_Work") -> str:
    text = work.stored(work.computed(column, ()), column.type)
    if len(text) > MAX_SQL or _depth(text) > MAX_NESTED:
        raise BadFormula("is too long, or nested too deeply")
    return text


def check(column: Column, columns: Columns) -> None:
    """Raises BadFormula, unless the formula of a column can be what it is for every database."""
    read(column.formula)
    for spell in _everywhere():
        _body(column, _Work(columns, spell))


def derived(text: str, columns: Columns) -> Type:
    """The type of a formula's value. Raises BadFormula."""
    work = _Work(columns, _everywhere()[0])
    return type_of(Printer(work.spell, lambda name: work.column(name, ())).part(read(text)).kind)


def renamed(text: str, new: Mapping[str, str]) -> str:
    """The formula over columns that have got new names (old → new). Raises BadFormula."""
    made, last = [], 0
    read = list(tokens(text))
    for token, following in zip(read, read[1:], strict=False):
        called = token.kind == "name" and following.text == "(" and following.kind == "sign"
        if token.kind in ("name", "quoted") and not called and token.text in new:
            quoted = '"' + new[token.text].replace('"', '""') + '"'
            made += [text[last : token.at], quoted]
            last = token.end
    return "".join([*made, text[last:]])


class _Quotes:
    """Names as SQL quotes them, for a formula that is only looked at."""

    def ident(self, name: str, /) -> str:
        return '"' + name.replace('"', '""') + '"'


def _everywhere() -> tuple[Spelling, ...]:
    return tuple(spell(_Quotes()) for spell in SPELLINGS.values())


@dataclass(frozen=True)
class _Work:
    """The columns of one table, and the words of one database."""

    columns: Columns
    spell: Spelling

    def computed(self, column: Column, above: tuple[str, ...]) -> Part:
        """A computed column as its formula, in the bounds of its type."""
        way = (*above, column.name)
        if column.name in above:
            raise BadFormula(f"goes round in a circle: {' → '.join(way)}")
        printer = Printer(self.spell, lambda name: self.column(name, way))
        return self._fitting(printer, printer.part(parse(column.formula)), column.type)

    def column(self, name: str, above: tuple[str, ...]) -> Part:
        """A column that a formula names."""
        column = self.columns.get(name)
        if column is None:
            raise BadFormula(f"names {name[:60]!r}, which is no column; there are {', '.join(self.columns)[:400]}")
        if column.write_only:
            raise BadFormula(f"names {name!r}, which is never shown")
        if column.formula:
            return self.computed(column, above)
        if column.generated:
            raise BadFormula(f"names {name!r}, which the database computes by itself")
        return _leaf(self.spell, name, kind_of(column.type), folded=column.type.name == "citext")

    def _fitting(self, printer: Printer, part: Part, type: Type) -> Part:
        """The value as one of the type: NULL where it is too large for it."""
        match type.name, part.kind:
            case (("integer" | "bigint" | "epoch_ms"), Exact(scale=0) as kind):
                bounds = INT32 if type.name == "integer" else INT64
                return numbers.within(part.counted(kind), *bounds).part
            case "decimal", Exact() as kind:
                return self._decimal(part.counted(kind), type).part
            case "number", kind if not isinstance(kind, Plain):
                return printer.real(part).part
            case name, kind if kind == (TEXT if name in TEXTS else Plain(name)):
                return part
        raise BadFormula(f"gives {named(part.kind)}, and the type is {type.name}")

    def _decimal(self, held: Counted, type: Type) -> Counted:
        precision, scale = type.precision or DIGITS, held.kind.scale if type.precision is None else type.scale or 0
        if precision > DIGITS:
            raise BadFormula(f"can have no more than {DIGITS} digits")
        if held.kind.scale > scale:
            raise BadFormula(f"gives {held.kind.scale} decimals, and the type has {scale}: ROUND(…, {scale})")
        most = 10**precision - 1
        return numbers.within(numbers.scaled(self.spell, held, scale), -most, most)

    def stored(self, part: Part, type: Type) -> str:
        """The value as a column of the type stores it. A floating zero has no sign."""
        match part.kind:
            case Exact(scale=scale) if type.name == "decimal":
                return self.spell.plain(part.sql, scale)
            case Exact():
                return self.spell.integer(part.sql, "integer" if type.name == "integer" else "bigint")
            case Plain():
                return part.sql
        return f"({part.sql} + {self.spell.real('0.0')})"


def _leaf(spell: Spelling, name: str, kind: Kind, *, folded: bool) -> Part:
    """A column that is stored."""
    column = spell.name(name)
    match kind:
        case Exact(scale=0):
            return Part(spell.whole(column), kind)
        case Exact(scale=scale):
            return Part(spell.units(column, scale), kind)
        case Real():
            return Part(spell.real(column), kind)
        case Plain(name="text"):
            return Part(spell.text(column, folded=folded), kind)
    return Part(column, kind)


def _depth(text: str) -> int:
    """How deep parentheses and cases are nested."""
    depth = deepest = 0
    for piece in _NESTING.findall(_QUOTED.sub("", text)):
        depth += (piece in ("(", "CASE")) - (piece in (")", "END"))
        deepest = max(deepest, depth)
    return deepest
