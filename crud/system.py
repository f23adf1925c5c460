"""What the rest of the program asks of our own tables: make them, and the few statements that sign-in needs.

In: the database that holds them. Out: the functions of `crud.accounts`, and `install`. Everything else about accounts
goes through the core like any other resource (`crud.own` has their definitions).
"""

from crud.accounts import (
    create_account,
    find_account_by_email,
    has_administrator,
    is_revoked,
    load_account,
    revision,
    revoke,
)
from crud.creation import install
from crud.definitions.config import canonical_role
from crud.own import ACCOUNTS, PERMISSIONS, ROLES, TENANTS, USER_ROLES

__all__ = [
    "ACCOUNTS",
    "PERMISSIONS",
    "ROLES",
    "TENANTS",
    "USER_ROLES",
    "canonical_role",
    "create_account",
    "find_account_by_email",
    "has_administrator",
    "install",
    "is_revoked",
    "load_account",
    "revision",
    "revoke",
]
