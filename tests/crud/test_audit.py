"""The audit: it is there exactly if the change is, whichever way the change came, and nobody writes it but the service."""

import json
import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog

from app import create_app
from crud import audit, doors, logs, service
from crud.access.actor import Actor
from crud.audit import Author, Entry
from crud.callers import actor_of
from crud.definitions.problems import ConfigError
from crud.definitions.reading import read_config
from crud.errors import ApiError
from crud.hooks import Event, Refused
from crud.identity import accounts
from crud.importing.cells import rows_from_csv
from crud.importing.engine import import_rows
from crud.snapshots import startup
from crud.snapshots.state import Context, Snapshot
from crud.system import AUDIT
from crud.wire.keys import by_values
from sql.commands import Command, Delete, Ensure, Insert, Restore, Update, UpdateFirst, Upsert
from sql.errors import SqlError
from sql.expressions import TRUE
from tests.dialects.conftest import Fresh, with_callers
from tests.dialects.speakers import DIALECTS, Speaker
from tests.postgres import new_postgres

CONFIG = """
auth: {secret: a secret of the tests that is long enough, registration: open}
sources: {default: {database: "${DATABASE_URL}"}}
audit:
  accounts: true
  roles: {values: true}
hooks:
  - {resource: notes, when: before_update, call: "tests.crud.test_audit:hooked"}
schemas:
  main:
    tables: declared
    entities:
      folders:
        fields: {id: {type: integer, key: true}, name: {type: string}}
        audit: {values: true}
      papers:
        fields:
          id: {type: integer, key: true, auto: increment}
          folder_id: {type: integer, references: folders, on_delete: cascade}
          title: {type: string, unique: true}
          amount: {type: decimal, precision: 20, scale: 3}
          data: {type: json}
          secret: {type: string, write_only: true}
          seen: {type: datetime}
        audit: {values: true}
        rules: [{role: user, actions: [create, read, update, delete], where: {amount: {lt: 100}}}]
      notes:
        fields:
          id: {type: integer, key: true, auto: increment}
          paper_id: {type: integer, references: papers, on_delete: set null}
          text: {type: string}
          touched: {type: integer}
        audit: true
      sheets:
        fields:
          id: {type: integer, key: true}
          folder_id: {type: integer, references: folders, on_delete: cascade}
          gone: {type: datetime}
        soft_delete: gone
        audit: {values: true}
      pairs:
        fields: {a: {type: string, key: true}, b: {type: integer, key: true}, n: {type: integer}}
        audit: true
      plain:
        fields: {id: {type: integer, key: true}, name: {type: string}}
"""
ADMIN = Actor("ann", frozenset({"admin"}))
Kept = dict[str, Any]


def hooked(event: Event) -> Mapping[str, object]:
    if event.row.get("text") == "refuse":
        raise Refused("not this one")
    return {**event.row, "touched": 1}


@dataclass(frozen=True)
class World:
    """An application whose resources keep an audit."""

    fresh: Fresh

    @property
    def snapshot(self) -> Snapshot:
        return self.fresh.snapshot

    def write(self, *commands: Command, actor: Actor = ADMIN) -> None:
        service.write(Context(self.snapshot, actor, "request-1"), commands)

    def kept(self) -> list[Kept]:
        """The audit, oldest first, without ids."""
        names = ("action", "resource", "key", "columns", "old", "new", "actor", "request_id", "tenant")
        cells = ", ".join(f'"{name}"' for name in names)
        found = self.fresh.rows(f"SELECT {cells} FROM {AUDIT} ORDER BY id")
        return [dict(zip(names, map(_json, names, row), strict=True)) for row in found]

    def told(self) -> list[tuple[str, str, object]]:
        """What happened to which row."""
        return [(each["action"], each["resource"], each["key"]) for each in self.kept()]

    def forget(self) -> None:
        with self.snapshot.system.transaction() as session:
            session.execute(f"DELETE FROM {AUDIT}")


def _json(name: str, value: object) -> object:
    """JSON is a text on SQLite, and a piece of an answer on PostgreSQL."""
    if value is None or name not in ("key", "columns", "old", "new"):
        return value
    return orjson.loads(value if isinstance(value, str) else orjson.dumps(value))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """The application of each database: made once."""
    folder = tmp_path_factory.mktemp("audit")
    url = f"sqlite:///{folder / 'audit.sqlite'}"
    if request.param == "postgres":
        url = new_postgres(request.getfixturevalue("postgres_server"))
    (folder / "config.yml").write_text(CONFIG)
    app = create_app(read_config(folder / "config.yml", {"DATABASE_URL": url}))
    made = with_callers(app)
    yield made
    made.snapshot.system.close()


