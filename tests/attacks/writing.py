"""A world to write into: rows of several owners and tenants, hidden and read-only columns, soft deletion, hooks.

In: an application. Out: its configuration, its rows (`refill` puts them back before each test), its callers, and each
dialect's way of creating, changing and deleting a row of a key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.identity import accounts
from sql.database import Database
from tests.dialects.conftest import token_of
from tests.newcomers import create_account

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}", options: {pool_size: 2}}
auth: {secret: "${DRAGOMAN_SECRET}"}
limits: {list_items: 50, body_bytes: 200000, import_bytes: 300000, import_row_bytes: 20000}
hooks:
  - {resource: hooked, when: before_create, call: "tests.attacks.hooks:before"}
  - {resource: hooked, when: before_update, call: "tests.attacks.hooks:before"}
  - {resource: hooked, when: after_create, call: "tests.attacks.hooks:after"}
  - {resource: hooked, when: after_update, call: "tests.attacks.hooks:after"}
schemas:
  guarded:
    source: default
    require_filter: true
    entities:
      safes:
        fields: {id: {type: integer, key: true}, name: {type: string}}
        rules: FULL
  main:
    source: default
    entities:
      papers:
        fields:
          id: {type: integer, key: true}
          title: {type: string, required: true, max: 200}
          owner: {type: string}
          state: {type: string, default: open}
          amount: {type: bigint}
          data: {type: json}
          secret: {type: string}
          sealed: {type: string, read_only: true}
          phrase: {type: string, write_only: true}
          author: {type: string, auto: created_by}
          made: {type: datetime, auto: created_at}
        rules:
          - {role: user, actions: [read], fields: ["*", "-secret"], where: {owner: $CURRENT_USER.name}}
          - role: user
            actions: [create]
            fields: [id, title, owner, state, amount, data]
            where: {owner: $CURRENT_USER.name}
          - role: user
            actions: [update]
            fields: [title, owner, state, amount, data]
            where: {owner: $CURRENT_USER.name}
          - {role: user, actions: [delete], where: {owner: $CURRENT_USER.name}}
          - {role: clerk, actions: [create, update, delete]}
      clients:
        tenant: org
        fields:
          id: {type: integer, key: true}
          org: {type: uuid, required: true, references: tenants}
          email: {type: string}
          name: {type: string}
          paper_id: {type: integer, references: papers}
        unique: [[org, email]]
        rules: FULL
      badges:
        tenant: org
        fields:
          id: {type: integer, key: true}
          org: {type: uuid, required: true, references: tenants}
          code: {type: string, unique: true}
          pin: {type: string, unique: true}
          paper_id: {type: integer, references: papers}
        rules:
          - {role: user, actions: [create, read], fields: [id, code]}
          - {role: user, actions: [update, delete], fields: [code]}
      parts:
        soft_delete: gone
        fields:
          id: {type: integer, key: true}
          name: {type: string, unique: true}
          gone: {type: datetime}
        rules:
          - {role: user, actions: [read, update, delete]}
          - {role: user, actions: [create], fields: ["*", id]}
          - {role: keeper, actions: [create, read, delete]}
      part_notes:
        fields:
          id: {type: integer, key: true}
          part_id: {type: integer, references: parts}
          text: {type: string}
        rules: FULL
      hooked:
        fields: {id: {type: integer, key: true}, title: {type: string, unique: true}}
        rules: FULL
      vaults:
        hidden: true
        fields:
          id: {type: integer, key: true}
          title: {type: string}
          paper_id: {type: integer, references: papers}
      ledgers:
        fields:
          id: {type: integer, key: true}
          title: {type: string}
          paper_id: {type: integer, references: papers}
""".replace(
    "FULL", '[{role: user, actions: [read, update, delete]}, {role: user, actions: [create], fields: ["*", id]}]'
)

