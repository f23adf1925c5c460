"""Declared renames keep what is there: values, rows, references, indexes."""

import pytest

from crud.definitions.problems import ConfigError
from sql.database import Database
from tests.evolution.defined import begun, configured, entity, planned, rows, run, shape, started, table

AUTHOR = {"type": "integer", "references": "people", "on_delete": "cascade"}
BEFORE = {
    "people": entity({"name": {"type": "string", "required": True, "unique": True}}),
    "posts": entity({"title": {"type": "string"}, "author_id": AUTHOR}, indexes=[{"fields": ["title"]}]),
}
AFTER = {
    "authors": entity(
        {"full_name": {"type": "string", "required": True, "unique": True, "renamed_from": "name"}},
        renamed_from="people",
    ),
    "articles": entity(
        {
            "heading": {"type": "string", "renamed_from": "title"},
            "writer_id": {**AUTHOR, "references": "authors", "renamed_from": "author_id"},
        },
        indexes=[{"fields": ["heading"]}],
        renamed_from="posts",
    ),
}


def test_tables_and_columns_are_renamed_with_all_that_belongs_to_them(database: Database, empty: Database) -> None:
    begun(database, BEFORE)
    run(
        database,
        "INSERT INTO people (id, name) VALUES (7, 'Ann')",
        "INSERT INTO posts (title, author_id) VALUES ('a', 7)",
    )
    begun(database, AFTER)
    found = rows(database, "SELECT a.heading, w.full_name FROM articles a JOIN authors w ON w.id = a.writer_id")
    assert found == [("a", "Ann")]
    begun(empty, AFTER)
    assert shape(database) == shape(empty)
    run(database, "DELETE FROM authors")
    assert rows(database, "SELECT count(*) FROM articles") == [(0,)]
    assert planned(database, AFTER).steps == ()


def test_what_it_was_called_says_nothing_once_it_is_renamed(database: Database) -> None:
    begun(database, AFTER)
    begun(database, AFTER)
    assert planned(database, AFTER).steps == () and planned(database, AFTER).drifted == ()


def test_the_table_of_a_definition_that_is_gone_follows_what_it_refers_to(database: Database) -> None:
    begun(database, BEFORE)
    begun(database, {"authors": AFTER["authors"]})
    found = planned(database, {"authors": AFTER["authors"]})
    assert (found.steps, found.drifted, [table.name for _, table in found.undefined]) == ((), (), ["posts"])


def test_a_table_is_not_renamed_over_another(database: Database) -> None:
    begun(database, BEFORE)
    run(database, "CREATE TABLE articles (id integer)")
    with pytest.raises(ConfigError, match="there is a table 'articles' already"):
        begun(database, AFTER)


def test_a_table_without_anything_on_it_is_renamed_too(database: Database) -> None:
    begun(database, {"posts": {"fields": {"title": {"type": "string"}}}})
    begun(database, {"articles": {"fields": {"title": {"type": "string"}}, "renamed_from": "posts"}})
    assert set(shape(database)) == {"articles"}


def test_a_table_that_we_have_not_made_is_not_renamed(database: Database) -> None:
    run(database, "CREATE TABLE posts (id integer)")
    with pytest.raises(ConfigError, match="'posts' was not made by this service"):
        begun(database, AFTER)


def test_a_renamed_table_is_no_new_one(database: Database, tmp_path: object) -> None:
    """It gets no sample rows."""
    from pathlib import Path

    base = Path(str(tmp_path))
    (base / "articles.json").write_text('[{"heading": "sample"}]')
    started(database, configured(BEFORE, base, sample="."))
    started(database, configured(AFTER, base, sample="."))
    assert rows(database, "SELECT count(*) FROM articles") == [(0,)]
    assert table(database, "articles").key == ("id",)
