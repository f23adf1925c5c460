"""Rules of the table of permissions beside those of the configuration: what they give, in all dialects."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from crud.identity.accounts import sql_for
from crud.snapshots.revision import renew
from tests.access.ruling import items, permit, person, role_id, rule
from tests.dialects.conftest import Fresh
from tests.dialects.speakers import DIALECTS, KEYED, Speaker

CLOSED = {"sonicjs": 401}
CONTACT = {"name": "New", "organization_id": "00000000-0000-0000-0000-000000000002"}


def insert(fresh: Fresh, role: str = "user", **said: Any) -> None:
    """A permission that no service has checked; all workers are told to read it."""
    row = {"collection": "customers", "action": "read", "effect": "allow", **said}
    values = [json.dumps(value) if isinstance(value, list | dict) else value for value in row.values()]
    marks = ", ".join("?" for _ in row)
    text = f"INSERT INTO _dragoman_permissions (id, role_id, {', '.join(row)}) VALUES (?, ?, {marks})"
    database = fresh.snapshot.system
    with database.transaction() as session:
        session.execute(sql_for(database, text), (str(uuid.uuid4()), role_id(fresh, role), *values))
        renew(database, session)


# ---------------------------------------------------------------- allows


def test_an_allow_opens_what_was_closed_and_its_end_closes_it(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    for dialect in DIALECTS:
        speaker = Speaker(fresh, dialect, guest)
        path = speaker.path("contacts")
        assert speaker.send("GET", path).status_code == CLOSED.get(dialect, 403)
        id = permit(fresh, "contacts", role="guest", fields=["id", "name"])
        (found,) = speaker.find("contacts", "id", 1)
        assert set(found) == {"id", "name"}, dialect
        assert fresh.client.delete(f"/permissions/{id}", headers=fresh.admin).status_code == 204
        assert speaker.send("GET", path).status_code == CLOSED.get(dialect, 403)


def test_each_action_has_a_rule_of_its_own(fresh: Fresh) -> None:
    clerk = person(fresh, "clerk")
    for number, dialect in enumerate(DIALECTS, start=1):
        speaker, closed = Speaker(fresh, dialect, clerk), CLOSED.get(dialect, 403)
        made = [permit(fresh, "contacts", "read", "clerk")]
        assert speaker.create("contacts", CONTACT).status_code == closed
        made.append(permit(fresh, "contacts", "create", "clerk", fields=["name", "organization_id"]))
        assert speaker.create("contacts", CONTACT).status_code in (200, 201), dialect
        assert speaker.update("contacts", number, {"name": "Other"}).status_code == closed
        made.append(permit(fresh, "contacts", "update", "clerk", fields=["name"], conditions={"id": number}))
        assert speaker.update("contacts", number, {"name": dialect}).status_code in (200, 204)
        speaker.update("contacts", number + 1, {"name": "Other"})
        assert fresh.rows("SELECT name FROM contacts WHERE id = ?", number) == [(dialect,)]
        assert fresh.rows("SELECT name FROM contacts WHERE name = 'Other'") == []
        assert speaker.delete("contacts", number).status_code == closed
        made.append(permit(fresh, "contacts", "delete", "clerk"))
        assert speaker.delete("contacts", number).status_code in (200, 204)
        assert fresh.rows("SELECT name FROM contacts WHERE id = ?", number) == []
        for id in made:
            fresh.client.delete(f"/permissions/{id}", headers=fresh.admin)


def test_an_empty_list_of_fields_is_none(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    permit(fresh, "contacts", role="guest", fields=[])
    for dialect in DIALECTS:
        speaker = Speaker(fresh, dialect, guest)
        text = speaker.send("GET", speaker.path("contacts")).get_data(as_text=True)
        assert not any(str(name) in text for (name,) in fresh.rows("SELECT name FROM contacts")), dialect


def test_a_named_rule_replaces_the_one_for_all_and_allows_add_up(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    permit(fresh, "*", role="guest", fields=["*", "-email"])
    assert {"phone", "city"} <= set(items(fresh.client, guest, "customers")[0])
    assert items(fresh.client, guest, "baasix_User") == 404  # our own tables are not among all
    permit(fresh, "customers", role="guest", fields=["id"])
    assert set(items(fresh.client, guest, "customers")[0]) == {"id"}
    permit(fresh, "customers", role="guest", fields=["city"])
    assert set(items(fresh.client, guest, "customers")[0]) == {"id", "city"}


def test_rules_of_the_table_and_of_the_configuration_add_up(fresh: Fresh) -> None:
    assert set(items(fresh.client, fresh.user, "customers")[0]) == {"id", "name", "city", "country"}
    permit(fresh, "customers", fields=["phone"])
    assert "phone" in items(fresh.client, fresh.user, "customers")[0]


def test_conditions_speak_of_the_caller(fresh: Fresh) -> None:
    everybody = person(fresh, "guest")
    permit(fresh, "baasix_User", role="guest", conditions={"id": {"eq": "$CURRENT_USER"}}, fields=["email"])
    assert items(fresh.client, everybody, "baasix_User") == [{"email": "guest@example.com"}]


def test_the_names_of_baasix_are_understood(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    permit(fresh, "baasix_User", role="guest", conditions={"firstName": "Kate"}, fields=["firstName"])
    assert items(fresh.client, guest, "baasix_User") == [{"firstName": "Kate"}]
    permit(fresh, "users", role="guest", conditions={"first_name": "John"}, fields=["first_name"])
    assert {"firstName": "John"} in items(fresh.client, guest, "baasix_User")


def test_defaults_fill_what_a_new_row_lacks(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    permit(fresh, "comments", "create", "guest", fields=["postId", "body"], defaultValues={"authorId": "$CURRENT_USER"})
    sent = {"postId": 1, "body": "Hi"}
    assert fresh.client.post("/items/comments", json=sent, headers=guest).status_code == 201
    found = fresh.rows(
        'SELECT email FROM comments c JOIN _dragoman_users u ON u.id = c."authorId" WHERE body = ?', "Hi"
    )
    assert found == [("guest@example.com",)]
    taken = fresh.client.post("/items/comments", json={**sent, "authorId": str(uuid.uuid4())}, headers=guest)
    assert (
        taken.status_code == 201
        and fresh.rows('SELECT DISTINCT "authorId" FROM comments WHERE body = ?', "Hi")[1:] == []
    )


def test_a_default_may_be_a_time_before_or_after_now(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    permit(fresh, "comments", "create", "guest", fields=["postId", "body"], defaultValues={"createdAt": "$NOW-DAYS_7"})
    permit(fresh, "comments", "read", "guest")
    before = datetime.now(UTC) - timedelta(days=7, seconds=1)
    sent = {"postId": 1, "body": "A week ago"}
    made = fresh.client.post("/items/comments", json=sent, headers=guest)
    assert made.status_code == 201
    (found,) = items(fresh.client, guest, 'comments?filter={"body":"A week ago"}')
    assert before < datetime.fromisoformat(found["createdAt"]) < before + timedelta(minutes=10)


def test_public_and_anon_are_one_role(fresh: Fresh) -> None:
    assert items(fresh.client, {}, "customers") == 403
    permit(fresh, role="public", fields=["name"])
    assert items(fresh.client, {}, "customers")


# ---------------------------------------------------------------- denials


def test_a_denial_wins_whatever_allows(fresh: Fresh) -> None:
    speakers = {dialect: Speaker(fresh, dialect, fresh.user) for dialect in DIALECTS}
    permit(fresh, "customers", fields=["*"])
    permit(fresh, "customers", effect="deny", fields=["phone"])
    for speaker in speakers.values():
        (found,) = speaker.find("customers", "id", 1)
        assert "phone" not in found and "email" in found
    permit(fresh, "customers", effect="deny", conditions={"id": 1})
    for speaker in speakers.values():
        assert speaker.find("customers", "id", 1) == [] and speaker.find("customers", "id", 2)
    permit(fresh, "*", effect="deny")
    for dialect, speaker in speakers.items():
        assert speaker.send("GET", speaker.path("customers")).status_code == CLOSED.get(dialect, 403)


def test_a_denial_of_a_role_holds_under_the_allows_of_another(fresh: Fresh) -> None:
    both = person(fresh, "user", "guest")
    permit(fresh, "customers", role="guest", effect="deny", conditions={"country": "France"})
    assert all(row["country"] != "France" for row in items(fresh.client, both, "customers"))


def test_a_hidden_row_is_answered_as_a_missing_one(fresh: Fresh) -> None:
    permit(fresh, "customers", effect="deny", conditions={"id": 1})
    for dialect in KEYED:
        speaker = Speaker(fresh, dialect, fresh.user)
        hidden, missing = (speaker.send("GET", speaker.path("customers", key)) for key in (1, 999999))
        assert (hidden.status_code, hidden.data) == (missing.status_code, missing.data)


def test_a_tag_of_what_may_no_longer_be_seen_answers_nothing(fresh: Fresh) -> None:
    path = "/items/customers/1"
    tag = fresh.client.get(path, headers=fresh.user).headers["ETag"]
    again = {**fresh.user, "If-None-Match": tag}
    assert fresh.client.get(path, headers=again).status_code == 304
    id = permit(fresh, "customers", effect="deny", fields=["city"])
    fewer = fresh.client.get(path, headers=again)
    assert fewer.status_code == 200 and fewer.headers["ETag"] != tag and "city" not in fewer.json["data"]
    fresh.client.delete(f"/permissions/{id}", headers=fresh.admin)
    permit(fresh, "customers", effect="deny")
    assert fresh.client.get(path, headers=again).status_code == 403


# ---------------------------------------------------------------- rows that have become bad

BAD: dict[str, dict[str, Any]] = {
    "its field is gone": {"fields": ["gone"]},
    "its excluded field is gone": {"fields": ["*", "-gone"]},
    "its condition is bad": {"conditions": {"gone": 1}},
    "its condition is none": {"conditions": [1]},
    "its relation is gone": {"rel_conditions": {"gone": {"id": 1}}},
    "its default is bad": {"action": "create", "default_values": {"gone": 1}},
    "its action is none": {"action": "redd"},
    "its collection is gone": {"collection": "gone"},
}


def test_a_bad_allow_gives_nothing(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    for case, said in BAD.items():
        insert(fresh, "guest", **{"conditions": {}, **said})
        assert items(fresh.client, guest, "customers") == 403, case
        assert fresh.client.post("/items/customers", json={"name": "x"}, headers=guest).status_code == 403, case
    permit(fresh, "customers", role="guest")
    assert items(fresh.client, guest, "customers")  # the bad ones do no harm to a good one


def test_a_bad_denial_denies_everything_that_it_may_have_meant(fresh: Fresh) -> None:
    for case, said in BAD.items():
        insert(fresh, **{**said, "action": said.get("action", "read").replace("create", "read")}, effect="deny")
        assert items(fresh.client, fresh.user, "customers") == 403, case
        fresh.client.delete("/items/permissions/bulk", json=_ids(fresh), headers=fresh.admin)
        assert items(fresh.client, fresh.user, "customers") != 403, case


def _ids(fresh: Fresh) -> list[str]:
    return [str(id) for (id,) in fresh.rows("SELECT id FROM _dragoman_permissions")]


def test_a_rule_of_a_role_that_is_deleted_goes_with_it(fresh: Fresh) -> None:
    guest = person(fresh, "guest")
    permit(fresh, role="guest")
    assert items(fresh.client, guest, "customers")
    path = f"/items/baasix_Role/{role_id(fresh, 'guest')}"
    assert fresh.client.delete(path, headers=fresh.admin).status_code == 200
    assert fresh.rows("SELECT 1 FROM _dragoman_permissions") == []
    assert items(fresh.client, person(fresh, "other"), "customers") == 403


def test_rules_go_with_a_role_that_is_renamed(fresh: Fresh) -> None:
    permit(fresh, "*", role="user", effect="deny", action="delete")
    made = fresh.client.post("/items/baasix_Role", json={"name": "one"}, headers=fresh.admin).json["data"]["id"]
    fresh.client.post("/permissions", json={**rule(fresh), "role_Id": made}, headers=fresh.admin)
    assert (
        fresh.client.patch(f"/items/baasix_Role/{made}", json={"name": "two"}, headers=fresh.admin).status_code == 200
    )
    assert items(fresh.client, person(fresh, "one"), "customers") == 403
    assert items(fresh.client, person(fresh, "two"), "customers")
