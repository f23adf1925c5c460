"""A change of the rules is in force on every worker with its next request; a request keeps what it began with."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from crud.snapshots.building import renewed
from crud.snapshots.revision import Revision, is_now, renew, revision
from crud.snapshots.state import Snapshot, State
from crud.web.dialect import context, served
from sql.errors import Unavailable
from tests.access.ruling import items, permit, role_id
from tests.dialects.conftest import ROOT, Fresh, close


@pytest.fixture(scope="module")
def second(fresh_home: Fresh, fresh_url: str, make_app: Callable[..., Flask]) -> Flask:
    """Another worker over the database of `fresh`."""
    return make_app(ROOT / "config.yml", fresh_url)


@pytest.fixture
def workers(fresh: Fresh, second: Flask) -> Iterator[tuple[Flask, Flask]]:
    """Two workers."""
    close(second)
    yield fresh.app, second
    close(second)


RENAMED = "a role that is renamed"  # its rules go with it, and those who have it
CHANGES: dict[str, Callable[[Fresh, str], tuple[str, str, Any]]] = {
    "a rule that is changed": lambda fresh, id: ("PATCH", f"/permissions/{id}", {"fields": ["city"]}),
    "a rule that is changed as an item": lambda fresh, id: ("PATCH", f"/items/permissions/{id}", {"fields": ["city"]}),
    "a rule that is changed in Metal": lambda fresh, id: (
        "PATCH",
        "/schema/system/permissions",
        {"filter": {"id": id}, "data": {"fields": ["city"]}},
    ),
    "a rule that is deleted": lambda fresh, id: ("DELETE", f"/permissions/{id}", None),
    "rules that are deleted at once": lambda fresh, id: ("DELETE", "/items/permissions/bulk", [id]),
    RENAMED: lambda fresh, id: (
        "PATCH",
        f"/items/baasix_Role/{role_id(fresh, 'guest')}",
        {"name": "ghost"},
    ),
    "a role that is deleted": lambda fresh, id: ("DELETE", f"/items/baasix_Role/{role_id(fresh, 'guest')}", None),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_in_force_everywhere_with_the_next_request(
    fresh: Fresh, workers: tuple[Flask, Flask], case: str
) -> None:
    fresh.client.post("/items/baasix_Role", json={"name": "guest"}, headers=fresh.admin)
    first, second = (app.test_client() for app in workers)
    assert items(first, fresh.user, "customers") == items(second, fresh.user, "customers")
    id = permit(fresh, "customers", role="guest", fields=["phone"])
    link = {"role_Id": role_id(fresh, "guest"), "user_Id": fresh.rows(_USER)[0][0]}
    assert first.post("/items/baasix_UserRole", json=link, headers=fresh.admin).status_code == 201
    fresh = fresh.again()
    for client in (second, first):
        assert "phone" in items(client, fresh.user, "customers")[0]
    method, path, body = CHANGES[case](fresh, id)
    assert first.open(path, method=method, json=body, headers=fresh.admin).status_code in (200, 204)
    fresh = fresh.again()
    for client in (second, first):
        assert ("phone" in items(client, fresh.user, "customers")[0]) == (case == RENAMED)


_USER = "SELECT id FROM _dragoman_users WHERE email = 'test@example.com'"


def test_what_was_undone_is_not_in_force(fresh: Fresh, workers: tuple[Flask, Flask]) -> None:
    before = revision(fresh.snapshot.system)
    rule = {"role_Id": role_id(fresh, "user"), "collection": "contacts", "action": "update"}
    bulk = [rule, {**rule, "collection": "nothing"}]
    assert fresh.client.post("/items/permissions/bulk", json=bulk, headers=fresh.admin).status_code == 400
    assert revision(fresh.snapshot.system) == before
    assert workers[1].test_client().patch("/items/contacts/1", json={}, headers=fresh.user).status_code == 403


def test_a_read_renews_nothing_and_a_reload_everything(fresh: Fresh) -> None:
    before = revision(fresh.snapshot.system)
    assert fresh.client.get("/permissions", headers=fresh.admin).status_code == 200
    assert fresh.client.patch("/items/customers/1", json={"name": "x"}, headers=fresh.admin).status_code == 200
    assert revision(fresh.snapshot.system) == before
    fresh.client.post("/permissions/reload", headers=fresh.admin)
    assert revision(fresh.snapshot.system) != before


def test_rules_that_were_put_into_the_table_by_hand_are_in_force_after_a_reload(fresh: Fresh) -> None:
    assert items(fresh.client, {}, "customers") == 403
    database = fresh.snapshot.system
    with database.transaction() as session:
        session.execute(
            "INSERT INTO _dragoman_permissions (id, role_id, collection, action) SELECT "
            "'00000000-0000-0000-0000-000000000077', id, 'customers', 'read' FROM _dragoman_roles WHERE name = 'public'"
        )
    assert items(fresh.client, {}, "customers") == 403
    fresh.client.post("/permissions/reload", headers=fresh.admin)
    assert items(fresh.client, {}, "customers") != 403


def test_a_request_keeps_the_rules_that_it_began_with(fresh: Fresh) -> None:
    with fresh.app.test_request_context("/items/customers"):
        fresh.app.preprocess_request()
        held = context().snapshot
        permit(fresh, "customers", role="public")
        assert context().snapshot is held and served().state.current() is not held
        assert served().state.held.databases is held.databases and served().state.held.compiled is not held.compiled


def test_rules_are_made_once_for_all_who_wait(fresh: Fresh) -> None:
    made: list[Snapshot] = []

    def making(snapshot: Snapshot) -> Snapshot:
        made.append(renewed(snapshot))
        return made[-1]

    state = State(fresh.snapshot, making)
    database = fresh.snapshot.system
    with database.transaction() as session:
        renew(database, session)
    found: list[Snapshot] = []
    threads = [threading.Thread(target=lambda: found.append(state.current())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(found) == 8 and set(map(id, found)) == {id(made[0])}


def test_what_is_in_force_is_asked_with_one_statement(fresh: Fresh) -> None:
    system = fresh.app.extensions["dragoman"].state.current().system
    assert is_now(revision(system), system)
    with system.transaction() as session:
        renew(system, session)
        assert not is_now(fresh.app.extensions["dragoman"].state.held.revision, system)


def test_old_rules_are_never_used_where_the_new_ones_cannot_be_had(fresh: Fresh) -> None:
    def failing(snapshot: Snapshot) -> Snapshot:
        raise Unavailable("gone")

    state = State(replace(fresh.snapshot, revision=Revision(rules=-1)), failing)
    for _ in range(2):
        with pytest.raises(Unavailable):
            state.current()


def test_a_worker_that_cannot_ask_refuses(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(held: object, database: object) -> bool:
        raise Unavailable("gone")

    monkeypatch.setattr("crud.snapshots.state.is_now", failing)
    answer = fresh.client.get("/items/categories")
    assert answer.status_code == 503 and answer.headers["Retry-After"]


def test_rules_stay_when_the_service_starts_anew(fresh: Fresh, make_app: Callable[..., Flask], fresh_url: str) -> None:
    permit(fresh, "customers", role="public", fields=["name"])
    started = make_app(ROOT / "config.yml", fresh_url)
    assert set(items(started.test_client(), {}, "customers")[0]) == {"name"}
    close(started)
