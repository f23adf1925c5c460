"""Changing tables, and what is in them afterwards, in plain Python.

In: a database, changes. Out: AssertionErrors where the tables are not as if made afresh, or the rows not as they must be.
"""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sql import formulas
from sql.backend import Parameter
from sql.catalog import Column
from sql.database import Database, Session
from sql.ddl import create_table, table_name
from sql.evolution import CannotEvolve, Change, differences, evolve_all, followed
from sql.fragment import Bindings, Fragment, ident, join, sql
from sql.layout import Layout, from_data, to_data
from sql.parts import parts
from sql.values import coerce
from tests.property.shapes import Shape, shape
from tests.property.values import Refused, become, computed, literals, wire

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """A value that the database makes: a number, a UUID, the time. All of them differ, but for times."""

    kind: str


APART = frozenset({Made("number"), Made("uuid"), Made("other")})


@dataclass(eq=False)
class World:
    """A database and what is in it."""

    database: Database
    layouts: dict[str, Layout] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)


def emptied(database: Database) -> World:
    """The database without any table."""
    cascade = " CASCADE" if database.backend.name == "postgres" else ""
    with database.evolving() as session:
        for info in database.tables():
            session.execute(f"DROP TABLE {table_name(info.table, database.backend)}{cascade}")
    return World(database)


def step(world: World, changes: Sequence[Change]) -> bool:
    """One change, or its refusal, which leaves everything as it is."""
    changes = followed(changes)
    before = _shape(world.database)
    try:
        expected: dict[str, list[Row]] | None = foreseen(world, changes)
    except Refused:
        expected = None
    try:
        with world.database.evolving() as session:
            evolve_all(session, world.database.backend, changes)
    except CannotEvolve as error:
        assert expected is None, f"{error} was not foreseen"
        assert _shape(world.database) == before
        compared(world)
        world.told["refused"] += 1
        return False
    assert expected is not None, "a refusal was foreseen"
    for change in changes:
        world.told.update(one.kind for one in differences(change.old, change.new, change.renamed))
    world.layouts = {c.new.table.name: from_data(to_data(c.new)) for c in changes if c.new}
    world.rows = expected
    _as_if_made_afresh(world)
    compared(world)
    return True


def _shape(database: Database) -> Shape:
    with database.read() as session:
        return shape(session, database.backend.name)


class _Undone(Exception):
    pass


def _as_if_made_afresh(world: World) -> None:
    database = world.database
    evolved, fresh = _shape(database), {}
    infos = {info.table.name: info for info in database.tables()}
    try:
        with database.evolving() as session:
            _made(session, database, world.layouts)
            fresh = dict(shape(session, database.backend.name))
            again = {info.table.name: info for info in database.tables()}
            raise _Undone
    except _Undone:
        pass
    assert evolved == fresh
    for name, info in infos.items():
        made = again[name]
        assert (info.key, {*info.uniques}, {*info.foreign_keys}) == (made.key, {*made.uniques}, {*made.foreign_keys})
        assert {*info.indexes} == {*made.indexes}


def _made(session: Session, database: Database, layouts: Mapping[str, Layout]) -> None:
    """All tables dropped and made; references in a circle are added when both ends are there."""
    cascade = " CASCADE" if database.backend.name == "postgres" else ""
    for info in database.tables():
        session.execute(f"DROP TABLE {table_name(info.table, database.backend)}{cascade}")
    waiting = dict(layouts)
    while waiting:
        ready = [n for n, one in waiting.items() if not {k.target.name for k in one.references} & {*waiting} - {n}]
        for name in ready:
            for text in create_table(waiting.pop(name), database.backend):
                session.execute(text)
        if not ready:
            evolve_all(session, database.backend, [Change(None, layout) for layout in waiting.values()])
            return


# ---------------------------------------------------------------- rows


def foreseen(world: World, changes: Sequence[Change]) -> dict[str, list[Row]]:
    """The rows after the changes. Raises Refused."""
    made = {c.new.table.name: _moved(world, c) for c in changes if c.new}
    for change in changes:
        if change.new:
            _hold(change.new, made)
    return made


def _moved(world: World, change: Change) -> list[Row]:
    assert change.new is not None
    if change.old is None:
        return []
    old, new = change.old, change.new
    was = {n: change.renamed.get(n, n) for n in new.names}
    given = {*change.renamed.values()}
    there = {n: w for n, w in was.items() if w in old.names and (n in change.renamed or w not in given)}
    return [_moved_row(row, old, new, there) for row in world.rows[old.table.name]]


def _moved_row(row: Row, old: Layout, new: Layout, there: Mapping[str, str]) -> Row:
    made = {c.name: _value(row, old, new, c, there.get(c.name)) for c in new.columns if not c.formula}
    return made | {c.name: _computed(c, made) for c in new.columns if c.formula}


def _computed(column: Column, row: Row) -> Any:
    of = row[formulas.names(column.formula)[0]]
    return Made("other") if isinstance(of, Made) else computed(column.formula, row)


