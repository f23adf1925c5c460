"""Fields that a caller may not set, identities that he claims, rows that he moves out of his own reach."""

import json
from itertools import product

import pytest

from tests.attacks.writing import ACME, ALICE, BOB, CREATE, OTHER, UPDATE, Row, Written, forbidden

# What of a paper nobody's rule lets him set, beside what does not exist.
FORBIDDEN = [
    ("secret", "HACKED"), ("sealed", "HACKED"), ("phrase", "HACKED"), ("author", "HACKED"),
    ("made", "2000-01-01T00:00:00.000Z"), ("role", "admin"), ("roles", ["admin"]), ("password_hash", "HACKED"),
    ("deleted_at", None), ("tenant_id", OTHER), ("__proto__", {"role": "admin"}), ("constructor", {}), ("nothing", 1),
]  # fmt: skip
DROPPING = "baasix"  # unknown fields are dropped there, 400 elsewhere


def unchanged(written: Written, before: dict[str, list[str]]) -> bool:
    return written.whole() == before


@pytest.mark.parametrize("dialect", CREATE)
def test_a_new_row_takes_no_field_that_its_writer_may_not_set(written: Written, dialect: str) -> None:
    before, told = written.whole(), []
    for number, (field, value) in enumerate(FORBIDDEN):
        row: Row = {"id": 100 + number, "title": "New", "owner": ALICE, field: value}
        answer = written.send(CREATE[dialect]("papers", row))
        told.append((field, answer.status_code))
        assert "HACKED" not in answer.get_data(as_text=True)
    stored = written.rows("SELECT secret, sealed, phrase, author FROM papers WHERE id >= 100")
    if dialect.startswith(DROPPING):
        assert {status for _, status in told} == {201}
        assert set(stored) == {(None, None, None, written.ids[ALICE])}
        assert not written.rows("SELECT id FROM papers WHERE id >= 100 AND made < '2020-01-01'")
    else:
        assert {status for _, status in told} == {400}
        assert unchanged(written, before)


@pytest.mark.parametrize("dialect", UPDATE)
def test_a_change_takes_no_field_that_its_writer_may_not_set(written: Written, dialect: str) -> None:
    before = written.whole()
    elsewhere = any(word in dialect for word in ("action", "batch", "body", "bulk"))  # there `id` says which row
    for field, value in FORBIDDEN if elsewhere else [*FORBIDDEN, ("id", 77)]:
        answer = written.send(UPDATE[dialect]("papers", 1, {field: value}))
        assert answer.status_code == (200 if dialect.startswith(DROPPING) else 400), (field, answer.json)
        assert "HACKED" not in answer.get_data(as_text=True)
    assert unchanged(written, before)


@pytest.mark.parametrize("dialect", CREATE)
def test_an_unsettable_field_is_answered_as_an_unknown_one(written: Written, dialect: str) -> None:
    told = set()
    for field in ("secret", "sealed", "phrase", "nosuch"):
        row = {"id": 100, "title": "New", "owner": ALICE, field: "x"}
        answer = written.send(CREATE[dialect]("papers", row))
        told.add((answer.status_code, answer.get_data(as_text=True).replace(field, "~")))
        written.refill()
    statuses = {status for status, _ in told}
    assert statuses == ({201} if dialect.startswith(DROPPING) else {400})
    assert len(told) == 1 or dialect.startswith(DROPPING)


TENANT_FIELDS: list[Row] = [{"org": OTHER}, {"org": None}, {"org": ACME}, {"tenant": OTHER}, {"org": {"id": OTHER}}]


@pytest.mark.parametrize("dialect", CREATE)
def test_a_new_row_is_of_its_writers_tenant(written: Written, dialect: str) -> None:
    assert written.send(CREATE[dialect]("clients", {"id": 100, "email": "other"})).status_code in (200, 201)
    for number, fields in enumerate(TENANT_FIELDS, 101):
        answer = written.send(CREATE[dialect]("clients", {"id": number, "email": f"{number}@x.org", **fields}))
        assert answer.status_code == (201 if dialect.startswith(DROPPING) else 400), (fields, answer.json)
    stored = {str(org) for (org,) in written.rows("SELECT org FROM clients WHERE id >= 100")}
    assert stored == {ACME}


