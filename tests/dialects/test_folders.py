"""Folders of CSV and JSON files as sources, beside a database of each kind."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click import UsageError
from flask import Flask

from app import StartError
from crud import places
from crud.cli.inspect import chosen
from crud.definitions.problems import ConfigError
from crud.snapshots.reloading import restage
from crud.snapshots.watching import Watch
from crud.staging import folders
from tests.dialects.conftest import Fresh, close, with_callers
from tests.dialects.test_across_sources import get

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}"}
  lists: {provider: files, options: {folder: FOLDER}}
rules:
  - {role: user, resource: lists.places, actions: [read], where: {country: {eq: FR}}}
schemas:
  main:
    entities:
      visits:
        fields:
          id: {type: integer, key: true, default: increment}
          place_id: {type: integer, references: lists.places}
  lists:
    source: lists
    tables: all
    entities:
      prices:
        fields: {code: {type: string, key: true}, amount: {type: decimal, precision: 8, scale: 2}}
"""
FILES = {
    "places.csv": "id,name,country,people,share,old,founded,post\n"
    '1,"Lyon, the old",FR,522000,0.5,true,2001-02-03,01230\n2,Bonn,DE,,1.25,false,,53111\n',
    "prices.csv": "code,amount\n007,12.30\n8,1\n",
    "tags.json": '[{"id": 1, "word": "old", "more": {"a": [1]}}, {"id": 2, "size": 1.5}]',
    "events.ndjson": '{"at": "2024-05-01T10:00:00Z", "place": 1}\n\n{"at": null, "place": 2}\n',
    "readme.txt": "no table",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "lists"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text)
    return made


@pytest.fixture
def lists(make_app: Callable[..., Flask], empty_url: str, folder: Path) -> Fresh:
    return with_callers(make_app(CONFIG.replace("FOLDER", str(folder)), empty_url))


def test_files_are_resources_of_every_dialect(lists: Fresh) -> None:
    first, second = get(lists, "/items/lists.places", sort=["id"])
    assert first == {
        **{"id": 1, "name": "Lyon, the old", "country": "FR", "people": 522000, "share": 0.5, "old": True},
        **{"founded": "2001-02-03", "post": "01230"},
    }
    assert (second["people"], second["founded"], second["old"]) == (None, None, False)
    assert get(lists, "/items/lists.places/2")["name"] == "Bonn"
    assert [row["code"] for row in get(lists, "/items/lists.prices", filter={"amount": {"gt": "12.29"}})] == ["007"]
    assert get(lists, "/items/lists.tags", sort=["id"]) == [
        {"id": 1, "word": "old", "more": {"a": [1]}, "size": None},
        {"id": 2, "word": None, "more": None, "size": 1.5},
    ]
    assert [row["place"] for row in get(lists, "/items/lists.events", sort=["place"])] == [1, 2]
    assert len(get(lists, "/api/lists.places")) == len(get(lists, "/v1/lists.places")) == 2
    assert len(get(lists, "/json/lists.places")) == len(get(lists, "/schema/lists/places")["rows"]) == 2
    assert lists.client.get("/items/lists.readme", headers=lists.admin).status_code == 404


def test_rules_hold_and_nothing_is_written(lists: Fresh) -> None:
    assert [row["name"] for row in get(lists, "/items/lists.places", lists.user)] == ["Lyon, the old"]
    assert lists.client.get("/items/lists.tags", headers=lists.user).status_code == 403
    for answer in (
        lists.client.post("/items/lists.places", json={"id": 3}, headers=lists.admin),
        lists.client.patch("/items/lists.places/1", json={"name": "x"}, headers=lists.admin),
        lists.client.delete("/items/lists.places/1", headers=lists.admin),
    ):
        assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert len(get(lists, "/items/lists.places")) == 2


def test_rows_of_a_database_refer_to_those_of_a_file(lists: Fresh) -> None:
    made = lists.client.post("/items/visits", json={"place_id": 1}, headers=lists.admin)
    assert made.status_code == 201, made.get_data(as_text=True)
    assert get(lists, "/items/visits", fields=["place.name"]) == [{"place": {"name": "Lyon, the old"}}]


