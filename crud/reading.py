"""Reads: a query authorised, compiled and executed.

In: a `Context` (snapshot and actor) and what a dialect's parser gave (`Asked`). Out: `Result`, rows and total.
The first two steps are done once per shape and kind of caller and kept with the snapshot. Inside a transaction of this
thread the rows are those of the transaction.
"""

from datetime import UTC, datetime

from crud.access.permissions import authorize, gate_for
from crud.limits import check
from crud.state import Context
from sql.builder import compile_query
from sql.compiled import Compiled, Statement
from sql.execute import Bindings, Result, execute
from sql.query import Asked, Authorized, Query

__all__ = ["Result", "answer", "counted", "prepared", "printed"]


def answer(context: Context, asked: Asked) -> Result:
    """The rows of a query. Raises ApiError and SqlError."""
    compiled = prepared(context, asked.query)
    bindings = Bindings(asked.values, context.actor.values, datetime.now(UTC))
    snapshot = context.snapshot
    return execute(compiled, snapshot.database(_source(context, asked.query)), bindings, snapshot.databases)


def prepared(context: Context, query: Query) -> Compiled:
    """The compiled form of a query for callers of this kind."""
    key = (query, context.actor.kind)
    return context.snapshot.compiled.get(key, lambda: _prepare(context, query))  # type: ignore[return-value]


def _prepare(context: Context, query: Query) -> Compiled:
    snapshot = context.snapshot
    check(query, snapshot.config.limits)
    return _compiled(context, authorize(query, gate_for(snapshot.policy, snapshot.catalog, context.actor)))


def counted(context: Context, authorized: Authorized[Query], values: tuple[object, ...]) -> int:
    """How many rows an authorised query finds: a write asks whether its rows are still the caller's."""
    key = ("counted", authorized.query)
    compiled = context.snapshot.compiled.get(key, lambda: _compiled(context, authorized))
    assert isinstance(compiled, Compiled)
    database = context.snapshot.database(_source(context, authorized.query))
    found = execute(compiled, database, Bindings(values, context.actor.values, datetime.now(UTC)))
    return int(str(found.rows[0]["n"]))


def printed(context: Context, authorized: Authorized[Query]) -> Statement:
    """The statement of an authorised query, for who asks what would be run."""
    return _compiled(context, authorized).statement


def _compiled(context: Context, authorized: Authorized[Query]) -> Compiled:
    snapshot = context.snapshot
    backends = {source: database.backend for source, database in snapshot.databases.items()}
    return compile_query(
        authorized,
        snapshot.catalog,
        backends[_source(context, authorized.query)],
        max_rows=snapshot.config.limits.max_rows,
        backends=backends,
    )


def _source(context: Context, query: Query) -> str:
    return context.snapshot.catalog.resource(query.resource).source
