"""References in the catalog: found in the database, declared, and both."""

import pytest

from crud.creation import install
from crud.definitions.reading import read_config
from crud.loader import load
from sql.catalog import Catalog, Reference
from sql.database import Database, Options
from sql.opening import open_database

CONFIG = """
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    source: default
    entities:
      parents:
        fields: {id: {type: integer, key: true}, boss: {type: integer, references: parents, on_delete: set null}}
      children:
        fields:
          id: {type: integer, key: true}
          parent_id: {type: integer, references: parents, on_delete: cascade}
          other_id: {type: integer, references: parents}
          plain_id: {type: integer, references: parents, on_delete: restrict}
"""
TABLES = (
    "CREATE TABLE parents (id integer PRIMARY KEY, boss integer REFERENCES parents (id))",
    "CREATE TABLE children (id integer PRIMARY KEY, parent_id integer REFERENCES parents (id) ON DELETE SET NULL,"
    " other_id integer REFERENCES parents (id) ON DELETE CASCADE, plain_id integer)",
)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def catalog(url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    database: Database = open_database(url, options=Options())
    with database.transaction() as session:
        for statement in TABLES:
            session.execute(statement)
    monkeypatch.setenv("DATABASE_URL", url)
    path = tmp_path_factory.mktemp("references") / "config.yml"
    path.write_text(CONFIG)
    config = read_config(path)
    install(database, config)
    found = load(config, {"default": database}).catalog
    database.close()
    return found


@pytest.mark.parametrize(
    ("column", "on_delete", "enforced"),
    [
        ("parent_id", "CASCADE", True),  # what is declared goes over what the database does
        ("other_id", "CASCADE", True),
        ("plain_id", "RESTRICT", False),
    ],
)
def test_a_reference_says_what_a_deletion_does_and_who_sees_to_it(
    catalog: Catalog, column: str, on_delete: str, enforced: bool
) -> None:
    found = {link.columns[0][0]: link for link in catalog.resource("children").references}
    assert found[column] == Reference(((column, "id"),), "parents", on_delete, enforced)


def test_a_resource_knows_who_refers_to_it(catalog: Catalog) -> None:
    children = catalog.children(catalog.resource("parents"))
    found = sorted((child.name, link.columns[0][0]) for child, link in children)
    assert found == [("children", "other_id"), ("children", "parent_id"), ("children", "plain_id"), ("parents", "boss")]
    assert catalog.children(catalog.resource("children")) == ()
