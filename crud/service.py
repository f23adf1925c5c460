"""The service: the only path to the database for what callers ask.

In: a `Context` (snapshot and actor) and what a dialect's parser gave (`Asked`). Out: `Result`, rows and total.
authorise → compile → execute; the first two are done once per shape and kind of caller and kept with the snapshot.
"""

from datetime import UTC, datetime

from crud.limits import check
from crud.permissions import authorize, gate_for
from crud.state import Context
from sql.builder import compile_query
from sql.compiled import Compiled
from sql.execute import Bindings, Result, execute
from sql.query import Asked, Query

__all__ = ["Result", "read"]


def read(context: Context, asked: Asked) -> Result:
    """Answer one query: authorise, build, fetch, embed, count. Raises ApiError and SqlError."""
    compiled = prepared(context, asked.query)
    bindings = Bindings(asked.values, context.actor.values, datetime.now(UTC))
    return execute(compiled, context.snapshot.database(_source(context, asked.query)), bindings)


def prepared(context: Context, query: Query) -> Compiled:
    """The compiled form of a query for callers of these roles."""
    actor = context.actor
    key = (query, actor.roles, actor.tenant is None)
    return context.snapshot.compiled.get(key, lambda: _prepare(context, query))  # type: ignore[return-value]


def _prepare(context: Context, query: Query) -> Compiled:
    snapshot = context.snapshot
    check(query, snapshot.config.limits)
    authorized = authorize(query, gate_for(snapshot.policy, snapshot.catalog, context.actor))
    backend = snapshot.database(_source(context, query)).backend
    return compile_query(authorized, snapshot.catalog, backend, max_rows=snapshot.config.limits.max_rows)


def _source(context: Context, query: Query) -> str:
    return context.snapshot.catalog.resource(query.resource).source
