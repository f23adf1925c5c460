"""All or nothing: whatever holds several writes and fails at one of them leaves the database exactly as it was.

Each way of sending several rows, each kind of failure, at the first, the middle and the last of them; with hooks, which
make changes row by row, and without. Nothing that was undone is told to an after-hook.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from crud.web.dialect import served
from sql.database import Database
from tests.dialects.conftest import ADMIN, USER, Fresh, fresh_app, sibling
from tests.newcomers import create_account
from tests.tables import each

CONFIG = """
version: "0.3"
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}"}
schemas:
  main:
    entities:
      colors:
        fields: {id: {type: integer, key: true}}
      makers:
        fields: {id: {type: integer, key: true, auto: increment}, name: {type: string, required: true}}
        rules: [{role: user, actions: [create, read]}]
      things:
        fields: &FIELDS
          makerId: {type: integer, references: makers}
        rules: [{role: user, actions: [create, read, update, delete], where: {amount: {lt: 100}}}]
      parts:
        fields: &FIELDS
          thingId: {type: integer, references: things, on_delete: restrict}
        rules: [{role: user, actions: [create, read], where: {amount: {lt: 100}}}]
""".replace(
    "&FIELDS\n",
    """
          id: {type: integer, key: true, auto: increment}
          name: {type: string, required: true}
          code: {type: string, unique: true}
          amount: {type: integer}
          colorId: {type: integer, references: colors}
""",
)
WHENS = [f"{time}_{action}" for action in ("create", "update", "delete") for time in ("before", "after")]
HOOKS = "hooks:\n" + "".join(
    f'  - {{resource: "*", when: {when}, call: "atomic_hooks:{when.partition("_")[0]}"}}\n' for when in WHENS
)
MODULE = """
from crud.hooks import Refused

seen, guarded = [], set()

def before(event):
    if event.row.get("name") == "refuse" or (event.key and event.key["id"] in guarded):
        raise Refused("refused")
    if event.row.get("name") == "crash":
        raise RuntimeError("crash")

def after(event):
    seen.append((event.action, event.row.get("code")))
