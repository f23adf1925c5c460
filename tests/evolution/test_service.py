"""The service, whose tables follow its files at a reload and at a start."""

import pytest
from click import ClickException

from crud.definitions.problems import ConfigError
from crud.snapshots.reloading import reload
from tests.reload.conftest import World, two, world

__all__ = ["two", "world"]
BODY = "body: {type: text, required: true}"


def said(world: World, fields: str) -> None:
    """Other fields in the file."""
    world.write()
    world.file.write_text(world.text().replace(BODY, fields))


def columns(world: World) -> list[str]:
    return next(
        [column.name for column in i.columns] for i in world.snapshot().system.tables() if i.table.name == "notes"
    )


def test_a_reload_does_all_of_it_or_nothing(two: World) -> None:
    two.rows("INSERT INTO notes (body) VALUES ('kept') RETURNING id")
    said(two, f"{BODY}\n          more: {{type: string, required: true, default: x, unique: false}}")
    reload(two.state())
    for number in range(2):
        assert two.client(number).get("/items/notes").json["data"] == [{"id": 1, "body": "kept", "more": "x"}]
    before = two.whole()
    said(two, "other: {type: string}")
    with pytest.raises(ConfigError, match="LOSES DATA: body is dropped with its values"):
        reload(two.state())
    assert two.whole() == before
    assert two.client().get("/items/notes").json["data"] == [{"id": 1, "body": "kept", "more": "x"}]


def test_a_start_does_what_is_safe_and_prints_the_plan_of_the_rest(world: World) -> None:
    said(world, "other: {type: string}")
    with pytest.raises(ClickException, match="LOSES DATA: body is dropped with its values"):
        world.worker()
    assert columns(world) == ["id", "body", "other"]
    assert world.client().get("/items/notes").status_code == 200  # who serves goes on with what was in force
    assert list(world.snapshot().catalog.resource("notes").columns) == ["id", "body"]


def test_what_prepares_a_start_does_what_is_safe_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said(world, "other: {type: string}")
    monkeypatch.setenv("DRAGOMAN_CONFIG", str(world.file))
    answer = world.workers[0].test_cli_runner().invoke(args=["prepare"])
    assert answer.exit_code == 1 and "LOSES DATA: body is dropped with its values" in answer.output
    assert columns(world) == ["id", "body", "other"]
