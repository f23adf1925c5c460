"""Tables of several sources, and what stands on tables that are built anew."""

from collections.abc import Mapping
from typing import Any

import pytest

from crud.creation import install
from crud.definitions.config import Config
from crud.definitions.problems import ConfigError
from crud.evolution import records
from crud.evolution.planning import plan
from crud.loader import Loaded, load
from sql.database import Database
from sql.errors import ForeignKeyViolation
from tests.evolution.defined import begun, entity, planned, rows, run, shape, table, whole

NOTES = {"notes": entity({"body": {"type": "string"}})}
LONGER = {"notes": entity({"body": {"type": "text", "required": True, "unique": True}})}


def spread(home: Database, other: Database, entities: Mapping[str, Any]) -> tuple[Config, dict[str, Database]]:
    """Entities in a source that is not that of our own tables."""
    sources = {"default": {"url": home.url}, "other": {"url": other.url}}
    schemas = {"main": {"entities": {"posts": entity({})}}, "far": {"source": "other", "entities": entities}}
    return whole({"sources": sources, "schemas": schemas}), {"default": home, "other": other}


def started(home: Database, other: Database, entities: Mapping[str, Any]) -> Loaded:
    config, databases = spread(home, other, entities)
    install(home, config)
    return load(config, databases)


def test_tables_of_another_source_follow_too(database: Database, empty: Database) -> None:
    started(database, empty, NOTES)
    run(empty, "INSERT INTO notes (body) VALUES ('a')")
    started(database, empty, LONGER)
    assert rows(empty, "SELECT body FROM notes") == [("a",)] and table(empty, "notes").uniques == (("body",),)
    assert {source for source, _ in records.read(database)} == {"default", "other"}
    assert [info.table.name for info in empty.tables(include_own=True)] == ["notes"]


def test_what_fails_in_one_source_leaves_nothing_in_the_other(database: Database, empty: Database) -> None:
    started(database, empty, NOTES)
    run(empty, "INSERT INTO notes (body) VALUES ('a'), ('a')")
    config, databases = spread(database, empty, {**LONGER, "more": entity({})})
    main = config.schemas["main"]
    before = shape(database), shape(empty)
    with pytest.raises(ConfigError, match="notes"):
        load(config, databases)
    assert (shape(database), shape(empty)) == before and main.entities


def test_a_source_that_changed_without_its_record_is_recorded_at_the_next_start(
    database: Database, empty: Database
) -> None:
    """The other source was committed, and then the lights went out."""
    started(database, empty, NOTES)
    was = rows(database, "SELECT name, layout FROM _dragoman_layouts WHERE source = ?", "other")[0]
    started(database, empty, LONGER)
    with database.transaction() as session:
        mark = "%s" if database.backend.name == "postgres" else "?"
        session.execute(f"UPDATE _dragoman_layouts SET layout = {mark} WHERE name = {mark}", (was[1], was[0]))
    started(database, empty, LONGER)
    config, databases = spread(database, empty, LONGER)
    found = plan(config, databases)
    assert (found.steps, found.drifted) == ((), ())


def test_what_stands_on_a_table_stays_when_it_is_built_anew(database: Database) -> None:
    people = {"people": entity({"name": {"type": "string"}})}
    posts = {
        "title": {"type": "string"},
        "age": {"type": "integer"},
        "author": {"references": "people", "required": True},
    }
    comments = {"comments": entity({"post": {"references": "posts", "on_delete": "cascade"}})}
    begun(database, {**people, **comments, "posts": entity(posts)})
    run(database, "INSERT INTO people (name) VALUES ('Ann')")
    run(database, "INSERT INTO posts (title, author) VALUES ('a', 1)", "INSERT INTO comments (post) VALUES (1)")
    run(
        database,
        "CREATE VIEW titles AS SELECT id, title FROM posts",
        "CREATE TABLE log (id integer)",
        *_trigger(database),
    )
    changed = {**posts, "age": {"type": "bigint", "required": True, "default": 7}}
    begun(database, {**people, **comments, "posts": entity(changed)})
    assert rows(database, "SELECT title FROM titles") == [("a",)]
    assert rows(database, "SELECT age, author FROM posts") == [(7, 1)]
    run(database, "DELETE FROM posts")
    assert rows(database, "SELECT count(*) FROM log") == [(1,)]
    assert rows(database, "SELECT count(*) FROM comments") == [(0,)]
    run(database, "INSERT INTO posts (title, age, author) VALUES ('b', 1, 1)")
    assert rows(database, "SELECT id FROM posts") == [(2,)]  # the counter goes on
    with pytest.raises(ForeignKeyViolation):
        run(database, "INSERT INTO posts (title, age, author) VALUES ('c', 1, 99)")
    assert planned(database, {**people, **comments, "posts": entity(changed)}).drifted == ()


def _trigger(database: Database) -> tuple[str, ...]:
    if database.backend.name == "sqlite":
        return ("CREATE TRIGGER logs AFTER DELETE ON posts BEGIN INSERT INTO log (id) VALUES (OLD.id); END",)
    return (
        "CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO log (id) VALUES (OLD.id); RETURN OLD; END $$",
        "CREATE TRIGGER logs AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION logs()",
    )
