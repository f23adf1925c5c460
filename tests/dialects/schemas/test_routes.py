"""`/schemas`: who may, what is answered, what is read back, and that a refusal changes nothing."""

from typing import Any

import pytest

from tests.dialects.conftest import Token
from tests.dialects.schemas.conftest import Home
from tests.dialects.schemas.written import ID, UUID, collection

NOBODY: Token = {"X-Nobody": "1"}
TITLE = {"type": "String", "allowNull": False}
ADMINISTRATORS = (403, "Access denied. Administrators only. None")
WHOLE: dict[str, Any] = {
    "name": "Whole",
    "description": "All that a schema says",
    "fields": {
        "id": UUID,
        "title": {"type": "String", "allowNull": False, "unique": True, "values": {"length": 80}, "comment": "said"},
        "body": {"type": "HTML", "defaultValue": {"value": "<p></p>"}},
        "state": {"type": "ENUM", "values": ["draft", "done"], "default": "draft"},
        "age": {"type": "Integer", "validate": {"min": 0, "max": 150, "isInt": True}},
        "mail": {"type": "CiText", "validate": {"isEmail": True, "len": [5, 255]}},
        "code": {"type": "TOKEN", "defaultValue": {"type": "SUID"}},
        "price": {"type": "Decimal", "values": {"precision": 10, "scale": 2}, "defaultValue": 0.5},
        "tags": {"type": "Array_String", "defaultValue": []},
        "data": {"type": "JSONB", "defaultValue": {"a": [1]}},
        "at": {"type": "DateTime", "defaultValue": {"type": "SQL", "value": "CURRENT_TIMESTAMP"}},
    },
    "timestamps": True,
    "paranoid": True,
    "usertrack": True,
    "sortEnabled": True,
    "indexes": [{"name": "whole_state_age", "fields": ["state", "age"], "unique": False}],
}


def paths(home: Home) -> list[tuple[str, str, object]]:
    """Every way to write."""
    home.define("guarded", title=TITLE)
    schema = collection(title=TITLE)
    return [
        ("POST", "/schemas", {"collectionName": "mine", "schema": schema}),
        ("PATCH", "/schemas/guarded", {"schema": schema}),
        ("DELETE", "/schemas/guarded", None),
        ("POST", "/schemas/guarded/indexes", {"name": "x", "fields": ["title"]}),
        ("DELETE", "/schemas/guarded/indexes/x", None),
        ("POST", "/schemas/guarded/relationships", {"type": "M2O", "name": "a", "target": "orders"}),
        ("PATCH", "/schemas/guarded/relationships/a", {"onDelete": "CASCADE"}),
        ("DELETE", "/schemas/guarded/relationships/a", None),
    ]


def test_only_administrators_write(home: Home) -> None:
    for method, path, body in paths(home):
        for who in (home.user, NOBODY):
            assert home.refused(method, path, body, who) == ADMINISTRATORS
            assert home.refused(method, path, {"nonsense": 1}, who) == ADMINISTRATORS
            assert home.refused(method, path.replace("guarded", "nothing"), body, who) == ADMINISTRATORS
    assert "mine" not in home.snapshot.catalog.resources
    assert home.schema("guarded")["fields"].keys() == {"id", "title"}


def test_a_key_with_scopes_writes_no_schemas(home: Home) -> None:
    from crud.identity import accounts, keys
    from tests.dialects.conftest import ADMIN

    account = accounts.find_account_by_email(home.snapshot.system, ADMIN[0])
    assert account is not None
    for scopes, status in ((("*:*",), 403), (("create:*",), 403), (("*",), 201)):
        key = keys.add(home.snapshot.system, account=account.id, name="k", scopes=scopes, expires=None)
        body = {"collectionName": "keyed", "schema": collection()}
        assert home.ask("POST", "/schemas", body, {"Authorization": f"Bearer {key}"})[0] == status


