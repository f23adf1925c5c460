"""What a request does, in plain Python: tables as lists of dicts, written from the rulings alone.

In: commands whose values are `Sent` (what is sent, and what it means) or `Made` (a key that a database has made).
Out: the tables afterwards and an `Outcome` for each command; or `Refused`, and the tables as they were.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sql.catalog import Column, Reference, Resource
from sql.commands import Command, Delete, Ensure, Insert, Ref, Restore, Update, UpdateFirst, Upsert
from sql.query import TRUE, And, Compare, Filter, Not, Or, Path
from tests.property.allowed import ACTIONS, allowed
from tests.property.meaning import Truth, comparable, every, holds, negated, some
from tests.property.tables import ACTORS, TABLES

Row = dict[str, Any]
STAMP = "a time of now"


@dataclass(frozen=True)
class Sent:
    """A value as a caller sends it, and what it means. `wrong`: no value of its column."""

    raw: object
    value: object = None
    wrong: bool = False

    def __hash__(self) -> int:
        return hash(repr(self.raw))


@dataclass(frozen=True, order=True)
class Made:
    """The key number `number` that the database made for this table."""

    table: str
    number: int


@dataclass(eq=False)
class Refused(Exception):
    """The request is refused: the kind, and the number of the command that is to blame."""

    kind: str
    command: int = 0


@dataclass
class Outcome:
    """What one command did, as its caller may see it."""

    count: int
    created: bool = False
    keys: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    first: Row = field(default_factory=dict)


@dataclass
class World:
    """The tables, and how many keys were made."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {resource.name: [] for resource in TABLES})
    made: int = 0

    def write(self, actor: str, commands: Sequence[Command]) -> list[Outcome]:
        """Carry out a request. Raises Refused; the tables are then as they were."""
        before = {name: [dict(row) for row in rows] for name, rows in self.tables.items()}
        try:
            return Request(self, actor).run(commands)
        except Refused:
            self.tables = before
            raise


def alive(resource: Resource, row: Row) -> bool:
    """Whether a row is not soft-deleted."""
    mark = resource.soft_delete
    return mark is None or (row[mark.column] is None if mark.deleted is None else row[mark.column] != mark.deleted)


def in_order(resource: Resource, rows: Iterable[Row]) -> list[Row]:
    """By key. Keys that a database makes come after those that are sent."""

    def place(row: Row) -> list[tuple[bool, Any]]:
        return [(isinstance(row[n], Made), row[n].number if isinstance(row[n], Made) else row[n]) for n in resource.key]

    return sorted(rows, key=place)


