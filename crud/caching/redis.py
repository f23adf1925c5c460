"""The store of several hosts: a Redis, with entries as cachelib keeps them.

In: a URL. Out: `RedisStore`. How much it may hold is Redis's own setting (maxmemory); whatever it drops is made anew.
"""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from cachelib import RedisCache
from redis import Redis
from redis.exceptions import RedisError

from crud.caching.store import POLL, WAIT, Bytes, StoreFailed

PREFIX = "dragoman:cache:"
ENTRIES, MARKS, TURNS = f"{PREFIX}e:", f"{PREFIX}g:", f"{PREFIX}t:"
PATIENCE = 0.5  # seconds for an answer of Redis
MARK_SECONDS = 7 * 86400
# Gives a turn back to the next, unless it has passed on already.
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end"


class _Cache(RedisCache):
    """cachelib's Redis, without its pickles."""

    serializer = Bytes()


class RedisStore:
    """Entries, marks and turns in Redis."""

    def __init__(self, url: str) -> None:
        self._client = Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self._cache = _Cache(host=self._client, key_prefix=ENTRIES)

    def get(self, key: str) -> bytes | None:
        """The entry of a key."""
        with _failing():
            found: bytes | None = self._cache.get(key)
            return found

    def put(self, key: str, entry: bytes, seconds: float) -> None:
        """Keep an entry for so long."""
        with _failing():
            self._cache.set(key, entry, timeout=int(seconds) + 1)

    def drop(self, key: str) -> None:
        """Forget an entry."""
        with _failing():
            self._cache.delete(key)

    def entries(self) -> Iterator[bytes]:
        """Every entry that is there."""
        with _failing():
            for name in self._names(ENTRIES):
                if found := self._cache.get(name):
                    yield found

    def clear(self) -> None:
        """Forget every entry."""
        with _failing():
            for name in self._names(ENTRIES):
                self._cache.delete(name)

    def marks(self, ids: Iterable[str]) -> dict[str, str]:
        """The marks of these that there are, in one round trip."""
        listed = list(ids)
        with _failing():
            found = self._client.mget([f"{MARKS}{id}" for id in listed]) if listed else []
        return {id: _text(mark) for id, mark in zip(listed, found, strict=True) if mark is not None}

    def mark(self, marks: Mapping[str, str]) -> None:
        """Put marks in place of those that were there, all at once."""
        with _failing(), self._client.pipeline(transaction=True) as pipe:
            for id, mark in marks.items():
                pipe.set(f"{MARKS}{id}", mark, ex=MARK_SECONDS)
            pipe.execute()

    def marked(self) -> list[str]:
        """Everything that has a mark."""
        with _failing():
            return self._names(MARKS)

    def _names(self, prefix: str) -> list[str]:
        names = self._client.scan_iter(match=f"{prefix}*", count=500)
        return [_text(name).removeprefix(prefix) for name in names]

    @contextmanager
    def turn(self, key: str) -> Iterator[bool]:
        """One at a time for each key. Whoever does not come back loses it."""
        name, token = f"{TURNS}{key}", uuid.uuid4().hex
        with _failing():
            waited = self._waited(name, token)
        try:
            yield waited
        finally:
            with suppress(StoreFailed), _failing():
                self._client.eval(RELEASE, 1, name, token)

    def _waited(self, name: str, token: str) -> bool:
        until, waited = time.monotonic() + WAIT, False
        while not self._client.set(name, token, nx=True, px=int(WAIT * 1000)):
            waited = True
            if time.monotonic() > until:
                break
            time.sleep(POLL)
        return waited


def _text(held: bytes | str) -> str:
    return held.decode() if isinstance(held, bytes) else held


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreFailed(f"Redis does not answer as a cache should: {type(error).__name__}") from error
