"""`flask db plan` and `flask db apply`: what would change, and changing it, without a service."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crud.cli import without_service
from crud.cli.db import db_commands
from sql.database import Database
from tests.evolution.defined import begun, entity, rows, run, shape, table

Flask = Callable[..., Result]
POSTS = entity({"title": {"type": "string"}, "age": {"type": "integer"}})
CHANGED = entity({"title": {"type": "string", "unique": True}})


@pytest.fixture
def flask(database: Database, tmp_path: Path) -> Callable[..., Result]:
    """`flask(entities, "db", "plan")`: the command, with a configuration of these entities."""

    def command(entities: Mapping[str, Any], *words: str, **top: Any) -> Result:
        data = {"sources": {"default": {"url": database.url}}, "schemas": {"main": {"entities": entities}}, **top}
        (tmp_path / "config.yml").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        given = {"DRAGOMAN_CONFIG": str(tmp_path / "config.yml"), "DRAGOMAN_SECRET": "s" * 40}
        return CliRunner().invoke(db_commands, words, env=given, catch_exceptions=False)

    return command


def test_a_plan_has_words_and_sql_and_changes_nothing(database: Database, flask: Flask) -> None:
    made = flask({"posts": POSTS}, "plan")
    assert made.exit_code == 2 and "create default: posts" in made.output and "CREATE TABLE" in made.output
    assert database.tables(include_own=True) == ()
    assert flask({"posts": POSTS}, "apply").exit_code == 0
    before = shape(database)
    nothing = flask({"posts": POSTS}, "plan")
    assert (nothing.exit_code, nothing.output) == (0, "Tables are as their definitions want them.\n")
    changed = flask({"posts": CHANGED}, "plan")
    assert changed.exit_code == 2
    lines = changed.output.splitlines()
    assert lines[:3] == [
        "change default: posts",
        "  LOSES DATA: age is dropped with its values",
        "  title must be unique",
    ]
    assert any("UNIQUE" in line and line.endswith(";") for line in lines)
    assert shape(database) == before


def test_a_plan_is_json_for_programs(database: Database, flask: Flask) -> None:
    flask({"posts": POSTS, "notes": entity({})}, "apply")
    run(database, "ALTER TABLE posts ADD COLUMN more text")
    found = flask({"posts": CHANGED}, "plan", "--json")
    told = json.loads(found.output)
    assert (found.exit_code, told["loses"]) == (2, True)
    (step,) = told["steps"]
    assert (step["action"], step["source"], step["table"], step["loses"]) == ("change", "default", "posts", True)
    assert step["changes"][0] == {"kind": "drop column", "words": "age is dropped with its values", "loses": True}
    assert told["statements"] and all(each["source"] == "default" for each in told["statements"])
    assert told["drift"][0]["differences"] == ["the column 'more' is there besides"]
    assert told["undefined"] == [{"source": "default", "table": "notes"}]


def test_what_loses_data_is_applied_only_when_it_is_said(database: Database, flask: Flask) -> None:
    flask({"posts": POSTS}, "apply")
    run(database, "INSERT INTO posts (title, age) VALUES ('a', 1)")
    before = shape(database)
    refused = flask({"posts": CHANGED}, "apply")
    assert refused.exit_code == 1 and "LOSES DATA: age is dropped with its values" in refused.output
    assert shape(database) == before  # all or nothing
    done = flask({"posts": CHANGED}, "apply", "--losing")
    assert done.exit_code == 0 and "age is dropped" in done.output
    assert rows(database, "SELECT title FROM posts") == [("a",)] and len(table(database, "posts").columns) == 2


def test_a_table_of_a_definition_that_is_gone_is_dropped_when_it_is_said(database: Database, flask: Flask) -> None:
    child = entity({"post": {"references": "posts"}})
    flask({"posts": POSTS, "comments": child}, "apply")
    kept = flask({}, "apply")
    assert "default: posts is in no definition any more" in kept.output and set(shape(database)) == {
        "posts",
        "comments",
    }
    assert "DROP TABLE" in flask({}, "plan", "--drop").output
    assert flask({}, "apply", "--drop").exit_code == 0
    assert shape(database) == {}
    assert rows(database, "SELECT count(*) FROM _dragoman_layouts") == [(0,)]


def test_a_failure_in_the_middle_leaves_nothing(database: Database, flask: Flask) -> None:
    flask({"posts": POSTS, "notes": entity({"body": {"type": "string"}})}, "apply")
    run(database, "INSERT INTO posts (title) VALUES ('a'), ('a')", "INSERT INTO notes (body) VALUES ('x')")
    before, recorded = shape(database), rows(database, "SELECT * FROM _dragoman_layouts ORDER BY name")
    wanted = {
        "added": entity({}),
        "notes": entity({"text": {"type": "text", "renamed_from": "body"}}),
        "posts": CHANGED,
    }
    failed = flask(wanted, "apply", "--losing")
    assert failed.exit_code == 1 and "title" in failed.output
    assert shape(database) == before
    assert rows(database, "SELECT * FROM _dragoman_layouts ORDER BY name") == recorded


def test_what_could_not_be_served_is_not_applied(database: Database, flask: Flask) -> None:
    flask({"posts": POSTS}, "apply")
    before = shape(database)
    rule = {"role": "user", "actions": ["read"], "fields": ["nope"]}
    failed = flask({"posts": {**CHANGED, "rules": [rule]}}, "apply", "--losing")
    assert failed.exit_code == 1 and "nope" in failed.output
    assert shape(database) == before


def test_drift_is_repaired_when_it_is_said(database: Database, flask: Flask) -> None:
    flask({"posts": {**POSTS, "indexes": [{"name": "by_age", "fields": ["age"]}]}}, "apply")
    made = shape(database)
    run(database, "DROP INDEX by_age", "ALTER TABLE posts DROP COLUMN title", "ALTER TABLE posts ADD COLUMN more text")
    wanted = {"posts": {**POSTS, "indexes": [{"name": "by_age", "fields": ["age"]}]}}
    assert flask(wanted, "plan").exit_code == 2
    assert flask(wanted, "apply", "--repair").exit_code == 1  # what somebody added would be lost
    assert flask(wanted, "apply", "--repair", "--losing").exit_code == 0
    assert shape(database) == made
    assert flask(wanted, "plan").exit_code == 0


def test_definitions_that_arrived_by_request_are_no_strangers(database: Database, flask: Flask) -> None:
    flask({"posts": POSTS}, "apply")
    added = json.dumps(entity({"body": {"type": "text"}}))
    run(database, f"INSERT INTO _dragoman_definitions (name, definition) VALUES ('notes', '{added}')")
    assert flask({"posts": POSTS}, "apply", "--drop").exit_code == 0
    assert set(shape(database)) == {"posts", "notes"}
    assert flask({"posts": POSTS}, "plan", "--drop").exit_code == 0


def test_a_service_takes_what_was_applied(database: Database, flask: Flask) -> None:
    begun(database, {"posts": POSTS})
    flask({"posts": CHANGED}, "apply", "--losing")
    assert list(begun(database, {"posts": CHANGED}).catalog.resource("posts").columns) == ["id", "title"]


def test_these_commands_start_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    asked = {words: without_service(words) for words in (("db", "plan"), ("config", "check"), ("data", "export", "db"))}
    assert list(asked.values()) == [True, True, False]
