"""The data of the property tests on both databases, written by the drivers themselves; the empty tables of writes."""

import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from sql.database import Database, Options
from sql.ddl import create_table
from sql.layout import layout_of
from sql.opening import open_database
from tests.postgres import new_postgres
from tests.property.comparing import Opened
from tests.property.data import ROWS
from tests.property.databases import told
from tests.property.schema import CATALOG
from tests.property.storing import for_postgres, for_sqlite
from tests.property.writing import Served, serve

# What psycopg has no adapter for, or none that says enough.
ARRAYS = {"counts": "::int[]", "labels": "::text[]", "span": "::int4range", "season": "::daterange"}


@pytest.fixture(scope="session")
def opened(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Opened]]:
    """SQLite and PostgreSQL with the same rows."""
    path = tmp_path_factory.mktemp("property") / "property.db"
    urls = {"sqlite": f"sqlite:///{path}", "postgres": new_postgres(postgres_server)}
    made = {name: open_database(url, options=Options(statement_seconds=20)) for name, url in urls.items()}
    for database in made.values():
        _create(database)
    _fill_sqlite(path)
    _fill_postgres(urls["postgres"])
    yield {name: Opened(database, told(database)) for name, database in made.items()}
    for database in made.values():
        database.close()


@pytest.fixture(scope="session")
def both(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """SQLite and PostgreSQL with the tables of writes."""
    path = tmp_path_factory.mktemp("commands") / "commands.db"
    urls = {"sqlite": f"sqlite:///{path}", "postgres": new_postgres(postgres_server)}
    made = {name: open_database(url, options=Options(statement_seconds=20)) for name, url in urls.items()}
    yield {name: serve(database) for name, database in made.items()}
    for database in made.values():
        database.close()


@pytest.fixture
def rising_uuids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that sort as they were made, so that the first row is the same one everywhere."""
    numbers = count()
    monkeypatch.setattr("crud.writing.generated.uuid4", lambda: UUID(int=(0xF << 124) + next(numbers)))


def _create(database: Database) -> None:
    with database.transaction() as session:
        for resource in CATALOG:
            for statement in create_table(layout_of(resource), database.backend):
                session.execute(statement)


def _fill_sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        for resource in CATALOG:
            names = list(resource.columns)
            marks = ", ".join("?" for _ in names)
            rows = [
                [for_sqlite(resource.column(name).type, row[name]) for name in names] for row in ROWS[resource.name]
            ]
            connection.executemany(f"INSERT INTO {resource.name} ({', '.join(names)}) VALUES ({marks})", rows)
    connection.close()


def _fill_postgres(url: str) -> None:
    with psycopg.connect(url) as connection:
        for resource in CATALOG:
            names = list(resource.columns)
            marks = ", ".join(f"%s{ARRAYS.get(name, '')}" for name in names)
            rows = [
                [for_postgres(resource.column(name).type, row[name]) for name in names] for row in ROWS[resource.name]
            ]
            text = f"INSERT INTO {resource.name} ({', '.join(names)}) VALUES ({marks})"
            with connection.cursor() as cursor:
                cursor.executemany(text, rows)
