"""The cache of a service: its settings, a store, and what goes on while the store does not answer.

In: settings. Out: `Cache`. A store that has failed is left alone for a moment: meanwhile reads are answered without it.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from crud.caching.entries import Entry, packed, unpacked
from crud.caching.files import FileStore
from crud.caching.keys import named
from crud.caching.ledger import Ledger
from crud.caching.memory import MemoryStore
from crud.caching.store import Store, StoreFailed
from crud.definitions.settings import CacheSettings

T = TypeVar("T")
log = structlog.get_logger()
REST = 1.0  # seconds in which a store that has failed is left alone


def cache_of(settings: CacheSettings, service: str) -> "Cache | None":
    """The cache of these settings. `service` is told apart by where its own tables are."""
    return Cache(settings, _store(settings, service)) if settings.enabled else None


def _store(settings: CacheSettings, service: str) -> Store:
    match settings.store:
        case "memory":
            return MemoryStore(named(service), settings.max_entries)
        case "redis":
            from crud.caching.redis import RedisStore  # a third of a second that nobody else pays

            return RedisStore(settings.url)
        case _:
            return FileStore(Path(settings.path).absolute(), settings.max_entries)


class Cache:
    """Answers and generations. Whatever is asked of a store that does not answer raises StoreFailed."""

    def __init__(self, settings: CacheSettings, store: Store, *, beyond: bool = False) -> None:
        self.settings, self._beyond = settings, beyond
        self._store, self._ledger = store, Ledger(store)
        self._rest = 0.0

    def of_a_command(self) -> "Cache":
        """The same for a process that may be started in another folder, where a relative path leads to no store of the
        service: it is out of reach."""
        relative = self.settings.store == "files" and not Path(self.settings.path).is_absolute()
        return Cache(self.settings, self._store, beyond=relative)

    # ------------------------------------------------------------ for readers

    def generations(self, ids: Iterable[str]) -> dict[str, str] | None:
        """The generations of tables; None while one of them is being written."""
        return self._asked(lambda: self._ledger.current(ids))

    def find(self, key: str, seconds: float) -> Entry | None:
        """The answer of a key, if it is no older than this."""
        found = self._asked(lambda: self._store.get(key))
        entry = unpacked(found) if found else None
        return entry if entry and entry.key == key and _good(entry, time.time(), seconds) else None

    def keep(self, entry: Entry) -> bool:
        """Keep an answer, unless it is too long or the store fails."""
        data = packed(entry)
        if len(data) > self.settings.max_bytes:
            return False
        try:
            self._asked(lambda: self._store.put(entry.key, data, entry.expires - time.time()))
        except StoreFailed:
            return False
        return True

    @contextmanager
    def turn(self, key: str) -> Iterator[bool]:
        """One at a time for each key, within limits; whether somebody else had the turn before."""
        with ExitStack() as stack:
            try:
                waited = stack.enter_context(self._store.turn(key))
            except StoreFailed:
                waited = False
            yield waited

    # ------------------------------------------------------------ for writers

    def close(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Before COMMIT: these tables are closed. Those that the cache knows."""
        return self._asked(lambda: self._ledger.close(ids))

    def renew(self, ids: Iterable[str], closed: Iterable[str] = ()) -> None:
        """After COMMIT: answers of these tables are made anew."""
        self._asked(lambda: self._ledger.renew(ids, closed))

    # ------------------------------------------------------------ for who looks after it

    def view(self) -> list[Entry]:
        """The answers that would be given now, the last ones first."""
        return [entry for entry, good in self._judged() if good]

    def clean(self) -> int:
        """Forget the answers that are given no more; how many."""
        gone = [entry.key for entry, good in self._judged() if not good]
        for key in gone:
            self._asked(lambda key=key: self._store.drop(key))  # type: ignore[misc]
        return len(gone)

    def purge(self) -> None:
        """Forget every answer, also those that are being made now."""
        self._asked(self._ledger.renew_all)
        self._asked(self._store.clear)

    def _judged(self) -> list[tuple[Entry, bool]]:
        """Every answer, and whether it would be given."""
        entries = self._asked(lambda: [entry for data in self._store.entries() if (entry := unpacked(data))])
        ids = {id for entry in entries for id in entry.generations}
        standing = self._asked(lambda: self._ledger.standing(ids)) if ids else {}
        now = time.time()
        judged = [(each, _good(each, now) and each.generations.items() <= standing.items()) for each in entries]
        return sorted(judged, key=lambda pair: -pair[0].filled)

    def _asked(self, ask: Callable[[], T]) -> T:
        if self._beyond:
            raise StoreFailed("the store is beyond reach")
        if time.monotonic() < self._rest:
            raise StoreFailed("the store has failed a moment ago")
        try:
            return ask()
        except StoreFailed as error:
            self._rest = time.monotonic() + REST
            log.warning("the cache cannot be used", problem=str(error), cause=repr(error.__cause__))
            raise


def _good(entry: Entry, now: float, seconds: float | None = None) -> bool:
    """Whether an answer is no older than who filled it has said, and than who asks says."""
    return entry.filled <= now < entry.expires and (seconds is None or now < entry.filled + seconds)
