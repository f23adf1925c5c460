"""How far a long command is: a bar on a terminal, nothing elsewhere.

In: a file that is read from beginning to end. Out: the same file, counted while it is read.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeElapsedColumn, TransferSpeedColumn


class Counted:
    """A file that says how much of it was read."""

    def __init__(self, file: BinaryIO, told: Callable[[int], object]) -> None:
        self.file, self.told = file, told

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        piece = self.file.read(size)
        self.told(len(piece))
        return piece


@contextmanager
def watched(file: BinaryIO) -> Iterator[Counted]:
    """The file, with a bar on standard error while it is read, where that is a terminal."""
    if not sys.stderr.isatty():
        yield Counted(file, _unseen)
        return
    bar = Progress(
        BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn(), console=Console(stderr=True)
    )
    with bar:
        task = bar.add_task("import", total=_size(file))
        yield Counted(file, lambda read: bar.update(task, advance=read))


def _unseen(_: int) -> None:
    """Nobody looks."""


def _size(file: BinaryIO) -> int | None:
    """How long the file is; unknown for a pipe."""
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
