"""Attacks by definitions that arrive by request: names, sizes, SQL, and several at once."""

import threading
from collections import Counter
from typing import Any

from tests.dialects.conftest import Fresh
from tests.dialects.schemas.conftest import Home
from tests.dialects.schemas.written import ID, collection
from tests.dialects.speakers import DIALECTS, Speaker
from tests.tables import each

AWKWARD = [
    'a"b',
    "a'b",
    "a`b",
    "a;DROP TABLE orders;--",
    "a) VALUES (1); --",
    "select",
    "order",
    "user_",
    "Table",
    "a b",
    "50%",
    "%s",
    ":name",
    "a\\b",
    "äöü\u201c\u2019",
    "\u202eabc",
    "__proto__",
    "n" * 63,
]
ROUTES = ["bulk", "batch", "schemas"]
REFUSED_NAMES = [
    "",
    "a\x00b",
    "n" * 64,
    "\u00e4" * 32,
    "_dragoman_mine",
    "_DRAGOMAN_mine",
    "sqlite_mine",
    "pg_mine",
    "baasix_Mine",
    "BAASIX_User",
    "users",
    "accounts",
    "baasix_Permission",
    "ORDERS",
    "mine_junction",
    "auth",
    "user",
]
REFUSED_COLUMNS = ["", "a\x00b", "n" * 64, "_dragoman_x", "sqlite_x", "pg_x", "ctid", "XMIN", "tableoid", "ID", "Title"]


def state(home: Home) -> Any:
    """All tables with their columns, and all schemas."""
    tables = {info.table: info.columns for info in home.snapshot.system.tables(include_own=True)}
    return tables, home.well("GET", "/schemas")


@each("dialect", DIALECTS)
def test_names_that_a_database_allows_are_only_names(home: Home, dialect: str) -> None:
    name = AWKWARD[DIALECTS.index(dialect)]
    home.define(name, collection(**{column: {"type": "String"} for column in AWKWARD}))
    speaker = Speaker(Fresh(home.app, home.admin, home.user, home.snapshot), dialect)
    row: dict[str, Any] = {column: f"in {column}" for column in AWKWARD}
    answer = speaker.create(name, row)
    assert answer.status_code == 201, answer.text
    for column in AWKWARD:
        (found,) = speaker.find(name, column, f"in {column}")
        assert found.items() >= row.items()
    assert set(home.snapshot.catalog.resource(name).columns) == {"id", *AWKWARD}
    home.well("DELETE", f"/schemas/{name}")
    assert "orders" in home.snapshot.catalog.resources


def test_words_of_routes_are_names_too_where_they_can_be_reached(home: Home) -> None:
    for name in ROUTES:
        home.define(name, title={"type": "String"})
    fresh = Fresh(home.app, home.admin, home.user, home.snapshot)
    for name in ROUTES:
        for dialect in DIALECTS:
            answer = Speaker(fresh, dialect).create(name, {"title": dialect})
            assert answer.status_code == 201 and Speaker(fresh, dialect).find(name, "title", dialect), (name, dialect)
        home.well("DELETE", f"/schemas/{name}")


def test_a_name_that_is_none_is_refused(home: Home) -> None:
    before = state(home)
    for name in REFUSED_NAMES:
        status, text = home.refused("POST", "/schemas", {"collectionName": name, "schema": collection()})
        assert status in (400, 409), (name, text)
    assert state(home) == before


def test_a_column_that_is_none_is_refused(home: Home) -> None:
    before = state(home)
    for name in REFUSED_COLUMNS:
        fields = {"id": ID, "title": {"type": "String"}, name: {"type": "String"}}
        status, text = home.refused("POST", "/schemas", {"collectionName": "mine", "schema": {"fields": fields}})
        assert status == 400, (name, text)
    assert state(home) == before


HOSTILE: list[dict[str, Any]] = [
    {"type": "Integer", "defaultValue": {"type": "SQL", "value": "(SELECT count(*) FROM _dragoman_users)"}},
    {"type": "String", "defaultValue": {"type": "SQL", "value": "'a'); DROP TABLE orders; --"}},
    {"type": "String", "defaultValue": {"type": "SQL", "value": "pg_read_file('/etc/passwd')"}},
    {"type": "VIRTUAL", "calculated": "(SELECT password_hash FROM _dragoman_users LIMIT 1)"},
    {"type": "VIRTUAL", "calculated": "pg_sleep(9)"},
    {"type": "VIRTUAL", "calculated": "load_extension('x')"},
    {"type": "VIRTUAL", "calculated": "1); DROP TABLE orders; --"},
    {"type": "ENUM", "values": ["a\x00b"]},
    {"type": "String", "validate": {"is": "("}},
    {"type": "Decimal", "values": {"precision": 10**9}},
    {"type": "String", "defaultValue": 12.5e400},
]


