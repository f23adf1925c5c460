"""Tokens of outside issuers: checked with the keys that the issuer publishes (JWKS).

In: the issuers of a configuration, a token that says it is from one of them. Out: what it proves, `Proved`. The keys
are kept for a while; one that is not among them makes us look again, but not more often than allowed, so that nobody
can make us knock there at his own rate. Where the issuer does not answer, the keys that are known go on.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import orjson
import structlog

from crud.definitions.identity import IssuerDefinition
from crud.identity.accounts import UNSAFE
from crud.identity.fetching import FetchError, Outside, fetch
from crud.identity.signing import Claims, forged

log = structlog.get_logger()
KINDS = {"RS256": "RSA", "ES256": "EC"}
Keys = Mapping[tuple[str, str], Any]


@dataclass(frozen=True)
class Proved:
    """What a good token of an issuer proves. `account` is the id or e-mail of an account of ours, if it names one."""

    subject: str
    account: str | None
    granted: frozenset[str]
    usual: frozenset[str]
    tenant: str | None
    claims: Claims

    @property
    def roles(self) -> frozenset[str]:
        """The roles of who has no account here."""
        return self.granted | self.usual


class Issuer:
    """One issuer and its keys, as they were last seen."""

    def __init__(self, definition: IssuerDefinition) -> None:
        self.definition = definition
        self._keys: Keys = {}
        self._asked = self._got = float("-inf")
        self._lock = threading.Lock()

    def proved(self, token: str) -> Proved:
        """What a token proves. Raises `invalid_token`."""
        said, claims = self.definition, self._claims(token)
        account = _at(claims, said.account_claim)
        if said.account_claim and (not isinstance(account, str) or claims.get("email_verified") is False):
            raise forged()
        tenant = _at(claims, said.tenant_claim)
        if any(isinstance(text, str) and UNSAFE.search(text) for text in (claims["sub"], account, tenant)):
            raise forged()
        return Proved(
            subject=f"{said.name}:{claims['sub']}",
            account=str(account) if said.account_claim else None,
            granted=_mapped(said.roles, _at(claims, said.roles_claim)),
            usual=frozenset(said.default_roles),
            tenant=tenant if isinstance(tenant, str) else None,
            claims=claims,
        )

    def _claims(self, token: str) -> Claims:
        said = self.definition
        try:
            header = jwt.get_unverified_header(token)
            kid, algorithm = str(header.get("kid", "")), str(header.get("alg"))
            if algorithm not in said.algorithms:
                raise forged()
            claims: Claims = jwt.decode(
                token,
                self._key(kid, algorithm),
                algorithms=[algorithm],
                audience=said.audience,
                issuer=said.issuer,
                leeway=0,
                options={"require": ["exp", "iss", "sub", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise forged() from None
        return claims

    # ------------------------------------------------------------ keys

    def _key(self, kid: str, algorithm: str) -> Any:
        """The key of an id. Raises `invalid_token` where the issuer has none."""
        wanted = (kid, KINDS[algorithm])
        if wanted not in self._keys or time.monotonic() - self._got > self.definition.cache_seconds:
            self._refresh(needed=wanted not in self._keys)
        if wanted not in self._keys:
            raise forged()
        return self._keys[wanted]

    def _refresh(self, *, needed: bool) -> None:
        """Look again, unless somebody has just done so. Who has a key that will do does not wait for another's look."""
        if not self._lock.acquire(blocking=needed):
            return
        try:
            if time.monotonic() - self._asked >= self.definition.refetch_seconds:
                self._asked = time.monotonic()
                self._look()
        finally:
            self._lock.release()

    def _look(self) -> None:
        try:
            self._keys, self._got = _keys_of(fetch(self.definition.jwks, self._bounds)), time.monotonic()
        except (FetchError, ValueError) as error:
            log.warning("the keys of an issuer cannot be had", issuer=self.definition.name, problem=str(error)[:200])

    @property
    def _bounds(self) -> Outside:
        return Outside(self.definition.timeout_seconds, self.definition.allow_private)


def _keys_of(document: bytes) -> Keys:
    """(kid, kind) → key, of those that are good for signatures. Raises ValueError for what is no list of keys."""
    data = orjson.loads(document)
    listed = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no list of keys")
    found: dict[tuple[str, str], Any] = {}
    for each in listed[:100]:
        if isinstance(each, dict) and each.get("kty") in KINDS.values() and each.get("use", "sig") == "sig":
            _take(found, each)
    return found


def _take(found: dict[tuple[str, str], Any], each: Mapping[str, Any]) -> None:
    algorithm = next(name for name, kind in KINDS.items() if kind == each["kty"])
    public = {name: value for name, value in each.items() if name in ("kty", "n", "e", "crv", "x", "y")}
    try:
        key = jwt.PyJWK.from_dict(public, algorithm).key
    except (jwt.PyJWTError, ValueError, KeyError, TypeError):
        return
    if algorithm != "RS256" or key.key_size >= 2048:
        found[str(each.get("kid", "")), each["kty"]] = key


# ---------------------------------------------------------------- claims


def _at(claims: Claims, path: str | None) -> object:
    """What stands at a dotted path; a claim may have the whole path for its name."""
    if path is None or path in claims:
        return claims.get(path or "")
    found: object = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _mapped(roles: Mapping[str, str], said: object) -> frozenset[str]:
    """Our roles for the issuer's words; a word that nobody mapped is nothing here."""
    words: Iterable[object] = said.split() if isinstance(said, str) else said if isinstance(said, list) else ()
    return frozenset(roles[word] for word in words if isinstance(word, str) and word in roles)


def issuers_of(definitions: Iterable[IssuerDefinition]) -> Mapping[str, Issuer]:
    """The issuers by what their tokens say."""
    return {each.issuer: Issuer(each) for each in definitions}
