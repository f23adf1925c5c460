"""`flask plan show` and `flask plan run`: what a plan does is shown, and what its steps write is one transaction."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

from app import StartError
from crud.web.dialect import served

CONFIG = """
auth: {secret: "a secret of the tests, long enough for HS256"}
sources:
  default: {database: "${DATABASE_URL}"}
schemas:
  main:
    tables: declared
    entities:
      items:
        fields:
          id: {type: integer, key: true}
          name: {type: string, required: true, max: 10}
          price: {type: decimal, precision: 10, scale: 2}
      copies:
        fields:
          id: {type: integer, key: true}
          name: {type: string, required: true, max: 10}
          price: {type: decimal, precision: 10, scale: 2}
      kept:
        fields:
          id: {type: integer, key: true}
          name: {type: string, unique: true}
          price: {type: decimal, precision: 10, scale: 2}
          gone: {type: datetime}
        soft_delete: gone
      uniques:
        fields: {id: {type: integer, key: true}, name: {type: string, unique: true, max: 5}}
      nodes:
        fields: {id: {type: integer, key: true}, above: {type: integer, references: nodes}}
limits: {max_rows: 30}
plans:
  half:
    first:
      - insert: {entity: items, data: {id: 1, name: a}}
    second:
      - insert: {entity: items, data: {id: 1, name: b}}
    third:
      - insert: {entity: items, data: {id: 3, name: c}}
  work:
    kept:
      - sync: {from: {entity: items}, to: {entity: kept}, on: id}
    synced_unique:
      - sync: {from: {entity: items}, to: {entity: uniques}, on: id}
    tree:
      - select: {data: [{id: 1, above: null}, {id: 2, above: 1}]}
      - sync: {to: {entity: nodes}, on: id}
    by_name:
      - select: {entity: items}
      - sync: {to: {entity: kept}, on: name}
    wrong:
      - insert: {entity: items, data: [{id: 7, name: a}, {id: 8, name: much too long for it}, {id: 9, name: null}]}
    again:
      - insert: {entity: items, data: [{id: 7, name: a}, {id: 1, name: b}]}
    filled:
      - insert: {entity: items, data: [{id: 1, name: a, price: 1.5}, {id: 2, name: "${{ 'b' }}", price: 2.5}, {id: 3, name: c}]}
      - select: {entity: items}
    everything:
      - select: {entity: items}
    dear:
      - select: {entity: items, filter-expression: "price > 2"}
    copied:
      - select: {entity: items, filter-expression: "price > 1"}
      - insert: {entity: copies}
      - update: {entity: items, filter: {id: 1}, data: {name: z}}
      - delete: {entity: items, filter-expression: "id = ${{ 1 + 2 }}"}
      - select: {entity: items, sort: {name: desc}}
    undone:
      - update: {entity: items, data: {name: first}}
      - insert: {entity: items, data: {id: 9, name: much too long for it}}
    synced:
      - sync: {from: {entity: items}, to: {entity: copies}, on: id}
