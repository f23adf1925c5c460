"""Several actions in one request, and what is called around a write: all or none, and nothing told of what was undone."""

import pytest

from tests.attacks import hooks
from tests.attacks.test_error_texts import clean
from tests.attacks.writing import ALICE, BOB, CREATE, UPDATE, Row, Written, forbidden

Steps = list[object]


def step(resource: str, action: str, data: object) -> Row:
    return {"resource": resource, "action": action, "data": data}


def send(written: Written, steps: object, *, atomic: object = False, **more: object) -> object:
    return written.send(("POST", "/api/batch", {"requests": steps, "atomic": atomic, **more}))


GOOD = step("papers", "create", {"id": 100, "title": "Good", "owner": ALICE})
# A step, the status that an atomic batch answers with.
BAD: list[tuple[object, int]] = [
    (step("papers", "create", {"id": 101, "title": "x", "owner": BOB}), 403),
    (step("papers", "create", {"id": 101, "title": "x", "owner": ALICE, "secret": "HACKED"}), 400),
    (step("papers", "update", {"id": 3, "title": "HACKED"}), 404),
    (step("papers", "delete", {"id": 3}), 404),
    (step("papers", "delete", {"id": 999}), 404),
    (step("papers", "update", {"id": 1, "owner": BOB}), 403),
    (step("clients", "update", {"id": 2, "name": "HACKED"}), 404),
    (step("ledgers", "create", {"id": 9, "title": "HACKED"}), 403),
    (step("vaults", "create", {"id": 9, "title": "HACKED"}), 404),
    (step("vaults", "read", {}), 404),
    (step("nosuch", "create", {"id": 9}), 404),
    (step("papers", "create", {"id": 100, "title": "Twice", "owner": ALICE}), 409),
    (step("batch", "create", {"requests": []}), 404),
    (step("papers", "batch", {"requests": []}), 400),
    (step("papers", "__class__", {}), 400),
    (step("papers", "update", {"id": "$0.data.id", "title": "HACKED"}), 404),
    (step("papers", "update", {"id": {"$ref": 0}, "title": "HACKED"}), 400),
    (step("papers", "create", {"id": "{{results[0].data.id}}", "title": "x", "owner": ALICE}), 400),
    (step("papers", "read", {"where": {"secret": "SECRETMARK"}}), 400),
    (step("papers", "delete", {"filter": {}}), 400),
    ({**GOOD, "atomic": True}, 400),
    ({**GOOD, "headers": {"Authorization": "x"}}, 400),
    ([GOOD], 400),
    (None, 400),
    ("DELETE /papers/1", 400),
]


@pytest.mark.parametrize(("bad", "status"), BAD)
def test_an_atomic_batch_with_a_bad_step_does_nothing(written: Written, bad: object, status: int) -> None:
    before = written.whole()
    answer = written.send(("POST", "/api/batch", {"requests": [GOOD, bad], "atomic": True}))
    body = answer.get_data(as_text=True)
    assert (answer.status_code, answer.json["index"]) == (status, 1), body
    assert "GHOSTMARK" not in body and "SECRETMARK" not in body
    assert written.whole() == before


def test_a_bad_step_of_another_batch_is_alone(written: Written) -> None:
    steps = [GOOD, *(bad for bad, _ in BAD[:9])]
    answer = written.send(("POST", "/api/batch", {"requests": steps}))
    assert [result["success"] for result in answer.json["results"]] == [True] + [False] * 9
    assert clean(400, answer.get_data(as_text=True), "")
    assert written.rows("SELECT id FROM papers ORDER BY id") == [(1,), (2,), (3,), (4,), (100,)]
    assert not written.rows("SELECT id FROM papers WHERE title = 'HACKED' OR secret = 'HACKED'")


@pytest.mark.parametrize(
    "body",
    [{}, [], {"requests": {}}, {"requests": None}, {"requests": [GOOD] * 11}, {"requests": [GOOD], "atomic": "yes"},
     {"requests": [GOOD], "atomic": 1}, {"requests": [GOOD], "user": "admin"}, {"requests": [GOOD], "parallel": True}],
)  # fmt: skip
def test_a_batch_that_is_none_does_nothing(written: Written, body: object) -> None:
    before = written.whole()
    assert written.send(("POST", "/api/batch", body)).status_code == 400
    assert written.whole() == before


# ---------------------------------------------------------------- hooks


@pytest.mark.parametrize("dialect", CREATE)
def test_what_was_undone_is_told_to_no_hook(written: Written, dialect: str) -> None:
    before = written.whole()
    answer = written.send(CREATE[dialect]("hooked", {"id": 1, "title": "twice"}))
    assert answer.status_code == 409
    assert hooks.told == []
    assert written.whole() == before


def test_of_many_rows_that_were_undone_none_is_told(written: Written) -> None:
    before = written.whole()
    rows = [{"id": 100, "title": "first"}, {"id": 101, "title": "there"}]
    steps = [step("hooked", "create", row) for row in rows]
    for way in (
        ("POST", "/items/hooked/bulk", rows),
        ("POST", "/schema/main/hooked", {"data": rows}),
        ("POST", "/api/batch", {"requests": steps, "atomic": True}),
    ):
        assert written.send(way).status_code == 409
        assert hooks.told == []
        assert written.whole() == before
    assert written.send(("POST", "/api/batch", {"requests": steps})).status_code == 200
    assert hooks.told == [("create", "first")]


@pytest.mark.parametrize("dialect", [*CREATE, *(f"{name}-" for name in UPDATE)])
def test_a_hook_that_fails_tells_the_client_nothing(written: Written, dialect: str) -> None:
    before = written.whole()
    for title in ("burst", "unknown", "write into it"):
        row: Row = {"title": title}
        changing = dialect.endswith("-")
        way = UPDATE[dialect[:-1]]("hooked", 1, row) if changing else CREATE[dialect]("hooked", {"id": 100, **row})
        answer = written.send(way)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 500, text
        assert clean(400, text, title) and "vaults" not in text and "role" not in text, text
        assert answer.headers["X-Request-Id"]
    assert hooks.told == []
    assert written.whole() == before


@pytest.mark.parametrize("dialect", CREATE)
def test_a_hook_that_refuses_undoes_and_says_its_own_words(written: Written, dialect: str) -> None:
    before = written.whole()
    answer = written.send(CREATE[dialect]("hooked", {"id": 100, "title": "refuse"}))
    assert answer.status_code == 400 != forbidden(dialect)
    assert "Not on a Sunday" in answer.get_data(as_text=True)
    assert written.whole() == before


def test_a_hook_that_fails_afterwards_changes_nothing(written: Written) -> None:
    answer = written.send(("POST", "/items/hooked", {"id": 100, "title": "fail afterwards"}))
    assert answer.status_code == 201
    assert clean(400, answer.get_data(as_text=True).replace("fail afterwards", ""), "")
    assert hooks.told == [("create", "fail afterwards")]
    assert written.rows("SELECT title FROM hooked WHERE id = 100") == [("fail afterwards",)]


def test_a_hook_may_write_once_the_row_that_it_is_told_of_is_kept(written: Written) -> None:
    answer = written.send(("POST", "/items/hooked", {"id": 100, "title": "write another"}))
    assert answer.status_code == 201
    assert hooks.told == [("create", "write another"), ("create", "another")]
    assert written.rows("SELECT id FROM hooked ORDER BY id") == [(1,), (90,), (100,)]