def test_who_is_not_signed_in_reads_nothing(home: Home) -> None:
    for path in ("/schemas", "/schemas/orders", "/schemas/nothing"):
        assert home.refused("GET", path, who=NOBODY)[0] == 401


def test_methods_that_there_are_not(home: Home) -> None:
    for method, path in (("PUT", "/schemas/orders"), ("DELETE", "/schemas"), ("GET", "/schemas/orders/indexes")):
        assert home.refused(method, path)[0] in (404, 405)


# ---------------------------------------------------------------- reading


def test_what_is_written_is_read_back_and_written_again_changes_nothing(home: Home) -> None:
    home.define("whole", WHOLE)
    read = home.schema("whole")
    assert read.items() >= {key: value for key, value in WHOLE.items() if key not in ("fields", "indexes")}.items()
    assert read["fields"].items() >= WHOLE["fields"].items()
    assert WHOLE["indexes"][0] in read["indexes"]
    before, revision = home.snapshot.catalog.resource("whole"), home.snapshot
    assert home.well("PATCH", "/schemas/whole", {"schema": read}) == {"message": "Schema updated successfully"}
    assert home.schema("whole") == read
    assert home.snapshot is revision and home.snapshot.catalog.resource("whole") is before


def test_collections_that_were_defined_elsewhere_have_a_schema_too(home: Home) -> None:
    orders = home.schema("orders")
    assert orders["fields"]["id"] == {
        "type": "Integer",
        "primaryKey": True,
        "allowNull": False,
        "defaultValue": {"type": "AUTOINCREMENT"},
    }
    assert orders["fields"]["total"]["values"] == {"precision": 10, "scale": 2}
    assert orders["fields"]["account"] == {
        "as": "account",
        "target": "baasix_User",
        "relType": "BelongsTo",
        "foreignKey": "account_id",
    }
    users = home.schema("baasix_User")["fields"]
    assert users["orders"]["relType"] == "HasMany" and users["firstName"]["type"] == "String"
    assert "password" not in users
    assert users["roles"]["relType"] == "BelongsToMany" and users["roles"]["through"] == "baasix_UserRole"


def test_what_is_described_can_be_defined(home: Home) -> None:
    for number, name in enumerate(("orders", "baasix_User", "baasix_Audit")):
        described = home.schema(name)
        fields = {key: field for key, field in described["fields"].items() if "relType" not in field}
        if name == "baasix_User":
            fields["role"] = {"type": "String"}
        home.define(f"copy{number}", {**described, "fields": fields, "indexes": []})
        again = home.schema(f"copy{number}")["fields"]
        assert {key: field["type"] for key, field in again.items()} == {k: f["type"] for k, f in fields.items()}


def test_the_list_has_what_the_caller_may_read(home: Home) -> None:
    home.define("listed_a", title=TITLE)
    home.define("listed_b", title=TITLE)
    home.allow("listed_a", "read")
    everything = {each["collectionName"] for each in home.well("GET", "/schemas")["data"]}
    assert everything >= {"orders", "listed_a", "listed_b", "baasix_User", "baasix_Role"}
    mine = home.well("GET", "/schemas", who=home.user)
    names = [each["collectionName"] for each in mine["data"]]
    assert {"orders", "listed_a"} <= set(names) and "listed_b" not in names and mine["totalCount"] == len(names)
    assert not any(name.startswith("_dragoman") for name in everything)


def test_the_list_is_searched_sorted_and_cut(home: Home) -> None:
    for letter in "abc":
        home.define(f"paged_{letter}")
    found = home.well("GET", "/schemas", search="PAGED", sort="collectionName:desc")
    assert [each["collectionName"] for each in found["data"]] == ["paged_c", "paged_b", "paged_a"]
    page = home.well("GET", "/schemas", search="paged", page="2", limit="2")
    assert [each["collectionName"] for each in page["data"]] == ["paged_c"] and page["totalCount"] == 3
    assert page["pagination"] == {
        "currentPage": 2,
        "totalPages": 2,
        "limit": 2,
        "hasNextPage": False,
        "hasPrevPage": True,
        "nextPage": None,
        "prevPage": 1,
    }
    for wrong in ("page=0", "limit=-1", "sort=name", "nothing=1"):
        name, value = wrong.split("=")
        assert home.ask("GET", "/schemas", **{name: value})[0] == 400


