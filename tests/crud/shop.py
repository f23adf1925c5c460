"""A small shop to import into and to export from, without the web: a snapshot for each test, over an empty database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from crud.access.actor import Actor
from crud.definitions.reading import read_config
from crud.definitions.settings import DIALECTS
from crud.importing.cells import rows_from_csv
from crud.importing.documents import rows_from_json, rows_from_lines
from crud.importing.engine import import_rows
from crud.importing.rows import Imported
from crud.presentation import View
from crud.snapshots import startup
from crud.snapshots.state import Context, Snapshot
from sql.catalog import Column

CONFIG = """
auth: {{secret: a secret of the tests that is long enough}}
sources: {{default: {{database: "{url}"}}}}
{more}
schemas:
  main:
    source: default
    entities:
      makers:
        fields:
          id: {{type: integer, key: true}}
          name: {{type: string, required: true}}
      things:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          sku: {{type: string, required: true, unique: true, max: 40}}
          title: {{type: text}}
          price: {{type: decimal, precision: 10, scale: 2, min: 0}}
          amount: {{type: integer}}
          active: {{type: boolean, default: true}}
          born: {{type: date}}
          seen: {{type: datetime}}
          data: {{type: json}}
          tags: {{type: array, items: string}}
          maker_id: {{type: integer, references: makers}}
          secret: {{type: string, write_only: true}}
          createdAt: {{type: datetime, required: true, auto: created_at}}
        dialects: {{xond: {{name: thing, columns: {{sku: itemCode}}}}}}
        rules:
          - {{role: clerk, actions: [create, read], fields: [sku, title, amount], where: {{amount: {{lt: 100}}}}}}
      stock:
        fields:
          id: {{type: integer, key: true, auto: increment}}
          org: {{type: string}}
          name: {{type: string, required: true}}
        tenant: org
        rules: [{{role: clerk, actions: [create, read]}}]
"""
ADMIN = Actor(roles=frozenset({"admin"}))


@dataclass(frozen=True)
class Shop:
    """What is in force, and the configuration that says so."""

    snapshot: Snapshot
    path: Path

    def context(self, actor: Actor = ADMIN) -> Context:
        """What a caller works with."""
        return Context(self.snapshot, actor)

    def view(self, resource: str = "things", dialect: str = "baasix") -> View:
        """A resource in a dialect."""
        return self.snapshot.presentations[dialect].view(self.snapshot.catalog.resource(resource))

    def writable(self, actor: Actor = ADMIN, resource: str = "things") -> Mapping[str, Column]:
        """The columns that a caller may set."""
        found = self.snapshot.catalog.resource(resource)
        access = self.snapshot.policy.access(found, actor.roles, "create", tenantless=actor.tenant is None)
        return {name: column for name, column in found.columns.items() if name in access.columns}

    def put(
        self,
        file: bytes | str,
        form: str = "csv",
        *,
        resource: str = "things",
        dialect: str = "baasix",
        actor: Actor = ADMIN,
        tenant: str | None = None,
        **options: object,
    ) -> Imported:
        """Import a file."""
        readers = {"csv": rows_from_csv, "json": rows_from_json, "ndjson": rows_from_lines}
        data = file.encode() if isinstance(file, str) else file
        writable = self.writable(actor, resource)
        rows = readers[form](BytesIO(data), self.view(resource, dialect), writable, **options)  # type: ignore[operator]
        return import_rows(self.context(actor), self.view(resource).resource, rows, tenant=tenant)

    def rows(self, text: str = "SELECT sku FROM things ORDER BY id") -> list[tuple[object, ...]]:
        """Straight from the database."""
        return self.snapshot.system.fetch(text)


@contextmanager
def shop_over(url: str, folder: Path, more: str = "") -> Iterator[Shop]:
    """A shop over an empty database. `more`: further lines of its configuration."""
    path = folder / "shop.yml"
    path.write_text(CONFIG.format(url=url, more=more))
    made = Shop(startup.assemble(read_config(path), DIALECTS), path)
    yield made
    made.snapshot.system.close()
