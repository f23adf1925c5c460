"""Baasix imports: whose the rows are that a tenant or an administrator imports, and how long a file may be."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from crud.identity import accounts
from tests.dialects.baasix import refused, upload
from tests.dialects.conftest import USER, Fresh, with_callers

UNKNOWN = "00000000-0000-0000-0000-0000000000ff"
NOTES = """
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      notes:
        fields:
          id: {type: integer, key: true, auto: increment}
          text: {type: text, required: true}
          tenant_Id: {type: uuid, required: true, references: tenants}
        tenant: tenant_Id
        rules: [{role: user, actions: [read, create]}]
"""
ACME, OTHER = "00000000-0000-0000-0000-0000000000a1", "00000000-0000-0000-0000-0000000000a2"


def with_tenants(app: Flask) -> Fresh:
    """The application with two tenants, an administrator without one and a user of the first."""
    made = with_callers(app)
    system = made.snapshot.system
    with system.transaction() as session:
        for id in (ACME, OTHER):
            text = "INSERT INTO _dragoman_tenants (id, name) VALUES (?, ?)"
            session.execute(accounts.sql_for(system, text), (id, id))
        text = "UPDATE _dragoman_users SET tenant_id = ? WHERE email = ?"
        session.execute(accounts.sql_for(system, text), (ACME, USER[0]))
    return made


@pytest.fixture
def notes(make_app: Callable[..., Flask], tmp_path: Path) -> Fresh:
    """Notes that belong to tenants."""
    return with_tenants(make_app(NOTES, f"sqlite:///{tmp_path / 'notes.sqlite'}"))


FILES = [("notes/import-csv", b"text,tenant_Id\nhi,%b\n" % OTHER.encode()), ("notes/import-json", b'[{"text":"hi"}]')]


@pytest.mark.parametrize(("path", "data"), FILES)
def test_a_tenants_user_imports_into_it(notes: Fresh, path: str, data: bytes) -> None:
    assert upload(notes, path, data, notes.user)[0] == 200
    assert upload(notes, path, data, notes.user, tenant=ACME.upper())[0] == 200
    assert notes.rows('SELECT DISTINCT "tenant_Id" FROM notes') == [(ACME,)]
    assert refused(notes, path, data, notes.user, tenant=OTHER) == (403, "You can only import into your own tenant")


@pytest.mark.parametrize(("path", "data"), FILES)
def test_an_administrator_names_the_tenant(notes: Fresh, path: str, data: bytes) -> None:
    status, message = refused(notes, path, data)
    assert status == 400 and message.startswith("tenant: is required")
    assert refused(notes, path, data, tenant="zap")[0] == 400
    assert refused(notes, path, data, tenant=UNKNOWN)[0] == 400
    assert upload(notes, path, data, tenant=ACME)[0] == 200
    assert notes.rows('SELECT text, "tenant_Id" FROM notes') == [("hi", ACME)]


# ---------------------------------------------------------------- length


def test_only_imports_take_long_bodies(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    app = make_app("limits: {body_bytes: 2000, import_bytes: 20000}\n" + NOTES, f"sqlite:///{tmp_path / 'long.sqlite'}")
    fresh = with_tenants(app)
    long = b"text\n" + b"a\n" * 9000
    assert upload(fresh, "notes/import-csv", long, tenant=ACME)[0] == 200
    for data in (b"text\n" + b"a\n" * 11_000, b"text\n" + b"a\n" * 90_000):
        status, message = refused(fresh, "notes/import-csv", data, tenant=ACME)
        assert status == 413
    answer = fresh.client.post("/items/notes", json={"text": "a" * 3000}, headers=fresh.admin)
    assert answer.status_code == 413 and answer.json["error"]["statusCode"] == 413
    assert fresh.rows("SELECT count(*) FROM notes") == [(9000,)]


def test_memory_stays_flat(fresh: Fresh, tmp_path: Path) -> None:
    """The same rows many times over take no more memory: neither the form nor the rows are held."""
    peaks = [peak(fresh, tmp_path / "form", count) for count in (100, 1_200, 2_700)]
    assert peaks[2] < peaks[1] + 250_000


def peak(fresh: Fresh, form: Path, count: int) -> int:
    """The memory that an import of so many rows takes at its peak. The form comes from a file, as from a network."""
    with form.open("wb") as file:
        file.write(
            b'--x\r\nContent-Disposition: form-data; name="csvFile"; filename="a.csv"\r\n\r\nname,city,country\n'
        )
        file.writelines(b"x" * 90 + b"," + b"y" * 90 + b"," + b"z" * 90 + b"\n" for _ in range(count))
        file.write(b"\r\n--x--\r\n")
    kind = "multipart/form-data; boundary=x"
    with form.open("rb") as file:
        tracemalloc.start()
        path = "/items/customers/import-csv"
        answer = fresh.client.post(path, input_stream=file, content_type=kind, headers=fresh.admin)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert answer.status_code == 200 and answer.json["results"]["imported"] == count
    return found
