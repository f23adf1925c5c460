"""What a request does, in plain Python: tables as lists of dicts, written from the rulings alone.

In: commands whose values are `Sent` (what is sent, and what it means) or `Made` (a key that a database has made).
Out: the tables afterwards and an `Outcome` for each command; or `Refused`, and the tables as they were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sql.catalog import Column, Resource
from sql.commands import Command, Delete, Ensure, Insert, Restore, Update, UpdateFirst, Upsert
from sql.expressions import TRUE, And, Compare, Filter, Not, Or, Path
from tests.property import constraints, judging
from tests.property.allowed import allowed
from tests.property.meaning import Truth, every, holds, negated, some
from tests.property.rows import (
    STAMP,
    Made,
    Outcome,
    Refused,
    Row,
    Tables,
    alive,
    equal,
    in_order,
    key_of,
    marked_alive,
    meant,
    resolved,
)
from tests.property.tables import ACTORS, TABLES


@dataclass
class World:
    """The tables, and how many keys were made."""

    tables: Tables = field(default_factory=lambda: {resource.name: [] for resource in TABLES})
    made: int = 0

    def write(self, actor: str, commands: Sequence[Command]) -> list[Outcome]:
        """Carry out a request. Raises Refused; the tables are then as they were."""
        before = {name: [dict(row) for row in rows] for name, rows in self.tables.items()}
        try:
            return Request(self, actor).run(commands)
        except Refused:
            self.tables = before
            raise


@dataclass
class Request:
    """One request of one caller."""

    world: World
    actor: str

    def run(self, commands: Sequence[Command]) -> list[Outcome]:
        """First what the caller may not do, then what is wrong with the rows, then the changes, one after the other."""
        for number, command in enumerate(commands):
            self._blamed(number, judging.permit, self.actor, command)
        for number, command in enumerate(commands):
            self._blamed(number, judging.check, self.actor, command)
        for number, command in enumerate(commands):
            self._blamed(number, judging.together, self.actor, command)
        outcomes: list[Outcome] = []
        for number, command in enumerate(commands):
            outcomes.append(self._blamed(number, self._do, command, outcomes))
        return [self._read_back(command, outcome) for command, outcome in zip(commands, outcomes, strict=True)]

    def _read_back(self, command: Command, outcome: Outcome) -> Outcome:
        """The rows as they are shown: once every command is carried out."""
        resource = TABLES.resource(command.resource)
        if isinstance(command, Delete) or command.shown is None or not resource.key:
            return outcome
        readable = self._reached(resource, "read")
        seen = [dict(row) for key in outcome.keys for row in readable if key_of(resource, row) == key]
        return replace(outcome, rows=seen)

    def _blamed(self, number: int, step: Any, *arguments: Any) -> Any:
        try:
            return step(*arguments)
        except Refused as refused:
            raise Refused(refused.kind, number) from None

    # ------------------------------------------------------------ the changes

    def _do(self, command: Command, outcomes: Sequence[Outcome]) -> Outcome:
        resource = TABLES.resource(command.resource)
        match command:
            case Insert(rows=rows):
                return self._insert(resource, [resolved(row, outcomes) for row in rows], command)
            case Update(changes=changes):
                found = self._found(resource, command, "update")
                if command.keyed and not found:
                    raise Refused("missing_row")
                if not changes:
                    self._needs_key(resource)
                self._tagged(resource, found, command.if_match)
                return self._change(resource, found, resolved(changes, outcomes), command)
            case UpdateFirst(changes=changes):
                self._needs_key(resource)
                found = in_order(resource, self._found(resource, command, "update"))[:1]
                return self._change(resource, found, resolved(changes, outcomes), command)
            case Delete():
                return self._delete(resource, command)
            case Restore():
                return self._restore(resource, command)
            case Ensure(row=row):
                return self._ensure(resource, resolved(row, outcomes), command)
            case Upsert(row=row):
                return self._upsert(resource, resolved(row, outcomes), command)

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
            constraints.settled(self.world.tables, resource, [row])
        allow = allowed(self.actor, resource.name, "create")
        assert allow is not None
        for row in made:
            if allow.rows(self.world.tables, row) is not True or not marked_alive(resource, row, row):
                raise Refused("forbidden")
        return self._outcome(resource, made, command, created=True)

    def _completed(self, resource: Resource, row: Mapping[str, object]) -> Row:
        """A new row with all that nobody has sent."""
        given = {name: meant(value) for name, value in judging.given(self.actor, resource, row).items()}
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
        new = {name: meant(value) for name, value in changes.items()}
        new |= {name: STAMP for name, c in resource.columns.items() if c.auto == "updated_at" and name not in new}
        old = [dict(row) for row in rows]
        for row in rows:
            row.update(new)
        if rows:
            constraints.settled(self.world.tables, resource, rows)
            constraints.unreferred(self.world.tables, resource, old, rows)
        allow = allowed(self.actor, resource.name, "update")
        assert allow is not None
        for row in rows:
            if allow.rows(self.world.tables, row) is not True or not marked_alive(resource, row, new):
                raise Refused("forbidden")
        return self._outcome(resource, in_order(resource, rows), command)

    def _delete(self, resource: Resource, command: Delete) -> Outcome:
        found = self._found(resource, command, "delete")
        if command.keyed and not found:
            raise Refused("missing_row")
        self._tagged(resource, found, command.if_match)
        keys = [key_of(resource, row) for row in found]
        constraints.go(self.world.tables, resource, found)
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
        found = [one for one in self._found(resource, command, "read") if self._same_tenant(resource, one, row)]
        found = in_order(resource, found)[:1]
        if not found:
            return self._insert(resource, [row], command)
        return replace(self._outcome(resource, found, command), count=0)

    def _same_tenant(self, resource: Resource, one: Mapping[str, object], row: Mapping[str, object]) -> bool:
        """Who belongs to no tenant looks for rows of the one that he names."""
        name = resource.tenant
        return name is None or name not in row or equal(resource, (name,), one, self._completed(resource, row))

    def _upsert(self, resource: Resource, row: Mapping[str, object], command: Upsert) -> Outcome:
        self._needs_key(resource)
        sought = self._completed(resource, row)
        found = [one for one in self._reached(resource, "update") if equal(resource, command.by, one, sought)]
        if not found:
            return self._insert(resource, [row], command)
        changes = {name: value for name, value in row.items() if name not in (*command.by, *resource.key)}
        judging.permit_row(self.actor, resource.name, changes, "update")
        return self._change(resource, found, changes, command)

    def _outcome(self, resource: Resource, rows: list[Row], command: Command, *, created: bool = False) -> Outcome:
        first = dict(rows[0]) if rows else {}
        return Outcome(len(rows), created, [key_of(resource, row) for row in rows], [], first)

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
