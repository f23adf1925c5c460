"""A SQLite disk without room: what is refused, that nothing of it is left, and that all goes on when room comes back.

The disk is a real one of a few megabytes (`tests.outages.disks`). How four workers get through it is for the long form.
"""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import StartError, create_app
from crud.identity.passwords import hash_password
from crud.snapshots.state import REST, Snapshot
from crud.snapshots.watching import Watch
from sql.database import Options
from sql.errors import ReadOnly
from sql.opening import open_database
from tests.dialects.conftest import ADMIN, SECRET, Token, close, headers_of
from tests.newcomers import create_account
from tests.outages.clients import CONFIG, CREATIONS, LISTS, SAID
from tests.outages.disks import Disk, disk, read_only

FULL = "The database has no room left"
LONG = "x" * 20_000
ROWS = 20


@dataclass
class Served:
    """A service whose database is on a small disk. `kept`: how many notes there must be."""

    disk: Disk
    client: FlaskClient
    snapshot: Snapshot
    headers: Token
    kept: int = 0

    def send(self, path: str, body: object = None, **more: object) -> TestResponse:
        method = "GET" if body is None and not more else "POST"
        return self.client.open(path, method=method, json=body, headers=self.headers, **more)  # type: ignore[arg-type]

    def wrote(self, answer: TestResponse, rows: int, said: Callable[[object], object]) -> bool:
        """Whether rows were written; else there was no room for them."""
        if answer.status_code in (200, 201):
            self.kept += rows
            return True
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "1", answer.get_data(as_text=True)
        assert said(answer.json) == FULL
        return False

    def examine(self) -> None:
        """What is there is what was acknowledged, each row with its line in the audit; it can be read everywhere."""
        for dialect, path in LISTS.items():
            assert self.send(path).status_code == 200, dialect
        assert self.snapshot.system.fetch("SELECT count(*) FROM notes") == [(self.kept,)]
        assert self.snapshot.system.fetch("SELECT count(*) FROM _dragoman_audit") == [(self.kept,)]
        assert self.snapshot.system.fetch("SELECT count(*) FROM pragma_foreign_key_check()") == [(0,)]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "small") as made:
        yield made


def served(config: Path, disk: Disk) -> Served:
    app = create_app(config)
    snapshot = app.extensions["dragoman"].state.held
    create_account(snapshot.system, email=ADMIN[0], password_hash=hash_password(ADMIN[1]), roles=("admin",))
    return Served(disk, app.test_client(use_cookies=False), snapshot, headers_of(snapshot, ADMIN[0]))


def config_at(path: Path, database: Path, more: str = "") -> Path:
    url = f"sqlite:///{database}"
    path.write_text(CONFIG.format(url=url, secret=SECRET, seconds=5, options="busy_seconds: 5") + more)
    return path


@pytest.fixture
def service(small: Disk, tmp_path: Path) -> Iterator[Served]:
    """The cache is on the same disk."""
    more = f"cache: {{store: files, path: {small.at / 'cache'}}}\n"
    made = served(config_at(tmp_path / "config.yml", small.at / "db.sqlite", more), small)
    yield made
    close(made.client.application)


# ---------------------------------------------------------------- many rows at once


def bulk(service: Served) -> bool:
    body = [{"body": LONG} for _ in range(ROWS)]
    return service.wrote(service.send("/items/notes/bulk", body), ROWS, SAID["baasix"])


def imported(service: Served) -> bool:
    rows = json.dumps([{"body": LONG} for _ in range(ROWS)]).encode()
    answer = service.send("/items/notes/import-json", data={"jsonFile": (io.BytesIO(rows), "notes.json")})
    return service.wrote(answer, ROWS, SAID["baasix"])


def batch(service: Served) -> bool:
    steps = [{"action": "create", "resource": "notes", "data": {"body": LONG}} for _ in range(10)]
    return service.wrote(service.send("/api/batch", {"requests": steps}), 10, SAID["phantom"])


def signs_in(service: Served) -> TestResponse:
    return service.send("/auth/login", {"email": ADMIN[0], "password": ADMIN[1]})


@pytest.mark.parametrize("left", [0, 60_000, 500_000])
def test_a_full_disk_refuses_what_it_cannot_hold_and_keeps_nothing_of_it(service: Served, left: int) -> None:
    service.disk.fill(left)
    while bulk(service):
        service.examine()
    imported(service)
    batch(service)
    for dialect, (path, body) in CREATIONS.items():
        rows = 2 if dialect == "metal" else 1
        while service.wrote(service.send(path, body(uuid.uuid4().hex * 400)), rows, SAID[dialect]):
            pass
    refused = signs_in(service)
    assert refused.status_code in (200, 503)
    service.examine()
    service.disk.free()
    for dialect, (path, body) in CREATIONS.items():
        rows = 2 if dialect == "metal" else 1
        assert service.wrote(service.send(path, body("again")), rows, SAID[dialect]), dialect
    assert bulk(service) and imported(service) and batch(service) and signs_in(service).status_code == 200
    service.examine()


