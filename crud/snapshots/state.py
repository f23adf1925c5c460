"""What is in force: the snapshot and the one mutable reference.

In: what the loader built. Out: `Snapshot`, `Context` (frozen), and `State`, whose single attribute is swapped
whole when definitions change. A request keeps the snapshot it started with, and with it its connections.
"""

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from crud.access.actor import Actor
from crud.access.policy import Policy
from crud.caching.cache import Cache
from crud.definitions.added import Data
from crud.definitions.config import Config, RuleDefinition
from crud.definitions.problems import ConfigError
from crud.definitions.texts import Texts
from crud.errors import ApiError
from crud.hooks import Hooks
from crud.identity.issuers import Issuer
from crud.identity.signing import Signing
from crud.memo import Memo
from crud.presentation import Presentation
from crud.schemas import RowSchema
from crud.snapshots.revision import Revision, is_now, revision
from crud.telemetry import figures
from sql.catalog import Catalog
from sql.database import Database

log = structlog.get_logger()
COMPILED = 1000  # shapes whose statements are kept
PATIENCE = 1.0  # seconds until what cannot be followed is tried again


class Connections(Mapping[str, Database]):
    """The databases by source. They are closed when nobody holds them any more: the snapshots that use them are gone,
    and with them the requests that began with those."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self._databases = dict(databases)
        weakref.finalize(self, _close, tuple(self._databases.values())).atexit = False

    def __getitem__(self, source: str) -> Database:
        return self._databases[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._databases)

    def __len__(self) -> int:
        return len(self._databases)


def _close(databases: tuple[Database, ...]) -> None:
    for database in databases:
        database.close()


@dataclass(frozen=True, eq=False)
class Given:
    """What a snapshot was made of: the configuration of the files, their texts (None where it was no file), the
    definitions that arrived by request, and the dialects that are to have names for all of it."""

    files: Config
    texts: Texts | None = None
    definitions: Mapping[str, Data] = field(default_factory=dict)
    dialects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identity:
    """Who is believed: the keys of our own tokens, and the outside issuers by what their tokens say. `mask`: the key of
    hashes that are shown instead of values."""

    signing: Signing
    issuers: Mapping[str, Issuer]
    mask: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that is in force at one moment. `compiled` goes with it, so nothing outlives its definitions.

    `written` are the rules of the configuration, `policy` holds those of the tables besides. All of it is as of
    `revision`.
    """

    config: Config
    catalog: Catalog
    presentations: Mapping[str, Presentation]
    policy: Policy
    databases: Mapping[str, Database]
    schemas: Mapping[str, RowSchema]
    hooks: Hooks
    identity: Identity | None = None
    written: tuple[RuleDefinition, ...] = ()
    revision: Revision = Revision()
    given: Given = Given(Config())
    cache: Cache | None = None
    compiled: Memo[object] = field(default_factory=lambda: Memo(COMPILED))

    def database(self, source: str) -> Database:
        """The database of a source."""
        return self.databases[source]

    @property
    def mask(self) -> bytes:
        """The key of the hashes that are shown instead of values."""
        return self.identity.mask if self.identity else b""

    @property
    def system(self) -> Database:
        """The database that holds our own tables."""
        return self.databases[self.config.server.system]


@dataclass(frozen=True)
class Context:
    """What a request works with. `request_id` is what its answer and the log call it; empty without a request.

    `state`: where another snapshot can be put in force.
    """

    snapshot: Snapshot
    actor: Actor
    request_id: str = ""
    state: "State | None" = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class _Failure:
    """What could not be followed: of which revision, and when it may be tried again."""

    revision: Revision
    until: float
    error: ApiError


class State:
    """The one mutable reference of a process. `started`: the configuration with which it began.

    `follow` makes the next snapshot of one whose revision has passed. What it raises is the answer of every request
    until it succeeds: rules and definitions that are known to be old are never used.
    """

    def __init__(self, snapshot: Snapshot, follow: Callable[[Snapshot], Snapshot] | None = None) -> None:
        self._snapshot, self._follow = snapshot, follow
        self.started = snapshot.config
        self._following = threading.Lock()
        self._failure: _Failure | None = None

    @property
    def held(self) -> Snapshot:
        """What was in force when somebody last asked the database."""
        return self._snapshot

    def current(self) -> Snapshot:
        """What is in force now: another worker may have changed it."""
        held = self._snapshot
        return held if is_now(held.revision, held.system) else self._followed()

    def _followed(self) -> Snapshot:
        """Made once: who waited for the lock finds it made."""
        with self._following:
            held = self._snapshot
            now = revision(held.system)
            if self._follow is not None and now != held.revision:
                self._snapshot = self._made(self._follow, held, now)
            return self._snapshot

    def _made(self, follow: Callable[[Snapshot], Snapshot], held: Snapshot, now: Revision) -> Snapshot:
        failed = self._failure
        if failed and failed.revision == now and time.monotonic() < failed.until:
            raise failed.error
        try:
            made = follow(held)
        except ConfigError as error:
            figures.count("reloads", "failed")
            log.error("what is in force cannot be served here", problems=[str(problem) for problem in error.problems])
            refusal = ApiError("busy", "The definitions in force cannot be served here; the log says why")
            self._failure = _Failure(now, time.monotonic() + PATIENCE, refusal)
            raise refusal from error
        self._failure = None
        return made

    def swap(self, snapshot: Snapshot) -> None:
        """Put another snapshot in force, in one assignment."""
        with self._following:
            self._snapshot = snapshot