@pytest.fixture
def world(home: Fresh) -> World:
    """The application without rows."""
    database = home.snapshot.system
    with database.transaction() as session:
        for name in ("notes", "papers", "sheets", "folders", "pairs", "plain", AUDIT):
            session.execute(f"DELETE FROM {name}")
        for email in ("john@example.org", "test@example.com"):
            session.execute(
                accounts.sql_for(database, "UPDATE _dragoman_users SET name = NULL WHERE email = ?"), (email,)
            )
        session.execute("DELETE FROM _dragoman_users WHERE email NOT IN ('john@example.org', 'test@example.com')")
        session.execute("DELETE FROM _dragoman_roles WHERE name NOT IN ('administrator', 'user', 'public')")
    return World(home)


def key(resource: str, snapshot: Snapshot, **values: object) -> tuple[Any, tuple[object, ...]]:
    return by_values(snapshot.catalog.resource(resource), values)


def change(world: World, name: str, changes: Mapping[str, object], **values: object) -> Update:
    where, held = key(name, world.snapshot, **values)
    return Update(name, where, dict(changes), held, keyed=True)


def remove(world: World, name: str, **values: object) -> Delete:
    where, held = key(name, world.snapshot, **values)
    return Delete(name, where, held, keyed=True)


# ---------------------------------------------------------------- what is kept


def test_a_change_is_kept_with_who_when_and_what(world: World) -> None:
    began = datetime.now(UTC)
    world.write(Insert("folders", ({"id": 1, "name": "A"},)))
    world.write(change(world, "folders", {"name": "B"}, id=1))
    world.write(remove(world, "folders", id=1))
    made, changed, gone = world.kept()
    assert made == {
        "action": "create",
        "resource": "folders",
        "key": {"id": 1},
        "columns": ["id", "name"],
        "old": None,
        "new": {"id": 1, "name": "A"},
        "actor": "ann",
        "request_id": "request-1",
        "tenant": None,
    }
    assert (changed["action"], changed["columns"]) == ("update", ["name"])
    assert (changed["old"], changed["new"]) == ({"name": "A"}, {"name": "B"})
    assert (gone["action"], gone["columns"], gone["old"], gone["new"]) == ("delete", [], {"id": 1, "name": "B"}, None)
    (at,) = world.fresh.rows(f"SELECT at FROM {AUDIT} ORDER BY id LIMIT 1")[0]
    when = at if isinstance(at, datetime) else datetime.fromisoformat(str(at).replace("Z", "+00:00"))
    assert began <= when <= datetime.now(UTC)


def test_values_are_kept_exactly_and_never_secret_ones(world: World) -> None:
    row = {"title": "a\nb", "amount": "1", "data": {"k": [1, None]}, "secret": "Pa55"}
    world.write(Insert("papers", ({**row, "amount": 99.125, "seen": "2024-01-31T10:00:00+02:00"},)))
    world.write(Update("papers", TRUE, {"secret": "Pa66", "amount": 12.5, "data": [2]}))
    made, changed = world.kept()
    assert made["new"]["title"] == "a\nb" and made["new"]["data"] == {"k": [1, None]}
    assert (made["new"]["amount"], made["new"]["seen"]) == (99.125, "2024-01-31T08:00:00.000Z")
    assert "secret" in made["columns"] and "secret" in changed["columns"]
    assert changed["old"] == {"amount": 99.125, "data": {"k": [1, None]}}
    assert changed["new"] == {"amount": 12.5, "data": [2]}
    assert not re.search("Pa55|Pa66", str(world.kept()))


def test_names_alone_are_kept_where_values_are_not_asked(world: World) -> None:
    world.write(Insert("notes", ({"text": "private"},)))
    world.write(Update("notes", TRUE, {"text": "more"}))
    world.write(Delete("notes", TRUE))
    assert [each["columns"] for each in world.kept()] == [["text"], ["text", "touched"], []]
    assert not [each for each in world.kept() if each["old"] or each["new"]]


