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
from crud.definitions.config import Config
from crud.definitions.declared import RuleDefinition
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
from sql.errors import Busy, SqlError, Unavailable

log = structlog.get_logger()
COMPILED = 1000  # shapes whose statements are kept
PATIENCE = 1.0  # seconds until what cannot be followed is tried again
REST = 0.5  # seconds until it is, where a database cannot be reached


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

    def shown(self, text: str) -> str:
        """A text for callers, with files as they are called beside the configuration."""
        folder = f"{self.texts.path.parent}/" if self.texts else ""
        return text.replace(folder, "") if folder not in ("", "./", "//") else text


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
    `opaque`: by source, whether its rows change by what only the database knows; it goes with the catalog.

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
    opaque: Memo[bool] = field(default_factory=lambda: Memo(COMPILED))

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

    `state`: where another snapshot can be put in force. `explains`: reads are laid open instead of answered.
    """

    snapshot: Snapshot
    actor: Actor
    request_id: str = ""
    state: "State | None" = field(default=None, compare=False, repr=False)
    explains: bool = False


@dataclass(frozen=True)
class _Failure:
    """What could not be made: of which revision (None: the first snapshot), and when it may be tried again."""

    revision: Revision | None
    until: float
    error: ApiError | SqlError


class State:
    """The one mutable reference of a process. `started`: the configuration with which it began.

    `follow` makes the next snapshot of one whose revision has passed. What it raises is the answer of every request
    until it succeeds: rules and definitions that are known to be old are never used. `start` makes the first snapshot,
    where the given one is of nothing yet.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        follow: Callable[[Snapshot], Snapshot] | None = None,
        *,
        start: Callable[[], Snapshot] | None = None,
    ) -> None:
        self._snapshot, self._follow, self._start = snapshot, follow, start
        self.started = snapshot.config
        self._following = threading.Lock()
        self._failure: _Failure | None = None

    @property
    def held(self) -> Snapshot:
        """What was in force when somebody last asked the database."""
        return self._snapshot

    @property
    def waits(self) -> bool:
        """Whether there is nothing in force yet, since the database could not be reached."""
        return self._start is not None

    def current(self) -> Snapshot:
        """What is in force now: another worker may have changed it."""
        if self._start is not None:
            return self._begun()
        held = self._snapshot
        return held if is_now(held.revision, held.system) else self._followed()

    def _begun(self) -> Snapshot:
        """The first one, made by one caller at a time: nobody waits for him."""
        if not self._following.acquire(blocking=False):
            raise Unavailable("The service is starting")
        try:
            if self._start is not None:
                self._snapshot = self._made(self._start, None)
                self._start = None
                log.info("started: the database can be reached")
            return self._snapshot
        finally:
            self._following.release()

    def _followed(self) -> Snapshot:
        """Made once: who waited for the lock finds it made."""
        with self._following:
            held, follow = self._snapshot, self._follow
            now = revision(held.system)
            if follow is not None and now != held.revision:
                self._snapshot = self._made(lambda: follow(held), now)
            return self._snapshot

    def _made(self, make: Callable[[], Snapshot], now: Revision | None) -> Snapshot:
        failed = self._failure
        if failed and failed.revision == now and time.monotonic() < failed.until:
            raise failed.error.with_traceback(None)
        try:
            made = make()
        except ConfigError as error:
            figures.count("reloads", "failed")
            log.error("what is in force cannot be served here", problems=[str(problem) for problem in error.problems])
            refusal = ApiError("busy", "The definitions in force cannot be served here; the log says why")
            self._failure = _Failure(now, time.monotonic() + PATIENCE, refusal)
            raise refusal from error
        except (Busy, Unavailable) as error:
            self._failure = _Failure(now, time.monotonic() + REST, error)
            raise
        self._failure = None
        return made

    def swap(self, snapshot: Snapshot) -> None:
        """Put another snapshot in force, in one assignment."""
        with self._following:
            self._snapshot = snapshot
