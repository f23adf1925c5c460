"""What an account belongs to, as it is told to its owner: the leading one of his roles, and his tenant.

In: a snapshot, roles or a tenant's id. Out: rows. Constant SQL; values are parameters.
"""

from collections.abc import Iterable

from crud.identity.accounts import sql_for, stored_role
from crud.snapshots.state import Snapshot

Row = dict[str, object]
LEADING = ("admin", "user")
_ROLE = "SELECT id, name, is_tenant_specific FROM _dragoman_roles WHERE name = ?"
_TENANT = "SELECT id, name FROM _dragoman_tenants WHERE id = ?"


def leading(roles: Iterable[str]) -> str | None:
    """The role that stands for all: admin, else user, else the first by name."""
    held = set(roles)
    return next((role for role in LEADING if role in held), min(held, default=None))


def role_of(snapshot: Snapshot, roles: Iterable[str]) -> Row | None:
    """The leading role under its stored name. One that only the configuration knows has no id."""
    role = leading(roles)
    if role is None:
        return None
    found = snapshot.system.fetch(sql_for(snapshot.system, _ROLE), (stored_role(role),))
    id, name, specific = found[0] if found else (None, stored_role(role), False)
    return {"id": None if id is None else str(id), "name": name, "isTenantSpecific": bool(specific)}


def tenant_of(snapshot: Snapshot, tenant: str | None) -> Row | None:
    """The tenant of this id."""
    found = snapshot.system.fetch(sql_for(snapshot.system, _TENANT), (tenant,)) if tenant else []
    return {"id": str(found[0][0]), "name": found[0][1]} if found else None
