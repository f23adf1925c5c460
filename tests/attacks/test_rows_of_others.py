"""Rows that a caller may not reach: what a write tells of them, and what it does to them."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.attacks.writing import ACME, ALICE, CREATE, DELETE, UPDATE, Row, Way, Written, forbidden

ABSENT = 999
# resource → the key of a row that Alice may not reach, a change of hers
BEYOND: dict[str, tuple[int, Row]] = {
    "papers": (3, {"title": "HACKED"}),
    "clients": (2, {"name": "HACKED"}),
    "parts": (2, {"name": "HACKED"}),
    "badges": (2, {"code": "HACKED"}),
}
SHUT = ("vaults", "ledgers", "papers")


def strip(text: str, *words: object) -> str:
    """A body without what the caller wrote into his request."""
    for word in words:
        text = re.sub(rf"\b{re.escape(str(word))}\b", "~", text)
    return re.sub(r'"requestId":"[^"]*"', "", text)


def ways(resource: str, key: int) -> Iterator[Way]:
    """Every way to change or remove a row."""
    change = BEYOND[resource][1]
    yield from (make(resource, key, change) for make in UPDATE.values())
    yield from (make(resource, key) for make in DELETE.values())
    yield "POST", f"/items/{resource}/{key}/restore", None


@pytest.mark.parametrize("tag", [None, '"x"', "*"])
@pytest.mark.parametrize("resource", sorted({*BEYOND} - {"parts"}))
def test_a_row_of_others_is_answered_as_a_missing_one(written: Written, resource: str, tag: str | None) -> None:
    before, key = written.whole(), BEYOND[resource][0]
    headers = {} if tag is None else {"If-Match": tag}
    for hidden, absent in zip(ways(resource, key), ways(resource, ABSENT), strict=True):
        told = [written.send(way, headers=headers) for way in (hidden, absent)]
        assert told[0].status_code == told[1].status_code, (hidden, told[0].json)
        texts = [strip(answer.get_data(as_text=True), key, ABSENT) for answer in told]
        assert texts[0] == texts[1], hidden
        assert "GHOSTMARK" not in texts[0]
        assert told[0].headers.get("ETag") is None
    assert written.whole() == before


def test_a_soft_deleted_row_is_answered_as_a_missing_one(written: Written) -> None:
    before = written.whole()
    for hidden, absent in list(zip(ways("parts", 2), ways("parts", ABSENT), strict=True))[:-1]:
        told = [written.send(way) for way in (hidden, absent)]
        assert told[0].status_code == told[1].status_code, (hidden, told[0].json)
        assert len({strip(answer.get_data(as_text=True), 2, ABSENT) for answer in told}) == 1
    assert written.whole() == before


@pytest.mark.parametrize("dialect", UPDATE)
def test_a_row_of_others_is_missing_and_not_changed(written: Written, dialect: str) -> None:
    before = written.whole()
    for resource, (key, change) in BEYOND.items():
        answer = written.send(UPDATE[dialect](resource, key, change))
        expected = {"metal": 204, "phantom first": 200, "baasix": 403, "baasix bulk": 403}.get(dialect, 404)
        assert answer.status_code == expected, (resource, answer.json)
    assert written.whole() == before


@pytest.mark.parametrize("dialect", DELETE)
def test_a_row_of_others_is_missing_and_not_deleted(written: Written, dialect: str) -> None:
    before = written.whole()
    for resource, (key, _) in BEYOND.items():
        answer = written.send(DELETE[dialect](resource, key))
        expected = {"metal": 204, "baasix": 403, "baasix bulk": 403}.get(dialect, 404)
        assert answer.status_code == expected, (resource, answer.json)
    assert written.whole() == before


@pytest.mark.parametrize("resource", ["papers", "clients"])
def test_a_missing_row_among_many_undoes_the_others(written: Written, resource: str) -> None:
    before, (key, change) = written.whole(), BEYOND[resource]
    for way in (
        ("PATCH", f"/items/{resource}/bulk", [{"id": 1, **change}, {"id": key, **change}]),
        ("DELETE", f"/items/{resource}/bulk", [1, key]),
    ):
        assert written.send(way).status_code == 403
        assert written.whole() == before


# ---------------------------------------------------------------- resources


def test_a_hidden_resource_is_answered_as_a_missing_one_by_writes(written: Written) -> None:
    before = written.whole()
    row: Row = {"id": 1, "title": "HACKED"}
    for name in ("vaults", "_dragoman_users", "sqlite_master", "pg_class"):
        made = [
            *((make(name, row), make("nosuch", row)) for make in CREATE.values()),
            *((make(name, 1, row), make("nosuch", 1, row)) for label, make in UPDATE.items()),
            *((make(name, 1), make("nosuch", 1)) for make in DELETE.values()),
            (("POST", f"/items/{name}/1/restore", None), ("POST", "/items/nosuch/1/restore", None)),
            (("POST", f"/items/{name}/import-csv", None), ("POST", "/items/nosuch/import-csv", None)),
        ]
        for hidden, absent in made:
            told = [written.send(way) for way in (hidden, absent)]
            assert (told[0].status_code, told[1].status_code) == (404, 404), (hidden, told[0].json)
            assert len({strip(answer.get_data(as_text=True), name, "nosuch") for answer in told}) == 1
    assert written.whole() == before


@pytest.mark.parametrize("body", [b"", b"{", b'{"nosuch":1}', b'{"data":{"nosuch":1}}'])
def test_a_forbidden_resource_is_refused_before_its_body_is_read(written: Written, body: bytes) -> None:
    before = written.whole()
    ways = [(name, make("ledgers", {})) for name, make in CREATE.items() if name != "metal"]  # there a POST may select
    ways += [(name, make("ledgers", 1, {})) for name, make in UPDATE.items()]
    for dialect, (method, path, _) in ways:
        if path != "/api/batch":  # there the resource stands in the body
            answer = written.send((method, path, None), data=body, content_type="application/json")
            assert answer.status_code == forbidden(dialect), (dialect, answer.json)
    assert written.whole() == before


# ---------------------------------------------------------------- conditions and conflicts as oracles

GUESSES: list[tuple[str, Way]] = [
    ("phantom", ("POST", "/api/papers/updateIfExists", {"filter": {"~": "SECRETMARK"}, "data": {"title": "x"}})),
    ("phantom", ("POST", "/api/papers/updateIfExists", {"filter": {"id": 1, "~": {"contains": "S"}}, "data": {"title": "x"}})),
    ("phantom", ("POST", "/api/papers/createIfNotExists", {"filter": {"~": "S"}, "data": {"id": 9, "title": "x"}})),
    ("xond", ("DELETE", '/json/papers?filter=[{"field":"~","value":"S","comparison":"contains"}]', None)),
    ("xond", ("DELETE", '/json/papers/1?baseFilter=[{"field":"~","value":"S","comparison":"contains"}]', None)),
    ("xond", ("PUT", '/json/papers/1?baseFilter=[{"field":"~","value":"S","comparison":"contains"}]', {"title": "x"})),
    ("metal", ("PATCH", "/schema/main/papers", {"filter": {"~": "SECRETMARK"}, "data": {"title": "x"}})),
    ("metal", ("PATCH", "/schema/main/papers", {"filter-expression": "~ LIKE 'S%'", "data": {"title": "x"}})),
    ("metal", ("DELETE", "/schema/main/papers", {"filter": {"~": "SECRETMARK"}})),
    ("metal", ("DELETE", "/schema/main/papers", {"filter-expression": "title = $COL(~)"})),
    ("metal", ("POST", "/schema/main/papers", {"filter": {"~": "SECRETMARK"}})),
]  # fmt: skip


def named(way: Way, field: str) -> Way:
    """The request with a field in the place of `~`."""
    method, path, body = way
    return method, path.replace("~", field), json.loads(json.dumps(body).replace("~", field))


@pytest.mark.parametrize("guess", range(len(GUESSES)))
def test_a_condition_of_a_write_finds_no_hidden_column(written: Written, guess: int) -> None:
    before = written.whole()
    way = GUESSES[guess][1]
    told = set()
    for field in ("secret", "phrase", "nosuch"):
        answer = written.send(named(way, field))
        assert answer.status_code == 400, answer.json
        told.add(strip(answer.get_data(as_text=True), field))
    assert len(told) == 1
    assert written.whole() == before


def test_one_who_may_not_read_finds_no_rows_by_their_columns(written: Written) -> None:
    """Dora may change papers, but not see any: a condition on their columns would tell her what they hold."""
    before = written.whole()
    for _, way in GUESSES:
        told = {written.send(named(way, field), by="dora").status_code for field in ("title", "nosuch")}
        assert len(told) == 1 and told <= {400, 403, 404}, way
    assert written.whole() == before
    answer = written.send(("PUT", "/api/papers/1", {"state": "closed"}), by="dora")
    assert answer.json == {"success": True, "data": {"id": 1}}


@pytest.mark.parametrize("dialect", CREATE)
def test_a_conflict_with_a_row_of_another_tenant_tells_and_changes_nothing(written: Written, dialect: str) -> None:
    before = written.whole()
    for resource, row in (
        ("clients", {"id": 2, "email": "n@x.org", "name": "HACKED"}),
        ("badges", {"id": 2, "code": "mine"}),
        ("papers", {"id": 3, "title": "HACKED", "owner": ALICE}),
        ("parts", {"id": 100, "name": "GHOSTMARK"}),
    ):
        answer = written.send(CREATE[dialect](resource, row))
        text = answer.get_data(as_text=True)
        assert answer.status_code == 409, text
        assert not re.search(r"GHOSTMARK|bob|00a2|violates|UNIQUE|Key \(|_key|pkey", text), text
    assert written.whole() == before


@pytest.mark.parametrize("dialect", CREATE)
def test_a_value_that_is_unique_within_a_tenant_tells_nothing_of_others(written: Written, dialect: str) -> None:
    free = written.send(CREATE[dialect]("clients", {"id": 100, "email": "ghost@x.org"}))
    assert free.status_code in (200, 201), free.json
    assert [str(org) for (org,) in written.rows("SELECT org FROM clients WHERE id = 100")] == [ACME]
    badge = written.send(CREATE[dialect]("badges", {"id": 100, "code": "ghost"}))
    assert badge.status_code == free.status_code, badge.json
    again = written.send(CREATE[dialect]("badges", {"id": 101, "code": "ghost"}))
    assert again.status_code == 409, again.json


def test_ensuring_a_row_finds_none_of_others(written: Written) -> None:
    for number, tree in enumerate(({"id": 2}, {"email": "ghost@x.org"}, {"name": {"contains": "GHOST"}}), 100):
        body = {"filter": tree, "data": {"id": number, "email": f"{number}@x.org"}}
        answer = written.send(("POST", "/api/clients/createIfNotExists", body))
        assert answer.status_code == 201
        assert json.loads(answer.data)["data"]["id"] == number
