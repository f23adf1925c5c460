"""A connection to PostgreSQL that waits for no answer for ever.

In: where the server is, how connections read values. Out: `Line`s. The server ends a statement that takes too long; a
server that has stopped, or a network that swallows what is sent, says nothing at all. So who waits has a limit of his
own, a little longer than the server's: past that the connection is closed, and nobody knows what became of what was
asked. What the URL says of the same (`connect_timeout`, `keepalives_idle`, …) goes before.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import AdaptContext, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

T = TypeVar("T")
GRACE = 2.0  # seconds in which the server may say that a statement took too long
CONNECT_SECONDS = 3
# A connection whose other end is gone without a word is noticed by the kernel; nothing of it reaches a unix socket.
NETWORK: Mapping[str, str] = {
    "connect_timeout": str(CONNECT_SECONDS),
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
MOST_TOGETHER = 12  # statements that were sent at once get the time of so many


class Line(psycopg.Connection[tuple[Any, ...]]):
    """One connection. `patience`: how many seconds an answer may take, None for as long as it likes; `usual`: how many
    for whoever is given the connection next; `silent`: an answer has taken longer."""

    patience: float | None = None
    usual: float | None = None
    silent = False

    def __del__(self, *_: object) -> None:
        """Nobody's any more, it ends with its memory, in the process that made it."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for the server, but not longer than `patience`."""
        limit = self.patience if timeout is None else timeout
        begun = time.monotonic()
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if limit is not None and time.monotonic() - begun >= limit:
                self.silent = True
                self.close()
            raise

    @contextmanager
    def patient(self, statements: int) -> Iterator[None]:
        """A block in which so many statements are sent at once."""
        before = self.patience
        self.patience = before and before * min(max(statements, 1), MOST_TOGETHER)
        try:
            yield
        finally:
            self.patience = before


def connect(conninfo: str, *, seconds: float, context: AdaptContext | None = None) -> Line:
    """A connection whose statements may take so many seconds."""
    text = make_conninfo(conninfo, **{**NETWORK, **conninfo_to_dict(conninfo), "client_encoding": "UTF8"})
    line = Line.connect(text, autocommit=True, context=context)
    line.patience = line.usual = seconds + GRACE
    return line