"""
SEEDS = (
    "INSERT INTO makers (id, name) VALUES (1000, 'Acme')",
    "INSERT INTO things (id, name, code, amount) VALUES (1000, 'a', 'taken', 1), (1001, 'b', 'b', 1),"
    " (1002, 'c', 'c', 1), (1003, 'd', 'd', 1), (1004, 'out of reach', 'e', 500), (1005, 'referred to', 'f', 1)",
    "INSERT INTO parts (id, name, code, amount, \"thingId\") VALUES (1000, 'a', 'taken', 1, 1005)",
)

Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """An application over its own database; the module of its hooks, if it has some."""

    fresh: Fresh
    hooks: ModuleType | None
    tables: tuple[str, ...]

    def whole(self) -> dict[str, list[str]]:
        """Every row of every table."""
        found = {name: self.fresh.rows(f"SELECT * FROM {name}") for name in self.tables}
        return {name: sorted(map(repr, rows)) for name, rows in found.items()}

    def send(self, method: str, path: str, body: object) -> tuple[int, Any]:
        """Status and answer of a request by Test User."""
        answer = self.fresh.client.open(path, method=method, json=body, headers=self.fresh.user)
        return answer.status_code, answer.get_json(silent=True)

    def upload(self, kind: str, data: str) -> int:
        """The status of an import."""
        form = {f"{kind}File": (io.BytesIO(data.encode()), f"things.{kind}")}
        path = f"/items/things/import-{kind}"
        return self.fresh.client.post(path, data=form, headers=self.fresh.user).status_code

    def run(self, data: str, form: str) -> int:
        """The exit code of an import from the command line."""
        words = ["data", "import", "-", "things", "--format", form]
        return self.fresh.app.test_cli_runner().invoke(args=words, input=data).exit_code

    @property
    def told(self) -> list[tuple[str, str | None]]:
        """What after-hooks have been told."""
        return [] if self.hooks is None else list(self.hooks.seen)


Make = Callable[[bool], World]


@pytest.fixture(scope="module")
def make(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Make:
    return lambda hooked: made(make_app, sibling(database_url, tmp_path_factory), tmp_path_factory, hooked=hooked)


@pytest.fixture(scope="module")
def plain(make: Make) -> World:
    """Without hooks."""
    return make(False)


@pytest.fixture(scope="module")
def shared(make: Make) -> World:
    return make(True)


def made(make_app: Callable[..., Flask], url: str, folders: pytest.TempPathFactory, *, hooked: bool) -> World:
    folder = folders.mktemp("atomic")
    path = folder / "config.yml"
    (folder / "atomic_hooks.py").write_text(MODULE)
    path.write_text(CONFIG + (HOOKS if hooked else ""))
    before = [*sys.path]
    app = make_app(path, url)
    sys.path[:] = before
    with app.app_context():
        system = served().state.current().system
        for (email, _), role in ((ADMIN, "admin"), (USER, "user")):
            create_account(system, email=email, roles=[role])
        seed(system)
    tables = tuple(fresh_app(app).whole())
    assert {"makers", "things", "parts", "_dragoman_users"} <= {*tables}
    return World(fresh_app(app), sys.modules.pop("atomic_hooks") if hooked else None, tables)


def seed(database: Database) -> None:
    """The rows, as they were."""
    with database.transaction() as session:
        for text in (*(f"DELETE FROM {name}" for name in ("parts", "things", "makers")), *SEEDS):
            session.execute(text, ())


@pytest.fixture
def world(shared: World) -> World:
    """With hooks, told of nothing yet. Whatever fails in it leaves it as it was, which is what is tested."""
    assert shared.hooks is not None
    shared.hooks.seen.clear()
    shared.hooks.guarded.clear()
    return shared


@contextmanager
def unchanged(world: World) -> Iterator[None]:
    """Nothing is written in the block, and nobody is told of anything."""
    before = world.whole()
    yield
    assert world.whole() == before
    assert world.told == []


# ---------------------------------------------------------------- several new rows

# what makes a row bad, and the status of a request with it
BAD: dict[str, tuple[Row, int]] = {
    "validation": ({"name": None}, 400),
    "unique": ({"code": "taken"}, 409),
    "twice": ({"code": "code0"}, 409),
    "reference": ({"colorId": 9999}, 409),
    "rule": ({"amount": 500}, 403),
    "refused": ({"name": "refuse"}, 400),
    "crash": ({"name": "crash"}, 500),
}
OF_HOOKS = ("refused", "crash")
POSITIONS = {"first": 0, "middle": 1, "last": 2}


def good(count: int = 3) -> list[Row]:
    return [{"name": f"n{i}", "code": f"code{i}", "amount": i} for i in range(count)]


def phantom(world: World, rows: Sequence[Row]) -> int:
    steps = [{"resource": "Thing", "action": "create", "data": row} for row in rows]
    return world.send("POST", "/api/batch", {"requests": steps, "atomic": True})[0]


def metal(world: World, rows: Sequence[Row]) -> int:
    return world.send("POST", "/schema/main/things", {"data": rows})[0]


def xond_below(world: World, rows: Sequence[Row]) -> int:
    return world.send("POST", "/json/maker", {"name": "M", "things": rows})[0]


def xond_above(world: World, rows: Sequence[Row]) -> int:
    """Each row has a part of its own below it."""
    things = [{**row, "parts": [{"name": "p", "amount": 1}]} for row in rows]
    return world.send("POST", "/json/maker", {"name": "M", "things": things})[0]


def xond_two_levels(world: World, rows: Sequence[Row]) -> int:
    things = [{"name": "t", "amount": 1, "parts": [row]} for row in rows]
    return world.send("POST", "/json/maker", {"name": "M", "things": things})[0]


def baasix(world: World, rows: Sequence[Row]) -> int:
    return world.send("POST", "/items/things/bulk", rows)[0]


def baasix_below(world: World, rows: Sequence[Row]) -> int:
    return world.send("POST", "/items/makers", {"name": "M", "things": rows})[0]


def baasix_two_levels(world: World, rows: Sequence[Row]) -> int:
    things = [{"name": "t", "amount": 1, "parts": [row]} for row in rows]
    return world.send("POST", "/items/makers", {"name": "M", "things": things})[0]


def baasix_bulk_of_nested(world: World, rows: Sequence[Row]) -> int:
    return world.send("POST", "/items/makers/bulk", [{"name": "M", "things": [row]} for row in rows])[0]


SEND = [
    phantom,
    metal,
    xond_below,
    xond_above,
    xond_two_levels,
    baasix,
    baasix_below,
    baasix_two_levels,
    baasix_bulk_of_nested,
]


def with_bad(bad: str, position: str) -> list[Row]:
    """Three rows, one of which is bad."""
    rows = good()
    rows[POSITIONS[position]] |= BAD[bad][0]
    if bad == "twice" and position == "first":
        rows[2]["code"] = "code0"
    return rows


Send = Callable[[World, list[Row]], int]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("send", SEND)
def test_one_bad_row_of_several_keeps_all_out(world: World, send: Send, bad: str) -> None:
    with unchanged(world):
        found = {position: send(world, with_bad(bad, position)) for position in POSITIONS}
    assert found == dict.fromkeys(POSITIONS, BAD[bad][1])


@each("bad", [bad for bad in BAD if bad not in OF_HOOKS])
@each("send", SEND)
def test_the_same_without_hooks(plain: World, send: Send, bad: str) -> None:
    with unchanged(plain):
        found = {position: send(plain, with_bad(bad, position)) for position in POSITIONS}
    assert found == dict.fromkeys(POSITIONS, BAD[bad][1])


# ---------------------------------------------------------------- files


def csv_of(rows: Sequence[Row]) -> str:
    names = sorted({name for row in rows for name in row})
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def lines_of(rows: Sequence[Row]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


FILES: list[Send] = [
    lambda world, rows: world.upload("csv", csv_of(rows)),
    lambda world, rows: world.upload("json", json.dumps(rows)),
]
COMMANDS: list[Send] = [
    lambda world, rows: world.run(csv_of(rows), "csv"),
    lambda world, rows: world.run(lines_of(rows), "ndjson"),
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("send", FILES, ids=["csv", "json"])
def test_one_bad_row_of_a_file_keeps_all_out(world: World, send: Send, bad: str) -> None:
    with unchanged(world):
        found = {send(world, with_bad(bad, position)) for position in POSITIONS}
    assert found == {500 if bad == "crash" else 400}


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad != "rule"])  # an administrator has none
@pytest.mark.parametrize("send", COMMANDS, ids=["csv", "ndjson"])
def test_one_bad_row_of_a_command_s_file_keeps_all_out(world: World, send: Send, bad: str) -> None:
    with unchanged(world):
        assert {send(world, with_bad(bad, position)) for position in POSITIONS} == {1}


@pytest.mark.parametrize(("bad", "place"), [("validation", 0), ("unique", 1000), ("refused", 500)])
def test_chunks_of_a_file_that_were_good_are_undone_too(world: World, bad: str, place: int) -> None:
    rows = [{**row, "amount": 1} for row in good(1001)]
    rows[place] |= BAD[bad][0]
    with unchanged(world):
        assert world.upload("csv", csv_of(rows)) == 400


# ---------------------------------------------------------------- several changes

IDS = (1001, 1002, 1003)
# what makes a change bad; "missing" and "reach" are other rows
CHANGES: dict[str, tuple[Row, int]] = {
    **BAD,
    "missing": ({"id": 9999}, 404),
    "reach": ({"id": 1004}, 404),
}


def baasix_update(world: World, rows: Sequence[Row]) -> int:
    return world.send("PATCH", "/items/things/bulk", rows)[0]


def phantom_update(world: World, rows: Sequence[Row]) -> int:
    steps = [{"resource": "Thing", "action": "update", "data": row} for row in rows]
    return world.send("POST", "/api/batch", {"requests": steps, "atomic": True})[0]


def changes(bad: str, position: str) -> list[Row]:
    """Changes to three rows, one of which is bad."""
    rows = [{"id": id, **row} for id, row in zip(IDS, good(), strict=True)]
    rows[POSITIONS[position]] |= CHANGES[bad][0]
    if bad == "twice" and position == "first":
        rows[2]["code"] = "code0"
    return rows


@pytest.mark.parametrize("bad", CHANGES)
@pytest.mark.parametrize("send", [baasix_update, phantom_update])
def test_one_bad_change_of_several_undoes_all(world: World, plain: World, send: Send, bad: str) -> None:
    status = 403 if send is baasix_update and CHANGES[bad][1] == 404 else CHANGES[bad][1]
    for one in (world, plain) if bad not in OF_HOOKS else (world,):
        with unchanged(one):
            assert {send(one, changes(bad, position)) for position in POSITIONS} == {status}


def baasix_delete(world: World, ids: Sequence[int]) -> int:
    return world.send("DELETE", "/items/things/bulk", ids)[0]


def phantom_delete(world: World, ids: Sequence[int]) -> int:
    steps = [{"resource": "Thing", "action": "delete", "data": {"id": id}} for id in ids]
    return world.send("POST", "/api/batch", {"requests": steps, "atomic": True})[0]


# the row that cannot be deleted, and the status
KEPT = {"missing": (9999, 404), "reach": (1004, 404), "referred to": (1005, 409), "refused": (1000, 400)}


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("send", [baasix_delete, phantom_delete])
def test_one_row_that_cannot_be_deleted_keeps_all(
    world: World, plain: World, send: Callable[[World, list[int]], int], kept: str
) -> None:
    id, status = KEPT[kept]
    status = 403 if send is baasix_delete and status == 404 else status
    guard(world, 1000)
    for one in (world, plain) if kept != "refused" else (world,):
        with unchanged(one):
            for position in POSITIONS.values():
                ids = [*IDS]
                ids[position] = id
                assert send(one, ids) == status


def guard(world: World, id: int) -> None:
    """Hooks refuse to change or to delete this row."""
    assert world.hooks is not None
    world.hooks.guarded.add(id)


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize(("method", "more"), [("PATCH", {"data": {"name": "new"}}), ("DELETE", {})])
def test_one_row_of_a_filter_that_is_refused_keeps_all(world: World, id: int, method: str, more: Row) -> None:
    guard(world, id)
    with unchanged(world):
        assert world.send(method, "/schema/main/things", {"filter": {"id": [*IDS]}, **more})[0] == 400


@pytest.mark.parametrize(
    ("method", "ids", "more"),
    [
        ("PATCH", IDS, {"data": {"code": "new"}}),
        ("PATCH", IDS, {"data": {"amount": 500}}),
        ("PATCH", IDS, {"data": {"colorId": 9999}}),
        ("DELETE", (*IDS, 1005), {}),
    ],
)
def test_a_filter_that_breaks_a_rule_in_one_row_keeps_all(
    world: World, plain: World, method: str, ids: tuple[int, ...], more: Row
) -> None:
    for one in (world, plain):
        with unchanged(one):
            assert one.send(method, "/schema/main/things", {"filter": {"id": [*ids]}, **more})[0] in (403, 409)


# ---------------------------------------------------------------- batches of several actions


def step(action: str, data: Row, resource: str = "Thing") -> Row:
    return {"resource": resource, "action": action, "data": data}


STEPS = [
    step("create", good(1)[0]),
    step("update", {"id": 1001, "code": "changed"}),
    step("delete", {"id": 1002}),
]
FAILING: dict[str, tuple[Row, int]] = {
    **{f"create {bad}": (step("create", {**good(2)[1], **row}), status) for bad, (row, status) in BAD.items()},
    **{f"update {bad}": (step("update", {"id": 1003, **row}), status) for bad, (row, status) in CHANGES.items()},
    **{f"delete {kept}": (step("delete", {"id": id}), status) for kept, (id, status) in KEPT.items()},
    "a resource": (step("create", {}, "Nope"), 404),
    "an action": (step("drop", {}), 400),
}
# What is bad only after the others.
CLASHING = ("create twice", "update twice")


@pytest.mark.parametrize("failing", FAILING)
def test_an_atomic_batch_that_fails_anywhere_does_nothing(world: World, failing: str) -> None:
    bad, status = FAILING[failing]
    guard(world, 1000)
    for place in range(1 if failing in CLASHING else 0, len(STEPS) + 1):
        steps = [*STEPS[:place], bad, *STEPS[place:]]
        with unchanged(world):
            found, answer = world.send("POST", "/api/batch", {"requests": steps, "atomic": True})
        assert found == status
        assert status == 500 or answer["index"] == place


# A hook that crashes ends the whole batch.
ALONE = [failing for failing in FAILING if not failing.endswith("crash")]


@pytest.mark.parametrize("failing", ALONE)
def test_what_fails_in_a_batch_that_is_not_atomic_leaves_nothing_behind(world: World, failing: str) -> None:
    """The batch does what it would do without the step, and tells of nothing else; then it is undone by hand."""
    guard(world, 1000)
    expected = batch(world, STEPS)
    for place in range(1 if failing in CLASHING else 0, len(STEPS) + 1):
        steps = [*STEPS[:place], FAILING[failing][0], *STEPS[place:]]
        after, told, successes = batch(world, steps)
        assert successes == [at != place for at in range(len(steps))]
        assert (after, told) == expected[:2]


def batch(world: World, steps: Sequence[Row]) -> tuple[dict[str, list[tuple[object, ...]]], list[Any], list[bool]]:
    """The tables after a batch, what was told, and what succeeded."""
    assert world.hooks is not None
    world.hooks.seen.clear()
    status, answer = world.send("POST", "/api/batch", {"requests": steps})
    assert status == 200
    things = world.fresh.rows("SELECT name, code, amount FROM things ORDER BY code")
    rest = {name: world.fresh.rows(f"SELECT * FROM {name} ORDER BY 1") for name in world.tables if name != "things"}
    seed(world.fresh.snapshot.system)
    return {"things": things, **rest}, world.told, [each["success"] for each in answer["results"]]


def test_what_is_not_bad_is_written_and_told(world: World) -> None:
    """Else nothing above would have been undone."""
    sent = [(send, good()) for send in (*SEND, *FILES, *COMMANDS)]
    changed: list[tuple[Callable[[World, Any], int], Any]] = [
        *((send, [{"id": id, "name": "new"} for id in IDS]) for send in (baasix_update, phantom_update)),
        *((send, [*IDS]) for send in (baasix_delete, phantom_delete)),
    ]
    for send, rows in (*sent, *changed):
        before = world.whole()
        assert send(world, rows) in (0, 200, 201, 204)
        assert world.whole() != before and len(world.told) >= len(rows)
        world.hooks.seen.clear()  # type: ignore[union-attr]
        seed(world.fresh.snapshot.system)
        assert world.whole() == before


@pytest.mark.parametrize("place", range(len(STEPS) + 1))
def test_a_hook_that_crashes_ends_a_batch(world: World, place: int) -> None:
    steps = [*STEPS[:place], FAILING["create crash"][0], *STEPS[place:]]
    with unchanged(world):
        assert world.send("POST", "/api/batch", {"requests": steps})[0] == 500
