"""Our own tokens: made and verified by flask-jwt-extended, and checked in everything that they must say.

In: how a configuration signs; a session, or the text of a token. Out: pairs of tokens, the claims of a good one. The
library asks an application for its settings and keys. Each `Signing` has a small one of its own: so keys, algorithm and
audience change together with the snapshot, and a token can be made where no request is.
"""

import re
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import jwt
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException

from crud.identity.signing import Claims, Signing, forged

ISSUER = "dragoman"
CLAIMS = frozenset({"exp", "iat", "nbf", "iss", "sub", "jti", "sid", "type"})
Kind = Literal["access", "refresh"]
_ID = re.compile(r"[A-Za-z0-9-]{16,64}")
_UNREADABLE = (
    *(jwt.PyJWTError, JWTExtendedException, ValueError, KeyError, TypeError),
    *(OverflowError, RecursionError),
)


@dataclass(frozen=True)
class Pair:
    """The two tokens of a session. `jti` is the refresh token's, `expires` is when the session ends."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    jti: str
    expires: datetime


@lru_cache(maxsize=16)
def application(signing: Signing) -> Flask:
    """The library, set up with these keys."""
    app = Flask("dragoman.tokens", static_folder=None)
    app.config.update(
        JWT_ALGORITHM=signing.algorithm,
        JWT_DECODE_ALGORITHMS=[signing.algorithm],
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_AUDIENCE=signing.audience,
        JWT_DECODE_AUDIENCE=signing.audience,
        JWT_DECODE_LEEWAY=0,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=signing.access_seconds),
        JWT_REFRESH_TOKEN_EXPIRES=timedelta(seconds=_session_seconds(signing)),
    )
    manager = JWTManager(app)
    manager.encode_key_loader(lambda _: signing.key)
    manager.decode_key_loader(lambda header, _: signing.verifying[header.get("kid", "")])
    manager.additional_headers_loader(lambda _: {"kid": signing.kid} if signing.kid else {})
    return app


def _session_seconds(signing: Signing) -> int:
    return max(signing.refresh_seconds, signing.access_seconds)


def issue(signing: Signing, *, subject: str, sid: str) -> Pair:
    """An access and a refresh token of a session."""
    jti, expires = str(uuid.uuid4()), datetime.now(UTC) + timedelta(seconds=_session_seconds(signing))
    with application(signing).app_context():
        access = create_access_token(subject, additional_claims={"sid": sid})
        refresh = create_refresh_token(subject, additional_claims={"sid": sid, "jti": jti})
    return Pair(access, refresh, jti, expires)


def read(signing: Signing, token: str, *kinds: Kind) -> Claims:
    """The claims of one of our tokens of these kinds. Raises `invalid_token` unless everything about it is right."""
    try:
        claims = _verified(signing, token)
    except _UNREADABLE:
        raise forged() from None
    whole = claims.keys() >= CLAIMS and claims.get("aud") == signing.audience and claims["type"] in kinds
    if (
        not whole
        or int(claims["exp"]) <= time.time()
        or not all(_ID.fullmatch(str(claims[name])) for name in ("sid", "jti"))
    ):
        raise forged()
    return claims


@lru_cache(maxsize=1024)
def _verified(signing: Signing, token: str) -> Claims:
    """What a token says that these keys have signed. That it is good is remembered, since it stays so until it expires:
    verifying takes longer than many a request. That one is not good is never remembered."""
    with application(signing).app_context():
        decode_token(token)
    return MappingProxyType({**_written(token)})


def _written(token: str) -> Claims:
    """What a token says itself: the library fills in what is missing, and another kind would pass for one of ours."""
    claims: Claims = jwt.decode(token, options={"verify_signature": False})
    return claims


def issuer_of(token: str) -> str:
    """Who says that he has signed a token: not yet believed. Raises `invalid_token` where it cannot be read."""
    try:
        return str(_written(token).get("iss"))
    except _UNREADABLE:
        raise forged() from None
