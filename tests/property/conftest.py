"""The data of the property test on both databases, written by the drivers themselves."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from sql.catalog import Catalog, Column, Resource
from sql.database import Database, Options
from sql.ddl import create_table
from sql.opening import open_database
from tests.property.comparing import Opened
from tests.property.data import ROWS
from tests.property.schema import CATALOG
from tests.property.storing import for_postgres, for_sqlite

# What psycopg has no adapter for, or none that says enough.
ARRAYS = {"counts": "::int[]", "labels": "::text[]", "span": "::int4range", "season": "::daterange"}


@pytest.fixture(scope="session")
def opened(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Opened]]:
    """SQLite and PostgreSQL with the same rows."""
    path = tmp_path_factory.mktemp("property") / "property.db"
    urls = {"sqlite": f"sqlite:///{path}", "postgres": _new_database(postgres_server)}
    made = {name: open_database(url, options=Options(statement_seconds=20)) for name, url in urls.items()}
    for database in made.values():
        _create(database)
    _fill_sqlite(path)
    _fill_postgres(urls["postgres"])
    yield {name: Opened(database, told(database)) for name, database in made.items()}
    for database in made.values():
        database.close()


def told(database: Database) -> Catalog:
    """Our catalog with what introspection tells of the columns: their native type, and how a time is kept."""
    tables = {info.table.name: {column.name: column for column in info.columns} for info in database.tables()}
    return Catalog({resource.name: _told(resource, tables[resource.table.name]) for resource in CATALOG})


def _told(resource: Resource, found: Mapping[str, Column]) -> Resource:
    columns = {
        name: replace(column, native=found[name].native, storage=found[name].storage or column.storage)
        for name, column in resource.columns.items()
    }
    return replace(resource, columns=columns)


def _new_database(server: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        name = f"property_{connection.info.backend_pid}"
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    return server.replace("/postgres?", f"/{name}?", 1)


def _create(database: Database) -> None:
    with database.transaction() as session:
        for resource in CATALOG:
            for statement in create_table(resource, database.backend, references=()):
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
