"""What callers may do, once more, in plain Python: a second reading of docs/configuration.md over dicts.

In: tables, rules as they are written in a configuration, callers, rows. Out: what a request must be answered and what
its table must hold afterwards. It shares no code with the service: nothing of `crud` may be imported here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Rule = Mapping[str, Any]
LETTERS = {"c": "create", "r": "read", "u": "update", "d": "delete"}
EVERYTHING = ("create", "read", "update", "delete")


@dataclass(frozen=True)
class Table:
    """A resource. `parent` is (this column, its relation, the table that it leads to)."""

    name: str
    columns: tuple[str, ...]
    tenant: str | None = None
    gone: str | None = None
    hidden: bool = False
    parent: tuple[str, str, str] | None = None
    schema: str = "main"


@dataclass(frozen=True)
class Caller:
    """Who asks. Nobody has an id who has not signed in."""

    name: str
    roles: tuple[str, ...]
    tenant: str | None = None
    id: str | None = None
    account: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """How a request ends: ok, forbidden, hidden, unknown (a field), invalid, missing; the rows that it shows; and what
    its table holds afterwards, where that is not what it held before."""

    kind: str
    rows: list[Row] | None = None
    after: dict[int, Row] | None = None


@dataclass(frozen=True)
class Grant:
    """What a caller may do with a table: columns, rows by the rules (`fits`) and rows at all (`reaches`)."""

    columns: frozenset[str]
    fits: Callable[[Row], bool]
    reaches: Callable[[Row], bool]
    defaults: Mapping[str, object]


Rows = Mapping[str, dict[int, Row]]


@dataclass(frozen=True)
class Model:
    """All tables, rules and rows. `gates`: schema → the roles whose letters reach it."""

    tables: Mapping[str, Table]
    rules: Sequence[Rule]
    letters: Mapping[str, str]
    gates: Mapping[str, Sequence[str]]
    rows: Rows

    # ------------------------------------------------------------ what a rule says

    def grant(self, caller: Caller, action: str, table: Table) -> Grant | None:
        """What the caller may do; None where he may not at all."""
        possible, usual = _columns(caller, action, table)
        if "admin" in caller.roles or self._rules_the_tenant(caller, table):
            return self._made(caller, table, possible, lambda row: True, {})
        allows = [rule for role in caller.roles for rule in self._allows(role, action, table)]
        denies = [rule for role in caller.roles for rule in self._denies(role, action, table)]
        if not allows or any("fields" not in rule and "where" not in rule for rule in denies):
            return None
        columns = frozenset(name for name in possible if self._given(name, allows, possible, usual))
        columns -= {name for rule in denies if "fields" in rule for name in _named(rule, possible, usual)}
        whole = [rule for rule in denies if "fields" not in rule]

        def fits(row: Row) -> bool:
            some = any(self._holds(rule, row, table, caller) is True for rule in allows)
            return some and all(self._holds(rule, row, table, caller) is False for rule in whole)

        defaults = {name: value for rule in allows for name, value in rule.get("defaults", {}).items()}
        return self._made(caller, table, columns, fits, defaults)

    def _rules_the_tenant(self, caller: Caller, table: Table) -> bool:
        return "tenant-admin" in caller.roles and table.tenant is not None

    def _made(
        self,
        caller: Caller,
        table: Table,
        columns: Iterable[str],
        fits: Callable[[Row], bool],
        defaults: Mapping[str, object],
    ) -> Grant:
        def reaches(row: Row) -> bool:
            return _alive(table, row) and _own(caller, table, row) and fits(row)

        return Grant(frozenset(columns), fits, reaches, defaults)

    def _allows(self, role: str, action: str, table: Table) -> list[Rule]:
        mine = [rule for rule in self._of(role, action) if rule.get("allow", True)]
        named = [rule for rule in mine if rule["resource"] == table.name]
        return named or [rule for rule in mine if rule["resource"] == "*"] + self._lettered(role, action, table)

    def _denies(self, role: str, action: str, table: Table) -> list[Rule]:
        return [
            rule
            for rule in self._of(role, action)
            if not rule.get("allow", True) and rule["resource"] in ("*", table.name)
        ]

    def _of(self, role: str, action: str) -> list[Rule]:
        return [rule for rule in self.rules if rule["role"] == role and {action, "*"} & {*rule["actions"]}]

    def _lettered(self, role: str, action: str, table: Table) -> list[Rule]:
        letters = self.letters.get(role, "")
        open_to = self.gates.get(table.schema)
        said = "a" in letters or any(LETTERS.get(letter) == action for letter in letters)
        return [{"role": role}] if said and (open_to is None or role in open_to) else []

    def _given(self, name: str, allows: list[Rule], possible: frozenset[str], usual: frozenset[str]) -> bool:
        """A column is given where those rules that give it cover all rows that any of them shows."""
        giving = [rule for rule in allows if name in _named(rule, possible, usual)]
        uncovered = [rule for rule in allows if rule.get("where") not in [each.get("where") for each in giving]]
        return bool(giving) and (not uncovered or any("where" not in rule for rule in giving))

    # ------------------------------------------------------------ conditions, with SQL's unknown as None

    def _holds(self, rule: Rule, row: Row, table: Table, caller: Caller) -> bool | None:
        terms = [self._term(path, wanted, row, table, caller) for path, wanted in rule.get("where", {}).items()]
        return False if False in terms else None if None in terms else True

    def _term(self, path: str, wanted: object, row: Row, table: Table, caller: Caller) -> bool | None:
        operator, value = next(iter(wanted.items())) if isinstance(wanted, dict) else ("eq", wanted)
        value = _meant(value, caller)
        relation, _, column = path.rpartition(".")
        if not relation:
            return _compared(operator, row[column], value)
        assert table.parent is not None and table.parent[1] == relation
        parent = self.rows[table.parent[2]].get(row[table.parent[0]] or 0)
        # A parent that is not there is no row for which the comparison could hold.
        return parent is not None and _compared(operator, parent[column], value) is True

    # ------------------------------------------------------------ requests

    def refused(self, caller: Caller, table: Table) -> Answer:
        """A table with which this may not be done: hidden ones are not there for who may not read them."""
        return Answer("hidden" if table.hidden and not self.grant(caller, "read", table) else "forbidden")

    def one(self, caller: Caller, table: Table, key: int) -> Answer:
        """A single row."""
        grant = self.grant(caller, "read", table)
        if grant is None:
            return self.refused(caller, table)
        row = self.rows[table.name].get(key)
        if row is None or "id" not in grant.columns or not grant.reaches(row):
            return Answer("missing")
        return Answer("ok", [_shown(row, grant)])

    def many(
        self, caller: Caller, table: Table, *, where: tuple[str, object] | None = None, sort: str | None = None
    ) -> Answer:
        """The rows that he sees, with an equality, or in another order than that of keys."""
        grant = self.grant(caller, "read", table)
        if grant is None:
            return self.refused(caller, table)
        if {name for name in (where[0] if where else None, sort) if name} - grant.columns:
            return Answer("unknown")
        found = [row for _, row in sorted(self.rows[table.name].items()) if grant.reaches(row)]
        if where is not None:
            found = [row for row in found if row[where[0]] is not None and row[where[0]] == where[1]]
        if sort is not None:
            found.sort(key=lambda row: (row[sort] is None, row[sort] if row[sort] is not None else 0, row["id"]))
        return Answer("ok", [_shown(row, grant) for row in found])

    def create(self, caller: Caller, table: Table, sent: Row, *, drops: bool) -> Answer:
        """A new row. `drops`: what may not be set is left out without a word."""
        grant = self.grant(caller, "create", table)
        if grant is None:
            return self.refused(caller, table)
        if sent.keys() - grant.columns and not drops:
            return Answer("unknown")
        kept = {name: value for name, value in sent.items() if name in grant.columns}
        row = dict.fromkeys(table.columns) | {n: _meant(v, caller) for n, v in grant.defaults.items()} | kept
        if table.tenant is not None and caller.tenant is not None:
            row[table.tenant] = caller.tenant
        if row["id"] is None or (table.tenant is not None and row[table.tenant] is None):
            return Answer("invalid")
        if not grant.fits(row):
            return Answer("forbidden")
        return Answer("ok", self._told(caller, table, row), {**self.rows[table.name], row["id"]: row})

    def update(self, caller: Caller, table: Table, key: int, sent: Row, *, drops: bool, by_filter: bool) -> Answer:
        """Other values in the row of a key. `by_filter`: it is found as a read finds rows."""
        grant = self.grant(caller, "update", table)
        if grant is None:
            return self.refused(caller, table)
        if sent.keys() - grant.columns and not drops:
            return Answer("unknown")
        row = self.rows[table.name].get(key)
        if problem := self._beyond(caller, table, row, grant, by_filter=by_filter):
            return problem
        changed = {**(row or {}), **{name: value for name, value in sent.items() if name in grant.columns}}
        if not grant.fits(changed):
            return Answer("forbidden")
        return Answer("ok", self._told(caller, table, changed), {**self.rows[table.name], key: changed})

    def delete(self, caller: Caller, table: Table, key: int, *, by_filter: bool) -> Answer:
        """The row of a key, gone, or marked."""
        grant = self.grant(caller, "delete", table)
        if grant is None:
            return self.refused(caller, table)
        row = self.rows[table.name].get(key)
        if problem := self._beyond(caller, table, row, grant, by_filter=by_filter):
            return problem
        after = dict(self.rows[table.name])
        if table.gone:
            after[key] = {**after[key], table.gone: ...}  # some time
        else:
            del after[key]
        return Answer("ok", None, after)

    def _beyond(self, caller: Caller, table: Table, row: Row | None, grant: Grant, *, by_filter: bool) -> Answer | None:
        reading = self.grant(caller, "read", table)
        if by_filter and (reading is None or "id" not in reading.columns):
            return Answer("unknown")
        if row is None or not grant.reaches(row) or (by_filter and reading and not reading.reaches(row)):
            return Answer("missing")
        return None

    def _told(self, caller: Caller, table: Table, row: Row) -> list[Row]:
        """A written row as its writer sees it: nothing of it where he may not read it, but its key."""
        reading = self.grant(caller, "read", table)
        return [_shown(row, reading)] if reading and "id" in reading.columns and reading.reaches(row) else []


def _columns(caller: Caller, action: str, table: Table) -> tuple[frozenset[str], frozenset[str]]:
    """The columns of an action, and those that a rule gives which names none."""
    every = frozenset(table.columns)
    if action in ("read", "delete"):
        return every, every
    possible = every - {table.gone} - ({table.tenant} if caller.tenant is not None else set())
    held = {table.tenant} | ({"id"} if action == "update" else set())
    return frozenset(possible), frozenset(possible - held)


def _named(rule: Rule, possible: frozenset[str], usual: frozenset[str]) -> frozenset[str]:
    """The columns that a rule speaks of."""
    if "fields" not in rule:
        return usual
    without = {name[1:] for name in rule["fields"] if name.startswith("-")}
    plain = {name for name in rule["fields"] if not name.startswith("-") and name != "*"}
    everything = "*" in rule["fields"] or (without and not plain)
    return frozenset(((plain & possible) | (usual if everything else set())) - without)


def _meant(value: object, caller: Caller) -> object:
    match value:
        case "$CURRENT_USER":
            return caller.id
        case "$CURRENT_TENANT":
            return caller.tenant
        case str() if value.startswith("$CURRENT_USER."):
            return caller.account.get(value.removeprefix("$CURRENT_USER."))
        case _:
            return value


def _compared(operator: str, held: Any, value: Any) -> bool | None:
    if held is None or value is None:
        return None
    return bool({"eq": held == value, "gt": held > value, "lt": held < value}[operator])


def _alive(table: Table, row: Row) -> bool:
    return table.gone is None or row[table.gone] is None


def _own(caller: Caller, table: Table, row: Row) -> bool:
    if table.tenant is None or ("admin" in caller.roles and caller.tenant is None):
        return True
    return caller.tenant is not None and row[table.tenant] == caller.tenant


def _shown(row: Row, grant: Grant) -> Row:
    return {name: value for name, value in row.items() if name in grant.columns}
