"""Which database a URL means.

In: a URL and options. Out: a `Database` of the backend that the scheme names. psycopg is imported only for PostgreSQL.
"""

from sql.database import Database, Options


def open_database(url: str, *, options: Options | None = None) -> Database:
    """The database at `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…`. ValueError for another URL."""
    options = options or Options()
    scheme, separator, rest = url.partition("://")
    match scheme.partition("+")[0]:
        case "sqlite" if separator:
            from sql.sqlite.connection import SqliteDatabase

            return SqliteDatabase(url, path=_sqlite_path(rest), options=options)
        case "postgresql" | "postgres" if separator:
            from sql.postgres.connection import PostgresDatabase

            return PostgresDatabase(url, conninfo=f"postgresql://{rest}", options=options)
    raise ValueError(f"Unknown kind of database {scheme[:40]!r}: a URL begins with sqlite:/// or postgresql://")


def _sqlite_path(rest: str) -> str:
    if not rest.startswith("/") or len(rest) == 1:
        raise ValueError("A SQLite URL is sqlite:///relative/path or sqlite:////absolute/path")
    if rest == "/:memory:":
        raise ValueError("A SQLite database in memory cannot be served: every thread has a connection of its own")
    if "?" in rest or "\x00" in rest:
        raise ValueError("A SQLite URL is a path and takes no parameters")
    return rest[1:]