@dataclass
class Request:
    """One request of one caller."""

    world: World
    actor: str

    def run(self, commands: Sequence[Command]) -> list[Outcome]:
        """First what the caller may not do, then what is wrong with the rows, then the changes, one after the other."""
        for number, command in enumerate(commands):
            self._blamed(number, self._permit, command)
        for number, command in enumerate(commands):
            self._blamed(number, self._check, command)
        for number, command in enumerate(commands):
            self._blamed(number, self._together, command)
        outcomes: list[Outcome] = []
        for number, command in enumerate(commands):
            outcomes.append(self._blamed(number, self._do, command, outcomes))
        return outcomes

    def _blamed(self, number: int, step: Any, *arguments: Any) -> Any:
        try:
            return step(*arguments)
        except Refused as refused:
            raise Refused(refused.kind, number) from None

    # ------------------------------------------------------------ may the caller?

    def _permit(self, command: Command) -> None:
        for action in ACTIONS[type(command)]:
            if allowed(self.actor, command.resource, action) is None:
                raise Refused("forbidden")
        if not isinstance(command, Insert | Upsert):
            self._permit_where(TABLES.resource(command.resource), command.where)
        for row, action in _rows_sent(command):
            self._permit_row(command.resource, row, action)

    def _permit_where(self, resource: Resource, where: Filter) -> None:
        """A condition speaks of what the caller may read, and of the key."""
        read = allowed(self.actor, resource.name, "read")
        seen = (read.columns if read else frozenset()) | set(resource.key)
        for path in _paths(where):
            if not path.hops:
                if path.column not in seen:
                    raise Refused("unknown_field")
                continue
            relation = resource.relation(path.hops[0].relation)
            target = allowed(self.actor, relation.target, "read")
            linked = read is not None and relation.columns[0][0] in read.columns
            if target is None or not linked or not {relation.columns[0][1], path.column} <= target.columns:
                raise Refused("unknown_field")

    def _permit_row(self, name: str, row: Mapping[str, object], action: str) -> None:
        allow = allowed(self.actor, name, action)
        assert allow is not None
        if set(row) - allow.columns:
            raise Refused("unknown_field")

    # ------------------------------------------------------------ is it right?

    def _check(self, command: Command) -> None:
        resource = TABLES.resource(command.resource)
        for row, action in _rows_sent(command):
            if action == "update":
                self._check_values(resource, row)
            else:
                given = self._given(resource, row)
                self._check_values(resource, given)
                if any(
                    _required(resource, column) and column.name not in given for column in resource.columns.values()
                ):
                    raise Refused("invalid")

    def _given(self, resource: Resource, row: Mapping[str, object]) -> dict[str, object]:
        """The row with what the rule and the tenancy of the caller put into it."""
        allow, tenant = allowed(self.actor, resource.name, "create"), ACTORS[self.actor].tenant
        assert allow is not None
        given = {**allow.defaults, **row}
        if resource.tenant is not None and tenant is not None:
            given[resource.tenant] = tenant
        return given

    def _check_values(self, resource: Resource, row: Mapping[str, object]) -> None:
        for name, value in row.items():
            if isinstance(value, Sent) and value.wrong:
                raise Refused("invalid")
            if _meant(value) is None and (name in resource.key or not resource.column(name).nullable):
                raise Refused("invalid")

    def _together(self, command: Command) -> None:
        """Rows of one command that cannot be beside each other."""
        if not isinstance(command, Insert) or len(command.rows) < 2:
            return
        resource = TABLES.resource(command.resource)
        made = [self._given(resource, row) for row in command.rows]
        for unique in filter(None, (resource.key, *resource.uniques)):
            met = [tuple(_same(resource, name, _meant(row.get(name))) for name in unique) for row in made]
            full = [values for values in met if None not in values]
            if len(set(full)) < len(full):
                raise Refused("conflict")

    # ------------------------------------------------------------ the changes

    def _do(self, command: Command, outcomes: Sequence[Outcome]) -> Outcome:
        resource = TABLES.resource(command.resource)
        match command:
            case Insert(rows=rows):
                return self._insert(resource, [_resolved(row, outcomes) for row in rows], command)
            case Update(changes=changes):
                found = self._found(resource, command, "update")
                if command.keyed and not found:
                    raise Refused("missing_row")
                if not changes:
                    self._needs_key(resource)
                self._tagged(resource, found, command.if_match)
                return self._change(resource, found, _resolved(changes, outcomes), command)
            case UpdateFirst(changes=changes):
                self._needs_key(resource)
                found = in_order(resource, self._found(resource, command, "update"))[:1]
                return self._change(resource, found, _resolved(changes, outcomes), command)
            case Delete():
                return self._delete(resource, command)
            case Restore():
                return self._restore(resource, command)
            case Ensure(row=row):
                return self._ensure(resource, _resolved(row, outcomes), command)
            case Upsert(row=row):
                return self._upsert(resource, _resolved(row, outcomes), command)

    def _needs_key(self, resource: Resource) -> None:
        if not resource.key:
            raise Refused("invalid")

    def _tagged(self, resource: Resource, rows: list[Row], tags: tuple[str, ...]) -> None:
        """No row has the tags that requests of ours name, apart from `*`, which each has."""
        if tags:
            self._needs_key(resource)
        if rows and tags and "*" not in tags:
            raise Refused("precondition")

    def _insert(self, resource: Resource, rows: Sequence[Mapping[str, object]], command: Command) -> Outcome:
        made = [self._completed(resource, row) for row in rows]
        for row in made:
            self.world.tables[resource.name].append(row)
            self._settled(resource, [row])
        allow = allowed(self.actor, resource.name, "create")
        assert allow is not None
        for row in made:
            if allow.rows(self.world.tables, row) is not True or not _marked_alive(resource, row, row):
                raise Refused("forbidden")
        return self._outcome(resource, made, command, created=True)

    def _completed(self, resource: Resource, row: Mapping[str, object]) -> Row:
        """A new row with all that nobody has sent."""
        given = {name: _meant(value) for name, value in self._given(resource, row).items()}
        return {
            name: given[name] if name in given else self._fresh(resource, column)
            for name, column in resource.columns.items()
        }

    def _fresh(self, resource: Resource, column: Column) -> object:
        if column.auto in ("created_at", "updated_at"):
            return STAMP
        if column.auto == "created_by" or column.default is not None and column.default.kind == "caller":
            return ACTORS[self.actor].id
        if column.default is not None and column.default.kind in ("increment", "uuid"):
            self.world.made += 1
            return Made(resource.name, self.world.made)
        if column.default is not None:
            return column.default.value
        mark = resource.soft_delete
        return mark.active if mark is not None and mark.column == column.name else None

    def _change(self, resource: Resource, rows: list[Row], changes: Mapping[str, object], command: Command) -> Outcome:
        new = {name: _meant(value) for name, value in changes.items()}
        new |= {name: STAMP for name, c in resource.columns.items() if c.auto == "updated_at" and name not in new}
        old = [dict(row) for row in rows]
        for row in rows:
            row.update(new)
        if rows:
            self._settled(resource, rows)
            self._unreferred(resource, old, rows)
        allow = allowed(self.actor, resource.name, "update")
        assert allow is not None
        for row in rows:
            if allow.rows(self.world.tables, row) is not True or not _marked_alive(resource, row, new):
                raise Refused("forbidden")
        return self._outcome(resource, rows, command)

    def _delete(self, resource: Resource, command: Delete) -> Outcome:
        found = self._found(resource, command, "delete")
        if command.keyed and not found:
            raise Refused("missing_row")
        self._tagged(resource, found, command.if_match)
        keys = [_key(resource, row) for row in found]
        self._go(resource, found)
        return Outcome(len(found), keys=keys)

    def _restore(self, resource: Resource, command: Restore) -> Outcome:
        mark = resource.soft_delete
        found = self._found(resource, command, "update", gone=True) if mark is not None else []
        if mark is None or not found:
            raise Refused("missing_row")
        found[0][mark.column] = mark.active
        return self._outcome(resource, found, command)

    def _ensure(self, resource: Resource, row: Mapping[str, object], command: Ensure) -> Outcome:
        self._needs_key(resource)
        found = in_order(resource, self._found(resource, command, "read"))[:1]
        if not found:
            return self._insert(resource, [row], command)
        return replace(self._outcome(resource, found, command), count=0)

    def _upsert(self, resource: Resource, row: Mapping[str, object], command: Upsert) -> Outcome:
        self._needs_key(resource)
        sought = self._completed(resource, row)
        found = [one for one in self._reached(resource, "update") if _equal(resource, command.by, one, sought)]
        if not found:
            return self._insert(resource, [row], command)
        changes = {name: value for name, value in row.items() if name not in (*command.by, *resource.key)}
        self._permit_row(resource.name, changes, "update")
        return self._change(resource, found, changes, command)

    def _outcome(self, resource: Resource, rows: list[Row], command: Command, *, created: bool = False) -> Outcome:
        readable = self._reached(resource, "read")
        seen = [dict(row) for row in rows if any(row is one for one in readable)]
        shown = [] if command.shown is None or not resource.key else seen
        first = dict(rows[0]) if rows else {}
        return Outcome(len(rows), created, [_key(resource, row) for row in rows], shown, first)

    # ------------------------------------------------------------ which rows

    def _reached(self, resource: Resource, action: str, *, gone: bool = False) -> list[Row]:
        """The rows that the caller may touch."""
        allow, actor = allowed(self.actor, resource.name, action), ACTORS[self.actor]
        if allow is None:
            return []
        rows = [row for row in self.world.tables[resource.name] if alive(resource, row) is not gone]
        if resource.tenant is not None and self.actor != "admin":
            rows = [row for row in rows if actor.tenant is not None and row[resource.tenant] == actor.tenant]
        return [row for row in rows if allow.rows(self.world.tables, row) is True]

    def _found(self, resource: Resource, command: Any, action: str, *, gone: bool = False) -> list[Row]:
        """Those of them for which the condition holds. One on other columns than the key holds in readable rows alone."""
        rows = self._reached(resource, action, gone=gone)
        by_key = isinstance(command, Restore) or getattr(command, "keyed", False) or command.where == TRUE
        if not by_key and allowed(self.actor, resource.name, "read"):
            readable = self._reached(resource, "read")
            rows = [row for row in rows if any(row is one for one in readable)]
        return [row for row in rows if self._holds(resource, row, command.where, command.values) is True]

    def _holds(self, resource: Resource, row: Row, where: Filter, values: tuple[Any, ...]) -> Truth:
        match where:
            case And(terms):
                return every([self._holds(resource, row, term, values) for term in terms])
            case Or(terms):
                return some([self._holds(resource, row, term, values) for term in terms])
            case Not(term):
                return negated(self._holds(resource, row, term, values))
            case Compare(Path() as path, op, right):
                given = [values[slot.index] for slot in right]  # type: ignore[union-attr]
                if not path.hops:
                    return holds(op, resource.column(path.column).type, row[path.column], given)
                return self._beyond(resource, row, path, op, given)
        raise AssertionError(where)

    def _beyond(self, resource: Resource, row: Row, path: Path, op: str, given: list[Any]) -> bool:
        relation = resource.relation(path.hops[0].relation)
        target = TABLES.target(relation)
        here, there = relation.columns[0]
        for parent in self._reached(target, "read"):
            if row[here] is not None and parent[there] == row[here]:
                return holds(op, target.column(path.column).type, parent[path.column], given) is True
        return False

    # ------------------------------------------------------------ what the database holds on to

    def _settled(self, resource: Resource, rows: list[Row]) -> None:
        """The rows have values where they must, are unique, and refer to rows that exist."""
        for row in rows:
            if any(row[name] is None for name, c in resource.columns.items() if not c.nullable or name in resource.key):
                raise Refused("invalid")
        for row in rows:
            for unique in filter(None, (resource.key, *resource.uniques)):
                for other in self.world.tables[resource.name]:
                    if other is not row and _equal(resource, unique, other, row):
                        raise Refused("conflict")
            for link in resource.references:
                here, there = link.columns[0]
                targets = self.world.tables[link.target]
                if link.enforced and row[here] is not None and all(one[there] != row[here] for one in targets):
                    raise Refused("conflict")

    def _unreferred(self, resource: Resource, old: list[Row], new: list[Row]) -> None:
        """A key that others refer to cannot change."""
        for before, after in zip(old, new, strict=True):
            for child, link in TABLES.children(resource):
                (here, there), rows = link.columns[0], self.world.tables[child.name]
                if link.enforced and before[there] != after[there] and any(r[here] == before[there] for r in rows):
                    raise Refused("conflict")

    def _go(self, resource: Resource, rows: list[Row]) -> None:
        """Rows are deleted as their resource deletes, and what refers to them follows."""
        mark = resource.soft_delete
        if mark is not None:
            for row in rows:
                row[mark.column] = STAMP if mark.deleted is None else mark.deleted
            for child, link in TABLES.children(resource):
                self._follow(child, link, rows, soft=True)
            return
        for child, link in TABLES.children(resource):
            if not link.enforced:
                self._follow(child, link, rows, soft=False)
        self._removed(resource, rows)

    def _follow(self, child: Resource, link: Reference, gone: list[Row], *, soft: bool) -> None:
        here, _ = link.columns[0]
        rows = [row for row in _referring(self.world.tables[child.name], link, gone) if alive(child, row)]
        match link.on_delete:
            case "CASCADE" if rows:
                self._go(child, rows)
            case "SET NULL":
                for row in rows:
                    row[here] = None
            case "RESTRICT" if rows:
                raise Refused("conflict")

    def _removed(self, resource: Resource, rows: list[Row]) -> None:
        """As foreign keys have it: the rows and all that cascades are gone, then the other references are looked at."""
        gone: list[tuple[Resource, list[Row]]] = [(resource, rows)]
        for parent, going in gone:
            table = self.world.tables[parent.name]
            self.world.tables[parent.name] = [row for row in table if all(row is not one for one in going)]
            for child, link in _enforced(parent):
                if link.on_delete == "CASCADE" and (more := _referring(self.world.tables[child.name], link, going)):
                    gone.append((child, more))
        for parent, going in gone:
            for child, link in _enforced(parent):
                left = _referring(self.world.tables[child.name], link, going)
                if left and link.on_delete != "SET NULL":
                    raise Refused("conflict")
                for row in left:
                    row[link.columns[0][0]] = None


