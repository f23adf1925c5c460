"""The directory in memory that the processes of one service have in common.

In: `begin` and `end`, which the master of the workers calls. Out: `folder`, the same in all its workers, also in those
that take the place of others, and in a master that takes over; in any other process one of its own. It is empty when
the service starts, and goes with the last process that holds it.
"""

import atexit
import os
from dataclasses import dataclass
from pathlib import Path

from crud.places import Place, new_place, place_in

VARIABLE = "DRAGOMAN_GROUP"
LOCK = "lock"


@dataclass
class _Held:
    """What this process holds, and has not from the one that forked it."""

    place: Place | None = None


_HELD = _Held()


def begin() -> None:
    """Hold the directory of the master whose place this one takes, else a new one, for the workers to come."""
    common = _common()
    _HELD.place = place_in(common, LOCK) if common else new_place(LOCK)
    os.environ[VARIABLE] = str(_HELD.place.path.parent)


def end() -> None:
    """Nobody of this service needs it any more."""
    if _HELD.place is not None:
        _HELD.place.remove()
        _HELD.place = None


def folder() -> Path:
    """The directory of the service, else of this process."""
    if (common := _common()) is not None:
        return common
    if _HELD.place is None or not _HELD.place.path.exists():
        _HELD.place = new_place(LOCK)
        atexit.register(_HELD.place.remove)
    return _HELD.place.path.parent


def _common() -> Path | None:
    said = os.environ.get(VARIABLE)
    return Path(said) if said and (Path(said) / LOCK).exists() else None
