"""Kept answers over HTTP: who is given them, what makes them anew, what is never kept; on both databases.

Rows that are changed behind the service's back show whether an answer was kept: a kept one does not know of it.
"""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud import keeping
from crud.caching.store import StoreFailed
from crud.identity.accounts import sql_for
from crud.snapshots.revision import revision
from crud.snapshots.state import Snapshot
from tests.caching.watching import ROWS, Read, Write, watched
from tests.dialects.conftest import BACKENDS, close, token_of
from tests.newcomers import create_account
from tests.postgres import new_postgres

CONFIG = """
sources: {default: {database: "${DATABASE_URL}", options: {pool_size: 3}}}
auth: {secret: "${DRAGOMAN_SECRET}"}
roles: {keeper: ra}
schemas:
  main:
    entities:
      shelves:
        fields: {id: {type: integer, key: true}, name: {type: string}}
        rules: [{role: user, actions: [read]}]
      loans:
        tenant: org
        fields: {id: {type: integer, key: true}, org: {type: uuid, references: tenants}}
        rules: [{role: user, actions: [read]}]
      books:
        fields:
          id: {type: integer, key: true}
          title: {type: string}
          price: {type: decimal, precision: 8, scale: 2}
          shelf_id: {type: integer, references: shelves, on_delete: cascade}
          owner: {type: string}
          due: {type: datetime}
          secret: {type: string}
          account_id: {type: uuid, references: accounts}
        rules:
          - {role: user, actions: [read], fields: [id, title, price, shelf_id], where: {owner: $CURRENT_USER}}
          - {role: late, actions: [read], where: {due: {lt: $NOW}}}
          - {role: manager, actions: [read]}
"""
BOOKS = "/schema/main/books"


@dataclass
class Library:
    """An application, another worker over the same database, and their callers."""

    app: Flask
    other: Flask
    tokens: dict[str, str]
    ids: dict[str, str]

    @property
    def snapshot(self) -> Snapshot:
        found: Snapshot = self.app.extensions["dragoman"].state.current()
        return found

    def get(self, query: str = "cache=60", who: str = "admin", *, other: bool = False, path: str = BOOKS) -> Any:
        found = self.client(other).get(f"{path}?{query}", headers=self.headers(who))
        assert found.status_code == 200, found.text
        return found.json

    def titles(self, query: str = "cache=60", who: str = "admin", **options: Any) -> list[str]:
        return [row["title"] for row in self.get(query, who, **options)["rows"]]

    def client(self, other: bool = False) -> FlaskClient:
        return (self.other if other else self.app).test_client(use_cookies=False)

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def send(self, method: str, path: str, body: object, *, other: bool = True) -> None:
        found = self.client(other).open(path, method=method, json=body, headers=self.headers("admin"))
        assert found.status_code < 300, found.text

    def secretly(self, text: str, *values: object) -> None:
        """Change rows behind the service's back."""
        system = self.snapshot.system
        with system.transaction() as session:
            session.execute(sql_for(system, text), values)


