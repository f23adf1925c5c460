"""The doors: how a session begins, goes on and ends.

In: a snapshot, and what somebody shows: a login and a password, a new account, a token. Out: `Signed`, the tokens of a
session and whose they are; a refusal is an `ApiError`. Each door is one transaction in the database of our own tables.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from crud.access.actor import Actor
from crud.audit import Action, Author, Entry, keep
from crud.callers import extras, signing
from crud.errors import ApiError, Mistake, invalid
from crud.identity import accounts, configured, lockout, passwords, sessions, tokens
from crud.identity.accounts import UNSAFE, Account
from crud.identity.sessions import CONFIGURED
from crud.identity.signing import forged
from crud.identity.tokens import Pair
from crud.service import attempted
from crud.snapshots.state import Snapshot
from crud.system import ACCOUNTS, called
from crud.writing.newcomers import make_account
from sql.database import Session
from sql.errors import UniqueViolation

T = TypeVar("T")
ADMINISTRATOR = "administrator"
MOST_LOGIN = 320
_EMAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@.\x00-\x1f]+(\.[^\s@.\x00-\x1f]+)+")


@dataclass(frozen=True)
class Signed:
    """A session: its two tokens, for how many seconds the first is good, whose it is."""

    token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    account: Account
    expires: datetime


@dataclass(frozen=True)
class New:
    """An account to be."""

    email: str
    password: str = field(repr=False)
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None


# ---------------------------------------------------------------- in


def sign_in(snapshot: Snapshot, login: str, password: str) -> Signed:
    """A session for the name of a configured user, or an e-mail, and its password.

    Raises `invalid_credentials` alike for unknown accounts, wrong passwords and locked accounts, after the same work.
    """
    account = _who(snapshot, login)
    subject = account.id if account else lockout.nobody(login)
    fits = _fits(snapshot, account, password)

    def judged(session: Session) -> Signed | None:
        rules = snapshot.config.auth.lockout
        if not lockout.admits(snapshot.system, session, subject=subject, fits=fits, rules=rules):
            return None
        if account is None or not account.active or not _unchanged(snapshot, account):
            return None
        return _opened(snapshot, session, account)

    signed = _within(snapshot, judged)
    if signed is None:
        disabled = fits and account is not None and not account.active
        raise ApiError("invalid_credentials", "Account is disabled" if disabled else "Invalid credentials")
    return signed


def _who(snapshot: Snapshot, login: str) -> Account | None:
    if len(login) > MOST_LOGIN or UNSAFE.search(login):
        return None
    found = accounts.find_account_by_email(snapshot.system, login, extras=extras(snapshot))
    return configured.account_named(snapshot.config, login) or found


def _unchanged(snapshot: Snapshot, account: Account) -> bool:
    """Whether the password that was compared is still the account's, now that nobody else can sign in to it."""
    if account.id.startswith(CONFIGURED):
        return True
    now = accounts.load_account(snapshot.system, account.id)
    return now is not None and now.active and now.password_hash == account.password_hash


def _fits(snapshot: Snapshot, account: Account | None, password: str) -> bool:
    if account is not None and account.id.startswith(CONFIGURED):
        return passwords.fits_written(password, snapshot.config.users[str(account.name)].password)
    return passwords.verified(password, account.password_hash if account else None)


def open_session(snapshot: Snapshot, account: Account) -> Signed:
    """A session for an account that has been identified otherwise."""
    return _within(snapshot, lambda session: _opened(snapshot, session, account))


def _opened(snapshot: Snapshot, session: Session, account: Account) -> Signed:
    sid = sessions.new_id()
    pair = tokens.issue(signing(snapshot), subject=account.id, sid=sid)
    sessions.begin(snapshot.system, session, sid=sid, subject=account.id, refresh=pair.jti, expires=pair.expires)
    return _signed(snapshot, pair, account)


def _signed(snapshot: Snapshot, pair: Pair, account: Account) -> Signed:
    seconds = signing(snapshot).access_seconds
    return Signed(pair.access, pair.refresh, seconds, replace(account, password_hash=None), pair.expires)


# ---------------------------------------------------------------- on and out


def refresh(snapshot: Snapshot, token: str) -> Signed:
    """The next tokens of a session, for its refresh token. One that was used before ends the session. Raises
    ApiError."""
    claims = tokens.read(signing(snapshot), token, "refresh")
    subject, sid = str(claims["sub"]), str(claims["sid"])
    pair = tokens.issue(signing(snapshot), subject=subject, sid=sid)

    def rotated(session: Session) -> Signed | None:
        good = sessions.rotate(
            snapshot.system, session, sid=sid, subject=subject, old=claims["jti"], new=pair.jti, expires=pair.expires
        )
        account = _of(snapshot, subject) if good else None
        return _signed(snapshot, pair, account) if account and account.active else None

    signed = _within(snapshot, rotated)
    if signed is None:
        raise forged()
    return signed


def _of(snapshot: Snapshot, subject: str) -> Account | None:
    found = configured.account_of(snapshot.config, subject)
    return found or accounts.load_account(snapshot.system, subject, extras=extras(snapshot))