"""


@pytest.fixture
def app(make_app: Callable[..., Flask], empty_url: str) -> Flask:
    return make_app(CONFIG, empty_url)


def called(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["plan", *words])


def ran(app: Flask, entity: str) -> dict[str, object]:
    answer = called(app, "run", f"work/{entity}", "--json")
    assert answer.exit_code == 0, answer.output
    found: dict[str, object] = json.loads(answer.stdout)["entities"][entity]
    return found


def rows(app: Flask, table: str) -> list[tuple[object, ...]]:
    with app.app_context():
        found = served().state.current().system.fetch(f"SELECT id, name FROM {table} ORDER BY id")
    return [tuple(row) for row in found]


def test_steps_that_write_do_so_in_their_order(app: Flask) -> None:
    assert ran(app, "filled")["written"] == {"Plan 'work', entity 'filled', step 1 (insert)": 3}
    assert rows(app, "items") == [(1, "a"), (2, "b"), (3, "c")]
    done = ran(app, "copied")
    assert list(done["written"].values()) == [2, 1, 1]  # type: ignore[attr-defined]
    assert [row["name"] for row in done["rows"]] == ["z", "b"]  # type: ignore[attr-defined]
    assert rows(app, "copies") == [(1, "a"), (2, "b")]


def test_a_sync_makes_one_table_like_the_other(app: Flask) -> None:
    ran(app, "filled")
    assert ran(app, "synced")["written"] == {"Plan 'work', entity 'synced', step 1 (sync)": 3}
    assert rows(app, "copies") == rows(app, "items")
    assert list(ran(app, "synced")["written"].values()) == [0]  # type: ignore[attr-defined]
    with app.app_context():
        database = served().state.current().system
        with database.transaction() as session:
            session.execute("UPDATE items SET name = 'q' WHERE id = 1")
            session.execute("DELETE FROM items WHERE id = 2")
    assert list(ran(app, "synced")["written"].values()) == [2]  # type: ignore[attr-defined]
    assert rows(app, "copies") == [(1, "q"), (3, "c")]


def kept(app: Flask) -> list[tuple[object, ...]]:
    with app.app_context():
        found = served().state.current().system.fetch("SELECT id, name FROM kept WHERE gone IS NULL ORDER BY id")
    return [tuple(row) for row in found]


def changed(app: Flask, *statements: str) -> None:
    with app.app_context():
        database = served().state.current().system
        with database.transaction() as session:
            for text in statements:
                session.execute(text)


def written(app: Flask, entity: str) -> int:
    (count,) = ran(app, entity)["written"].values()  # type: ignore[attr-defined]
    return int(count)


def test_a_sync_brings_rows_back_that_it_has_deleted_softly(app: Flask) -> None:
    ran(app, "filled")
    assert written(app, "kept") == 3
    changed(app, "UPDATE items SET id = 9 WHERE id = 2", "UPDATE items SET name = 'd' WHERE id = 3")
    changed(app, "UPDATE kept SET name = 'x' WHERE id = 2")  # its name is unique
    assert written(app, "kept") == 3 and kept(app) == [(1, "a"), (3, "d"), (9, "b")]
    changed(app, "UPDATE items SET id = 2, name = 'e' WHERE id = 9")
    assert written(app, "kept") == 2 and kept(app) == [(1, "a"), (2, "e"), (3, "d")]
    assert written(app, "kept") == 0


def test_a_sync_gives_a_unique_value_of_a_row_that_goes_to_one_that_comes(app: Flask) -> None:
    ran(app, "filled")
    ran(app, "synced_unique")
    changed(app, "UPDATE items SET id = 7 WHERE id = 1", "UPDATE items SET name = 'q' WHERE id = 2")
    changed(app, "INSERT INTO items (id, name) VALUES (8, 'b')")
    assert written(app, "synced_unique") == 4
    with app.app_context():
        found = served().state.current().system.fetch("SELECT id, name FROM uniques ORDER BY id")
    assert [tuple(row) for row in found] == [(2, "q"), (3, "c"), (7, "a"), (8, "b")]
    changed(app, "INSERT INTO items (id, name) VALUES (5, 'too long'), (6, 'this too')")
    said = called(app, "run", "work/synced_unique").output
    assert "step 1 (sync): id 5: name: " in said and "; id 6: name: " in said


def test_a_sync_of_rows_that_refer_to_each_other_never_leaves_one_alone(app: Flask) -> None:
    ran(app, "tree")
    changed(app, "INSERT INTO nodes VALUES (9, NULL)", "UPDATE nodes SET above = 9 WHERE id = 2")
    assert written(app, "tree") == 2


def test_rows_of_a_sync_are_told_apart_by_null_as_by_any_value(app: Flask) -> None:
    ran(app, "filled")
    changed(app, "INSERT INTO kept (id, name, price) VALUES (4, NULL, 1), (5, 'q', 1)")
    assert written(app, "by_name") == 5 and kept(app) == [(1, "a"), (2, "b"), (3, "c")]
    changed(app, "UPDATE kept SET name = NULL WHERE id = 1", "INSERT INTO kept (id) VALUES (6)")
    said = called(app, "run", "work/by_name").output
    assert "step 2 (sync): several rows of kept have the same name" in said


@pytest.mark.parametrize(
    ("entity", "said"),
    [
        ("wrong", ["row 2: name: ", "; row 3: name cannot be null"]),
        ("again", ["A row with this value exists already (id)"]),
    ],
)
def test_what_fails_says_which_rows_and_columns(app: Flask, entity: str, said: list[str]) -> None:
    ran(app, "filled")
    output = called(app, "run", f"work/{entity}").output
    assert all(text in output for text in said), output


def test_what_fails_names_its_step_and_undoes_all(app: Flask) -> None:
    ran(app, "filled")
    before = rows(app, "items")
    answer = called(app, "run", "work/undone")
    assert answer.exit_code == 1 and "Plan 'work', entity 'undone', step 2 (insert)" in answer.output
    assert "name" in answer.output
    assert rows(app, "items") == before


MEMORY = """
sources:
  default: {database: "${DATABASE_URL}"}
  mem: {provider: memory}
