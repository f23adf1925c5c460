"""A plan over tables of SQLite, PostgreSQL and a folder of CSV gives what it gives where one database has them all."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from crud import service
from crud.access.actor import Actor
from crud.definitions.problems import ConfigError
from crud.errors import ApiError
from crud.snapshots.state import Context, Snapshot
from sql.database import Database
from sql.expressions import Path as Column
from sql.query import Asked, Query, Select
from tests.dialects.conftest import close

HEAD = """
auth: {{secret: "a secret of the tests, long enough for HS256"}}
limits: {{max_rows: {most}}}
sources:
  default: {{url: "{here}"}}
  there: {{url: "{there}"}}
  lists: {{provider: files, options: {{folder: lists}}}}
schemas:
  main: {{source: default}}
  there: {{source: there}}
  lists: {{source: lists}}
plans:
  sold:
    revenue:
      - select: {{schema: {lines}, entity: lines}}
      - remove-duplicates:
      - join: {{schema: {sales}, entity: sales, left-field: sale, right-field: id, fields: {{country: country, day: day}}}}
      - join: {{schema: {tracks}, entity: tracks, left-field: track, right-field: id, fields: {{genre: genre, digital: digital}}}}
      - join: {{type: left, schema: {genres}, entity: genres, left-field: genre, right-field: id, fields: {{called: name}}}}
      - aggregate: {{group: [country, called, digital], sum: {{revenue: price}}, avg: {{mean: price}}, count: {{sold: "*"}}, max: {{last: day}}}}
      - sort: {{revenue: desc}}
