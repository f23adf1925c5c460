"""Accounts that nobody who is signed in makes: by registration, by set-up, at the first start.

In: the values of an account, its password as a hash; an open transaction. Out: its row with all that belongs to its
columns, those of the configuration too, and the link to its role. Whoever registers is asked for no other column.
"""

import uuid
from collections.abc import Mapping

from crud.access.actor import Actor
from crud.access.grants import grant, insertion
from crud.identity import accounts
from crud.snapshots.state import Context, Snapshot
from crud.system import ACCOUNTS
from crud.writing.generated import on_create
from crud.writing.statements import put_many
from crud.writing.unit import Unit
from sql.commands import Insert
from sql.database import Session


def make_account(snapshot: Snapshot, session: Session, values: Mapping[str, object], *, role: str) -> str:
    """A new account; its id. Raises UniqueViolation where the e-mail is taken."""
    actor = Actor(str(uuid.uuid4()), frozenset({"admin"}))  # it is made by itself, with every right to be
    unit = Unit(Context(snapshot, actor), snapshot.system, session)
    resource = snapshot.catalog.resource(ACCOUNTS)
    row = on_create(resource, {"id": actor.id, **values}, actor=actor, now=unit.now)
    granted = grant(Insert(ACCOUNTS, ()), unit.gate)
    put_many(unit, insertion(granted, tuple(row)), [tuple(row.values())])
    stored = accounts.stored_role(role)
    accounts.grant(snapshot.system, session, account=str(actor.id), role=stored, tenant=None)
    return str(actor.id)
