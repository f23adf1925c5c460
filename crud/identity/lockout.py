"""The lock on an account: so many wrong passwords within a while, and none is right for a while.

In: an open transaction, who tried to sign in, whether the password fitted. Out: whether he may. What nobody owns is
counted like an account, so that neither the answer nor its time tells which names exist. A lock is not made longer by
further tries, or one could keep somebody out for ever.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from crud.definitions.identity import Lockout
from crud.identity.accounts import sql_for, written_time
from sql.database import Database, Session

_FOUND = (
    "SELECT failures, since > ?, locked_until IS NOT NULL AND locked_until > ? "
    "FROM _dragoman_lockouts WHERE subject = ?"
)
_KEPT = (
    "INSERT INTO _dragoman_lockouts (subject, failures, since, locked_until) VALUES (?, ?, ?, ?) ON CONFLICT (subject) "
    "DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until, "
    "since = CASE WHEN ? THEN _dragoman_lockouts.since ELSE excluded.since END"
)


def nobody(login: str) -> str:
    """The subject of a login that no account has."""
    return "?" + sha256(login.lower().encode("utf-8", "surrogatepass")).hexdigest()


def admits(database: Database, session: Session, *, subject: str, fits: bool, rules: Lockout) -> bool:
    """Whether a sign-in succeeds. Counts a wrong password; forgets the count after a right one."""
    if not rules.failures:
        return fits
    session.lock(f"lockout {subject}")
    now = datetime.now(UTC)
    failures, locked = _standing(database, session, subject, now=now, rules=rules)
    if fits and not locked:
        _forget(database, session, subject, failures)
        return True
    if not locked:
        _count(database, session, subject, failures=failures + 1, now=now, rules=rules)
    return False


def _standing(database: Database, session: Session, subject: str, *, now: datetime, rules: Lockout) -> tuple[int, bool]:
    """(failures within the window, whether it is locked)."""
    began = written_time(now - timedelta(seconds=rules.window_seconds))
    found = session.fetch(sql_for(database, _FOUND), (began, written_time(now), subject))
    failures, recent, locked = found[0] if found else (0, False, False)
    return int(str(failures)) if recent else 0, bool(locked)


def _forget(database: Database, session: Session, subject: str, failures: int) -> None:
    if failures:
        session.execute(sql_for(database, "DELETE FROM _dragoman_lockouts WHERE subject = ?"), (subject,))


def _count(database: Database, session: Session, subject: str, *, failures: int, now: datetime, rules: Lockout) -> None:
    """One failure more. The window begins with the first of them; rows of long ago are forgotten."""
    full = failures >= rules.failures
    until = written_time(now + timedelta(seconds=rules.seconds)) if full else None
    over = written_time(now - timedelta(seconds=rules.window_seconds + rules.seconds))
    session.execute(sql_for(database, "DELETE FROM _dragoman_lockouts WHERE since < ?"), (over,))
    session.execute(
        sql_for(database, _KEPT), (subject, 0 if full else failures, written_time(now), until, failures > 1)
    )
