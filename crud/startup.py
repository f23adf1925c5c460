"""From the environment to the first snapshot: which configuration, which databases, the catalog and the rules.

In: `DRAGOMAN_CONFIG`, `DATABASE_URL`, or a path. Out: `Config`, and a `Snapshot` that is checked whole. Our own tables
and declared tables that do not exist are created on the way, safely between workers that start at once.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import structlog

from crud.access.policy import EitherNames, Policy
from crud.access.rules import lettered
from crud.creation import install
from crud.definitions.config import Config, Limits, Source
from crud.definitions.problems import ConfigError, Problem
from crud.definitions.reading import config_for_database, read_config
from crud.ground import STORED_NAMES, ground_of
from crud.hooks import build_hooks
from crud.identity.issuers import issuers_of
from crud.identity.signing import signing_of
from crud.loader import load
from crud.memo import Memo
from crud.schemas import schemas_of
from crud.state import COMPILED, Identity, Snapshot
from crud.stored_rules import definitions, read_entries
from sql.database import Database, Options
from sql.opening import open_database

log = structlog.get_logger()
UNKNOWN = -1  # a revision that the table never has
HERE = Path(__file__).resolve().parent.parent


def configuration(path: Path | str | None = None) -> Config:
    """The configuration of a path, else of DRAGOMAN_CONFIG, else of DATABASE_URL alone, else the sample's."""
    named = path or os.environ.get("DRAGOMAN_CONFIG")
    if named:
        return read_config(Path(named))
    if url := os.environ.get("DATABASE_URL"):
        return config_for_database(url)
    return read_config(HERE / "config.yml")


def open_source(source: Source, limits: Limits) -> Database:
    """The database of a source, not yet connected."""
    options = Options(
        statement_seconds=limits.statement_seconds,
        busy_seconds=source.busy_seconds,
        pool_size=source.pool_size,
        read_only=source.read_only,
    )
    return open_database(source.url, options=options)


def assemble(config: Config, dialects: Iterable[str]) -> Snapshot:
    """The snapshot of a configuration. Raises ConfigError with everything that does not fit."""
    identity = Identity(signing_of(config), issuers_of(config.auth.issuers))
    databases = {name: open_source(source, config.limits) for name, source in config.sources.items()}
    install(databases[config.server.system], config)
    loaded = load(config, databases)
    policy = Policy(loaded.catalog, loaded.rules)
    if problems := policy.check():
        raise ConfigError(Problem(text) for text in problems)
    hooks, wrong = build_hooks(config, loaded.catalog)
    if wrong:
        raise ConfigError(wrong)
    for problem in loaded.problems:
        log.info("definition", note=str(problem))
    if config.dialect("xond").trust_body_identity:
        log.warning("xond believes an unsigned jwtCookie: whoever reaches this service can be anybody")
    if config.plans:
        log.warning("plans are checked but not served yet", plans=sorted(config.plans))
    presentations = {name: loaded.presentation(name) for name in (*dialects, STORED_NAMES)}
    schemas = schemas_of(loaded.catalog, {name: database.backend.name for name, database in databases.items()})
    made = Snapshot(config, loaded.catalog, presentations, policy, databases, schemas, hooks, identity)
    return renewed(replace(made, written=loaded.written, revision=UNKNOWN))


def renewed(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the rules of its tables as they are now, and nothing that was made of the old ones."""
    revision, entries = read_entries(snapshot.system)
    ground = ground_of(snapshot)
    stored, notes = definitions(entries, ground)
    for note in notes:
        log.warning("a stored rule does not fit what is served", note=note)
    written = (*snapshot.written, *stored)
    rules = (*written, *lettered(snapshot.config, snapshot.catalog, written))
    policy = Policy(snapshot.catalog, rules, EitherNames(ground.names))
    return replace(snapshot, policy=policy, revision=revision, compiled=Memo(COMPILED))
