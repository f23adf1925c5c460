"""At start tables follow their definitions as far as nothing is lost; the rest is refused with the plan."""

import pytest

from crud.definitions.problems import ConfigError
from crud.evolution.applying import Refused
from sql.database import Database
from tests.evolution.defined import begun, entity, planned, rows, run, shape, table, words

POSTS = {"posts": entity({"title": {"type": "string"}, "age": {"type": "integer"}})}
WIDER = {"posts": entity({"title": {"type": "string"}, "age": {"type": "integer"}, "body": {"type": "text"}})}
NARROWER = {"posts": entity({"title": {"type": "string"}})}
OTHER = {"posts": entity({"title": {"type": "string"}, "body": {"type": "text"}})}


def names(database: Database, of: str = "posts") -> list[str]:
    return [column.name for column in table(database, of).columns]


def test_a_table_is_made_and_a_second_start_changes_nothing(database: Database) -> None:
    begun(database, POSTS)
    assert names(database) == ["id", "title", "age"]
    assert planned(database, POSTS).steps == ()
    before = shape(database)
    begun(database, POSTS)
    assert shape(database) == before


def test_what_loses_nothing_is_done_at_start(database: Database) -> None:
    begun(database, POSTS)
    run(database, "INSERT INTO posts (title, age) VALUES ('a', 1)")
    begun(database, WIDER)
    assert names(database) == ["id", "title", "age", "body"]
    assert rows(database, "SELECT title, age, body FROM posts") == [("a", 1, None)]


def test_what_would_lose_something_is_refused_with_the_plan_and_the_safe_part_is_done(database: Database) -> None:
    begun(database, POSTS)
    run(database, "INSERT INTO posts (title, age) VALUES ('a', 1)")
    with pytest.raises(Refused) as caught:
        begun(database, OTHER)
    assert "LOSES DATA: age is dropped with its values" in str(caught.value) and "body" not in str(caught.value)
    assert names(database) == ["id", "title", "age", "body"]
    assert words(planned(database, OTHER)) == ["age is dropped with its values"]
    begun(database, WIDER)


def test_everything_is_done_where_the_configuration_says_so(database: Database) -> None:
    begun(database, POSTS)
    begun(database, OTHER, evolve="all")
    assert names(database) == ["id", "title", "body"]


def test_nothing_is_done_where_the_configuration_says_so(database: Database) -> None:
    begun(database, POSTS)
    begun(database, NARROWER, evolve="nothing")
    assert names(database) == ["id", "title", "age"]
    with pytest.raises(ConfigError, match="the table posts has no column 'body'"):
        begun(database, OTHER, evolve="nothing")
    with pytest.raises(ConfigError, match="there is no table 'notes'"):
        begun(database, {**POSTS, "notes": entity({})}, evolve="nothing")


def test_values_that_do_not_fit_refuse_the_whole_start(database: Database) -> None:
    begun(database, POSTS)
    run(database, "INSERT INTO posts (title) VALUES ('a'), ('b')")
    before = shape(database)
    changed = {"notes": entity({}), "posts": entity({"title": {"type": "integer"}, "age": {"type": "integer"}})}
    with pytest.raises(ConfigError, match="posts"):
        begun(database, changed, evolve="all")
    assert shape(database) == before


@pytest.mark.parametrize(
    "said",
    [
        {"type": "string", "required": True, "default": "x"},
        {"type": "uuid", "required": True, "default": "uuid"},
        {"type": "datetime", "required": True, "auto": "created_at"},
    ],
)
def test_a_new_required_column_gets_a_value_in_every_row(database: Database, said: dict[str, object]) -> None:
    begun(database, NARROWER)
    run(database, "INSERT INTO posts (title) VALUES ('a'), ('b')")
    begun(database, {"posts": entity({"title": {"type": "string"}, "added": said})})
    assert rows(database, "SELECT count(*), count(added) FROM posts") == [(2, 2)]
    assert not next(column for column in table(database, "posts").columns if column.name == "added").nullable


def test_a_new_required_column_without_a_value_is_refused(database: Database) -> None:
    begun(database, NARROWER)
    run(database, "INSERT INTO posts (title) VALUES ('a')")
    with pytest.raises(ConfigError, match="posts.*added"):
        begun(database, {"posts": entity({"title": {"type": "string"}, "added": {"type": "date", "required": True}})})
    assert names(database) == ["id", "title"]


def test_a_definition_that_disappeared_leaves_its_table(database: Database) -> None:
    begun(database, {**POSTS, "notes": entity({})})
    begun(database, POSTS)
    found = planned(database, POSTS)
    assert (found.steps, [place.name for _, place in found.undefined]) == ((), ["notes"])
    assert [step.kind for step in planned(database, POSTS, drop=True).steps] == ["drop"]
    begun(database, {**POSTS, "notes": entity({"body": {"type": "text"}})})
    assert names(database, "notes") == ["id", "body"]


def test_a_table_that_somebody_dropped_is_made_again(database: Database) -> None:
    begun(database, POSTS)
    run(database, "DROP TABLE posts")
    begun(database, WIDER)
    assert names(database) == ["id", "title", "age", "body"]
