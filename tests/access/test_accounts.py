"""Accounts, roles and links are resources of all five dialects: what a write to them brings, and what never leaves."""

import io
import json
import logging
import threading
from itertools import product
from typing import Any

import pytest

from crud import service
from crud.access.actor import Actor
from crud.errors import ApiError
from crud.snapshots.state import Context
from crud.wire.keys import by_values
from sql.commands import Delete
from tests.access.ruling import ANN, items, permit, person, role_id
from tests.dialects.conftest import ADMIN, USER, Fresh, signed_in
from tests.dialects.speakers import DIALECTS, KEYED, Speaker

PASSWORD = "Corr3ct-Horse-Battery"
NEW = {"email": "New.Person@example.com", "name": "New Person", "password_hash": PASSWORD, "role": "user"}
CLOSED = {"sonicjs": 401}
OWN = ("_dragoman_users", "_dragoman_roles", "_dragoman_user_roles", "_dragoman_permissions")
LINKS = (
    "SELECT r.name FROM _dragoman_user_roles l JOIN _dragoman_roles r ON r.id = l.role_id "
    "JOIN _dragoman_users u ON u.id = l.user_id WHERE lower(u.email) = lower(?) ORDER BY r.name"
)


def links(fresh: Fresh, email: str) -> list[object]:
    """The stored names of an account's roles."""
    return [name for (name,) in fresh.rows(LINKS, email)]


def john(fresh: Fresh) -> str:
    """The id of the administrator."""
    return str(fresh.rows("SELECT id FROM _dragoman_users WHERE email = ?", ADMIN[0])[0][0])


def test_an_account_is_made_with_its_password_and_its_role(fresh: Fresh) -> None:
    for dialect in DIALECTS:
        email = f"New.{dialect}@example.com"
        answer = Speaker(fresh, dialect).create("_dragoman_users", {**NEW, "email": email})
        assert answer.status_code in (200, 201), answer.json
        ((stored,),) = fresh.rows("SELECT password_hash FROM _dragoman_users WHERE email = ?", email)
        assert str(stored).startswith("$argon2id$") and PASSWORD not in str(stored)
        assert links(fresh, email) == ["user"]
        headers = signed_in(fresh.app, email.upper(), PASSWORD)
        assert [row["email"] for row in items(fresh.client, headers, "baasix_User")] == [email]
        text = answer.get_data(as_text=True)
        assert PASSWORD not in text and "argon2" not in text


def test_a_role_that_is_written_replaces_the_links_and_holds_at_once(fresh: Fresh) -> None:
    for dialect in DIALECTS:
        speaker = Speaker(fresh, dialect)
        assert items(fresh.client, fresh.again().user, "baasix_Permission") == 404
        assert speaker.update("_dragoman_users", ANN, {"role": "admin"}).status_code in (200, 204)
        assert links(fresh, USER[0]) == ["administrator"]
        assert items(fresh.client, fresh.again().user, "baasix_Permission") == []
        assert speaker.update("_dragoman_users", ANN, {"role": None}).status_code in (200, 204)
        assert links(fresh, USER[0]) == []


def test_a_role_that_comes_back_as_it_is_shown_changes_no_link(fresh: Fresh) -> None:
    both = {"role_Id": role_id(fresh, "user"), "user_Id": john(fresh)}
    assert fresh.client.post("/items/baasix_UserRole", json=both, headers=fresh.admin).status_code == 201
    fresh = fresh.again()
    for dialect in DIALECTS:
        changes = {"role": "admin", "name": f"Still John in {dialect}"}
        assert Speaker(fresh, dialect).update("_dragoman_users", john(fresh), changes).status_code in (200, 204)
        assert links(fresh, ADMIN[0]) == ["administrator", "user"]


def test_a_role_that_is_none_is_refused(fresh: Fresh) -> None:
    before = fresh.whole()
    for dialect, role in product(DIALECTS, ("nothing", 7, ["admin"])):
        assert Speaker(fresh, dialect).create("_dragoman_users", {**NEW, "role": role}).status_code == 400
    assert fresh.whole() == before


def test_a_password_that_is_none_is_refused_and_not_repeated(fresh: Fresh) -> None:
    before = fresh.whole()
    for dialect, password in product(DIALECTS, ("short", "password123", "x" * 5000, NEW["email"])):
        answers = (
            Speaker(fresh, dialect).create("_dragoman_users", {**NEW, "password_hash": password}),
            Speaker(fresh, dialect).update("_dragoman_users", ANN, {"password_hash": "short"}),
        )
        for answer in answers:
            assert answer.status_code == 400, (dialect, password)
            assert f'"{password}"' not in answer.get_data(as_text=True)
    assert fresh.whole() == before


