"""What is in force: the snapshot and the one mutable reference.

In: what the loader built. Out: `Snapshot`, `Context` (frozen), and `State`, whose single attribute is swapped
whole when definitions change. A request keeps the snapshot it started with.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crud.access.actor import Actor
from crud.access.policy import Policy
from crud.definitions.config import Config, RuleDefinition
from crud.hooks import Hooks
from crud.identity.accounts import revision
from crud.identity.issuers import Issuer
from crud.identity.signing import Signing
from crud.memo import Memo
from crud.presentation import Presentation
from crud.schemas import RowSchema
from sql.catalog import Catalog
from sql.database import Database

COMPILED = 1000  # shapes whose statements are kept


@dataclass(frozen=True)
class Identity:
    """Who is believed: the keys of our own tokens, and the outside issuers by what their tokens say."""

    signing: Signing
    issuers: Mapping[str, Issuer]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that is in force at one moment. `compiled` goes with it, so nothing outlives its definitions.

    `written` are the rules of the configuration, `policy` holds those of the tables besides, as of `revision`.
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
    revision: int = 0
    compiled: Memo[object] = field(default_factory=lambda: Memo(COMPILED))

    def database(self, source: str) -> Database:
        """The database of a source."""
        return self.databases[source]

    @property
    def system(self) -> Database:
        """The database that holds our own tables."""
        return self.databases[self.config.server.system]


@dataclass(frozen=True)
class Context:
    """What a request works with. `request_id` is what its answer and the log call it; empty without a request."""

    snapshot: Snapshot
    actor: Actor
    request_id: str = ""


class State:
    """The one mutable reference of a process.

    `renew` makes the next snapshot of one whose revision has passed. What it raises is the answer of every request
    until it succeeds: rules that are known to be old are never used.
    """

    def __init__(self, snapshot: Snapshot, renew: Callable[[Snapshot], Snapshot] | None = None) -> None:
        self._snapshot, self._renew = snapshot, renew
        self._renewing = threading.Lock()

    @property
    def held(self) -> Snapshot:
        """What was in force when somebody last asked the database."""
        return self._snapshot

    def current(self) -> Snapshot:
        """What is in force now: another worker may have changed it."""
        held = self._snapshot
        return held if revision(held.system) == held.revision else self._renewed()

    def _renewed(self) -> Snapshot:
        """Made once: who waited for the lock finds it made."""
        with self._renewing:
            held = self._snapshot
            if self._renew is not None and revision(held.system) != held.revision:
                self._snapshot = self._renew(held)
            return self._snapshot

    def swap(self, snapshot: Snapshot) -> None:
        """Put another snapshot in force, in one assignment."""
        with self._renewing:
            self._snapshot = snapshot
