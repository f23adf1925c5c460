"""The awkward database, which nobody declared, served whole: odd names, composite keys, views, strange values.

For every table and view: its list in every dialect, every row by its key, every relation embedded, every column sorted
by, and every value found again by the filter that the answer suggests.
"""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from app import create_app
from crud.definitions.reading import config_for_database
from crud.identity.passwords import hash_password
from crud.snapshots.state import Snapshot
from crud.web.dialect import served
from sql.catalog import Resource
from sql.database import Options
from sql.opening import open_database
from tests.dialects.conftest import BACKENDS, SECRET, Token, signed_in
from tests.fixtures.awkward import build
from tests.newcomers import create_account
from tests.postgres import new_postgres

ADMIN = ("admin@dragoman.example", "Str0ng-Passw0rd!")
Ask = Callable[..., object]


@pytest.fixture(scope="module", params=BACKENDS)
def awkward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The awkward database with nothing but its URL as configuration."""
    if request.param == "sqlite":
        url = f"sqlite:///{Path(tmp_path_factory.mktemp('awkward')) / 'awkward.sqlite'}"
    else:
        url = new_postgres(request.getfixturevalue("postgres_server"))
    opened = open_database(url, options=Options())
    build(opened)
    opened.close()
    app = create_app(config_for_database(url, {"DRAGOMAN_SECRET": SECRET}))
    with app.app_context():
        hashed = hash_password(ADMIN[1])
        create_account(served().state.current().system, email=ADMIN[0], password_hash=hashed, roles=("admin",))
    yield app
    for database in snapshot_of(app).databases.values():
        database.close()


@pytest.fixture(scope="module")
def headers(awkward: Flask) -> Token:
    return signed_in(awkward, *ADMIN)


@pytest.fixture
def ask(awkward: Flask, headers: Token) -> Ask:
    client = awkward.test_client()

    def get(path: str, **parameters: object) -> object:
        asked = {
            name: value if isinstance(value, str) else json.dumps(value, default=str)
            for name, value in parameters.items()
        }
        answer = client.get(path, query_string=asked, headers=headers)
        assert answer.status_code == 200, (path, asked, answer.get_data(as_text=True))
        return json.loads(answer.data, parse_float=Decimal)

    return get


def snapshot_of(app: Flask) -> Snapshot:
    found: Snapshot = app.extensions["dragoman"].state.current()
    return found


def own(app: Flask) -> list[Resource]:
    """The resources of the awkward database, without our own tables."""
    return [resource for resource in snapshot_of(app).catalog if not resource.system]


def path_of(app: Flask, resource: Resource) -> str:
    name = snapshot_of(app).presentations["baasix"].name(resource)
    return "/items/" + quote(name, safe="")


LISTS = {"phantom": "/api/", "xond": "/json/", "sonicjs": "/v1/", "baasix": "/items/"}


def test_every_table_has_a_list_in_every_dialect(awkward: Flask, ask: Ask) -> None:
    snapshot = snapshot_of(awkward)
    for resource in own(awkward):
        for dialect, mount in LISTS.items():
            ask(mount + quote(snapshot.presentations[dialect].name(resource), safe=""))
        ask(f"/schema/{quote(resource.namespace)}/{quote(resource.entity or resource.name, safe='')}")


def test_every_row_is_found_by_its_key(awkward: Flask, ask: Ask) -> None:
    checked = 0
    for resource in own(awkward):
        rows = ask(path_of(awkward, resource))["data"]
        for row in rows if resource.key else ():
            parts = [key_text(row[name]) for name in resource.key]
            assert ask(f"{path_of(awkward, resource)}/{quote(','.join(parts), safe='')}")["data"] == row
            checked += 1
    assert checked > 10


def key_text(value: object) -> str:
    text = str(value)
    return text.replace("~", "~7E").replace(",", "~2C").replace("/", "~2F")


def test_every_relation_is_embedded_both_ways(awkward: Flask, ask: Ask) -> None:
    for resource in own(awkward):
        for name in resource.relations:
            for row in ask(path_of(awkward, resource), fields=["*", f"{name}.*"])["data"]:
                assert isinstance(row[name], list | dict | None)


def test_every_column_can_be_sorted_by(awkward: Flask, ask: Ask) -> None:
    for resource in own(awkward):
        for column in resource.columns.values():
            if column.type.family not in ("json", "array", "range", "bytes"):
                for direction in ("asc", "desc"):
                    ask(path_of(awkward, resource), sort={column.name: direction})


SORTS: dict[str, Callable[[str], str]] = {
    "xond": lambda name: json.dumps([{"field": name, "direction": "ASC"}]),
    "metal": lambda name: json.dumps({name: "asc"}),
    "baasix": lambda name: json.dumps({name: "asc"}),
}


def test_a_column_that_cannot_be_sorted_by_is_named(awkward: Flask, headers: Token) -> None:
    client, tried = awkward.test_client(), 0
    for resource in own(awkward):
        for column in resource.columns.values():
            if column.type.family in ("json", "array", "range", "bytes") and column.name.isidentifier():
                for dialect, mount in (LISTS | {"metal": "/schema/main/"}).items():
                    name = snapshot_of(awkward).presentations[dialect].name(resource)
                    sort = SORTS.get(dialect, str)(column.name)
                    answer = client.get(mount + quote(name, safe=""), query_string={"sort": sort}, headers=headers)
                    said = f"sort: values of field '{column.name}' cannot be sorted"
                    assert (answer.status_code, said in answer.get_data(as_text=True)) == (400, True), answer.data
                    tried += 1
    assert tried


def test_every_value_is_found_again_by_a_filter_on_it(awkward: Flask, ask: Ask) -> None:
    checked = 0
    for resource in own(awkward):
        rows = ask(path_of(awkward, resource))["data"]
        for column in resource.columns.values():
            if column.type.family in ("json", "array") or column.name not in (rows or [{}])[0]:
                continue
            for row in rows:
                value = row[column.name]
                word = {"isNull": True} if value is None else {"eq": value}
                if suits(column.type.name, value):
                    found = ask(path_of(awkward, resource), filter={column.name: word})["data"]
                    assert row in found, (resource.name, column.name, value)
                    checked += 1
    assert checked > 40


def suits(type: str, value: object) -> bool:
    """Whether the value is of its column's type: SQLite keeps anything anywhere."""
    if value is None:
        return True
    if type in ("datetime", "datetime_local", "date", "time"):
        return str(value)[:1].isdigit() and not str(value).endswith("BC")
    return type not in ("integer", "bigint", "number", "decimal") or not isinstance(value, str)


def test_an_unknown_name_is_refused_however_it_is_spelled(awkward: Flask, headers: Token) -> None:
    client = awkward.test_client()
    for name in ('x"; DROP TABLE customers; --', "x" * 64, "customers\u0000", "‘customers’", "customers'--", "%s", "]"):
        answer = client.get("/items/" + quote(name, safe=""), headers=headers)
        assert answer.status_code == 404, name
        answer = client.get("/items/customers", query_string={"sort": json.dumps({name: "asc"})}, headers=headers)
        assert answer.status_code == 400, name
