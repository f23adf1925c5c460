"""One transaction of one caller: what every step of a write works in.

In: a context, a database, its open session. Out: `Unit`, and `Written`, the outcome of one command. What must happen
after the commit waits in the unit's events, and goes with them when a savepoint is undone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crud.access.permissions import Gate, gate_for
from crud.audit import Entry
from crud.hooks import Event
from crud.snapshots.state import Context
from sql.catalog import Resource
from sql.commands import Command
from sql.database import Database, Session
from sql.errors import BadValue
from sql.values import coerce, to_json

Values = Mapping[str, object]


@dataclass(frozen=True)
class Written:
    """What a command did.

    `keys`: exact key column → JSON-ready value, for each row that it made, changed or removed (empty where nobody asked
    and the command spoke of many rows). `rows`: the rows as `shown`, where the caller may read them.
    `created`: whether rows were made. `values`: of the first row, for those that refer to it.
    """

    command: Command
    count: int
    keys: tuple[dict[str, object], ...] = ()
    rows: tuple[dict[str, object], ...] = ()
    created: bool = False
    values: Values = field(default_factory=dict, repr=False)


@dataclass
class Unit:
    """An open transaction. `events` are told to the after-hooks once it is committed, `entries` wait for the audit.

    `renews`: rules were written, which every worker reads again once the transaction is kept. `written`: the resources
    whose rows were changed, and those whose rows the database changes with them.
    """

    context: Context
    database: Database
    session: Session
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    events: list[Event] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    renews: bool = False
    written: set[str] = field(default_factory=set)

    @property
    def gate(self) -> Gate:
        """What the caller may read."""
        snapshot = self.context.snapshot
        return gate_for(snapshot.policy, snapshot.catalog, self.context.actor)


def keyed(resource: Resource, raw: tuple[object, ...]) -> dict[str, object]:
    """A returned key under its column names, JSON-ready."""
    return {name: to_json(value) for name, value in zip(resource.key, raw, strict=False)}


def canonical(resource: Resource, name: str, value: object) -> object:
    """A value that came back from the database, as a parameter takes it."""
    try:
        return None if value is None else coerce(resource.column(name).type, value)
    except BadValue:
        return value


def event(unit: Unit, action: str, resource: Resource, *, row: Values, key: Values | None) -> Event:
    """What a hook is told."""
    actor = unit.context.actor
    return Event(action, resource.name, row, key, actor.id, actor.roles, actor.tenant)
