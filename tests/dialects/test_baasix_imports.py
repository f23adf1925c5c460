"""Baasix imports: the files and answers that its document prints, rows that are bad, and files that cannot be read."""

import io
import json

import pytest

from crud.identity import accounts
from tests.dialects.baasix import refused, upload
from tests.dialects.conftest import Fresh

CSV = b"""name,email,age,metadata,tags
John Doe,john@example.com,30,"{""department"":""IT""}","[""admin"",""user""]"
Jane Smith,jane@example.com,25,"{""department"":""HR""}","[""user""]"
"""
JSON = b"""[
  {"name": "John Doe", "email": "john@example.com", "age": 30,
   "metadata": {"department": "IT", "skills": ["JavaScript", "Python"]}, "tags": ["admin", "user"]},
  {"name": "Jane Smith", "email": "jane@example.com", "age": 25, "metadata": {"department": "HR"}, "tags": ["user"]}
]"""
IMPORTED = {
    "success": True,
    "message": "Successfully imported 2 items",
    "results": {"imported": 2, "failed": 0, "errors": []},
}
UNKNOWN = "00000000-0000-0000-0000-0000000000ff"


def free(fresh: Fresh) -> None:
    """The document's John is in the sample already: his address becomes free."""
    with fresh.snapshot.system.transaction() as session:
        text = "UPDATE _dragoman_users SET email = NULL WHERE email IN (?, ?)"
        session.execute(accounts.sql_for(fresh.snapshot.system, text), ("john@example.com", "jane@example.com"))


@pytest.mark.parametrize(("path", "data"), [("users/import-csv", CSV), ("users/import-json", JSON)])
def test_printed_imports(fresh: Fresh, path: str, data: bytes) -> None:
    free(fresh)
    assert upload(fresh, path, data) == (200, IMPORTED)
    query = (
        'filter={"email":{"in":["john@example.com","jane@example.com"]}}&sort=age&fields=name,email,age,metadata,tags'
    )
    found = fresh.client.get(f"/items/users?{query}", headers=fresh.admin).json["data"]
    assert found[0] == {
        "name": "Jane Smith",
        "email": "jane@example.com",
        "age": 25,
        "metadata": {"department": "HR"},
        "tags": ["user"],
    }
    assert found[1]["tags"] == ["admin", "user"] and found[1]["metadata"]["department"] == "IT"


PRODUCTS_CSV = b"name,price,category\nProduct A,29.99,electronics\nProduct B,,\n"
PRODUCTS_JSON = b'[{"name":"Product A","price":29.99,"category":"electronics"},{"name":"Product B"}]'


@pytest.mark.parametrize(
    ("path", "data"), [("products/import-csv", PRODUCTS_CSV), ("products/import-json", PRODUCTS_JSON)]
)
def test_printed_imports_with_a_tenant(fresh: Fresh, path: str, data: bytes) -> None:
    """Products have no tenant column: the field has no effect."""
    assert upload(fresh, path, data, tenant=UNKNOWN) == (200, IMPORTED)
    rows = fresh.rows("SELECT name, category, status, organization_id FROM products WHERE name LIKE 'Product _'")
    assert sorted(rows) == [("Product A", "electronics", "active", None), ("Product B", None, "active", None)]


def test_printed_import_with_references(fresh: Fresh) -> None:
    author = str(fresh.rows("SELECT id FROM _dragoman_users WHERE email = ?", "test@example.com")[0][0])
    row = {"title": "My First Post", "content": "Hello World", "authorId": author, "categoryId": 1}
    status, body = upload(fresh, "posts/import-json", json.dumps([row]).encode())
    assert status == 200 and body["results"]["imported"] == 1
    assert fresh.rows("SELECT content FROM posts WHERE title = 'My First Post'") == [("Hello World",)]


@pytest.mark.parametrize(
    ("path", "data", "number"),
    [
        ("customers/import-csv", b"name,email\nAnn,a@example.com\n,test@example.com\n", 2),
        ("customers/import-json", b'[{"name":null,"email":"test@example.com"},{"name":"Ann"}]', 1),
    ],
)
def test_printed_failures(fresh: Fresh, path: str, data: bytes, number: int) -> None:
    before = fresh.whole()
    error = {
        "row": number,
        "item": number,
        "data": {"name": None, "email": "test@example.com"},
        "error": "name cannot be null",
    }
    assert upload(fresh, path, data) == (
        400,
        {
            "error": {
                "message": "Import failed. 1 rows had errors. Transaction rolled back.",
                "details": {"results": {"imported": 0, "failed": 1, "errors": [error]}},
                "statusCode": 400,
            }
        },
    )
    assert fresh.whole() == before


