"""A reload puts the files in force on every worker, whole, or refuses them and changes nothing."""

import gc
import os
import weakref
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import StartError, _first, create_app
from crud.errors import ApiError
from crud.identity.signing import materials
from crud.snapshots import accepted, inherited
from crud.snapshots.reloading import reload
from crud.snapshots.run_time import change, created
from crud.snapshots.startup import Overtaken, assemble, configured
from crud.web.dialect import context
from tests.dialects.conftest import SECRET, USER
from tests.programs import until
from tests.reload.conftest import CONFIG, World
from tests.reload.test_run_time import BOOKS, READABLE

TAGS = """
      tags:
        fields: {{id: {{type: integer, key: true, auto: increment}}, name: {{type: string}}}}
        rules:
          - {{role: anon, actions: [read, create]}}
"""


def send(world: World, number: int = 0, **options: object) -> TestResponse:
    headers = world.headers()
    return world.client(number).post("/server/reload", headers=headers, **options)  # type: ignore[arg-type]


def statuses(world: World, path: str) -> list[int]:
    return [world.client(number).get(path).status_code for number in range(len(world.workers))]


def test_changed_files_are_in_force_on_every_worker_after_a_reload(two: World) -> None:
    two.write(CONFIG + TAGS)
    assert statuses(two, "/api/tags") == [404, 404]
    answer = send(two, 1)
    assert (answer.status_code, answer.json) == (200, {"message": "Server reloaded"})
    assert statuses(two, "/api/tags") == [200, 200]


def test_a_worker_that_starts_slowly_does_not_put_older_files_in_force(two: World) -> None:
    read_before = configured(two.file)
    two.write(CONFIG + TAGS)
    assert send(two).status_code == 200
    with pytest.raises(Overtaken):
        assemble(read_before[0], (), read_before[1])
    slow = _first(two.file, (), read_before)
    assert "tags" in slow.catalog.resources and statuses(two, "/api/tags") == [200, 200]


def test_a_metadata_file_becomes_a_resource(two: World) -> None:
    (two.folder / "meta").mkdir()
    two.write(CONFIG + "metadata: meta\n")
    (two.folder / "meta" / "Song.json").write_text(
        '{"fields": {"name": {"type": "string"}}, "permissions": {"read": ["anon"]}}'
    )
    assert send(two).status_code == 200 and statuses(two, "/api/Song") == [200, 200]


def test_everything_derived_goes_with_the_old_snapshot(world: World) -> None:
    old = world.snapshot()
    world.client().get("/api/notes")
    send(world)
    new = world.snapshot()
    for part in ("catalog", "policy", "schemas", "presentations", "hooks", "compiled", "databases"):
        assert getattr(new, part) is not getattr(old, part)


def test_definitions_that_arrived_by_request_stay(two: World) -> None:
    change(two.admin(), created("books", BOOKS | READABLE))
    two.write(CONFIG + TAGS)
    send(two)
    assert statuses(two, "/api/books") == statuses(two, "/api/tags") == [200, 200]


def test_a_name_that_arrived_by_request_cannot_come_in_a_file(world: World) -> None:
    change(world.admin(), created("tags", BOOKS))
    world.write(CONFIG + TAGS)
    answer = send(world)
    assert answer.status_code == 400 and "'tags'" in answer.json["error"]


def test_a_request_under_way_finishes_with_what_it_began(two: World) -> None:
    app = two.workers[0]
    with app.test_request_context("/api/notes"):
        app.preprocess_request()
        held = context().snapshot
        two.write(CONFIG + TAGS)
        reload(two.state(1))
        assert two.client(1).get("/api/tags").status_code == 200
        assert context().snapshot is held and "tags" not in held.catalog.resources
        assert held.system.fetch("SELECT 1") == [(1,)]


# ---------------------------------------------------------------- refused

BROKEN: dict[str, tuple[str, str]] = {
    "no YAML": ("schemas: [", "config.yml:1: not valid YAML"),
    "an unknown key": (CONFIG + "colours: red\n", "config.yml:19: colours: unknown key"),
    "an unknown type": (CONFIG.replace("type: text", "type: txt"), "schemas.main.entities.notes.fields.body.type: 'txt' is not allowed"),
    "a rule about nothing": (CONFIG + TAGS.replace("read, create]", "read], fields: [q]"), "tags has no column 'q'"),
    "a hook that is not there": (CONFIG + 'hooks: [{{resource: notes, when: before_create, call: "nowhere:f"}}]\n', "hooks.0.call"),
    "a missing variable": (CONFIG + 'rules: [{{role: "${{NOBODY_SET_THIS}}", resource: notes, actions: [read]}}]\n', "NOBODY_SET_THIS is not set"),
    "a database that is not there": (CONFIG.replace("auth:", '  other: {{url: "sqlite:////dev/null/x/y"}}\nauth:'), "sources.other: cannot be reached"),
    "a tag of Python": ("!!python/object/apply:os.system [id]", "are not allowed"),
    "anchors": ("a: &a [1]\nb: *a\n", "anchors and aliases"),
    "a condition that cannot be": (CONFIG + "rules: [{{role: anon, resource: notes, actions: [read], where: {{body: {{nope: 1}}}}}}]\n", "nope"),
}  # fmt: skip


