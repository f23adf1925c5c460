"""The store of one host: a folder that its workers share, with entries as cachelib keeps them.

In: the folder and how many entries it may hold. Out: `FileStore`. A mark is a file of its own, replaced whole. Turns
are locks on files, which end with whoever held them.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from cachelib import FileSystemCache

from crud.caching.store import POLL, WAIT, Bytes, StoreFailed, private


class _Folder(FileSystemCache):
    """cachelib's folder. How many files there are is seen in the folder: a count of its own goes wrong where several
    processes write it."""

    serializer = Bytes()

    def _update_count(self, delta: int | None = None, value: int | None = None) -> None:
        return

    @property
    def _file_count(self) -> int:
        return sum(1 for _ in self._list_dir())

    def read(self) -> Iterator[bytes]:
        """Every entry, whether it is still good or not."""
        for name in self._list_dir():
            try:
                yield Path(name).read_bytes()[4:]  # cachelib writes the time before it
            except FileNotFoundError:
                continue


class FileStore:
    """Entries, marks and turns in a folder."""

    def __init__(self, folder: Path, most: int) -> None:
        self._home, self._most = folder, most
        self._marks, self._turns = folder / "generations", folder / "turns"

    @cached_property
    def _folder(self) -> _Folder:
        private(self._home)
        return _Folder(str(private(self._home / "entries")), threshold=self._most)

    def get(self, key: str) -> bytes | None:
        """The entry of a key."""
        with _failing():
            found: bytes | None = self._folder.get(key)
            return found

    def put(self, key: str, entry: bytes, seconds: float) -> None:
        """Keep an entry for so long."""
        with _failing():
            self._folder.set(key, entry, timeout=int(seconds) + 1)

    def drop(self, key: str) -> None:
        """Forget an entry."""
        with _failing():
            self._folder.delete(key)

    def entries(self) -> Iterator[bytes]:
        """Every entry that is there."""
        with _failing():
            yield from self._folder.read()

    def clear(self) -> None:
        """Forget every entry. Raises StoreFailed."""
        with _failing():
            if not self._folder.clear():
                raise StoreFailed("not every entry could be removed")

    def marks(self, ids: Iterable[str]) -> dict[str, str]:
        """The marks of these that there are."""
        with _failing():
            return {id: mark for id in ids if (mark := _read(f"{self._marks}/{id}"))}

    def mark(self, marks: Mapping[str, str]) -> None:
        """Put marks in place of those that were there."""
        with _failing():
            if not self._marks.is_dir():
                private(self._home)
                private(self._marks)
            for id, mark in marks.items():
                _replace(f"{self._marks}/{id}", mark)

    def marked(self) -> list[str]:
        """Everything that has a mark."""
        with _failing():
            return [name for name in os.listdir(self._marks) if "." not in name] if self._marks.is_dir() else []

    @contextmanager
    def turn(self, key: str) -> Iterator[bool]:
        """One at a time for each key, or a few of them that share a file."""
        with _failing():
            private(self._home)
            file = os.open(private(self._turns) / key[:2], os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _waited(file)
        finally:
            os.close(file)


def _waited(file: int) -> bool:
    until, waited = time.monotonic() + WAIT, False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return waited
        except OSError:
            waited = True
            if time.monotonic() > until:
                return waited
            time.sleep(POLL)


def _read(path: str) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        return os.read(file, 200).decode("ascii", "replace")
    finally:
        os.close(file)


def _replace(path: str, mark: str) -> None:
    beside = f"{path}.{secrets.token_hex(6)}"
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, mark.encode())
    finally:
        os.close(file)
    os.replace(beside, path)


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFailed(f"the folder of the cache cannot be used: {error.strerror}") from error