"""
TABLES = {
    "lines": "(sale integer, track integer, price decimal(10,2))",
    "sales": "(id integer primary key, country varchar(40), day date)",
    "tracks": "(id integer primary key, genre integer, digital boolean)",
    "genres": "(id integer primary key, name varchar(40))",
}
COUNTRIES = ("FR", "de", "Österreich", "AT")
ROWS: dict[str, list[tuple[object, ...]]] = {
    "lines": [(n % 9, n % 7, f"{n % 5}.{n % 10}9") for n in range(60)] + [(1, 1, "0.10")] * 3,
    "sales": [(n, COUNTRIES[n % 4], f"2024-01-{n + 1:02}") for n in range(9)],
    "tracks": [(n, n % 4 if n != 6 else None, n % 2 == 0) for n in range(7)],
    "genres": [(n, name) for n, name in enumerate(("Rock", "Jazz", "Blues", "Pop"))],
}
NAMES = ("country", "called", "digital", "revenue", "mean", "sold", "last")
ONE = {"lines": "main", "sales": "main", "tracks": "main", "genres": "main"}
THREE = {"lines": "there", "sales": "there", "tracks": "main", "genres": "lists"}


def fill(database: Database, *tables: str) -> None:
    mark = "?" if database.backend.name == "sqlite" else "%s"
    with database.transaction() as session:
        for table in tables:
            session.execute(f"CREATE TABLE {table} {TABLES[table]}")
            marks = ", ".join(mark for _ in ROWS[table][0])
            session.run_many(f"INSERT INTO {table} VALUES ({marks})", ROWS[table], returning=False)


@pytest.fixture
def begun(
    make_app: Callable[..., Flask], sqlite_url: str, postgres_url: str, tmp_path: Path
) -> Iterator[Callable[..., Snapshot]]:
    (tmp_path / "lists").mkdir()
    text = "id,name\n" + "".join(f"{id},{name}\n" for id, name in ROWS["genres"])
    (tmp_path / "lists" / "genres.csv").write_text(text)
    apps: list[Flask] = []

    def make(
        schemas: dict[str, str], *, here: str = sqlite_url, there: str = postgres_url, most: int = 1000
    ) -> Snapshot:
        (tmp_path / "config.yml").write_text(HEAD.format(here=here, there=there, most=most, **schemas))
        apps.append(make_app(tmp_path / "config.yml", here))
        found: Snapshot = apps[-1].extensions["dragoman"].state.current()
        return found

    yield make
    close(*apps)


def opened(url: str) -> Database:
    from sql.opening import open_database

    return open_database(url)


def rows(snapshot: Snapshot) -> list[dict[str, object]]:
    question = Query("sold.revenue", tuple(Select(Column(name), name) for name in NAMES))
    return service.read(Context(snapshot, Actor(roles=frozenset({"admin"}))), Asked(question)).rows


@pytest.fixture
def filled(sqlite_url: str, postgres_url: str) -> tuple[str, str]:
    for url in (sqlite_url, postgres_url):
        database = opened(url)
        fill(database, *TABLES)
        database.close()
    return sqlite_url, postgres_url


def test_rows_and_their_order_are_the_same(begun: Callable[..., Snapshot], filled: tuple[str, str]) -> None:
    sqlite, postgres = filled
    found = rows(begun(ONE))
    assert len(found) > 10 and {type(row["digital"]) for row in found} == {bool}
    assert [row["revenue"] for row in found] == sorted((row["revenue"] for row in found), reverse=True)  # type: ignore[type-var]
    assert rows(begun(THREE)) == found
    assert rows(begun(ONE, here=postgres, there=sqlite)) == found
    assert rows(begun(THREE, here=postgres, there=sqlite)) == found


def test_more_rows_than_the_limit_are_refused_by_step_and_limit(
    begun: Callable[..., Snapshot], filled: tuple[str, str]
) -> None:
    with pytest.raises(ApiError) as refused:
        rows(begun(THREE, most=3))
    assert "Plan 'sold', entity 'revenue', step" in refused.value.message
    assert "more than 3 rows would be brought together (limits.max_rows)" in refused.value.message


SLOW = """
auth: {{secret: "a secret of the tests, long enough for HS256"}}
limits: {{statement_seconds: 1}}
sources: {{default: {{url: "{here}"}}}}
plans:
  slow:
    rows:
      - select: {{entity: lines, fields: {{a: sale}}}}
      - join: {{type: cross, entity: lines, fields: {{b: sale}}}}
      - join: {{type: cross, entity: lines, fields: {{c: sale}}}}
      - join: {{type: cross, entity: lines, fields: {{d: sale}}}}
      - join: {{type: cross, entity: lines, fields: {{e: sale}}}}
      - aggregate: {{sum: {{sum: a}}}}
