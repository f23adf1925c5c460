"""Passwords: argon2id (19 MiB, two passes: OWASP's first choice), and what a new one must be.

In: a password, and perhaps a hash. Out: a hash, whether the password fits, what is wrong with it. A hash takes memory
and time, so only so many are made at once in a process; who waits too long for his turn is told to come again.
"""

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crud.definitions.identity import PasswordRules
from crud.errors import ApiError, Mistake

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of a password that nobody has ever seen, made as HASHER makes them.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$57TqPItKPAnWovGqywSldQ$KvsOaY0+EP7YQAfwR5y8d+7XSWyfbgy1QZd+CIh0iQc"
PATIENCE = 10.0
FIELD = "password_hash"
HASHED = "$argon2"
# The most usual ones of eight and more characters: what a guesser tries first.
COMMON = frozenset(Path(__file__).with_name("common.txt").read_text(encoding="ascii").split())


class Turns:
    """How many hashes may be made at once in this process."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._free = threading.BoundedSemaphore(number)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn, within reason."""
        if not self._free.acquire(timeout=PATIENCE):
            raise ApiError("busy", "Too many sign-ins at once, try again")
        try:
            yield
        finally:
            self._free.release()


_turns = Turns(4)


def allow_at_once(number: int) -> None:
    """How many hashes may be made at once from here on."""
    global _turns
    _turns = Turns(number)


def hash_password(password: str) -> str:
    """The hash of a password."""
    with _turns.one():
        return HASHER.hash(_bytes(password))


def verified(password: str, hashed: str | None) -> bool:
    """Whether a password fits. Without a hash the same work is done, so that time tells nothing."""
    with _turns.one():
        try:
            return HASHER.verify(hashed or NOBODY, _bytes(password)) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False


def fits_written(password: str, written: str) -> bool:
    """Whether a password is the one of a configuration, where it stands as text or as a hash. The work is the same."""
    if written.startswith(HASHED):
        return verified(password, written)
    verified(password, None)
    return hmac.compare_digest(_bytes(password), _bytes(written))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def mistakes(password: str, rules: PasswordRules, *, email: str | None = None) -> list[Mistake]:
    """What is wrong with a new password; it is not repeated."""
    known = {email.lower(), email.lower().partition("@")[0]} if email else set()
    checks = (
        (len(password) < rules.min_length, f"must have at least {rules.min_length} characters", "min_length"),
        (len(password) > rules.max_length, f"must have at most {rules.max_length} characters", "max_length"),
        (password.lower() in COMMON, "is too common", "common"),
        (password.lower() in known, "must not be the e-mail address", "common"),
    )
    return [Mistake(FIELD, message, rule) for wrong, message, rule in checks if wrong]
