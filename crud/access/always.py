"""What holds whatever rules say: the rows that are there, those of the caller's tenant, and who is asked no rule.

In: a resource, roles. Out: conditions; whether rules are asked at all.
"""

from crud.access.membership import TENANT_ADMIN
from sql.catalog import Resource
from sql.expressions import TRUE, ActorValue, Compare, Const, Filter, Or, Path

ADMIN = "admin"


def unbound(resource: Resource, roles: frozenset[str], *, tenantless: bool) -> bool:
    """Whether no rule is asked: who has these roles may do everything with the resource."""
    return ADMIN in roles or (TENANT_ADMIN in roles and resource.tenant is not None and not tenantless)


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