def test_sql_in_a_schema_is_refused(home: Home) -> None:
    before = state(home)
    for field in HOSTILE:
        status, text = home.refused("POST", "/schemas", {"collectionName": "mine", "schema": collection(f=field)})
        assert status == 400, (field, text)
        assert "Traceback" not in text and "syntax" not in text
    assert state(home) == before


def test_words_of_a_schema_are_only_words(home: Home) -> None:
    words = ["it's", "50%", "%s", 'a"b', "a\\b", "'); DROP TABLE orders; --"]
    fields = {
        "state": {"type": "ENUM", "values": words, "comment": words[-1]},
        "said": {"type": "String", "defaultValue": words[-1]},
    }
    index = {"name": "i'\"; --", "fields": ["state"]}
    home.define("worded", {**collection(**fields), "name": words[-1], "indexes": [index]})
    for word in words:
        assert home.made("worded", state=word).items() >= {"state": word, "said": words[-1]}.items()
    assert home.ask("POST", "/items/worded", {"state": "other"})[0] == 400
    assert "orders" in home.snapshot.catalog.resources


HIDDEN: list[dict[str, Any]] = [
    {"type": "M2O", "name": "a", "target": "_dragoman_sessions"},
    {"type": "M2O", "name": "a", "target": "_dragoman_users", "foreignKey": "a\x00b"},
    {"type": "M2O", "name": "a", "target": "baasix_User", "foreignKey": "ctid"},
    {"type": "M2O", "name": "a", "target": "baasix_User", "alias": "password_hash"},
    {"type": "M2O", "name": "a", "target": "baasix_User", "alias": "email"},
    {"type": "M2O", "name": "a", "target": "baasix_User", "foreignKey": "id"},
    {"type": "M2M", "name": "a", "target": "baasix_User", "through": "_dragoman_links"},
    {"type": "M2M", "name": "a", "target": "baasix_User", "through": "orders"},
    {"type": "M2M", "name": "a", "target": "baasix_User", "through": "n" * 64},
    {"type": "M2A", "name": "a", "tables": ["_dragoman_sessions"]},
    {"type": "O2M", "name": "a", "target": "baasix_User"},
    {"type": "M2O", "name": "a", "target": {"$ne": 1}},
]


def test_a_relationship_reaches_nothing_that_is_hidden(home: Home) -> None:
    home.define("rooted")
    before = state(home)
    for said in HIDDEN:
        status, text = home.refused("POST", "/schemas/rooted/relationships", said)
        assert status in (400, 404, 409), (said, text)
    assert state(home) == before


def test_a_schema_has_bounds(home: Home) -> None:
    before = state(home)
    many = {f"f{number}": {"type": "Integer"} for number in range(2000)}
    assert home.refused("POST", "/schemas", {"collectionName": "mine", "schema": collection(**many)})[0] == 400
    deep: Any = 1
    for _ in range(100):
        deep = {"a": deep}
    body = {"collectionName": "mine", "schema": collection(f={"type": "JSONB", "defaultValue": deep})}
    assert home.refused("POST", "/schemas", body)[0] == 400
    huge = {"collectionName": "mine", "schema": collection(f={"type": "Text", "defaultValue": "x" * 11_000_000})}
    assert home.refused("POST", "/schemas", huge)[0] == 413
    for odd in (b"[1]", b"{", b'{"a":1,"a":2}', b'"text"', b"null"):
        answer = home.client.post("/schemas", data=odd, headers=home.admin, content_type="application/json")
        assert answer.status_code == 400
    assert state(home) == before


def test_of_two_who_define_the_same_one_wins(home: Home) -> None:
    answers: Counter[int] = Counter()
    barrier = threading.Barrier(2)

    def define(kind: str) -> None:
        for number in range(2):
            body = {"collectionName": f"raced{number}", "schema": collection(f={"type": kind})}
            barrier.wait()
            answers[home.ask("POST", "/schemas", body)[0]] += 1

    threads = [threading.Thread(target=define, args=(kind,)) for kind in ("String", "Integer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {201: 2, 409: 2}
    for number in range(2):
        (kind,) = {home.schema(f"raced{number}")["fields"]["f"]["type"]}
        column = home.snapshot.catalog.resource(f"raced{number}").column("f")
        assert column.type.name == kind.lower()


def test_different_collections_may_be_defined_at_once(home: Home) -> None:
    statuses: list[int] = []

    def define(letter: str) -> None:
        for number in range(2):
            body = {"collectionName": f"beside_{letter}{number}", "schema": collection()}
            statuses.append(home.ask("POST", "/schemas", body)[0])

    threads = [threading.Thread(target=define, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 4
