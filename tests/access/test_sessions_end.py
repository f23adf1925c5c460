"""What ends the sessions of an account: a write to its password, its roles or its use, in the write's transaction."""

from typing import Any

from crud.identity.accounts import sql_for
from tests.access.ruling import ANN, items, permit, role_id
from tests.dialects.conftest import USER, Fresh, headers_of
from tests.dialects.speakers import DIALECTS, Speaker

ENDS: dict[str, Any] = {
    "another password": lambda speaker, fresh: speaker.update(
        "_dragoman_users", ANN, {"password_hash": "An0ther-Pass!"}
    ),
    "another role": lambda speaker, fresh: speaker.update("_dragoman_users", ANN, {"role": "guest"}),
    "its end": lambda speaker, fresh: speaker.update("_dragoman_users", ANN, {"is_active": False}),
    "a new link": lambda speaker, fresh: speaker.create(
        "_dragoman_user_roles", {"user_id": ANN, "role_id": role_id(fresh, "public")}
    ),
    "a changed link": lambda speaker, fresh: speaker.update(
        "_dragoman_user_roles", _link(fresh), {"role_id": role_id(fresh, "guest")}
    ),
    "a deleted link": lambda speaker, fresh: speaker.delete("_dragoman_user_roles", _link(fresh)),
}
STAYS: dict[str, Any] = {
    "another name": lambda speaker, fresh: speaker.update("_dragoman_users", ANN, {"name": "Somebody"}),
    "the same role": lambda speaker, fresh: speaker.update("_dragoman_users", ANN, {"role": "user"}),
    "still in use": lambda speaker, fresh: speaker.update("_dragoman_users", ANN, {"is_active": True}),
    "another's password": lambda speaker, fresh: speaker.update(
        "_dragoman_users", _kate(fresh), {"password_hash": "An0ther-Pass!"}
    ),
    "a described role": lambda speaker, fresh: speaker.update(
        "_dragoman_roles", role_id(fresh, "user"), {"name": "user", "description": "People"}
    ),
}


def _link(fresh: Fresh) -> str:
    return str(fresh.rows("SELECT id FROM _dragoman_user_roles WHERE user_id = ?", ANN)[0][0])


def _kate(fresh: Fresh) -> str:
    return str(fresh.rows("SELECT id FROM _dragoman_users WHERE email = 'kate@example.org'")[0][0])


def signed(fresh: Fresh) -> Any:
    """The headers of a new session of Test User, whose account and link are as at first."""
    database = fresh.snapshot.system
    with database.transaction() as session:
        session.execute(sql_for(database, "UPDATE _dragoman_users SET is_active = ? WHERE email = ?"), (True, USER[0]))
    with fresh.app.app_context():
        return headers_of(fresh.snapshot, USER[0])


def test_these_writes_end_the_sessions_of_the_account(fresh: Fresh) -> None:
    fresh.client.post("/items/baasix_Role", json={"name": "guest"}, headers=fresh.admin)
    for dialect in DIALECTS:
        for case, write in ENDS.items():
            headers = signed(fresh)
            assert items(fresh.client, headers, "categories"), (dialect, case)
            answer = write(Speaker(fresh, dialect), fresh)
            assert answer.status_code in (200, 201, 204), (dialect, case, answer.data)
            assert items(fresh.client, headers, "categories") == 401, (dialect, case)
        link = {"user_id": ANN, "role_id": role_id(fresh, "user")}
        fresh.client.delete("/items/baasix_UserRole/bulk", json=_links(fresh), headers=fresh.admin)
        assert Speaker(fresh, "metal").create("_dragoman_user_roles", link).status_code == 201


def _links(fresh: Fresh) -> list[str]:
    return [str(id) for (id,) in fresh.rows("SELECT id FROM _dragoman_user_roles WHERE user_id = ?", ANN)]


def test_these_writes_end_none(fresh: Fresh) -> None:
    headers = signed(fresh)
    for dialect in DIALECTS:
        for case, write in STAYS.items():
            answer = write(Speaker(fresh, dialect), fresh)
            assert answer.status_code in (200, 204), (dialect, case, answer.data)
            assert items(fresh.client, headers, "categories"), (dialect, case)


def test_the_end_of_a_role_or_of_a_tenant_ends_the_sessions_of_those_who_had_it(fresh: Fresh) -> None:
    speaker = Speaker(fresh, "baasix")
    for number, name in enumerate(("one", "two")):
        role = fresh.client.post("/items/baasix_Role", json={"name": name}, headers=fresh.admin).json["data"]["id"]
        link = {"user_id": ANN, "role_id": role}
        assert speaker.create("_dragoman_user_roles", link).status_code == 201
        headers = signed(fresh)
        assert items(fresh.client, headers, "categories")
        done = (
            speaker.update("_dragoman_roles", role, {"name": "other"})
            if number
            else speaker.delete("_dragoman_roles", role)
        )
        assert done.status_code == 200 and items(fresh.client, headers, "categories") == 401
    tenant = fresh.client.post("/items/baasix_Tenant", json={"name": "Third"}, headers=fresh.admin).json["data"]["id"]
    link = {"user_id": ANN, "role_id": role_id(fresh, "public"), "tenant_id": tenant}
    assert speaker.create("_dragoman_user_roles", link).status_code == 201
    headers = signed(fresh)
    assert speaker.delete("_dragoman_tenants", tenant).status_code == 200
    assert items(fresh.client, headers, "categories") == 401


def test_a_write_that_is_undone_ends_no_session(fresh: Fresh) -> None:
    headers = signed(fresh)
    bulk = [{"id": ANN, "password": "An0ther-Pass!"}, {"id": _kate(fresh), "email": USER[0]}]
    assert fresh.client.patch("/items/baasix_User/bulk", json=bulk, headers=fresh.admin).status_code == 409
    assert items(fresh.client, headers, "categories")


def test_many_accounts_that_are_changed_at_once_are_all_signed_out(fresh: Fresh) -> None:
    """Metal changes what a filter finds, in one statement."""
    headers = signed(fresh)
    body = {"filter": {"email": USER[0]}, "data": {"is_active": False}}
    assert fresh.client.patch("/schema/system/users", json=body, headers=fresh.admin).status_code == 204
    assert items(fresh.client, headers, "categories") == 401


def test_a_new_rule_ends_no_session(fresh: Fresh) -> None:
    headers = signed(fresh)
    permit(fresh, "customers", fields=["phone"])
    assert "phone" in items(fresh.client, headers, "customers")[0]
