"""What each role may do: rules compiled once per snapshot.

In: rule definitions (configuration, metadata, permissions). Out: `Policy.access(resource, roles, action)` → `Access`,
the columns and the row filter; for writes, `crud.access.settable` says which columns a rule can give at all. Default is
deny. Deny wins, however general; within a role a rule for a named resource replaces the one for `*`; the allows of
several roles add up.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from crud.access.membership import TENANT_ADMIN
from crud.access.settable import WRITING, Offer, offer
from crud.definitions.config import RuleDefinition
from crud.errors import ApiError
from crud.memo import Memo
from crud.wire.conditions import parse
from crud.wire.paths import Names, Scope, Shown
from crud.wire.variables import constant
from sql.catalog import Catalog, Column, Relation, Resource
from sql.expressions import FALSE, TRUE, ActorValue, And, Compare, Const, Filter, Not, Or, Path, Value, both
from sql.types import Type

ADMIN = "admin"


@dataclass(frozen=True)
class Access:
    """What may be seen or touched of one resource. `rows` is what rules say of its rows alone; `where` holds tenancy
    and soft deletion too.

    `defaults` are what rules give to columns that a new row lacks; `related` the conditions on rows that are reached
    over a relation. `masked`: columns beside these that are shown as hashes, and nothing else is done with.
    """

    columns: frozenset[str] = frozenset()
    where: Filter = TRUE
    allowed: bool = False
    rows: Filter = TRUE
    defaults: tuple[tuple[str, Value], ...] = ()
    related: tuple[tuple[str, Filter], ...] = ()
    masked: frozenset[str] = frozenset()

    @property
    def shown(self) -> frozenset[str]:
        """All columns that an answer may have."""
        return self.columns | self.masked

    def beyond(self, relation: str) -> Filter:
        """What rules say of the rows that are reached over a relation."""
        return next((where for name, where in self.related if name == relation), TRUE)


@dataclass(frozen=True)
class Rule:
    """A compiled rule. `columns` is None for a deny of the whole row."""

    columns: frozenset[str] | None
    where: Filter
    defaults: tuple[tuple[str, Value], ...] = ()
    related: Mapping[str, Filter] = field(default_factory=dict)


@dataclass(frozen=True)
class Weighed:
    """A rule of a caller's role that speaks of what is asked.

    `standing`: `applies`; `replaced`, where its role has a rule for the resource itself; `ours`, where a rule for `*`
    meets one of our own tables, which are named.
    """

    definition: RuleDefinition
    rule: Rule
    standing: Literal["applies", "replaced", "ours"] = "applies"


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

    def readable(self, written: str) -> Column | None:
        return self.column(written)

    def relation(self, written: str) -> Relation | None:
        return self.resource.relations.get(written)


class ExactNames:
    """The names that definitions use: the catalog's own."""

    def view(self, resource: Resource) -> ExactView:
        return ExactView(resource)


@dataclass(frozen=True)
class EitherView(ExactView):
    """One resource under its exact names, and under those of a dialect."""

    shown: Shown

    def column(self, written: str) -> Column | None:
        return self.resource.columns.get(written) or self.shown.column(written)

    def relation(self, written: str) -> Relation | None:
        return self.resource.relations.get(written) or self.shown.relation(written)


@dataclass(frozen=True)
class EitherNames:
    """The names that stored rules use: the catalog's own, else those of a dialect."""

    shown: Names

    def view(self, resource: Resource) -> EitherView:
        return EitherView(resource, self.shown.view(resource))


