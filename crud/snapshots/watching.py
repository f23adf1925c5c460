"""The watcher: a thread that looks at the files of the configuration, and reloads when they have changed.

In: the state of this process. Out: nothing; the log says what was put in force, and what is wrong with files that were
not. Folders of files that are sources are looked at, too: what changed there is staged again. It looks twice a second,
and waits until what has changed stays as it is, so that nobody's half-written file is read. `server.watch: false`
leaves changed files to the reload.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from crud.definitions.problems import ConfigError
from crud.snapshots.reloading import reload, restage
from crud.snapshots.state import State
from crud.staging import folders
from sql.errors import SqlError

log = structlog.get_logger()
SECONDS = 0.5
Stamp = tuple[object, ...]


def stamp(path: Path, folder: Path | None) -> Stamp:
    """What tells that the files are others than before."""
    files = [path, *(sorted(folder.glob("*.json")) if folder else ())]
    return tuple((str(file), *_seen(file)) for file in files)


def _seen(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


class Watch:
    """What one process watches, from the stamp of the files that it has read on."""

    def __init__(self, state: State, seconds: float = SECONDS) -> None:
        self._state, self._seconds = state, seconds
        self._done = self._last = self._now()
        self._staged = self._sheets = folders.stamp(state.held.config)
        self._looking = threading.Lock()
        self._over = threading.Event()

    def start(self) -> None:
        """Watch, here and in processes that are forked from this one. Nobody forks in the middle of a look."""
        os.register_at_fork(
            before=self._looking.acquire, after_in_parent=self._looking.release, after_in_child=self._forked
        )
        self._run()

    def stop(self) -> None:
        """Watch no longer."""
        self._over.set()

    def _forked(self) -> None:
        self._looking.release()
        self._run()

    def _run(self) -> None:
        if self._state.held.given.texts is not None:
            threading.Thread(target=self._watch, name="watcher", daemon=True).start()

    def _watch(self) -> None:
        while not self._over.wait(self._seconds):
            with self._looking:
                self.look()

    def look(self) -> None:
        """Look once: reload where the files have changed since the last reload, and not since the last look."""
        now, before = self._now(), self._last
        self._last = now
        watches = self._state.held.config.server.watch
        if not watches or now != self._done and now == before and self._told(self._reload):
            self._done = now
        if watches:
            self._look_at_folders()

    def _look_at_folders(self) -> None:
        now, before = folders.stamp(self._state.held.config), self._sheets
        self._sheets = now
        if now != self._staged and now == before and self._told(lambda: restage(self._state)):
            self._staged = now

    def _now(self) -> Stamp:
        held = self._state.held
        return stamp(held.given.texts.path, held.config.metadata) if held.given.texts else ()

    def _reload(self) -> None:
        reload(self._state, connections=False)

    def _told(self, change: Callable[[], None]) -> bool:
        """Whether there is nothing left to do. A database that is not there now may be later, and so may room."""
        try:
            change()
        except ConfigError as error:
            log.error("the changed files are not put in force", problems=[str(problem) for problem in error.problems])
        except (SqlError, OSError) as error:
            log.warning("the changed files are not put in force yet", cause=repr(error))
            return False
        except Exception:
            log.exception("the changed files are not put in force")
        return True
