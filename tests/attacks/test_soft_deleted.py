"""Rows that were deleted softly: out of everybody's sight and reach, until one who may restores them."""

import pytest

from tests.attacks.test_resources import xond
from tests.attacks.writing import ALICE, CREATE, DELETE, UPDATE, Written, forbidden

GONE = "2024-01-01"


@pytest.mark.parametrize("by", [ALICE, "admin", "carol"])
def test_a_deleted_row_is_in_no_answer(written: Written, by: str) -> None:
    for path in (
        "/api/parts", "/json/parts", "/v1/parts", "/api/v1/parts", "/schema/main/parts", "/items/parts",
        "/items/parts?search=GHOST", "/json/parts?textSearchFields=name&textSearchValue=GHOST", "/items/parts?sort=-gone",
        '/items/parts?filter={"gone":{"isNotNull":true}}', '/items/parts?filter={"id":2}', "/v1/parts?filters[id]=2",
        '/items/parts?aggregate={"n":{"function":"max","field":"name"}}', "/items/parts?groupBy=name", "/json/parts?count=true",
    ):  # fmt: skip
        answer = written.send(("GET", path, None), by=by)
        assert answer.status_code == 200, (path, answer.json)
        assert "GHOSTMARK" not in answer.get_data(as_text=True), path
        assert GONE not in answer.get_data(as_text=True), path
    assert written.send(("GET", "/items/parts", None), by=by).json["totalCount"] == 1
    assert written.send(("GET", "/json/parts?count=true", None), by=by).json["data"] == {"count": 1}


def test_a_deleted_row_is_at_no_end_of_a_relation(written: Written) -> None:
    for path in (
        "/api/part_notes/2?populate=part",
        "/json/part_notes/2?include=part",
        "/items/part_notes/2?fields=*,part.*",
    ):
        answer = written.send(("GET", path, None))
        assert answer.json["data"]["part"] is None, path
    for path in (
        '/items/part_notes?filter={"part.name":"GHOSTMARK"}',
        f"/json/part_notes?filter={xond('part.name', 'GHOSTMARK')}",
        '/api/part_notes?where={"part.name":"GHOSTMARK"}',
    ):
        assert written.send(("GET", path, None)).json["data"] == [], path
    rows = written.send(("GET", "/schema/main/part_notes?filter-expression=part.name LIKE 'G%'", None))
    assert rows.json["rows"] == []
    removing = ("DELETE", "/schema/main/part_notes", {"filter": {"part.name": "GHOSTMARK"}})
    assert written.send(removing).status_code == 204
    assert written.rows("SELECT count(*) FROM part_notes") == [(2,)]


@pytest.mark.parametrize("dialect", UPDATE)
def test_a_deleted_row_is_not_changed(written: Written, dialect: str) -> None:
    before = written.whole()
    for by in (ALICE, "admin"):
        answer = written.send(UPDATE[dialect]("parts", 2, {"name": "HACKED"}), by=by)
        assert answer.status_code in (200, 204, 403, 404)
    assert written.whole() == before


@pytest.mark.parametrize("dialect", DELETE)
def test_a_row_is_deleted_once(written: Written, dialect: str) -> None:
    assert written.send(DELETE[dialect]("parts", 1)).status_code < 300
    before = written.whole()
    again = written.send(DELETE[dialect]("parts", 1))
    assert again.status_code == {"metal": 204, "baasix": 403, "baasix bulk": 403}.get(dialect, 404)
    assert written.whole() == before
    assert len(written.rows("SELECT id FROM parts WHERE gone IS NOT NULL")) == 2


@pytest.mark.parametrize("dialect", CREATE)
def test_nobody_deletes_or_restores_by_writing_the_mark(written: Written, dialect: str) -> None:
    before = written.whole()
    for number, value in enumerate((None, "2024-01-01T00:00:00.000Z"), 100):
        for by in (ALICE, "admin"):
            answer = written.send(
                CREATE[dialect]("parts", {"id": number, "name": f"n{number}{by[0]}", "gone": value}), by=by
            )
            assert answer.status_code == (400 if not dialect.startswith("baasix") else answer.status_code)
    if dialect.startswith("baasix"):
        assert written.rows("SELECT count(*) FROM parts WHERE gone IS NULL AND id >= 100") == [(2,)]
    else:
        assert written.whole() == before


@pytest.mark.parametrize("dialect", UPDATE)
def test_the_mark_is_no_change(written: Written, dialect: str) -> None:
    before = written.whole()
    for key in (1, 2):
        for value in (None, "2024-01-01T00:00:00.000Z"):
            for by in (ALICE, "admin"):
                written.send(UPDATE[dialect]("parts", key, {"gone": value}), by=by)
    assert written.whole() == before


@pytest.mark.parametrize("dialect", CREATE)
def test_a_unique_value_of_a_deleted_row_tells_nothing_of_it(written: Written, dialect: str) -> None:
    """The constraint is the database's: the value stays taken, and the answer is that of every conflict."""
    before, told = written.whole(), []
    for name in ("GHOSTMARK", "alive"):
        answer = written.send(CREATE[dialect]("parts", {"id": 100, "name": name}))
        assert answer.status_code == 409
        told.append(answer.get_data(as_text=True))
    assert told[0] == told[1] and "GHOSTMARK" not in told[0] and GONE not in told[0]
    assert written.whole() == before


def test_ensuring_a_deleted_row_does_not_bring_it_back(written: Written) -> None:
    before = written.whole()
    body = {"filter": {"name": "GHOSTMARK"}, "data": {"id": 2, "name": "GHOSTMARK"}}
    assert written.send(("POST", "/api/parts/createIfNotExists", body)).status_code == 409
    body = {"filter": {"id": 2}, "data": {"name": "HACKED"}}
    answer = written.send(("POST", "/api/parts/updateIfExists", body))
    assert answer.json["updated"] is False
    assert written.whole() == before


def test_restoring_needs_the_right_to_update(written: Written) -> None:
    before = written.whole()
    for by, status in (("carol", 403), ("dora", 403)):
        answer = written.send(("POST", "/items/parts/2/restore", None), by=by)
        assert answer.status_code == status == forbidden("baasix")
        assert "GHOSTMARK" not in answer.get_data(as_text=True)
    assert written.client.post("/items/parts/2/restore").status_code == 403
    assert written.send(("POST", "/items/papers/3/restore", None)).status_code == 400
    assert written.whole() == before
    assert written.send(("POST", "/items/parts/2/restore", None)).status_code == 200
    assert written.rows("SELECT count(*) FROM parts WHERE gone IS NULL") == [(2,)]
    assert written.send(("POST", "/items/parts/2/restore", None)).status_code == 403