def test_what_may_not_be_read_is_unknown(home: Home) -> None:
    home.define("closed")
    unknown = home.ask("GET", "/schemas/nothing", who=home.user)
    assert unknown[0] == 404 and unknown[1]["error"]["message"] == "Schema not found"
    for name in ("closed", "baasix_Permission", "_dragoman_users", "_dragoman_revision"):
        assert home.ask("GET", f"/schemas/{name}", who=home.user) == unknown


def test_fields_that_may_not_be_read_are_named_nowhere(home: Home) -> None:
    assert "secret" not in str(home.schema("orders", home.user))
    home.define("people2", title=TITLE)
    fields = {
        "open": {"type": "Integer"},
        "hidden_a": {"type": "Integer"},
        "keeper": {"relType": "BelongsTo", "target": "people2", "foreignKey": "hidden_b"},
    }
    indexes = [{"name": "i1", "fields": ["open", "hidden_a"]}, {"name": "i2", "fields": ["open"]}]
    home.define("secrets", {"fields": {"id": ID, **fields}, "indexes": indexes})
    home.allow("secrets", "read", fields=["id", "open"])
    seen = home.schema("secrets", home.user)
    assert seen["fields"].keys() == {"id", "open"} and [each["name"] for each in seen["indexes"]] == ["i2"]
    assert "hidden" not in str(seen) and "people2" not in str(seen)


# ---------------------------------------------------------------- writing


def test_a_collection_is_defined_once(home: Home) -> None:
    home.define("once", title=TITLE)
    body = {"collectionName": "once", "schema": collection()}
    status, data = home.ask("POST", "/schemas", body)
    assert (status, data["error"]["message"], data["error"]["details"]) == (
        409,
        "Error creating schema",
        "Schema already exists",
    )
    for name in ("orders", "baasix_User2", "Once"):
        status, _ = home.refused("POST", "/schemas", {**body, "collectionName": name})
        assert status == (400 if name.startswith("baasix_") else 409), name


def test_what_is_declared_elsewhere_cannot_be_changed_here(home: Home) -> None:
    for name, words in (("orders", "config.yml at schemas.main.entities.orders"), ("baasix_User", "the service")):
        for method, path, body in (
            ("PATCH", f"/schemas/{name}", {"schema": collection()}),
            ("DELETE", f"/schemas/{name}", None),
            ("POST", f"/schemas/{name}/indexes", {"fields": ["id"]}),
            ("POST", f"/schemas/{name}/relationships", {"type": "M2O", "name": "x", "target": "orders"}),
        ):
            status, text = home.refused(method, path, body)
            assert status == 409 and words in text and "/tmp" not in text and "/work" not in text
    assert home.refused("PATCH", "/schemas/nothing", {"schema": collection()}) == (404, "Schema not found None")
    assert home.refused("DELETE", "/schemas/nothing") == (404, "Schema not found None")


def test_a_refusal_tells_all_that_is_wrong(home: Home) -> None:
    schema = {"fields": {"id": ID, "a": {"type": "Strin"}, "b": {"type": "Point"}, "c": {"type": "String", "x": 1}}}
    status, data = home.ask("POST", "/schemas", {"collectionName": "wrong", "schema": schema})
    assert status == 400 and data["error"]["message"].startswith("Validation failed: schema.fields.a.type:")
    details = data["error"]["details"]
    assert details["code"] == "VALIDATION_ERROR"
    assert [each["field"] for each in details["errors"]] == [
        f"schema.fields.{key}" for key in ("a.type", "b.type", "c.x")
    ]
    assert "wrong" not in home.snapshot.catalog.resources


