"""The few statements about accounts that sign-in needs before there is a caller to ask as.

In: the database of our own tables, values. Out: `Account`, or what was asked. Constant SQL; values are parameters.
Role names that leave here are canonical (`admin`, `anon`); the tables keep `administrator` and `public`.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crud.access.membership import Link, membership
from crud.definitions.config import canonical_role
from crud.definitions.declared import NOTHING
from sql.database import Database, Row, Session

STORED_ROLES: Mapping[str, str] = {"admin": "administrator", "anon": "public"}
COLUMNS = ("id", "email", "name", "first_name", "last_name", "phone", "password_hash", "is_active", "tenant_id")
_USERS = " FROM _dragoman_users u"
_ROLES = " LEFT JOIN _dragoman_user_roles l ON l.user_id = u.id LEFT JOIN _dragoman_roles r ON r.id = l.role_id WHERE "
_BY_EMAIL = "lower(u.email) = lower(?)"
_BY_ID = "u.id = ?"
_BY_SESSION = (
    "u.id = ? AND EXISTS (SELECT 1 FROM _dragoman_sessions s "
    "WHERE s.id = ? AND s.user_id = u.id AND s.revoked_at IS NULL AND s.expires > ?)"
)
_KEYS = " FROM _dragoman_api_keys k JOIN _dragoman_users u ON u.id = k.user_id"
_BY_KEY = "k.hash = ? AND k.revoked_at IS NULL AND (k.expires IS NULL OR k.expires > ?)"
# Characters that no text of a database holds on both backends.
UNSAFE = re.compile("[\x00\ud800-\udfff]")
# A row for each link that makes somebody who has a password an administrator.
ADMINISTRATORS = (
    "SELECT 1 FROM _dragoman_user_roles l JOIN _dragoman_roles r ON r.id = l.role_id "
    "JOIN _dragoman_users u ON u.id = l.user_id WHERE r.name = 'administrator' AND u.password_hash IS NOT NULL"
)


@dataclass(frozen=True)
class Account:
    """An account as sign-in sees it. `row` has its columns, the configured ones too, without the password."""

    id: str
    email: str | None
    name: str | None
    password_hash: str | None = field(repr=False)
    active: bool
    tenant: str | None
    roles: frozenset[str]
    row: Mapping[str, object] = field(default_factory=lambda: NOTHING)


def sql_for(database: Database, text: str) -> str:
    """A constant statement with the marks of the database's driver."""
    return text.replace("?", "%s") if database.backend.name == "postgres" else text


def stored_role(role: str) -> str:
    """How the tables write a role."""
    return STORED_ROLES.get(role, role)


def find_account_by_email(database: Database, email: str, *, extras: tuple[str, ...] = ()) -> Account | None:
    """The account with this e-mail, whatever its case."""
    return _account(database, _BY_EMAIL, (email,), extras=extras)


def load_account(database: Database, id: str, *, extras: tuple[str, ...] = ()) -> Account | None:
    """The account with this id. `extras`: columns of accounts that the configuration added (for `row`)."""
    canonical = _uuid(id)
    return _account(database, _BY_ID, (canonical,), extras=extras) if canonical else None


def account_of_session(database: Database, id: str, sid: str, *, extras: tuple[str, ...] = ()) -> Account | None:
    """The account of a session that is not over: one statement, since every such request asks it."""
    canonical, now = _uuid(id), written_time(datetime.now(UTC))
    return _account(database, _BY_SESSION, (canonical, sid, now), extras=extras) if canonical else None


def account_of_key(database: Database, hash: str, *, extras: tuple[str, ...] = ()) -> tuple[Account, str] | None:
    """The account that an API key acts as, and the key's scopes as they are stored: one statement as well."""
    shown = ["k.scopes", *_columns(database, extras)]
    rows = _rows(database, shown, f"{_KEYS}{_ROLES}{_BY_KEY}", (hash, written_time(datetime.now(UTC))))
    return (_made(extras, [row[1:] for row in rows]), str(rows[0][0])) if rows else None


