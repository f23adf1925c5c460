"""Names in bodies, and parameters beside them: what a write does not know changes nothing, and is nowhere near SQL."""

import io
import itertools
import json

import pytest

from tests.attacks.test_error_texts import clean
from tests.attacks.writing import ALICE, CREATE, DELETE, UPDATE, Row, Written, batch

NASTY = [
    'title"', "title'", 'title" = "title', "title]", "title;", "title; DROP TABLE papers", "title--", "title) VALUES (1)--",
    "title/**/", "ti\x00tle", "title\u201d", "\uff07", "n" * 64, "é" * 64, "x" * 5000, "[title]", "title::text", "papers.title",
    "rowid", "ctid", "%s", "%(x)s", "?1", ":title", "$1", "__proto__", "constructor", "", " title", "title\n", "\\", "TITLE",
    "$set", "$where", "data.a", "secret'", "*",
]  # fmt: skip
DROPPING = "baasix"


@pytest.mark.parametrize("dialect", CREATE)
def test_no_member_of_a_new_row_is_a_name_in_sql(written: Written, dialect: str) -> None:
    before = written.whole()
    for number, name in enumerate(NASTY, 100):
        answer = written.send(CREATE[dialect]("papers", {"id": number, "title": "New", "owner": ALICE, name: "HACKED"}))
        assert answer.status_code == (201 if dialect.startswith(DROPPING) else 400), (name, answer.json)
        assert clean(answer.status_code, answer.get_data(as_text=True), name)
    assert "HACKED" not in str(written.whole())
    assert dialect.startswith(DROPPING) or written.whole() == before


@pytest.mark.parametrize("dialect", UPDATE)
def test_no_member_of_a_change_is_a_name_in_sql(written: Written, dialect: str) -> None:
    before = written.whole()
    for name in (each for each in NASTY if each != "TITLE" or dialect != "metal"):  # which minds no case
        answer = written.send(UPDATE[dialect]("papers", 1, {name: "HACKED"}))
        assert answer.status_code == (200 if dialect.startswith(DROPPING) else 400), (name, answer.json)
        assert clean(answer.status_code, answer.get_data(as_text=True), name)
    assert written.whole() == before


def test_no_column_of_a_file_is_a_name_in_sql(written: Written) -> None:
    for number, name in enumerate(each for each in NASTY if each.strip() and "\x00" not in each):
        row = {"id": 100 + number, "title": "New", "owner": ALICE, name: "HACKED"}
        for form, data in (("json", json.dumps([row]).encode()), ("csv", csv_of(row))):
            body = {f"{form}File": (io.BytesIO(data), f"x.{form}")}
            path = f"/items/papers/import-{form}"
            answer = written.send(("POST", path, None), data=body, content_type="multipart/form-data")
            assert answer.status_code in (200, 400, 409)
            assert clean(answer.status_code, answer.get_data(as_text=True), name), (name, answer.json)
    assert "HACKED" not in str(written.whole())


def csv_of(row: Row) -> bytes:
    def line(values: list[str]) -> str:
        return ",".join('"' + value.replace('"', '""') + '"' for value in values)

    return f"{line(list(row))}\r\n{line([str(value) for value in row.values()])}\r\n".encode()


@pytest.mark.parametrize(
    "name", ["papers'", 'papers"', "papers;--", "papers p", "PAPERS", "main.papers.x", "%00", "__proto__"]
)
def test_no_resource_of_a_write_is_a_name_in_sql(written: Written, name: str) -> None:
    before = written.whole()
    row: Row = {"id": 100, "title": "HACKED", "owner": ALICE}
    ways = [make(name, row) for make in CREATE.values()]
    ways += [make(name, 1, {"title": "HACKED"}) for make in UPDATE.values()] + [
        make(name, 1) for make in DELETE.values()
    ]
    for way in (*ways, batch(name, "read", {"id": 1}), batch("papers", name, {"id": 1})):
        answer = written.send(way)
        assert answer.status_code in (400, 404, 405), (way, answer.json)
    assert written.whole() == before


# ---------------------------------------------------------------- parameters beside a body

