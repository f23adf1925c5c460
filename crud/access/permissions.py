"""Authorisation as a rewrite: a query goes in, a narrower one comes out. Beside
`crud.access.grants` (writes) the only maker of `Authorized`.

In: a `Query`, the caller's roles and tenancy (through a `Gate`), the catalog. Out: `Authorized[Query]` in which
columns nobody named are pruned, every hop, relation and include carries the row filter of where it leads, and the root
its own. A column or relation that the caller named but may not see is answered as an unknown one, wherever it stands.
Pure: no database, no request.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from crud.access.actor import Actor
from crud.access.always import alive
from crud.access.planned import Hidden, Way, narrowed_plan, visible
from crud.access.policy import Policy
from crud.access.together import Access
from crud.errors import ApiError, forbidden, unknown_field, unknown_resource
from crud.system import WORDS
from sql.catalog import Catalog, Relation, Resource
from sql.expressions import (
    TRUE,
    And,
    Cast,
    Compare,
    DatePart,
    Expr,
    Filter,
    Hop,
    JsonKind,
    JsonLength,
    JsonPath,
    Masked,
    Not,
    Or,
    Origin,
    Path,
    Relevance,
    Search,
    Some,
    both,
)
from sql.query import Aggregate, Authorized, Include, Query, Select, Sort

E = TypeVar("E")


@dataclass(frozen=True)
class Gate:
    """What one kind of caller may do. `tenantless`: belongs to no tenant. `scopes` narrow it further."""

    policy: Policy
    catalog: Catalog
    roles: frozenset[str]
    tenantless: bool
    scopes: frozenset[str] | None = None

    def access(self, resource: Resource) -> Access:
        """Columns and row filter for reading, the filter's own hops guarded."""
        access = self.granted(resource, "read")
        if resource.plan is not None and access.allowed:
            access = self._planned(resource, access)
        related = tuple((name, self._beyond(resource, name, where)) for name, where in access.related)
        return replace(access, where=guard_rule(self.catalog, resource, access.where), related=related)

    def _planned(self, resource: Resource, access: Access) -> Access:
        """Of a plan's columns those that the caller may see; nothing, where the plan is not for him."""
        key = ("plan", resource.name, self.roles, self.tenantless, self.scopes)
        seen = self.policy.remembered(key, lambda: self._seen(resource))
        if not seen.allowed:
            return seen
        return replace(access, columns=access.columns & seen.columns, masked=access.masked & seen.columns)

    def _seen(self, resource: Resource) -> Access:
        try:
            return Access(self.columns_of_plan(resource), allowed=True)
        except ApiError:
            return Access()

    def columns_of_plan(self, resource: Resource) -> frozenset[str]:
        """What the caller may see of a plan. Raises ApiError that names the step where it is not for him."""
        return visible(resource.plan, self, _query) if resource.plan else frozenset()

    def reads(self, resource: Resource) -> bool:
        """Whether the caller may read anything of a resource."""
        return self.granted(resource, "read").allowed

    def _beyond(self, resource: Resource, relation: str, where: Filter) -> Filter:
        return guard_rule(self.catalog, self.catalog.target(resource.relation(relation)), where)

    def granted(self, resource: Resource, action: str, *, gone: bool = False) -> Access:
        """What the rules allow within the scopes: the one place where rights of a caller come from."""
        if not in_scope(self.scopes, resource, action):
            return Access()
        return self.policy.access(resource, self.roles, action, tenantless=self.tenantless, gone=gone)

    def leads(self, resource: Resource, relation: Relation) -> bool:
        """Whether the caller may follow a relation: both ends of the link are visible."""
        near, linked, far = relation.links
        there = self.access(self.catalog.target(relation))
        if not there.allowed or not near <= self.access(resource).columns:
            return False
        if relation.through is None:
            return far <= there.columns
        junction = self.access(self.catalog.resource(relation.through.resource))
        return junction.allowed and junction.where == TRUE and linked <= junction.columns


def gate_for(policy: Policy, catalog: Catalog, actor: Actor) -> Gate:
    """The gate of a caller."""
    return Gate(policy, catalog, actor.roles, actor.tenant is None, actor.scopes)


def in_scope(scopes: frozenset[str] | None, resource: Resource, action: str) -> bool:
    """Whether scopes cover an action on a resource, by its exact name or by a word for one of our own."""
    if scopes is None or not scopes.isdisjoint(("*", "*:*", f"{action}:*")):
        return True
    names = [resource.name, *(word for word, exact in WORDS.items() if exact == resource.name)]
    return any(not scopes.isdisjoint((f"{action}:{name}", f"*:{name}")) for name in names)


def require(gate: Gate, resource: Resource, written: str, action: str = "read") -> None:
    """Refuse a resource before anything about it is parsed: a parser's messages would tell its fields apart."""
    if _may(gate, resource, action):
        if resource.plan is not None and not gate.access(resource).allowed:
            gate.columns_of_plan(resource)
        return
    if (resource.hidden or resource.system) and not _may(gate, resource, "read"):
        raise unknown_resource(written)
    raise forbidden(action, written)


def _may(gate: Gate, resource: Resource, action: str) -> bool:
    return gate.granted(resource, action).allowed


def authorize(query: Query, gate: Gate) -> Authorized[Query]:
    """The query narrowed to what the caller may read. Raises ApiError (forbidden, unknown_field)."""
    require(gate, gate.catalog.resource(query.resource), query.resource)
    try:
        return Authorized(_query(query, gate))
    except Hidden:
        raise ApiError("missing_row", "Not found") from None


