"""What somebody else did to a table that we made is told, and neither undone nor in the way."""

import pytest

from sql.database import Database
from tests.evolution.defined import begun, entity, planned, rows, run, table, words

POSTS = {
    "posts": entity(
        {"title": {"type": "string"}, "age": {"type": "integer"}, "kind": {"type": "enum", "values": ["a", "b"]}},
        indexes=[{"name": "by_title", "fields": ["title", "age"]}],
    )
}


def told(database: Database) -> list[str]:
    return [text for drifted in planned(database, POSTS).drifted for text in drifted.words]


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("ALTER TABLE posts DROP COLUMN kind",), "the column 'kind' is missing"),
        (("ALTER TABLE posts ADD COLUMN more text",), "the column 'more' is there besides"),
        (("DROP INDEX by_title",), "the index 'by_title' over (title, age) is missing"),
        (("CREATE UNIQUE INDEX mine ON posts (age)",), "the unique index 'mine' over (age) is there besides"),
        (("DROP TABLE posts",), "the table is missing"),
    ],
)
def test_a_change_by_somebody_else_is_told(database: Database, statements: tuple[str, ...], message: str) -> None:
    begun(database, POSTS)
    assert told(database) == []
    run(database, *statements)
    assert told(database) == [message]


def test_a_changed_type_is_told(database: Database) -> None:
    begun(database, POSTS)
    if database.backend.name == "postgres":
        run(database, "ALTER TABLE posts ALTER COLUMN age TYPE text")
    else:
        run(database, "ALTER TABLE posts DROP COLUMN kind", "ALTER TABLE posts ADD COLUMN kind BIGINT")
    assert any("text" in text or "BIGINT" in text for text in told(database))


def test_what_somebody_else_added_stays_when_the_table_changes(database: Database) -> None:
    begun(database, POSTS)
    run(database, "ALTER TABLE posts ADD COLUMN more text", "INSERT INTO posts (title, more) VALUES ('a', 'kept')")
    fields = {"title": {"type": "text", "required": True}, "age": {"type": "string"}, "kind": {"type": "string"}}
    begun(database, {"posts": entity(fields)})
    assert rows(database, "SELECT title, more FROM posts") == [("a", "kept")]


def test_a_column_that_somebody_else_made_is_taken_once_it_is_declared(database: Database) -> None:
    begun(database, POSTS)
    run(database, "ALTER TABLE posts ADD COLUMN more text", "INSERT INTO posts (title, more) VALUES ('a', '7')")
    wider = {"posts": {**POSTS["posts"], "fields": {**POSTS["posts"]["fields"], "more": {"type": "integer"}}}}
    assert [step.loses for step in planned(database, wider).steps] == [True]
    begun(database, wider, evolve="all")
    assert rows(database, "SELECT more FROM posts") == [(7,)]
    assert planned(database, wider).drifted == ()


def test_a_column_that_is_gone_may_go_from_its_definition(database: Database) -> None:
    begun(database, POSTS)
    run(database, "ALTER TABLE posts DROP COLUMN kind")
    fields = {name: said for name, said in POSTS["posts"]["fields"].items() if name != "kind"}
    less = {"posts": {**POSTS["posts"], "fields": fields}}
    begun(database, less)
    found = planned(database, less)
    assert (found.steps, found.drifted) == ((), ())


def test_a_table_is_repaired_where_it_is_asked(database: Database) -> None:
    begun(database, POSTS)
    run(database, "ALTER TABLE posts DROP COLUMN kind", "DROP INDEX by_title")
    assert planned(database, POSTS).steps == ()
    repaired = planned(database, POSTS, repair=True)
    assert words(repaired) == ["kind is added as enum", "an index by_title over title, age"]
    assert len(table(database, "posts").columns) == 3
