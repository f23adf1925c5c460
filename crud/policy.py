"""What each role may do: rules compiled once per snapshot.

In: rule definitions (configuration, metadata, permissions). Out: `Policy.access(resource, roles, action)` → `Access`,
the columns and the row filter. Default is deny. Deny wins, however general; within a role a rule for a named resource
replaces the one for `*`; the allows of several roles add up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crud.conditions import parse
from crud.definitions.config import RuleDefinition
from crud.errors import ApiError
from crud.memo import Memo
from crud.paths import Scope
from sql.catalog import Catalog, Column, Relation, Resource
from sql.query import TRUE, ActorValue, Compare, Const, Filter, Not, Or, Path, Value, both
from sql.types import Type

ADMIN = "admin"


@dataclass(frozen=True)
class Access:
    """What may be seen or touched of one resource. `where` already holds tenancy and soft deletion."""

    columns: frozenset[str] = frozenset()
    where: Filter = TRUE
    allowed: bool = False


@dataclass(frozen=True)
class Rule:
    """A compiled rule. `columns` is None for an allow of every column or a deny of the whole row."""

    columns: frozenset[str] | None
    where: Filter


class Constants:
    """A binder for rules: values written in definitions become constants of the shape."""

    def bind(self, value: object, type: Type, *, many: bool = False) -> Value:
        return Const(value, type, many)


@dataclass(frozen=True)
class ExactView:
    """One resource under its exact names."""

    resource: Resource

    @property
    def columns(self) -> Mapping[str, Column]:
        return self.resource.columns

    @property
    def relations(self) -> Mapping[str, Relation]:
        return self.resource.relations

    def column(self, written: str) -> Column | None:
        return self.resource.columns.get(written)

    def relation(self, written: str) -> Relation | None:
        return self.resource.relations.get(written)


class ExactNames:
    """The names that definitions use: the catalog's own."""

    def view(self, resource: Resource) -> ExactView:
        return ExactView(resource)


@dataclass(frozen=True, eq=False)
class Policy:
    """All rules. `problems` are rules that could not be compiled, for the start-up check."""

    catalog: Catalog
    rules: tuple[RuleDefinition, ...]
    _memo: Memo[Access] = field(default_factory=lambda: Memo(5000), repr=False)

    def access(self, resource: Resource, roles: frozenset[str], action: str, *, tenantless: bool) -> Access:
        """What these roles may do with a resource. `tenantless`: the caller belongs to no tenant."""
        key = (resource.name, roles, action, tenantless)
        return self._memo.get(key, lambda: self._access(resource, roles, action, tenantless))

    def _access(self, resource: Resource, roles: frozenset[str], action: str, tenantless: bool) -> Access:
        everything = frozenset(column.name for column in resource.columns.values() if not column.write_only)
        fixed = both(alive(resource), own_tenant(resource, roles, tenantless))
        if ADMIN in roles:
            return Access(everything, fixed, allowed=True)
        allows, denies = self._rules(resource, roles, action)
        if not allows or any(rule.columns is None and rule.where == TRUE for rule in denies):
            return Access()
        columns = _granted(allows, everything) - _withheld(denies)
        rows = _any(rule.where for rule in allows)
        for rule in denies:
            rows = both(rows, Not(rule.where)) if rule.columns is None else rows
        return Access(columns, both(fixed, rows), allowed=True)

    def _rules(self, resource: Resource, roles: frozenset[str], action: str) -> tuple[list[Rule], list[Rule]]:
        allows: list[Rule] = []
        denies: list[Rule] = []
        for role in sorted(roles):
            mine = [rule for rule in self.rules if rule.role == role and action in rule.actions]
            named = [rule for rule in mine if rule.resource == resource.name]
            general = [rule for rule in mine if rule.resource == "*" and not resource.system]
            granted = [rule for rule in named if rule.allow] or [rule for rule in general if rule.allow]
            allows += [self._compile(resource, rule) for rule in granted]
            denies += [self._compile(resource, rule) for rule in named + general if not rule.allow]
        return allows, denies

    def _compile(self, resource: Resource, rule: RuleDefinition) -> Rule:
        scope = Scope(ExactNames(), self.catalog, Constants())
        try:
            where = parse(scope, resource, rule.where, parameter=rule.place) if rule.where else TRUE
        except ApiError as error:
            raise RuleProblem(f"{rule.place}: rule of role {rule.role!r}: {error.message}") from None
        return Rule(_columns(rule, resource), where)

    def check(self) -> list[str]:
        """Every rule compiled once: what is wrong with those that cannot be."""
        problems = []
        for rule in self.rules:
            for resource in self.catalog if rule.resource == "*" else [self.catalog.resource(rule.resource)]:
                try:
                    self._compile(resource, rule)
                except RuleProblem as problem:
                    problems.append(str(problem))
        return sorted(set(problems))


class RuleProblem(Exception):
    """A rule that does not fit its resource: told at start, never at a request."""


def _columns(rule: RuleDefinition, resource: Resource) -> frozenset[str] | None:
    if rule.fields is None:
        return None
    everything = {column.name for column in resource.columns.values() if not column.write_only}
    named = {name for name in rule.fields if not name.startswith("-") and name != "*"}
    excluded = {name[1:] for name in rule.fields if name.startswith("-")}
    if "*" in rule.fields or (excluded and not named):
        named = everything
    return frozenset((named & everything) - excluded)


def _granted(allows: list[Rule], everything: frozenset[str]) -> frozenset[str]:
    """The columns that may be seen on every row that some allow shows.

    A column that only some of the allows grant is given only where their rows cover all rows; it would leak otherwise.
    """
    wheres = {rule.where for rule in allows}
    granted = set()
    for name in everything:
        covering = {rule.where for rule in allows if rule.columns is None or name in rule.columns}
        if TRUE in covering or covering == wheres:
            granted.add(name)
    return frozenset(granted)


def _withheld(denies: list[Rule]) -> frozenset[str]:
    return frozenset(name for rule in denies if rule.columns is not None for name in rule.columns)


def _any(wheres: Iterable[Filter]) -> Filter:
    distinct = tuple(dict.fromkeys(wheres))
    if TRUE in distinct:
        return TRUE
    return distinct[0] if len(distinct) == 1 else Or(distinct)


def alive(resource: Resource) -> Filter:
    """The condition that a row is not soft-deleted."""
    mark = resource.soft_delete
    if mark is None:
        return TRUE
    if mark.deleted is None:
        return Compare(Path(mark.column), "is_null")
    deleted = Compare(Path(mark.column), "ne", (Const(mark.deleted, resource.column(mark.column).type),))
    return Or((deleted, Compare(Path(mark.column), "is_null")))


def own_tenant(resource: Resource, roles: frozenset[str], tenantless: bool) -> Filter:
    """The condition that a row is of the caller's tenant. An administrator without a tenant sees all."""
    if resource.tenant is None or (tenantless and ADMIN in roles):
        return TRUE
    return Compare(Path(resource.tenant), "eq", (ActorValue("tenant", resource.column(resource.tenant).type),))
