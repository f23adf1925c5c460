"""A way to a PostgreSQL server that can be cut: a socket of another name, as if the server had gone and come back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

NAME = ".s.PGSQL.5432"
TERMINATE = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Way:
    """The URL of a database by this way, and the one by which it is reached always."""

    url: str
    straight: str
    server: Path
    link: Path

    def cut(self) -> None:
        """Nobody comes through, and whoever has is thrown out."""
        self.link.unlink()
        with psycopg.connect(self.straight, autocommit=True) as line:
            line.execute(TERMINATE, (line.info.dbname,))

    def mend(self) -> None:
        """As before."""
        self.link.symlink_to(self.server)


@contextmanager
def way(url: str, folder: Path) -> Iterator[Way]:
    """A way to the database of a URL, through a folder."""
    behind = Path(url.partition("?host=")[2])
    made = Way(url.replace(str(behind), str(folder)), url, behind / NAME, folder / NAME)
    made.mend()
    yield made
    made.link.unlink(missing_ok=True)
