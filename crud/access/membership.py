"""What the links of an account give: its tenant, and the roles that it has there.

In: the tenant that an account names, its links to roles. Out: `Membership`. Pure; role names that leave are canonical.
An account is in one tenant at a time: the one that it names itself, else the only one that its links name. Where they
name several and the account none, it is in none and has the roles of the links that name none.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crud.definitions.config import canonical_role

# An administrator of a tenant alone: everything with its rows, nothing beyond but what rules for this word allow.
TENANT_ADMIN = "tenant-admin"


@dataclass(frozen=True)
class Link:
    """A role that an account has: everywhere, or in `tenant` alone. `specific`: the role means nothing without one."""

    role: str
    tenant: str | None = None
    specific: bool = False


@dataclass(frozen=True)
class Membership:
    """Where an account is, and what it is there."""

    tenant: str | None
    roles: frozenset[str]


def membership(named: str | None, links: Iterable[Link]) -> Membership:
    """The tenant and the roles of an account that names this tenant, or none, and has these links."""
    known = list(links)
    tenants = {link.tenant for link in known} - {None}
    tenant = named or (tenants.pop() if len(tenants) == 1 else None)
    return Membership(tenant, frozenset(_role(link) for link in known if _holds(link, tenant)))


def _holds(link: Link, tenant: str | None) -> bool:
    return link.tenant in (None, tenant) and not (link.specific and tenant is None)


def _role(link: Link) -> str:
    role = canonical_role(link.role)
    return TENANT_ADMIN if role == "admin" and link.tenant is not None else role
