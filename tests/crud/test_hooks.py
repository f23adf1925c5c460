"""Hooks: what is called when, what it is given, what its answer does, and what a configuration may say about them."""

import re
import socketserver
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs

from app import StartError, create_app
from crud import service
from crud.access.actor import Actor
from crud.definitions.problems import ConfigError
from crud.definitions.reading import read_config
from crud.doors import open_session
from crud.errors import ApiError, Mistakes
from crud.hooks import Event, HookFailed, Refused
from crud.identity import accounts
from crud.state import Context, Snapshot
from crud.web.dialect import served
from crud.wire.paths import by_values
from sql.commands import Delete, Insert, Ref, Restore, Update, UpdateFirst
from sql.errors import Deadlock
from sql.query import TRUE, Asked, Query, Select
from sql.query import Path as Column
from tests.newcomers import create_account

DOCS = Path(__file__).resolve().parents[2] / "docs" / "hooks.md"
CONFIG = """
auth: {{secret: a secret of the tests that is long enough}}
sources: {{default: {{database: "${{DATABASE_URL}}"}}}}
schemas:
  main:
    entities:
      notes:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          text: {{type: string, required: true, max: 20}}
          code: {{type: string, unique: true}}
          amount: {{type: integer}}
          data: {{type: json}}
          secret: {{type: string, write_only: true}}
          stamp: {{type: string, read_only: true}}
          seen: {{type: datetime}}
          gone: {{type: datetime}}
        soft_delete: gone
        aliases: [Remark]
        rules: [{{role: clerk, actions: [create, update], where: {{amount: {{lt: 100}}}}}}]
      lines:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          note_id: {{type: integer, references: notes, on_delete: cascade}}
          body: {{type: string}}
          made_by: {{type: string}}
hooks:
{hooks}
"""
PRELUDE = """
from crud.hooks import Refused

seen = []

def record(event):
    key = None if event.key is None else dict(event.key)
    seen.append((event.action, event.resource, dict(event.row), key))
"""
ADMIN = Actor(roles=frozenset({"admin"}), id="ann", tenant=None)
Hook = tuple[str, str, str]


