"""Sources in memory beside a database of each kind: tables of declared entities, and those that a first row makes."""

from collections.abc import Callable
from threading import Thread

import pytest
from flask import Flask

from app import StartError
from crud.definitions.problems import ConfigError
from crud.snapshots.reloading import reload
from tests.dialects.conftest import Fresh, fresh_app, with_callers
from tests.dialects.test_across_sources import ask, get

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}"}
  mem: {provider: memory, options: {autocreate: true, max_bytes: 400000}}
roles: {user: rc, reader: r}
schemas:
  main:
    entities:
      readers:
        fields: {id: {type: integer, key: true, default: increment}, name: {type: string}}
  mem:
    source: mem
    tables: all
    roles: [user]
    entities:
      shelves:
        fields:
          id: {type: integer, key: true, default: increment}
          name: {type: string, required: true}
          reader_id: {type: integer, references: readers}
          price: {type: decimal, precision: 6, scale: 2}
          twice: {formula: "price * 2", type: decimal, precision: 8, scale: 2}
        indexes: [{fields: [name], unique: true}]
      books:
        fields:
          id: {type: integer, key: true, default: increment}
          shelf_id: {type: integer, references: mem.shelves, on_delete: cascade}
  closed: {source: mem, tables: declared}
"""
ROWS = [
    {"id": 1, "name": "Ann", "tags": ["a"], "score": 1.5, "ok": True},
    {"id": 2, "name": "Bob", "born": "1990-01-02"},
]


@pytest.fixture
def memory(make_app: Callable[..., Flask], empty_url: str) -> Fresh:
    made = with_callers(make_app(CONFIG, empty_url))
    assert made.client.post("/items/readers", json={"name": "Ann"}, headers=made.admin).status_code == 201
    return made


def post(made: Fresh, entity: str, data: object, headers: dict[str, str] | None = None, schema: str = "mem") -> int:
    answer = made.client.post(f"/schema/{schema}/{entity}", json={"data": data}, headers=headers or made.admin)
    return answer.status_code


def test_declared_entities_are_tables_like_any_other(memory: Fresh) -> None:
    assert post(memory, "shelves", [{"name": "A", "reader_id": 1, "price": 1.25}, {"name": "B"}]) == 201
    rows = get(memory, "/items/mem.shelves", fields=["*", "reader.name", "books.id"], sort=["-name"])
    assert rows[1] == {
        **{"id": 1, "name": "A", "reader_id": 1, "price": 1.25, "twice": 2.5},
        **{"reader": {"name": "Ann"}, "books": []},
    }
    assert post(memory, "shelves", {"name": "A"}) == 409
    assert post(memory, "shelves", {"price": 1}) == 400
    assert post(memory, "books", {"shelf_id": 77}) == 409
    assert post(memory, "books", {"shelf_id": 1}) == 201
    assert memory.client.delete("/items/mem.shelves/1", headers=memory.admin).status_code == 200
    assert get(memory, "/items/mem.books") == []


def test_a_first_row_makes_its_entity_in_every_dialect(memory: Fresh) -> None:
    missing = ask(memory, "/schema/mem/person")
    assert (missing.status_code, missing.json) == (404, {"error": "mem: Entity 'person' not found"})
    assert post(memory, "person", ROWS) == 201
    found = get(memory, "/schema/mem/person")
    assert found["rows"] == [
        {"id": 1, "name": "Ann", "tags": ["a"], "score": 1.5, "ok": True, "born": None},
        {"id": 2, "name": "Bob", "tags": None, "score": None, "ok": None, "born": "1990-01-02"},
    ]
    assert found["fields"] == {
        **{"id": "number", "name": "string", "tags": "object", "score": "number", "ok": "boolean", "born": "string"}
    }
    assert get(memory, "/items/mem.person/2")["name"] == "Bob"
    for path in ("/api/mem.person", "/json/mem.person", "/v1/mem.person"):
        assert ask(memory, path).status_code == 200
    assert post(memory, "person", {"id": 1, "name": "again"}) == 409
    assert post(memory, "person", {"id": 3, "colour": "red"}) == 400
    assert post(memory, "person", {"id": 2**40, "name": "${{ [1].join() }}"}) == 201


def test_rows_without_keys_of_their_own_make_a_table_without_a_key(memory: Fresh) -> None:
    assert post(memory, "words", [{"id": 1, "word": "x"}, {"id": 1, "word": "x"}]) == 201
    assert len(get(memory, "/schema/mem/words")["rows"]) == 2
    assert ask(memory, "/items/mem.words/1").status_code == 404


def test_who_may_not_create_makes_nothing(memory: Fresh, make_app: Callable[..., Flask]) -> None:
    assert post(memory, "person", ROWS, memory.user) == 201
    assert memory.client.post("/schema/mem/other", json={"data": ROWS}).status_code in (401, 404)
    assert post(memory, "person", ROWS, schema="closed") == 404
    assert post(memory, "person", ROWS, schema="main") == 404
    assert post(memory, "Person", ROWS) == 409
    assert memory.client.post("/items/mem.other", json=ROWS[0], headers=memory.admin).status_code == 404
    assert post(memory, "other", []) == post(memory, "other", {}) == 404
    assert ask(memory, "/schema/mem/other").status_code == 404


@pytest.mark.parametrize("name", ["_dragoman_x", "sqlite_x", "x" * 64])
def test_names_that_a_database_does_not_hold_are_refused(memory: Fresh, name: str) -> None:
    assert post(memory, name, ROWS) == 400
    assert post(memory, "person", {name: 1}) == 400
    assert post(memory, "person", {"a": 1, "A": 1}) == 400
    assert ask(memory, "/schema/mem/person").status_code == 404


def test_of_many_who_send_a_first_row_at_once_one_makes_the_entity(memory: Fresh) -> None:
    met: list[int] = []
    threads = [Thread(target=lambda n=n: met.append(post(memory, "person", {"id": n}))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == [201] * 8
    assert [row["id"] for row in get(memory, "/schema/mem/person")["rows"]] == list(range(8))


def test_a_reload_empties_what_is_in_memory_and_nothing_else(memory: Fresh) -> None:
    assert post(memory, "person", ROWS) == post(memory, "shelves", {"name": "A"}) == 201
    answer = memory.client.post("/server/reload", headers=memory.admin)
    assert (answer.status_code, answer.json) == (200, {"message": "Server reloaded"})
    assert ask(memory, "/schema/mem/person").status_code == 404
    assert get(memory, "/schema/mem/shelves")["rows"] == []
    assert len(get(memory, "/items/readers")) == 1
    assert post(memory, "person", {"id": "other"}) == 201


def test_another_process_of_the_service_has_the_same_rows(memory: Fresh, make_app: Callable[..., Flask]) -> None:
    other = fresh_app(make_app(CONFIG, memory.snapshot.system.url))
    assert post(memory, "person", ROWS) == 201
    assert len(get(other, "/schema/mem/person")["rows"]) == 2
    assert post(other, "person", {"id": 3}) == 201
    assert len(get(memory, "/schema/mem/person")["rows"]) == 3
    reload(other.app.extensions["dragoman"].state)
    assert ask(memory, "/schema/mem/person").status_code == 404
    assert post(memory, "person", ROWS) == 201
    assert len(get(other, "/schema/mem/person")["rows"]) == 2


def test_it_does_not_grow_beyond_its_bound(memory: Fresh) -> None:
    assert post(memory, "texts", {"id": 0, "text": ""}) == 201
    met = [post(memory, "texts", {"id": number, "text": "x" * 100_000}) for number in range(1, 9)]
    assert met[0] == 201 and met[-1] == 503
    assert get(memory, "/schema/mem/texts", fields="id")["rows"]


def test_other_definitions_make_declared_tables_anew(memory: Fresh, make_app: Callable[..., Flask]) -> None:
    assert post(memory, "person", ROWS) == post(memory, "shelves", {"name": "A"}) == 201
    text = CONFIG.replace("name: {type: string, required: true}", "name: {type: string, required: true, max: 5}")
    same = fresh_app(make_app(text, memory.snapshot.system.url))
    assert len(get(same, "/schema/mem/shelves")["rows"]) == 1
    text = CONFIG.replace(
        "price: {type: decimal, precision: 6, scale: 2}", "price: {type: decimal, precision: 9, scale: 2}"
    )
    other = fresh_app(make_app(text, memory.snapshot.system.url))
    assert len(get(other, "/schema/mem/shelves")["rows"]) in (0, 1)
    text = CONFIG.replace(
        "          name: {type: string, required: true}\n",
        "          name: {type: text}\n          more: {type: integer}\n",
    )
    other = fresh_app(make_app(text, memory.snapshot.system.url))
    assert get(other, "/schema/mem/shelves")["rows"] == []
    assert post(other, "shelves", {"more": 1}) == 201
    assert len(get(other, "/schema/mem/person")["rows"]) == 2


MISTAKES = [
    (
        "{sources: {default: {database: x}, a: {provider: memory}}, server: {system: a}}",
        "server.system: our own tables are in a database that lasts",
    ),
    (
        "sources: {default: {database: x}, a: {provider: memory, url: 'sqlite:///x'}}",
        "sources.a.url: what is in memory",
    ),
    ("sources: {default: {database: x, options: {autocreate: true}}}", "options.autocreate: goes with provider memory"),
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("text", "why"), MISTAKES)
def test_what_does_not_go_with_memory_is_told(
    make_app: Callable[..., Flask], empty_url: str, text: str, why: str
) -> None:
    with pytest.raises((ConfigError, StartError), match=why):
        make_app(text, empty_url)
