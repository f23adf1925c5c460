"""What a caller may change: a command goes in, what of it is allowed comes out.

In: a `Command`, a `Gate`. Out: `Granted`: the rows that it may touch, the columns that it may set, what a row must be
once it is written, and the shapes of its statements. With `crud.access.permissions` the only maker of `Authorized`.
Pure: no database, no request.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from crud.access.always import alive
from crud.access.permissions import Gate, guard_rule, require
from crud.access.permissions import narrowed as seen
from crud.access.planned import Hidden
from crud.access.together import Access
from crud.errors import ApiError, unknown_field
from sql.catalog import Catalog, Relation, Resource
from sql.commands import Change, Command, Delete, Ensure, Insert, Restore, Update, UpdateFirst, Upsert
from sql.expressions import FALSE, TRUE, And, Compare, Filter, Origin, Path, Slot, both
from sql.query import Aggregate, Authorized, Query, Select

# command → what the caller must be allowed to do, in this order
ACTIONS: dict[type, tuple[str, ...]] = {
    Insert: ("create",),
    Update: ("update",),
    Delete: ("delete",),
    Restore: ("update",),
    Ensure: ("create",),
    UpdateFirst: ("update",),
    Upsert: ("create", "update"),
}


@dataclass(frozen=True)
class Granted:
    """A command within its caller's rights.

    `where`: the rows that it may find. `create` and `update`: the accesses that say which columns may be set, and of
    which rows. All filters are guarded.
    """

    command: Command
    resource: Resource
    where: Filter
    create: Access
    update: Access


def grant(command: Command, gate: Gate) -> Granted:
    """The command narrowed to what the caller may change. Raises ApiError (forbidden, unknown_field, wrong_method)."""
    resource = gate.catalog.resource(command.resource)
    for action in ACTIONS[type(command)]:
        require(gate, resource, command.resource, action)
    writable(resource)
    granted = Granted(command, resource, _where(command, resource, gate), *_accesses(resource, gate))
    _check_columns(granted)
    return granted


def writable(resource: Resource) -> None:
    """Refuse a view, and what is served read-only."""
    if not resource.writable:
        raise ApiError("wrong_method", f"{resource.entity or resource.name} is read only", field=resource.name)


def reachable(resource: Resource, gate: Gate, action: str) -> Authorized[Query]:
    """The rows that an action may touch, as a query for their keys; for `create`, what a new row must be."""
    access = allowed(gate, resource, action)
    names = resource.key or tuple(resource.columns)
    where = access.rows if action == "create" else access.where
    return Authorized(Query(resource.name, select=tuple(Select(Path(name), name) for name in names), where=where))


def _accesses(resource: Resource, gate: Gate) -> tuple[Access, Access]:
    create, update = (allowed(gate, resource, action) for action in ("create", "update"))
    return create, update


def allowed(gate: Gate, resource: Resource, action: str, *, gone: bool = False) -> Access:
    """Columns and rows of an action, the filters' own hops guarded."""
    access = gate.granted(resource, action, gone=gone)
    guarded = (guard_rule(gate.catalog, resource, each) for each in (access.where, access.rows))
    where, rows = guarded
    return replace(access, where=where, rows=rows)


def _check_columns(granted: Granted) -> None:
    match granted.command:
        case Insert(rows=rows):
            named, access = {name for row in rows for name in row}, granted.create
        case Ensure(row=row) | Upsert(row=row):
            named, access = set(row), granted.create
        case Update(changes=changes) | UpdateFirst(changes=changes):
            named, access = set(changes), granted.update
        case _:
            return
    for name in sorted(named - access.columns):
        raise unknown_field(Origin(name, "body"))


# ---------------------------------------------------------------- which rows


@dataclass(frozen=True)
class Keyed:
    """A gate for the condition of a write: what the caller may read, and the key, by which rows are addressed."""

    gate: Gate
    resource: Resource

    @property
    def catalog(self) -> Catalog:
        return self.gate.catalog

    def access(self, resource: Resource) -> Access:
        access = self.gate.access(resource)
        if resource is not self.resource:
            return access
        return replace(access, columns=access.columns | set(resource.key))

    def leads(self, resource: Resource, relation: Relation) -> bool:
        return self.gate.leads(resource, relation)

    def reads(self, resource: Resource) -> bool:
        return self.gate.reads(resource)


