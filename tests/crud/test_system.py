"""Our own tables, on both databases."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crud import creation, system
from crud.definitions.config import Config
from crud.definitions.document import parse_document
from crud.definitions.problems import ConfigError
from crud.definitions.reading import config_for_database, config_of
from crud.identity import accounts
from crud.loader import Loaded, load
from crud.snapshots.revision import Revision, revision
from sql.database import Database
from sql.opening import open_database
from tests.newcomers import create_account

OWN = [
    *("_dragoman_tenants", "_dragoman_roles", "_dragoman_users", "_dragoman_user_roles", "_dragoman_permissions"),
    "_dragoman_audit",
]


def configured(text: str, base: Path = Path()) -> Config:
    """The configuration of a YAML text."""
    config, problems = config_of(parse_document(text, {}), base)
    assert config and not problems, problems
    return config


def started(config: Config, database: Database) -> Loaded:
    """What a start does."""
    creation.install(database, config)
    return load(config, {"default": database})


@pytest.fixture
def installed(database: Database) -> Iterator[Database]:
    """A database with our own tables."""
    creation.install(database, config_for_database(database.url, {}))
    yield database


def test_installing_twice_changes_nothing(installed: Database) -> None:
    config = config_for_database(installed.url, {})
    before = installed.fetch("SELECT id, name FROM _dragoman_roles ORDER BY name")
    creation.install(installed, config)
    assert installed.fetch("SELECT id, name FROM _dragoman_roles ORDER BY name") == before
    assert [name for _, name in before] == ["administrator", "public", "user"]
    assert replace(revision(installed), cache=0) == Revision()


def test_workers_may_install_at_once(database_url: str) -> None:
    config, errors = config_for_database(database_url, {}), []

    def worker() -> None:
        database = open_database(database_url)
        try:
            creation.install(database, config)
        except Exception as error:
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_our_own_tables_are_resources_with_the_declared_types(installed: Database) -> None:
    catalog = load(config_for_database(installed.url, {}), {"default": installed}).catalog
    assert [resource.name for resource in catalog] == OWN and all(resource.system for resource in catalog)
    users = catalog.resource(system.ACCOUNTS)
    types = {column.name: column.type.name for column in users.columns.values()}
    assert types == {
        "id": "uuid",
        "email": "citext",
        "name": "string",
        "first_name": "string",
        "last_name": "string",
        "phone": "string",
        "password_hash": "string",
        "is_active": "boolean",
        "tenant_id": "uuid",
        "created_at": "datetime",
        "updated_at": "datetime",
        "role": "string",
    }
    assert users.column("password_hash").write_only and not users.column("role").read_only  # it is a link
    assert users.reads is not None and users.reads.name == "_dragoman_accounts"


def test_an_account_is_found_whatever_the_case_of_its_email(installed: Database) -> None:
    made = create_account(installed, email="Ann@Example.com", password_hash="h", roles=("admin", "editor"))
    found = accounts.find_account_by_email(installed, "ANN@example.COM")
    assert found is not None and found == accounts.load_account(installed, made)
    assert (found.id, found.roles, found.active) == (made, frozenset({"admin", "editor"}), True)
    assert accounts.find_account_by_email(installed, "bob@example.com") is None


def test_an_email_is_taken_once_and_may_be_missing_often(installed: Database) -> None:
    create_account(installed, email=None)
    create_account(installed, email=None)
    create_account(installed, email="ann@example.com")
    with pytest.raises(Exception, match="exists already"):
        create_account(installed, email="ANN@example.com")


@pytest.mark.parametrize("id", ["", "x", "00000000-0000-0000-0000-000000000009", "'; DROP TABLE x"])
def test_an_unknown_account_is_none(installed: Database, id: str) -> None:
    assert accounts.load_account(installed, id) is None


def test_there_is_no_administrator_until_one_can_sign_in(installed: Database) -> None:
    create_account(installed, email="a@example.com", password_hash="h", roles=("user",))
    create_account(installed, email="b@example.com", roles=("administrator",))
    assert not accounts.has_administrator(installed)
    create_account(installed, email="c@example.com", password_hash="h", roles=("administrator",))
    assert accounts.has_administrator(installed)


@pytest.mark.parametrize(
    ("roles", "leading"),
    [((), None), (("user",), "user"), (("user", "admin"), "admin"), (("public", "user"), "user"), (("b", "a"), "a")],
)
def test_an_account_shows_its_leading_role(installed: Database, roles: tuple[str, ...], leading: str | None) -> None:
    create_account(installed, email="a@example.com", roles=roles)
    assert installed.fetch("SELECT role FROM _dragoman_accounts") == [(leading,)]


def test_accounts_get_the_columns_that_a_configuration_adds(installed: Database) -> None:
    made = create_account(installed, email="a@example.com")
    fields = "age: {type: integer}, tags: {type: array, items: string}, note: {type: text, required: true}, "
    fields += "mood: {type: enum, values: [calm, glad]}, level: {type: integer, required: true, default: 1}"
    text = f"accounts: {{fields: {{{fields}}}}}"
    users = started(configured(text), installed).catalog.resource(system.ACCOUNTS)
    types = {"age": "integer", "tags": "array", "note": "text", "mood": "enum", "level": "integer"}
    assert {name: users.column(name).type.name for name in types} == types
    found = accounts.load_account(installed, made, extras=("age",))
    assert found is not None and found.row["age"] is None and "password_hash" not in found.row
    assert installed.fetch("SELECT age, role FROM _dragoman_accounts") == [(None, None)]


DECLARED = """
sample: .
schemas:
  main:
    entities:
      notes:
        fields:
          id: {type: integer, key: true, auto: increment}
          kind: {references: kinds, on_delete: cascade}
          author_id: {references: accounts, on_delete: set null}
          body: {type: text, required: true}
          price: {type: decimal, precision: 10, scale: 2, default: 1.5}
          tags: {type: array, items: string}
          seen: {type: datetime, auto: created_at}
          moved: {type: epoch_ms, auto: created_at}
      kinds: {fields: {code: {type: string, key: true}, parent: {references: kinds}}}
