"""The service: the only path to the database for what callers ask and change.

In: a `Context` (snapshot and actor) and what a dialect's parser gave: `Asked` or commands. Out: `Result` or `Written`.
A write is one transaction, whatever it holds; hooks that come after it run once it is committed. A transaction that
another one has thrown back is tried again, one that may have been committed never is.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from crud import keeping, reading
from crud.caching.entries import Entry, Words
from crud.errors import ApiError
from crud.hooks import Event
from crud.plans.filled import filled
from crud.reading import Result
from crud.snapshots import revision
from crud.snapshots.state import Context
from crud.telemetry.calls import enter
from crud.writing.dropping import dropping
from crud.writing.unit import Unit, Written
from crud.writing.work import Work
from sql.commands import Command
from sql.errors import Deadlock, Full, ReadOnly, Unavailable, Uncertain
from sql.query import Asked

__all__ = ["Entry", "Explained", "Result", "Work", "Written", "attempted", "kept", "read", "renew", "work", "write"]

T = TypeVar("T")
TRIES = 8


class Explained(Exception):
    """A read that is to be explained, and so is not answered."""

    def __init__(self, context: Context, asked: Asked) -> None:
        super().__init__(asked.query.resource)
        self.context, self.asked = context, asked


def read(context: Context, asked: Asked) -> Result:
    """Answer one query: authorise, build, fetch, embed, count. Raises ApiError and SqlError."""
    return _told(context, asked, lambda: reading.answer(context, filled(context, asked)))


def kept(context: Context, asked: Asked, said: Words) -> Entry | Result:
    """The same where the answer may be kept, or one that was: an `Entry`, whose rows are JSON text. `said`: what the
    dialect says of the question, for who looks into the cache."""
    return _told(context, asked, lambda: keeping.answer(context, filled(context, asked), said))


def _told(context: Context, asked: Asked, answer: Callable[[], T]) -> T:
    """An answer, between the hooks of its resource."""
    if context.explains:
        raise Explained(context, asked)
    hooks = context.snapshot.hooks
    if not hooks.any(asked.query.resource, "before_read") and not hooks.any(asked.query.resource, "after_read"):
        return answer()
    actor = context.actor
    event = Event("read", asked.query.resource, {}, None, actor.id, actor.roles, actor.tenant)
    hooks.before(event)
    found = answer()
    hooks.after([event])
    return found


def write(context: Context, commands: Sequence[Command]) -> tuple[Written, ...]:
    """Carry out the commands of a request, all or none. Raises ApiError and SqlError."""
    resource = context.snapshot.catalog.resource(commands[0].resource) if commands else None
    if resource is None:
        return ()
    return attempted(lambda: _write(context, commands, resource.source))


def _write(context: Context, commands: Sequence[Command], source: str) -> tuple[Written, ...]:
    with work(context, source) as open_work:
        return open_work.write(commands)


@contextmanager
def work(context: Context, source: str = "default") -> Iterator[Work]:
    """One transaction in which several things may be done. It is not tried again: see `attempted`."""
    enter("write")
    if context.explains:
        raise ApiError("bad_parameter", "Only reads are explained", parameter="X-Explain")
    database = context.snapshot.database(source)
    with dropping(context) as cached:
        with database.transaction() as session:
            unit = Unit(context, database, session)
            yield Work(unit)
            if unit.renews:
                revision.renew(database, session)
            cached.before(unit)
        cached.after(unit)
    context.snapshot.hooks.after(unit.events)


def renew(context: Context) -> None:
    """Let every worker read its rules again, with its next request."""
    revision.announce(context.snapshot.system)


def attempted(transaction: Callable[[], T]) -> T:
    """Run a whole transaction; again where the database threw it back, or was lost before it could be committed."""
    for number in range(TRIES):
        try:
            return transaction()
        except (Uncertain, Full, ReadOnly):
            raise
        except Deadlock:
            if number == TRIES - 1:
                raise
            time.sleep(random.uniform(0.005, 0.02) * 2 ** min(number, 4))
        except Unavailable:
            if number:
                raise
    raise AssertionError
