"""Two writers of one row, connections that are used by one caller after another, the file and the lock of SQLite."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from tests.attacks.test_error_texts import clean
from tests.attacks.writing import ALICE, BOB, DELETE, UPDATE, Row, Written
from tests.dialects.conftest import SECRET

# How each dialect reads the row that it changes: the entity tag is that of its own answer.
READ = {
    "phantom": "/api/papers/1",
    "xond": "/json/papers/1",
    "sonicjs": "/v1/papers/1",
    "sonicjs wrapped": "/api/v1/papers/1",
    "baasix": "/items/papers/1",
}


def tag_of(written: Written, dialect: str, by: str = ALICE) -> str:
    return written.send(("GET", READ[dialect], None), by=by).headers["ETag"]


@pytest.mark.parametrize("dialect", READ)
def test_a_change_of_an_older_state_is_refused(written: Written, dialect: str) -> None:
    tag = tag_of(written, dialect)
    first = written.send(UPDATE[dialect]("papers", 1, {"title": "First"}), headers={"If-Match": tag})
    assert first.status_code == 200
    for way in (UPDATE[dialect]("papers", 1, {"title": "HACKED"}), DELETE[dialect]("papers", 1)):
        answer = written.send(way, headers={"If-Match": tag})
        assert answer.status_code == 412, answer.json
        assert "First" not in answer.get_data(as_text=True)
    assert written.rows("SELECT title FROM papers WHERE id = 1") == [("First",)]
    again = written.send(UPDATE[dialect]("papers", 1, {"title": "Third"}), headers={"If-Match": first.headers["ETag"]})
    assert again.status_code == 200


@pytest.mark.parametrize("dialect", READ)
def test_a_weak_foreign_or_broken_tag_matches_nothing(written: Written, dialect: str) -> None:
    tag, before = tag_of(written, dialect), written.whole()
    for odd in (f"W/{tag}", tag.strip('"'), '""', '"*"', "", ",", f'"x{tag}', "W/*", '"a", "b"', tag[:-1], tag.upper()):
        for way in (UPDATE[dialect]("papers", 1, {"title": "HACKED"}), DELETE[dialect]("papers", 1)):
            answer = written.send(way, headers={"If-Match": odd})
            assert answer.status_code == 412, (odd, answer.json)
    assert written.whole() == before
    for good in (f'"a", {tag}', "*", f'W/"b" , {tag}'):
        assert (
            written.send(UPDATE[dialect]("papers", 1, {"title": "Mine"}), headers={"If-Match": good}).status_code == 200
        )


@pytest.mark.parametrize("dialect", READ)
def test_a_tag_is_that_of_what_its_reader_sees(written: Written, dialect: str) -> None:
    """The administrator sees a column more: his tag is another one, and is no use to Alice."""
    tags = {by: tag_of(written, dialect, by) for by in (ALICE, "admin")}
    assert tags[ALICE] != tags["admin"]
    answer = written.send(UPDATE[dialect]("papers", 1, {"title": "x"}), headers={"If-Match": tags["admin"]})
    assert answer.status_code == 412


@pytest.mark.parametrize("dialect", READ)
def test_of_two_writers_at_once_one_is_refused(written: Written, dialect: str) -> None:
    tag = tag_of(written, dialect)

    def change(number: int) -> int:
        way = UPDATE[dialect]("papers", 1, {"title": f"Writer {number}"})
        return written.send(way, headers={"If-Match": tag}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(change, range(4)))
    assert statuses == [200, 412, 412, 412]


def test_a_row_is_ensured_once_by_many_at_once(written: Written) -> None:
    def ensure(number: int) -> int:
        data: Row = {"id": 100 + number, "title": "Only one", "owner": ALICE}
        body = {"filter": {"title": "Only one"}, "data": data}
        return written.send(("POST", "/api/papers/createIfNotExists", body)).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(ensure, range(4)))
    assert statuses == [200, 200, 200, 201]
    assert len(written.rows("SELECT id FROM papers WHERE title = 'Only one'")) == 1


# ---------------------------------------------------------------- connections

FAILING = [
    ("POST", "/api/papers", {"id": 1, "title": "x", "owner": ALICE}),
    ("POST", "/api/part_notes", {"id": 100, "part_id": 999}),
    ("PUT", "/json/papers/1", {"owner": BOB}),
    ("POST", "/items/hooked", {"id": 100, "title": "burst"}),
]


def test_a_connection_keeps_nothing_of_who_used_it_before(written: Written) -> None:
    """More requests than the pool has connections, of callers in turn, after writes that failed half-way."""
    before = written.whole()
    for _ in range(3):
        for way in FAILING:
            assert written.send(way).status_code >= 400
        for by, ids in ((ALICE, [1, 2]), (BOB, [3]), ("carol", None), ("admin", [1, 2, 3, 4])):
            answer = written.send(("GET", "/items/papers", None), by=by)
            found = [row["id"] for row in answer.json["data"]] if answer.status_code == 200 else None
            assert found == ids
        for by, ids in ((ALICE, [1]), (BOB, [2])):
            rows = written.send(("GET", "/items/clients", None), by=by).json["data"]
            assert [row["id"] for row in rows] == ids
    assert written.whole() == before


def test_a_connection_keeps_no_setting_and_no_transaction(written: Written) -> None:
    if not written.url.startswith("postgres"):
        with written.database.transaction() as session:
            assert not written.rows("SELECT 1 WHERE 1 = 0")
            link = session.observed.connection  # type: ignore[attr-defined]
        assert not link.in_transaction
        return
    asked = "SELECT current_user, current_setting('statement_timeout'), current_setting('search_path'), session_user"
    fresh = written.rows(asked)
    for way in FAILING:
        written.send(way)
    for _ in range(4):
        assert written.rows(asked) == fresh
        assert written.rows("SELECT now() = statement_timestamp()") == [(True,)]


# ---------------------------------------------------------------- SQLite's file

BUSY = """
sources: {default: {database: "${DATABASE_URL}", options: {busy_seconds: 0.1}}}
auth: {secret: "${DRAGOMAN_SECRET}"}
schemas:
  main:
    source: default
    entities:
      things:
        fields: {id: {type: integer, key: true}, title: {type: string}}
        rules: [{role: anon, actions: [read, create], fields: ["*", id]}]