def test_an_email_is_taken_once_whatever_its_case_and_may_be_missing_often(fresh: Fresh) -> None:
    for dialect in DIALECTS:
        speaker = Speaker(fresh, dialect)
        assert speaker.create("_dragoman_users", {**NEW, "email": "TEST@Example.com"}).status_code == 409
        for _ in range(2):
            assert speaker.create("_dragoman_users", {"name": "No mail"}).status_code in (200, 201)
        assert speaker.update("_dragoman_users", ANN, {"email": ADMIN[0].upper()}).status_code == 409


def test_nobody_but_administrators_writes_them(fresh: Fresh) -> None:
    before = fresh.whole()
    for dialect, name in product(DIALECTS, OWN):
        user = Speaker(fresh, dialect, fresh.user)
        for answer in (user.create(name, {}), user.update(name, ANN, {}), user.delete(name, ANN)):
            assert answer.status_code in (401, 403, 404), (dialect, name)
    assert fresh.whole() == before


# ---------------------------------------------------------------- no further than oneself


def test_a_rule_for_accounts_makes_no_administrators(fresh: Fresh) -> None:
    headers = person(fresh, "clerk")
    for action in ("create", "update", "read"):
        permit(fresh, "baasix_User", action, "clerk", fields=["*", "role"])
    for dialect in DIALECTS:
        clerk, closed, email = Speaker(fresh, dialect, headers), CLOSED.get(dialect, 403), f"{dialect}@example.com"
        assert clerk.create("_dragoman_users", {"email": email, "role": "admin"}).status_code == closed
        assert clerk.update("_dragoman_users", ANN, {"role": "administrator"}).status_code == closed
        made = clerk.create("_dragoman_users", {"email": email, "role": "user"})
        assert made.status_code in (200, 201), made.json
        assert links(fresh, email) == ["user"] == links(fresh, USER[0])


def test_a_rule_for_links_makes_no_administrators(fresh: Fresh) -> None:
    headers = person(fresh, "clerk")
    permit(fresh, "baasix_UserRole", "create", "clerk")
    link = {"user_id": ANN, "role_id": role_id(fresh, "administrator")}
    other = {**link, "role_id": role_id(fresh, "public")}
    for dialect in DIALECTS:
        clerk = Speaker(fresh, dialect, headers)
        assert clerk.create("_dragoman_user_roles", link).status_code == CLOSED.get(dialect, 403)
        assert clerk.create("_dragoman_user_roles", other).status_code in (200, 201)
    assert set(links(fresh, USER[0])) == {"public", "user"}


def test_a_rule_for_all_columns_of_accounts_gives_neither_role_nor_password(fresh: Fresh) -> None:
    clerk = person(fresh, "clerk")
    permit(fresh, "baasix_User", "update", "clerk", fields=["*"])
    sent = {"role": "admin", "password": "Another-Passw0rd!", "isActive": False, "name": "Renamed"}
    before = fresh.rows("SELECT password_hash, is_active FROM _dragoman_users WHERE id = ?", ANN)
    assert fresh.client.patch(f"/items/baasix_User/{ANN}", json=sent, headers=clerk).status_code == 200
    assert fresh.rows("SELECT password_hash, is_active FROM _dragoman_users WHERE id = ?", ANN) == before
    assert links(fresh, USER[0]) == ["user"]


# ---------------------------------------------------------------- somebody must be able to administer


LAST: dict[str, Any] = {
    "deleted": lambda speaker, fresh: speaker.delete("_dragoman_users", john(fresh)),
    "demoted": lambda speaker, fresh: speaker.update("_dragoman_users", john(fresh), {"role": "user"}),
    "without a role": lambda speaker, fresh: speaker.update("_dragoman_users", john(fresh), {"role": None}),
    "disabled": lambda speaker, fresh: speaker.update("_dragoman_users", john(fresh), {"is_active": False}),
    "without a password": lambda speaker, fresh: speaker.update(
        "_dragoman_users", john(fresh), {"password_hash": None}
    ),
    "without a link": lambda speaker, fresh: speaker.delete("_dragoman_user_roles", _link(fresh)),
    "with another link": lambda speaker, fresh: speaker.update(
        "_dragoman_user_roles", _link(fresh), {"role_id": role_id(fresh, "user")}
    ),
    "within a tenant alone": lambda speaker, fresh: speaker.update(
        "_dragoman_user_roles", _link(fresh), {"tenant_id": str(fresh.rows("SELECT id FROM _dragoman_tenants")[0][0])}
    ),
}


