"""Authorised changes as statements, run inside a transaction. Only here are write statements compiled.

In: `Authorized[Change]` and the values of one execution. Out: the returned columns of the rows that were touched.
A statement is compiled once per shape and kept with the snapshot.
"""

from collections.abc import Iterable, Sequence

from crud.writing.reach import reached
from crud.writing.unit import Unit
from sql.builder import compile_change
from sql.catalog import Resource
from sql.commands import Change
from sql.compiled import CompiledChange
from sql.fragment import Bindings
from sql.query import Authorized

Raw = tuple[object, ...]


def touch(unit: Unit, change: Authorized[Change], values: Raw = (), row: Raw = ()) -> list[Raw]:
    """Run a change; what it returns of each row."""
    compiled = compiled_change(unit, change)
    params = compiled.statement.bind(_bindings(unit, values, row))
    return compiled.decode(unit.session.fetch(compiled.statement.text, params))


def count(unit: Unit, change: Authorized[Change], values: Raw = (), row: Raw = ()) -> int:
    """Run a change; how many rows it touched."""
    statement = compiled_change(unit, change).statement
    return unit.session.execute(statement.text, statement.bind(_bindings(unit, values, row)))


def put_many(unit: Unit, change: Authorized[Change], rows: Sequence[Raw]) -> list[Raw]:
    """Run an insertion once for each row; what it returns of each, in their order."""
    if len(rows) == 1 and change.query.returning:
        return touch(unit, change, (), rows[0])
    compiled = compiled_change(unit, change)
    params = [compiled.statement.bind(_bindings(unit, (), row)) for row in rows]
    returning = bool(change.query.returning)
    return compiled.decode(unit.session.run_many(compiled.statement.text, params, returning=returning))


def advance(unit: Unit, resource: Resource, columns: Iterable[str]) -> None:
    """Let counters go on after keys that a caller has given: the next row would get one of them."""
    for column in (resource.column(name) for name in columns if name in resource.columns):
        counts = column.default is not None and column.default.kind == "increment"
        if counts and (statement := unit.database.backend.advance(resource.table, column)):
            unit.session.fetch(statement.text, tuple(binder(Bindings()) for binder in statement.params))


def compiled_change(unit: Unit, change: Authorized[Change]) -> CompiledChange:
    """The statement of a shape, which is about to be run."""
    snapshot = unit.context.snapshot
    backend = unit.database.backend
    if change.query.kind != "lock" and snapshot.cache is not None:
        unit.written |= reached(snapshot, change.query)
    made = snapshot.compiled.get(change.query, lambda: compile_change(change, snapshot.catalog, backend))
    assert isinstance(made, CompiledChange)
    return made


def _bindings(unit: Unit, values: Raw, row: Raw) -> Bindings:
    return Bindings(values, unit.context.actor.values, unit.now, row=row)