FOREIGN = [
    *(
        "where",
        "where[id]",
        "filters[id]",
        "lookup",
        "_where",
        "$filter",
        "deep",
        "force",
        "all",
        "token",
        "access_token",
    ),
    *(
        "_method",
        "__proto__",
        "role",
        "tenant",
        "tenant_id",
        "upsert",
        "returning",
        "on_conflict",
        "jwtCookie",
        "id",
        "",
    ),
]
# What a dialect knows beside a write: how the row is shown, or which rows are meant.
OWN = {"xond": {"filter", "baseFilter", "filterClause", "include", "columns"}}


@pytest.mark.parametrize("dialect", sorted({*CREATE, *UPDATE, *DELETE}))
def test_a_parameter_that_a_write_does_not_know_is_refused(written: Written, dialect: str) -> None:
    before = written.whole()
    row: Row = {"id": 100, "title": "HACKED", "owner": ALICE}
    ways = [CREATE[dialect]("papers", row)] if dialect in CREATE else []
    ways += [UPDATE[dialect]("papers", 1, {"title": "HACKED"})] if dialect in UPDATE else []
    ways += [DELETE[dialect]("papers", 1)] if dialect in DELETE else []
    for (method, path, body), name in itertools.product(ways, FOREIGN):
        answer = written.send((method, path, body), query_string={name: "1"})
        assert answer.status_code == 400, (method, path, name, answer.json)
    assert written.whole() == before


ALONGSIDE = [
    ("/api/papers", "where", '{"id":1}', "where[id]", "2"),
    ("/api/papers", "where[id]", "1", "where.id", "2"),
    ("/api/papers", "where[id]", "1", "where[id][eq]", "2"),
    ("/v1/papers", "filters[id]", "1", "filters.id", "2"),
    ("/v1/papers", "filters[id]", "1", "filters", '{"id":2}'),
    ("/api/v1/papers", "filters[id][$eq]", "1", "filters[id][$in]", "2"),
    ("/json/papers", "filter", "[]", "filter[0][field]", "id"),
    ("/schema/main/papers", "filter", '{"id":1}', "filter[id]", "2"),
    ("/items/papers", "filter", '{"id":1}', "filter[id]", "2"),
    ("/items/papers", "filter", '{"id":1}', "filter.id", "2"),
]


@pytest.mark.parametrize(("path", "first", "one", "second", "other"), ALONGSIDE)
def test_of_one_thing_said_in_two_ways_both_hold_or_none(
    written: Written, path: str, first: str, one: str, second: str, other: str
) -> None:
    assert "Mine" in written.send(("GET", path, None), query_string={first: one}).text
    for order in ({first: one, second: other}, {second: other, first: one}):
        answer = written.send(("GET", path, None), query_string=order)
        assert answer.status_code == 400 or "Mine" not in answer.text  # no row has two keys


BESIDE: list[tuple[str, str, Row]] = [
    ("PATCH", "/schema/main/papers", {"filter": {"id": 1}, "where": {"id": 3}, "data": {"title": "HACKED"}}),
    ("PATCH", "/schema/main/papers", {"filter": {"id": 1}, "filters": {}, "data": {"title": "HACKED"}}),
    ("DELETE", "/schema/main/papers", {"where": {"id": 1}}),
    ("DELETE", "/schema/main/papers", {"filter": {"id": 1}, "baseFilter": []}),
    ("POST", "/schema/main/papers", {"data": [{"id": 9, "title": "HACKED"}], "role": "admin"}),
    ("POST", "/v1/papers", {"data": {"id": 9, "title": "HACKED", "owner": ALICE}, "where": {}}),
    ("PUT", "/api/v1/papers/1", {"data": {"title": "HACKED"}, "filter": {}}),
    ("POST", "/api/papers/updateIfExists", {"filter": {"id": 1}, "where": {}, "data": {"title": "HACKED"}}),
    ("POST", "/api/batch", {"requests": [], "role": "admin"}),
    ("POST", "/api/batch", {"requests": [{"resource": "papers", "action": "delete", "data": {"id": 1}, "where": {}}]}),
    ("POST", "/json/papers", {"id": 9, "title": "HACKED", "owner": ALICE, "filter": []}),
]


@pytest.mark.parametrize(("method", "path", "body"), BESIDE)
def test_a_member_that_a_body_does_not_know_is_refused(written: Written, method: str, path: str, body: Row) -> None:
    before = written.whole()
    answer = written.send((method, path, body))
    assert answer.status_code == 400 or answer.json["results"][0]["success"] is False, answer.json
    assert written.whole() == before