def test_defaults_and_rules_hold_in_every_dialect(home: Home) -> None:
    home.define("ruled", WHOLE | {"usertrack": False, "indexes": []})
    row = home.made("ruled", title="One")
    assert row.items() >= {"body": "<p></p>", "state": "draft", "price": 0.5, "tags": [], "data": {"a": [1]}}.items()
    assert len(row["code"]) == 9 and row["at"] and row["createdAt"] and row["deletedAt"] is None
    for wrong in (
        {"age": 151},
        {"age": -1},
        {"mail": "nobody"},
        {"title": "x" * 81},
        {"state": "gone"},
        {"title": None},
    ):
        assert home.ask("POST", "/items/ruled", {"title": "Two", **wrong})[0] == 400, wrong
        answer = home.client.post("/api/Ruled", json={"title": "Two", **wrong}, headers=home.admin)
        assert answer.status_code == 400, wrong
    assert home.ask("POST", "/items/ruled", {"title": "One"})[0] == 409


def test_who_wrote_is_kept(home: Home) -> None:
    home.define("tracked", {**collection(title=TITLE), "usertrack": True})
    home.allow("tracked", "create", "read", "update")
    home.allow("baasix_User", "read")
    row = home.well("POST", "/items/tracked", {"title": "a"}, home.user)["data"]
    other = home.well("PATCH", f"/items/tracked/{row['id']}", {"title": "b"})["data"]
    assert other["userCreated_Id"] == row["userCreated_Id"] != other["userUpdated_Id"]
    (found,) = home.items("tracked", fields="*,userCreated.email,userUpdated.email")
    assert found["userCreated"]["email"] == "test@example.com" and found["userUpdated"]["email"] == "john@example.org"


def test_rows_belong_to_tenants(home: Home) -> None:
    home.define("owned", {**collection(title={**TITLE, "unique": True}), "tenant": True})
    ours, theirs = (home.made("baasix_Tenant", name=name)["id"] for name in ("ours", "theirs"))
    (user,) = home.items("baasix_User", filter={"email": "test@example.com"}, fields="id")
    home.allow("owned", "create", "read")
    home.made("owned", title="a", tenant_Id=theirs)
    home.well("PATCH", f"/items/baasix_User/{user['id']}", {"tenant_Id": ours})
    try:
        assert home.well("POST", "/items/owned", {"title": "a"}, home.user)["data"]["tenant_Id"] == ours
        assert [row["tenant_Id"] for row in home.items("owned", home.user)] == [ours]
        assert len(home.items("owned", fields="*,tenant.name")) == 2
    finally:
        home.well("PATCH", f"/items/baasix_User/{user['id']}", {"tenant_Id": None})


def test_a_softly_deleted_row_is_restored(home: Home) -> None:
    home.define("soft", {**collection(title=TITLE), "paranoid": True})
    key = home.made("soft", title="a")["id"]
    home.well("DELETE", f"/items/soft/{key}")
    assert home.items("soft") == []
    home.well("POST", f"/items/soft/{key}/restore")
    assert len(home.items("soft")) == 1


def test_a_dropped_collection_is_gone_and_its_rules_break_nothing(home: Home) -> None:
    home.define("dropped", title=TITLE)
    home.allow("dropped", "read", "create")
    home.made("dropped", title="a")
    assert home.well("DELETE", "/schemas/dropped") == {"message": "Schema deleted successfully"}
    assert home.ask("GET", "/items/dropped")[0] == 404 and home.ask("GET", "/schemas/dropped")[0] == 404
    assert "dropped" not in {info.table.name for info in home.snapshot.system.tables()}
    assert home.ask("GET", "/items/orders", who=home.user)[0] == 200
    assert home.ask("POST", "/permissions/reload")[0] == 200
    home.define("dropped", other={"type": "Integer"})
    assert home.items("dropped", home.user) == []


