"""SQLite's grammar: how the builder's expressions are spelt there.

In: terms and parameters. Out: fragments with `?` marks, decoders. What SQLite lacks is a function of ours
(`sql.sqlite.functions`).
"""

from dataclasses import dataclass, replace
from typing import LiteralString

from sql.backend import DIGITS, Decoder, Keys, Operand, Parameter, Shown, Term
from sql.catalog import Column, Table
from sql.errors import Unsupported
from sql.fragment import Bindings, Fragment, ident, join, sql, value
from sql.sqlite import encoding
from sql.sqlite.operators import OPERATORS, comparable
from sql.types import INTEGER, JSON, TEXT, Type

INTEGRAL = frozenset({"integer", "bigint", "epoch_ms"})
MEAN_DIGITS = 6


@dataclass(frozen=True)
class Sqlite:
    """The backend `sqlite`."""

    name: str = "sqlite"

    def ident(self, name: str, /) -> str:
        if "\x00" in name:
            raise Unsupported("A name cannot contain NUL")
        return '"' + name.replace('"', '""') + '"'

    def column(self, alias: str, column: Column) -> Term:
        text = ident(self, column.name, under=alias)
        if column.storage == "mixed":
            text = sql("dragoman_instant({})", text)
        if column.storage == DIGITS:
            return _digits(replace(Term(text, column.type, column.nullable), computed=False))
        keeps = encoding.stored(column.type, column.storage)
        return Term(text, column.type, column.nullable, column.native, keeps, computed=False)

    def parameter(self, parameter: Parameter) -> Term:
        get, type = parameter.get, parameter.type
        encode = encoding.encode_list if parameter.many else encoding.encode
        mark = value("?", lambda bindings: encode(get(bindings), type))
        return Term(mark, type, storage=encoding.stored(type, None))

    def assign(self, column: Column, parameter: Parameter) -> Fragment:
        get = parameter.get
        return value("?", lambda bindings: encoding.store(get(bindings), column.type, column.storage))

    def hold(self, alias: str) -> Fragment:
        """A transaction is the only writer anyway."""
        return Fragment("")

    def advance(self, table: Table, column: Column) -> Fragment | None:
        """AUTOINCREMENT sees the keys that are given to it."""
        return None

    def compare(self, op: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        return OPERATORS[op](left, right)

    def comparable(self, term: Term) -> Term:
        return replace(term, sql=comparable(term))

    def order(self, term: Term, *, descending: bool) -> Fragment:
        direction: LiteralString = " DESC" if descending else ""
        nulls: LiteralString = (" NULLS FIRST" if descending else " NULLS LAST") if term.nullable else ""
        if term.storage == DIGITS:  # what floats tell apart is sorted by them, which is sooner done
            return sql("CAST({0} AS REAL){1}{2}, {0}{1}{2}", term.sql, Fragment(direction), Fragment(nulls))
        return sql("{}{}{}", term.sql, Fragment(direction), Fragment(nulls))

    def cast(self, term: Term, type: Type) -> Term:
        """Types and storages are words of our own: constants."""
        words = (term.type.name, term.storage or "", type.name)
        known = join(", ", [Fragment(f"'{word}'") for word in words])
        made = sql("dragoman_cast({}, {})", term.sql, known)
        if term.storage == DIGITS:  # a function takes the collation of what it is given
            made = sql("({} COLLATE BINARY)", made)
        return Term(made, type, storage=encoding.stored(type, None))

    def date_part(self, part: str, term: Term) -> Term:
        words = (part, term.type.name, term.storage or "")
        known = join(", ", [Fragment(f"'{word}'") for word in words])
        return Term(sql("dragoman_part({}, {})", term.sql, known), INTEGER)

    def json_path(self, term: Term, keys: Parameter) -> Term:
        get = keys.get
        mark = value("?", lambda bindings: encoding.encode_list(get(bindings), TEXT))
        return Term(sql("dragoman_json_path({}, {})", term.sql, mark), JSON)

    def json_length(self, term: Term) -> Term:
        return Term(sql("dragoman_json_length({})", term.sql), INTEGER)

    def json_kind(self, term: Term) -> Term:
        return Term(sql("dragoman_json_kind({})", term.sql), TEXT)

    def aggregate(self, function: str, term: Term) -> Shown:
        match function:
            case "count":
                return Shown(sql("count({})", term.sql))
            case "count_distinct":
                return Shown(sql("count(DISTINCT {})", comparable(term)))
            case "sum":
                return _sum(term)
            case "avg":
                return _avg(term)
            case "min":
                return Shown(sql("min({})", comparable(term)), encoding.decoder(term))
            case "max":
                return Shown(sql("max({})", comparable(term)), encoding.decoder(term))
        return Shown(sql("dragoman_list({}, {})", term.sql, comparable(term)), _each(encoding.decoder(term)))

    def settled(self, term: Term) -> Term:
        if term.type.name == "citext":
            return replace(term, sql=sql("{} COLLATE BINARY", term.sql))
        keeps = encoding.stored(term.type, term.storage)
        if term.storage == DIGITS or keeps is None or keeps == encoding.stored(term.type, None):
            return term
        return _settled_time(self, term)

    def aggregated(self, function: str, term: Term, type: Type) -> Term:
        shown = self.aggregate(function, term)
        if shown.sort is not None:
            return Term(shown.sql, type, storage=DIGITS)
        if term.storage == DIGITS and function != "count":
            return Term(shown.sql, type, storage=DIGITS)
        return Term(shown.sql, type, storage=encoding.stored(type, None))

    def hashed(self, term: Term, key: bytes) -> Term:
        text = self.cast(term, TEXT).sql
        return Term(sql("dragoman_hash({}, {})", text, value("?", lambda _: key)), TEXT, term.nullable)

    def shown(self, term: Term) -> Shown:
        return Shown(term.sql, encoding.decoder(term))

    def keys(self, columns: tuple[Column, ...], alias: str) -> Keys:
        # CROSS JOIN keeps the order: the list is read once, and not again for every child.
        source = sql("json_each({}) AS {} CROSS JOIN", value("?", _parents), Fragment(alias))
        number, whole = Fragment(f"{alias}.key"), Fragment(f"{alias}.value")
        if len(columns) == 1:
            return Keys(source, number, (whole,))
        parts = [sql("json_extract({}, {})", whole, Fragment(f"'$[{index}]'")) for index in range(len(columns))]
        return Keys(source, number, tuple(parts))


SQLITE = Sqlite()


def _digits(term: Term) -> Term:
    """A number that may be the text of one, since it may have more digits than SQLite's numbers have."""
    return replace(term, sql=sql("CAST({} AS TEXT) COLLATE dragoman_decimal", term.sql), storage=DIGITS)


def _settled_time(backend: Sqlite, term: Term) -> Term:
    """A time in our own form, however its column keeps it."""
    if term.type.name in ("date", "time"):
        return replace(backend.cast(term, term.type), nullable=term.nullable)
    characters = Fragment("27" if term.type.name == "datetime" else "26")  # with the zone, or without
    text = sql("substr(dragoman_instant({}), 1, {})", term.sql, characters)
    return Term(text, term.type, term.nullable, storage=encoding.stored(term.type, None))


def _parents(bindings: Bindings) -> str:
    return encoding.dumps([key[0] if len(key) == 1 else key for key in bindings.parents])


def _halves(term: Term) -> Fragment:
    """The sum of whole numbers in two halves, which never overflow: SQLite's own sum would fail beyond 64 bits."""
    return sql("sum({0} >> 32), sum({0} & 4294967295)", term.sql)


def _exact(number: Fragment, decode: Decoder) -> Shown:
    """A number with more digits than SQLite's numbers have is text, and sorted by a collation of ours."""
    return Shown(number, decode, sql("CAST({} AS TEXT) COLLATE dragoman_decimal", number))


def _sum(term: Term) -> Shown:
    if term.type.name in INTEGRAL:
        return _exact(sql("dragoman_total({})", _halves(term)), int)
    if term.type.name == "decimal":
        return _exact(sql("dragoman_sum({})", term.sql), encoding.decimal)
    return Shown(sql("sum({})", term.sql))


def _avg(term: Term) -> Shown:
    if term.type.name in INTEGRAL:
        return _exact(sql("dragoman_mean({}, count({}))", _halves(term), term.sql), encoding.decimal)
    if term.type.name == "decimal":
        digits = Fragment(str(mean_digits(term.type)))
        return _exact(sql("dragoman_avg({}, {})", term.sql, digits), encoding.decimal)
    return Shown(sql("avg({})", term.sql))


def mean_digits(type: Type) -> int:
    """How many decimals an average has: six more than its column."""
    return MEAN_DIGITS + (6 if type.scale is None else type.scale) if type.name == "decimal" else MEAN_DIGITS


def _each(decode: Decoder | None) -> Decoder:
    """The list that our aggregate made, each of its items decoded."""

    def decoded(raw: str) -> object:
        items = encoding.DECODERS["array"](raw)
        if decode is None or not isinstance(items, list):
            return items
        return [decode(item) for item in items]

    return decoded
