"""Changed files are noticed, and put in force as by a reload; `watch: false` leaves them to it."""

import os
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from crud.snapshots.watching import Watch
from tests.reload.conftest import CONFIG, World
from tests.reload.test_reloading import TAGS, statuses


@pytest.fixture
def watch(world: World) -> Iterator[Watch]:
    """What watches for the only worker; it looks when it is told to."""
    yield Watch(world.state())


def test_a_changed_file_is_in_force_once_it_stays_as_it_is(world: World, watch: Watch) -> None:
    held = world.state().held
    watch.look()
    world.write(CONFIG + TAGS)
    watch.look()
    assert world.state().held is held
    watch.look()
    assert statuses(world, "/api/tags") == [200]
    assert world.state().held.databases is held.databases
    held = world.state().held
    for _ in range(3):
        watch.look()
    assert world.state().held is held


def test_a_file_that_is_being_written_is_not_read(world: World, watch: Watch) -> None:
    held = world.state().held
    for length in (40, 80, 120):
        world.file.write_text((CONFIG + TAGS)[:length])
        watch.look()
    assert world.state().held is held


def test_a_new_metadata_file_is_noticed_and_so_is_one_that_goes(world: World, watch: Watch) -> None:
    (world.folder / "meta").mkdir()
    world.write(CONFIG + "metadata: meta\n")
    song = world.folder / "meta" / "Song.json"
    for _ in range(2):
        watch.look()
    song.write_text('{"fields": {"name": {"type": "string"}}, "permissions": {"read": ["anon"]}}')
    for _ in range(2):
        watch.look()
    assert statuses(world, "/api/Song") == [200]
    song.unlink()
    for _ in range(2):
        watch.look()
    assert statuses(world, "/api/Song") == [404]


def test_a_broken_file_is_told_once_and_changes_nothing(world: World, watch: Watch) -> None:
    held = world.snapshot()
    world.write(CONFIG + "colours: red\n")
    with capture_logs() as logs:
        for _ in range(4):
            watch.look()
    assert world.snapshot() is held
    assert len(logs) == 1 and "colours: unknown key" in str(logs)


def test_without_watching_it_is_left_to_the_reload(world: World) -> None:
    world.write(CONFIG + "server: {{watch: false}}\n")
    world.worker()
    watch = Watch(world.state(1))
    world.write(CONFIG + TAGS)
    for _ in range(3):
        watch.look()
    assert world.client(1).get("/api/tags").status_code == 404


def test_who_starts_with_files_that_are_in_force_elsewhere_changes_nothing(world: World) -> None:
    watches = [Watch(world.state()) for _ in range(2)]
    world.write(CONFIG + TAGS)
    for watch in watches * 2:
        watch.look()
    revision = world.snapshot().revision
    os.utime(world.file)
    for watch in watches * 2:
        watch.look()
    assert world.snapshot().revision == revision
