"""Two tenants in one database, whose rows meet in shared ones: what one sees must not depend on what the other has.

In: an application. Out: its configuration, callers, and its rows in one of three states: the other tenant's rows hold
one thing, or another thing, or do not exist.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.identity import accounts
from sql.database import Database
from tests.dialects.conftest import token_of
from tests.newcomers import create_account

FULL = "[{role: user, actions: ['*']}]"
CONFIG = f"""
sources: {{default: {{database: "${{DATABASE_URL}}", options: {{pool_size: 2}}}}}}
auth: {{secret: "${{DRAGOMAN_SECRET}}"}}
schemas:
  main:
    entities:
      genres:
        fields:
          id: {{type: integer, key: true}}
          name: {{type: string}}
          featured_id: {{type: uuid}}
        relations: {{featured: {{target: books, columns: {{featured_id: id}}, kind: to_one}}}}
        rules: {FULL}
      shelves:
        tenant: org
        fields:
          id: {{type: uuid, key: true, auto: uuid}}
          org: {{type: uuid, required: true, references: tenants}}
          code: {{type: string, unique: true}}
        rules: {FULL}
      books:
        tenant: org
        fields:
          id: {{type: uuid, key: true, auto: uuid}}
          org: {{type: uuid, required: true, references: tenants}}
          title: {{type: string}}
          rank: {{type: integer}}
          shelf_id: {{type: uuid, references: shelves}}
          genre_id: {{type: integer, references: genres}}
          sequel_id: {{type: uuid, references: books}}
        rules: {FULL}
      tags:
        tenant: org
        fields:
          id: {{type: uuid, key: true, auto: uuid}}
          org: {{type: uuid, required: true, references: tenants}}
          word: {{type: citext, unique: true}}
        rules: {FULL}
      book_tags:
        fields:
          book_id: {{type: uuid, key: true, references: books, on_delete: cascade}}
          tag_id: {{type: uuid, key: true, references: tags, on_delete: cascade}}
        rules: {FULL}
      notes:
        fields:
          id: {{type: uuid, key: true, auto: uuid}}
          book_id: {{type: uuid, references: books}}
          text: {{type: string}}
        rules: {FULL}
      bins:
        tenant: org
        soft_delete: gone
        fields:
          id: {{type: uuid, key: true, auto: uuid}}
          org: {{type: uuid, required: true, references: tenants}}
          label: {{type: string}}
          gone: {{type: datetime}}
        rules: {FULL}
"""
ACME, OTHER = "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"
# name → links (role, tenant) and the tenant that the account names
CALLERS: Mapping[str, tuple[tuple[tuple[str, str | None], ...], str | None]] = MappingProxyType(
    {
        "ann": ((("user", None),), ACME),
        "bob": ((("user", OTHER),), None),
        "head": ((("administrator", ACME),), ACME),
        "root": ((("administrator", None),), None),
        "loner": ((("user", None),), None),
        "both": ((("user", ACME), ("user", OTHER), ("guest", None)), None),
        "moved": ((("user", OTHER), ("guest", None)), ACME),
        "clerk": ((("cashier", None),), ACME),
        "stray": ((("cashier", None), ("guest", None)), None),
    }
)


def key(number: int) -> str:
    """The key of a row: those of Acme are below 50, those of the other tenant above."""
    return f"00000000-0000-0000-0000-0000000000{number:02x}"


SHELF, BOOK, TAG, NOTE, BIN = key(1), key(2), key(3), key(4), key(5)
GHOST_SHELF, GHOST_BOOK, GHOST_TAG, GHOST_BIN, GONE_BIN = key(101), key(102), key(103), key(105), key(106)
FREE = key(99)
TABLES = ("notes", "book_tags", "books", "tags", "shelves", "bins", "genres")
OWNED = ("shelves", "books", "tags", "bins")
WORDS = {"ghost": ("ghost", 50), "zombie": ("zombie", -50)}
STATES = (*WORDS, "nothing")
Row = Mapping[str, object]
Way = tuple[str, str, object]
Statement = tuple[str, tuple[object, ...]]
BIN_ROW = "INSERT INTO bins (id, org, label, gone) VALUES (?, ?, ?, ?)"
BOOK_ROW = "INSERT INTO books (id, org, title, rank, shelf_id, genre_id) VALUES (?, ?, ?, ?, ?, ?)"
LONG_AGO = "2024-01-01T00:00:00.000Z"


def own_rows() -> list[Statement]:
    """What Acme has, and what belongs to nobody."""
    return [
        ("INSERT INTO genres (id, name) VALUES (1, 'crime'), (2, 'poems')", ()),
        ("INSERT INTO shelves (id, org, code) VALUES (?, ?, 'mine')", (SHELF, ACME)),
        (BOOK_ROW, (BOOK, ACME, "own", 1, SHELF, 1)),
        (BOOK_ROW, (key(12), ACME, "also own", 2, SHELF, 1)),
        ("INSERT INTO tags (id, org, word) VALUES (?, ?, 'mine')", (TAG, ACME)),
        ("INSERT INTO book_tags (book_id, tag_id) VALUES (?, ?)", (BOOK, TAG)),
        ("INSERT INTO notes (id, book_id, text) VALUES (?, ?, 'a note')", (NOTE, BOOK)),
        (BIN_ROW, (BIN, ACME, "own", None)),
    ]


def ghost_rows(state: str) -> list[Statement]:
    """What the other tenant has."""
    if state not in WORDS:
        return []
    word, rank = WORDS[state]
    return [
        ("INSERT INTO shelves (id, org, code) VALUES (?, ?, ?)", (GHOST_SHELF, OTHER, word)),
        (BOOK_ROW, (GHOST_BOOK, OTHER, word, rank, GHOST_SHELF, 1)),
        ("INSERT INTO tags (id, org, word) VALUES (?, ?, ?)", (GHOST_TAG, OTHER, word)),
        ("INSERT INTO book_tags (book_id, tag_id) VALUES (?, ?)", (GHOST_BOOK, GHOST_TAG)),
        (BIN_ROW, (GHOST_BIN, OTHER, word, None)),
        (BIN_ROW, (GONE_BIN, OTHER, word, LONG_AGO)),
    ]


def linked_rows(state: str) -> list[Statement]:
    """Rows that lead from shared or own ones to the other tenant's: as an older program may have left them."""
    return [
        *ghost_rows(state),
        ("UPDATE genres SET featured_id = ? WHERE id = 2", (GHOST_BOOK,)),
        ("UPDATE genres SET featured_id = ? WHERE id = 1", (BOOK,)),
        ("INSERT INTO book_tags (book_id, tag_id) VALUES (?, ?)", (BOOK, GHOST_TAG)),
        ("UPDATE books SET sequel_id = ? WHERE id = ?", (GHOST_BOOK, BOOK)),
    ]


