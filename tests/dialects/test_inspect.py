"""`flask db inspect`: the configuration of a database, which gives the same catalog when it is loaded."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from flask import Flask
from jsonschema import Draft202012Validator

from app import create_app
from crud.cli.db import db_commands
from crud.definitions.document import parse_document
from crud.definitions.published import config_schema
from crud.definitions.reading import config_for_database
from crud.inspection.addresses import from_environment, without_secrets
from crud.inspection.comparing import differences
from crud.inspection.scalars import flow
from crud.loader import Loaded
from sql.database import Options
from sql.opening import open_database
from tests.crud.tables import loaded, table
from tests.dialects.catalogs import served
from tests.dialects.conftest import ROOT, SECRET, with_callers
from tests.fixtures import awkward, music
from tests.tables import each

VALIDATOR = Draft202012Validator(config_schema())


BUILDERS = {"music": music.build, "awkward": awkward.build}


def run(url: str, *arguments: str, **environment: str | None) -> Result:
    variables = {"DATABASE_URL": url, "DRAGOMAN_CONFIG": None, "DRAGOMAN_SECRET": SECRET, **environment}
    return CliRunner().invoke(db_commands, ["inspect", *arguments], env=variables)


def inspected(url: str) -> str:
    """What the command prints."""
    answer = run(url)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


@pytest.fixture(params=BUILDERS)
def built(request: pytest.FixtureRequest, empty_url: str) -> str:
    """The URL of a database that others made."""
    opened = open_database(empty_url, options=Options())
    BUILDERS[request.param](opened)
    opened.close()
    return empty_url


@pytest.fixture
def alone(applications: dict[str, list[Flask]]) -> Callable[[str], Flask]:
    """The application over a database that nobody declared."""

    def make(url: str) -> Flask:
        app = create_app(config_for_database(url, {"DRAGOMAN_SECRET": SECRET}))
        applications.setdefault(url, []).append(app)
        return app

    return make


def planned(text: str, url: str, folder: Path) -> tuple[int, str]:
    """What `flask db plan` says of a configuration."""
    (folder / "plan.yml").write_text(text, encoding="utf-8")
    return plan_of(folder / "plan.yml", url)


def plan_of(file: Path, url: str) -> tuple[int, str]:
    variables = {"DATABASE_URL": url, "DRAGOMAN_CONFIG": str(file), "DRAGOMAN_SECRET": SECRET}
    answer = CliRunner().invoke(db_commands, ["plan"], env=variables)
    return answer.exit_code, answer.output


def test_what_is_written_gives_the_same_catalog(
    built: str, alone: Callable[[str], Flask], make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    text = inspected(built)
    assert not own_tables(built)
    before, after = served(alone(built)), served(make_app(text, built))
    assert after["catalog"] == before["catalog"]
    assert planned(text, built, tmp_path) == (0, "Tables are as their definitions want them.\n")
    for dialect, names in before["names"].items():
        reserved = {"user"} if dialect == "sonicjs" else set()
        assert {n for n in names if names[n] != after["names"][dialect][n]} <= reserved
    assert inspected(built) == text


def own_tables(url: str) -> list[str]:
    opened = open_database(url, options=Options())
    names = [info.table.name for info in opened.tables(include_own=True)]
    opened.close()
    return [name for name in names if name.startswith("_dragoman_")]


def test_what_is_written_is_good_for_editors_and_for_other_readers_of_yaml(built: str) -> None:
    text = inspected(built)
    data = yaml.safe_load(text)
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(data)] == []
    ours = parse_document(text, {"DATABASE_URL": "x", "DRAGOMAN_SECRET": "x"}).data
    assert isinstance(ours, dict) and data["schemas"] == ours["schemas"]


def test_the_sample_is_written_without_our_own_tables(
    make_app: Callable[..., Flask], alone: Callable[[str], Flask], empty_url: str, tmp_path: Path
) -> None:
    make_app(ROOT / "config.yml", empty_url)
    assert plan_of(ROOT / "config.yml", empty_url)[0] == 0
    text = inspected(empty_url)
    assert planned(text, empty_url, tmp_path) == (0, "Tables are as their definitions want them.\n")
    assert "_dragoman_" not in text
    assert "authorId: {type: uuid, required: true, references: accounts, on_delete: cascade}" in text
    assert served(make_app(text, empty_url)) == served(alone(empty_url))


MADE = """
version: "0.3"
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      people:
        fields:
          id: {type: integer, key: true, default: increment}
          first: {type: string, required: true}
          last: {type: citext, unique: true}
          full: {formula: "first || ' ' || last"}
          seen: {type: datetime, storage: epoch_ms}
          age: {type: integer}
          mood: {type: enum, values: [sad, "it's ok"]}
          boss: {type: integer, references: people, on_delete: set null}
        unique: [[first, age]]
        indexes: [{fields: [age, first]}, {name: Ages, fields: [age, mood], unique: true}]
