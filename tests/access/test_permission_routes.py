"""Baasix `/permissions`: rules at run time, as its document and its wire print them."""

import io
import json
import uuid
from typing import Any

from tests.access.ruling import ANN, permit, role_id, rule
from tests.dialects.conftest import USER, Fresh, signed_in
from tests.dialects.speakers import DIALECTS, Speaker

NOBODY = "00000000-0000-0000-0000-00000000abcd"


def test_printed_permission(fresh: Fresh) -> None:
    sent = {"role_Id": role_id(fresh, "user"), "collection": "posts", "action": "read", "fields": ["*"]}
    answer = fresh.client.post("/permissions", json=sent, headers=fresh.admin)
    made = answer.json
    assert answer.status_code == 201 and sent.items() <= made.items()
    for name in ("createdAt", "updatedAt", "conditions", "defaultValues", "relConditions"):
        assert name in made
    assert uuid.UUID(made["id"]) and made["effect"] == "allow"


def test_printed_workflow_of_a_new_role(fresh: Fresh) -> None:
    """A role, its link and its rule, made one after another, hold with the next request."""
    assert fresh.client.get("/items/contacts", headers=fresh.admin).status_code == 200
    body = {"name": "editor", "description": "Edits", "isTenantSpecific": False}
    role = fresh.client.post("/items/baasix_Role", json=body, headers=fresh.admin)
    assert role.status_code == 201 and body.items() <= role.json["data"].items()
    link = {"user_Id": ANN, "role_Id": role.json["data"]["id"]}
    linked = fresh.client.post("/items/baasix_UserRole", json=link, headers=fresh.admin)
    assert linked.status_code == 201 and link.items() <= linked.json["data"].items()
    permit(fresh, "customers", "update", "editor", fields=["name"])
    signed = signed_in(fresh.app, *USER)
    changed = fresh.client.patch("/items/customers/1", json={"name": "New"}, headers=signed)
    assert changed.status_code == 200 and changed.json["data"]["name"] == "New"


def test_rules_are_listed_read_changed_and_deleted(fresh: Fresh) -> None:
    id = permit(fresh, fields=["name"])
    other = permit(fresh, "posts", "delete")
    one = fresh.client.get(f"/permissions/{id}", headers=fresh.admin)
    assert one.status_code == 200 and one.json["data"]["fields"] == ["name"]
    listed = fresh.client.get('/permissions?filter={"collection":"posts"}&fields=id', headers=fresh.admin)
    assert listed.json == {"data": [{"id": other}], "totalCount": 1}
    assert fresh.client.get("/permissions?limit=1", headers=fresh.admin).json["totalCount"] == 2
    assert fresh.client.get("/permissions?nonsense=1", headers=fresh.admin).status_code == 400
    changed = fresh.client.patch(f"/permissions/{id}", json={"fields": ["id", "name"]}, headers=fresh.admin)
    assert changed.status_code == 200 and (changed.json["id"], changed.json["fields"]) == (id, ["id", "name"])
    gone = fresh.client.delete(f"/permissions/{id}", headers=fresh.admin)
    assert (gone.status_code, gone.data) == (204, b"")
    for method in ("get", "patch", "delete"):
        more = {"json": {"fields": []}} if method == "patch" else {}
        assert getattr(fresh.client, method)(f"/permissions/{id}", headers=fresh.admin, **more).status_code == 403


def test_reload_is_answered_as_printed(fresh: Fresh) -> None:
    answer = fresh.client.post("/permissions/reload", headers=fresh.admin)
    assert (answer.status_code, answer.json) == (200, {"message": "Permission cache reloaded successfully"})


LACKING = (
    *((method, "reload") for method in ("GET", "PUT", "PATCH", "DELETE")),
    *((method, "explain") for method in ("POST", "PUT", "PATCH", "DELETE")),
    *((method, NOBODY) for method in ("POST", "PUT")),
)


def test_a_method_that_a_path_lacks_is_a_405(fresh: Fresh) -> None:
    for method, path in LACKING:
        answer = fresh.client.open(f"/permissions/{path}", method=method, json={}, headers=fresh.admin)
        assert answer.status_code == 405 and answer.headers["Allow"], (method, path)
        assert answer.json["error"]["statusCode"] == 405


REQUESTS = (
    ("GET", "", None),
    ("GET", f"/{NOBODY}", None),
    ("POST", "", {"collection": "posts", "action": "read"}),
    ("PATCH", f"/{NOBODY}", {"fields": ["*"]}),
    ("DELETE", f"/{NOBODY}", None),
    ("POST", "/reload", None),
)


def test_only_administrators_come_in(fresh: Fresh) -> None:
    bad = {"Authorization": "Bearer x"}
    for method, path, body in REQUESTS:
        for headers in (fresh.user, {}):
            answer = fresh.client.open(f"/permissions{path}", method=method, json=body, headers=headers)
            told = (answer.status_code, answer.json["error"]["message"])
            assert told == (403, "Access denied. Administrators only."), (method, path)
        assert fresh.client.open(f"/permissions{path}", method=method, json=body, headers=bad).status_code == 401