def _enforced(parent: Resource) -> Iterator[tuple[Resource, Reference]]:
    return ((child, link) for child, link in TABLES.children(parent) if link.enforced)


def _referring(rows: list[Row], link: Reference, gone: list[Row]) -> list[Row]:
    here, there = link.columns[0]
    values = [row[there] for row in gone if row[there] is not None]
    return [row for row in rows if row[here] in values]


def _rows_sent(command: Command) -> Iterator[tuple[Mapping[str, object], str]]:
    match command:
        case Insert(rows=rows):
            yield from ((row, "create") for row in rows)
        case Ensure(row=row) | Upsert(row=row):
            yield row, "create"
        case Update(changes=changes) | UpdateFirst(changes=changes):
            yield changes, "update"


def _paths(where: Filter) -> Iterator[Path]:
    match where:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _paths(term)
        case Not(term):
            yield from _paths(term)
        case Compare(Path() as path):
            yield path


def _required(resource: Resource, column: Column) -> bool:
    """Nothing but the caller gives the value."""
    return column.default is None and column.auto is None and (not column.nullable or column.name in resource.key)


def _meant(value: object) -> object:
    return value.value if isinstance(value, Sent) else value


def _same(resource: Resource, name: str, value: Any) -> object:
    """The form in which values of a unique are told apart."""
    return comparable(resource.column(name).type, value)


def _equal(resource: Resource, names: Sequence[str], left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """The same values; NULL equals nothing."""
    pairs = [(_same(resource, name, left[name]), _same(resource, name, right[name])) for name in names]
    return all(a is not None and a == b for a, b in pairs)


def _resolved(row: Mapping[str, object], outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {n: outcomes[v.command].first[v.column] if isinstance(v, Ref) else v for n, v in row.items()}


def _key(resource: Resource, row: Row) -> Row:
    return {name: row[name] for name in resource.key}


def _marked_alive(resource: Resource, row: Row, written: Mapping[str, object]) -> bool:
    """Nobody deletes by writing the mark."""
    mark = resource.soft_delete
    return mark is None or mark.deleted is None or mark.column not in written or row[mark.column] != mark.deleted
