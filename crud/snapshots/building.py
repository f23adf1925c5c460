"""From what is given to a snapshot: its databases, its catalog, its rules, everything checked whole.

In: `Given` (the configuration of the files, definitions that arrived by request). Out: a `Snapshot`, or a `ConfigError`
with everything that does not fit. Whoever changes what is in force does so in `changing`, where he is alone.
"""

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import structlog

from crud.access.policy import Policy
from crud.access.rules import lettered
from crud.caching.cache import Cache, cache_of
from crud.definitions.added import with_added
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.settings import Source
from crud.evolution.locking import alone
from crud.ground import STORED_NAMES, ground_of
from crud.hooks import build_hooks
from crud.identity.issuers import Issuer, issuers_of
from crud.identity.signing import mask_key, signing_of
from crud.loader import Loaded, look
from crud.memo import Memo
from crud.schemas import schemas_of
from crud.snapshots.revision import revision
from crud.snapshots.state import COMPILED, Connections, Given, Identity, Snapshot
from crud.staging import memory
from crud.staging.folders import stage
from crud.stored_rules import definitions, read_entries
from crud.telemetry.statements import Statements
from crud.wire.exact import EitherNames
from sql.database import Database, Options, Session
from sql.opening import open_database
from sql.timed import TimedDatabase

log = structlog.get_logger()
Databases = Mapping[str, Database]
Loading = Callable[[Config, Databases], Loaded]

# ---------------------------------------------------------------- databases


def opened(config: Config) -> Connections:
    """The databases of a configuration, not yet connected. Two sources of one database share it."""
    shared: dict[tuple[str, bool, str], Database] = {}
    for source in config.sources.values():
        if _one(source) not in shared:
            shared[_one(source)] = _open(config, source)
    return Connections({name: shared[_one(source)] for name, source in config.sources.items()})


def _one(source: Source) -> tuple[str, bool, str]:
    """What tells databases apart. Files are of the types that the definitions of their source say."""
    return source.url, source.read_only, source.name if source.folder else ""


def _open(config: Config, source: Source) -> Database:
    try:
        if source.memory:
            return open_source(replace(source, url=f"sqlite:///{memory.path_of(config, source)}"), config)
        return _staged(config, source) if source.folder else open_source(source, config)
    except ValueError as error:
        raise ConfigError([Problem(str(error), config.place / "sources" / source.name)]) from None


def _staged(config: Config, source: Source) -> Database:
    """A folder of files as a database, which goes with its connections."""
    place = stage(config, source)
    database = open_source(replace(source, url=f"sqlite:///{place.path}"), config)
    weakref.finalize(database, place.remove)
    return database


def open_source(source: Source, config: Config) -> Database:
    """The database of a source, not yet connected. How long its statements take is told."""
    options = Options(
        statement_seconds=config.limits.statement_seconds,
        busy_seconds=source.busy_seconds,
        pool_size=source.pool_size,
        read_only=source.read_only,
        max_bytes=source.max_bytes if source.memory else 0,
    )
    told = Statements(source.name, config.telemetry.slow_seconds)
    return TimedDatabase(open_database(source.url, options=options), told)


@contextmanager
def changing(config: Config, databases: Databases, *, patience: float = 0.0) -> Iterator[Session]:
    """A transaction in the database of our own tables, and in every other that may be written: all of it is kept when
    the block ends, or nothing. Nobody else changes what is in force meanwhile. Raises Busy where that cannot begin."""
    system = databases[config.server.system]
    others = [each for name, each in databases.items() if each is not system and not config.sources[name].read_only]
    with ExitStack() as stack:
        session = stack.enter_context(alone(system, patience=patience))
        for database in dict.fromkeys(others):
            stack.enter_context(alone(database, patience=patience))
        yield session


# ---------------------------------------------------------------- the snapshot


def build(given: Given, databases: Databases, held: Snapshot | None = None, *, loading: Loading = look) -> Snapshot:
    """What is in force when this is given, still without the rules of the tables (`renewed`). `loading`: whether tables
    follow their definitions (`load`), or somebody else has seen to that (`look`). Raises ConfigError with everything
    that does not fit."""
    config = with_added(given.files, given.definitions)
    memory.prepare(config, databases, revision(databases[config.server.system]).connections)
    identity = _identity(given, held)
    loaded = loading(config, databases)
    policy = Policy(loaded.catalog, loaded.rules)
    if problems := policy.check():
        raise ConfigError(Problem(text) for text in problems)
    hooks, wrong = build_hooks(config, loaded.catalog)
    if wrong:
        raise ConfigError(wrong)
    if loading is not look:
        _tell(config, loaded.problems)
    presentations = {name: loaded.presentation(name) for name in (*given.dialects, STORED_NAMES)}
    schemas = schemas_of(loaded.catalog, {name: database.backend.name for name, database in databases.items()})
    made = Snapshot(config, loaded.catalog, presentations, policy, databases, schemas, hooks, identity)
    cache = held.cache if held else _cache(config, databases)
    return replace(made, written=loaded.written, given=given, cache=cache)


def _cache(config: Config, databases: Mapping[str, Database]) -> Cache | None:
    """The cache of this process, for as long as it lives."""
    try:
        return cache_of(config.cache, databases[config.server.system].url)
    except ValueError as error:
        raise ConfigError([Problem(f"cannot be used: {error}", config.place / "cache" / "url")]) from None


def _tell(config: Config, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        log.info("definition", note=str(problem))
    if config.dialect("xond").trust_body_identity:
        log.warning("xond believes an unsigned jwtCookie: whoever reaches this service can be anybody")


def _identity(given: Given, held: Snapshot | None) -> Identity:
    """Who is believed. The files say it: where they are the same, it is, with the keys that issuers have published."""
    if held and held.identity and given.files is held.given.files:
        return held.identity
    made = Identity(signing_of(given.files), issuers_of(given.files.auth.issuers), mask_key(given.files))
    known: Mapping[str, Issuer] = held.identity.issuers if held and held.identity else {}
    issuers = {name: _same(issuer, known.get(name)) for name, issuer in made.issuers.items()}
    return replace(made, issuers=issuers)


def _same(issuer: Issuer, known: Issuer | None) -> Issuer:
    return known if known and known.definition == issuer.definition else issuer


def renewed(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the rules of its tables as they are now, and nothing that was made of the old ones."""
    now, entries = read_entries(snapshot.system)
    ground = ground_of(snapshot)
    stored, notes = definitions(entries, ground)
    for note in notes:
        log.warning("a stored rule does not fit what is served", note=note)
    written = (*snapshot.written, *stored)
    rules = (*written, *lettered(snapshot.config, snapshot.catalog, written))
    policy = Policy(snapshot.catalog, rules, EitherNames(ground.names))
    rules_now = replace(snapshot.revision, rules=now.rules, cache=now.cache)
    return replace(snapshot, policy=policy, revision=rules_now, compiled=Memo(COMPILED))