def _where(command: Command, resource: Resource, gate: Gate) -> Filter:
    match command:
        case Update(where=where, keyed=keyed) | Delete(where=where, keyed=keyed):
            action = "update" if isinstance(command, Update) else "delete"
            return _narrowed(where, resource, gate, allowed(gate, resource, action), by_key=keyed)
        case UpdateFirst(where=where):
            return _narrowed(where, resource, gate, allowed(gate, resource, "update"), by_key=False)
        case Restore(where=where):
            return _narrowed(where, resource, gate, allowed(gate, resource, "update", gone=True), by_key=True)
        case Ensure(where=where):
            reading = gate.access(resource)
            found = reading if reading.allowed else replace(reading, where=FALSE)
            return _narrowed(where, resource, gate, found, by_key=False)
        case Upsert():
            return allowed(gate, resource, "update").where
        case _:
            return TRUE


def _narrowed(where: Filter, resource: Resource, gate: Gate, access: Access, *, by_key: bool) -> Filter:
    """The caller's condition and the rule's. A condition on other columns than the key reads them: only in rows
    that the caller may read."""
    try:
        asked = seen(where, resource, Keyed(gate, resource))
    except Hidden:
        raise ApiError("missing_row", "Not found") from None
    if by_key or where == TRUE:
        return both(access.where, asked)
    reading = gate.access(resource)
    return both(both(access.where, reading.where) if reading.allowed else access.where, asked)


# ---------------------------------------------------------------- shapes of statements


def insertion(
    granted: Granted, columns: tuple[str, ...], *, rows: int = 1, returning: bool = True
) -> Authorized[Change]:
    """New rows of these columns."""
    keys = granted.resource.key if returning else ()
    return Authorized(Change("insert", granted.resource.name, columns, returning=keys, rows=rows))


def alteration(
    granted: Granted, columns: tuple[str, ...], *, narrowed: Filter = TRUE, returning: tuple[str, ...] = ()
) -> Authorized[Change]:
    """Other values in the rows that the command may find."""
    where = both(granted.where, narrowed)
    return Authorized(Change("update", granted.resource.name, columns, where, returning))


def removal(granted: Granted, *, narrowed: Filter = TRUE, returning: tuple[str, ...] = ()) -> Authorized[Change]:
    """The rows that the command may find, gone."""
    return Authorized(Change("delete", granted.resource.name, (), both(granted.where, narrowed), returning))


def finding(
    granted: Granted, returning: tuple[str, ...], *, narrowed: Filter = TRUE, limit: int | None = None
) -> Authorized[Change]:
    """The rows that the command may find, held until the transaction ends."""
    where = both(granted.where, narrowed)
    return Authorized(Change("lock", granted.resource.name, (), where, returning, limit=limit))


def following(
    kind: Literal["update", "delete", "lock"],
    resource: Resource,
    where: Filter,
    *,
    columns: tuple[str, ...] = (),
    returning: tuple[str, ...] = (),
) -> Authorized[Change]:
    """What a deletion does to the rows that refer to the deleted one: the database's own rule, whoever deletes."""
    return Authorized(Change(kind, resource.name, columns, where, returning))


def referring(resource: Resource, where: Filter) -> Authorized[Query]:
    """How many rows of a resource a condition finds, whoever asks: references hold for everybody."""
    return Authorized(Query(resource.name, where=where, aggregates=(Aggregate("n", "count"),)))


def checked(granted: Granted, access: Access, columns: Iterable[str]) -> Filter:
    """What rows with new values in these columns must be, so that the caller may have written them."""
    return both(access.rows, _alive(granted.resource, set(columns)))


def written(granted: Granted, check: Filter, slots: tuple[Slot, ...]) -> Authorized[Query]:
    """The count of written rows that are what they must be."""
    where = both(check, keys_in(granted.resource, slots))
    return Authorized(Query(granted.resource.name, where=where, aggregates=(Aggregate("n", "count"),)))


def _alive(resource: Resource, columns: set[str]) -> Filter:
    """Nobody deletes by writing the mark."""
    mark = resource.soft_delete
    if mark is None or mark.deleted is None or mark.column not in columns:
        return TRUE
    return alive(resource)


def keys_in(resource: Resource, slots: tuple[Slot, ...]) -> Filter:
    """The rows of a key, or of many where the key is one column and its slot takes many."""
    pairs = zip(resource.key, slots, strict=True)
    terms = tuple(Compare(Path(name), "in" if slot.many else "eq", (slot,)) for name, slot in pairs)
    return terms[0] if len(terms) == 1 else And(terms)