def test_a_broken_file_is_refused_with_file_line_and_key(two: World) -> None:
    headers, before, held = two.headers(), two.whole(), two.snapshot()
    told = {}
    for case, (text, _) in BROKEN.items():
        two.write(text)
        answer = two.client().post("/server/reload", headers=headers)
        assert answer.status_code == 400 and set(answer.json) == {"error"}
        told[case] = answer.json["error"]
    assert [case for case, (_, words) in BROKEN.items() if words not in told[case]] == [], told
    assert str(two.folder) not in str(told)
    assert two.snapshot() is held and statuses(two, "/api/notes") == [200, 200] and two.whole() == before


def test_what_fails_late_has_made_no_table(world: World) -> None:
    world.write(CONFIG + TAGS + "rules: [{{role: anon, resource: tags, actions: [read], where: {{nope: 1}}}}]\n")
    assert send(world).status_code == 400
    assert "tags" not in {info.table.name for info in world.snapshot().system.tables()}


def test_no_refusal_shows_a_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIDDEN", "hunter2-from-the-environment")
    wrong = CONFIG + 'server: {{port: "${{HIDDEN}}", evolve: "${{HIDDEN}}"}}\nusers: {{eve: {{password: [hunter2]}}}}\n'
    wrong = wrong.replace("secret: {secret}", "secret: [hunter2, {secret}]\n  keys: [{{id: a, secret: 123456789}}]")
    world.write(wrong)
    answer = send(world)
    assert answer.status_code == 400 and "server.port" in answer.json["error"]
    assert "hunter2" not in answer.text and "123456789" not in answer.text and SECRET not in answer.text


def test_accepted_files_are_kept_so_that_the_database_does_not_tell_them(world: World) -> None:
    world.write(CONFIG + 'users: {{eve: {{password: "hunter2-hunter2"}}}}\n')
    send(world)
    assert "hunter2" not in str(world.rows("SELECT * FROM _dragoman_files"))


def test_who_may_reload(world: World) -> None:
    for headers, status in (({}, 401), (world.headers(USER[0]), 403), (world.headers(), 200)):
        answer = world.client().post("/server/reload", headers=headers)
        assert answer.status_code == status
        assert status != 403 or answer.json == {"error": "Permission denied"}


def test_the_letter_a_lets_a_role_reload(world: World) -> None:
    world.write(CONFIG + "roles: {{user: ra}}\n")
    send(world)
    assert world.client().post("/server/reload", headers=world.headers(USER[0])).status_code == 200


def test_a_body_and_parameters_are_refused(world: World) -> None:
    assert send(world, json={"x": 1}).status_code == 400
    assert send(world, query_string={"x": 1}).status_code == 400
    assert send(world, json={}).status_code == 200


# ---------------------------------------------------------------- hosts


def test_two_hosts_with_other_files_agree_on_those_that_were_accepted_last(world: World, tmp_path: Path) -> None:
    other = World(world.url, tmp_path / "other")
    other.folder.mkdir()
    other.write(CONFIG + TAGS)
    world.workers.append(other.worker())  # a start puts its files in force
    assert statuses(world, "/api/tags") == [200, 200]
    assert send(world, 0).status_code == 200  # the first host's own files again
    assert statuses(world, "/api/tags") == [404, 404]
    other.write(CONFIG + TAGS.replace("tags", "labels"))
    reload(other.state())
    assert statuses(world, "/api/labels") == [200, 200]


def test_variables_are_each_hosts_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "anon")
    world.worker()
    world.write(CONFIG + TAGS.replace("role: anon", 'role: "${{WHO}}"'))
    reload(world.state(0))
    assert world.client(0).get("/api/tags").status_code == 200
    monkeypatch.setenv("WHO", "nobody")
    assert world.client(1).get("/api/tags").status_code == 401


