"""What a configuration may say about hooks, and what the documentation says."""

import re
import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import StartError, create_app
from crud.definitions.problems import ConfigError
from crud.definitions.reading import read_config
from crud.hooks import Event, Refused
from tests.crud.hooking import world_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "hooks.md"

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