def _link(fresh: Fresh) -> str:
    text = "SELECT id FROM _dragoman_user_roles WHERE user_id = ? AND role_id = ?"
    return str(fresh.rows(text, john(fresh), role_id(fresh, "administrator"))[0][0])


def test_the_last_administrator_stays(fresh: Fresh) -> None:
    before = fresh.whole()
    for dialect, case in product(DIALECTS, LAST):
        answer = LAST[case](Speaker(fresh, dialect), fresh)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 409 and "no administrator left" in text, (dialect, case, text)
    assert fresh.whole() == before


def test_an_administrator_who_is_not_the_last_may_go(fresh: Fresh) -> None:
    speaker = Speaker(fresh, "baasix")
    assert speaker.create("_dragoman_users", {**NEW, "role": "admin"}).status_code == 201
    assert speaker.delete("_dragoman_users", john(fresh)).status_code == 200


def test_administrators_who_lose_their_links_at_once_leave_one(fresh: Fresh) -> None:
    assert Speaker(fresh, "baasix").create("_dragoman_users", {**NEW, "role": "admin"}).status_code == 201
    with fresh.snapshot.system.transaction() as session:
        session.execute("UPDATE _dragoman_users SET password_hash = 'x' WHERE is_active")
    text = "SELECT l.id FROM _dragoman_user_roles l JOIN _dragoman_users u ON u.id = l.user_id WHERE role_id = ?"
    ids = [str(id) for (id,) in fresh.rows(f"{text} AND u.is_active", role_id(fresh, "administrator"))]
    links = fresh.snapshot.catalog.resource("_dragoman_user_roles")
    context, found = Context(fresh.snapshot, Actor(roles=frozenset({"admin"}))), []

    def remove(id: str) -> None:
        where, values = by_values(links, {"id": id})
        try:
            service.write(context, [Delete(links.name, where, values, keyed=True)])
        except ApiError as error:
            found.append(error.kind)

    threads = [threading.Thread(target=remove, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) >= 2 and found == ["kept"]


def test_the_roles_that_everything_names_stay(fresh: Fresh) -> None:
    for name in ("administrator", "user", "public"):
        path = f"/items/baasix_Role/{role_id(fresh, name)}"
        for method, body in (("DELETE", None), ("PATCH", {"name": "other"})):
            answer = fresh.client.open(path, method=method, json=body, headers=fresh.admin)
            assert answer.status_code == 409 and answer.json["error"]["message"] == f"The role {name} always exists"
        same = {"name": name, "description": "Described"}
        assert fresh.client.patch(path, json=same, headers=fresh.admin).status_code == 200


def test_a_role_has_one_stored_name(fresh: Fresh) -> None:
    for name, other in (("admin", "administrator"), ("anon", "public")):
        answer = fresh.client.post("/items/baasix_Role", json={"name": name}, headers=fresh.admin)
        assert answer.status_code == 400 and f"is another name of {other}" in answer.json["error"]["message"]


# ---------------------------------------------------------------- the password never leaves

HASH = "$argon2id$v=19$m=19456,t=2,p=1$MARKMARKMARKMARK$HASHMARKHASHMARKHASHMARK"
ROUTES = (
    "/api/User",
    f"/api/User/{ANN}",
    "/api/User?select=*&populate=posts,roles",
    "/api/User/schema",
    "/api/posts?populate=author",
    "/json/user?include=roles,permissions,organization",
    f"/json/user/{ANN}",
    "/json/post?include=author",
    "/v1/users?includeRelations=true&includeContentType=true",
    f"/v1/users/{ANN}",
    "/api/v1/users",
    "/v1/posts?includeRelations=true",
    "/schema/system/users",
    "/schema/system",
    "/items/baasix_User?fields=*,userRoles.*,userRoles.role.*",
    f"/items/baasix_User/{ANN}?fields=*.*",
    "/items/baasix_UserRole?fields=*,user.*",
    "/items/posts?fields=*,author.*",
    "/items/posts?fields=author.**",
    "/items/comments?fields=author.**&limit=3",
    '/items/baasix_User?aggregate={"n":{"function":"count"}}&groupBy=email',
    "/items/baasix_User?search=argon2",
    "/auth/me",
    "/user/info",
)
QUESTIONS = (
    "/api/User?where[{0}][startsWith]=$argon2",
    "/api/User?sort={0}",
    "/api/User?select={0}",
    "/api/posts?where[author.{0}][contains]=argon",
    '/json/user?filter=[{{"field":"{0}","comparison":"startsWith","value":"$argon2"}}]',
    '/json/user?sort=[{{"field":"{0}","direction":"asc"}}]',
    "/json/user?fields={0}",
    "/v1/users?filters[{0}][$contains]=argon",
    "/v1/users?sort={0}",
    '/schema/system/users?filter={{"{0}":"x"}}',
    "/schema/system/users?fields={0}",
    "/schema/system/users?filter-expression={0} LIKE '%25argon%25'",
    '/items/baasix_User?filter={{"{0}":{{"startsWith":"$argon2"}}}}',
    "/items/baasix_User?fields={0}",
    "/items/baasix_User?sort={0}",
    "/items/baasix_User?search=argon&searchFields={0}",
    '/items/baasix_User?aggregate={{"x":{{"function":"min","field":"{0}"}}}}',
    '/items/baasix_User?groupBy={0}&aggregate={{"n":{{"function":"count"}}}}',
    '/items/posts?filter={{"author.{0}":{{"like":"argon"}}}}',
    '/items/posts?filter={{"title":"$COL(author.{0})"}}',
)


@pytest.fixture
def hashed(fresh: Fresh) -> Fresh:
    """The sample with a hash that is easily recognised."""
    database = fresh.snapshot.system
    with database.transaction() as session:
        session.execute(f"UPDATE _dragoman_users SET password_hash = '{HASH}'")
    return fresh


def test_no_answer_holds_a_hash(hashed: Fresh) -> None:
    permit(hashed, "*", role="user")
    permit(hashed, "baasix_User", role="user", fields=["*", "password_hash"])
    for route, headers in product(ROUTES, (hashed.admin, hashed.user)):
        answer = hashed.client.get(route, headers=headers)
        assert answer.status_code in (200, 401, 404) or headers is hashed.user, (route, answer.get_data(as_text=True))
        text = answer.get_data(as_text=True)
        assert "argon2" not in text and "HASHMARK" not in text, route


def test_no_question_can_be_asked_of_a_hash(hashed: Fresh) -> None:
    permit(hashed, "baasix_User", role="user", fields=["*", "password_hash"])
    for question, headers in product(QUESTIONS, (hashed.admin, hashed.user)):
        told = set()
        for name in ("password_hash", "password", "no_such_name"):
            answer = hashed.client.get(question.format(name), headers=headers)
            assert answer.status_code in (400, 401, 403), (question, answer.get_data(as_text=True))
            told.add(answer.get_data(as_text=True).replace(name, "~"))
        assert len(told) == 1 and "HASHMARK" not in told.pop(), question


def test_a_refusal_holds_no_password(fresh: Fresh, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    for dialect in KEYED:
        caplog.set_level(logging.DEBUG)
        speaker = Speaker(fresh, dialect)
        tries = (
            speaker.create("_dragoman_users", {**NEW, "email": USER[0]}),
            speaker.create("_dragoman_users", {**NEW, "age": "x"}),
            speaker.create("_dragoman_users", {**NEW, "password_hash": [PASSWORD]}),
            speaker.create("_dragoman_users", {**NEW, "tenant_id": "00000000-0000-0000-0000-0000000000ff"}),
            speaker.update("_dragoman_users", ANN, {"password_hash": {PASSWORD: PASSWORD}}),
        )
        for answer in tries:
            assert answer.status_code in (400, 409), answer.json
            assert PASSWORD not in answer.get_data(as_text=True) and "argon2" not in answer.get_data(as_text=True)
        said = caplog.text + "".join(capsys.readouterr())
        assert PASSWORD not in said and "argon2" not in said


def test_an_import_hashes_and_tells_no_password(fresh: Fresh) -> None:
    rows = [{"email": "a@example.com", "password": PASSWORD}, {"email": USER[0], "password": PASSWORD}]
    for bad in (True, False):
        file = (io.BytesIO(json.dumps(rows if bad else rows[:1]).encode()), "users.json")
        answer = fresh.client.post("/items/baasix_User/import-json", data={"jsonFile": file}, headers=fresh.admin)
        assert answer.status_code == (400 if bad else 200)
        assert "argon2" not in answer.get_data(as_text=True)
        assert PASSWORD not in answer.get_data(as_text=True)
    assert signed_in(fresh.app, "a@example.com", PASSWORD)


def test_an_export_holds_no_hash(hashed: Fresh) -> None:
    runner = hashed.app.test_cli_runner()
    for form in ("csv", "json", "ndjson"):
        told = runner.invoke(args=["data", "export", "users", "--format", form])
        assert told.exit_code == 0 and USER[0] in told.output, told.output
        assert "argon2" not in told.output and "HASHMARK" not in told.output
    for name in ("password_hash", "password"):
        assert runner.invoke(args=["data", "export", "users", "--fields", name]).exit_code != 0