def test_a_rule_lets_others_read_rules(fresh: Fresh) -> None:
    permit(fresh, "baasix_Permission", "read", fields=["id", "collection"])
    seen = fresh.client.get("/permissions", headers=fresh.user)
    assert seen.status_code == 200 and set(seen.json["data"][0]) == {"id", "collection"}
    assert fresh.client.post("/permissions", json=rule(fresh), headers=fresh.user).status_code == 403


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no such collection": ({"collection": "nothing"}, "collection"),
    "no such action": ({"action": "readd"}, "action"),
    "another effect": ({"effect": "maybe"}, "effect"),
    "fields that are none": ({"fields": "*"}, "fields"),
    "a field that is none": ({"fields": ["name", 7]}, "fields"),
    "an unknown field": ({"fields": ["nam"]}, "fields"),
    "an unknown exclusion": ({"fields": ["*", "-nam"]}, "fields"),
    "an exclusion that no table has": ({"collection": "*", "fields": ["*", "-sekret"]}, "fields"),
    "conditions that are a list": ({"conditions": []}, "conditions"),
    "an unknown field in a condition": ({"conditions": {"nam": "x"}}, "conditions"),
    "an unknown operator": ({"conditions": {"name": {"equals": "x"}}}, "conditions"),
    "an unknown variable": ({"conditions": {"name": "$CURRENT_USER.password_hash"}}, "conditions"),
    "a value of another type": ({"conditions": {"id": "x"}}, "conditions"),
    "conditions that not all tables have": ({"collection": "*", "conditions": {"name": "x"}}, "conditions"),
    "more conditions than allowed": ({"conditions": {"OR": [{"id": n} for n in range(300)]}}, "conditions"),
    "relations that are a list": ({"relConditions": [1]}, "relConditions"),
    "an unknown relation": ({"relConditions": {"ordres": {"id": 1}}}, "relConditions"),
    "an unknown field beyond": ({"relConditions": {"orders": {"idd": 1}}}, "relConditions"),
    "relations of a change": ({"action": "update", "relConditions": {"orders": {"id": 1}}}, "relConditions"),
    "relations of a denial": ({"effect": "deny", "relConditions": {"orders": {"id": 1}}}, "relConditions"),
    "defaults of a read": ({"defaultValues": {"name": "x"}}, "defaultValues"),
    "an unknown default": ({"action": "create", "defaultValues": {"nam": "x"}}, "defaultValues"),
    "a default of another type": ({"action": "create", "defaultValues": {"status": "nowhere"}}, "defaultValues"),
    "a denial of nothing": ({"effect": "deny", "fields": []}, "fields"),
    "a denial of fields in some rows": (
        {"effect": "deny", "fields": ["name"], "conditions": {"id": 1}},
        "conditions",
    ),
}


def test_a_bad_rule_is_refused_and_changes_nothing(fresh: Fresh) -> None:
    good = permit(fresh, "posts", fields=["title"])
    before = fresh.whole()
    tries = (("POST", "/permissions"), ("POST", "/items/baasix_Permission"), ("PATCH", f"/permissions/{good}"))
    for case, (said, field) in BAD.items():
        for method, path in tries:
            sent = {**rule(fresh, fields=["*"]), **said}
            answer = fresh.client.open(path, method=method, json=sent, headers=fresh.admin)
            assert answer.status_code == 400, (case, answer.json)
            error = answer.json["error"]
            assert error["message"].startswith("Validation failed: "), case
            assert error["details"]["errors"][0]["field"] == field, (case, error)
    assert fresh.whole() == before


def test_a_bad_rule_is_refused_in_the_envelope_of_each_dialect(fresh: Fresh) -> None:
    before = fresh.whole()
    row = {"role_id": role_id(fresh, "user"), "collection": "customers", "action": "read", "fields": ["nam"]}
    for dialect in DIALECTS:
        answer = Speaker(fresh, dialect).create("_dragoman_permissions", row)
        assert answer.status_code == 400 and "there is no field 'nam'" in answer.get_data(as_text=True), dialect
        assert Speaker(fresh, dialect).create("_dragoman_permissions", {**row, "action": 7}).status_code == 400
    assert fresh.whole() == before


def test_a_rule_whose_change_makes_it_bad_is_refused(fresh: Fresh) -> None:
    """What the change does not name counts, too."""
    id = permit(fresh, fields=["city"])
    changed = fresh.client.patch(f"/permissions/{id}", json={"collection": "posts"}, headers=fresh.admin)
    assert changed.status_code == 400 and "city" in changed.json["error"]["message"]


def test_a_misspelt_member_of_a_rule_is_no_rule(fresh: Fresh) -> None:
    sent = {**rule(fresh), "condition": {"id": 1}}
    for path in ("/permissions", "/items/baasix_Permission"):
        answer = fresh.client.post(path, json=sent, headers=fresh.admin)
        assert answer.status_code == 400 and "condition" in answer.json["error"]["message"]
    file = (io.BytesIO(json.dumps([sent]).encode()), "rules.json")
    imported = fresh.client.post("/items/permissions/import-json", data={"jsonFile": file}, headers=fresh.admin)
    assert imported.status_code == 400
    assert fresh.rows("SELECT 1 FROM _dragoman_permissions") == []


def test_a_rule_for_no_role_is_a_conflict(fresh: Fresh) -> None:
    answer = fresh.client.post("/permissions", json={**rule(fresh), "role_Id": NOBODY}, headers=fresh.admin)
    assert answer.status_code == 409
