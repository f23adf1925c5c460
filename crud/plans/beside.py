"""A database for a plan that reads several sources: the rows of each are brought there, and its statement runs there.

In: what the builder compiled, the databases, the bindings of one execution. Out: a temporary SQLite database of this
one reading, with a table for each stage that one source gave; it is gone afterwards. Each source is read as of one
moment. More rows than `limits.max_rows` are refused, and the refusal names the step.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import orjson

from crud.errors import ApiError
from crud.places import new_place
from sql.backend import Decoder, Parameter
from sql.catalog import Column, Table
from sql.compiled import Brought, Compiled, Raw
from sql.database import Database, Options, Session
from sql.ddl import create_table
from sql.errors import BadValue
from sql.fragment import Bindings
from sql.layout import Layout
from sql.opening import open_database
from sql.sqlite.grammar import SQLITE
from sql.types import TEXT, Type
from sql.values import coerce, to_json

BACKEND = SQLITE
Databases = Mapping[str, Database]
Carry = Callable[[object], object]


@contextmanager
def beside(compiled: Compiled, databases: Databases, bindings: Bindings, seconds: float) -> Iterator[Database]:
    """The database in which the statement of a plan over several sources finds its rows."""
    place = new_place("plan.sqlite")
    try:
        database = open_database(f"sqlite:///{place.path}", options=Options(statement_seconds=seconds))
        try:
            with ExitStack() as stack, database.evolving() as session:
                begun: dict[str, Session] = {}
                for each in compiled.brought:
                    if each.source not in begun:
                        begun[each.source] = stack.enter_context(databases[each.source].read())
                    _bring(session, each, begun[each.source], bindings)
            yield database
        finally:
            database.close()
    finally:
        place.remove()


def _bring(session: Session, each: Brought, source: Session, bindings: Bindings) -> None:
    rows = source.fetch(each.statement.text, each.statement.bind(bindings))
    if len(rows) > each.max_rows:
        message = f"{each.at}: more than {each.max_rows} rows would be brought together (limits.max_rows)"
        raise ApiError("failed_step", message)
    columns = each.columns or (Column("_dragoman_n", TEXT),)
    kept = tuple(Column(column.name, _plain(column)) for column in columns)
    for text in create_table(Layout(Table(each.name), kept), BACKEND):
        session.execute(text)
    marks = ", ".join("?" * len(kept))
    carried = _carried(each, rows)
    session.run_many(f"INSERT INTO {BACKEND.ident(each.name)} VALUES ({marks})", carried, returning=False)


def _plain(column: Column) -> Type:
    """As what a column is kept: numbers of any length, and texts without case, as texts that are told apart as they
    are."""
    return TEXT if column.storage or column.type.name == "citext" else column.type


def _carried(each: Brought, rows: list[Raw]) -> list[Raw]:
    parts = [_part(column, decode) for column, decode in zip(each.columns, each.decoders, strict=True)]
    try:
        if not parts:
            return [(None,) for _ in rows]
        return [tuple(part(value) for part, value in zip(parts, row, strict=True)) for row in rows]
    except BadValue as error:
        raise ApiError("failed_step", f"{each.at}: {error}") from None


def _part(column: Column, decode: Decoder | None) -> Carry:
    """How a value goes: out as JSON has it, and in as a column of the other database stores it."""
    if column.storage:
        return lambda raw: None if raw is None else str(decode(raw) if decode else raw)
    stored = BACKEND.assign(column, Parameter(lambda bindings: bindings.row[0], column.type)).params[0]

    def carry(raw: object) -> object:
        if raw is None:
            return None
        return stored(Bindings(row=(_meant(column, decode(raw) if decode else raw),)))

    return carry


def _meant(column: Column, shown: object) -> object:
    plain = json.loads(orjson.dumps(shown)) if isinstance(shown, orjson.Fragment) else shown
    return plain if column.type.name == "json" else coerce(column.type, to_json(plain))