ALICE, BOB = "alice' or 1 eq 1 or '1'='1", "bob"
ACME, OTHER = "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"
# name → roles, tenant
CALLERS: Mapping[str, tuple[tuple[str, ...], str | None]] = MappingProxyType(
    {
        "admin": (("admin",), None),
        ALICE: (("user",), ACME),
        BOB: (("user",), OTHER),
        "carol": (("keeper",), None),
        "dora": (("clerk",), None),
    }
)
PAPER = "INSERT INTO papers (id, title, owner, state, secret, sealed) VALUES (?, ?, ?, 'open', ?, 'SEALMARK')"
ROWS: tuple[tuple[str, tuple[object, ...]], ...] = (
    (PAPER, (1, "Mine", ALICE, "SECRETMARK")),
    (PAPER, (2, "Mine too", ALICE, "SECRETMARK")),
    (PAPER, (3, "GHOSTMARK", BOB, "SECRETMARK")),
    (PAPER, (4, "GHOSTMARK of nobody", None, "SECRETMARK")),
    ("INSERT INTO clients (id, org, email, name) VALUES (1, ?, 'a@x.org', 'Own')", (ACME,)),
    ("INSERT INTO clients (id, org, email, name) VALUES (2, ?, 'ghost@x.org', 'GHOSTMARK')", (OTHER,)),
    ("INSERT INTO badges (id, org, code, pin) VALUES (1, ?, 'own', 'P1'), (2, ?, 'ghost', 'P2')", (ACME, OTHER)),
    ("INSERT INTO parts (id, name, gone) VALUES (1, 'alive', NULL), (2, 'GHOSTMARK', '2024-01-01T00:00:00.000Z')", ()),
    ("INSERT INTO part_notes (id, part_id, text) VALUES (1, 1, 'of the living'), (2, 2, 'of the dead')", ()),
    ("INSERT INTO hooked (id, title) VALUES (1, 'there')", ()),
    ("INSERT INTO vaults (id, title) VALUES (1, 'SECRETMARK')", ()),
    ("INSERT INTO ledgers (id, title) VALUES (1, 'SECRETMARK')", ()),
    ("INSERT INTO safes (id, name) VALUES (1, 'one'), (2, 'two')", ()),
)
TABLES = ("part_notes", "parts", "clients", "badges", "hooked", "vaults", "ledgers", "papers", "safes")
Row = Mapping[str, object]
# method, path, JSON of the body
Way = tuple[str, str, object]


@dataclass(frozen=True)
class Written:
    """The application, its database, the headers of its callers by name."""

    app: Flask
    database: Database
    headers: Mapping[str, dict[str, str]]
    ids: Mapping[str, str]
    url: str
    done: list[Way] = field(default_factory=lambda: [("", "", None)])

    @property
    def client(self) -> FlaskClient:
        """A client without cookies."""
        return self.app.test_client(use_cookies=False)

    def send(self, way: Way, *, by: str = ALICE, **more: object) -> TestResponse:
        """The answer to a request: method, path, JSON."""
        method, path, body = way
        headers = {**self.headers[by], **more.pop("headers", {})}  # type: ignore[dict-item]
        if body is not None:
            more["json"] = body
        answer = self.client.open(path, method=method, headers=headers, **more)  # type: ignore[arg-type]
        if not 400 <= answer.status_code < 500:
            self.done.append(way)
        return answer

    def rows(self, text: str, *values: object) -> list[tuple[object, ...]]:
        """Rows straight from the database."""
        return self.database.fetch(accounts.sql_for(self.database, text), values)

    def whole(self) -> dict[str, list[str]]:
        """Every row of every table and account, to be compared."""
        names = (*TABLES, "_dragoman_users", "_dragoman_user_roles")
        return {name: sorted(map(repr, self.rows(f"SELECT * FROM {name}"))) for name in names}

    def refill(self) -> None:
        """The rows as they were, where some request may have changed them."""
        if not self.done:
            return
        self.done.clear()
        with self.database.transaction() as session:
            for name in TABLES:
                session.execute(f"DELETE FROM {name}")
            for text, values in ROWS:
                session.execute(accounts.sql_for(self.database, text), values)


def settle(app: Flask, url: str) -> Written:
    """The world with its tenants and accounts, still without rows."""
    database: Database = app.extensions["dragoman"].state.current().databases["default"]
    with database.transaction() as session:
        for tenant in (ACME, OTHER):
            text = accounts.sql_for(database, "INSERT INTO _dragoman_tenants (id, name) VALUES (?, ?)")
            session.execute(text, (tenant, tenant))
    ids = {
        name: create_account(
            database, email=f"{number}@example.com", password_hash="x", name=name, roles=roles, tenant_id=tenant
        )
        for number, (name, (roles, tenant)) in enumerate(CALLERS.items())
    }
    tokens = {name: token_of(app, id) for name, id in ids.items()}
    headers = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
    return Written(app, database, MappingProxyType(headers), MappingProxyType(ids), url)