def test_who_cannot_serve_what_is_in_force_says_so_until_he_can(two: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE", "anon")
    two.write(CONFIG + TAGS.replace("role: anon", 'role: "${{HERE}}"'))
    reload(two.state(0))
    monkeypatch.delenv("HERE")
    answer = two.client(1).get("/api/tags")
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    with pytest.raises(ApiError):
        two.state(1).current()
    two.write()
    reload(two.state(1))
    assert statuses(two, "/api/notes") == [200, 200]


# ---------------------------------------------------------------- keys


def test_a_new_secret_is_followed_and_ends_the_tokens_of_the_old_one(two: World) -> None:
    old = two.headers()
    two.file.write_text(two.text().replace(SECRET, "another secret that is long enough for it"))
    assert two.client(0).post("/server/reload", headers=old).status_code == 200
    for number in range(2):
        assert two.client(number).get("/user/info", headers=old).status_code == 401
        assert two.client(number).get("/user/info", headers=two.headers()).status_code == 200
    two.worker()
    assert two.state(0).held.revision == two.snapshot(2).revision


def test_the_accepted_texts_are_read_with_every_key_and_no_other(world: World) -> None:
    held = world.snapshot()
    texts = held.given.texts
    assert texts is not None
    assert accepted.read(held.system, materials(held.config), texts.path) == texts
    assert accepted.read(held.system, ["another"], texts.path) is None


# ---------------------------------------------------------------- connections


def test_connections_are_new_and_the_old_ones_close_after_their_last_request(world: World) -> None:
    held = world.snapshot()
    old, gone, database = connections(world), weakref.ref(held), weakref.ref(held.system)
    send(world)
    world.client().get("/api/notes")
    assert gone() is held and len(connections(world)) > len(old)  # somebody still works with it
    held.system.fetch("SELECT 1")
    del held
    assert gone() is None and database() is None, gc.get_referrers(gone())
    if not world.url.startswith("sqlite"):  # PostgreSQL ends its processes in its own time
        until(lambda: not connections(world) & old)


def test_connections_do_not_grow(world: World) -> None:
    for _ in range(3):
        send(world)
        world.client().get("/api/notes")
    before = len(connections(world))
    for _ in range(5):
        send(world)
        world.client().get("/api/notes")
    until(lambda: len(connections(world)) <= before)


def connections(world: World) -> set[object]:
    """The connections of this process to its database: backends by their process, open files by their number, of which
    SQLite keeps those for use again that it may not close while others have the file open."""
    if world.url.startswith("postgres"):
        return {pid for (pid,) in world.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")}
    path = world.url.removeprefix("sqlite:///")
    return {each.name for each in Path("/proc/self/fd").iterdir() if os.path.realpath(each) == path}


# ---------------------------------------------------------------- restart


def test_what_only_a_restart_changes_is_told(world: World) -> None:
    world.write(CONFIG + "server: {{port: 4000}}\ndialects: {{metal: {{mounts: {{/schema: /db}}}}}}\n")
    answer = send(world)
    assert answer.json == {"message": "Server reloaded", "restart": ["server.port", "dialects.metal"]}
    assert world.client().get("/schema/main/notes").status_code == 200


def test_another_home_for_our_own_tables_takes_a_restart(world: World) -> None:
    world.write(CONFIG.replace("{url}", f"sqlite:///{world.folder / 'elsewhere.sqlite'}"))
    answer = send(world)
    assert answer.status_code == 400 and "that takes a restart" in answer.json["error"]
    assert world.client().get("/api/notes").status_code == 200


def test_limits_of_bodies_are_in_force_with_the_reload(world: World) -> None:
    world.write(CONFIG + "limits: {{body_bytes: 100}}\n")
    send(world)
    sent = {"json": {"body": "x" * 200}, "headers": world.headers()}
    assert client_of(world).post("/api/notes", **sent).status_code == 413  # type: ignore[arg-type]


def client_of(world: World) -> FlaskClient:
    return world.client()


def test_a_worker_whose_file_breaks_while_it_starts_serves_what_is_in_force(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAGOMAN_CONFIG", str(world.file))
    for name, value in (("again", False), ("files", None)):
        monkeypatch.setattr(inherited.INHERITED, name, value)
    world.file.write_text(world.text() + "colours: red\n")
    inherited.remember(again=False)
    with pytest.raises(StartError, match="colours"):
        create_app()
    world.write()
    inherited.remember(again=False)
    world.file.write_text("colours: red\n")
    world.workers.append(create_app())
    assert world.client(-1).get("/api/notes").status_code == 200
