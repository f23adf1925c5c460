"""An application with hooks in a module beside its configuration, and what they were told."""

import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from app import create_app
from crud import service
from crud.access.actor import Actor
from crud.definitions.reading import read_config
from crud.doors import open_session
from crud.identity import accounts
from crud.snapshots.state import Context, Snapshot
from crud.web.dialect import served
from crud.wire.keys import by_values
from sql.commands import Insert
from tests.newcomers import create_account

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
DIALECTS = ("/items/notes", "/api/Note", "/json/note", "/v1/notes", "/schema/main/notes")
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
