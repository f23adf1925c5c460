"""Generations: what tells whether a table was written since an answer was made of it.

In: a store, ids of tables. Out: for a reader their generations, or None while a write is about to be kept; for a writer
`close` before COMMIT and `renew` after it, before the write is acknowledged.

A generation is a random word that never comes back. A reader takes those of his tables before he reads a row, and they
are part of the key of his answer. So an answer that he finds was read after the last `renew` of each of its tables, and
so after every write that was acknowledged before he asked. Between `close` and `renew` nobody fills or uses the cache:
a writer who dies between the two, or who cannot reach the store any more, leaves his tables closed, not old. They open
by themselves once no COMMIT can still be on its way. A table without a generation was read by nobody who keeps answers:
a write sets none, and a reader makes one.
"""

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from crud.caching.store import Store

CLOSED_SECONDS = 30
_CLOSED = "closed"


@dataclass(frozen=True)
class Ledger:
    """The generations in a store. Every method raises StoreFailed."""

    store: Store

    def current(self, ids: Iterable[str]) -> dict[str, str] | None:
        """The generations of these tables; None where one of them is being written just now."""
        wanted = tuple(ids)
        found = self.store.marks(wanted)
        if any(_shut(mark) for mark in found.values()):
            return None
        made = {id: secrets.token_hex(12) for id in wanted if id not in found or found[id].startswith(_CLOSED)}
        if made:
            self.store.mark(made)
        return found | made

    def standing(self, ids: Iterable[str]) -> dict[str, str]:
        """The generations as they are, for who only looks."""
        return self.store.marks(ids)

    def close(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Before COMMIT: no answer is made or found of these tables from now on. Which of them have a generation."""
        found = tuple(self.store.marks(ids))
        if found:
            self.store.mark({id: f"{_CLOSED} {int(time.time())} {secrets.token_hex(6)}" for id in found})
        return found

    def renew(self, ids: Iterable[str], closed: Iterable[str] = ()) -> None:
        """After COMMIT: answers of these tables are made anew."""
        found = {*self.store.marks(ids), *closed}
        if found:
            self.store.mark({id: secrets.token_hex(12) for id in found})

    def renew_all(self) -> None:
        """Every answer is made anew, also those that are being made now."""
        self.renew((), self.store.marked())


def _shut(mark: str) -> bool:
    if not mark.startswith(_CLOSED):
        return False
    return time.time() - int(mark.split()[1]) < CLOSED_SECONDS
