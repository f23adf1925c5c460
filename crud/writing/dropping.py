"""What a write does to the cache: nothing that was read before it is given to anybody who asks after it.

In: a transaction about to be kept, and kept. Out: closed tables, then other generations (`crud.caching.ledger`), both
before the write is acknowledged. Where the store does not answer, the number of the revision says it instead: in the
same transaction where that is in the database of our own tables, else in one before and one after it. It makes every
worker leave all answers that it has; so a write does not depend on the store, and neither does the truth.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from crud.caching.cache import Cache
from crud.caching.store import StoreFailed
from crud.caching.tables import database_ids, table_ids
from crud.snapshots import revision
from crud.snapshots.state import Context
from crud.writing.unit import Unit
from sql.errors import SqlError, Uncertain


@dataclass
class Dropping:
    """What was done before COMMIT. `failed`: without the store."""

    context: Context
    ids: frozenset[str] = frozenset()
    closed: tuple[str, ...] = ()
    failed: bool = False

    def before(self, unit: Unit) -> None:
        """Everything is written, and about to be kept."""
        cache = self.context.snapshot.cache
        if cache is None or not unit.written:
            return
        self.ids = _ids(self.context, unit)
        try:
            self.closed = cache.close(self.ids)
        except StoreFailed:
            self.failed = True
            _leave(self.context, unit)

    def after(self, unit: Unit) -> None:
        """It is kept. Raises Uncertain where nobody could be told: the write must not be acknowledged."""
        cache = self.context.snapshot.cache
        if cache is None or not self.ids:
            return
        if self.failed:
            if unit.database is not self.context.snapshot.system:
                _tell(self.context)
            return
        try:
            cache.renew(self.ids, self.closed)
        except StoreFailed:
            _tell(self.context)

    def undone(self, cache: Cache | None) -> None:
        """It was not kept: its tables are as they were."""
        if cache is not None and self.closed:
            with suppress(StoreFailed):
                cache.renew((), self.closed)


@contextmanager
def dropping(context: Context) -> Iterator[Dropping]:
    """Around a transaction. One of which nobody knows whether it was kept leaves its tables closed for a while."""
    made = Dropping(context)
    try:
        yield made
    except Uncertain:
        raise
    except BaseException:
        made.undone(context.snapshot.cache)
        raise


def _ids(context: Context, unit: Unit) -> frozenset[str]:
    written = frozenset(unit.written)
    found = context.snapshot.compiled.get(("ids", written), lambda: _ids_of(context, written))
    assert isinstance(found, frozenset)
    return found


def _ids_of(context: Context, written: frozenset[str]) -> frozenset[str]:
    catalog, databases = context.snapshot.catalog, context.snapshot.databases
    return table_ids(catalog, databases, written) | database_ids(catalog, databases, written)


def _leave(context: Context, unit: Unit) -> None:
    """All answers that were kept are left, with this transaction where that can be."""
    system = context.snapshot.system
    if unit.database is system:
        revision.renew(system, unit.session, "cache")
    else:
        revision.announce(system, "cache")


def _tell(context: Context) -> None:
    """The same once the transaction is kept."""
    try:
        revision.announce(context.snapshot.system, "cache")
    except SqlError as error:
        raise Uncertain("The change was made, but readers may see old rows for a while") from error
