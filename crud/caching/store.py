"""What a store must do, whatever it is made of.

In: keys, bytes and marks. Out: the same; `StoreFailed` wherever that cannot be trusted. An entry may be lost at any
time, and so may a mark: one that is missing is made anew, with a value that never was there before.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol

from cachelib.serializers import FileSystemSerializer, RedisSerializer, SimpleSerializer

WAIT = 2.0  # seconds that somebody waits for another who makes the same answer
POLL = 0.005


class StoreFailed(Exception):
    """The store does not answer, or could not do what it was asked."""


class Store(Protocol):
    """Where answers and marks are."""

    def get(self, key: str) -> bytes | None:
        """The entry of a key."""

    def put(self, key: str, entry: bytes, seconds: float) -> None:
        """Keep an entry for so long."""

    def drop(self, key: str) -> None:
        """Forget an entry."""

    def entries(self) -> Iterator[bytes]:
        """Every entry that is there."""

    def clear(self) -> None:
        """Forget every entry."""

    def marks(self, ids: Iterable[str]) -> dict[str, str]:
        """The marks of these that there are."""

    def mark(self, marks: Mapping[str, str]) -> None:
        """Put marks in place of those that were there: whoever asks from now on gets these."""

    def marked(self) -> list[str]:
        """Everything that has a mark."""

    def turn(self, key: str) -> AbstractContextManager[bool]:
        """One at a time for each key: waits for whoever else has the turn, but not for long. Whether it waited."""


class Bytes(SimpleSerializer, FileSystemSerializer, RedisSerializer):
    """Entries are bytes already: nothing is ever pickled, and nothing is unpickled that somebody has put there."""

    def dump(self, value: bytes, f: IO[bytes], protocol: int = 0) -> None:  # type: ignore[override]
        """Write an entry."""
        f.write(value)

    def load(self, f: IO[bytes]) -> bytes:
        """Read an entry."""
        return f.read()

    def dumps(self, value: bytes, protocol: int = 0) -> bytes:
        """An entry as it is kept."""
        return value

    def loads(self, bvalue: bytes | None) -> bytes | None:
        """An entry as it was kept."""
        return bvalue


def private(folder: Path) -> Path:
    """A folder that nobody else may read, made where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
