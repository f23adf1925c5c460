"""Everything that can go wrong below the web: names that do not exist, values that do not fit, the database's refusals.

In: nothing. Out: exception classes. The backends raise them from drivers' errors, once; `crud` gives them a status.
No message here carries text from a database: what a driver said goes to the log as `__cause__`.
"""


class SqlError(Exception):
    """The root of what `sql` raises."""


class UnknownResource(SqlError):
    """No resource has this name. `name` is as it was asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown resource {name!r}")
        self.name = name


class UnknownColumn(SqlError):
    """No column of the resource has this name."""

    def __init__(self, resource: str, name: str) -> None:
        super().__init__(f"Unknown column {name!r} of {resource!r}")
        self.resource, self.name = resource, name


class UnknownRelation(SqlError):
    """No relation of the resource has this name."""

    def __init__(self, resource: str, name: str) -> None:
        super().__init__(f"Unknown relation {name!r} of {resource!r}")
        self.resource, self.name = resource, name


class BadValue(SqlError):
    """A value does not fit its type. `expected` says in words what would."""

    def __init__(self, value: object, expected: str) -> None:
        nested = isinstance(value, (list, tuple, dict))  # printing one may be long, or too deep
        super().__init__(f"{'a nested value' if nested else repr(str(value)[:80])} is not {expected}")
        self.value, self.expected = value, expected


class Unsupported(SqlError):
    """The query asks something that no backend can answer (a sort by a to-many path, say)."""


class CannotEvolve(SqlError):
    """A table cannot be changed as it should be. `what` was wanted, `why` says what is in the way."""

    def __init__(self, table: str, what: str, why: str) -> None:
        super().__init__(f"{table}: {what}: {why}")
        self.table, self.what, self.why = table, what, why


class BadFormula(SqlError):
    """A formula that cannot be, or that databases would not all read alike. The message says why, after its subject."""


class TooManyRows(SqlError):
    """An answer would have more rows than one answer may have (`limit`)."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"More than {limit} rows")
        self.limit = limit


class DatabaseError(SqlError):
    """The database refused or failed."""


class UniqueViolation(DatabaseError):
    """A unique index or a primary key. `columns` are those of the index where the driver tells, () for one over
    expressions."""

    def __init__(self, columns: tuple[str, ...] = ()) -> None:
        super().__init__("A row with this value exists already")
        self.columns = columns


class ForeignKeyViolation(DatabaseError):
    """A reference to a missing row, or a row that others refer to."""


class NotNullViolation(DatabaseError):
    """A required column is missing. `column` where the driver tells."""

    def __init__(self, column: str = "") -> None:
        super().__init__("A required value is missing")
        self.column = column


class CheckViolation(DatabaseError):
    """A check constraint, a domain, or a type of the database refused the value."""


class OutOfRange(DatabaseError):
    """A number or time, given or added up, is beyond what the database can hold."""


class TooComplex(DatabaseError):
    """The statement is more than the database can parse."""


class Outdated(DatabaseError):
    """The statement speaks of a table, column or type that is not there, or no longer: the tables have changed since
    they were last looked at."""


class Timeout(DatabaseError):
    """The statement took longer than the limit allows."""


class Busy(DatabaseError):
    """The database is locked, full or has no connection to give: try again later."""


class Deadlock(Busy):
    """Two transactions were in each other's way, and this one was undone: it may be tried again."""


class Unavailable(DatabaseError):
    """The database cannot be reached. A transaction that was open is undone."""


class Unusable(Unavailable):
    """What is there is no database, or cannot be opened: that does not pass by itself."""


class ReadOnly(Unavailable):
    """The database takes no changes: its file or folder cannot be written, or it is the copy of another."""


class Full(Unavailable):
    """The database has no room left."""


class Uncertain(Unavailable):
    """The connection was lost while a transaction was being kept: it may have been. Nobody may repeat it."""
