"""Entities whose table is that of an entity of another schema: other names and rules for the same rows.

The desk's people and notes are those of the office. Staff are shown some rows and columns there, with hashes.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app import StartError
from crud.definitions.problems import ConfigError
from crud.identity import accounts
from crud.web.dialect import served
from tests.dialects.conftest import Fresh, with_callers
from tests.dialects.test_across_sources import ask, get

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}"}
schemas:
  office:
    tables: all
    entities:
      people:
        fields:
          id: {type: integer, key: true, default: increment}
          name: {type: string, required: true, max: 20}
          phone: {type: string}
          chief_id: {type: integer, references: office.people, on_delete: cascade}
          gone_at: {type: datetime}
        soft_delete: gone_at
        audit: {values: true}
        stamps: [created_at]
      notes:
        fields:
          id: {type: integer, key: true, default: increment}
          person_id: {type: integer, references: office.people, on_delete: cascade}
          body: {type: text, required: true}
        audit: true
      files:
        tenant: org
        fields: {id: {type: integer, key: true}, org: {type: uuid, references: tenants}}
  desk:
    anonymize: phone
    entities:
      persons:
        schema: office
        entity: people
        aliases: [Colleague]
        rules:
          - {role: user, actions: [read, update], where: {name: {ne: Boss}}, fields: [id, name, phone, chief_id]}
      notes:
        schema: office
        rules: [{role: user, actions: [read, create], fields: [id, person_id, body]}]
      papers: {schema: office, entity: files, rules: [{role: user, actions: [read, create]}]}
      again: {schema: desk, entity: persons, hidden: true}
      found: {schema: office, entity: found, read_only: true, rules: [{role: user, actions: [read]}]}
      raw: {source: default, entity: notes, rules: [{role: user, actions: [read]}]}
      lone: {source: default, entity: found}
  main:
    entities:
      calls:
        fields:
          id: {type: integer, key: true, default: increment}
          person_id: {type: integer, references: desk.persons, on_delete: cascade}
"""


@pytest.fixture
def desk(make_app: Callable[..., Flask], empty_url: str) -> Fresh:
    bare = make_app("sources: {default: {database: '${DATABASE_URL}'}}", empty_url)
    with bare.app_context():
        system = served().state.current().system
        with system.transaction() as session:
            session.execute("CREATE TABLE found (id integer PRIMARY KEY, word text)", ())
    made = with_callers(make_app(CONFIG, empty_url))
    for row in (
        {"name": "Boss", "phone": "1"},
        {"name": "Ann", "phone": "2", "chief_id": 1},
        {"name": "Bob", "phone": "2"},
    ):
        assert made.client.post("/items/office.people", json=row, headers=made.admin).status_code == 201
    for row in ({"person_id": 1, "body": "to the boss"}, {"person_id": 2, "body": "to Ann"}):
        assert made.client.post("/items/office.notes", json=row, headers=made.admin).status_code == 201
    return made


def names(rows: Any) -> list[str]:
    return sorted(row["name"] for row in rows)


def test_the_same_rows_have_other_names_and_other_rules(desk: Fresh) -> None:
    assert names(get(desk, "/items/desk.persons")) == names(get(desk, "/items/office.people")) == ["Ann", "Bob", "Boss"]
    seen = get(desk, "/items/desk.persons", desk.user, sort=["id"])
    assert [set(row) for row in seen] == [{"id", "name", "phone", "chief_id"}] * 2
    assert names(seen) == ["Ann", "Bob"]
    assert seen[0]["phone"] == seen[1]["phone"] and len(seen[0]["phone"]) == 64
    assert ask(desk, "/items/office.people", desk.user).status_code == 403
    paths = ("/api/Colleague", "/json/desk.persons", "/v1/desk.persons", "/items/Colleague")
    assert all(ask(desk, path, desk.user).status_code == 200 for path in paths)
    metal = get(desk, "/schema/desk/persons", desk.user)
    assert (metal["schema"], metal["entity"], names(metal["rows"])) == ("desk", "persons", ["Ann", "Bob"])
    assert ask(desk, "/items/desk.again", desk.user).status_code == 404
    assert names(get(desk, "/items/desk.again")) == ["Ann", "Bob", "Boss"]


def test_relations_lead_to_the_entities_of_the_same_schema(desk: Fresh) -> None:
    rows = get(desk, "/items/desk.notes", desk.user, fields=["id", "person.name", "person.chief.name"], sort=["id"])
    assert [row["person"] for row in rows] == [None, {"name": "Ann", "chief": None}]
    rows = get(desk, "/items/desk.persons", desk.user, fields=["name", "notes.body"], sort=["id"])
    assert [row["notes"] for row in rows] == [[{"body": "to Ann"}], []]
    assert [row["notes"] for row in get(desk, "/json/office.people", include="notes", sort='[{"field":"id"}]')][1]
    assert set(desk.snapshot.catalog.resource("office.people").relations) == {"chief", "people", "notes"}


def test_a_table_that_nobody_declares_is_shared_and_stays_where_it_was(desk: Fresh) -> None:
    assert desk.client.post("/items/office.found", json={"id": 1, "word": "x"}, headers=desk.admin).status_code == 201
    assert get(desk, "/items/desk.found") == get(desk, "/items/office.found") == get(desk, "/items/desk.lone")
    assert get(desk, "/items/desk.found", desk.user) == [{"id": 1, "word": "x"}]
    assert desk.client.post("/items/desk.found", json={"id": 2}, headers=desk.admin).status_code == 405
    assert [row["body"] for row in get(desk, "/items/desk.raw", desk.user, sort=["id"])] == ["to the boss", "to Ann"]