@pytest.mark.parametrize("path", ["customers/import-csv", "customers/import-json", "nope/import-csv"])
def test_printed_refusal_of_who_is_unknown(fresh: Fresh, path: str) -> None:
    assert refused(fresh, path, CSV, {}) == (401, "Authentication required for import operations")


def test_who_may_not(fresh: Fresh) -> None:
    expected = (403, "You don't have permission to create items in this collection")
    assert refused(fresh, "customers/import-csv", b"name\nAnn\n", fresh.user) == expected
    assert refused(fresh, "nope/import-csv", CSV) == (404, "Model nope not found")


@pytest.mark.parametrize(
    ("path", "data", "status", "message"),
    [
        ("import-csv", None, 400, "No CSV file provided"),
        ("import-json", None, 400, "No JSON file provided"),
        ("import-csv", b"", 400, "CSV file is empty or has no valid data"),
        ("import-csv", b"\xef\xbb\xbf \r\n", 400, "CSV file is empty or has no valid data"),
        ("import-csv", b"name,email\n\n\n", 400, "CSV file is empty or has no valid data"),
        ("import-csv", b"name,name\na,b\n", 400, "file: the column 'name' is given twice"),
        ("import-json", b'{"name":"Ann"}', 400, "JSON file must contain an array of objects"),
        ("import-json", b"", 400, "JSON file must contain an array of objects"),
        ("import-json", b'[{"name":"Ann"},"Bob"]', 400, "JSON file must contain an array of objects"),
        ("import-json", b'[{"name":"Ann"},{"name":}]', 400, "Invalid JSON format: "),
        ("import-json", b'[{"name":"Ann"}', 400, "Invalid JSON format: "),
        ("import-json", b'[{"name":"Ann"}] x', 400, "Invalid JSON format: "),
        ("import-json", b'[{"name":"Ann","name":"Bob"}]', 400, "Invalid JSON format: "),
        ("import-csv", b'name\n"Ann', 400, "Import failed. 1 rows had errors. Transaction rolled back."),
        ("import-csv", b"name\nAnn\nBob,x\n", 400, "Import failed. 1 rows had errors. Transaction rolled back."),
    ],
)
def test_files_that_cannot_be_read(fresh: Fresh, path: str, data: bytes | None, status: int, message: str) -> None:
    found = refused(fresh, f"customers/{path}", data)
    assert found[0] == status and found[1].startswith(message)


def test_a_file_of_another_kind(fresh: Fresh) -> None:
    for kind in ("csv", "json"):
        data = {f"{kind}File": (io.BytesIO(b"x"), "x.png")}
        answer = fresh.client.post(f"/items/customers/import-{kind}", data=data, headers=fresh.admin)
        assert (answer.status_code, answer.json["error"]["message"]) == (400, f"File must be a {kind.upper()} file")


def test_what_may_not_be_set_is_dropped(fresh: Fresh) -> None:
    status, _ = upload(fresh, "posts/import-csv", b"title,content,zap,deletedAt\nT1,C,1,2020-01-01\n", fresh.user)
    assert status == 200
    assert upload(fresh, "posts/import-json", b'[{"title":"T2","content":"C","zap":{},"id":900}]', fresh.user)[0] == 200
    found = fresh.rows('SELECT title, "deletedAt" FROM posts WHERE title IN (?, ?) AND id < 900', "T1", "T2")
    assert sorted(found) == [("T1", None), ("T2", None)]


def test_every_bad_row_is_told_under_the_names_of_the_dialect(fresh: Fresh) -> None:
    data = (
        b"year,trackingNumber,status\n2024,A,x\nzap,B,x\n2024,C,aaaaaaaaaaaaaaaaaaaaaaaaaaa\n2024,"
        + b"t" * 41
        + b",x\n"
    )
    before = fresh.whole()
    results = upload(fresh, "orders/import-csv", data)[1]["error"]["details"]["results"]
    assert [(each["row"], each["error"].split(":")[0]) for each in results["errors"]] == [
        (2, "year"),
        (3, "status"),
        (4, "trackingNumber"),
    ]
    assert results["imported"] == 0 and results["failed"] == 3 and fresh.whole() == before


def test_conflicts_are_told_of_their_row(fresh: Fresh) -> None:
    data = b"name,email\nA,a@example.com\nB,ann.smith@example.com\nC,a@example.com\n"
    errors = upload(fresh, "customers/import-csv", data)[1]["error"]["details"]["results"]["errors"]
    assert [each["row"] for each in errors] == [2, 3]
    assert all(each["error"] == "A row with this value exists already (email)" for each in errors)


def test_errors_are_capped(fresh: Fresh) -> None:
    most = fresh.snapshot.config.limits.import_errors
    results = upload(fresh, "customers/import-json", b"[" + b"{}," * (most * 3) + b"{}]")[1]["error"]["details"][
        "results"
    ]
    assert results["failed"] == len(results["errors"]) == most
