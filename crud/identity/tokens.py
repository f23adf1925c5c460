"""Our own tokens: signed, and checked in everything that they must say.

In: the keys of a configuration; a session. Out: `Signing`, pairs of tokens, the claims of a good one. HS256 with one
secret unless `auth.keys` says otherwise; with keys, `kid` names the one that signed, the first signs and all verify,
so that a key can be changed without ending anybody's session. The algorithm is the configured one and no other.
"""

import os
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import jwt

from crud.definitions.config import Config
from crud.definitions.identity import SigningKey
from crud.definitions.problems import ConfigError, Problem
from crud.errors import ApiError

ISSUER = "dragoman"
KEPT = Path("var/secret")
CLAIMS = ["exp", "iat", "nbf", "iss", "sub", "jti", "sid", "type"]
Claims = Mapping[str, Any]
Kind = Literal["access", "refresh"]
_ID = re.compile(r"[A-Za-z0-9-]{16,64}")
_UNREADABLE = (jwt.PyJWTError, ValueError, KeyError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Signing:
    """How our tokens are signed and verified. `verifying`: kid → key; the kid of the only secret is empty."""

    algorithm: str
    kid: str
    key: object = field(repr=False)
    verifying: Mapping[str, object] = field(repr=False)
    audience: str | None
    access_seconds: int
    refresh_seconds: int


@dataclass(frozen=True)
class Pair:
    """The two tokens of a session. `jti` is the refresh token's, `expires` is when the session ends."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    jti: str
    expires: datetime


def forged() -> ApiError:
    """The one answer to a token that is not good."""
    return ApiError("invalid_token", "Invalid or expired token")


# ---------------------------------------------------------------- keys


def signing_of(config: Config) -> Signing:
    """The keys of a configuration. Raises ConfigError for those that cannot be used."""
    auth = config.auth
    keys = [_loaded(key, auth.algorithm) for key in auth.keys] or [_only(_secret_of(config))]
    kid, key, _ = keys[0]
    if key is None:
        raise ConfigError([Problem("the first key signs, and needs its private half", auth.keys[0].place)])
    verifying = MappingProxyType({kid: verifier for kid, _, verifier in keys})
    return Signing(
        auth.algorithm, kid, key, verifying, auth.audience, auth.access_seconds, max(auth.refresh_seconds, 1)
    )


def _only(secret: str) -> tuple[str, object, object]:
    return "", secret, secret


def _loaded(key: SigningKey, algorithm: str) -> tuple[str, object, object]:
    """(kid, what signs or None, what verifies)."""
    if algorithm == "HS256":
        return key.id, key.secret, key.secret
    try:
        private = _prepared(algorithm, key.private) if key.private else None
        public = _prepared(algorithm, key.public) if key.public else private and private.public_key()
        _try(algorithm, private, public)
    except _UNREADABLE:
        raise ConfigError([Problem(f"is no key for {algorithm}", key.place)]) from None
    return key.id, private, public


def _prepared(algorithm: str, pem: str) -> Any:
    return jwt.get_algorithm_by_name(algorithm).prepare_key(pem)


def _try(algorithm: str, private: Any, public: Any) -> None:
    """Raise unless both halves are of the right kind and belong together."""
    if hasattr(public, "sign"):
        raise ValueError
    if algorithm == "RS256" and public.key_size < 2048:
        raise ValueError
    if private is not None:
        jwt.decode(jwt.encode({}, private, algorithm), public, algorithms=[algorithm])


def _secret_of(config: Config) -> str:
    """The signing secret: the configured one, else one made on first start and kept in `var/secret` (mode 0600)."""
    return config.auth.secret or kept_secret(KEPT)


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


# ---------------------------------------------------------------- tokens


def issue(signing: Signing, *, subject: str, sid: str) -> Pair:
    """An access and a refresh token of a session."""
    now = datetime.now(UTC)
    expires = now + timedelta(seconds=max(signing.refresh_seconds, signing.access_seconds))
    refresh = _id()
    return Pair(
        _signed(signing, now, "access", now + timedelta(seconds=signing.access_seconds), sub=subject, sid=sid),
        _signed(signing, now, "refresh", expires, sub=subject, sid=sid, jti=refresh),
        refresh,
        expires,
    )


def _id() -> str:
    return str(uuid.uuid4())


def _signed(signing: Signing, now: datetime, kind: Kind, expires: datetime, **claims: str) -> str:
    audience = {"aud": signing.audience} if signing.audience else {}
    times = {"iat": now, "nbf": now, "exp": expires}
    payload = {"iss": ISSUER, "type": kind, "jti": _id(), **claims, **audience, **times}
    header = {"kid": signing.kid} if signing.kid else None
    return jwt.encode(payload, signing.key, signing.algorithm, header)  # type: ignore[arg-type]


def read(signing: Signing, token: str, *kinds: Kind) -> Claims:
    """The claims of one of our tokens of these kinds. Raises `invalid_token` unless everything about it is right."""
    try:
        key = signing.verifying[jwt.get_unverified_header(token).get("kid", "")]
        claims: Claims = jwt.decode(
            token,
            key,  # type: ignore[arg-type]
            algorithms=[signing.algorithm],
            audience=signing.audience,
            issuer=ISSUER,
            leeway=0,
            options={"require": CLAIMS, "strict_aud": True},
        )
    except _UNREADABLE:
        raise forged() from None
    if claims["type"] not in kinds or not all(_ID.fullmatch(str(claims[name])) for name in ("sid", "jti")):
        raise forged()
    return claims


def issuer_of(token: str) -> str:
    """Who says that he has signed a token: not yet believed. Raises `invalid_token` where it cannot be read."""
    try:
        claims: Claims = jwt.decode(token, options={"verify_signature": False})
    except _UNREADABLE:
        raise forged() from None
    return str(claims.get("iss"))