def _value(row: Row, old: Layout, new: Layout, column: Column, was: str | None) -> Any:
    value = None
    if was is not None and row[was] is not None:
        value = become(row[was], old.column(was).type, column.type)
    if value is not None or (new.optional(column)):
        return value
    if column.name == new.counted and was is None:
        return Made("number")
    match column.default:
        case None:
            raise Refused
        case default if default.kind == "literal":
            return default.value
        case default if default.kind in ("uuid", "now"):
            return Made(default.kind)
    raise Refused


def _hold(layout: Layout, rows: Mapping[str, list[Row]]) -> None:
    mine = rows[layout.table.name]
    for part in parts(layout, "sqlite"):
        if part.kind == "key" or part.unique:
            told = [tuple(_alike(layout.column(name), row[name]) for name in part.columns) for row in mine]
            told = [values for values in told if None not in values and not {*values} & APART]
            if len({*told}) != len(told):
                raise Refused
    for key in layout.references:
        there = {wire(row[key.target_columns[0]]) for row in rows[key.target.name]}
        here = [row[key.columns[0]] for row in mine]
        if any(isinstance(value, Made) or (value is not None and wire(value) not in there) for value in here):
            raise Refused


def _alike(column: Column, value: Any) -> Any:
    if value is None or isinstance(value, Made):
        return value
    shown = wire(value)
    return "".join(c.lower() if c.isascii() else c for c in shown) if column.type.name == "citext" else shown


def compared(world: World) -> None:
    """The rows are those that are there; what the database has made is known from here on."""
    for name, layout in world.layouts.items():
        found = _read(world.database, layout)
        expected = world.rows[name]
        made = [c.name for c in layout.columns if any(isinstance(row[c.name], Made) for row in expected)]
        plain = [c.name for c in layout.columns if c.name not in made]
        assert _counted(expected, plain) == _counted(found, plain), name
        for column in made:
            kinds = {row[column].kind for row in expected if isinstance(row[column], Made)}
            values = [row[column] for row in found]
            assert None not in values
            assert kinds & {"now", "other"} or len({*values}) == len(values)
            assert "uuid" not in kinds or sum(bool(UUID.fullmatch(str(v))) for v in values) >= 1
        world.rows[name] = [
            {c.name: None if row[c.name] is None else _canonical(c, row[c.name]) for c in layout.columns}
            for row in found
        ]


def _canonical(column: Column, value: Any) -> Any:
    if column.type.name == "json":
        return orjson.loads(orjson.dumps(value))
    return coerce(column.type, value)


def _counted(rows: Sequence[Row], names: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(wire(row[name]) for name in names) for row in rows)


def _read(database: Database, layout: Layout) -> list[Row]:
    backend = database.backend
    shown = [backend.shown(backend.column("t", column)) for column in layout.columns]
    place = Fragment(table_name(layout.table, backend))
    text = sql("SELECT {} FROM {} AS t", join(", ", [one.sql for one in shown]), place)
    rows = database.fetch(text.text)
    return [
        {
            column.name: one.decode(value) if one.decode and value is not None else value
            for column, one, value in zip(layout.columns, shown, row, strict=True)
        }
        for row in rows
    ]


def filled(world: World, source: random.Random) -> None:
    """Some rows more, as far as they may be there."""
    for name, layout in world.layouts.items():
        for _ in range(source.choice((0, 1, 2, 3))):
            row = _row(world, layout, source)
            if any(value is None and not layout.optional(layout.column(c)) for c, value in row.items()):
                continue
            try:
                _hold(layout, {**world.rows, name: [*world.rows[name], row]})
            except Refused:
                continue
            _insert(world.database, layout, row)
            world.rows[name].append(row)
    compared(world)


def _row(world: World, layout: Layout, source: random.Random) -> Row:
    row: dict[str, Any] = {}
    for column in (column for column in layout.columns if not column.formula):
        optional = layout.optional(column) and source.random() < 0.3
        row[column.name] = None if optional else source.choice(literals(column.type))
    if layout.counted:
        row[layout.counted] = Made("number")
    for key in layout.references:
        there = [row[key.target_columns[0]] for row in world.rows[key.target.name]]
        row[key.columns[0]] = source.choice(there) if there else None
    return row | {c.name: _computed(c, row) for c in layout.columns if c.formula}


def _insert(database: Database, layout: Layout, row: Row) -> None:
    backend = database.backend
    plain = {column.name for column in layout.columns if not column.formula}
    given = {name: value for name, value in row.items() if name in plain and not isinstance(value, Made)}
    names = join(", ", [ident(backend, name) for name in given])
    marks = [_mark(database, layout.column(name), value) for name, value in given.items()]
    place = Fragment(table_name(layout.table, backend))
    if given:
        text = sql("INSERT INTO {} ({}) VALUES ({})", place, names, join(", ", marks))
    else:
        text = sql("INSERT INTO {} DEFAULT VALUES", place)
    with database.transaction() as session:
        session.execute(text.text, tuple(binder(Bindings()) for binder in text.params))


def _mark(database: Database, column: Column, value: Any) -> Fragment:
    return database.backend.assign(column, Parameter(lambda _: value, column.type))
