"""PostgreSQL's grammar: how the builder's expressions are spelt there.

In: terms and parameters. Out: fragments with `%s` marks and casts, decoders. How text is lower-cased is probed when a
database is opened, and given to the constructor as the SQL name of a collation.
"""

from dataclasses import dataclass, replace
from typing import LiteralString

from sql.backend import Keys, Operand, Parameter, Shown, Term
from sql.catalog import Column, Table
from sql.errors import Unsupported
from sql.fragment import Binder, Fragment, ident, join, sql, value
from sql.postgres import casts, encoding
from sql.postgres.operators import OPERATORS, as_text, comparable, jsonb
from sql.types import INTEGER, JSON, TEXT, Type

INTEGRAL = frozenset({"integer", "bigint", "epoch_ms"})
MEAN_DIGITS = 6


@dataclass(frozen=True)
class Postgres:
    """The backend `postgres`. `fold_collation` lower-cases each code point by itself."""

    fold_collation: str
    name: str = "postgres"

    def ident(self, name: str, /) -> str:
        if "\x00" in name:
            raise Unsupported("A name cannot contain NUL")
        return '"' + encoding.doubled(name.replace('"', '""')) + '"'

    def column(self, alias: str, column: Column) -> Term:
        text = ident(self, column.name, under=alias)
        if encoding.foreign(column):
            return Term(sql("{}::text", text), column.type, column.nullable, "text")
        return Term(text, column.type, column.nullable, column.native, computed=False)

    def parameter(self, parameter: Parameter) -> Term:
        make = encoding.marks if parameter.many else encoding.mark
        return Term(make(parameter, parameter.type), parameter.type)

    def assign(self, column: Column, parameter: Parameter) -> Fragment:
        return encoding.assign(column, parameter)

    def hold(self, alias: str) -> Fragment:
        return Fragment(f" FOR UPDATE OF {alias}")

    def advance(self, table: Table, column: Column) -> Fragment | None:
        name = ident(self, *((table.name,) if table.schema is None else (table.schema, table.name)))
        return sql(
            "SELECT setval(s::regclass, m) "
            "FROM (SELECT pg_get_serial_sequence({}, {}) AS s, max({}) AS m FROM {}) AS x "
            "WHERE s IS NOT NULL AND m > coalesce(pg_sequence_last_value(s::regclass), 0)",
            value("%s::text", lambda _: name.text.replace("%%", "%")),
            value("%s::text", lambda _: column.name),
            ident(self, column.name),
            name,
        )

    def compare(self, op: str, left: Term, right: tuple[Operand, ...]) -> Fragment:
        return OPERATORS[op](self.fold_collation, left, right)

    def comparable(self, term: Term) -> Term:
        made = comparable(self.fold_collation, term)
        return term if made is term.sql else replace(term, sql=made, type=TEXT, native="", computed=False)

    def order(self, term: Term, *, descending: bool) -> Fragment:
        """PostgreSQL's own order of NULLs is ours: last ascending, first descending."""
        return sql("{} DESC", term.sql) if descending else term.sql

    def cast(self, term: Term, type: Type) -> Term:
        return Term(casts.cast(term, type.name, as_text), type)

    def date_part(self, part: str, term: Term) -> Term:
        local = sql("({} AT TIME ZONE 'UTC')", term.sql) if term.type.name == "datetime" else term.sql
        if term.type.name == "time":
            return Term(sql("floor(extract({} FROM {}))::bigint", Fragment(part), local), INTEGER)
        text: LiteralString = "CASE WHEN isfinite({1}) THEN floor(extract({0} FROM {1}))::bigint END"
        if term.type.name == "date":
            text = "CASE WHEN isfinite({1}) THEN floor(extract({0} FROM {1}::timestamp))::bigint END"
        return Term(sql("({})", sql(text, Fragment(part), local)), INTEGER)

    def json_path(self, term: Term, keys: Parameter) -> Term:
        path = encoding.marks(keys, TEXT)
        return Term(sql("NULLIF({} #> {}, 'null'::jsonb)", jsonb(term), path), JSON, native="jsonb")

    def json_length(self, term: Term) -> Term:
        text: LiteralString = "(CASE WHEN jsonb_typeof({0}) = 'array' THEN jsonb_array_length({0}) END)"
        return Term(sql(text, jsonb(term)), INTEGER)

    def json_kind(self, term: Term) -> Term:
        return Term(sql("jsonb_typeof({})", jsonb(term)), TEXT)

    def aggregate(self, function: str, term: Term) -> Shown:
        by = comparable(self.fold_collation, term)
        match function:
            case "count":
                return Shown(sql("count({})", term.sql))
            case "count_distinct":
                return Shown(sql("count(DISTINCT {})", by))
            case "sum":
                return Shown(sql("sum({})", term.sql), int if term.type.name in INTEGRAL else None)
            case "avg":
                return _avg(term)
            case "min":
                return Shown(sql("min({})", _least(term, by)), encoding.decoder(term))
            case "max":
                return Shown(sql("max({})", _least(term, by)), encoding.decoder(term))
        shown = as_text(term)
        return Shown(sql("array_agg({0} ORDER BY {1}, {0}) FILTER (WHERE {0} IS NOT NULL)", shown, by))

    def settled(self, term: Term) -> Term:
        if term.type.family == "text":
            return replace(term, sql=sql('({} COLLATE "C")', as_text(term)), native="text", computed=False)
        return replace(term, sql=jsonb(term), native="jsonb") if term.native == "json" else term

    def aggregated(self, function: str, term: Term, type: Type) -> Term:
        return self.settled(Term(self.aggregate(function, term).sql, type))

    def hashed(self, term: Term, key: bytes) -> Term:
        """HMAC by its definition (RFC 2104): of the hashes there are, this is built in."""
        text = self.cast(term, TEXT).sql
        inner, outer = (value("%s::bytea", _padded(key, byte)) for byte in (0x36, 0x5C))
        made = sql("encode(sha256({} || sha256({} || convert_to({}, 'UTF8'))), 'hex')", outer, inner, text)
        return self.settled(Term(made, TEXT, term.nullable))

    def shown(self, term: Term) -> Shown:
        return Shown(term.sql, encoding.decoder(term))

    def keys(self, columns: tuple[Column, ...], alias: str) -> Keys:
        """Arrays side by side, numbered from 0."""
        arrays = [_key_array(column, index) for index, column in enumerate(columns)]
        parts = [f"v{index}" for index in range(len(columns))]
        names = Fragment(f"{alias}({', '.join(parts)}, n)")
        source = sql("unnest({}) WITH ORDINALITY AS {} JOIN", join(", ", arrays), names)
        number = Fragment(f"({alias}.n - 1)")
        return Keys(source, number, tuple(Fragment(f"{alias}.{part}") for part in parts))


