"""Who is calling: the actor behind a token or an API key.

In: a snapshot, the text of a token. Out: an `Actor`, read afresh from the accounts in one statement, so that a disabled
account, a revoked session and a withdrawn key end with their next request, in every worker. Nothing is kept between
requests but that a signature was good.
"""

from crud.access.actor import Actor
from crud.identity import accounts, configured, keys, sessions, tokens
from crud.identity.accounts import Account
from crud.identity.issuers import Issuer, Proved
from crud.identity.signing import Signing, forged
from crud.snapshots.state import Identity, Snapshot


def actor_of(snapshot: Snapshot, token: str) -> Actor:
    """The actor behind a token. Raises `invalid_token` for one that is forged, expired, revoked or orphaned."""
    if token.startswith(keys.PREFIX):
        return _of_key(snapshot, token)
    issuers = identity(snapshot).issuers
    issuer = issuers.get(tokens.issuer_of(token)) if issuers else None
    return _of_session(snapshot, token) if issuer is None else _of_issuer(snapshot, issuer, token)


def identity(snapshot: Snapshot) -> Identity:
    """Who is believed."""
    assert snapshot.identity is not None
    return snapshot.identity


def signing(snapshot: Snapshot) -> Signing:
    """How our own tokens are signed."""
    return identity(snapshot).signing


def extras(snapshot: Snapshot) -> tuple[str, ...]:
    """The columns that the configuration added to accounts."""
    return tuple(field.name for field in snapshot.config.accounts.fields)


def _of_session(snapshot: Snapshot, token: str) -> Actor:
    claims = tokens.read(signing(snapshot), token, "access")
    subject, sid = str(claims["sub"]), str(claims["sid"])
    account = configured.account_of(snapshot.config, subject)
    if account is None:
        account = accounts.account_of_session(snapshot.system, subject, sid, extras=extras(snapshot))
    elif not sessions.stands(snapshot.system, sid=sid, subject=subject):
        account = None
    found = _active(account)
    return Actor(found.id, found.roles, found.tenant, found.row, claims, session=sid)


def _of_key(snapshot: Snapshot, key: str) -> Actor:
    found = keys.behind(snapshot.system, key, extras=extras(snapshot))
    account = _active(found[0] if found else None)
    scopes = found[1] if found else frozenset()
    return Actor(account.id, account.roles, account.tenant, account.row, scopes=scopes)


def _of_issuer(snapshot: Snapshot, issuer: Issuer, token: str) -> Actor:
    """An issuer's caller: the account that his token names, else nobody of ours with the roles that it gives."""
    proved = issuer.proved(token)
    if proved.account is None:
        return Actor(proved.subject, proved.roles, proved.tenant, claims=proved.claims)
    account = _active(_named(snapshot, proved))
    roles = account.roles | proved.granted
    return Actor(account.id, roles, account.tenant or proved.tenant, account.row, proved.claims)


def _named(snapshot: Snapshot, proved: Proved) -> Account | None:
    assert proved.account is not None
    if "@" in proved.account:
        return accounts.find_account_by_email(snapshot.system, proved.account, extras=extras(snapshot))
    return accounts.load_account(snapshot.system, proved.account, extras=extras(snapshot))


def _active(account: Account | None) -> Account:
    if account is None or not account.active:
        raise forged()
    return account
