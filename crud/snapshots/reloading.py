"""Reloading: the files are read again, checked whole with the tables that follow them, and put in force on every worker
of every host; or nothing has changed.

In: the state of this process, files. Out: `Reloaded`, or a `ConfigError` with everything that is wrong. The connections
are made anew where that is asked, or where the files say other things of them; the old ones close after the last
request that uses them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog

from crud.access.actor import Actor
from crud.creation import install
from crud.definitions.config import Config
from crud.definitions.document import parse_document, read_text
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.reading import config_from, read_files
from crud.definitions.settings import DIALECTS
from crud.definitions.texts import Texts
from crud.errors import ApiError
from crud.identity.signing import materials
from crud.loader import load
from crud.snapshots import accepted
from crud.snapshots.building import build, changing, opened, renewed
from crud.snapshots.revision import renew, revision, revision_within
from crud.snapshots.state import Given, Snapshot, State
from crud.telemetry import figures
from sql.database import Database
from sql.errors import Busy, DatabaseError, Unavailable

log = structlog.get_logger()
TRIES = 10

# What a worker takes from its configuration when it starts, and never again.
STARTED: Mapping[str, Callable[[Config], object]] = {
    "server.host": lambda config: config.server.host,
    "server.port": lambda config: config.server.port,
    "server.proxy_hops": lambda config: config.server.proxy_hops,
    "server.cors": lambda config: config.server.cors,
    "auth.hashes_at_once": lambda config: config.auth.hashes_at_once,
    "auth.limits": lambda config: config.auth.limits,
    "cache": lambda config: config.cache,
}


@dataclass(frozen=True)
class Reloaded:
    """What a reload did. `changed`: something was put in force; `restart`: the keys that only a restart puts in
    force."""

    changed: bool
    restart: tuple[str, ...] = ()


def may_reload(snapshot: Snapshot, actor: Actor) -> bool:
    """Whether a caller may reload: an administrator, or somebody whose role has Metal's letter `a`."""
    if actor.scopes is not None and "*" not in actor.scopes:
        return False
    return actor.admin or any("reload" in snapshot.config.roles.get(role, ()) for role in actor.roles)


def reload(state: State, *, connections: bool = True) -> Reloaded:
    """Put the files as they are now in force. `connections`: all of them are made anew; else nothing is done where the
    files are those that are in force already. Raises ConfigError with everything that is wrong."""
    try:
        done = _reload(state, connections=connections)
    except (ConfigError, DatabaseError):
        figures.count("reloads", "refused")
        raise
    if done.changed:
        figures.count("reloads", "done")
    return done


def _reload(state: State, *, connections: bool) -> Reloaded:
    held = _held(state)
    given = _read(held)
    if not connections and given.texts == held.given.texts:
        return Reloaded(changed=False)
    anew = connections or _connected(given.files) != _connected(held.given.files)
    databases = opened(given.files) if anew else held.databases
    if anew:
        _reach(held, given.files, databases)
    parts = ("files", "connections") if anew else ("files",)
    made = _put_in_force(held, given, databases, parts, always=connections)
    if made is None:
        return Reloaded(changed=False)
    state.swap(made)
    restart = _restart(state.started, made.config)
    log.info("reloaded", connections=anew, restart=list(restart))
    return Reloaded(changed=True, restart=restart)


def reload_plan(state: State, name: str) -> bool:
    """Take one plan anew from the files, and nothing else of them; False where they have no plan of this name. Raises
    ConfigError with everything that is wrong with it."""
    for _ in range(TRIES):
        held = _held(state)
        given = held.given if held.given.texts is None else _with_plan(held.given, held.given.texts, name)
        if given is None or name not in given.files.plans:
            return False
        made = held if given is held.given else _plan_in_force(held, given)
        if made is not None:
            state.swap(made)
            log.info("plan reloaded", plan=name)
            return True
    raise Busy("What is in force changes faster than it can be changed")


def _with_plan(given: Given, texts: Texts, name: str) -> Given | None:
    """What is given, with the plan as the file has it now."""
    text, problems = read_text(texts.path)
    document = parse_document(text or "", os.environ, file=str(texts.path))
    if problems or document.problems:
        raise ConfigError([*problems, *document.problems])
    plans = document.data.get("plans") if isinstance(document.data, dict) else None
    if not isinstance(plans, dict) or name not in plans or text is None:
        return None
    made = texts.with_plan(name, text)
    return replace(given, files=config_from(made), texts=made)