"""


def test_tables_that_we_made_are_written_as_they_were_made(
    make_app: Callable[..., Flask], empty_url: str, tmp_path: Path
) -> None:
    kept = MADE if empty_url.startswith("sqlite") else MADE.replace(", storage: epoch_ms", "")  # SQLite's matter alone
    app = make_app(kept, empty_url)
    text = inspected(empty_url)
    assert planned(text, empty_url, tmp_path) == (0, "Tables are as their definitions want them.\n")
    again = make_app(text, empty_url)
    assert without_rules(served(again)) == without_rules(served(app))


def without_rules(found: dict[str, Any]) -> dict[str, Any]:
    """Defaults and rules that the service alone knows are nowhere in the database."""
    for resource in found["catalog"]:
        for _, column in resource["columns"]:
            column |= {"rules": None, "auto": None}
    return found


def test_a_column_that_the_database_fills_is_still_not_asked_for(
    empty_url: str, make_app: Callable[..., Flask]
) -> None:
    opened = open_database(empty_url, options=Options())
    music.build(opened)
    opened.close()
    app = make_app(inspected(empty_url), empty_url)
    fresh = with_callers(app)
    track = "track" if empty_url.startswith("postgres") else "Track"
    key, name = ("track_id", "name") if track == "track" else ("TrackId", "Name")
    answer = fresh.client.post(f"/items/{track}", json={key: 7, name: "Dog Eat Dog"}, headers=fresh.admin)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    row = {each.lower().replace("_", ""): value for each, value in answer.json["data"].items()}
    assert (row["unitprice"], row["rating"], row["bytes"], row["odd"]) == (0.99, "none", 0, 6)
    assert row["word"] == "uuid" and row["added"]
    missing = fresh.client.post(f"/items/{track}", json={key: 8}, headers=fresh.admin)
    assert missing.status_code == 400


def test_passwords_are_never_written() -> None:
    for url, shown in (
        ("postgresql://kim:s3cret@db/shop", "postgresql://kim@db/shop"),
        ("postgresql://kim@db/shop?password=s3cret&sslmode=require", "postgresql://kim@db/shop?sslmode=require"),
        ("postgresql:///shop?host=/run/pg&user=kim", "postgresql:///shop?host=/run/pg&user=kim"),
        ("sqlite:////var/a@b:c/x.sqlite", "sqlite:////var/a@b:c/x.sqlite"),
    ):
        assert without_secrets(url) == shown
        assert from_environment("DATABASE_URL", url) == f'"${{DATABASE_URL:-{shown}}}"'
    assert from_environment("DATABASE_URL", "sqlite:////a}b") == '"${DATABASE_URL}"'


def test_a_file_is_written_when_all_is_known(empty_url: str, tmp_path: Path) -> None:
    opened = open_database(empty_url, options=Options())
    music.build(opened)
    opened.close()
    file = tmp_path / "config.yml"
    assert run(empty_url, "--output", str(file)).exit_code == 0
    (way,) = re.findall(r"\$schema=(\S+)", file.read_text(encoding="utf-8"))
    assert (tmp_path / way).resolve() == ROOT / "docs" / "schema" / "config.json"
    nowhere = run(empty_url, "--output", str(tmp_path / "no" / "config.yml"))
    assert nowhere.exit_code == 1 and "No such file or directory" in nowhere.output


def test_a_configuration_that_the_shell_has_emptied_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yml").touch()
    answer = run("", DATABASE_URL=None, DRAGOMAN_CONFIG=str(tmp_path / "config.yml"))
    assert answer.exit_code == 2 and "is empty: say --output config.yml" in answer.output


def test_a_database_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    answer = run(f"sqlite:///{tmp_path / 'nothing.sqlite'}")
    assert answer.exit_code == 1 and not list(tmp_path.iterdir())


def test_the_source_is_chosen(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path / 'b.sqlite'}", options=Options())
    music.build(opened)
    opened.close()
    (tmp_path / "config.yml").write_text(
        f"sources: {{default: {{database: {tmp_path}/a.sqlite}}, b: {{database: {tmp_path}/b.sqlite}}}}\n"
    )
    environment = {"DATABASE_URL": None, "DRAGOMAN_CONFIG": str(tmp_path / "config.yml")}
    answer = run("", "--source", "b", **environment)
    assert answer.exit_code == 0, answer.output
    data = yaml.safe_load(answer.stdout)
    assert [*data["sources"]] == ["b", "default"] and data["server"]["system"] == "default"
    assert "There is no source 'c'" in run("", "--source", "c", **environment).output


NASTY = [
    *(
        "no",
        "on",
        "null",
        "~",
        "true",
        "1e5",
        "012",
        "0x10",
        "1_000",
        "1:30",
        "2024-01-01",
        ".inf",
        "12",
        "1.5",
        "<<",
        "=",
    ),
    *(
        "${HOME}",
        "${HOME:-x}",
        "\\${HOME}",
        "$",
        "a: b",
        "a #b",
        "#a",
        "- a",
        "[a]",
        "{a}",
        "a,b",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
    ),
    *(
        "",
        " ",
        " a",
        "a ",
        "'",
        '"',
        "\\",
        "a\nb",
        "a\tb",
        "\x07",
        "\x85",
        "\u2028",
        "é",
        "日本",
        "😀",
        "a" * 900,
        "?",
        "? a",
        "|",
        ">",
    ),
]


@each("text", NASTY)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    written = f"{flow({text: [text, {'in': text}]})} # a comment\n"
    expected = {text: [text, {"in": text}]}
    assert yaml.safe_load(written) == expected
    document = parse_document(written, {})
    assert (document.data, document.problems) == (expected, [])


def test_what_differs_is_named() -> None:
    config = config_for_database("sqlite:///x.sqlite", {})

    def of(*columns: str, **more: Any) -> Loaded:
        return loaded(config, table("posts", "id", *columns, **more), table("people", "id"))

    assert differences(of("name"), of("name")) == []
    assert differences(of("name"), of("title")) == [
        "posts: columns name",
        "posts: columns title",
        "posts: the order of columns",
    ]
    assert "posts: uniques" in differences(of("name"), of("name", uniques=(("name",),)))
    assert "posts: relations writer" in differences(of("writer_id"), of("writer_id", keys={"writer_id": "people"}))
