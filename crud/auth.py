"""Who is calling: passwords, tokens, and the actor behind a token.

In: an e-mail and a password, or the text of a token. Out: a signed token, or an `Actor` read afresh from the accounts,
so that a disabled account or a revoked token ends with its next request. Tokens are flask-jwt-extended's (HS256, issuer
`dragoman`). Needs the application context of Flask; knows no request.
"""

import os
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import jwt
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException

from crud import accounts
from crud.accounts import Account
from crud.definitions.config import Config
from crud.errors import ApiError
from crud.passwords import verified
from crud.state import Actor, Snapshot

ALGORITHM = "HS256"
ISSUER = "dragoman"
_TOKEN_ID = re.compile(r"[A-Za-z0-9-]{16,64}")


def install(app: Flask, config: Config) -> None:
    """Give Flask the settings of tokens."""
    app.config.update(
        JWT_SECRET_KEY=secret_of(config),
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=config.auth.access_seconds),
    )
    JWTManager(app)


def secret_of(config: Config) -> str:
    """The signing secret: the configured one, else one made on first start and kept in `var/secret` (mode 0600)."""
    return config.auth.secret or kept_secret(Path("var/secret"))


def kept_secret(path: Path) -> str:
    """The secret in a file, made by whichever worker comes first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()


# ---------------------------------------------------------------- signing in


def sign_in(snapshot: Snapshot, email: str, password: str) -> tuple[str, Account]:
    """A token and the account. Raises `invalid_credentials` alike for unknown accounts and wrong passwords."""
    account = accounts.find_account_by_email(snapshot.system, email)
    if not verified(password, account.password_hash if account else None) or account is None:
        raise ApiError("invalid_credentials", "Invalid credentials")
    if not account.active:
        raise ApiError("invalid_credentials", "Account is disabled")
    return issue(account), account


def issue(account: Account) -> str:
    """An access token of an account."""
    return str(create_access_token(identity=account.id))


# ---------------------------------------------------------------- tokens


def actor_of(snapshot: Snapshot, token: str) -> Actor:
    """The actor behind a token. Raises `invalid_token` for one that is forged, expired, revoked or orphaned."""
    claims = claims_of(token)
    extras = tuple(field.name for field in snapshot.config.accounts.fields)
    account = accounts.account_of_token(snapshot.system, str(claims["sub"]), str(claims["jti"]), extras=extras)
    if account is None or not account.active:
        raise ApiError("invalid_token", "Invalid or expired token")
    return Actor(account.id, account.roles, account.tenant, account.row, claims)


def claims_of(token: str) -> Mapping[str, object]:
    """The verified claims of an access token. Signature, issuer, expiry and kind are checked."""
    try:
        claims: dict[str, object] = decode_token(token)
        written = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, JWTExtendedException, ValueError, KeyError, TypeError):
        raise ApiError("invalid_token", "Invalid or expired token") from None
    # The library fills in what is missing: a token of another kind, without these, would pass for one of ours.
    whole = isinstance(written.get("sub"), str) and _TOKEN_ID.fullmatch(str(written.get("jti", "")))
    if written.get("type") != "access" or written.get("exp") is None or not whole:
        raise ApiError("invalid_token", "Invalid or expired token")
    return claims