def test_a_collection_that_others_refer_to_stays(home: Home) -> None:
    home.define("held", title=TITLE)
    home.define("holder", way={"relType": "BelongsTo", "target": "held"})
    status, text = home.refused("DELETE", "/schemas/held")
    assert status == 409 and "holder.way" in text
    home.well("DELETE", "/schemas/holder")
    home.well("DELETE", "/schemas/held")


@pytest.mark.parametrize("unique", [False, True])
def test_indexes(home: Home, unique: bool) -> None:
    name = f"indexed_{unique}".lower()
    home.define(name, title=TITLE)
    body = {"name": f"{name}_title", "fields": ["title"], "unique": unique}
    assert home.well("POST", f"/schemas/{name}/indexes", body) == {"message": "Index added successfully"}
    assert home.schema(name)["indexes"] == [body]
    assert f"{name}_title" in index_names(home, name)
    home.made(name, title="a")
    assert home.ask("POST", f"/items/{name}", {"title": "a"})[0] == (409 if unique else 201)
    assert home.refused("POST", f"/schemas/{name}/indexes", body)[0] == 409
    removed = home.well("DELETE", f"/schemas/{name}/indexes/{name}_title")
    assert removed == {"message": "Index removed successfully"}
    assert f"{name}_title" not in index_names(home, name) and home.schema(name)["indexes"] == []
    assert home.ask("POST", f"/items/{name}", {"title": "a"})[0] == 201
    assert home.refused("DELETE", f"/schemas/{name}/indexes/{name}_title")[0] == 404


def index_names(home: Home, table: str) -> set[str]:
    """What the database calls the indexes of a table."""
    tables = {info.table.name: info for info in home.snapshot.system.tables()}
    return {index.name for index in tables[table].indexes}


def test_a_unique_index_needs_different_values(home: Home) -> None:
    home.define("alike", title=TITLE)
    for _ in range(2):
        home.made("alike", title="a")
    status, _ = home.refused("POST", "/schemas/alike/indexes", {"fields": ["title"], "unique": True})
    assert status in (400, 409) and home.schema("alike").get("indexes", []) == []


# ---------------------------------------------------------------- replacing


def test_a_schema_is_replaced(home: Home) -> None:
    home.define("replaced", title=TITLE, count={"type": "Integer"}, gone={"type": "String"})
    home.made("replaced", title="12", count=3, gone="x")
    fields = {
        "id": ID,
        "title": {"type": "Integer"},
        "count": {"type": "String"},
        "new": {"type": "Boolean", "default": True},
    }
    home.well("PATCH", "/schemas/replaced", {"schema": {"fields": fields}})
    assert home.schema("replaced")["fields"] == fields
    (row,) = home.items("replaced")
    assert row == {"id": 1, "title": 12, "count": "3", "new": None}
    assert home.made("replaced", title=4)["new"] is True


def test_what_cannot_be_converted_changes_nothing(home: Home) -> None:
    home.define("stubborn", title=TITLE, other={"type": "String"})
    home.made("stubborn", title="no number", other="x")
    before = home.schema("stubborn")
    fields = {"id": ID, "title": {"type": "Integer"}}
    status, text = home.refused("PATCH", "/schemas/stubborn", {"schema": {"fields": fields}})
    assert status == 400 and "title" in text
    assert home.schema("stubborn") == before
    assert home.items("stubborn") == [{"id": 1, "title": "no number", "other": "x"}]


def test_flags_are_switched_on_and_off(home: Home) -> None:
    home.define("flagged", title=TITLE)
    home.made("flagged", title="a")
    plain = home.schema("flagged")
    home.well("PATCH", "/schemas/flagged", {"schema": {**plain, "timestamps": True, "paranoid": True}})
    (row,) = home.items("flagged")
    assert row.keys() == {"id", "title", "createdAt", "updatedAt", "deletedAt"}
    whole = home.schema("flagged")
    home.well("PATCH", "/schemas/flagged", {"schema": {**whole, "timestamps": False, "paranoid": False}})
    assert home.items("flagged") == [{"id": 1, "title": "a"}]