def test_changed_files_are_staged_anew_whole_or_not_at_all(lists: Fresh, folder: Path) -> None:
    state = lists.app.extensions["dragoman"].state
    before = folders.stamp(state.held.config)
    (folder / "places.csv").write_text("id,name,more\n5,Nice,x\n")
    (folder / "tags.json").write_text("[{]")
    assert folders.stamp(state.held.config) != before
    with pytest.raises(ConfigError, match="tags.json"):
        restage(state)
    assert len(get(lists, "/items/lists.places")) == 2
    (folder / "tags.json").unlink()
    (folder / "places.csv").write_text("id,name,country\n5,Nice,FR\n")
    restage(state)
    assert get(lists, "/items/lists.places") == [{"id": 5, "name": "Nice", "country": "FR"}]
    assert lists.client.get("/items/lists.tags", headers=lists.admin).status_code == 404


def test_a_folder_is_not_inspected(lists: Fresh) -> None:
    with pytest.raises(UsageError, match="folder of files"):
        chosen(lists.snapshot.config, "lists")


def test_a_process_notices_changed_files_once_they_stay_as_they_are(lists: Fresh, folder: Path) -> None:
    watch = Watch(lists.app.extensions["dragoman"].state)
    (folder / "places.csv").write_text("id,name,country\n5,Nice,FR\n")
    watch.look()
    assert len(get(lists, "/items/lists.places")) == 2
    watch.look()
    assert len(get(lists, "/items/lists.places")) == 1
    (folder / "places.csv").write_text("no,table\n1\n")
    watch.look()
    watch.look()
    assert [row["name"] for row in get(lists, "/items/lists.places", lists.user)] == ["Nice"]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "id,id\n1,2\n", "names that differ|twice"),
        ("a.csv", 'id\n"1\n', "a.csv"),
        ("a.csv", "id,name\n1\n", "row 1"),
        ("prices.csv", "code,amount\nx,much\n", "row 1: amount"),
        ("a.json", '{"id": 1}', "no JSON array"),
        ("a.ndjson", "[1]", "row 1 is no object"),
        ("places.json", '[{"id": 1}]', "another file has this name"),
        ("a.json", "[]", "lists.options.folder: a.json: has no rows that would say what its columns are; declare them"),
        ("a.csv", "", r"config.yml:4: sources.lists.options.folder: a.csv: is empty"),
        ("a.json", "[{]", "folder: a.json: not valid JSON"),
    ],
)
def test_a_file_that_is_no_table_is_told(
    make_app: Callable[..., Flask], sqlite_url: str, folder: Path, name: str, text: str, problem: str
) -> None:
    (folder / name).write_text(text)
    with pytest.raises(StartError, match=problem):
        close(make_app(CONFIG.replace("FOLDER", str(folder)), sqlite_url))


def test_a_list_without_rows_has_the_columns_that_are_declared(
    make_app: Callable[..., Flask], sqlite_url: str, folder: Path
) -> None:
    (folder / "prices.csv").unlink()
    (folder / "prices.json").write_text("[]")
    empty = with_callers(make_app(CONFIG.replace("FOLDER", str(folder)), sqlite_url))
    assert get(empty, "/items/lists.prices", filter={"amount": {"gt": 1}}) == []
    (folder / "prices.json").write_text('[{"code": "x"}]')
    restage(empty.app.extensions["dragoman"].state)
    assert get(empty, "/items/lists.prices") == [{"code": "x", "amount": None}]


def test_what_a_killed_process_left_in_memory_is_removed_and_what_is_used_stays() -> None:
    first = places.new_place("x")
    first.path.write_text("in use")
    left = first.path.parent.with_name(f"{places.PREFIX}left")
    left.mkdir(exist_ok=True)
    (left / "lock").touch()
    second = places.new_place("x")
    assert (first.path.exists(), left.exists()) == (True, False)
    first.remove()
    second.remove()
    assert not first.path.parent.exists()
    assert os.path.isdir(first.path.parent.parent)