def test_what_a_hook_changes_is_kept_and_what_it_refuses_is_not(world: World) -> None:
    world.write(Insert("notes", ({"text": "a"},)))
    world.forget()
    world.write(Update("notes", TRUE, {"text": "b"}))
    assert [each["columns"] for each in world.kept()] == [["text", "touched"]]
    with pytest.raises(ApiError):
        world.write(Update("notes", TRUE, {"text": "refuse"}))
    assert len(world.kept()) == 1


def test_a_resource_that_does_not_ask_keeps_nothing(world: World) -> None:
    world.write(Insert("plain", ({"id": 1},)), Update("plain", TRUE, {"name": "x"}), Delete("plain", TRUE))
    assert world.kept() == []


def test_a_row_is_followed_when_its_key_changes(world: World) -> None:
    world.write(Insert("pairs", ({"a": "x,y", "b": 1},)))
    world.write(change(world, "pairs", {"b": 2}, a="x,y", b=1))
    assert world.told()[1] == ("update", "pairs", {"a": "x,y", "b": 1})
    assert (world.kept()[1]["columns"], world.kept()[1]["new"]) == (["b"], {"b": 2})


def test_changes_of_many_rows_name_each(world: World) -> None:
    world.write(Insert("pairs", tuple({"a": "x", "b": number} for number in range(1200))))
    world.write(Update("pairs", TRUE, {"n": 7}))
    world.write(Delete("pairs", TRUE))
    told = world.told()
    for action, start in (("create", 0), ("update", 1200), ("delete", 2400)):
        part = told[start : start + 1200]
        assert {each[0] for each in part} == {action} and {each[2]["b"] for each in part} == set(range(1200))  # type: ignore[index]


def test_every_command_is_kept(world: World) -> None:
    where, values = key("folders", world.snapshot, id=5)
    world.write(Ensure("folders", where, {"id": 5, "name": "e"}, values))
    world.write(Ensure("folders", where, {"id": 5, "name": "e"}, values))
    world.write(Upsert("folders", {"id": 6, "name": "u"}, ("id",)))
    world.write(Upsert("folders", {"id": 6, "name": "v"}, ("id",)))
    world.write(UpdateFirst("folders", where, {"name": "f"}, values))
    assert [(action, row) for action, _, row in world.told()] == [
        ("create", {"id": 5}),
        ("create", {"id": 6}),
        ("update", {"id": 6}),
        ("update", {"id": 5}),
    ]
    assert [each["old"]["name"] for each in world.kept()[2:]] == ["u", "e"]


def test_soft_deletions_and_restorations_are_kept_as_such(world: World) -> None:
    world.write(Insert("sheets", ({"id": 1},)))
    world.write(remove(world, "sheets", id=1))
    where, values = key("sheets", world.snapshot, id=1)
    world.write(Restore("sheets", where, values))
    _, gone, back = world.kept()
    assert (gone["action"], gone["columns"], gone["old"]) == ("delete", ["gone"], {"gone": None})
    assert (back["action"], back["columns"], back["new"]) == ("restore", ["gone"], {"gone": None})
    assert gone["new"]["gone"] == back["old"]["gone"] and gone["new"]["gone"]


def test_what_a_deletion_takes_with_it_is_kept(world: World) -> None:
    world.write(Insert("folders", ({"id": 1, "name": "F"}, {"id": 2})))
    world.write(
        Insert("papers", ({"id": 10, "folder_id": 1, "title": "p"}, {"id": 11, "folder_id": 2})),
        Insert("notes", ({"id": 20, "paper_id": 10},)),
        Insert("sheets", ({"id": 30, "folder_id": 1},)),
    )
    world.forget()
    world.write(remove(world, "folders", id=1))
    assert sorted(world.told(), key=str) == [
        ("delete", "folders", {"id": 1}),
        ("delete", "papers", {"id": 10}),
        ("delete", "sheets", {"id": 30}),
        ("update", "notes", {"id": 20}),
    ]
    assert {each["resource"]: each["columns"] for each in world.kept()}["notes"] == ["paper_id"]
    assert world.fresh.rows("SELECT id, paper_id FROM notes") == [(20, None)]
    assert {each["resource"]: each["old"] for each in world.kept()}["papers"]["title"] == "p"


# ---------------------------------------------------------------- exactly if the change is


