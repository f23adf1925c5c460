"""Statements that are slow are in the log, with their text and their time, never with a value."""

import json
from collections.abc import Callable
from io import StringIO

import pytest

from crud.snapshots.reloading import reload
from sql.database import Options
from sql.errors import SqlError
from sql.opening import open_database
from sql.timed import TimedDatabase
from tests.dialects.conftest import ROOT, Fresh, fresh_app
from tests.telemetry.conftest import Lines

ALL = "\ntelemetry: {slow_seconds: 0.0000001}\n"
TEXT = (ROOT / "config.yml").read_text().replace("sample: sample/", "")
SECRET = "v4lue-of-mine"
ASKED = [
    ("/api/products", {"where": json.dumps({"name": SECRET})}),
    ("/json/product", {"filter": json.dumps([{"field": "name", "value": SECRET, "comparison": "equals"}])}),
    ("/v1/products", {"filters[name][$eq]": SECRET}),
    ("/schema/main/products", {"filter-expression": f"name = '{SECRET}'"}),
    ("/items/products", {"filter": json.dumps({"name": SECRET})}),
]


def test_a_slow_statement_is_logged_and_no_value(
    fresh: Fresh, make_app: Callable[..., object], lines: Lines, log: StringIO
) -> None:
    slow = fresh_app(make_app(TEXT + ALL, fresh.snapshot.system.url))  # type: ignore[arg-type]
    for path, parameters in ASKED:
        answer = slow.client.get(path, query_string=parameters, headers={**slow.user, "X-Request-Id": "asked"})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        said = [line for line in lines("slow statement") if line.get("request_id") == "asked"]
        assert any('"products"' in str(line["statement"]) for line in said), path
        assert all(line["source"] == "default" and line["ms"] > 0 for line in said)  # type: ignore[operator]
        log.seek(0)
        assert SECRET not in log.read()
        log.truncate(0)
        log.seek(0)
    body = {"name": SECRET, "price": 5}
    assert slow.client.post("/items/products", json=body, headers=slow.admin).status_code == 201
    texts = [str(line["statement"]) for line in lines("slow statement")]
    assert any(text.startswith("INSERT INTO") for text in texts) and "COMMIT" in texts
    assert SECRET not in log.getvalue()


def test_as_configured_nothing_here_is_slow(fresh: Fresh, lines: Lines) -> None:
    assert fresh.client.get("/items/products", headers=fresh.user).status_code == 200
    assert lines("slow statement") == [] and len(lines("request")) == 1


def test_a_reload_puts_another_threshold_in_force(fresh: Fresh, make_app: Callable[..., object], lines: Lines) -> None:
    app = fresh_app(make_app(TEXT, fresh.snapshot.system.url))  # type: ignore[arg-type]
    assert reload(app.app.extensions["dragoman"].state).changed
    assert app.client.get("/items/products").status_code == 200 and lines("slow statement") == []


class Told(list[str]):
    """Texts that an observer was told."""

    waits = 0

    def ran(self, text: str, seconds: float) -> None:
        """A statement."""
        assert seconds > 0
        self.append(text)

    def waited(self, seconds: float) -> None:
        """A beginning."""
        assert seconds > 0
        self.waits += 1


def test_every_way_to_ask_is_told(database_url: str) -> None:
    told = Told()
    database = TimedDatabase(open_database(database_url, options=Options()), told)
    mark = "?" if database.backend.name == "sqlite" else "%s"
    told.clear()
    insert, select = f"INSERT INTO told (n) VALUES ({mark})", "SELECT n FROM told ORDER BY n"
    with database.evolving() as session:
        session.execute("CREATE TABLE told (n integer)")
    with database.transaction() as session:
        session.lock("told")
        session.execute(insert, (1,))
        session.run_many(insert, [(2,), (3,)], returning=False)
        assert session.fetch(select) == [(1,), (2,), (3,)]
    assert (told, told.waits) == (["CREATE TABLE told (n integer)", insert, insert, select, "COMMIT"], 1)
    told.clear()
    with database.read() as session:
        session.fetch(select)
    with database.stream(select, size=2) as chunks:
        assert list(chunks) == [[(1,), (2,)], [(3,)]]
    with database.stream("SELECT n FROM told WHERE n > 9") as chunks:
        assert list(chunks) == []
    with pytest.raises(SqlError):
        database.fetch("SELECT nothing FROM told")
    assert told == [select, select, "SELECT n FROM told WHERE n > 9", "SELECT nothing FROM told"]
    assert database.connections().open >= 1
    with database.transaction() as session:
        session.execute("DROP TABLE told")
    database.close()
    assert database.connections().open == 0
