"""Accounts for tests, by plain statements: none of the rules for accounts is asked."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from argon2 import PasswordHasher

from crud.identity import accounts
from sql.database import Database

# Argon2 with next to no memory: for tests of who is let in, not of how long it takes.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOBODY = CHEAP.hash("nobody")


def create_account(
    database: Database,
    *,
    email: str | None,
    password_hash: str | None = None,
    roles: Iterable[str] = (),
    name: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    phone: str | None = None,
    tenant_id: str | None = None,
    id: str | None = None,
) -> str:
    """An account with these roles; its id."""
    made = id or str(uuid.uuid4())
    now = accounts.written_time(datetime.now(UTC))
    values = (made, email, name, first_name, last_name, phone, password_hash, True, tenant_id, now, now)
    with database.transaction() as session:
        session.execute(
            accounts.sql_for(
                database,
                "INSERT INTO _dragoman_users (id, email, name, first_name, last_name, phone, password_hash, is_active,"
                " tenant_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ),
            values,
        )
        for role in dict.fromkeys(map(accounts.stored_role, roles)):
            accounts.grant(database, session, account=made, role=role, tenant=tenant_id)
    return made