@dataclass(frozen=True, eq=False)
class Policy:
    """All rules. `names` are those in which stored rules are written."""

    catalog: Catalog
    rules: tuple[RuleDefinition, ...]
    names: Names = field(default_factory=ExactNames)
    _memo: Memo[Access] = field(default_factory=lambda: Memo(5000), repr=False)

    def access(
        self, resource: Resource, roles: frozenset[str], action: str, *, tenantless: bool, gone: bool = False
    ) -> Access:
        """What these roles may do with a resource. `tenantless`: the caller belongs to no tenant.

        `gone`: the rows that are soft-deleted instead of those that are not, for who restores them.
        """
        key = (resource.name, roles, action, tenantless, gone)
        return self._memo.get(key, lambda: self._access(resource, roles, action, tenantless=tenantless, gone=gone))

    def remembered(self, key: Hashable, make: Callable[[], Access]) -> Access:
        """What else follows from these rules, made once."""
        return self._memo.get(key, make)

    def _access(
        self, resource: Resource, roles: frozenset[str], action: str, *, tenantless: bool, gone: bool
    ) -> Access:
        offered = offer(resource, action, tenantless=tenantless)
        fixed = both(Not(alive(resource)) if gone else alive(resource), own_tenant(resource, roles, tenantless))
        if unbound(resource, roles, tenantless=tenantless):
            return _unmasked(resource, action, Access(offered.possible, fixed, allowed=True))
        weighed = self.weighed(resource, roles, action, tenantless=tenantless)
        allows = [each.rule for each in weighed if each.standing == "applies" and each.definition.allow]
        denies = [each.rule for each in weighed if each.standing == "applies" and not each.definition.allow]
        if not allows or any(rule.columns is None and rule.where == TRUE for rule in denies):
            return Access()
        columns = _granted(allows, offered.possible) - _withheld(denies)
        rows = _any(rule.where for rule in allows)
        for rule in denies:
            rows = both(rows, Not(rule.where)) if rule.columns is None else rows
        defaults = dict(pair for rule in allows for pair in rule.defaults)
        made = Access(
            columns,
            both(fixed, rows),
            allowed=True,
            rows=rows,
            defaults=tuple(defaults.items()),
            related=_related(allows),
        )
        return _unmasked(resource, action, made)

    def weighed(
        self, resource: Resource, roles: frozenset[str], action: str, *, tenantless: bool
    ) -> tuple[Weighed, ...]:
        """Every rule of these roles about this action on this resource: what `access` is made of, and explained by."""
        offered = offer(resource, action, tenantless=tenantless)
        found: list[Weighed] = []
        for role in sorted(roles):
            mine = [rule for rule in self.rules if rule.role == role and action in rule.actions]
            named = [rule for rule in mine if rule.resource == resource.name]
            general = [rule for rule in mine if rule.resource == "*"]
            specific = any(rule.allow for rule in named)
            found += [Weighed(rule, self._compile(resource, rule, offered)) for rule in named]
            found += [self._general(resource, rule, offered, specific=specific) for rule in general]
        return tuple(found)

    def _general(self, resource: Resource, rule: RuleDefinition, offered: Offer, *, specific: bool) -> Weighed:
        """A rule for `*`: one that does not reach our own tables need not fit them."""
        if resource.system:
            return Weighed(rule, Rule(frozenset(), FALSE), "ours")
        made = self._compile(resource, rule, offered)
        return Weighed(rule, made, "replaced" if specific and rule.allow else "applies")

    def _compile(self, resource: Resource, rule: RuleDefinition, offered: Offer) -> Rule:
        scope = Scope(self.names if rule.stored else ExactNames(), self.catalog, Constants())
        try:
            where = parse(scope, resource, rule.where, parameter=rule.place) if rule.where else TRUE
            defaults = tuple(
                (name, constant(scope, resource, name, raw, parameter=rule.place))
                for name, raw in rule.defaults.items()
                if name in resource.columns
            )
            related = dict(self._beyond(scope, resource, rule))
        except ApiError as error:
            raise RuleProblem(f"{rule.place}: rule of role {rule.role!r}: {error.message}") from None
        return Rule(_columns(rule, offered), where, defaults, related)

    def _beyond(self, scope: Scope, resource: Resource, rule: RuleDefinition) -> Iterator[tuple[str, Filter]]:
        for name, tree in rule.related.items():
            if name in resource.relations:
                target = self.catalog.target(resource.relations[name])
                yield name, parse(scope, target, tree, parameter=rule.place) if tree else TRUE

    def check(self) -> list[str]:
        """Every rule compiled once: what is wrong with those that cannot be."""
        problems = []
        for rule in self.rules:
            for resource in self.about(rule):
                try:
                    self._compile(resource, rule, offer(resource, "create", tenantless=True))
                except RuleProblem as problem:
                    problems.append(str(problem))
        return sorted(set(problems))

    def about(self, rule: RuleDefinition) -> list[Resource]:
        """The resources of which a rule speaks. `*` does not speak of our own."""
        if rule.resource == "*":
            return [resource for resource in self.catalog if not resource.system]
        return [self.catalog.resource(rule.resource)]


def _unmasked(resource: Resource, action: str, access: Access) -> Access:
    """The access with the columns apart that are shown as hashes. Who writes gives values of his own."""
    if action in WRITING:
        return access
    masked = frozenset(name for name in access.columns if resource.columns[name].masked)
    return replace(access, columns=access.columns - masked, masked=masked) if masked else access


def unbound(resource: Resource, roles: frozenset[str], *, tenantless: bool) -> bool:
    """Whether no rule is asked: who has these roles may do everything with the resource."""
    return ADMIN in roles or (TENANT_ADMIN in roles and resource.tenant is not None and not tenantless)


class RuleProblem(Exception):
    """A rule that does not fit its resource: told at start, never at a request."""


def _columns(rule: RuleDefinition, offered: Offer) -> frozenset[str] | None:
    if rule.fields is None:
        return offered.usual if rule.allow else None
    named = {name for name in rule.fields if not name.startswith("-") and name != "*"}
    excluded = {name[1:] for name in rule.fields if name.startswith("-")}
    if "*" in rule.fields or (excluded and not named):
        named |= offered.usual
    return frozenset((named & offered.possible) - excluded)


def _granted(allows: list[Rule], everything: frozenset[str]) -> frozenset[str]:
    """The columns that may be seen on every row that some allow shows.

    A column that only some of the allows grant is given only where their rows cover all rows; it would leak otherwise.
    """
    wheres = {rule.where for rule in allows}
    granted = set()
    for name in everything:
        covering = {rule.where for rule in allows if rule.columns and name in rule.columns}
        if TRUE in covering or covering == wheres:
            granted.add(name)
    return frozenset(granted)


def _withheld(denies: list[Rule]) -> frozenset[str]:
    return frozenset(name for rule in denies if rule.columns is not None for name in rule.columns)


def _related(allows: list[Rule]) -> tuple[tuple[str, Filter], ...]:
    """The conditions beyond relations that hold whichever of the allows shows a row: never wider than one of them.

    Allows of the same rows add up. Among others the one of all rows says what may be reached, since it shows each row;
    without such a one, what is reached must satisfy all.
    """
    found: list[tuple[str, Filter]] = []
    for name in sorted({name for rule in allows for name in rule.related}):
        groups: dict[Filter, list[Filter]] = {}
        for rule in allows:
            groups.setdefault(rule.where, []).append(rule.related.get(name, TRUE))
        joined = {where: _any(conditions) for where, conditions in groups.items()}
        wanted = [joined[TRUE]] if TRUE in joined else list(dict.fromkeys(joined.values()))
        if wanted != [TRUE]:
            found.append((name, wanted[0] if len(wanted) == 1 else And(tuple(wanted))))
    return tuple(found)


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
