"""Keeping up with what others have put in force: rules, definitions, files, connections.

In: the snapshot that this process holds, and the revision in the database. Out: the next one, built from the same
accepted texts and rows as everywhere. Nothing is made here: who changed what is in force has made the tables.
"""

from dataclasses import replace

import structlog

from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.definitions.reading import config_from, read_files
from crud.definitions.texts import Texts
from crud.identity.signing import materials
from crud.snapshots import accepted
from crud.snapshots.building import build, opened, renewed
from crud.snapshots.revision import Revision, revision
from crud.snapshots.state import Given, Snapshot
from crud.telemetry import figures
from sql.errors import Busy, DatabaseError

log = structlog.get_logger()
TRIES = 10


def followed(held: Snapshot) -> Snapshot:
    """What is in force now. Raises ConfigError where it cannot be served here."""
    for _ in range(TRIES):
        now = revision(held.system)
        if replace(held.revision, cache=now.cache) == now:
            return replace(held, revision=now)
        if replace(held.revision, rules=now.rules, cache=now.cache) == now:
            return renewed(held)
        if made := _at(held, now):
            figures.count("reloads", "followed")
            return made
    raise Busy("What is in force changes faster than it can be read")


def _at(held: Snapshot, now: Revision) -> Snapshot | None:
    """What is in force at a revision; None where it has passed meanwhile."""
    try:
        given = given_at(held, now)
        anew = now.connections != held.revision.connections
        databases = opened(given.files) if anew else held.databases
        system = databases[given.files.server.system]
        with system.read():
            if revision(system) != now:
                return None
            return renewed(replace(build(given, databases, held), revision=now))
    except (ConfigError, DatabaseError):
        if revision(held.system) == now:
            raise
        return None


def given_at(held: Snapshot, now: Revision) -> Given:
    """What is given at a revision: of what has not changed since the snapshot was made, what it was made of."""
    given = replace(held.given, definitions=accepted.definitions(held.system))
    if now.files == held.revision.files or given.texts is None:
        return given
    files, texts = files_in_force(held.given.files, given.texts, held)
    return replace(given, files=files, texts=texts)


def files_in_force(config: Config, own: Texts, held: Snapshot) -> tuple[Config, Texts]:
    """The accepted files. Who cannot read them, since others have other keys, reads his own again."""
    texts = accepted.read(held.system, materials(config), own.path)
    if texts is None:
        log.warning("the accepted files were written with other keys: the files of this host are read")
        return read_files(own.path)
    return config_from(texts), texts