def test_a_failing_write_leaves_nothing(world: World) -> None:
    world.write(Insert("papers", ({"title": "one"},)))
    before = world.kept()
    failing: list[tuple[Command, ...]] = [
        (Insert("folders", ({"id": 9},)), Insert("papers", ({"title": "one"},))),
        (Insert("folders", ({"id": 9},)), remove(world, "papers", id=99999)),
        (Insert("folders", ({"id": 9},)), Insert("papers", ({"folder_id": 12345},))),
    ]
    for commands in failing:
        with pytest.raises(ApiError):
            world.write(*commands)
    with pytest.raises(ApiError):
        world.write(Insert("papers", ({"amount": 500},)), actor=Actor("7", frozenset({"user"})))
    assert world.kept() == before and world.fresh.rows("SELECT count(*) FROM folders") == [(0,)]


def test_an_audit_that_cannot_be_written_undoes_the_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {name: text.replace('"actor"', '"nobody"') for name, text in audit.INSERT.items()}
    monkeypatch.setattr(audit, "INSERT", broken)
    with pytest.raises(SqlError):
        world.write(Insert("folders", ({"id": 1},)))
    assert world.fresh.rows("SELECT count(*) FROM folders") == [(0,)]


def test_a_step_of_a_batch_that_fails_is_not_kept(world: World) -> None:
    with service.work(Context(world.snapshot, ADMIN)) as work:
        with work.attempt():
            work.write([Insert("folders", ({"id": 1},))])
        with pytest.raises(ApiError), work.attempt():
            work.write([Insert("folders", ({"id": 2},)), Insert("folders", ({"id": 1},))])
        with work.attempt():
            work.write([Insert("folders", ({"id": 3},))])
    assert [row for _, _, row in world.told()] == [{"id": 1}, {"id": 3}]


def test_an_import_is_kept_row_by_row_or_not_at_all(world: World) -> None:
    def put(text: str, name: str = "papers") -> int:
        resource = world.snapshot.catalog.resource(name)
        view = world.snapshot.presentations["baasix"].view(resource)
        rows = rows_from_csv(BytesIO(text.encode()), view, resource.columns)
        return import_rows(Context(world.snapshot, ADMIN), resource, rows).imported

    assert put("title,amount\n" + "".join(f"t{number},{number}\n" for number in range(700))) == 700
    assert put("text\n" + "".join(f"n{number}\n" for number in range(35)), "notes") == 35
    ids = {row[0] for name in ("papers", "notes") for row in world.fresh.rows(f"SELECT id FROM {name}")}
    assert {each["key"]["id"] for each in world.kept()} == ids and len(world.kept()) == 735
    titles = {row[0]: row[1] for row in world.fresh.rows("SELECT id, title FROM papers")}
    papers = [each for each in world.kept() if each["resource"] == "papers"]
    assert all(titles[each["key"]["id"]] == each["new"]["title"] for each in papers)
    world.forget()
    assert put("title,amount\nnew,1\nt1,2\n") == 0 and world.kept() == []


# ---------------------------------------------------------------- our own tables


def test_accounts_and_roles_can_be_asked_for(world: World) -> None:
    admin = world.fresh.client
    made = admin.post(
        "/items/baasix_User",
        json={"email": "x@y.zz", "password": "S3cret-Passw0rd", "role": "user"},
        headers=world.fresh.admin,
    )
    assert made.status_code == 201, made.text
    id = made.json["data"]["id"]
    assert admin.post("/items/baasix_Role", json={"name": "clerk"}, headers=world.fresh.admin).status_code == 201
    gone = admin.delete(f"/items/baasix_User/{id}", headers=world.fresh.admin)
    assert gone.status_code == 200, gone.text
    told = world.kept()
    assert [(each["action"], each["resource"]) for each in told if each["resource"] == "system.users"] == [
        ("create", "system.users"),
        ("delete", "system.users"),
    ]
    assert {"password_hash", "role", "email"} <= set(told[0]["columns"])
    assert [each["new"]["name"] for each in told if each["resource"] == "system.roles"] == ["clerk"]
    assert ("delete", "system.user_roles") in [(each["action"], each["resource"]) for each in told]
    assert "S3cret" not in str(told) and "argon2" not in str(told)
    (me,) = world.fresh.rows("SELECT id FROM _dragoman_users WHERE email = 'john@example.org'")[0]
    assert {each["actor"] for each in told} == {str(me)}


