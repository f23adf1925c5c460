"""Hooks: what is called when, and with what; after the commit, and only then."""

from typing import Any

import pytest

from crud import service
from crud.access.actor import Actor
from crud.errors import ApiError
from crud.snapshots.state import Context
from sql.commands import Delete, Insert, Ref, Restore, Update, UpdateFirst
from sql.errors import Deadlock
from sql.expressions import TRUE
from sql.expressions import Path as Column
from sql.query import Asked, Query, Select
from tests.crud.hooking import ADMIN, DIALECTS, Build, build

__all__ = ["build"]

# ---------------------------------------------------------------- what is called, with what


def test_every_action_is_told_before_and_after(build: Build) -> None:
    whens = [f"{time}_{action}" for action in ("create", "update", "delete") for time in ("before", "after")]
    world = build("", *[("notes", when, "record") for when in whens])
    world.note({"text": "a", "code": "A"})
    world.write(world.at(Update, 1, {"text": "b"}, keyed=True))
    world.write(world.at(Delete, 1, keyed=True))
    world.write(world.at(Restore, 1))
    key = {"id": 1}
    assert world.seen == [
        ("create", "notes", {"text": "a", "code": "A"}, None),
        ("create", "notes", {"text": "a", "code": "A"}, key),
        ("update", "notes", {"text": "b"}, key),
        ("update", "notes", {"text": "b"}, key),
        ("delete", "notes", {}, key),
        ("delete", "notes", {}, key),
        ("update", "notes", {"gone": None}, key),
        ("update", "notes", {"gone": None}, key),
    ]


def test_an_event_says_who(build: Build) -> None:
    world = build(
        "def who(event): seen.append((event.actor_id, event.roles, event.tenant))", ("notes", "after_create", "who")
    )
    world.note({"text": "a"}, actor=Actor(id="7", roles=frozenset({"admin", "x"}), tenant="acme"))
    assert world.seen == [("7", frozenset({"admin", "x"}), "acme")]


def test_each_row_of_many_is_told(build: Build) -> None:
    world = build("", ("notes", "before_update", "record"), ("notes", "after_delete", "record"))
    world.note(*({"text": str(number)} for number in range(3)))
    assert world.write(Update("notes", TRUE, {"amount": 5}))[0].count == 3
    assert world.write(UpdateFirst("notes", TRUE, {"amount": 6}))[0].count == 1
    assert world.write(Delete("notes", TRUE))[0].count == 3
    keys = [(action, key) for action, _, _, key in world.seen]
    each: list[dict[str, Any] | None] = [{"id": 1}, {"id": 2}, {"id": 3}]
    assert keys == [*(("update", key) for key in [*each, each[0]]), *(("delete", key) for key in each)]


def test_values_are_as_sent_before_and_as_stored_after(build: Build) -> None:
    world = build("", ("notes", "before_update", "record"), ("notes", "after_update", "record"))
    world.note({"text": "a"})
    sent = {"amount": "nine", "seen": "2024-01-01T00:00:00Z"}
    with pytest.raises(ApiError):
        world.write(world.at(Update, 1, sent, keyed=True))
    world.write(world.at(Update, 1, {**sent, "amount": 9}, keyed=True))
    before_wrong, before, after = (row for _, _, row, _ in world.seen)
    assert before_wrong == sent and before["seen"] == sent["seen"]
    assert (after["amount"], after["seen"].year) == (9, 2024)


def test_a_reference_within_the_request_is_resolved_afterwards(build: Build) -> None:
    world = build("", ("lines", "before_create", "record"), ("lines", "after_create", "record"))
    world.write(Insert("notes", ({"text": "a"},)), Insert("lines", ({"body": "b", "note_id": Ref(0, "id")},)))
    assert [row["note_id"] for _, _, row, _ in world.seen] == [Ref(0, "id"), 1]


def test_all_resources_are_all_but_our_own(build: Build) -> None:
    world = build("", ("*", "after_create", "record"), ("roles", "after_create", "record"))
    world.write(Insert("notes", ({"text": "a"},)), Insert("lines", ({"body": "b"},)))
    world.write(Insert("_dragoman_tenants", ({"name": "Acme"},)), Insert("_dragoman_roles", ({"name": "clerk"},)))
    assert [resource for _, resource, _, _ in world.seen] == ["notes", "lines", "_dragoman_roles"]


@pytest.mark.parametrize("name", ["Remark", "main.notes", "note"])
def test_a_resource_has_its_other_names(build: Build, name: str) -> None:
    world = build("", (name, "after_create", "record"))
    world.note({"text": "a"})
    assert [resource for _, resource, _, _ in world.seen] == ["notes"]


def test_hooks_are_called_in_order_and_each_sees_what_the_one_before_it_made(build: Build) -> None:
    code = """
    def one(event): return {**event.row, "text": event.row["text"] + "1"}
    def two(event): record(event)
    def three(event): return {**event.row, "text": event.row["text"] + "3"}
    """
    world = build(code, *[("notes", "before_create", name) for name in ("one", "two", "three", "record")])
    world.note({"text": "a"})
    assert [row["text"] for _, _, row, _ in world.seen] == ["a1", "a13"]
    assert world.rows() == ["a13"]


def test_a_row_is_the_hook_s_own(build: Build) -> None:
    code = """
    def spoil(event):
        event.row["data"]["k"] = "spoilt"
        try:
            event.row["text"] = "spoilt"
        except TypeError:
            seen.append("kept")
    """
    both = [("notes", f"{time}_create", "spoil") for time in ("before", "after")]
    world = build(code, *both, ("notes", "after_create", "record"))
    data = {"k": "good"}
    world.note({"text": "a", "data": data})
    assert data == {"k": "good"}
    assert world.seen[:2] == ["kept", "kept"] and world.seen[2][2]["data"] == {"k": "good"}
    with_data = world.send("GET", "/items/notes/1?fields=text,data")[1]["data"]
    assert with_data == {"text": "a", "data": {"k": "good"}}


