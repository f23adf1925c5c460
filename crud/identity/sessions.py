"""Sessions: what a sign-in opens, a refresh carries on, and a revocation ends for every worker at once.

In: the database of our own tables, an open transaction. Out: rows of `_dragoman_sessions`. A session knows the one
refresh token that is good; whoever shows an older one has stolen it, or was stolen from, and the session ends.
"""

import uuid
from datetime import UTC, datetime

from crud.identity.accounts import sql_for, written_time
from sql.database import Database, Session

CONFIGURED = "config:"


def new_id() -> str:
    """The id of a session that is about to begin."""
    return str(uuid.uuid4())


def begin(database: Database, session: Session, *, sid: str, subject: str, refresh: str, expires: datetime) -> None:
    """Open a session of an account, or of a user of the configuration; forget those that are over by time."""
    now, user = written_time(datetime.now(UTC)), None if subject.startswith(CONFIGURED) else subject
    session.execute(sql_for(database, "DELETE FROM _dragoman_sessions WHERE expires < ?"), (now,))
    text = (
        "INSERT INTO _dragoman_sessions (id, subject, user_id, refresh, created_at, expires) VALUES (?, ?, ?, ?, ?, ?)"
    )
    session.execute(sql_for(database, text), (sid, subject, user, refresh, now, written_time(expires)))


def rotate(
    database: Database, session: Session, *, sid: str, subject: str, old: str, new: str, expires: datetime
) -> bool:
    """Put a refresh token in the place of the one that is good. False, and the session ends, where `old` is not it."""
    text = (
        "UPDATE _dragoman_sessions SET refresh = ?, expires = ? "
        "WHERE id = ? AND subject = ? AND refresh = ? AND revoked_at IS NULL AND expires > ?"
    )
    values = (new, written_time(expires), sid, subject, old, written_time(datetime.now(UTC)))
    if session.execute(sql_for(database, text), values) == 1:
        return True
    revoke(database, session, sid)
    return False


def revoke(database: Database, session: Session, sid: str) -> None:
    """End one session."""
    text = "UPDATE _dragoman_sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
    session.execute(sql_for(database, text), (written_time(datetime.now(UTC)), sid))


def revoke_account(database: Database, session: Session, account: str) -> None:
    """End all sessions of an account: with the write that changed its password, its roles or whether it is active."""
    text = "UPDATE _dragoman_sessions SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL"
    session.execute(sql_for(database, text), (written_time(datetime.now(UTC)), account))


def stands(database: Database, *, sid: str, subject: str) -> bool:
    """Whether a session is not over: asked with every request of a user of the configuration."""
    text = "SELECT 1 FROM _dragoman_sessions WHERE id = ? AND subject = ? AND revoked_at IS NULL AND expires > ?"
    return bool(database.fetch(sql_for(database, text), (sid, subject, written_time(datetime.now(UTC)))))
