"""How callers are known, as frozen values: keys and lifetimes of tokens, outside issuers, passwords, brakes, users.

In: nothing; `crud.definitions.access` makes these out of checked data. Out: `Auth` and its parts, `User`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crud.definitions.place import NOWHERE, Place


@dataclass(frozen=True)
class SigningKey:
    """A key of our own tokens: a `secret` for HMAC, else PEM text; `private` is None where it only verifies."""

    id: str
    secret: str | None = field(default=None, repr=False)
    private: str | None = field(default=None, repr=False)
    public: str | None = None
    place: Place = NOWHERE


@dataclass(frozen=True)
class IssuerDefinition:
    """Somebody else who signs tokens that hold here. Claims are dotted paths; `roles` maps its words to ours."""

    name: str
    issuer: str
    jwks: str
    algorithms: tuple[str, ...]
    audience: str
    account_claim: str | None = None
    roles_claim: str | None = None
    tenant_claim: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict, hash=False)
    default_roles: tuple[str, ...] = ("user",)
    cache_seconds: float = 600.0
    refetch_seconds: float = 30.0
    timeout_seconds: float = 5.0
    allow_private: bool = False
    place: Place = NOWHERE


@dataclass(frozen=True)
class PasswordRules:
    """What a new password must be."""

    min_length: int = 8
    max_length: int = 256


@dataclass(frozen=True)
class Lockout:
    """After `failures` wrong passwords within the window an account is locked for a while; 0 is never."""

    failures: int = 10
    window_seconds: int = 900
    seconds: int = 900


@dataclass(frozen=True)
class Brakes:
    """How often one caller may knock at each kind of door, and where that is counted. An empty text is no limit."""

    sign_in: str = "20/minute"
    register: str = "20/minute"
    refresh: str = "20/minute"
    set_up: str = "20/minute"
    storage: str = field(default="memory://", repr=False)


@dataclass(frozen=True)
class Auth:
    """How callers are known. An empty secret is replaced at start by one that is made and kept."""

    secret: str = field(default="", repr=False)
    access_seconds: int = 3600
    refresh_seconds: int = 30 * 86400
    registration: str = "closed"
    registration_role: str = "user"
    algorithm: str = "HS256"
    keys: tuple[SigningKey, ...] = ()
    audience: str | None = None
    issuers: tuple[IssuerDefinition, ...] = ()
    passwords: PasswordRules = PasswordRules()
    hashes_at_once: int = 4
    lockout: Lockout = Lockout()
    limits: Brakes = Brakes()


@dataclass(frozen=True)
class User:
    """A user written in the configuration. `roles` are canonical."""

    name: str
    password: str = field(repr=False)
    roles: tuple[str, ...] = ()