@pytest.mark.parametrize("dialect", UPDATE)
def test_a_row_is_not_moved_to_another_tenant(written: Written, dialect: str) -> None:
    before = written.whole()
    answer = written.send(UPDATE[dialect]("clients", 1, {"org": OTHER}))
    assert answer.status_code == (200 if dialect.startswith(DROPPING) else 400)
    assert unchanged(written, before)


# ---------------------------------------------------------------- the written row, against its writer's own rule


OTHERS = (BOB, None, "", "ALICE", "$CURRENT_USER.name", "' OR '1'='1")


@pytest.mark.parametrize("dialect", CREATE)
def test_a_new_row_must_be_one_that_its_writer_may_write(written: Written, dialect: str) -> None:
    before = written.whole()
    for owner in OTHERS:
        answer = written.send(CREATE[dialect]("papers", {"id": 100, "title": "New", "owner": owner}))
        assert answer.status_code == forbidden(dialect), (owner, answer.json)
    assert unchanged(written, before)


@pytest.mark.parametrize("dialect", UPDATE)
def test_a_row_is_not_moved_out_of_its_writers_rule(written: Written, dialect: str) -> None:
    before = written.whole()
    for owner in (BOB, None):
        answer = written.send(UPDATE[dialect]("papers", 1, {"owner": owner, "title": "Given away"}))
        assert answer.status_code == forbidden(dialect), (owner, answer.json)
    assert unchanged(written, before)


def test_many_rows_of_which_one_breaks_the_rule_are_none(written: Written) -> None:
    before = written.whole()
    rows = [{"id": 100 + n, "title": "New", "owner": BOB if n == 7 else ALICE} for n in range(9)]
    for way in (
        ("POST", "/items/papers/bulk", rows),
        ("POST", "/schema/main/papers", {"data": rows}),
        ("PATCH", "/schema/main/papers", {"data": {"owner": BOB}}),
        ("PATCH", "/items/papers/bulk", [{"id": 1, "title": "x"}, {"id": 2, "owner": BOB}]),
    ):
        assert written.send(way).status_code == 403
        assert unchanged(written, before)


def test_a_value_of_the_caller_cannot_widen_a_write(written: Written) -> None:
    """Alice's own name is a condition, read as SQL or as an expression."""
    assert written.send(("PATCH", "/schema/main/papers", {"data": {"state": "x"}})).status_code == 204
    assert written.rows("SELECT id FROM papers WHERE state = 'x' ORDER BY id") == [(1,), (2,)]
    assert written.send(("DELETE", "/schema/main/papers", {})).status_code == 204
    assert written.rows("SELECT id FROM papers ORDER BY id") == [(3,), (4,)]


# ---------------------------------------------------------------- accounts and claimed identities


@pytest.mark.parametrize("dialect", CREATE)
def test_nobody_makes_himself_an_administrator(written: Written, dialect: str) -> None:
    before = written.whole()
    names = {"phantom": "User", "xond": "user", "sonicjs": "users", "metal": "users", "baasix": "baasix_User"}
    name = names[dialect.split()[0]]
    row = {"email": "new@example.com", "role": "admin"}
    assert written.send(CREATE[dialect](name, row)).status_code in (400, 401, 403, 404)
    assert written.send(("POST", "/items/baasix_UserRole", {"user_Id": written.ids[ALICE]})).status_code in (403, 404)
    assert unchanged(written, before)


def cookies(written: Written) -> list[object]:
    """What a body could claim to be: others, and administrators."""
    ids = [written.ids["admin"], written.ids[BOB]]
    plain: list[object] = [{"id": id} for id in ids] + [{"id": id, "roles": ["admin"]} for id in ids]
    token = written.headers["admin"]["Authorization"].removeprefix("Bearer ")
    return [*plain, token, {"token": token}, {"token": token, "id": written.ids[ALICE]}, "x.y.z", {"id": None}, [], 1]


CLAIMING = (("POST", "/json/papers"), ("PUT", "/json/papers/3"), ("PUT", "/json/papers"))


def test_a_cookie_in_a_body_gives_nobody_another_identity(written: Written) -> None:
    before = written.whole()
    for way, cookie in product(CLAIMING, cookies(written)):
        body = {"id": 3, "title": "HACKED", "owner": BOB, "jwtCookie": cookie}
        answer = written.send((*way, body))
        assert answer.status_code in (400, 401, 403), (json.dumps(cookie)[:60], answer.json)
    assert unchanged(written, before)
