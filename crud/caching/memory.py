"""The store of one process: its own memory.

In: how many entries there may be, and what tells this service from others on the host. Out: `MemoryStore`, which serves
one process at a time: another one, a second worker or a command, finds it taken and is told that the store failed. So
its writes are made known in the other way that there is (`crud.writing.dropping`), and nothing gets old.
"""

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cachelib import SimpleCache

from crud.caching.store import WAIT, Bytes, StoreFailed

AGAIN = 1.0  # seconds until a store that another process has is tried again


class _Held(SimpleCache):
    """cachelib's dictionary."""

    serializer = Bytes()

    def read(self) -> list[bytes]:
        """Every entry, whether it is still good or not."""
        with self._lock:
            return [entry for _, entry in self._cache.values()]


class MemoryStore:
    """Entries, marks and turns in memory."""

    def __init__(self, name: str, most: int) -> None:
        self._lock_file = Path(tempfile.gettempdir()) / f"dragoman-{os.getuid()}-{name}.lock"
        self._most = most
        self._pid, self._file, self._after = 0, -1, 0.0
        self._taking = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._held = _Held(threshold=self._most)
        self._marks: dict[str, str] = {}
        self._turns = [threading.Lock() for _ in range(64)]

    def _ours(self) -> None:
        """Raises StoreFailed while another process has it."""
        if self._pid != os.getpid():
            with self._taking:
                if self._pid != os.getpid():
                    self._take()

    def _take(self) -> None:
        if time.monotonic() < self._after:
            raise StoreFailed("another process has the cache")
        if self._file >= 0:  # it is the parent's
            os.close(self._file)
            self._file = -1
        file = -1
        try:
            file = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if file >= 0:
                os.close(file)
            self._after = time.monotonic() + AGAIN
            raise StoreFailed("another process has the cache") from error
        self._begin()
        self._file, self._pid = file, os.getpid()

    def close(self) -> None:
        """Leave it to another process."""
        if self._pid == os.getpid():
            os.close(self._file)
            self._pid, self._file = 0, -1

    def __del__(self) -> None:
        self.close()

    def get(self, key: str) -> bytes | None:
        """The entry of a key."""
        self._ours()
        found: bytes | None = self._held.get(key)
        return found

    def put(self, key: str, entry: bytes, seconds: float) -> None:
        """Keep an entry for so long."""
        self._ours()
        self._held.set(key, entry, timeout=int(seconds) + 1)

    def drop(self, key: str) -> None:
        """Forget an entry."""
        self._ours()
        self._held.delete(key)

    def entries(self) -> Iterator[bytes]:
        """Every entry that is there."""
        self._ours()
        yield from self._held.read()

    def clear(self) -> None:
        """Forget every entry."""
        self._ours()
        self._held.clear()

    def marks(self, ids: Iterable[str]) -> dict[str, str]:
        """The marks of these that there are."""
        self._ours()
        return {id: self._marks[id] for id in ids if id in self._marks}

    def mark(self, marks: Mapping[str, str]) -> None:
        """Put marks in place of those that were there."""
        self._ours()
        self._marks.update(marks)

    def marked(self) -> list[str]:
        """Everything that has a mark."""
        self._ours()
        return list(self._marks)

    @contextmanager
    def turn(self, key: str) -> Iterator[bool]:
        """One thread at a time for each key, or a few of them that share a lock."""
        self._ours()
        lock = self._turns[int(key[:4], 16) % len(self._turns)]
        at_once = lock.acquire(blocking=False)
        held = at_once or lock.acquire(timeout=WAIT)
        try:
            yield not at_once
        finally:
            if held:
                lock.release()
