"""Transactions that change tables: one worker at a time, on every host.

In: databases. Out: sessions. Who opens several begins with the database of our own tables, so that nobody waits for
somebody who waits for him.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sql.database import Database, Session
from sql.errors import Busy

LOCK = 7_263_548_190
PATIENCE = 120.0  # seconds: another worker may be busy with a large table
_PAUSE = 0.05


@contextmanager
def alone(database: Database, *, evolving: bool = True, patience: float = PATIENCE) -> Iterator[Session]:
    """A transaction that no other worker is in at the same time; inside another, a part of it.

    `evolving`: tables are changed in it, else it only makes some. `patience`: for how long it is tried to begin.
    """
    with ExitStack() as stack:
        yield _entered(database, stack, evolving=evolving, patience=patience)


def _entered(database: Database, stack: ExitStack, *, evolving: bool, patience: float) -> Session:
    until = time.monotonic() + patience
    while True:
        try:
            with ExitStack() as attempt:
                session = attempt.enter_context(database.evolving() if evolving else database.transaction())
                if database.backend.name == "postgres":
                    session.fetch("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                stack.push(attempt.pop_all())
                return session
        except Busy:
            if time.monotonic() >= until:
                raise
            time.sleep(_PAUSE)
