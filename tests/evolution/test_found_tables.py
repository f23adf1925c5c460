"""Tables that were there before us are annotated and get columns that they lack; what is ours already is recorded."""

import pytest

from crud.creation import install
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.evolution.planning import plan
from crud.loader import load
from sql.database import Database, Options
from sql.opening import open_database
from tests.evolution.defined import begun, entity, planned, rows, run, shape, table, whole

FOUND = (
    "CREATE TABLE people (id integer PRIMARY KEY, name varchar(20) DEFAULT 'x', note text)",
    "INSERT INTO people (id, name) VALUES (1, 'Ann')",
)
ANNOTATION = {
    "people": {
        "fields": {
            "id": {"type": "integer", "key": True},
            "name": {"type": "email", "required": True, "unique": True},
            "boss": {"type": "integer", "references": "people"},
            "level": {"type": "enum", "values": ["low", "high"], "required": True, "default": "low"},
        },
        "indexes": [{"fields": ["name"]}],
    }
}


def test_a_found_table_gets_typed_columns_that_it_lacks_and_nothing_else(database: Database) -> None:
    run(database, *FOUND)
    before = table(database, "people")
    catalog = begun(database, ANNOTATION).catalog
    after = table(database, "people")
    added = [column for column in after.columns if column not in before.columns]
    assert [(column.name, column.nullable) for column in added] == [("boss", True), ("level", True)]
    assert [column for column in after.columns if column not in added] == list(before.columns)
    assert (after.uniques, after.indexes, after.foreign_keys) == ((), (), ())
    assert catalog.resource("people").column("name").type.name == "email"
    assert rows(database, "SELECT id, name, boss, level FROM people") == [(1, "Ann", None, None)]
    assert planned(database, ANNOTATION).steps == ()


def test_what_is_lost_from_an_annotation_stays_in_a_found_table(database: Database) -> None:
    run(database, *FOUND)
    begun(database, {"people": {"fields": {"id": {"type": "integer"}}}}, evolve="all")
    assert len(table(database, "people").columns) == 3


def test_a_table_that_is_as_its_definition_wants_it_is_ours_from_then_on(database: Database, empty: Database) -> None:
    wanted = {"posts": entity({"title": {"type": "string", "unique": True}, "parent": {"references": "posts"}})}
    begun(empty, wanted)
    begun(database, wanted)
    run(database, "DELETE FROM _dragoman_layouts")
    assert [step.kind for step in planned(database, wanted).steps] == ["adopt"]
    begun(database, wanted)
    changed = {"posts": entity({"title": {"type": "text"}, "parent": {"references": "posts"}})}
    begun(database, changed)
    begun(empty, changed)
    assert shape(database) == shape(empty)


def test_a_view_is_only_annotated(database: Database) -> None:
    run(database, *FOUND, "CREATE VIEW staff AS SELECT id, name FROM people")
    catalog = begun(database, {"staff": {"fields": {"id": {"key": True, "type": "integer"}}}}).catalog
    assert catalog.resource("staff").key == ("id",)
    with pytest.raises(ConfigError, match="the table staff has no column 'more'"):
        begun(database, {"staff": {"fields": {"more": {"type": "text"}}}})


def test_a_source_that_is_read_only_is_never_touched(database: Database, empty: Database) -> None:
    run(database, *FOUND)
    before = shape(database)
    sources = {"default": {"url": empty.url}, "theirs": {"url": database.url, "options": {"read_only": True}}}
    databases = {"default": empty, "theirs": open_database(database.url, options=Options(read_only=True))}

    def config(entities: dict[str, object]) -> Config:
        return whole(
            {"sources": sources, "schemas": {"main": {}, "theirs": {"source": "theirs", "entities": entities}}}
        )

    annotated = config({"people": {"fields": {"name": {"max": 10}}}})
    install(empty, annotated)
    assert "theirs.people" in load(annotated, databases).catalog.resources
    wider = config({"people": {"fields": {"more": {"type": "text"}}}, "news": entity({})})
    assert plan(wider, databases, drop=True).steps == ()
    with pytest.raises(ConfigError, match="has no column 'more'"):
        load(wider, databases)
    databases["theirs"].close()
    assert shape(database) == before
