"""API keys: what a program shows instead of a token. A key acts as an account, within scopes.

In: an account, scopes. Out: the text of a new key, which is shown once and kept as a digest only; the account behind a
key. A scope is `action:resource` with `*` for all of either, or `*` alone; an action is read, create, update or delete.
"""

import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from crud.errors import ApiError
from crud.identity import accounts
from crud.identity.accounts import Account, sql_for, written_time
from sql.database import Database

PREFIX = "drg_"
ACTIONS = ("read", "create", "update", "delete")
_SCOPE = re.compile(r"\*|(?:\*|read|create|update|delete):[^\s,]+")
_SHOWN = 12


@dataclass(frozen=True)
class Key:
    """An API key as it is listed; `hint` is how it begins."""

    id: str
    name: str
    hint: str
    account: str
    scopes: tuple[str, ...]
    created: str
    expires: str | None
    revoked: str | None


def read_scopes(written: Sequence[str]) -> tuple[str, ...]:
    """Scopes as they are kept. Raises ApiError for words that are none, and for none at all."""
    wrong = [scope for scope in written if not _SCOPE.fullmatch(scope)]
    if wrong or not written:
        said = repr(wrong[0][:60]) if wrong else "nothing"
        raise ApiError("bad_parameter", f"{said} is no scope; expected {'|'.join(ACTIONS)}|*:resource|*, or *")
    return tuple(dict.fromkeys(written))


def add(database: Database, *, account: str, name: str, scopes: Sequence[str], expires: datetime | None = None) -> str:
    """A new key; its text is not kept anywhere."""
    key, kept = PREFIX + secrets.token_urlsafe(32), read_scopes(scopes)
    until = written_time(expires) if expires else None
    now = written_time(datetime.now(UTC))
    values = (str(uuid.uuid4()), digest(key), key[:_SHOWN], name, account, " ".join(kept), now, until)
    text = (
        "INSERT INTO _dragoman_api_keys (id, hash, hint, name, user_id, scopes, created_at, expires) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    with database.transaction() as session:
        session.execute(sql_for(database, text), values)
    return key


def listed(database: Database) -> list[Key]:
    """All keys, oldest first."""
    text = (
        "SELECT k.id, k.name, k.hint, coalesce(u.email, u.name), k.scopes, k.created_at, k.expires, k.revoked_at "
        "FROM _dragoman_api_keys k JOIN _dragoman_users u ON u.id = k.user_id ORDER BY k.created_at, k.id"
    )
    return [_key(row) for row in database.fetch(text)]


def _key(row: Sequence[object]) -> Key:
    id, name, hint, account, scopes, created, expires, revoked = (None if v is None else str(v) for v in row)
    assert id and name and hint and created
    return Key(id, name, hint, account or "", tuple((scopes or "").split()), created, expires, revoked)


def revoke(database: Database, id: str) -> bool:
    """End a key. False where there is none that was good."""
    text = "UPDATE _dragoman_api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
    try:
        canonical = str(uuid.UUID(id))
    except ValueError:
        return False
    with database.transaction() as session:
        return session.execute(sql_for(database, text), (written_time(datetime.now(UTC)), canonical)) == 1


def behind(database: Database, key: str, *, extras: tuple[str, ...]) -> tuple[Account, frozenset[str]] | None:
    """The account that a key acts as, and its scopes."""
    found = accounts.account_of_key(database, digest(key), extras=extras)
    return (found[0], frozenset(found[1].split())) if found else None


def digest(key: str) -> str:
    """What is kept of a key. It is random and long, so that a fast digest is enough."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
