"""The connections of one process to one server: made when they are needed, given back, thrown away when they are lost.

In: what makes a connection. Out: connections, each for one caller at a time. Whoever needs one makes it himself, so he
learns at once what is wrong. A server that could not be reached, or has not answered, is then left alone for a moment:
meanwhile everybody is told without waiting, and after it one caller at a time tries again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from psycopg.pq import TransactionStatus

from sql.connections import Connections
from sql.errors import Busy, DatabaseError, Unavailable
from sql.postgres.line import Line

REST = 0.5  # seconds in which a server that could not be reached is left alone
PROBE = 15.0  # seconds in which one caller tries it for all others
IDLE, LIFETIME = 600.0, 3600.0  # seconds after which a connection that nobody uses, or any, is closed


@dataclass
class _Kept:
    """A connection that somebody has given back."""

    line: Line
    since: float


@dataclass
class Pool:
    """Connections, at most `size`; who has waited so many seconds for one is told that the database is busy."""

    connect: Callable[[], Line]
    size: int
    seconds: float
    _idle: list[_Kept] = field(default_factory=list)
    _made: dict[Line, float] = field(default_factory=dict)
    _count: int = 0
    _waiting: int = 0
    _waits: int = 0
    _waited: float = 0.0
    _refused: int = 0
    _lost: int = 0
    _over: bool = False
    _failed: DatabaseError | None = None
    _until: float = 0.0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()  # reentrant: what is collected here may close another database

    def connections(self) -> Connections:
        """How it stands."""
        with self._changed:
            now = (self._count, len(self._idle), self._waiting)
            return Connections(*now, self._waits, self._waited, self._refused, self._lost)

    # ------------------------------------------------------------ taking

    def take(self) -> Line:
        """A connection. Raises Busy and Unavailable."""
        until = time.monotonic() + self.seconds
        while True:
            line = self._free(until) or self._new()
            if line is not None:
                return line

    def _free(self, until: float) -> Line | None:
        """One that somebody has given back; None where another may be made, which is counted then."""
        with self._changed:
            while not self._idle:
                if self._count < self.size and self._may_try():
                    self._count += 1
                    return None
                self._wait(until)
            return self._idle.pop().line

    def _may_try(self) -> bool:
        """Whether the server may be asked for a connection. One that has none to give is asked again when some of ours
        are given back."""
        if self._failed is None:
            return True
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + PROBE
            return True
        if isinstance(self._failed, Unavailable) or not self._made:
            raise type(self._failed)(str(self._failed)) from self._failed.__cause__
        return False

    def _wait(self, until: float) -> None:
        left = until - (began := time.monotonic())
        if left <= 0:
            self._refused += 1
            raise Busy("The database has no connection to give")
        self._waiting, self._waits = self._waiting + 1, self._waits + 1
        try:
            self._changed.wait(min(left, REST) if self._failed else left)
        finally:
            self._waiting, self._waited = self._waiting - 1, self._waited + time.monotonic() - began

    def _new(self) -> Line | None:
        """A new one; None where the server has none to give, and ours may be waited for."""
        try:
            line = self.connect()
        except BaseException as error:
            with self._changed:
                self._count -= 1
                self._fail(error)
                if isinstance(error, Busy) and self._made:
                    return None
            raise
        with self._changed:
            self._failed, self._made[line] = None, time.monotonic()
            return line

    def _fail(self, error: BaseException) -> None:
        """From now on others are told the same for a moment, and who waits looks again."""
        if isinstance(error, Busy | Unavailable):
            self._failed, self._until = error, time.monotonic() + REST
        self._changed.notify_all()

    # ------------------------------------------------------------ giving back

    def give(self, line: Line) -> None:
        """Somebody needs it no more. Of a lost one, those that nobody uses were lost with it."""
        now, dead = time.monotonic(), [line]
        with self._changed:
            if line.closed:
                dead += self._emptied()
                self._lost += len(dead)
                if line.silent:
                    self._fail(Unavailable("The database does not answer"))
            elif self._good(line, now):
                line.patience = line.usual
                self._idle.append(_Kept(line, now))
                dead = self._aged(now)
            for each in dead:
                self._forget(each)
            self._changed.notify()
        for each in dead:
            each.close()

    def _good(self, line: Line, now: float) -> bool:
        idle = line.info.transaction_status == TransactionStatus.IDLE
        return idle and not self._over and now - self._made[line] < LIFETIME

    def _emptied(self) -> list[Line]:
        dead = [kept.line for kept in self._idle]
        self._idle.clear()
        return dead

    def _aged(self, now: float) -> list[Line]:
        """Those that nobody has used for long: the last one used is the first one taken."""
        dead = [kept.line for kept in self._idle if now - kept.since > IDLE]
        del self._idle[: len(dead)]
        return dead

    def _forget(self, line: Line) -> None:
        del self._made[line]
        self._count -= 1

    def close(self) -> None:
        """Close those that nobody uses, and each other one when it is given back."""
        with self._changed:
            self._over, dead = True, self._emptied()
            for each in dead:
                self._forget(each)
        for each in dead:
            each.close()
