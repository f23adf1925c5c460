"""Where databases of a process are: a directory in memory where the system has one, else the temporary directory.

In: nothing. Out: a directory that is removed with what uses it; one that a killed process left behind is removed by
the next one. Who uses a directory holds a lock in it, and so do the processes that were forked from him.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

MEMORY = Path("/dev/shm")
PREFIX = f"dragoman-{os.getuid()}-"


@dataclass(frozen=True)
class Place:
    """A file in a directory of its own. `remove` takes the directory away, in the process that made it."""

    path: Path
    remove: Callable[[], None]


def new_place(name: str) -> Place:
    """A file of this name in a new directory."""
    root = MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _sweep(root)
    made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=root))
    held = os.open(made / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(held, fcntl.LOCK_SH)
    folder = made.rename(made.with_name(made.name.removeprefix(".")))  # nobody sweeps it before it is locked
    return Place(folder / name, partial(_remove, folder, held, os.getpid()))


def place_in(folder: Path, name: str) -> Place:
    """A file of this name in a directory that somebody else made: it stays as long as one of them holds it."""
    held = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(held, fcntl.LOCK_SH)
    return Place(folder / name, partial(_remove, folder, held, os.getpid()))


def _remove(folder: Path, held: int, pid: int) -> None:
    """A process that was forked leaves the directory to the one that made it, and that to another which holds it."""
    if os.getpid() == pid:
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _sweep(root: Path) -> None:
    for lock in root.glob(f"{PREFIX}*/lock"):
        with suppress(OSError):
            held = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(held)
