"""Passwords: argon2id (19 MiB, two passes: OWASP's first choice).

In: a password, and perhaps a hash. Out: a hash, or whether the password fits.
"""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The hash of a password."""
    return HASHER.hash(password)


@cache
def _nobody() -> str:
    return hash_password(secrets.token_urlsafe(16))


def verified(password: str, hashed: str | None) -> bool:
    """Whether a password fits. Without a hash the same work is done, so that time tells nothing."""
    try:
        return HASHER.verify(hashed or _nobody(), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False
