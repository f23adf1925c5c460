"""Commands, carried out in one transaction: the only way to write.

In: a unit and the commands of a request. Out: `Written`, one for each. Everything is refused before anything is
written where it can be: first what the caller may not do, then all that is wrong with all rows, then the statements.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from crud import reading
from crud.access import grants
from crud.access.grants import Granted
from crud.errors import ApiError, Mistake, invalid
from crud.limits import check_filter
from crud.schemas import duplicates
from crud.wire.keys import by_values
from crud.writing import conflicts, consequences, recording, statements
from crud.writing.deleting import delete, restore
from crud.writing.inserting import insert, resolved
from crud.writing.rows import Place, candidate, changed
from crud.writing.showing import shown
from crud.writing.unit import Unit, Values, Written, canonical, keyed
from crud.writing.updating import hold, hooked, needs_key, update, update_first
from sql.catalog import Resource
from sql.commands import Command, Delete, Ensure, Insert, Restore, Update, UpdateFirst, Upsert
from sql.expressions import TRUE, Compare, Path, Slot, both
from sql.query import Asked

Row = dict[str, object]


@dataclass(frozen=True)
class Prepared:
    """A granted command with its checked rows. None where a hook must see each row first."""

    granted: Granted
    rows: list[Row] | None = None
    mistakes: list[Mistake] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """An open transaction, in which a dialect may do several things."""

    unit: Unit

    def write(self, commands: Sequence[Command]) -> tuple[Written, ...]:
        """Carry out commands, all or none. Raises ApiError and SqlError; the transaction must end then."""
        self._limited(commands)
        granted = [grants.grant(command, self.unit.gate) for command in commands]
        self._one_database(granted)
        prepared = [
            _prepare(self.unit, each, number if len(granted) > 1 else None) for number, each in enumerate(granted)
        ]
        _refuse(prepared)
        made: list[Written] = []
        for each in prepared:
            with conflicts.told(self.unit, each.granted):
                made.append(_carry_out(self.unit, each, made))
        recording.flush(self.unit)
        return tuple(self._shown(each) for each in made)

    def _shown(self, written: Written) -> Written:
        """The rows as their dialect shows them, once everything that belongs to them is written."""
        command = written.command
        if isinstance(command, Delete) or command.shown is None:
            return written
        resource = self.unit.context.snapshot.catalog.resource(command.resource)
        return replace(written, rows=shown(self.unit, resource, command.shown, written.keys))

    def gone(self, resource: Resource, names: tuple[str, ...]) -> list[tuple[object, ...]]:
        """The soft-deleted rows that the caller may bring back, by their values in these columns."""
        if resource.soft_delete is None or not resource.key:
            return []
        granted = grants.grant(Restore(resource.name, TRUE), self.unit.gate)
        found = statements.touch(self.unit, grants.finding(granted, names))
        return [tuple(canonical(resource, *pair) for pair in zip(names, row, strict=True)) for row in found]

    def read(self, asked: Asked) -> reading.Result:
        """Answer a query within the transaction."""
        return reading.answer(self.unit.context, asked)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A savepoint: what fails in the block leaves nothing behind, and its after-hooks are forgotten."""
        before, waiting = len(self.unit.events), len(self.unit.entries)
        try:
            with self.unit.database.transaction():
                yield
        except BaseException:
            del self.unit.events[before:]
            del self.unit.entries[waiting:]
            raise

    def _limited(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if not isinstance(command, Insert | Upsert):
                check_filter(command.where, self.unit.context.snapshot.config.limits)

    def _one_database(self, granted: Sequence[Granted]) -> None:
        databases = self.unit.context.snapshot.databases
        for each in granted:
            if databases[each.resource.source] is not self.unit.database:
                raise ApiError("bad_body", "The request would write into two databases; send a request for each")


# ---------------------------------------------------------------- checking


def _prepare(unit: Unit, granted: Granted, number: int | None) -> Prepared:
    command = granted.command
    match command:
        case Insert(rows=rows):
            return _candidates(unit, granted, rows, [Place(command.at, place) for place in _numbers(rows, number)])
        case Ensure(row=row) | Upsert(row=row):
            return _candidates(unit, granted, (row,), [Place(command.at, number)])
        case Update() | UpdateFirst() if not hooked(unit, granted.resource, "update"):
            made, mistakes = changed(unit, granted, command.changes, Place(command.at, number), key=None)
            return Prepared(granted, [made], mistakes)
        case _:
            return Prepared(granted)


def _numbers(rows: Sequence[Values], number: int | None) -> list[int | None]:
    return [number] if len(rows) == 1 else list(range(len(rows)))


def _candidates(unit: Unit, granted: Granted, rows: Sequence[Values], places: Sequence[Place]) -> Prepared:
    made, mistakes = [], []
    for row, place in zip(rows, places, strict=True):
        values, wrong = candidate(unit, granted, row, place)
        made.append(values)
        mistakes += wrong
    return Prepared(granted, made, mistakes)


def _refuse(prepared: Sequence[Prepared]) -> None:
    """All that is wrong with all rows at once, else what cannot be together."""
    wrong = [replace(m, resource=each.granted.resource.name) for each in prepared for m in each.mistakes]
    if wrong:
        raise invalid(wrong[0].resource, wrong)
    for each in prepared:
        rows = each.rows if isinstance(each.granted.command, Insert) else None
        if rows and len(rows) > 1 and (twice := duplicates(each.granted.resource, rows)):
            raise twice


# ---------------------------------------------------------------- doing


def _carry_out(unit: Unit, prepared: Prepared, made: Sequence[Written]) -> Written:
    granted = replace(prepared.granted, command=_referring(prepared.granted.command, made))
    rows = None if prepared.rows is None else [resolved(row, made) for row in prepared.rows]
    found = consequences.before(unit, granted)
    done = _done(unit, granted, rows)
    consequences.after(unit, granted.resource, found)
    return replace(done, command=prepared.granted.command)


def _referring(command: Command, made: Sequence[Written]) -> Command:
    """The command with what it refers to of the earlier ones."""
    match command:
        case Update(changes=changes) | UpdateFirst(changes=changes):
            return replace(command, changes=resolved(changes, made))
        case Upsert(row=row):
            return replace(command, row=resolved(row, made))
        case _:
            return command


def _done(unit: Unit, granted: Granted, rows: list[Row] | None) -> Written:
    match granted.command:
        case Insert():
            return insert(unit, granted, rows or [])
        case Update():
            return update(unit, granted, rows[0] if rows else None)
        case UpdateFirst():
            return update_first(unit, granted, rows[0] if rows else None)
        case Delete():
            return delete(unit, granted)
        case Restore():
            return restore(unit, granted)
        case Ensure():
            return _ensure(unit, granted, rows or [])
        case Upsert() as command:
            return _upsert(unit, granted, command, rows=rows or [])


def _ensure(unit: Unit, granted: Granted, rows: list[Row]) -> Written:
    """The row that is there, or a new one. Two callers who ensure the same at once wait for each other."""
    unit.session.lock(f"ensure {granted.resource.name}")
    found = hold(unit, _within(granted, rows[0]), limit=1).keys
    if not found:
        return insert(unit, granted, rows)
    return Written(granted.command, 0, tuple(found), values=found[0])


def _within(granted: Granted, row: Values) -> Granted:
    """The command among the rows of the tenant that its new row would belong to."""
    resource, command = granted.resource, granted.command
    if not isinstance(command, Ensure) or resource.tenant is None:
        return granted
    whose = Slot(len(command.values), resource.column(resource.tenant).type)
    where = both(granted.where, Compare(Path(resource.tenant), "eq", (whose,)))
    return replace(granted, where=where, command=replace(command, values=(*command.values, row[resource.tenant])))


def _upsert(unit: Unit, granted: Granted, command: Upsert, *, rows: list[Row]) -> Written:
    """The row with these unique values, changed; else a new one. A row beyond the caller's reach is a conflict."""
    unit.session.lock(f"ensure {granted.resource.name}")
    needs_key(granted.resource)
    by = dict.fromkeys((*command.by, granted.resource.tenant) if granted.resource.tenant else command.by)
    where, values = by_values(granted.resource, {name: rows[0].get(name) for name in by})
    change = grants.finding(granted, granted.resource.key, narrowed=where, limit=1)
    found = statements.touch(unit, change, values)
    if not found:
        return insert(unit, granted, rows)
    key = keyed(granted.resource, found[0])
    changes = {name: value for name, value in command.row.items() if name not in (*by, *granted.resource.key)}
    by_key, key_values = by_values(granted.resource, key)
    known = Update(command.resource, by_key, changes, key_values, keyed=True, shown=command.shown, at=command.at)
    return replace(Work(unit).write((known,))[0], command=command)
