"""What a worker has of the process that forked it: how it is to start.

In: `remember`, called in that process before it forks. Out: `again`, whether the worker takes the place of one that has
ended: it then serves what is in force, whatever the files say; and `files`, those that were good when somebody last
looked, by which it finds the database where the files are broken meanwhile.
"""

from dataclasses import dataclass

from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.definitions.texts import Texts
from crud.snapshots.startup import configured

Files = tuple[Config, Texts | None]


@dataclass
class Inherited:
    """What is remembered."""

    again: bool = False
    files: Files | None = None


INHERITED = Inherited()


def remember(*, again: bool) -> None:
    """Look at the files for the worker that is about to be forked."""
    INHERITED.again = again
    try:
        INHERITED.files = configured()
    except ConfigError:
        return  # those that were good before


def found() -> Files:
    """The files that the environment names. Where they are broken, those that were good before the worker was forked:
    it serves what is in force, also if they broke while it was starting. Raises ConfigError."""
    try:
        return configured()
    except ConfigError:
        if INHERITED.files is None:
            raise
        INHERITED.again = True
        return INHERITED.files
