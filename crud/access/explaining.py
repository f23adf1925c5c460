"""Why a caller may do what he may do: the rules that were weighed, and what came of them.

In: a `Policy`, a resource, roles, an action. Out: `Explanation`. It decides nothing: columns and rows are those of
`Policy.access`, the rules those that `Policy.weighed` gave to it. Pure: no database, no request.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from crud.access.always import alive, own_tenant, unbound
from crud.access.policy import Policy, Weighed
from crud.access.settable import offer
from crud.access.together import Access
from crud.system import called
from sql.catalog import Column, Resource
from sql.expressions import TRUE, Filter

Standing = Literal["applies", "replaced", "ours", "overridden"]
WHY: Mapping[Standing, str] = MappingProxyType(
    {
        "applies": "",
        "replaced": "a rule of the same role names the resource",
        "ours": "a rule for * does not reach the tables of the service",
        "overridden": "a rule denies every row",
    }
)


@dataclass(frozen=True)
class Line:
    """One rule. `fields` are the columns that it gives, or takes away; None: a deny of whole rows."""

    role: str
    place: str
    allow: bool
    about: str
    fields: tuple[str, ...] | None
    rows: Filter
    standing: Standing

    @property
    def why(self) -> str:
        """Why it does not apply; empty where it does."""
        return WHY[self.standing]


@dataclass(frozen=True)
class Added:
    """A condition that no rule gives and no rule can take away."""

    why: Literal["soft delete", "tenant"]
    where: Filter


@dataclass(frozen=True)
class Explanation:
    """What some roles may do with a resource, and why.

    `where` is the whole condition of the rows: `rows`, which the rules give, and what was `added`. `related`: the
    conditions on rows that are reached over a relation. `withheld`: the other columns, each with the reason.
    """

    resource: str
    action: str
    roles: tuple[str, ...]
    allowed: bool
    verdict: str
    columns: tuple[str, ...]
    where: Filter
    rows: Filter
    withheld: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    added: tuple[Added, ...]
    defaults: tuple[str, ...]
    related: tuple[tuple[str, Filter], ...] = ()


def explain(policy: Policy, resource: Resource, roles: frozenset[str], action: str, *, tenantless: bool) -> Explanation:
    """What these roles may do with a resource, and why. `tenantless`: the caller belongs to no tenant."""
    access = policy.access(resource, roles, action, tenantless=tenantless)
    free = unbound(resource, roles, tenantless=tenantless)
    weighed = () if free else policy.weighed(resource, roles, action, tenantless=tenantless)
    lines = tuple(_line(resource, each, allowed=access.allowed) for each in weighed)
    possible = offer(resource, action, tenantless=tenantless).possible
    return Explanation(
        resource=called(resource),
        action=action,
        roles=tuple(sorted(roles)),
        allowed=access.allowed,
        verdict=_verdict(access, lines, admin=free),
        columns=tuple(name for name in resource.columns if name in access.shown),
        where=access.where,
        rows=access.rows,
        withheld=tuple(_withheld(resource, access, lines, possible=possible, action=action)),
        lines=lines,
        added=tuple(_added(resource, roles, action, tenantless=tenantless)) if access.allowed else (),
        defaults=tuple(name for name, _ in access.defaults),
        related=access.related,
    )


def _line(resource: Resource, each: Weighed, *, allowed: bool) -> Line:
    said, given = each.definition, each.rule.columns
    overridden = each.standing == "applies" and said.allow and not allowed
    return Line(
        role=said.role,
        place=said.place,
        allow=said.allow,
        about="*" if said.resource == "*" else called(resource),
        fields=None if given is None else tuple(name for name in resource.columns if name in given),
        rows=each.rule.where,
        standing="overridden" if overridden else each.standing,
    )


def _verdict(access: Access, lines: tuple[Line, ...], *, admin: bool) -> str:
    if admin:
        return "allowed: an administrator may do everything"
    if access.allowed:
        return "allowed" if access.rows == TRUE else "allowed for some rows"
    if any(line.standing == "overridden" for line in lines):
        return "refused: a rule denies every row"
    return "refused: no rule allows it"


def _added(resource: Resource, roles: frozenset[str], action: str, *, tenantless: bool) -> Iterator[Added]:
    if action != "create" and (living := alive(resource)) != TRUE:
        yield Added("soft delete", living)
    if (tenant := own_tenant(resource, roles, tenantless)) != TRUE:
        yield Added("tenant", tenant)


def _withheld(
    resource: Resource, access: Access, lines: tuple[Line, ...], *, possible: frozenset[str], action: str
) -> Iterator[tuple[str, str]]:
    for column in resource.columns.values() if access.allowed and action != "delete" else ():
        if column.name not in access.shown:
            never = "is never shown" if action == "read" else "is not the caller's to set"
            yield column.name, _reason(column, lines) if column.name in possible else never


def _reason(column: Column, lines: tuple[Line, ...]) -> str:
    speaking = [line for line in lines if line.standing == "applies" and column.name in (line.fields or ())]
    denied = next((line for line in speaking if not line.allow), None)
    if denied:
        return f"denied by {denied.place}"
    return "given on some of the rows only, and so on none" if speaking else "no rule gives it"
