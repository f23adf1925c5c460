"""From the environment to the first snapshot: which configuration, which databases, what is put in force.

In: `DRAGOMAN_CONFIG`, `DATABASE_URL`, or a path. Out: `Config`, and a `Snapshot` that is checked whole. `assemble` is a
start: the files are put in force, in every worker of every host; our own tables and declared tables that do not exist
are created on the way, safely between workers that start at once. `joined` takes what is in force already.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from crud.access.policy import Policy
from crud.creation import install
from crud.definitions.added import with_added
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.definitions.reading import config_for_database, config_from, read_files, variable
from crud.definitions.texts import Texts
from crud.evolution.applying import Refused, bring_up
from crud.evolution.locking import PATIENCE
from crud.evolution.planning import plan
from crud.evolution.steps import Plan
from crud.hooks import Hooks
from crud.identity.signing import materials
from crud.loader import load
from crud.snapshots import accepted
from crud.snapshots.building import build, changing, opened, renewed
from crud.snapshots.revision import DEFINITIONS, renew, revision
from crud.snapshots.state import Connections, Given, Snapshot
from sql.catalog import Catalog
from sql.errors import Outdated

log = structlog.get_logger()
HERE = Path(__file__).resolve().parent.parent.parent


class Overtaken(Exception):
    """The files have changed since they were read, and others may have put the new ones in force meanwhile."""


def configuration(path: Path | str | None = None) -> Config:
    """The configuration of a path, else of DRAGOMAN_CONFIG, else of DATABASE_URL alone, else the sample's."""
    return configured(path)[0]


def configured(path: Path | str | None = None) -> tuple[Config, Texts | None]:
    """The same, with the texts of its files, if it comes from files."""
    named = path or os.environ.get("DRAGOMAN_CONFIG")
    if not named and (url := variable("DATABASE_URL")):
        return config_for_database(url), None
    return read_files(Path(named) if named else HERE / "config.yml")


def listening(config: Config) -> str:
    """Host and port of the service: what the environment says, else the configuration."""
    server = config.server
    return f"{os.environ.get('HOST') or server.host}:{os.environ.get('PORT') or server.port}"


def unreached(config: Config, dialects: Iterable[str], texts: Texts | None = None) -> Snapshot:
    """A snapshot of nothing, from which a `State` starts while the database cannot be reached."""
    nothing = Catalog({})
    given = Given(config, texts, dialects=tuple(dialects))
    return Snapshot(config, nothing, {}, Policy(nothing, ()), Connections({}), {}, Hooks(), given=given)


def assemble(config: Config, dialects: Iterable[str], texts: Texts | None = None) -> Snapshot:
    """The snapshot of a configuration. Raises ConfigError with everything that does not fit, and Overtaken."""
    databases = opened(config)
    install(databases[config.server.system], config)
    given = Given(config, texts, dialects=tuple(dialects))
    try:
        return _started(given, databases) if _in_force(given, databases) else _put_in_force(given, databases)
    except Refused:
        keep_safe(config, databases)
        raise


def keep_safe(config: Config, databases: Connections) -> None:
    """Let tables follow as far as nothing is lost, though the files are refused and not put in force."""
    with suppress(Refused):
        bring_up(_whole(Given(config), databases), databases)


def follow(
    config: Config, texts: Texts | None, databases: Connections, *, losing: bool, drop: bool, repair: bool
) -> Plan:
    """Let tables follow the files, which are in force then: all of it or nothing. Gives what was done."""
    system = databases[config.server.system]
    install(system, config)
    with changing(config, databases, patience=PATIENCE) as session:
        given = replace(Given(config, texts), definitions=accepted.definitions(system))
        done = bring_up(_whole(given, databases), databases, losing=losing, drop=drop, repair=repair)
        if texts is not None:
            accepted.write(system, session, texts, materials(config))
        renew(system, session, "files", "definitions")
        build(given, databases)
    return done


def planned(config: Config, databases: Connections, *, drop: bool, repair: bool) -> Plan:
    """What would be done for the tables to follow the files; nothing is, and nothing is made."""
    return plan(_whole(Given(config), databases), databases, drop=drop, repair=repair)


def _whole(given: Given, databases: Connections) -> Config:
    """The files with the definitions that arrived by request, where there can be any."""
    system = databases[given.files.server.system]
    there = DEFINITIONS in system.names()
    return with_added(given.files, accepted.definitions(system) if there else {})


def joined(config: Config, dialects: Iterable[str], texts: Texts) -> Snapshot:
    """The snapshot of what is in force in the database that a configuration names; where nothing is yet, a start."""
    databases = opened(config)  # closed when this is over
    try:
        found = accepted.read(databases[config.server.system], materials(config), texts.path)
    except Outdated:  # our own tables are not there yet
        found = None
    if found is None:
        return assemble(config, dialects, texts)
    if found != texts:
        log.warning("the files are not those that are in force; flask reload puts them in force", file=str(texts.path))
    return assemble(config_from(found), dialects, found)


def _in_force(given: Given, databases: Connections) -> bool:
    """Whether the files are those that are in force already."""
    system, texts = databases[given.files.server.system], given.texts
    return texts is None or accepted.read(system, materials(given.files), texts.path) == texts


def _stands(texts: Texts) -> bool:
    """Whether the files are still those that were read."""
    try:
        return read_files(texts.path)[1] == texts
    except ConfigError:
        return False


def _started(given: Given, databases: Connections, *, alone_already: bool = False) -> Snapshot:
    system = databases[given.files.server.system]
    now = revision(system)
    loading = partial(load, alone_already=alone_already)
    made = build(replace(given, definitions=accepted.definitions(system)), databases, loading=loading)
    return renewed(replace(made, revision=now))


def _put_in_force(given: Given, databases: Connections) -> Snapshot:
    """The tables follow the files, and the files are accepted, in one transaction."""
    system = databases[given.files.server.system]
    with changing(given.files, databases, patience=PATIENCE) as session:
        if given.texts is not None and not _in_force(given, databases):
            if not _stands(given.texts):
                raise Overtaken
            accepted.write(system, session, given.texts, materials(given.files))
            renew(system, session, "files")
        return _started(given, databases, alone_already=True)
