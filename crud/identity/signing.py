"""With what our own tokens are signed, and which keys verify them.

In: the keys of a configuration. Out: `Signing`. HS256 with one secret unless `auth.keys` says otherwise; with keys,
`kid` names the one that signed, the first signs and all verify, so that a key can be changed without ending anybody's
session.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jwt

from crud.definitions.config import Config
from crud.definitions.identity import SigningKey
from crud.definitions.problems import ConfigError, Problem
from crud.errors import ApiError

KEPT = Path("var/secret")
Claims = Mapping[str, Any]
_UNREADABLE = (jwt.PyJWTError, ValueError, KeyError, TypeError, OverflowError)


@dataclass(frozen=True, eq=False)
class Signing:
    """How our tokens are signed and verified. `verifying`: kid → key; the kid of the only secret is empty."""

    algorithm: str
    kid: str
    key: object = field(repr=False)
    verifying: Mapping[str, object] = field(repr=False)
    audience: str | None
    access_seconds: int
    refresh_seconds: int


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


def materials(config: Config) -> tuple[str, ...]:
    """What only those know who sign and verify with these keys: secrets and private halves."""
    keys = [key.secret or key.private or "" for key in config.auth.keys] or [_secret_of(config)]
    return tuple(text.strip() for text in keys if text.strip())


def mask_key(config: Config) -> bytes:
    """The key of the hashes that are shown instead of values: it follows from what signs, which it does not tell."""
    return hmac.digest(materials(config)[0].encode(), b"dragoman: anonymize", "sha256")


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
