"""Changing tables: the steps run, and what is in the way told in words.

In: a session of `Database.evolving()`, and changes. Out: changed tables, or CannotEvolve, which undoes nothing by
itself.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sql.backend import Backend
from sql.catalog import Table
from sql.database import Session
from sql.ddl import table_name
from sql.errors import (
    BadValue,
    CannotEvolve,
    CheckViolation,
    DatabaseError,
    ForeignKeyViolation,
    NotNullViolation,
    Outdated,
    OutOfRange,
    SqlError,
    Unavailable,
    UniqueViolation,
)
from sql.evolution import postgres, sqlite
from sql.evolution.changes import NOTHING, Change
from sql.evolution.steps import Check, Rebuild, Run, Step, texts
from sql.layout import Layout
from sql.parts import Part
from sql.postgres.parts import names_in
from sql.sqlite import standing

_IN_THE_WAY: Mapping[type[SqlError], str] = {
    UniqueViolation: "some rows have the same values",
    NotNullViolation: "some rows have no value",
    ForeignKeyViolation: "some rows refer to none that is there",
    CheckViolation: "some values do not fit",
    OutOfRange: "some values do not fit",
}
_OTHERWISE = "something else in the database needs it as it is, or has its name"


def statements(
    old: Layout | None, new: Layout | None, backend: Backend, renamed: Mapping[str, str] = NOTHING
) -> tuple[str, ...]:
    """The SQL that changes a table, as text; without what else a rebuilt table on SQLite brings along."""
    return statements_of([Change(old, new, renamed)], backend)


def statements_of(changes: Sequence[Change], backend: Backend) -> tuple[str, ...]:
    """The SQL that changes tables which belong together."""
    if backend.name == "sqlite":
        return tuple(texts(tuple(sqlite.steps(changes, backend, frozenset())), backend))
    return tuple(texts(tuple(postgres.steps(changes, backend, lambda _, part: part.name)), backend))


def evolve(
    session: Session,
    backend: Backend,
    old: Layout | None,
    new: Layout | None,
    renamed: Mapping[str, str] = NOTHING,
) -> None:
    """Change one table that no other is changed with."""
    evolve_all(session, backend, [Change(old, new, renamed)])


def evolve_all(session: Session, backend: Backend, changes: Sequence[Change]) -> None:
    """Change tables together. Where a type changes, or a key, the tables that refer to it must be among them, changed
    or not. References in old layouts lead to where they will (`followed`). Raises CannotEvolve."""
    if backend.name == "sqlite":
        _evolve_sqlite(session, backend, changes)
    else:
        steps = tuple(postgres.steps(changes, backend, _Called(session)))
        _hold(session, backend, changes, {step.table for step in steps if isinstance(step, Check)})
        _run(session, steps)


def _hold(session: Session, backend: Backend, changes: Sequence[Change], checked: Collection[str]) -> None:
    """Nothing is written between a check and what relies on it."""
    for change in changes:
        if change.old and change.new and change.new.table.name in checked:
            place = table_name(change.old.table, backend)
            with _told(change.old.table.name, "is changed"):
                session.execute(f"LOCK TABLE {place} IN ACCESS EXCLUSIVE MODE")


def _evolve_sqlite(session: Session, backend: Backend, changes: Sequence[Change]) -> None:
    views, triggered = standing.sound(session), standing.fired(session)
    grown = frozenset(Table(name) for name in standing.grown(session))
    _run(session, tuple(sqlite.steps(changes, backend, grown)))
    moved = {change.old.table.name: change.new.table.name if change.new else "" for change in changes if change.old}
    _still(views, standing.sound(session), "the view {} cannot be read afterwards")
    fired = [moved.get(table, table) for table in triggered]
    _still([table for table in fired if table], standing.fired(session), "a trigger on {} cannot run afterwards")


def _still(before: Iterable[str], after: Iterable[str], why: str) -> None:
    for name in sorted({*before} - {*after}):
        raise CannotEvolve(name, "what stands on the tables stays", why.format(name))


class _Called:
    """What a part is really called on PostgreSQL: by what it is, where its name is not ours."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.names: dict[Table, Mapping[tuple[str, tuple[str, ...]], tuple[str, ...]]] = {}

    def __call__(self, table: Table, part: Part) -> str:
        if table not in self.names:
            self.names[table] = names_in(self.session, table)
        names = self.names[table].get((part.kind, part.columns), (part.name,))
        return part.name if part.name in names else names[0]


def _run(session: Session, steps: Sequence[Step]) -> None:
    for step in steps:
        match step:
            case Run():
                with _told(step.table, step.what):
                    session.execute(step.text, step.params)
            case Check():
                _check(session, step)
            case Rebuild():
                _rebuild(session, step)


def _check(session: Session, step: Check) -> None:
    with _told(step.table, step.what):
        count = int(str(session.fetch(step.text, step.params)[0][0]))
    if count:
        raise CannotEvolve(step.table, step.what, step.why.format(n=count))


def _rebuild(session: Session, step: Rebuild) -> None:
    """What stood on the table stands on the new one. An index goes with its columns, as it does on PostgreSQL."""
    kept = standing.upon(session, step.table.name)
    gone = standing.over(session, step.table.name, json.dumps(step.gone))
    _run(session, step.steps)
    for text in (text for text in kept if text not in gone):
        with _told(step.table.name, "what stands on it stays"), _unless_gone(step.gone):
            session.execute(text)


@contextmanager
def _unless_gone(gone: tuple[str, ...]) -> Iterator[None]:
    """An index over an expression says only when it is made that its column is not there."""
    try:
        yield
    except Outdated:
        if not gone:
            raise


@contextmanager
def _told(table: str, what: str) -> Iterator[None]:
    """Whatever a statement breaks on, in words."""
    try:
        yield
    except (Unavailable, CannotEvolve):
        raise
    except BadValue as error:
        raise CannotEvolve(table, what, f"its default: {error}") from error
    except DatabaseError as error:
        why = next((words for kind, words in _IN_THE_WAY.items() if isinstance(error, kind)), None)
        if why is None and type(error) not in (DatabaseError, Outdated):
            raise
        raise CannotEvolve(table, what, why or _OTHERWISE) from error
