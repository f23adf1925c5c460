"""Rows of a file, written in one transaction: all of them, or none and what is wrong with which.

In: a context, a resource and rows as the readers give them. Out: `Imported`. Chunks of rows go through the same hooks,
checks and generated values as every write. A chunk that the database refuses is repeated row by row, so that each bad
row is named. Nothing is kept of a chunk that is written. An import is never tried again: its stream is read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice

from crud import service
from crud.access import grants
from crud.access.grants import Granted
from crud.errors import ApiError, bad_parameter
from crud.importing.rows import Bad, Imported, Numbered, RowError, error_of, refused, wrong
from crud.snapshots.state import Context
from crud.writing import conflicts, own, recording, statements, tenancy
from crud.writing.inserting import check
from crud.writing.rows import Place, candidate
from crud.writing.unit import Unit, event, keyed
from crud.writing.work import Work
from sql.catalog import Resource
from sql.commands import Insert
from sql.errors import BadValue
from sql.expressions import TRUE
from sql.values import coerce

Row = dict[str, object]
Progress = Callable[[int], object]
CHUNK = 500
TOGETHER = 10  # rows of one INSERT: measured, faster than 1 and than 100 on both databases
# Refusals that one row earns; every other one ends the import.
OF_A_ROW = frozenset({"invalid", "conflict", "forbidden", "refused", "unknown_field", "bad_body"})


def import_rows(
    context: Context,
    resource: Resource,
    rows: Iterable[Numbered | Bad],
    *,
    tenant: str | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Write all rows, or none. `tenant`: whose the rows are, where the caller belongs to no tenant and they do.

    `progress` is told after each chunk how many rows were read. Raises ApiError and SqlError.
    """
    found: list[RowError] = []
    try:
        with service.work(context, resource.source) as work:
            running = _import(work, resource, tenant, found)
            for batch in _batches(rows):
                running.take(batch)
                if progress is not None:
                    progress(batch[-1].number)
            if found:
                raise _Undone
    except _Undone:
        return Imported(0, len(found), tuple(found))
    return Imported(running.written)


class _Undone(Exception):
    """Some rows are bad: the transaction ends without a trace."""


def _batches(rows: Iterable[Numbered | Bad]) -> Iterator[list[Numbered | Bad]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, CHUNK)):
        yield batch


def _import(work: Work, resource: Resource, tenant: str | None, errors: list[RowError]) -> "_Import":
    granted = grants.grant(Insert(resource.name, ()), work.unit.gate)
    most = work.unit.context.snapshot.config.limits.import_errors
    return _Import(work, granted, _given(work.unit, resource, tenant), errors, most)


def _given(unit: Unit, resource: Resource, tenant: str | None) -> Row:
    """The tenant of all rows. Who belongs to one writes for it, whatever was asked."""
    if resource.tenant is None or tenant is None or unit.context.actor.tenant is not None:
        return {}
    try:
        return {resource.tenant: coerce(resource.column(resource.tenant).type, tenant)}
    except BadValue as error:
        raise bad_parameter("tenant", f"expected {error.expected}") from None