def test_what_an_account_does_to_itself_is_kept(world: World) -> None:
    signed = doors.register(world.snapshot, doors.New(email="new@example.com", password="correct-Horse-7"))
    actor = actor_of(world.snapshot, signed.token)
    doors.change_password(world.snapshot, actor, old="correct-Horse-7", new="another-Horse-8")
    assert world.told() == [(action, "system.users", {"id": actor.id}) for action in ("create", "update")]
    assert {each["actor"] for each in world.kept()} == {actor.id}
    assert "password_hash" in world.kept()[0]["columns"] and world.kept()[1]["columns"] == ["password_hash"]
    assert not [each for each in world.kept() if each["old"] or each["new"]]
    with pytest.raises(ApiError):
        doors.register(world.snapshot, doors.New(email="new@example.com", password="correct-Horse-7"))
    assert len(world.kept()) == 2


# ---------------------------------------------------------------- read by administrators, written by nobody


@pytest.mark.parametrize("dialect", DIALECTS)
def test_administrators_read_it_in_every_dialect(world: World, dialect: str) -> None:
    Speaker(world.fresh, dialect).create("folders", {"id": 1, "name": "line\nbreak"})
    ((id,),) = world.fresh.rows(f"SELECT id FROM {AUDIT}")
    (row,) = Speaker(world.fresh, dialect).find(AUDIT, "resource", "folders")
    assert (row["action"], row["key"], row["new"]) == ("create", {"id": 1}, {"id": 1, "name": "line\nbreak"})
    assert re.fullmatch(r"[0-9a-f]{32}", row["request_id"])
    assert Speaker(world.fresh, dialect).one(AUDIT, id)["columns"] == ["id", "name"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("who", ["user", "nobody"])
def test_for_everybody_else_it_does_not_exist(world: World, dialect: str, who: str) -> None:
    headers = world.fresh.user if who == "user" else {}
    speaker = Speaker(world.fresh, dialect, headers=headers)
    missing = speaker.send("GET", speaker.path("plain").replace("plain", "nosuch").replace("Plain", "nosuch"))
    answer = speaker.send("GET", speaker.path(AUDIT))
    assert answer.status_code == missing.status_code == 404
    assert speaker.create(AUDIT, {"action": "create"}).status_code == 404


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nobody_writes_it(world: World, dialect: str) -> None:
    world.write(Insert("folders", ({"id": 1},)))
    ((id,),) = world.fresh.rows(f"SELECT id FROM {AUDIT}")
    speaker = Speaker(world.fresh, dialect)
    row = {"action": "create", "resource": "folders", "key": {"id": 2}, "columns": [], "at": "2024-01-01T00:00:00Z"}
    answers = [speaker.create(AUDIT, row), speaker.update(AUDIT, id, {"actor": "eve"}), speaker.delete(AUDIT, id)]
    assert [answer.status_code for answer in answers] == [405, 405, 405], [answer.text for answer in answers]
    assert "dragoman" not in "".join(answer.text for answer in answers)
    assert world.told() == [("create", "folders", {"id": 1})]


def test_nobody_imports_into_it(world: World) -> None:
    resource = world.snapshot.catalog.resource(AUDIT)
    with pytest.raises(ApiError) as refused:
        import_rows(Context(world.snapshot, ADMIN), resource, iter(()))
    assert refused.value.kind == "wrong_method"


def test_administrators_of_a_tenant_read_what_their_tenant_did(world: World) -> None:
    world.write(Insert("folders", ({"id": 1},)), actor=replace(ADMIN, tenant="acme"))
    world.write(Insert("folders", ({"id": 2},)), actor=replace(ADMIN, tenant="other"))
    assert [each["tenant"] for each in world.kept()] == ["acme", "other"]
    resource = world.snapshot.catalog.resource(AUDIT)
    assert resource.tenant == "tenant" and not resource.writable


# ---------------------------------------------------------------- forging

FORGED = '1\n{"action":"delete","actor":"eve"}\r\n\u2028","key":{"id":9}}], [["delete'


def test_no_text_makes_another_entry(world: World) -> None:
    headers = {**world.fresh.admin, "X-Request-Id": "forged}"}
    answer = world.fresh.client.post("/items/pairs", json={"a": FORGED, "b": 1}, headers=headers)
    assert answer.status_code == 201
    (kept,) = world.kept()
    assert (kept["action"], kept["key"], kept["columns"]) == ("create", {"a": FORGED, "b": 1}, ["a", "b"])
    assert kept["request_id"] == answer.headers["X-Request-Id"] and re.fullmatch("[0-9a-f]{32}", kept["request_id"])


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What the service logs."""
    written = StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        logs.configure()
        yield written
    logs.configure()


def test_no_text_makes_another_line_of_the_log(logged: StringIO) -> None:
    structlog.get_logger().error(FORGED, key=FORGED, exc_info=ValueError(FORGED))
    (line,) = logged.getvalue().splitlines()
    assert (json.loads(line)["event"], json.loads(line)["key"]) == (FORGED, FORGED)


def test_what_goes_wrong_is_logged_without_secrets(
    world: World, logged: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {name: text.replace('"actor"', '"nobody"') for name, text in audit.INSERT.items()}
    monkeypatch.setattr(audit, "INSERT", broken)
    body = {"email": "new@example.com", "password": "S3cret-Passw0rd"}
    answer = world.fresh.client.post("/items/baasix_User", json=body, headers=world.fresh.admin)
    assert answer.status_code == 500 and "nobody" not in answer.text
    lines = logged.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["internal error", "request"]
    assert json.loads(lines[0])["request_id"] == answer.headers["X-Request-Id"]
    token = world.fresh.admin["Authorization"].removeprefix("Bearer ")
    secrets = (token, body["password"], "argon2", world.snapshot.system.url, world.snapshot.config.auth.secret)
    assert not [secret for secret in secrets if secret in logged.getvalue()]


# ---------------------------------------------------------------- pruning


def test_old_entries_can_be_forgotten_and_that_is_kept(world: World) -> None:
    database = world.snapshot.system
    with database.transaction() as session:
        entry = Entry("create", "folders", {"id": 1}, ())
        audit.keep(database, session, [entry], Author(None, None, "", datetime(2020, 5, 1, 23, 59, tzinfo=UTC)))
    world.write(Insert("folders", ({"id": 2},)))
    done = world.fresh.app.test_cli_runner().invoke(args=["audit", "prune", "--before", "2020-05-02"])
    assert (done.exit_code, done.output) == (0, "1 entries are gone.\n")
    assert [action for action, _, _ in world.told()] == ["create", "prune"]
    assert world.kept()[1]["key"] == {"before": "2020-05-02T00:00:00.000000Z", "rows": 1}


# ---------------------------------------------------------------- configuration

TWO = """
sources: {default: {database: "sqlite:///%(folder)s/a.sqlite"}, other: {database: "sqlite:///%(folder)s/b.sqlite"}}
%(top)s
schemas:
  main: {entities: {here: {fields: {id: {type: integer, key: true}}}}}
  far: {source: other, entities: {there: {fields: {id: {type: integer, key: true}}%(more)s}}}
"""


@pytest.mark.parametrize(
    ("top", "more", "expected"),
    [
        ("", ", audit: true", "far.there is in the source 'other'; an audit is kept with the change"),
        ("audit: {far.there: true}", "", "far.there is in the source 'other'"),
        ("audit: {nowhere: true}", "", "there is no resource 'nowhere'"),
        ("audit: {audit: true}", "", "the audit itself is written by nobody else"),
        ("audit: {here: yes}", "", "must be true or false or a mapping"),
        ("audit: {here: {value: true}}", "", "unknown key"),
    ],
)
def test_what_cannot_be_audited_keeps_the_service_from_starting(
    tmp_path: Path, top: str, more: str, expected: str
) -> None:
    path = tmp_path / "config.yml"
    path.write_text(TWO % {"folder": tmp_path, "top": top, "more": more})
    with pytest.raises(ConfigError) as refused:
        startup.assemble(read_config(path, {}), DIALECTS)
    assert expected in str(refused.value) and "config.yml:" in str(refused.value)


def test_a_table_that_nobody_declared_can_be_audited(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(
        f'sources: {{default: {{database: "sqlite:///{tmp_path}/a.sqlite"}}}}\naudit: {{things: {{values: true}}}}\n'
    )
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as made:
        made.execute("CREATE TABLE things (id integer primary key, name text)")
    snapshot = startup.assemble(read_config(path, {}), DIALECTS)
    service.write(Context(snapshot, ADMIN), [Insert("things", ({"name": "x"},))])
    assert snapshot.system.fetch(f"SELECT action, resource FROM {AUDIT}") == [("create", "things")]
    snapshot.system.close()