def test_what_is_written_by_one_name_is_checked_stamped_and_audited_as_by_the_other(desk: Fresh) -> None:
    client = desk.client
    bad = client.post("/items/desk.persons", json={"name": "x" * 21}, headers=desk.admin)
    assert bad.status_code == 400 and "20" in bad.get_data(as_text=True)
    made = client.post("/items/desk.persons", json={"name": "Cid", "phone": "3"}, headers=desk.admin).json["data"]
    assert made["created_at"] and len(made["phone"]) == 64
    assert get(desk, f"/items/office.people/{made['id']}")["phone"] == "3"
    changed = client.patch(f"/items/desk.persons/{made['id']}", json={"name": "Dee"}, headers=desk.user)
    assert changed.status_code == 200, changed.get_data(as_text=True)
    entries = get(desk, "/items/baasix_Audit", sort=["-id"], limit=2)
    assert [(each["action"], each["resource"]) for each in entries] == [
        ("update", "office.people"),
        ("create", "office.people"),
    ]
    assert entries[0]["new"] == {"name": "Dee"}


def test_who_refers_to_a_row_goes_with_it_by_whichever_name(desk: Fresh) -> None:
    assert desk.client.delete("/items/desk.persons/1", headers=desk.admin).status_code == 200
    assert names(get(desk, "/items/office.people")) == ["Bob"]
    assert get(desk, "/items/office.notes") == get(desk, "/items/desk.notes") == []
    gone = [
        (each["action"], each["resource"]) for each in get(desk, "/items/baasix_Audit", filter={"action": "delete"})
    ]
    assert sorted(gone) == [("delete", "office.notes")] * 2 + [("delete", "office.people")] * 2


def test_a_reference_may_lead_to_another_name(desk: Fresh) -> None:
    for person in (1, 2):
        assert desk.client.post("/items/calls", json={"person_id": person}, headers=desk.admin).status_code == 201
    rows = get(desk, "/items/calls", fields=["person.name", "person.phone"], sort=["id"])
    assert [row["person"]["name"] for row in rows] == ["Boss", "Ann"] and len(rows[0]["person"]["phone"]) == 64
    assert [len(row["calls"]) for row in get(desk, "/items/desk.persons", fields=["calls.id"], sort=["id"])] == [
        1,
        1,
        0,
    ]
    assert desk.client.post("/items/calls", json={"person_id": 77}, headers=desk.admin).status_code == 409
    assert desk.client.delete("/items/office.people/1", headers=desk.admin).status_code == 200
    assert get(desk, "/items/calls") == []


def test_tenants_are_kept_apart_by_either_name(desk: Fresh) -> None:
    orgs = [desk.client.post("/items/baasix_Tenant", json={"name": name}, headers=desk.admin).json for name in "ab"]
    ids = [made["data"]["id"] for made in orgs]
    for number, org in enumerate(ids):
        row = {"id": number, "org": org}
        assert desk.client.post("/items/office.files", json=row, headers=desk.admin).status_code == 201
    account = accounts.find_account_by_email(desk.snapshot.system, "test@example.com")
    assert account
    link = {"user_Id": account.id, "role_Id": role_id(desk), "tenant_Id": ids[0]}
    assert desk.client.post("/items/baasix_UserRole", json=link, headers=desk.admin).status_code == 201
    inside = desk.again()
    assert [row["id"] for row in get(inside, "/items/desk.papers", inside.user)] == [0]
    made = inside.client.post("/items/desk.papers", json={"id": 7}, headers=inside.user)
    assert made.status_code == 201, made.get_data(as_text=True)
    assert get(desk, "/items/office.files/7")["org"] == ids[0]


def role_id(made: Fresh) -> str:
    return next(str(row["id"]) for row in get(made, "/items/baasix_Role") if row["name"] == "user")


def test_a_kept_answer_is_dropped_by_a_write_under_another_name(desk: Fresh) -> None:
    path, asked = "/schema/desk/persons", {"cache": "600", "fields": "name"}
    assert names(get(desk, path, **asked)["rows"]) == ["Ann", "Bob", "Boss"]
    assert desk.client.patch("/items/office.people/2", json={"name": "Eve"}, headers=desk.admin).status_code == 200
    assert names(get(desk, path, **asked)["rows"]) == ["Bob", "Boss", "Eve"]


MISTAKES = [
    ("{schema: nowhere, entity: people}", "schemas.desk.entities.x.schema: there is no schema 'nowhere'"),
    ("{schema: office, entity: nobody}", "schemas.desk.entities.x.entity: there is no office.nobody"),
    ("{source: default, entity: nobody}", "schemas.desk.entities.x.entity: there is no nobody in default"),
    ("{schema: desk, entity: x}", "there is no desk.x"),
    ("{schema: office, entity: people, audit: true}", "schemas.desk.entities.x.audit: belongs to office.people"),
    ("{schema: office, entity: people, fields: {a: {type: text}}}", "x.fields: belongs to office.people"),
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_mistakes_are_told_with_their_place(make_app: Callable[..., Flask], empty_url: str) -> None:
    before, after = CONFIG.split("      again:")
    for said, why in MISTAKES:
        with pytest.raises((ConfigError, StartError)) as refused:
            make_app(f"{before}      x: {said}\n  main:{after.split('  main:')[1]}", empty_url)
        assert why in str(refused.value), said