# ---------------------------------------------------------------- what is kept, and what is staged


def kept(service: Served) -> int:
    """How many notes a reader is told who can do with older ones."""
    answer = service.send("/schema/main/notes?cache=60")
    assert answer.status_code == 200 and answer.json
    return len(answer.json["rows"])


def test_a_cache_without_room_hides_no_write(tmp_path: Path, small: Disk) -> None:
    """The database is on another disk than the cache."""
    more = f"cache: {{store: files, path: {small.at / 'cache'}}}\n"
    service = served(config_at(tmp_path / "config.yml", tmp_path / "db.sqlite", more), small)
    assert service.send("/items/notes", {"body": "1"}).status_code == 201
    assert (kept(service), kept(service)) == (1, 1)
    small.fill()
    for number in (2, 3):
        assert service.send("/items/notes", {"body": "x"}).status_code == 201
        assert kept(service) == number
    small.free()
    assert service.send("/items/notes", {"body": "4"}).status_code == 201
    assert (kept(service), kept(service)) == (4, 4)
    close(service.client.application)


FOLDER = "  lists: {provider: files, options: {folder: lists}}\n"


def test_files_that_cannot_be_staged_for_want_of_room_are_when_there_is_some(
    tmp_path: Path, small: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crud.places.MEMORY", small.at)
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "words.csv").write_text("id,word\n1,one\n")
    more = "rules: [{role: anon, actions: [read]}]\n"
    config = config_at(tmp_path / "config.yml", tmp_path / "db.sqlite", more)
    words = {"watch: false": "watch: true", "auth:": FOLDER + "auth:", "schemas:": "schemas:\n  lists: {source: lists}"}
    for old, new in words.items():
        config.write_text(config.read_text().replace(old, new))
    service = served(config, small)
    watch = Watch(service.client.application.extensions["dragoman"].state)
    (lists / "words.csv").write_text("id,word\n" + "".join(f"{n},{LONG[:2000]}\n" for n in range(500)))
    small.fill()
    for _ in range(3):
        watch.look()
        assert service.send("/items/lists.words").json["totalCount"] == 1  # type: ignore[index]
    small.free()
    watch.look()
    assert service.send("/items/lists.words").json["totalCount"] == 500  # type: ignore[index]
    close(service.client.application)


# ---------------------------------------------------------------- what grows, and what cannot be written


def test_the_log_of_writes_is_cut_down_after_a_large_transaction(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    with database.transaction() as session:
        session.execute("CREATE TABLE t (v BLOB)")
        session.run_many("INSERT INTO t VALUES (zeroblob(?))", [(1_000_000,)] * 24, returning=False)
    assert (log := tmp_path / "db.sqlite-wal").stat().st_size > 24_000_000
    for _ in range(2):
        with database.transaction() as session:
            session.execute("INSERT INTO t VALUES (NULL)")
    assert log.stat().st_size <= 16 * 1024 * 1024
    database.close()


def test_what_cannot_be_written_is_said(small: Disk, tmp_path: Path) -> None:
    close(create_app(config_at(tmp_path / "config.yml", small.at / "db.sqlite")))
    with read_only(small.at, tmp_path / "closed") as closed:
        with pytest.raises(StartError, match=r"db\.sqlite cannot be opened: its folder cannot be written"):
            create_app(config_at(tmp_path / "closed.yml", closed / "db.sqlite"), waits=True)
        with pytest.raises(StartError, match=r"new\.sqlite cannot be opened: its folder cannot be written"):
            create_app(config_at(tmp_path / "closed.yml", closed / "new.sqlite"), waits=True)
    database = open_database(f"sqlite:///{small.at / 'db.sqlite'}", options=Options(read_only=True))
    with pytest.raises(ReadOnly), database.transaction() as session:
        session.execute("DELETE FROM notes")
    assert database.fetch("SELECT count(*) FROM notes") == [(0,)]
    database.close()


def test_a_service_that_starts_without_room_waits_for_it(small: Disk, tmp_path: Path) -> None:
    small.fill()
    config = config_at(tmp_path / "config.yml", small.at / "db.sqlite")
    with pytest.raises(StartError, match=FULL):
        create_app(config)
    app = create_app(config, waits=True)
    client = app.test_client(use_cookies=False)
    for dialect, path in LISTS.items():
        answer = client.get(path)
        assert answer.status_code == 503 and SAID[dialect](answer.json) == FULL, dialect
    small.free()
    time.sleep(REST + 0.1)
    assert client.get(LISTS["baasix"]).status_code == 200
    close(app)