@pytest.fixture(scope="module", params=BACKENDS)
def home(request: pytest.FixtureRequest, make_app: Callable[..., Flask]) -> Library:
    """A library in a database of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('tmp_path_factory').mktemp('library') / 'db'}"
    else:
        url = new_postgres(request.getfixturevalue("postgres_server"))
    app, other = make_app(CONFIG, url), make_app(CONFIG, url)
    system = app.extensions["dragoman"].state.held.system
    roles = {
        "admin": "administrator",
        "user": "user",
        "second": "user",
        "late": "late",
        "manager": "manager",
        "keeper": "keeper",
    }
    text = "INSERT INTO _dragoman_roles (id, name, is_tenant_specific) VALUES (?, ?, ?)"
    with system.transaction() as session:
        for name in ("late", "manager", "keeper"):
            session.execute(sql_for(system, text), (str(uuid.uuid4()), name, False))
    ids = {name: create_account(system, email=f"{name}@example.com", roles=[role]) for name, role in roles.items()}
    return Library(app, other, {name: token_of(app, id) for name, id in ids.items()}, ids)


@pytest.fixture
def library(home: Library) -> Library:
    """Three books, and nothing kept."""
    home.send("DELETE", BOOKS, {})
    home.send("DELETE", "/schema/main/shelves", {})
    home.send("POST", "/schema/main/shelves", {"data": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]})
    data = [
        {"id": 1, "title": "one", "price": 1, "shelf_id": 1, "owner": home.ids["user"], "due": "2020-01-01T00:00:00Z"},
        {
            "id": 2,
            "title": "two",
            "price": 2.5,
            "shelf_id": 2,
            "owner": home.ids["second"],
            "due": "2020-01-01T00:00:00Z",
        },
        {
            "id": 3,
            "title": "three",
            "price": 3,
            "shelf_id": 2,
            "owner": home.ids["user"],
            "due": "2999-01-01T00:00:00Z",
        },
    ]
    home.send("POST", BOOKS, {"data": data})
    return home


def test_an_answer_is_kept_for_every_worker_until_somebody_writes(library: Library) -> None:
    first = library.get()
    assert first["metadata"]["__CACHE__"] is True
    library.secretly("UPDATE books SET title = 'changed'")
    assert library.get() == library.get(other=True) == first
    assert library.titles("") == ["changed"] * 3
    library.send("PATCH", BOOKS, {"filter": {"id": 2}, "data": {"title": "second"}})
    assert library.titles() == library.titles(other=True) == ["changed", "second", "changed"]


def test_a_kept_answer_is_the_text_of_a_fresh_one(library: Library) -> None:
    plain, filled, hit = (library.get(query) for query in ("", "cache=60", "cache=60"))
    assert filled == hit
    assert {name: filled[name] for name in ("rows", "fields", "schema", "entity", "status")} == {
        name: plain[name] for name in ("rows", "fields", "schema", "entity", "status")
    }
    assert plain["metadata"] == {}
    assert abs(hit["metadata"]["__CACHE_EXPIRE__"] / 1000 - 60 - time.time()) < 30


def test_a_kept_answer_says_its_age_and_no_one_else_may_keep_it(library: Library) -> None:
    for _ in range(2):
        found = library.client().get(f"{BOOKS}?cache=60", headers=library.headers("admin"))
        assert (found.headers["Age"].isdecimal(), found.headers["Cache-Control"]) == (True, "no-store")
    assert "Age" not in library.client().get(BOOKS, headers=library.headers("admin")).headers


WRITES: list[tuple[str, str, object]] = [
    ("POST", BOOKS, {"data": {"id": 9, "title": "nine"}}),
    ("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "uno"}}),
    ("DELETE", BOOKS, {"filter": {"id": 1}}),
    ("DELETE", "/schema/main/shelves", {"filter": {"id": 1}}),
    ("PATCH", "/items/books/1", {"title": "uno"}),
    ("POST", "/items/books/bulk", [{"id": 9, "title": "nine"}]),
    ("DELETE", "/v1/books/1", None),
    ("POST", "/json/books", {"id": 9, "title": "nine"}),
    ("DELETE", "/api/books/1", None),
]


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[0]} {write[1]}")
def test_a_write_of_any_dialect_on_any_worker_makes_answers_anew(library: Library, write: tuple[str, str, Any]) -> None:
    library.get()
    library.secretly("UPDATE books SET title = 'changed' WHERE id = 3")
    assert library.titles()[2] == "three"
    library.send(*write)
    assert "changed" in library.titles()


def test_a_write_elsewhere_leaves_an_answer(library: Library) -> None:
    library.get()
    library.secretly("UPDATE books SET title = 'changed'")
    library.send("PATCH", "/schema/main/shelves", {"filter": {"id": 1}, "data": {"name": "z"}})
    assert library.titles() == ["one", "two", "three"]


def test_an_answer_depends_on_the_tables_of_its_paths(library: Library) -> None:
    query = "fields=title,shelf.name&cache=60"
    assert library.get(query)["rows"][0] == {"title": "one", "shelf.name": "a"}
    library.send("PATCH", "/schema/main/shelves", {"filter": {"id": 1}, "data": {"name": "z"}})
    assert library.get(query)["rows"][0] == {"title": "one", "shelf.name": "z"}


def test_a_write_that_was_undone_leaves_rows_and_truth(library: Library) -> None:
    library.get()
    body = {"data": [{"id": 7, "title": "seven"}, {"id": 1, "title": "again"}]}
    assert library.client().post(BOOKS, json=body, headers=library.headers("admin")).status_code == 409
    assert library.titles() == ["one", "two", "three"]
    assert library.get()["metadata"]["__CACHE__"] is True


# ---------------------------------------------------------------- who is given what


def test_each_caller_is_given_his_own(library: Library) -> None:
    assert library.titles(who="user") == ["one", "three"]
    assert library.titles(who="second") == ["two"]
    assert library.titles(who="manager") == ["one", "two", "three"]
    assert [*library.get(who="user")["rows"][0]] == ["id", "title", "price", "shelf_id"]
    assert "secret" in library.get(who="manager")["rows"][0]


def test_each_tenant_is_given_its_own(library: Library) -> None:
    system, tokens = library.snapshot.system, []
    for _ in range(2):
        tenant = str(uuid.uuid4())
        library.send("POST", "/items/tenants", {"id": tenant, "name": tenant})
        library.send("POST", "/schema/main/loans", {"data": {"id": uuid.uuid4().int % 10**9, "org": tenant}})
        id = create_account(system, email=f"{tenant}@example.com", roles=["user"], tenant_id=tenant)
        tokens.append((tenant, {"Authorization": f"Bearer {token_of(library.app, id)}"}))
    for tenant, headers in tokens * 2:
        found = library.client().get("/schema/main/loans?cache=60", headers=headers).json
        assert [row["org"] for row in found["rows"]] == [tenant] and found["metadata"]["__CACHE__"] is True


def test_a_tag_is_of_what_its_caller_may_see(library: Library) -> None:
    seen = {who: library.client().get("/api/books/1", headers=library.headers(who)) for who in ("user", "manager")}
    tags = {who: found.headers["ETag"] for who, found in seen.items()}
    assert tags["user"] != tags["manager"]
    assert all("Authorization" in found.headers["Vary"] for found in seen.values())
    for who, other in (("user", "manager"), ("manager", "user")):
        headers = library.headers(who) | {"If-None-Match": tags[other]}
        assert library.client().get("/api/books/1", headers=headers).status_code == 200
    headers = library.headers("second") | {"If-None-Match": tags["user"]}  # who may not see the row any more
    assert library.client().get("/api/books/1", headers=headers).status_code == 404


def test_two_who_may_see_the_same_share_an_answer(library: Library) -> None:
    first = library.get("fields=title&cache=60", who="admin")
    library.secretly("UPDATE books SET title = 'changed'")
    assert library.get("fields=title&cache=60", who="manager") == first


def test_values_of_other_types_are_other_questions(library: Library) -> None:
    library.send("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "1"}})
    assert library.titles('filter={"title":"1"}&cache=60') == ["1"]
    assert library.titles('filter={"title":"1.0"}&cache=60') == []
    assert library.titles('filter={"id":1}&cache=60') == ["1"]
    assert library.titles('filter={"id":2}&cache=60') == ["two"]


def test_a_right_that_was_taken_takes_its_answers(library: Library) -> None:
    library.send("POST", "/items/baasix_Role", {"name": "guest"})
    (role,) = library.snapshot.system.fetch("SELECT id FROM _dragoman_roles WHERE name = 'guest'")[0]
    rule = {"role_Id": role, "collection": "books", "action": "read", "fields": ["title"]}
    made = library.client().post("/permissions", json=rule, headers=library.headers("admin")).json
    id = create_account(library.snapshot.system, email=f"{uuid.uuid4().hex}@example.com", roles=["guest"])
    guest = {"Authorization": f"Bearer {token_of(library.app, id)}"}
    assert library.client().get(f"{BOOKS}?cache=60", headers=guest).json["rows"][0] == {"title": "one"}
    library.send("PATCH", f"/permissions/{made['id']}", {"fields": ["id"]})
    assert library.client().get(f"{BOOKS}?cache=60", headers=guest).json["rows"][0] == {"id": 1}
    library.send("DELETE", f"/permissions/{made['id']}", None)
    assert library.client().get(f"{BOOKS}?cache=60", headers=guest).status_code in (403, 404)
    library.send("DELETE", f"/items/baasix_Role/{role}", None)


def test_the_longest_time_is_that_of_the_configuration(library: Library) -> None:
    metadata = library.get("cache=999999999999")["metadata"]
    assert metadata["__CACHE_EXPIRE__"] / 1000 <= time.time() + 3600


def test_an_answer_is_no_older_than_its_reader_says(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.get("cache=600")
    library.secretly("UPDATE books SET title = 'changed'")
    now = time.time() + 100
    monkeypatch.setattr("crud.keeping.time.time", lambda: now)
    assert library.titles("cache=101") == ["one", "two", "three"]
    assert library.titles("cache=99") == ["changed"] * 3


# ---------------------------------------------------------------- what is never kept

NEVER = ["cache=0", "", 'filter={"id":77}&cache=60', "fields=title,account.email&cache=60"]


@pytest.mark.parametrize("query", NEVER)
def test_what_is_not_kept_does_not_say_so(library: Library, query: str) -> None:
    for _ in range(2):
        assert library.get(query)["metadata"] == {}


def test_what_depends_on_the_time_is_not_kept(library: Library) -> None:
    assert library.titles(who="late") == ["one", "two"]
    assert library.get(who="late")["metadata"] == {}


def test_our_own_tables_are_not_kept(library: Library) -> None:
    assert library.get(path="/schema/system/accounts")["metadata"] == {}


def test_a_cache_that_is_switched_off_keeps_nothing(make_app: Callable[..., Flask], library: Library) -> None:
    app = make_app(CONFIG + "cache: {enabled: false}\n", library.snapshot.system.url)
    off = Library(app, app, library.tokens, library.ids)
    assert off.get()["metadata"] == off.get()["metadata"] == {}
    assert off.client().get("/cache/view", headers=off.headers("admin")).json["data"]["Rows"] == []
    assert off.client().post("/cache/purge", headers=off.headers("admin")).status_code == 200
    off.send("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "uno"}})


# ---------------------------------------------------------------- many at once, and stores that fail


def test_many_who_ask_for_the_same_at_once_are_answered_by_one_reading(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, before = [], keeping.reading.answer
    together = threading.Barrier(8)

    def counting(*asked: Any) -> Any:
        read.append(1)
        threading.Event().wait(0.1)
        return before(*asked)

    def ask(number: int) -> Any:
        together.wait()
        return library.get(other=bool(number % 2))

    monkeypatch.setattr(keeping.reading, "answer", counting)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(read) == 1 and all(each == answers[0] for each in answers)


@pytest.fixture
def broken(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """What makes the store of this worker fail, but not that of the other."""
    cache = library.snapshot.cache
    assert cache is not None

    def failing(*_: object) -> Any:
        raise StoreFailed("it was pulled out")

    def pull() -> None:
        for name in ("get", "put", "marks", "mark", "turn"):
            monkeypatch.setattr(cache._store, name, failing, raising=True)

    yield pull
    monkeypatch.undo()
    cache._rest = 0.0


def test_without_the_store_reads_are_answered_and_writes_are_known_to_everybody(
    library: Library, broken: Callable[[], None]
) -> None:
    library.get(other=True)
    library.secretly("UPDATE books SET title = 'changed' WHERE id = 3")
    assert library.titles(other=True) == ["one", "two", "three"]
    broken()
    assert library.get()["metadata"] == {} and library.titles()[2] == "changed"
    before = revision(library.snapshot.system)
    library.send("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "uno"}}, other=False)
    assert revision(library.snapshot.system).cache != before.cache
    assert library.titles(other=True) == ["uno", "two", "changed"]
    assert library.get(other=True)["metadata"]["__CACHE__"] is True


def test_a_store_that_fails_after_commit_makes_no_write_old(
    library: Library, broken: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = library.snapshot.cache
    assert cache is not None
    library.get(other=True)

    def pulled(ids: Any, closed: Any = ()) -> None:
        raise StoreFailed("it was pulled out")

    monkeypatch.setattr(cache._ledger.__class__, "renew", lambda self, *ids: pulled(ids))
    library.send("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "uno"}}, other=False)
    assert library.titles(other=True) == ["uno", "two", "three"]


def test_memory_is_for_one_worker_and_the_other_makes_its_writes_known(
    make_app: Callable[..., Flask], library: Library
) -> None:
    text = CONFIG + "cache: {store: memory}\n"
    first, second = (make_app(text, library.snapshot.system.url) for _ in range(2))
    memory = Library(first, second, library.tokens, library.ids)
    try:
        assert memory.get()["metadata"]["__CACHE__"] is True
        memory.secretly("UPDATE books SET title = 'changed' WHERE id = 3")
        assert memory.titles() == ["one", "two", "three"]
        assert memory.get(other=True)["metadata"] == {}
        memory.send("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "uno"}}, other=True)
        assert memory.titles() == ["uno", "two", "changed"]
        memory.send("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "eins"}}, other=False)
        assert memory.titles() == ["eins", "two", "changed"]
    finally:
        close(first, second)


def test_a_command_that_is_started_in_another_folder_makes_its_writes_known(
    make_app: Callable[..., Flask], library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, url = CONFIG + "cache: {path: kept}\n", library.snapshot.system.url
    (tmp_path / "books.csv").write_text("id,title\n4,four\n")
    made = []
    for name in ("service", "elsewhere"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        made.append(make_app(text, url))
    apart = Library(*made, library.tokens, library.ids)
    try:
        assert apart.titles() == ["one", "two", "three"]
        words = ["data", "import", str(tmp_path / "books.csv"), "books"]
        answer = apart.other.test_cli_runner().invoke(args=words)
        assert answer.exit_code == 0, answer.output
        assert apart.titles() == ["one", "two", "three", "four"]
    finally:
        close(*made)


def test_no_read_is_older_than_the_last_acknowledged_write(library: Library) -> None:
    def callers() -> tuple[Read, Write]:
        first, second = library.client(), library.client(other=True)
        chance = random.Random(1)

        def read() -> tuple[dict[int, int], int | None]:
            client = chance.choice((first, second))
            body: Any = client.get(f"{BOOKS}?cache=60&fields=id,title", headers=library.headers("admin")).json
            return {row["id"]: int(row["title"]) for row in body["rows"]}, body["metadata"].get("__CACHE_EXPIRE__")

        def write(row: int, number: int) -> None:
            body = {"filter": {"id": row}, "data": {"title": str(number)}}
            client = chance.choice((first, second))
            assert client.patch(BOOKS, json=body, headers=library.headers("admin")).status_code == 204

        return read, write

    _, write = callers()
    for row in range(1, ROWS + 1):
        write(row, 0)
    seen = watched(4, 200, 0.2, callers)
    assert seen.old == [] and seen.reads + seen.writes == 200 and seen.found


# ---------------------------------------------------------------- tables behind tables


def test_what_changes_rows_unseen_makes_all_answers_of_its_database_anew(
    make_app: Callable[..., Flask], empty_url: str
) -> None:
    text = CONFIG.replace(
        "      books:\n", "      seen: {table: seen, fields: {id: {type: integer, key: true}}}\n      books:\n"
    )
    plain = make_app(CONFIG, empty_url)
    system = plain.extensions["dragoman"].state.held.system
    with system.transaction() as session:
        session.execute("CREATE VIEW seen AS SELECT id, title FROM books")
    app = make_app(text, empty_url)
    id = create_account(system, email="admin@example.com", roles=["administrator"])
    made = Library(app, app, {"admin": token_of(app, id)}, {"admin": id})
    made.send("POST", BOOKS, {"data": {"id": 1, "title": "one"}})
    assert made.get(path="/schema/main/seen")["rows"][0] == made.get(path="/schema/main/seen")["rows"][0]
    made.send("PATCH", BOOKS, {"filter": {"id": 1}, "data": {"title": "uno"}})
    assert made.titles(path="/schema/main/seen") == ["uno"]


# ---------------------------------------------------------------- looking after it


def test_the_view_shows_what_is_kept(library: Library) -> None:
    library.client().post("/cache/purge", headers=library.headers("admin"))
    library.get("fields=id,title&filter={id:1}&cache=60", who="manager")
    (row,) = library.client().get("/cache/view", headers=library.headers("admin")).json["data"]["Rows"]
    assert len(row["hash"]) == 128 and row["expires"] > 1_700_000_000_000
    assert (row["schema"], row["entity"]) == ("main", "books")
    assert row["schemaRequest"] == {"fields": "id,title", "filter": "{id:1}", "cache": "60"}
    assert row["data"] == {
        "Name": "books",
        "Fields": {"id": "number", "title": "string"},
        "Rows": [{"id": 1, "title": "one"}],
        "MetaData": {},
    }
    library.send("PATCH", BOOKS, {"filter": {"id": 3}, "data": {"title": "tres"}})
    assert library.client().get("/cache/view", headers=library.headers("admin")).json["data"]["Rows"] == []


def test_clean_forgets_what_is_given_no_more_and_purge_everything(library: Library) -> None:
    admin, cache = library.headers("admin"), library.snapshot.cache
    assert cache is not None
    library.client().post("/cache/purge", headers=admin)
    library.get()
    library.send("PATCH", BOOKS, {"filter": {"id": 3}, "data": {"title": "tres"}})
    library.get()
    assert len(list(cache._store.entries())) == 2
    cleaned = library.client().post("/cache/clean", headers=admin)
    assert (cleaned.status_code, cleaned.json) == (200, {"message": "Cache cleaned"})
    assert len(list(cache._store.entries())) == len(cache.view()) == 1
    library.secretly("UPDATE books SET title = 'changed'")
    assert library.titles()[0] == "one"
    purged = library.client(other=True).post("/cache/purge", headers=library.headers("keeper"))
    assert (purged.status_code, purged.json) == (200, {"message": "Cache purged"})
    assert list(cache._store.entries()) == []
    assert library.titles() == ["changed"] * 3


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/cache/view"), ("POST", "/cache/clean"), ("POST", "/cache/purge")]
)
def test_the_cache_is_looked_after_by_administrators(library: Library, method: str, path: str) -> None:
    client = library.client()
    assert client.open(path, method=method).status_code == 401
    for who in ("user", "manager"):
        refused = client.open(path, method=method, headers=library.headers(who))
        assert (refused.status_code, refused.json) == (403, {"error": "Permission denied"})
    assert client.get("/cache/view", headers=library.headers("keeper")).status_code == 403
    assert client.post("/cache/clean", json={"all": 1}, headers=library.headers("admin")).status_code == 400