def _padded(key: bytes, byte: int) -> Binder:
    """A key of at most a block, as HMAC mixes it in."""
    block = bytes(each ^ byte for each in key.ljust(64, b"\0"))
    return lambda _: block


def _key_array(column: Column, index: int) -> Fragment:
    native = encoding.key_cast(column)
    return value(f"%s::{encoding.doubled(native)}[]", _parents(index))


def _parents(index: int) -> Binder:
    return lambda bindings: [key[index] for key in bindings.parents]


def _least(term: Term, by: Fragment) -> Fragment:
    """There is no least uuid on PostgreSQL before 18."""
    return sql('({}::text COLLATE "C")', term.sql) if term.type.name == "uuid" else by


def _avg(term: Term) -> Shown:
    """Half up, away from zero, in whole numbers: numeric division would round once more."""
    if term.type.name not in INTEGRAL and term.type.name != "decimal":
        return Shown(sql("avg({})", term.sql))
    places = (6 if term.type.scale is None else term.type.scale) if term.type.name == "decimal" else 0
    digits = MEAN_DIGITS + places
    shift, unit = Fragment(f"2e{digits}::numeric"), Fragment(f"1e-{digits}::numeric")
    total, count = sql("sum({})::numeric", term.sql), sql("count({})", term.sql)
    text: LiteralString = "sign({0}) * div(abs({0}) * {1} + {2}, NULLIF(2 * {2}, 0)::numeric) * {3}"
    return Shown(sql(text, total, shift, count, unit))
