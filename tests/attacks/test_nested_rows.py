"""Rows inside a new row (Xond, Baasix): each under its own resource's rules, however deep it stands."""

import pytest

from tests.attacks.writing import ACME, ALICE, BOB, OTHER, Row, Way, Written

PAPER: Row = {"id": 100, "title": "New", "owner": ALICE}


def ways(row: Row) -> tuple[Way, ...]:
    return ("POST", "/json/papers", row), ("POST", "/items/papers", row), ("POST", "/items/papers/bulk", [row])


# What stands in the row, and how Xond and Baasix answer: what the caller may not know is unknown there, dropped here.
NESTED: list[tuple[Row, int, int]] = [
    ({"ledgers": [{"id": 9, "title": "HACKED"}]}, 400, 201),
    ({"vaults": [{"id": 9, "title": "HACKED"}]}, 400, 201),
    ({"badges": [{"id": 9, "code": "HACKED"}]}, 400, 201),
    ({"nosuch": [{"id": 9, "title": "HACKED"}]}, 400, 201),
    ({"_dragoman_users": [{"email": "HACKED"}]}, 400, 201),
    ({"clients": [{"id": 9, "name": "x", "paper": {"id": 101, "title": "HACKED", "owner": BOB}}]}, 400, 400),
    ({"clients": [{"id": 2, "name": "HACKED"}]}, 409, 409),
    ({"clients": [{"id": 9, "name": "x"}, {"id": 2, "name": "HACKED"}]}, 409, 409),
]


@pytest.mark.parametrize(("nested", "xond", "baasix"), NESTED)
def test_a_row_within_a_row_is_under_its_own_rules(written: Written, nested: Row, xond: int, baasix: int) -> None:
    for way, expected in zip(ways({**PAPER, **nested}), (xond, baasix, baasix), strict=True):
        written.refill()
        before = written.whole()
        answer = written.send(way)
        assert answer.status_code == expected, (way, answer.json)
        assert not any("HACKED" in row for rows in written.whole().values() for row in rows)
        assert expected == 201 or written.whole() == before


def test_a_row_within_a_row_is_of_its_writers_tenant(written: Written) -> None:
    client: Row = {"id": 9, "name": "x"}
    for way in ways({**PAPER, "clients": [client]}):
        written.refill()
        assert written.send(way).status_code == 201
        assert [str(org) for (org,) in written.rows("SELECT org FROM clients WHERE id = 9")] == [ACME]
    for way, expected in zip(ways({**PAPER, "clients": [{**client, "org": OTHER}]}), (400, 201, 201), strict=True):
        written.refill()
        assert written.send(way).status_code == expected
        assert {str(org) for (org,) in written.rows("SELECT org FROM clients WHERE id = 9")} <= {ACME}


def test_a_bad_row_above_undoes_those_within(written: Written) -> None:
    before = written.whole()
    for way in ways({**PAPER, "owner": BOB, "clients": [{"id": 9, "name": "x"}]}):
        assert written.send(way).status_code == 403
        assert written.whole() == before


def test_rows_are_not_changed_through_another(written: Written) -> None:
    before = written.whole()
    nested = {"clients": [{"id": 1, "name": "HACKED"}], "title": "x"}
    assert written.send(("PUT", "/json/papers/1", nested)).status_code == 400
    for body in (
        {"clients": [{"id": 1, "name": "HACKED"}]},
        {"clients": {"id": 1, "name": "HACKED"}},
        {"clients": [1]},
    ):
        assert written.send(("PATCH", "/items/papers/1", body)).status_code == 200
    assert written.whole() == before


def test_nesting_has_a_bound(written: Written) -> None:
    before = written.whole()
    deep: Row = {"id": 300, "title": "x", "owner": ALICE}
    for number in range(20):
        deep = {"id": 200 + number, "title": "x", "owner": ALICE, "clients": [{"id": 200 + number, "paper": deep}]}
    wide = {**PAPER, "clients": [{"id": 100 + n, "email": f"{n}@x.org"} for n in range(200)]}
    for row in (deep, wide):
        for way in ways(row):
            assert written.send(way).status_code == 400
            assert written.whole() == before