# ---------------------------------------------------------------- each dialect's way


def batch(name: str, action: str, data: object) -> Way:
    """One action as an atomic batch, which answers with the status of what fails."""
    step = {"resource": name, "action": action, "data": data}
    return "POST", "/api/batch", {"requests": [step], "atomic": True}


CREATE: Mapping[str, Callable[[str, Row], Way]] = MappingProxyType(
    {
        "phantom": lambda name, row: ("POST", f"/api/{name}", row),
        "phantom action": lambda name, row: ("POST", f"/api/{name}/create", row),
        "phantom ensure": lambda name, row: (
            ("POST", f"/api/{name}/createIfNotExists", {"filter": {"id": -1}, "data": row})
        ),
        "phantom batch": lambda name, row: batch(name, "create", row),
        "xond": lambda name, row: ("POST", f"/json/{name}", row),
        "sonicjs": lambda name, row: ("POST", f"/v1/{name}", {"data": row}),
        "sonicjs wrapped": lambda name, row: ("POST", f"/api/v1/{name}", {"data": row}),
        "metal": lambda name, row: ("POST", f"/schema/main/{name}", {"data": [row]}),
        "baasix": lambda name, row: ("POST", f"/items/{name}", row),
        "baasix bulk": lambda name, row: ("POST", f"/items/{name}/bulk", [row]),
    }
)
UPDATE: Mapping[str, Callable[[str, object, Row], Way]] = MappingProxyType(
    {
        "phantom": lambda name, key, row: ("PUT", f"/api/{name}/{key}", row),
        "phantom action": lambda name, key, row: ("POST", f"/api/{name}/update", {"id": key, **row}),
        "phantom batch": lambda name, key, row: batch(name, "update", {"id": key, **row}),
        "xond": lambda name, key, row: ("PUT", f"/json/{name}/{key}", row),
        "xond body": lambda name, key, row: ("PUT", f"/json/{name}", {"id": key, **row}),
        "sonicjs": lambda name, key, row: ("PUT", f"/v1/{name}/{key}", {"data": row}),
        "sonicjs wrapped": lambda name, key, row: ("PUT", f"/api/v1/{name}/{key}", {"data": row}),
        "baasix": lambda name, key, row: ("PATCH", f"/items/{name}/{key}", row),
        "baasix bulk": lambda name, key, row: ("PATCH", f"/items/{name}/bulk", [{"id": key, **row}]),
        "phantom first": lambda name, key, row: (
            ("POST", f"/api/{name}/updateIfExists", {"filter": {"id": key}, "data": row})
        ),
        "metal": lambda name, key, row: ("PATCH", f"/schema/main/{name}", {"filter": {"id": key}, "data": row}),
    }
)
DELETE: Mapping[str, Callable[[str, object], Way]] = MappingProxyType(
    {
        "phantom": lambda name, key: ("DELETE", f"/api/{name}/{key}", None),
        "phantom action": lambda name, key: ("POST", f"/api/{name}/delete", {"id": key}),
        "phantom batch": lambda name, key: batch(name, "delete", {"id": key}),
        "xond": lambda name, key: ("DELETE", f"/json/{name}/{key}", None),
        "sonicjs": lambda name, key: ("DELETE", f"/v1/{name}/{key}", None),
        "sonicjs wrapped": lambda name, key: ("DELETE", f"/api/v1/{name}/{key}", None),
        "baasix": lambda name, key: ("DELETE", f"/items/{name}/{key}", None),
        "baasix bulk": lambda name, key: ("DELETE", f"/items/{name}/bulk", [key]),
        "metal": lambda name, key: ("DELETE", f"/schema/main/{name}", {"filter": {"id": key}}),
    }
)


def forbidden(dialect: str) -> int:
    """The status of what is not permitted."""
    return 401 if dialect.startswith("sonicjs") else 403