"""
THING = {"id": 1, "title": "x"}
DOORS = [("/api/things", THING), ("/v1/things", {"data": THING}), ("/items/things", THING), ("/json/things", THING)]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("busy") / "busy.sqlite"


@pytest.fixture(scope="module")
def busy(make_app: Callable[..., Flask], file: Path) -> Flask:
    return make_app(BUSY, f"sqlite:///{file}")


def test_a_writer_who_waits_too_long_is_told_to_come_again(busy: Flask, file: Path) -> None:
    """Another process holds the file: 503 with Retry-After; readers are answered meanwhile."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for path, body in DOORS:
        answer = busy.test_client().post(path, json=body)
        assert answer.status_code == 503, answer.json
        assert answer.headers["Retry-After"]
        assert clean(400, answer.get_data(as_text=True), "")
    assert busy.test_client().get("/items/things").json == {"data": [], "totalCount": 0}
    other.execute("COMMIT")
    other.close()
    assert busy.test_client().post("/items/things", json=THING).status_code == 201


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_the_file_is_not_served(busy: Flask, file: Path, suffix: str) -> None:
    client = busy.test_client()
    for path in (
        f"/{file.name}{suffix}",
        f"/static/{file.name}{suffix}",
        f"/..{file}{suffix}",
        f"/%2e%2e{file}{suffix}",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert b"SQLite format" not in answer.data and SECRET.encode() not in answer.data


@pytest.mark.parametrize(
    "text",
    ["ATTACH '/tmp/x.db' AS x", "DETACH main", "PRAGMA writable_schema = 1", "PRAGMA journal_mode = OFF",
     "SELECT load_extension('/tmp/x.so')", "PRAGMA foreign_keys = 0", "VACUUM INTO '/tmp/x.db'"],
)  # fmt: skip
def test_a_statement_that_leaves_the_file_or_its_rules_is_refused(busy: Flask, text: str) -> None:
    """No request can send a statement; if one could, the connection would still refuse these."""
    database = busy.extensions["dragoman"].state.current().databases["default"]
    with pytest.raises(Exception, match=".") as caught:
        database.fetch(text)
    assert type(caught.value).__module__.startswith("sql.")
    assert not Path("/tmp/x.db").exists()