# ---------------------------------------------------------------- secrets


def test_what_nobody_may_read_is_not_told_afterwards(build: Build) -> None:
    whens = ("before_create", "after_create", "before_update", "after_update")
    world = build("", *[(on, when, "record") for on in ("notes", "accounts") for when in whens])
    world.note({"text": "a", "secret": "s"})
    world.write(world.at(Update, 1, {"secret": "t"}, keyed=True))
    assert [row.get("secret") for _, _, row, _ in world.seen] == ["s", None, "t", None]
    world.seen.clear()
    path, password = "/items/users", "Corr3ct-Horse!"
    status, answer = world.send("POST", path, {"email": "a@example.org", "password": password})
    assert status == 201, answer
    assert world.send("PATCH", f"{path}/{answer['data']['id']}", {"password": "An0ther-Horse!"})[0] == 200
    told = [(action, row.get("password_hash")) for action, _, row, _ in world.seen]
    assert told == [("create", password), ("create", None), ("update", "An0ther-Horse!"), ("update", None)]
    assert "$" not in str(world.seen[1]) and world.seen[1][2]["email"] == "a@example.org"


# ---------------------------------------------------------------- after the commit, and only then


def test_after_hooks_run_when_others_find_what_was_stored(build: Build) -> None:
    """Another thread has another connection, which sees what is committed."""
    code = """
    from threading import Thread
    def look(event):
        other = Thread(target=lambda: seen.append(world.rows()))
        other.start()
        other.join()
    """
    world = build(code, ("notes", "before_create", "look"), ("notes", "after_create", "look"))
    world.module.world = world  # type: ignore[attr-defined]
    world.note({"text": "a"})
    assert world.seen == [[], ["a"]]


def test_nothing_is_told_of_what_was_rolled_back(build: Build) -> None:
    world = build("", ("notes", "after_create", "record"), ("notes", "after_update", "record"))
    world.note({"text": "a", "code": "A"})
    world.seen.clear()
    with pytest.raises(ApiError):
        world.write(Insert("notes", ({"text": "b"},)), Insert("notes", ({"text": "c", "code": "A"},)))
    with pytest.raises(ApiError):
        world.write(world.at(Update, 1, {"text": "b"}, keyed=True), world.at(Update, 9, {"text": "c"}, keyed=True))
    assert world.seen == [] and world.rows() == ["a"]


def test_a_failed_step_of_a_batch_is_not_told(build: Build) -> None:
    world = build("", ("notes", "after_create", "record"))
    codes = ("A", "A", "B")
    steps = [{"resource": "Note", "action": "create", "data": {"text": "t", "code": code}} for code in codes]
    status, answer = world.send("POST", "/api/batch", {"requests": steps})
    assert (status, [each["success"] for each in answer["results"]]) == (200, [True, False, True])
    assert [row["code"] for _, _, row, _ in world.seen] == ["A", "B"]
    assert world.rows("SELECT code FROM notes ORDER BY id") == ["A", "B"]


def test_a_step_of_a_batch_that_a_hook_refuses_leaves_the_others_alone(build: Build) -> None:
    code = """
    def hook(event):
        if event.row["text"] == "no":
            raise Refused("No is no text")
    """
    world = build(code, ("notes", "before_create", "hook"), ("notes", "after_create", "record"))
    steps = [{"resource": "Note", "action": "create", "data": {"text": text}} for text in ("a", "no", "c")]
    answer = world.send("POST", "/api/batch", {"requests": steps})[1]
    assert [each["success"] for each in answer["results"]] == [True, False, True]
    assert [row["text"] for _, _, row, _ in world.seen] == ["a", "c"] and world.rows() == ["a", "c"]


def test_a_transaction_that_is_tried_again_asks_again_and_tells_once(build: Build) -> None:
    code = """
    def ask(event):
        asked.append(1)
        if len(asked) == 1:
            raise Deadlock
    asked = []
    """
    world = build(code, ("notes", "before_create", "ask"), ("notes", "after_create", "record"))
    world.module.Deadlock = Deadlock  # type: ignore[attr-defined]
    world.note({"text": "a"})
    assert (len(world.module.asked), len(world.seen), world.rows()) == (2, 1, ["a"])


# ---------------------------------------------------------------- reading


def test_reading_is_told_before_and_after(build: Build) -> None:
    world = build("", ("notes", "before_read", "record"), ("notes", "after_read", "record"))
    assert world.send("GET", "/items/notes")[0] == 200
    assert world.seen == [("read", "notes", {}, None)] * 2


def test_reading_can_be_refused(build: Build) -> None:
    hook = 'def hook(event): raise Refused("Closed", kind="forbidden")'
    world = build(hook, ("notes", "before_read", "hook"), ("notes", "after_read", "record"))
    for path in (*DIALECTS, "/items/notes/1"):
        status, answer = world.send("GET", path)
        assert status == 403 and "Closed" in str(answer), (path, answer)
    step = {"resource": "Note", "action": "read"}
    assert world.send("POST", "/api/batch", {"requests": [step]})[1]["results"][0]["success"] is False
    assert world.seen == []
    context = Context(world.snapshot, ADMIN)
    asked = Asked(Query("lines", select=(Select(Column("id"), "id"),)))
    assert service.read(context, asked).rows == []
