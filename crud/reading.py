"""Reads: a query authorised, compiled and executed.

In: a `Context` (snapshot and actor) and what a dialect's parser gave (`Asked`). Out: `Result`, rows and total.
The first two steps are done once per shape and kind of caller and kept with the snapshot. Inside a transaction of this
thread the rows are those of the transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from crud.access.permissions import authorize, gate_for
from crud.errors import ApiError
from crud.limits import check
from crud.plans.beside import BACKEND, beside
from crud.snapshots.state import Context
from crud.telemetry.calls import enter, spending
from sql.backend import Backend
from sql.builder import compile_query
from sql.catalog import Catalog, Resource
from sql.compiled import BESIDE, Compiled, Statement
from sql.database import Database
from sql.errors import Timeout
from sql.execute import Bindings, Result, execute
from sql.query import Asked, Authorized, Query

log = structlog.get_logger()
__all__ = ["Result", "admitted", "answer", "counted", "noted", "placed", "prepared", "printed", "statements"]


def answer(context: Context, asked: Asked) -> Result:
    """The rows of a query. Raises ApiError and SqlError."""
    with spending("authorise"):
        made = prepared(context, asked.query)
    enter("render")
    bindings = Bindings(asked.values, context.actor.values, datetime.now(UTC))
    with _named(context, made), placed(context, asked.query, made, bindings) as database:
        return execute(made, database, bindings, context.snapshot.databases)


@contextmanager
def _named(context: Context, made: Compiled) -> Iterator[None]:
    """A plan whose steps take too long is named, to the caller and in the log."""
    try:
        yield
    except Timeout as error:
        if not made.plan:
            raise
        log.warning("timeout", request_id=context.request_id, plan=made.plan, cause=repr(error.__cause__))
        message = f"Plan {made.plan!r}: its steps took too long (limits.statement_seconds)"
        raise ApiError("timeout", message) from error


@contextmanager
def placed(context: Context, query: Query, made: Compiled, bindings: Bindings) -> Iterator[Database]:
    """The database in which a query runs: that of its source, or one for a plan that reads several."""
    snapshot = context.snapshot
    if not made.brought:
        yield snapshot.database(_source(context, query))
        return
    with beside(made, snapshot.databases, bindings, snapshot.config.limits.statement_seconds) as database:
        yield database


def prepared(context: Context, query: Query) -> Compiled:
    """The compiled form of a query for callers of this kind."""
    key = (query, context.actor.kind)
    return context.snapshot.compiled.get(key, lambda: _prepare(context, query))  # type: ignore[return-value]


def _prepare(context: Context, query: Query) -> Compiled:
    return statements(context, admitted(context, query))


def admitted(context: Context, query: Query) -> Authorized[Query]:
    """A query within the limits, narrowed to what the caller may read."""
    snapshot = context.snapshot
    check(query, snapshot.config.limits)
    return authorize(query, gate_for(snapshot.policy, snapshot.catalog, context.actor))


def counted(context: Context, authorized: Authorized[Query], values: tuple[object, ...]) -> int:
    """How many rows an authorised query finds: a write asks whether its rows are still the caller's."""
    key = ("counted", authorized.query)
    made = context.snapshot.compiled.get(key, lambda: statements(context, authorized))
    assert isinstance(made, Compiled)
    database = context.snapshot.database(_source(context, authorized.query))
    found = execute(made, database, Bindings(values, context.actor.values, datetime.now(UTC)))
    return int(str(found.rows[0]["n"]))


def noted(context: Context, query: Query) -> tuple[Query, frozenset[str]]:
    """A query as it is authorised, and the resources that were looked up to authorise and to print it: everything that
    an answer depends on."""
    snapshot, names = context.snapshot, _Noted(context.snapshot.catalog.resources)
    catalog = Catalog(names)
    authorized = authorize(query, gate_for(snapshot.policy, catalog, context.actor))
    statements(context, authorized, catalog)
    return authorized.query, frozenset(names.seen)


class _Noted(Mapping[str, Resource]):
    """The resources, and which of them somebody has looked up."""

    def __init__(self, resources: Mapping[str, Resource]) -> None:
        self._resources = resources
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Resource:
        found = self._resources[name]
        self.seen.add(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)


def printed(context: Context, authorized: Authorized[Query]) -> Statement:
    """The statement of an authorised query, for who asks what would be run."""
    return statements(context, authorized).statement


def statements(
    context: Context, authorized: Authorized[Query], catalog: Catalog | None = None, *, max_rows: int | None = None
) -> Compiled:
    """An authorised query in the words of its databases. `max_rows`: where the limit of one answer does not hold."""
    snapshot = context.snapshot
    backends: dict[str, Backend] = {source: database.backend for source, database in snapshot.databases.items()}
    backends[BESIDE] = BACKEND
    return compile_query(
        authorized,
        catalog or snapshot.catalog,
        backends[_source(context, authorized.query)],
        max_rows=snapshot.config.limits.max_rows if max_rows is None else max_rows,
        most_brought=snapshot.config.limits.max_rows,
        backends=backends,
        mask=snapshot.mask,
    )


def _source(context: Context, query: Query) -> str:
    return context.snapshot.catalog.resource(query.resource).source
