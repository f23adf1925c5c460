"""The statements that writes send: each UPDATE and DELETE carries the condition of its request and the caller's rule.

They are read where the database sees them: in SQLite's trace and in PostgreSQL's driver, never out of our own builder.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
import pytest

from tests.attacks.writing import ALICE, DELETE, UPDATE, Row, Way, Written

RULE = re.compile(r'"owner" (?:COLLATE \S+ )?= ')
TENANT = re.compile(r'"org" (?:COLLATE \S+ )?= ')
ALIVE = re.compile(r'"gone" IS NULL')


@contextmanager
def seen(written: Written) -> Iterator[list[str]]:
    """The statements that change rows, while the block runs."""
    texts: list[str] = []
    if written.url.startswith("sqlite"):
        with traced(written, texts):
            yield texts
        return
    original = psycopg.Cursor.execute

    def execute(cursor, query, *more, **options):  # type: ignore[no-untyped-def]
        texts.append(str(query))
        return original(cursor, query, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", execute)
        yield texts


@contextmanager
def traced(written: Written, texts: list[str]) -> Iterator[None]:
    """SQLite tells each statement of the connection that writes."""
    with written.database.transaction() as session:
        connection = session.observed.connection  # type: ignore[attr-defined]
    connection.set_trace_callback(texts.append)
    try:
        yield
    finally:
        connection.set_trace_callback(None)


def changing(texts: list[str]) -> list[str]:
    return [text for text in texts if re.match(r"\s*(UPDATE|DELETE)\b", text)]


CASES: Mapping[str, tuple[Row, re.Pattern[str]]] = {
    "papers": ({"title": "x"}, RULE),
    "clients": ({"name": "x"}, TENANT),
    "parts": ({"name": "x"}, ALIVE),
}


@pytest.mark.parametrize("resource", CASES)
def test_each_statement_carries_the_key_and_the_rule(written: Written, resource: str) -> None:
    row, rule = CASES[resource]
    for ways in (
        [make(resource, 1, row) for make in UPDATE.values()],
        [make(resource, 1) for make in DELETE.values()],
    ):
        for way in ways:
            written.refill()
            with seen(written) as texts:
                assert written.send(way).status_code < 300, way
            changes = changing(texts)
            assert changes, (way, texts)
            for text in changes:
                where = text.partition(" WHERE ")[2]
                assert '"id"' in where and rule.search(where), (way, text)


def test_a_change_without_a_filter_carries_the_rule(written: Written) -> None:
    for resource, (row, rule) in CASES.items():
        for way in (
            ("PATCH", f"/schema/main/{resource}", {"data": row}),
            ("DELETE", f"/schema/main/{resource}", {}),
        ):
            written.refill()
            with seen(written) as texts:
                assert written.send(way).status_code in (204, 409), way
            assert changing(texts)
            for text in changing(texts):
                assert rule.search(text.partition(" WHERE ")[2]), (way, text)


# ---------------------------------------------------------------- conditions that are none

EMPTY: tuple[object, ...] = ({}, "{}", {"AND": []}, [], "", None, {"1": 1}, {"nosuch": 1}, {"": ""})


def unfiltered() -> Iterator[tuple[Way, tuple[int, ...]]]:
    """Requests that could be read as being for every row, and how they may be answered."""
    row: Row = {"title": "HACKED"}
    for empty in EMPTY:
        yield ("POST", "/api/papers/updateIfExists", {"filter": empty, "data": row}), (400,)
        yield ("POST", "/api/papers/createIfNotExists", {"filter": empty, "data": row}), (400,)
    for text in ("", "?filter=[]", "?baseFilter=[]", "?filter=[]&baseFilter=[]", "?filter={}", "?filter=", "?filter=null",
                 "?filter=1", "?fields=id", "?columns=id", "?filter=[[]]", "?filter=[{}]", "?textSearchValue=",
                 "?filter=[]&textSearchFields=title&textSearchValue=M"):  # fmt: skip
        yield ("DELETE", f"/json/papers{text}", None), (400,)
    for path in ("/v1/papers", "/api/v1/papers", "/items/papers"):
        yield ("DELETE", path, {}), (404, 405)
        yield ("PUT", path, {"data": row}), (404, 405)
        yield ("PATCH", path, {"data": row}), (404, 405)
    yield ("DELETE", "/items/papers/bulk", [None]), (400, 403)
    yield ("DELETE", "/items/papers/bulk", [{}]), (400, 403)
    yield ("DELETE", "/items/papers/bulk", ["*"]), (400, 403)
    yield ("DELETE", "/items/papers/bulk", [[]]), (400, 403)
    yield ("DELETE", "/items/papers/bulk", {}), (400,)
    yield ("DELETE", "/api/papers", {}), (404, 405)
    yield ("POST", "/api/papers/delete", {"filter": {}}), (400,)
    yield ("POST", "/api/papers/delete", {"id": {"ne": 0}}), (400,)
    yield ("POST", "/api/papers/update", {"where": {}, "title": "HACKED"}), (400,)
    for key in ("*", "%", "_", "1 OR 1=1", "1;", "null", "true", "[]", "1,2"):
        yield ("DELETE", f"/api/papers/{key}", None), (400, 404)
        yield ("DELETE", f"/json/papers/{key}", None), (400, 404)
        yield ("DELETE", f"/v1/papers/{key}", None), (400, 404)
        yield ("DELETE", f"/items/papers/{key}", None), (400, 403)


def test_what_could_be_read_as_every_row_is_refused(written: Written) -> None:
    before = written.whole()
    for way, expected in unfiltered():
        answer = written.send(way)
        assert answer.status_code in expected, (way, answer.get_data(as_text=True))
    assert written.whole() == before


CONDITIONS: list[Row] = [{"filter": {"nosuch": 1}}, {"where": {}}, {"filter": []}, {"filter": None},
    {"filter-expression": ""}, {"filter-expression": "1=1"}, {"fields": "id"},
    {"filter": {"id": {"nosuch": 1}}}, {"lookup": {"id": 1}}, {"filter": "1=1"}, {"filter": {"1": 1}}]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS)
def test_metal_takes_no_condition_that_it_cannot_read(written: Written, condition: Row) -> None:
    before = written.whole()
    for method, body in (("PATCH", {"data": {"title": "HACKED"}, **condition}), ("DELETE", condition)):
        answer = written.send((method, "/schema/main/papers", body))
        assert answer.status_code == 400, (method, answer.get_data(as_text=True))
    assert written.whole() == before


def test_a_parameter_of_the_url_is_no_condition_of_metal(written: Written) -> None:
    before = written.whole()
    for query in ("filter={}", 'filter={"id":1}', "filter-expression=id=1", "id=1"):
        answer = written.send(("DELETE", f"/schema/main/papers?{query}", {}))
        assert answer.status_code == 400, answer.get_data(as_text=True)
    assert written.whole() == before


# ---------------------------------------------------------------- how many at once


def test_a_guarded_schema_refuses_changes_of_everything(written: Written) -> None:
    before = written.whole()
    for condition in list[Row]([{}, {"filter": {}}, {"filter": "{}"}]):
        for method, body in (("PATCH", {"data": {"name": "HACKED"}, **condition}), ("DELETE", condition)):
            answer = written.send((method, "/schema/guarded/safes", body))
            assert answer.status_code == 400, answer.json
    assert written.whole() == before
    assert written.send(("DELETE", "/schema/guarded/safes", {"filter": {"id": 1}})).status_code == 204
    assert written.rows("SELECT id FROM safes") == [(2,)]


def test_lists_of_rows_have_a_bound(written: Written) -> None:
    before = written.whole()
    rows = [{"id": 100 + n, "title": "x", "owner": ALICE} for n in range(51)]
    for way in (
        ("POST", "/items/papers/bulk", rows),
        ("PATCH", "/items/papers/bulk", rows),
        ("DELETE", "/items/papers/bulk", [row["id"] for row in rows]),
        ("POST", "/schema/main/papers", {"data": rows}),
        ("POST", "/api/batch", {"requests": [{"resource": "papers", "action": "create", "data": r} for r in rows]}),
    ):
        answer = written.send(way)
        assert answer.status_code == 400, (way, answer.json)
        assert "50" in answer.get_data(as_text=True) or "10" in answer.get_data(as_text=True)
    assert written.whole() == before
    assert written.send(("POST", "/items/papers/bulk", rows[:50])).status_code == 201
