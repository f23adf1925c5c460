"""How callers are known, as a configuration says it: `auth` and `users`.

In: checked data and where it stands. Out: `Auth` and users; problems with positions. Keys that are paths are read here,
so that what follows has their text.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crud.definitions.config import Config, canonical_role
from crud.definitions.identity import Auth, Brakes, IssuerDefinition, Lockout, PasswordRules, SigningKey, User
from crud.definitions.place import Place
from crud.definitions.problems import Problem

Data = Mapping[str, Any]
SECRET_BYTES = 32
OWN_ISSUER, USERS = "dragoman", "config"
STORAGES = ("memory", "redis", "rediss", "redis+unix")
_PEM = "-----BEGIN"


def read_auth(data: Data, place: Place, base: Path) -> Auth:
    """The settings of identity. `base`: where the paths of keys begin."""
    return Auth(
        secret=data.get("secret", ""),
        access_seconds=round(data.get("access_minutes", 60) * 60),
        refresh_seconds=round(data.get("refresh_days", 30) * 86400),
        registration=data.get("registration", "closed"),
        registration_role=canonical_role(data.get("registration_role", "user")),
        algorithm=data.get("algorithm", "HS256"),
        keys=tuple(_key(key, place / "keys" / i, base) for i, key in enumerate(data.get("keys", []))),
        audience=data.get("audience"),
        issuers=tuple(_issuer(name, body, place / "issuers" / name) for name, body in data.get("issuers", {}).items()),
        passwords=PasswordRules(**data.get("passwords", {})),
        hashes_at_once=data.get("hashes_at_once", 4),
        lockout=_lockout(data.get("lockout", {})),
        limits=Brakes(**data.get("limits", {})),
    )


def _key(data: Data, place: Place, base: Path) -> SigningKey:
    return SigningKey(
        data["id"],
        data.get("secret"),
        _pem(data.get("private"), base),
        _pem(data.get("public"), base),
        place,
    )


def _pem(said: str | None, base: Path) -> str | None:
    """The text of a key, given whole or as the path of a file; empty where the file cannot be read."""
    if said is None or said.lstrip().startswith(_PEM):
        return said
    try:
        return (base / said).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _issuer(name: str, data: Data, place: Place) -> IssuerDefinition:
    algorithms = tuple(data["algorithms"])
    roles = {word: canonical_role(role) for word, role in data.get("roles", {}).items()}
    usual = tuple(canonical_role(role) for role in data.get("default_roles", ["user"]))
    return IssuerDefinition(
        name, **{**data, "algorithms": algorithms, "roles": roles, "default_roles": usual}, place=place
    )


def _lockout(data: Data) -> Lockout:
    return Lockout(
        failures=data.get("failures", 10),
        window_seconds=round(data.get("window_minutes", 15) * 60),
        seconds=round(data.get("minutes", 15) * 60),
    )


def read_users(data: Data) -> dict[str, User]:
    """The users of a configuration by name; a password that is a number is its text."""
    return {
        name: User(name, str(user["password"]), tuple(canonical_role(role) for role in user.get("roles", [])))
        for name, user in data.items()
    }


# ---------------------------------------------------------------- what cannot be


def check_access(config: Config) -> Iterator[Problem]:
    """All that is wrong with how callers are known."""
    at = config.place / "auth"
    yield from _secret(config.auth.secret, at / "secret")
    yield from _secret(config.telemetry.token, config.place / "telemetry" / "token")
    yield from _keys(config.auth, at)
    yield from _issuers(config.auth.issuers)
    if config.auth.registration_role == "admin":
        yield Problem("would make everybody an administrator", at / "registration_role")
    if config.auth.limits.storage.partition("://")[0] not in STORAGES:
        yield Problem("must be a URL", at / "limits" / "storage", tuple(f"{name}://" for name in STORAGES))


def _secret(secret: str, place: Place) -> Iterator[Problem]:
    size = len(secret.encode())
    if 0 < size < SECRET_BYTES:
        yield Problem(f"has {size} bytes, which can be guessed; at least {SECRET_BYTES} are needed", place)


def _keys(auth: Auth, at: Place) -> Iterator[Problem]:
    if auth.algorithm != "HS256" and not auth.keys:
        yield Problem(f"{auth.algorithm} needs keys", at / "algorithm", ("keys",))
    ids = [key.id for key in auth.keys]
    for key in auth.keys:
        if ids.count(key.id) > 1:
            yield Problem(f"the id {key.id!r} is used twice", key.place / "id")
        yield from _symmetric(key) if auth.algorithm == "HS256" else _asymmetric(key, auth.algorithm)


def _symmetric(key: SigningKey) -> Iterator[Problem]:
    if key.secret is None or key.private is not None or key.public is not None:
        yield Problem("HS256 takes keys with a secret, and nothing else", key.place)
    else:
        yield from _secret(key.secret, key.place / "secret")


def _asymmetric(key: SigningKey, algorithm: str) -> Iterator[Problem]:
    if key.secret is not None or (key.private is None and key.public is None):
        yield Problem(f"{algorithm} takes keys with private or public", key.place)
    for name, half in (("private", key.private), ("public", key.public)):
        if half == "":
            yield Problem("is neither a key (PEM) nor a file that can be read", key.place / name)


def _issuers(issuers: tuple[IssuerDefinition, ...]) -> Iterator[Problem]:
    names = [each.issuer for each in issuers]
    for each in issuers:
        if each.issuer == OWN_ISSUER or names.count(each.issuer) > 1:
            yield Problem(f"{each.issuer!r} is taken", each.place / "issuer")
        if each.name == USERS:
            yield Problem(f"{USERS!r} stands before the names of configured users; an issuer needs another", each.place)
        if not each.jwks.startswith("https://") and not (each.allow_private and each.jwks.startswith("http://")):
            yield Problem("must be an https URL; http goes with allow_private alone", each.place / "jwks")
