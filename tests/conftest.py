"""Databases for the tests: a SQLite file and a PostgreSQL database, fresh for each test that asks.

One PostgreSQL server serves the whole run, from a temporary directory; the workers of pytest-xdist share it.
"""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sql.database import Database, Options
from sql.opening import open_database
from tests.postgres import MEMORY, drop, has_room, new_postgres, serving

BACKENDS = ("sqlite", "postgres")


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the collector of garbage need not look at them again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """What is garbage at the end is looked for once: pytest would do so five times more."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    """The files of a run go with it, so SQLite has not to wait for a disk: pytest makes its folders in memory."""
    if has_room():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running server."""
    with serving() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    url = new_postgres(postgres_server)
    yield url
    drop(url)


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
