"""What a hook makes of a row, what it refuses, and what becomes of one that fails."""

import pytest
from structlog.testing import capture_logs

from crud.access.actor import Actor
from crud.errors import ApiError, Mistakes
from crud.hooks import HookFailed, Refused
from sql.commands import Delete, Update
from tests.crud.hooking import DIALECTS, Build, build

__all__ = ["build"]

# ---------------------------------------------------------------- what a before-hook makes of a row

CHANGED: list[tuple[str, str, str]] = [
    ('{"text": "far too long for a text of twenty"}', "text", "max_length"),
    ('{"text": 7}', "text", "type"),
    ('{"text": None}', "text", "null"),
    ("{}", "text", "required"),
]


@pytest.mark.parametrize(("made", "field", "rule"), CHANGED)
def test_a_changed_row_is_checked_like_a_sent_one(build: Build, made: str, field: str, rule: str) -> None:
    world = build(f"def hook(event): return {made}", ("notes", "before_create", "hook"))
    with pytest.raises(ApiError) as refused:
        world.note({"text": "good"})
    assert isinstance(refused.value.details, Mistakes)
    assert [(m.field, m.rule) for m in refused.value.details.mistakes] == [(field, rule)]
    assert world.rows() == []


def test_a_changed_row_must_be_one_that_the_caller_may_write(build: Build) -> None:
    code = 'def hook(event): return {**event.row, "amount": 500}'
    world = build(code, *[("notes", f"before_{action}", "hook") for action in ("create", "update")])
    clerk = Actor(roles=frozenset({"clerk"}), id="c")
    with pytest.raises(ApiError) as refused:
        world.note({"text": "a", "amount": 1}, actor=clerk)
    assert refused.value.kind == "forbidden" and world.rows() == []
    with world.snapshot.system.transaction() as session:
        session.execute("INSERT INTO notes (id, text, amount) VALUES (9, 'a', 1)", ())
    with pytest.raises(ApiError) as refused:
        world.write(world.at(Update, 9, {"text": "b"}, keyed=True), actor=clerk)
    assert refused.value.kind == "forbidden" and world.rows() == ["a"]


def test_a_hook_sets_what_the_caller_may_not(build: Build) -> None:
    code = 'def hook(event): return {**event.row, "stamp": "checked"}'
    world = build(code, ("notes", "before_create", "hook"))
    with pytest.raises(ApiError, match="Unknown field 'stamp'"):
        world.note({"text": "a", "stamp": "mine"})
    status, answer = world.send("POST", "/items/notes", {"text": "a"})
    assert (status, answer["data"]["stamp"]) == (201, "checked")


@pytest.mark.parametrize(
    ("made", "words"),
    [("3", "returned int; expected a mapping or None"), ('{"nope": 1}', "set 'nope', which is no column of notes")],
)
def test_what_no_hook_may_return(build: Build, made: str, words: str) -> None:
    world = build(f"def hook(event): return {made}", ("notes", "before_create", "hook"))
    with pytest.raises(HookFailed, match=words):
        world.note({"text": "a"})
    assert world.rows() == []


# ---------------------------------------------------------------- refusing and failing


# kind → the status of each dialect, and whether it says the hook's words.
REFUSED: list[tuple[str, tuple[tuple[int, bool], ...]]] = [
    ("invalid", ((400, True),) * 5),
    ("conflict", ((409, True),) * 5),
    ("forbidden", ((403, True),) * 5),
]


@pytest.mark.parametrize(("kind", "answers"), REFUSED)
def test_a_refusal_has_the_status_of_its_kind_and_its_words(
    build: Build, kind: str, answers: tuple[tuple[int, bool], ...]
) -> None:
    code = f'def hook(event): raise Refused("Not on a Sunday", kind="{kind}")'
    world = build(code, ("notes", "before_create", "hook"))
    for path, expected in zip(DIALECTS, answers, strict=True):
        body: dict[str, object] = {"text": "a"}
        status, answer = world.send("POST", path, {"data": body} if path in DIALECTS[3:] else body)
        assert (status, "Not on a Sunday" in str(answer)) == expected, (path, answer)
    assert world.rows() == []


def test_a_refusal_names_its_field_as_the_dialect_does(build: Build) -> None:
    world = build('def hook(event): raise Refused("is old", field="made_by")', ("lines", "before_create", "hook"))
    answer = world.send("POST", "/items/lines", {"body": "b"})[1]
    mistake = {"field": "made_by", "message": "is old", "value": None, "rule": "refused"}
    assert answer["error"]["details"]["errors"] == [mistake]
    assert world.send("POST", "/json/line", {"body": "b"})[1]["error"] == "madeBy: is old"


def test_a_refusal_of_another_kind_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="kind is one of invalid, forbidden, conflict"):
        Refused("x", kind="internal")


@pytest.mark.parametrize(("action", "method"), [("update", "PATCH"), ("delete", "DELETE")])
def test_changes_and_deletions_can_be_refused(build: Build, action: str, method: str) -> None:
    world = build('def hook(event): raise Refused("Kept")', ("notes", f"before_{action}", "hook"))
    world.note({"text": "a"})
    status, answer = world.send(method, "/items/notes/1", {"text": "b"} if method == "PATCH" else None)
    assert (status, "Kept" in str(answer)) == (400, True)
    assert world.rows("SELECT text, gone FROM notes") == [("a", None)]


def test_restoring_can_be_refused_like_an_update(build: Build) -> None:
    world = build('def hook(event): raise Refused("Gone it stays")', ("notes", "before_update", "hook"))
    world.note({"text": "a"})
    world.write(world.at(Delete, 1, keyed=True))
    assert world.send("POST", "/items/notes/1/restore")[0] == 400
    assert world.rows("SELECT count(*) FROM notes WHERE gone IS NULL") == [0]


def test_a_before_hook_that_fails_undoes_the_request_and_tells_only_the_log(build: Build) -> None:
    code = """
    def hook(event):
        if event.row["text"] == "bad":
            raise RuntimeError("a text for nobody")
    """
    world = build(code, ("notes", "before_create", "hook"), ("*", "after_create", "record"))
    body = {"text": "good", "lines": [{"body": "x"}]}
    with capture_logs() as logs:
        status, answer = world.send("POST", "/items/notes/bulk", [body, {"text": "bad"}])
    assert (status, "nobody" in str(answer)) == (500, False)
    assert [entry["exc_info"].args for entry in logs if entry["event"] == "internal error"] == [("a text for nobody",)]
    assert (world.rows(), world.rows("SELECT body FROM lines"), world.seen) == ([], [], [])


def test_an_after_hook_that_fails_is_logged_and_changes_nothing(build: Build) -> None:
    code = 'def hook(event): raise RuntimeError("a text for nobody")'
    world = build(code, ("notes", "after_create", "hook"), ("notes", "after_create", "record"))
    with capture_logs() as logs:
        status, answer = world.send("POST", "/items/notes", {"text": "a"})
    assert (status, "nobody" in str(answer)) == (201, False)
    found = [(entry["action"], entry["resource"]) for entry in logs if entry["event"] == "hook failed"]
    assert found == [("create", "notes")]
    assert world.rows() == ["a"] and len(world.seen) == 1