"""


def test_a_plan_that_takes_too_long_is_named(
    make_app: Callable[..., Flask], filled: tuple[str, str], tmp_path: Path
) -> None:
    for url in filled:
        (tmp_path / "config.yml").write_text(SLOW.format(here=url))
        app = make_app(tmp_path / "config.yml", url)
        context = Context(app.extensions["dragoman"].state.current(), Actor(roles=frozenset({"admin"})))
        with pytest.raises(ApiError) as refused:
            service.read(context, Asked(Query("slow.rows", (Select(Column("sum"), "sum"),))))
        close(app)
        assert (refused.value.kind, "Plan 'slow/rows'" in refused.value.message) == ("timeout", True)


MISTAKES = {
    "- select: {entity: none}": "there is no entity 'none'",
    "- filter: {a: 1}": "there are no rows yet",
    "- select: {entity: sales, fields: [id, nothing]}": "there is no column 'nothing'; allowed: id, country, day",
    "- select: {entity: sales, filter: {day: soon}}": "is not a date",
    "- select: {entity: sales, filter-expression: 'id = = 1'}": "expected",
    "- select: {entity: sales, filter-expression: \"country = 'x'; DROP TABLE sales\"}": "position",
    "- select: {entity: sales, fields: {'a\"b': id, _dragoman_x: id}}": "must not begin with _dragoman_",
    "- select: {entity: sales, fields: {a: id, A: day}}": "differ in capitals alone",
    "- select: {entity: sales, sort: {id: up}}": "'up' is no direction; allowed: asc, desc",
    "- select: {entity: revenue}": "uses itself: revenue → revenue",
    "- select: {entity: sales}\n    sales:\n      - select: {entity: sales}": "for the table give its schema, 'main'",
    "- join: {entity: sales, left-field: id, right-field: country}": "there are no rows yet",
    "- select: {entity: sales}\n      - join: {entity: sales, left-field: id, right-field: country}": "cannot be equal",
    "- select: {entity: sales}\n      - aggregate: {sum: day}": "sum does not take values of 'day' (date)",
    "- select: {entity: sales}\n      - union: {entity: sales, fields: {id: day}}": "here and date there",
    "- select: {entity: sales}\n      - remove-duplicates: {strategy: highest}": "go with a condition",
    "- select: {entity: sales}\n" + "      - filter: {id: 1}\n" * 50: "is more than 50 steps (limits.plan_steps)",
    "- select: {schema: lists, entity: tags}\n      - anonymize: '*'": "there are no hashes of 'more' (json): leave it out",
    "- select: {entity: sales, colour: red}": "unknown key; allowed: ",
    "- choose: {entity: sales}": "unknown key; allowed: select",
    "- select: {data: {}}": "must not be empty",
    "- select: {schema: sold, entity: revenue}": "the schema 'sold' is a plan",
    "- insert: {entity: sales}": "there are no rows to write",
    "- insert: {entity: none, data: {id: 1}}": "there is no entity 'none' in the schema 'main'; allowed: genres",
    "- insert: {entity: sales, data: [{id: 1}, {ID: 2}]}": "sales has no column 'ID'; allowed: id, country, day",
    "- select: {entity: lines}\n      - insert: {entity: sales}": "sales has no column 'sale'",
    "- insert: {schema: lists, entity: genres, data: {id: 1}}": "lists.genres is read only",
    "- update: {entity: sales, data: {nothing: 1}}": "sales has no column 'nothing'",
    "- update: {entity: sales, filter: {nothing: 1}, data: {day: null}}": "there is no column 'nothing'",
    "- delete: {entity: sales, filter: {day: soon}}": "is not a date",
    "- sync: {to: {entity: sales}, on: id}": "there are no rows to write",
    "- sync: {from: {entity: tracks}, on: id}": "lacks to: the entity that is written",
    "- sync: {from: {entity: tracks}, to: {entity: sales}}": "lacks on",
    "- sync: {from: {entity: lines}, to: {entity: sales}, on: id}": "both sides need the column 'id'",
    "- sync: {from: {entity: sales}, to: {entity: sales}, on: [id, genre]}": "both sides need the column 'genre'",
    "- sync: {from: {entity: revenue}, to: {entity: sales}, on: id}": "uses itself: revenue → revenue",
}


def test_mistakes_in_steps_are_told_with_file_and_line(
    begun: Callable[..., Snapshot], filled: tuple[str, str], tmp_path: Path
) -> None:
    from crud.definitions.reading import read_config
    from crud.loader import look
    from crud.snapshots.building import opened as databases_of

    (tmp_path / "lists").mkdir(exist_ok=True)
    (tmp_path / "lists" / "tags.json").write_text('[{"id": 1, "more": {"a": 1}}]')
    for number, (steps, said) in enumerate(MISTAKES.items()):
        head = HEAD.format(here=filled[0], there=filled[1], most=10, **ONE).partition("    revenue:")[0]
        (tmp_path / "config.yml").write_text(f"{head}    revenue:\n      {steps}\n")
        with pytest.raises(ConfigError) as wrong:
            config = read_config(tmp_path / "config.yml")
            databases = databases_of(config)
            try:
                look(config, databases)
            finally:
                for database in databases.values():
                    database.close()
        assert said in str(wrong.value), (number, str(wrong.value))
        assert "config.yml:" in str(wrong.value) and "plans.sold." in str(wrong.value)
