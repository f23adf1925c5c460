"""A second database of the same kind."""

from collections.abc import Iterator

import pytest

from sql.database import Database
from sql.opening import open_database


@pytest.fixture
def empty(
    request: pytest.FixtureRequest, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Another empty database."""
    url = f"sqlite:///{tmp_path_factory.mktemp('empty') / 'db'}"
    if database.backend.name == "postgres":
        from tests.dialects.conftest import new_postgres

        url = new_postgres(request.getfixturevalue("postgres_server"))
    opened = open_database(url)
    yield opened
    opened.close()