@dataclass
class _Import:
    """An import on its way."""

    work: Work
    granted: Granted
    given: Row
    errors: list[RowError]
    most: int
    written: int = 0
    nullable: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.nullable = _nullable(self.granted.resource)

    def take(self, batch: Sequence[Numbered | Bad]) -> None:
        """Write a chunk. Raises _Undone once there are too many bad rows."""
        good = list(self._good(batch))
        try:
            self._store([made for _, made in good])
        except ApiError as error:
            if error.kind not in OF_A_ROW:
                raise
            for each, made in good:
                self._alone(each, made)
        self.written += len(good)

    def _alone(self, each: Numbered, made: Row) -> None:
        try:
            self._store([made])
        except ApiError as error:
            if error.kind not in OF_A_ROW:
                raise
            self._note(refused(each.number, each.data, error))

    def _note(self, bad: Bad) -> None:
        self.errors.append(error_of(bad))
        if len(self.errors) >= self.most:
            raise _Undone

    def _good(self, batch: Sequence[Numbered | Bad]) -> Iterator[tuple[Numbered, Row]]:
        """The rows as they will be stored, without the bad ones, which are noted."""
        for each in batch:
            if isinstance(each, Bad):
                self._note(each)
                continue
            made = self._candidate(each)
            if isinstance(made, Bad):
                self._note(made)
            else:
                yield each, made

    def _candidate(self, each: Numbered) -> Row | Bad:
        unit, granted = self.work.unit, self.granted
        if not each.row.keys() <= granted.create.columns:
            return Bad(each.number, "The row has a field that cannot be set", each.data)
        try:
            made, mistakes = candidate(unit, granted, {**each.row, **self.given}, Place(number=each.number))
        except ApiError as error:
            return refused(each.number, each.data, error)
        return wrong(each.number, each.data, tuple(mistakes)) if mistakes else made

    def _store(self, rows: Sequence[Row]) -> None:
        """Put rows into the table, or nothing. Raises ApiError."""
        with self.work.attempt(), conflicts.told(self.work.unit, self.granted):
            _put(self.work.unit, self.granted, rows, self.nullable)


def _nullable(resource: Resource) -> frozenset[str]:
    """The columns that are NULL where a row does not name them."""
    return frozenset(
        column.name
        for column in resource.columns.values()
        if column.nullable and column.default is None and column.auto is None and not column.generated
    )


def _put(unit: Unit, granted: Granted, rows: Sequence[Row], nullable: frozenset[str]) -> None:
    resource = granted.resource
    named = {name for row in rows for name in row}
    told = unit.context.snapshot.hooks.any(resource.name, "after_create")
    paired = told or resource.system or resource.audit == "values"
    wanted = paired or resource.audit or grants.checked(granted, granted.create, named) != TRUE
    tenancy.check(unit, resource, rows)
    alike_rows = _alike([own.stored(resource, row) for row in rows], resource, nullable)
    keys: list[Row] = []
    for columns, alike in groupby(alike_rows, key=tuple):
        together = 1 if paired or not columns else TOGETHER
        values = [tuple(row.values()) for row in alike]
        keys += _inserted(unit, granted, columns, values, together=together, returning=bool(wanted))
    statements.advance(unit, resource, named)
    check(unit, granted, "create", columns=named, keys=keys)
    for row, key in zip(rows, keys, strict=False):
        own.settle(unit, resource, row, key=key)
    recording.created(unit, resource, rows if paired else alike_rows, keys)
    recording.flush(unit)
    if told:
        found: Sequence[Row | None] = keys or [None] * len(rows)
        unit.events += [event(unit, "create", resource, row=r, key=k) for r, k in zip(rows, found, strict=True)]


def _inserted(
    unit: Unit,
    granted: Granted,
    columns: tuple[str, ...],
    rows: list[tuple[object, ...]],
    *,
    together: int,
    returning: bool,
) -> list[Row]:
    """The rows' keys, where they are asked for; in the rows' order only where each has a statement of its own."""
    whole = len(rows) - len(rows) % together
    joined = [tuple(chain.from_iterable(rows[at : at + together])) for at in range(0, whole, together)]
    raw: list[tuple[object, ...]] = []
    for count, values in ((together, joined), (1, rows[whole:])):
        if values:
            change = grants.insertion(granted, columns, rows=count, returning=returning)
            raw += statements.put_many(unit, change, values)
    return [keyed(granted.resource, each) for each in raw] if returning else []


def _alike(rows: list[Row], resource: Resource, nullable: frozenset[str]) -> list[Row]:
    """The rows with the same columns in the same order, as far as NULL says the same as nothing: fewer statements."""
    if len({tuple(row) for row in rows}) == 1:
        return rows
    absent = dict.fromkeys({name for row in rows for name in row} & nullable)
    order = [name for name in resource.columns if name in absent or any(name in row for row in rows)]
    whole = [{**absent, **row} for row in rows]
    return [{name: row[name] for name in order if name in row} for row in whole]
