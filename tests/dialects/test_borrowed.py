"""A borrowed database, opened read-only: our own tables live in another source."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from crud.identity.passwords import hash_password
from crud.web.dialect import served
from sql.opening import open_database
from tests.dialects.conftest import ADMIN, signed_in
from tests.newcomers import create_account

CONFIG = """
server: {{system: own}}
sources:
  default: {{database: "{borrowed}", options: {{read_only: true}}}}
  own: {{database: "{own}"}}
schemas: {{main: {{source: default}}}}
"""


def test_a_borrowed_database_is_served_and_not_touched(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    borrowed, own = (f"sqlite:///{tmp_path / name}.sqlite" for name in ("borrowed", "own"))
    database = open_database(borrowed)
    with database.transaction() as session:
        session.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
        session.execute("INSERT INTO notes VALUES (1, 'first')")
    database.close()
    app = make_app(CONFIG.format(borrowed=borrowed, own=own), own)
    with app.app_context():
        hashed = hash_password(ADMIN[1])
        create_account(served().state.current().system, email=ADMIN[0], password_hash=hashed, roles=("admin",))
    client, headers = app.test_client(), signed_in(app, *ADMIN)
    assert client.get("/items/notes", headers=headers).json["data"] == [{"id": 1, "text": "first"}]
    assert client.get("/json/user?include=roles", headers=headers).json["data"][0]["email"] == ADMIN[0]
    assert [info.table.name for info in open_database(borrowed).tables(include_own=True)] == ["notes"]