@dataclass(frozen=True)
class Tenants:
    """The application, its database, the headers of its callers by name."""

    app: Flask
    database: Database
    headers: Mapping[str, dict[str, str]]
    ids: Mapping[str, str]
    client: FlaskClient

    def send(self, way: Way, *, by: str = "ann", **more: object) -> TestResponse:
        """The answer to a request: method, path, JSON."""
        method, path, body = way
        headers = {**self.headers[by], **more.pop("headers", {})}  # type: ignore[dict-item]
        if body is not None:
            more["json"] = body
        return self.client.open(path, method=method, headers=headers, **more)  # type: ignore[arg-type]

    def rows(self, text: str, *values: object) -> list[tuple[object, ...]]:
        """Rows straight from the database."""
        return self.database.fetch(accounts.sql_for(self.database, text), values)

    def fill(self, state: str = "ghost", *, linked: bool = False) -> None:
        """The rows of a state, and no others."""
        with self.database.transaction() as session:
            for name in TABLES:
                session.execute(f"DELETE FROM {name}")
            for text, values in [*own_rows(), *(linked_rows(state) if linked else ghost_rows(state))]:
                session.execute(accounts.sql_for(self.database, text), values)

    def others(self) -> list[str]:
        """All that the other tenant has."""
        found = [repr(row) for name in OWNED for row in self.rows(f"SELECT * FROM {name} WHERE org = ?", OTHER)]
        return sorted([*found, *map(repr, self.rows("SELECT * FROM book_tags WHERE book_id = ?", GHOST_BOOK))])

    def answers(self, state: str, ways: list[Way], *, by: str = "ann", linked: bool = False) -> list[tuple[str, str]]:
        """Each request in a state of its own, with its answer."""
        told = []
        for way in ways:
            if not told or way[0] != "GET":
                self.fill(state, linked=linked)
            told.append((repr(way), worded(self.send(way, by=by))))
        return told


def worded(answer: TestResponse) -> str:
    """An answer without what is new in each one: keys of new rows, times, request ids."""
    text = answer.get_data(as_text=True)
    text = re.sub(r'"(requestId|executionTime)":("[^"]*"|[\d.]+)', "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-9][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "~", text)
    tag = answer.headers.get("ETag") if answer.request.method == "GET" else None
    return f"{answer.status_code} {tag} {text}"


def settle(app: Flask) -> Tenants:
    """The world with its tenants and accounts, still without rows."""
    database: Database = app.extensions["dragoman"].state.current().databases["default"]
    with database.transaction() as session:
        for tenant in (ACME, OTHER):
            text = accounts.sql_for(database, "INSERT INTO _dragoman_tenants (id, name) VALUES (?, ?)")
            session.execute(text, (tenant, tenant))
    ids = {name: _account(database, name, named) for name, (_, named) in CALLERS.items()}
    with database.transaction() as session:
        for name, (links, _) in CALLERS.items():
            for role, tenant in links:
                accounts.grant(database, session, account=ids[name], role=role, tenant=tenant)
        text = "UPDATE _dragoman_roles SET is_tenant_specific = ? WHERE name = 'cashier'"
        session.execute(accounts.sql_for(database, text), (True,))
    tokens = {name: token_of(app, id) for name, id in ids.items()}
    headers = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
    return Tenants(app, database, MappingProxyType(headers), ids, app.test_client(use_cookies=False))


def _account(database: Database, name: str, tenant: str | None) -> str:
    return create_account(database, email=f"{name}@example.com", password_hash="x", name=name, tenant_id=tenant)