@dataclass(frozen=True)
class World:
    """An application with hooks, and their module."""

    app: Flask
    snapshot: Snapshot
    module: ModuleType

    @property
    def seen(self) -> list[Any]:
        """What `record` was told."""
        found: list[Any] = self.module.seen
        return found

    def write(self, *commands: Any, actor: Actor = ADMIN) -> tuple[service.Written, ...]:
        """A write without the web."""
        return service.write(Context(self.snapshot, actor), commands)

    def note(self, *rows: Mapping[str, object], actor: Actor = ADMIN) -> service.Written:
        """New notes."""
        return self.write(Insert("notes", rows), actor=actor)[0]

    def rows(self, text: str = "SELECT text FROM notes ORDER BY id") -> list[Any]:
        """Straight from the database; the only column of each row."""
        return [row[0] if len(row) == 1 else row for row in self.snapshot.system.fetch(text)]

    def at(self, kind: type, id: int, *more: Any, resource: str = "notes", **options: Any) -> Any:
        """A command for the row of a key."""
        where, values = by_values(self.snapshot.catalog.resource(resource), {"id": id})
        return kind(resource, where, *more, values=values, **options)

    def send(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and answer of an administrator's request."""
        headers = {"Authorization": f"Bearer {open_session(self.snapshot, self._boss()).token}"}
        answer = self.app.test_client().open(path, method=method, json=body, headers=headers)
        return answer.status_code, answer.get_json(silent=True)

    def _boss(self) -> accounts.Account:
        system, email = self.snapshot.system, "boss@example.org"
        if accounts.find_account_by_email(system, email) is None:
            create_account(system, email=email, roles=["admin"])
        found = accounts.find_account_by_email(system, email)
        assert found is not None
        return found


Build = Callable[..., World]


@pytest.fixture
def build(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """`build(code, (resource, when, function), …)`: a world whose hooks are in a module beside its configuration."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("DATABASE_URL", database_url)
    name = f"hooks_{uuid.uuid4().hex}"
    made: list[World] = []

    def make(code: str, *hooks: Hook) -> World:
        (tmp_path / f"{name}.py").write_text(PRELUDE + dedent(code))
        lines = [f'  - {{resource: "{on}", when: {when}, call: {name}:{call}}}' for on, when, call in hooks]
        (tmp_path / "config.yml").write_text(CONFIG.format(hooks="\n".join(lines)))
        made.append(world_of(tmp_path / "config.yml", name))
        return made[-1]

    yield make
    sys.modules.pop(name, None)
    for world in made:
        world.snapshot.system.close()


def world_of(path: Path, module: str) -> World:
    app = create_app(read_config(path))
    with app.app_context():
        return World(app, served().state.current(), sys.modules[module])


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


DIALECTS = ("/items/notes", "/api/Note", "/json/note", "/v1/notes", "/schema/main/notes")
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


# ---------------------------------------------------------------- what a configuration may say

MISTAKES: list[tuple[str, str]] = [
    ("resource: nope, when: before_create, call: os:getcwd", "config.yml:3: hooks.0.resource: there is no resource 'nope'; allowed: *, notes"),
    ("resource: notes, when: before_create, call: nowhere_at_all:f", "hooks.0.call: nowhere_at_all:f cannot be imported: ModuleNotFoundError"),
    ("resource: notes, when: before_create, call: os:nope", "hooks.0.call: os:nope cannot be imported: AttributeError"),
    ("resource: notes, when: before_create, call: os:name", "config.yml:3: hooks.0.call: os:name cannot be called"),
    ("resource: notes, when: before_create, call: asyncio:sleep", "config.yml:3: hooks.0.call: asyncio:sleep is asynchronous"),
    ("resource: notes, when: before_breakfast, call: os:getcwd", "config.yml:3: hooks.0.when: 'before_breakfast' is not allowed; allowed: before_create"),
    ("resource: notes, when: before_create, call: os.getcwd", "config.yml:3: hooks.0.call"),
    ("resource: notes, when: before_create", "config.yml:3: hooks.0: lacks the key call"),
    ("resource: notes, when: before_create, call: os:getcwd, wen: 1", "config.yml:3: hooks.0.wen: unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("hook", "message"), MISTAKES)
def test_a_mistake_keeps_the_service_from_starting(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: str, message: str
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert message in told(sqlite_url, tmp_path, f"  - {{{hook}}}")[0]


def test_all_mistakes_are_told_at_once(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    hooks = (
        "  - {resource: nope, when: before_create, call: os:nope}\n  - {resource: no, when: after_read, call: os:name}"
    )
    found = [re.sub(r"^.*config", "config", line).partition(";")[0] for line in told(sqlite_url, tmp_path, hooks)]
    assert [line.partition(" cannot")[0] for line in found] == [
        "config.yml:3: hooks.0.call: os:nope",
        "config.yml:3: hooks.0.resource: there is no resource 'nope'",
        "config.yml:4: hooks.1.call: os:name",
        "config.yml:4: hooks.1.resource: there is no resource 'no'",
    ]


def told(url: str, folder: Path, hooks: str) -> list[str]:
    """All that is wrong with a configuration whose hooks begin in line 3."""
    path = folder / "config.yml"
    entity = "schemas: {main: {entities: {notes: {fields: {id: {type: integer, key: true}}}}}}"
    secret = "auth: {secret: a secret of the tests that is long enough}"
    path.write_text(f"sources: {{default: {{database: '{url}'}}}}\nhooks:\n{hooks}\n{secret}\n{entity}\n")
    with pytest.raises((ConfigError, StartError)) as refused:
        create_app(read_config(path))
    return str(refused.value).splitlines()


# ---------------------------------------------------------------- the documentation


class Mails(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.kept: list[str] = []


class Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline().strip().upper():
            if line == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.kept.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if line == b"QUIT" else b"250 ok\r\n")
            if line == b"QUIT":
                return


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    with Mails() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("MAIL_HOST", "127.0.0.1")
        monkeypatch.setenv("MAIL_PORT", str(server.server_address[1]))
        yield server.kept
        server.shutdown()
        thread.join()


def example(language: str, containing: str) -> str:
    """The block of the documentation with these words."""
    blocks = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


def test_the_example_of_the_documentation(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mails: list[str]
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DRAGOMAN_SECRET", "a secret of the tests that is long enough")
    (tmp_path / "config.yml").write_text(example("yaml", "version:"))
    (tmp_path / "newsroom.py").write_text(example("python", "def slug"))
    world = world_of(tmp_path / "config.yml", "newsroom")
    sent = {"title": "Hello, World"}
    status, answer = world.send("POST", "/items/articles", sent)
    assert (status, answer["data"]) == (201, {"id": 1, "title": "Hello, World", "slug": "hello-world"})
    (mail,) = mails
    assert "Subject: New: Hello, World\r\n" in mail and "Article 1 is at /articles/hello-world." in mail
    assert world.send("POST", "/items/articles", sent)[0] == 409
    for wrong, status in (({"title": "!"}, 400), ({"title": 7}, 400), ({}, 400)):
        assert world.send("POST", "/items/articles", wrong)[0] == status
    assert len(mails) == 1 and world.rows("SELECT slug FROM articles") == ["hello-world"]
    sys.modules.pop("newsroom")
    world.snapshot.system.close()


def test_the_refusal_of_the_documentation() -> None:
    room: dict[str, Any] = {}
    exec(example("python", "def closed"), room)
    with pytest.raises(Refused, match="The shop is closed"):
        room["closed"](Event("create", "notes"))