schemas:
  main: {tables: declared, entities: {items: {fields: {id: {type: integer, key: true}}}}}
  mem: {source: mem, tables: declared, entities: {seen: {fields: {id: {type: integer, key: true}}}}}
plans:
  work:
    lost:
      - STEP
"""


@pytest.mark.parametrize(
    "step",
    [
        "insert: {schema: mem, entity: seen, data: {id: 1}}",
        "sync: {from: {schema: mem, entity: seen}, to: {entity: items}, on: id}",
        "select: {schema: mem, entity: seen}\n      - insert: {entity: items}",
    ],
)
def test_a_run_neither_writes_into_the_memory_of_the_service_nor_takes_it_for_empty(
    make_app: Callable[..., Flask], sqlite_url: str, step: str
) -> None:
    with pytest.raises(StartError, match=r"mem.seen is in the memory of the service, which a run does not see"):
        make_app(MEMORY.replace("STEP", step), sqlite_url)


def test_what_only_writes_is_not_served(app: Flask) -> None:
    names = served_names(app)
    assert "work.dear" in names and not names & {"work.filled", "work.copied", "work.synced"}


def served_names(app: Flask) -> set[str]:
    with app.app_context():
        return {each.name for each in served().state.current().catalog}


def test_steps_and_statements_are_shown_and_nothing_is_done(app: Flask) -> None:
    answer = called(app, "show", "work")
    assert answer.exit_code == 0, answer.output
    assert '1. select: {"entity": "items", "filter-expression": "price > 2"}' in answer.output
    assert 'WITH "_dragoman_step_1" AS (SELECT' in answer.output
    assert "gives: id (integer), name (string), price (decimal)" in answer.output
    assert "writes: Plan 'work', entity 'synced', step 1 (sync): copies, in the source 'default'" in answer.output
    assert rows(app, "items") == []


def test_what_was_done_before_something_fails_is_told(app: Flask) -> None:
    output = called(app, "run", "half").output
    assert "half/first: 0 rows\n  Plan 'half', entity 'first', step 1 (insert): 1 rows written" in output
    assert "Error: Plan 'half', entity 'second', step 1 (insert): A row with this value exists already (id)" in output
    assert rows(app, "items") == [(1, "a")]
    output = called(app, "run", "half", "--json").output
    assert json.loads(output.splitlines()[0])["entities"] == {}


def test_more_rows_than_the_limit_name_it(app: Flask) -> None:
    ran(app, "filled")
    changed(app, *(f"INSERT INTO items (id, name) VALUES ({id}, 'x')" for id in range(10, 40)))
    for entity, at in (("everything", ""), ("kept", ", step 1 (sync)")):
        said = called(app, "run", f"work/{entity}").output
        assert f"Plan 'work', entity '{entity}'{at}: More than 30 rows (limits.max_rows)" in said


@pytest.mark.parametrize(
    ("words", "said"), [(("show", "zed"), "Plan 'zed' not found"), (("run", "work/zed"), "has kept")]
)
def test_what_is_not_there_is_said(app: Flask, words: tuple[str, ...], said: str) -> None:
    answer = called(app, *words)
    assert answer.exit_code == 1 and said in answer.output
