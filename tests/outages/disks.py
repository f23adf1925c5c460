"""A small disk that can be filled: a tmpfs of a few megabytes, mounted for a test.

Who may not mount has no such tests.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Disk:
    """A disk, and the file that takes its room."""

    at: Path

    @property
    def ballast(self) -> Path:
        """What takes the room."""
        return self.at / "ballast"

    def fill(self, left: int = 0) -> None:
        """Take all room but so many bytes."""
        with self.ballast.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)) == 4096:
                pass
        with self.ballast.open("r+b") as file:
            file.truncate(max(self.ballast.stat().st_size - left, 0))

    def free(self) -> None:
        """Give it back."""
        self.ballast.unlink()


@contextmanager
def disk(at: Path, megabytes: int = 8) -> Iterator[Disk]:
    """A disk of so many megabytes in this folder."""
    at.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(at)], capture_output=True)
    if made.returncode:
        pytest.skip("a disk of a few megabytes can only be made by who may mount")
    try:
        yield Disk(at)
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextmanager
def read_only(folder: Path, at: Path) -> Iterator[Path]:
    """The same folder elsewhere, where nothing can be written."""
    at.mkdir()
    for words in (["--bind", str(folder)], ["-o", "remount,bind,ro"]):
        subprocess.run(["mount", *words, str(at)], check=True, capture_output=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)
