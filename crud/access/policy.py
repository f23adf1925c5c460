"""What each role may do: rules compiled once per snapshot.

In: rule definitions (configuration, metadata, permissions). Out: `Policy.access(resource, roles, action)` → `Access`,
the columns and the row filter; for writes, `crud.access.settable` says which columns a rule can give at all. Default is
deny. Within a role a rule for a named resource replaces the one for `*`; what those that apply give together is the
matter of `crud.access.together`.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from crud.access.always import alive, own_tenant, unbound
from crud.access.settable import WRITING, Offer, offer
from crud.access.together import Access, Rule, together
from crud.definitions.declared import RuleDefinition
from crud.errors import ApiError
from crud.memo import Memo
from crud.wire.conditions import parse
from crud.wire.exact import Constants, ExactNames
from crud.wire.paths import Names, Scope
from crud.wire.variables import constant
from sql.catalog import Catalog, Resource
from sql.expressions import FALSE, TRUE, Filter, Not, both


@dataclass(frozen=True)
class Weighed:
    """A rule of a caller's role that speaks of what is asked.

    `standing`: `applies`; `replaced`, where its role has a rule for the resource itself; `ours`, where a rule for `*`
    meets one of our own tables, which are named.
    """

    definition: RuleDefinition
    rule: Rule
    standing: Literal["applies", "replaced", "ours"] = "applies"


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

        `gone`: the rows that are soft-deleted instead of those that are not, for who restores them. Raises RuleProblem
        where a rule does not fit the resource.
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
        return _unmasked(resource, action, together(allows, denies, offered.possible, fixed=fixed))

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
