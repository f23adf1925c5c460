"""How a connection to PostgreSQL is made: reached, asked for what is particular to the server, set.

In: where it is, options. Out: a `Line`, whose values are read as ours (`sql.postgres.loaders`), or `sql.errors`.
"""

import psycopg

from sql.database import Options
from sql.errors import Busy, DatabaseError, Unavailable
from sql.postgres.errors import translate
from sql.postgres.line import Line, connect
from sql.postgres.loaders import Context

_SETTINGS = """SELECT set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO, MDY', false),
    set_config('IntervalStyle', 'iso_8601', false), set_config('bytea_output', 'hex', false),
    set_config('extra_float_digits', '1', false), set_config('xmlbinary', 'base64', false),
    set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),
    set_config('default_transaction_read_only', %s, false)"""
_WORDS = """SELECT t.typname, t.oid::int8, t.typarray::int8 FROM pg_type t
    WHERE t.typarray <> 0 AND (t.typtype = 'e' OR t.typname = 'citext')"""
# What a server says that has no connection to give, to a role or at all; the driver has no code for it.
_CROWDED = ("too many", "connection slots")


class Door:
    """The way to one server."""

    def __init__(self, conninfo: str, options: Options) -> None:
        self.conninfo, self.options = conninfo, options
        self._context: Context | None = None

    def enter(self) -> Line:
        """A new connection. Raises Busy, Unavailable and other DatabaseErrors."""
        try:
            return self._settled(connect(self.conninfo, seconds=self.options.statement_seconds, context=self._read()))
        except psycopg.Error as error:
            raise _told(error) from error

    def _read(self) -> Context:
        """How values are read: the server's own types of words come as text. Asked once."""
        if self._context is None:
            with connect(self.conninfo, seconds=self.options.statement_seconds) as line:
                self._context = Context(line.execute(_WORDS).fetchall())
        return self._context

    def _settled(self, line: Line) -> Line:
        statement, busy = self.options.statement_seconds, self.options.busy_seconds
        # Waiting for a lock is a part of a statement: it must end first to be told from a statement that is slow.
        milliseconds = [str(int(seconds * 1000)) for seconds in (statement, min(busy, statement * 0.9))]
        try:
            line.execute(_SETTINGS, (*milliseconds, "on" if self.options.read_only else "off"))
        except BaseException:
            line.close()
            raise
        return line


def _told(error: psycopg.Error) -> DatabaseError:
    if not isinstance(error, psycopg.OperationalError):
        return translate(error)
    if any(words in str(error) for words in _CROWDED):
        return Busy("The database has no connection to give")
    return Unavailable("The database cannot be reached")