def _uuid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except (ValueError, AttributeError, TypeError):
        return None


def _account(
    database: Database, where: str, values: tuple[object, ...], *, extras: tuple[str, ...] = ()
) -> Account | None:
    rows = _rows(database, _columns(database, extras), f"{_USERS}{_ROLES}{where}", values)
    return _made(extras, rows) if rows else None


def _columns(database: Database, extras: tuple[str, ...]) -> list[str]:
    return [f"u.{name}" for name in COLUMNS] + [f"u.{database.backend.ident(name)}" for name in extras]


def _rows(database: Database, columns: list[str], source: str, values: tuple[object, ...]) -> list[Row]:
    """A row for each link of an account; what the link says comes last."""
    said = [*columns, "l.tenant_id", "r.name", "r.is_tenant_specific"]
    return database.fetch(f"SELECT {', '.join(said)}" + sql_for(database, f"{source} ORDER BY r.name"), values)


def _made(extras: tuple[str, ...], rows: list[Row]) -> Account:
    found = dict(zip((*COLUMNS, *extras), rows[0][:-3], strict=True))
    links = [Link(str(role), _text(tenant), bool(specific)) for *_, tenant, role, specific in rows if role is not None]
    here = membership(_text(found["tenant_id"]), links)
    return Account(
        id=str(found["id"]),
        email=_text(found["email"]),
        name=_text(found["name"]),
        password_hash=_text(found["password_hash"]),
        active=bool(found["is_active"]),
        tenant=here.tenant,
        roles=here.roles,
        row={name: value for name, value in found.items() if name != "password_hash"},
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def grant(database: Database, session: Session, *, account: str, role: str, tenant: str | None) -> None:
    """Link an account to a role, which is made where it does not exist."""
    ensure_role(database, session, role, "")
    session.execute(
        sql_for(
            database,
            "INSERT INTO _dragoman_user_roles (id, user_id, role_id, tenant_id) "
            "VALUES (?, ?, (SELECT id FROM _dragoman_roles WHERE name = ?), ?)",
        ),
        (str(uuid.uuid4()), account, role, tenant),
    )


def ensure_role(database: Database, session: Session, role: str, description: str) -> None:
    """Make a role unless it exists."""
    if not role_exists(database, session, role):
        text = "INSERT INTO _dragoman_roles (id, name, description, is_tenant_specific) VALUES (?, ?, ?, ?)"
        session.execute(sql_for(database, text), (str(uuid.uuid4()), role, description, False))


def role_exists(database: Database, session: Session, role: str) -> bool:
    """Whether there is a role of this stored name."""
    return bool(session.fetch(sql_for(database, "SELECT 1 FROM _dragoman_roles WHERE name = ?"), (role,)))


def withdraw(database: Database, session: Session, *, account: str) -> None:
    """Take all roles from an account."""
    session.execute(sql_for(database, "DELETE FROM _dragoman_user_roles WHERE user_id = ?"), (account,))


def leading_role(database: Database, session: Session, *, account: str) -> str | None:
    """The role that an account shows, under its canonical name."""
    rows = session.fetch(sql_for(database, "SELECT role FROM _dragoman_accounts WHERE id = ?"), (account,))
    return canonical_role(str(rows[0][0])) if rows and rows[0][0] is not None else None


def has_administrator(database: Database) -> bool:
    """Whether some administrator can sign in."""
    return bool(database.fetch(f"{ADMINISTRATORS} LIMIT 1"))


def change_password(database: Database, session: Session, *, account: str, password_hash: str) -> None:
    """Give an account another password."""
    text = "UPDATE _dragoman_users SET password_hash = ?, updated_at = ? WHERE id = ?"
    session.execute(sql_for(database, text), (password_hash, written_time(datetime.now(UTC)), account))


def written_time(moment: datetime) -> str:
    """A time in the form in which our own tables keep it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