def _query(query: Query, gate: Way) -> Query:
    resource = gate.catalog.resource(query.resource)
    plan = query.plan or resource.plan
    return replace(
        query,
        plan=narrowed_plan(plan, gate, _query) if plan else None,
        select=_kept(query.select, lambda item: _select(item, resource, gate)),
        where=both(gate.access(resource).where, narrowed(query.where, resource, gate)),
        sort=tuple(Sort(_expr(item.expr, resource, gate), item.descending) for item in query.sort),
        include=_kept(query.include, lambda item: _include(item, resource, gate)),
        group=tuple(replace(item, expr=_expr(item.expr, resource, gate)) for item in query.group),
        aggregates=tuple(_aggregate(item, resource, gate) for item in query.aggregates),
    )


def _kept(items: tuple[E, ...], rewrite: Callable[[E], E]) -> tuple[E, ...]:
    kept = []
    for item in items:
        try:
            kept.append(rewrite(item))
        except Hidden:
            continue
    return tuple(kept)


def _select(item: Select, resource: Resource, gate: Way) -> Select:
    """The one place where a column may stand that is shown as a hash, and it is none in the form of a time."""
    if not isinstance(item.expr, Path):
        return replace(item, expr=_expr(item.expr, resource, gate))
    hops, end = _hops(item.expr.hops, resource, gate, item.expr.origin)
    if item.expr.column not in gate.access(end).masked:
        return replace(item, expr=_path(item.expr, resource, gate))
    return replace(item, expr=Masked(replace(item.expr, hops=hops)), form=None)


def _aggregate(item: Aggregate, resource: Resource, gate: Way) -> Aggregate:
    return replace(item, argument=_expr(item.argument, resource, gate)) if item.argument is not None else item


def _include(item: Include, resource: Resource, gate: Way) -> Include:
    relation = resource.relation(item.relation)
    if not gate.leads(resource, relation):
        _refuse(item.origin)
    made = _query(item.query, gate)
    return replace(item, query=replace(made, where=both(gate.access(resource).beyond(item.relation), made.where)))


def _reached(gate: Way, resource: Resource, relation: Relation) -> Filter:
    """Which rows may be seen at the other end of a relation: by the rules there, and by those that speak of the way."""
    return both(gate.access(gate.catalog.target(relation)).where, gate.access(resource).beyond(relation.name))


def _refuse(origin: Origin | None) -> None:
    if origin is None:
        raise Hidden
    raise unknown_field(origin)


# ---------------------------------------------------------------- filters and expressions


def narrowed(node: Filter, resource: Resource, gate: Way) -> Filter:
    """A condition of the caller with its hops guarded. Raises ApiError or Hidden for what he may not see."""
    match node:
        case And(terms):
            return And(tuple(narrowed(term, resource, gate) for term in terms))
        case Or(terms):
            return Or(tuple(narrowed(term, resource, gate) for term in terms))
        case Not(term):
            return Not(narrowed(term, resource, gate))
        case Compare(left, op, right):
            return Compare(_expr(left, resource, gate), op, tuple(_expr(item, resource, gate) for item in right))
        case Search(columns):
            return replace(node, columns=_kept(columns, lambda path: _path(path, resource, gate)))
        case Some():
            return _some(node, resource, gate)


def _some(node: Some, resource: Resource, gate: Way) -> Filter:
    hops, resource = _hops(node.hops, resource, gate, node.origin)
    relation = resource.relation(node.relation)
    if not gate.leads(resource, relation):
        _refuse(node.origin)
    target = gate.catalog.target(relation)
    return replace(node, hops=hops, guard=_reached(gate, resource, relation), where=narrowed(node.where, target, gate))


def _expr(node: Expr, resource: Resource, gate: Way) -> Expr:
    match node:
        case Path():
            return _path(node, resource, gate)
        case Cast() | DatePart() | JsonPath() | JsonLength() | JsonKind():
            return replace(node, expr=_expr(node.expr, resource, gate))
        case Relevance(columns):
            return replace(node, columns=_kept(columns, lambda path: _path(path, resource, gate)))
        case Masked(expr):
            return Masked(_path(expr, resource, gate))
        case _:
            return node


def _path(node: Path, resource: Resource, gate: Way) -> Path:
    hops, end = _hops(node.hops, resource, gate, node.origin)
    if node.column not in gate.access(end).columns:
        _refuse(node.origin)
    return replace(node, hops=hops)


def _hops(
    hops: tuple[Hop, ...], resource: Resource, gate: Way, origin: Origin | None
) -> tuple[tuple[Hop, ...], Resource]:
    guarded = []
    for hop in hops:
        relation = resource.relation(hop.relation)
        if not gate.leads(resource, relation):
            _refuse(origin)
        guarded.append(Hop(hop.relation, _reached(gate, resource, relation)))
        resource = gate.catalog.target(relation)
    return tuple(guarded), resource


# ---------------------------------------------------------------- a rule's own conditions


@dataclass(frozen=True)
class Trusted:
    """The gate of a rule's own conditions: every column, every row that is not soft-deleted."""

    catalog: Catalog

    def access(self, resource: Resource) -> Access:
        return Access(frozenset(resource.columns), alive(resource), allowed=True)

    def reads(self, resource: Resource) -> bool:
        return True

    def leads(self, resource: Resource, relation: Relation) -> bool:
        return True


def guard_rule(catalog: Catalog, resource: Resource, where: Filter) -> Filter:
    """A rule's filter with its hops guarded: they lead past soft-deleted rows, and no further rule applies."""
    return narrowed(where, resource, Trusted(catalog))