def _plan_in_force(held: Snapshot, given: Given) -> Snapshot | None:
    """The snapshot with the plan; None where something else was put in force meanwhile."""
    assert given.texts is not None
    with changing(held.config, held.databases) as session:
        if revision_within(session) != held.revision:
            return None
        made = build(given, held.databases, held)
        accepted.write(held.system, session, given.texts, materials(given.files))
        renew(held.system, session, "files")
        return renewed(replace(made, revision=revision_within(session)))


def restage(state: State) -> None:
    """Put changed files of folders in force, in this process: every other one sees them for itself. Raises ConfigError
    where some are no tables: the old rows stay."""
    held = _held(state)
    made = build(held.given, opened(held.given.files), held)
    state.swap(renewed(replace(made, revision=held.revision)))


def _held(state: State) -> Snapshot:
    """What is in force. A process that cannot serve it can still put something else in force."""
    try:
        return state.current()
    except ApiError as error:
        if state.waits:
            raise Unavailable("Nothing is in force yet") from error
        return state.held


def _read(held: Snapshot) -> Given:
    """What the files say now. A configuration that was no file stays what it is."""
    if held.given.texts is None:
        return held.given
    files, texts = read_files(held.given.texts.path)
    return replace(held.given, files=files, texts=texts)


def _connected(config: Config) -> object:
    """What connections depend on."""
    return dict(config.sources), config.limits.statement_seconds, config.telemetry.slow_seconds


def _reach(held: Snapshot, config: Config, databases: Mapping[str, Database]) -> None:
    """Refuse databases that cannot be reached, and another one for our own tables."""
    for name, database in databases.items():
        try:
            database.fetch("SELECT 1")
        except Unavailable as error:
            raise ConfigError([Problem("cannot be reached", config.place / "sources" / name)]) from error
    home = databases[config.server.system]
    if home.url != held.system.url and not _same(held, databases, config.server.system):
        message = "our own tables would be in another database: that takes a restart"
        raise ConfigError([Problem(message, config.place / "server" / "system")])


def _same(held: Snapshot, databases: Mapping[str, Database], source: str) -> bool:
    """Whether a source is the database that has our own tables, perhaps under another address: no other has the same
    numbers."""
    try:
        return any(revision(databases[source]) == revision(held.system) for _ in range(3))  # it may change meanwhile
    except DatabaseError:
        return False


def _put_in_force(
    held: Snapshot, given: Given, databases: Mapping[str, Database], parts: tuple[str, ...], *, always: bool
) -> Snapshot | None:
    """The tables follow the files, and the files are accepted, in one transaction. None where they are already, and
    nothing else was asked."""
    system = databases[given.files.server.system]
    with changing(given.files, databases) as session:
        if not always and accepted.read(system, materials(given.files), _path(given)) == given.texts:
            return None
        if given.files.accounts != held.given.files.accounts:
            install(system, given.files)
        renew(system, session, *parts)
        made = build(
            replace(given, definitions=accepted.definitions(system)),
            databases,
            held,
            loading=partial(load, alone_already=True),
        )
        if given.texts is not None:  # for those who have the old keys, and those who will have the new ones
            known = dict.fromkeys((*materials(given.files), *materials(held.given.files)))
            accepted.write(system, session, given.texts, known)
        return renewed(replace(made, revision=revision_within(session)))


def _path(given: Given) -> Path:
    return given.texts.path if given.texts else Path()


# ---------------------------------------------------------------- what is told


def _restart(started: Config, now: Config) -> tuple[str, ...]:
    """The keys that have changed since this process started, and that only a start puts in force."""
    keys = [key for key, said in STARTED.items() if said(started) != said(now)]
    dialects = [name for name in DIALECTS if _mounted(started, name) != _mounted(now, name)]
    return (*keys, *(f"dialects.{name}" for name in dialects))


def _mounted(config: Config, dialect: str) -> object:
    return config.dialect(dialect).enabled, dict(config.dialect(dialect).mounts)


def said(error: ConfigError, state: State) -> str:
    """Everything that is wrong, a line for each mistake. Files are named as they are beside the configuration."""
    return state.held.given.shown("\n".join(map(str, error.problems)))