"""
ROWS = {
    "notes": [{"id": 7, "kind": "a", "body": "é", "price": 2.25, "tags": ["x"]}, {"id": 8, "kind": None, "body": "b"}],
    "kinds": [{"code": "a"}, {"code": "b", "parent": "a"}],
    "tenants": [{"id": "00000000-0000-0000-0000-000000000002", "name": "Acme Corp"}],
    "accounts": [{"id": "00000000-0000-0000-0000-000000000001", "email": "john@example.com"}],
    "user_roles": [{"user_id": "00000000-0000-0000-0000-000000000001", "role": "admin"}],
}


def test_declared_tables_are_made_and_filled_once(database: Database, tmp_path: Path) -> None:
    for name, rows in ROWS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    config = configured(DECLARED, tmp_path)
    for _ in range(2):
        catalog = started(config, database).catalog
    notes = catalog.resource("notes")
    assert {name: (r.kind, r.target) for name, r in notes.relations.items()} == {
        "kind_kind": ("to_one", "kinds"),
        "author": ("to_one", system.ACCOUNTS),
    }
    assert [notes.column(name).type.name for name in ("kind", "author_id")] == ["string", "uuid"]
    assert database.fetch("SELECT count(*), sum(price) FROM notes WHERE seen IS NOT NULL AND moved > 0")[0][0] == 2
    assert database.fetch("SELECT code FROM kinds ORDER BY code") == [("a",), ("b",)]
    account = accounts.find_account_by_email(database, "john@example.com")
    assert account is not None and account.roles == {"admin"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("[", "not valid JSON"),
        ("{}", "must be a list of objects"),
        ('[{"nope": 1, "body": "b"}]', "row 1: the table notes has no column 'nope'"),
        ('[{"body": "b"}, {"body": "b", "price": "x"}]', "row 2: 'x' is not a decimal number"),
    ],
)
def test_a_bad_sample_is_told_and_leaves_nothing(sqlite_url: str, tmp_path: Path, rows: str, message: str) -> None:
    (tmp_path / "notes.json").write_text(rows, encoding="utf-8")
    database = open_database(sqlite_url)
    with pytest.raises(ConfigError, match=message):
        started(configured(DECLARED, tmp_path), database)
    assert all(info.table.name != "notes" for info in database.tables())
    database.close()


def test_a_missing_column_of_an_existing_table_is_a_mistake(database: Database) -> None:
    with database.transaction() as session:
        session.execute("CREATE TABLE notes (id integer PRIMARY KEY)")
    text = "schemas: {main: {entities: {notes: {fields: {body: {max: 10}}}}}}"
    with pytest.raises(ConfigError, match="the table notes has no column 'body'; allowed: id"):
        started(configured(text), database)


def test_our_own_tables_need_a_source_that_takes_them(sqlite_url: str) -> None:
    text = f"sources: {{default: {{url: '{sqlite_url}', options: {{read_only: true}}}}}}"
    with pytest.raises(ConfigError, match="read only"):
        creation.install(open_database(sqlite_url), configured(text))