def sign_out(snapshot: Snapshot, token: str) -> None:
    """End the session of a token, of either kind. Raises `invalid_token` for one that is not ours."""
    claims = tokens.read(signing(snapshot), token, "access", "refresh")
    _within(snapshot, lambda session: sessions.revoke(snapshot.system, session, str(claims["sid"])))


# ---------------------------------------------------------------- new accounts


def register(snapshot: Snapshot, new: New) -> Signed:
    """An account of one's own, where registration is open. Raises ApiError."""
    auth = snapshot.config.auth
    if auth.registration != "open":
        raise ApiError("forbidden", "Registration is closed")
    hashed = _hashed(snapshot, new)
    return _within(snapshot, lambda session: _made(snapshot, session, new, hashed=hashed, role=auth.registration_role))


def set_up(snapshot: Snapshot, new: New) -> Signed:
    """The first administrator: only while there is none in the database who can sign in.

    Of several at once one succeeds: they wait for each other. Raises ApiError.
    """
    if accounts.has_administrator(snapshot.system):
        raise _set_up_already()
    hashed = _hashed(snapshot, new)

    def alone(session: Session) -> Signed:
        session.lock("the first administrator")
        if accounts.has_administrator(snapshot.system):
            raise _set_up_already()
        return _made(snapshot, session, new, hashed=hashed, role=ADMINISTRATOR)

    return _within(snapshot, alone)


def _set_up_already() -> ApiError:
    return ApiError("bad_body", "Admin user already exists")


def _hashed(snapshot: Snapshot, new: New) -> str:
    """The hash of a new account's password. Raises `invalid` for all that is wrong with the account."""
    found = passwords.mistakes(new.password, snapshot.config.auth.passwords, email=new.email)
    if len(new.email) > MOST_LOGIN or UNSAFE.search(new.email) or not _EMAIL.fullmatch(new.email):
        found = [Mistake("email", "is not an e-mail address", "format"), *found]
    for name in ("name", "first_name", "last_name", "phone"):
        if UNSAFE.search(getattr(new, name) or ""):
            found.append(Mistake(name, "has characters that no text has", "type"))
    if found:
        raise invalid(ACCOUNTS, found)
    return passwords.hash_password(new.password)


def _made(snapshot: Snapshot, session: Session, new: New, *, hashed: str, role: str) -> Signed:
    names = {"name": new.name, "first_name": new.first_name, "last_name": new.last_name}
    values = {"email": new.email, **names, "phone": new.phone, "password_hash": hashed}
    try:
        made = make_account(snapshot, session, values, role=role)
    except UniqueViolation as error:
        raise ApiError("conflict", "User already exists", field="email") from error
    tell(snapshot, session, "create", made, {**values, "password_hash": None, "role": role})
    account = _of(snapshot, made)
    assert account is not None
    return _opened(snapshot, session, account)


# ---------------------------------------------------------------- passwords


def change_password(snapshot: Snapshot, actor: Actor, *, old: str, new: str) -> Signed:
    """Another password for who knows the old one. All sessions of the account end, and one begins. Raises ApiError."""
    account = accounts.load_account(snapshot.system, actor.id or "", extras=extras(snapshot))
    if account is None or actor.session is None:
        raise ApiError("forbidden", "Only an account that is signed in can change its password")
    rules = snapshot.config.auth
    if found := passwords.mistakes(new, rules.passwords, email=account.email):
        raise invalid(ACCOUNTS, found)
    fits, hashed = passwords.verified(old, account.password_hash), passwords.hash_password(new)

    def changed(session: Session) -> Signed | None:
        if not lockout.admits(snapshot.system, session, subject=account.id, fits=fits, rules=rules.lockout):
            return None
        if not _unchanged(snapshot, account):
            return None
        accounts.change_password(snapshot.system, session, account=account.id, password_hash=hashed)
        sessions.revoke_account(snapshot.system, session, account.id)
        tell(snapshot, session, "update", account.id, {"password_hash": None})
        return _opened(snapshot, session, account)

    signed = _within(snapshot, changed)
    if signed is None:
        raise ApiError("invalid_credentials", "Invalid credentials")
    return signed


def tell(snapshot: Snapshot, session: Session, action: Action, account: str, values: Mapping[str, object]) -> None:
    """Tell the audit, where accounts keep one, what an account did to itself. A password is a name without a value."""
    resource = snapshot.catalog.resource(ACCOUNTS)
    if not resource.audit:
        return
    shown = {name: value for name, value in values.items() if not resource.column(name).write_only}
    new = shown if resource.audit == "values" and shown else None
    entry = Entry(action, called(resource), {"id": account}, tuple(values), new=new)
    keep(snapshot.system, session, [entry], Author(account, None, "", datetime.now(UTC)))


def _within(snapshot: Snapshot, step: Callable[[Session], T]) -> T:
    """One transaction; again where the database threw it back."""

    def once() -> T:
        with snapshot.system.transaction() as session:
            return step(session)

    return attempted(once)
