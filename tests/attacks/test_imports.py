"""Files to import and files that were exported: what they may hold, whose rows they make, how large they may be."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.attacks.test_error_texts import clean
from tests.attacks.writing import ACME, ALICE, BOB, OTHER, Written

FORMS = {"csv": ("csvFile", "text/csv"), "json": ("jsonFile", "application/json")}


def put(
    written: Written, form: str, data: bytes, *, by: str = ALICE, to: str = "papers", **fields: str
) -> TestResponse:
    name, kind = FORMS[form]
    body: dict[str, Any] = {name: (io.BytesIO(data), f"file.{form}", kind), **fields}
    way = ("POST", f"/items/{to}/import-{form}", None)
    return written.send(way, by=by, data=body, content_type="multipart/form-data")


def quoted(*rows: tuple[object, ...]) -> bytes:
    held = io.StringIO(newline="")
    csv.writer(held).writerows(rows)
    return held.getvalue().encode()


HEAD = b"id,title,owner\r\n"
OWNER = quoted((ALICE,)).strip()
GOOD = b"100,New," + OWNER + b"\r\n"
BAD_CSV = [
    b"", b"\r\n", HEAD + b'100,"New,x\r\n', HEAD + b'100,"Ne"w,x\r\n', HEAD + b"100,a\x00b," + OWNER,
    HEAD + b"100,\xff," + OWNER, HEAD + GOOD + b"101\r\n", HEAD + GOOD + b"101,a,b,c,d\r\n", HEAD + GOOD + b"x,y,z\r\n",
    HEAD + GOOD + b"100,Twice," + OWNER, HEAD + GOOD + b"1,There," + OWNER, HEAD + GOOD + b"101,,\r\n",
    b"id,title,owner,id\r\n101,a,b,102\r\n", (HEAD + GOOD).decode().encode("utf-16"),
    HEAD + b"100," + b"x" * 25_000 + b"," + OWNER, HEAD + b"100," + b"x" * 300 + b"," + OWNER,
    b",".join(b"c%d" % n for n in range(40_000)) + b"\r\n", b"id,title,owner,data\r\n100,a," + OWNER + b",{\r\n",
    b'id,title,owner,data\r\n100,a,' + OWNER + b',"{""a"":1,""a"":2}"\r\n', b"id,title,owner,amount\r\n100,a," + OWNER + b",1e400",
]  # fmt: skip
BAD_JSON = [
    b"", b"{}", b"null", b"[", b"[1]", b'["x"]', b"[[]]", b"[{},", b'[{"id":100,"title":NaN}]', b"[" * 5000, b"[{}]]",
    b'[{"id":100,"id":101,"title":"x"}]', b'[{"id":100,"title":"\\ud800"}]', b'[{"id":100,"title":"\xff"}]',
    b'[{"id":100,"title":"x","amount":"18"}]', b'[{"id":100,"title":{"a":1}}]', '[{"id":100}]'.encode("utf-16"),
    b'[{"id":100,"title":"' + b"x" * 25_000 + b'"}]', b'[{"id":100,"data":' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}]",
]  # fmt: skip


@pytest.mark.parametrize(("form", "files"), [("csv", BAD_CSV), ("json", BAD_JSON)])
def test_a_file_that_cannot_be_read_whole_is_refused_whole(written: Written, form: str, files: list[bytes]) -> None:
    before = written.whole()
    for data in files:
        answer = put(written, form, data)
        text = answer.get_data(as_text=True)
        assert answer.status_code in (400, 409), (data[:60], text)
        assert clean(answer.status_code, text.replace("Unique constraint violation", ""), ""), text[:500]
        assert written.whole() == before, data[:60]


@pytest.mark.parametrize("form", FORMS)
def test_the_last_row_of_many_that_is_bad_undoes_all(written: Written, form: str) -> None:
    before = written.whole()
    rows = [{"id": 100 + n, "title": "New", "owner": ALICE if n < 599 else BOB} for n in range(600)]
    data = json.dumps(rows).encode() if form == "json" else HEAD + quoted(*(tuple(row.values()) for row in rows))
    answer = put(written, form, data)
    errors = answer.json["error"]["details"]["results"]["errors"]
    assert (answer.status_code, [error["row"] for error in errors]) == (400, [600])
    assert "may write" in errors[0]["error"]
    assert written.whole() == before


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_too_long_is_refused(written: Written, form: str) -> None:
    before = written.whole()
    row = HEAD + GOOD if form == "csv" else b'[{"id":100,"title":"x"}]'
    answer = put(written, form, row + b"\n" * 300_001)
    assert answer.status_code == 413
    assert put(written, form, row + b"\n" * 500_000).status_code == 413
    assert written.whole() == before


def test_a_form_with_too_many_parts_is_refused(written: Written) -> None:
    before = written.whole()
    answer = put(written, "csv", HEAD + GOOD, **{f"f{n}": "x" for n in range(3000)})
    assert answer.status_code in (400, 413), answer.json
    assert clean(answer.status_code, answer.get_data(as_text=True), "")
    assert written.whole() == before


HEADER = (
    "id",
    "title",
    "owner",
    "secret",
    "sealed",
    "phrase",
    "author",
    "role",
    "__proto__",
    "papers.secret",
    "SECRET ",
)


@pytest.mark.parametrize("form", FORMS)
def test_a_header_names_no_field_that_its_writer_may_not_set(written: Written, form: str) -> None:
    row = (100, "New", ALICE, *["HACKED"] * 8)
    data = quoted(HEADER, row) if form == "csv" else json.dumps([dict(zip(HEADER, row, strict=True))]).encode()
    answer = put(written, form, data)
    assert answer.status_code == 200, answer.json
    stored = written.rows("SELECT title, owner, secret, sealed, phrase, author FROM papers WHERE id = 100")
    assert stored == [("New", ALICE, None, None, None, written.ids[ALICE])]
    assert not any("HACKED" in row for rows in written.whole().values() for row in rows)


def test_byte_order_marks_and_commas_in_quoted_json_are_read_well(written: Written) -> None:
    data = b"\xef\xbb\xbf" + quoted(
        ("id", "title", "owner", "data"), (100, 'a,"b"\r\nc', ALICE, '{"a":"1,2","b":[1,"}"]}')
    )
    assert put(written, "csv", data).status_code == 200
    assert written.rows("SELECT title FROM papers WHERE id = 100") == [('a,"b"\r\nc',)]
    shown = written.send(("GET", "/items/papers/100", None)).json["data"]["data"]
    assert shown == {"a": "1,2", "b": [1, "}"]}


CLIENTS = {"csv": b"id,email,org\r\n100,n@x.org,%b\r\n" % OTHER.encode()}
CLIENTS["json"] = json.dumps([{"id": 100, "email": "n@x.org", "org": OTHER}]).encode()


@pytest.mark.parametrize("form", FORMS)
def test_an_import_is_into_its_callers_tenant(written: Written, form: str) -> None:
    before = written.whole()
    for tenant in (OTHER, OTHER.upper(), "x", "' OR 1=1 --", "*"):
        answer = put(written, form, CLIENTS[form], to="clients", tenant=tenant)
        assert answer.status_code == 403, answer.json
        assert written.whole() == before
    for fields in ({}, {"tenant": ACME}, {"tenant_id": OTHER, "org": OTHER}):
        written.refill()
        assert put(written, form, CLIENTS[form], to="clients", **fields).status_code == 200
        assert [str(org) for (org,) in written.rows("SELECT org FROM clients WHERE id = 100")] == [ACME]


@pytest.mark.parametrize("form", FORMS)
def test_an_import_needs_the_right_to_create(written: Written, form: str) -> None:
    before = written.whole()
    for to, status in (("ledgers", 403), ("vaults", 404), ("nosuch", 404), ("_dragoman_users", 404)):
        assert put(written, form, HEAD + GOOD, to=to).status_code == status
    assert put(written, form, HEAD + GOOD, to="parts", by="dora").status_code == 403
    anonymous = written.client.post(f"/items/papers/import-{form}", data={})
    assert anonymous.status_code == 401
    assert written.whole() == before


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "/etc/passwd.csv", "a\x00.csv", "x.csv;.exe", "é\u202e.csv", ""]
)
def test_the_name_of_a_file_opens_nothing(written: Written, name: str, tmp_path: Path) -> None:
    body = {"csvFile": (io.BytesIO(HEAD + GOOD), name, "text/csv")}
    answer = written.send(("POST", "/items/papers/import-csv", None), data=body, content_type="multipart/form-data")
    assert answer.status_code in (200, 400)
    assert "passwd" not in answer.get_data(as_text=True)


def test_a_conflict_in_an_import_tells_nothing_of_others(written: Written) -> None:
    assert put(written, "csv", b"id,code\r\n100,ghost\r\n", to="badges").status_code == 200
    answer = put(written, "csv", b"id,code\r\n2,mine\r\n", to="badges")
    text = answer.get_data(as_text=True)
    assert answer.status_code in (400, 409) and OTHER not in text
    assert clean(answer.status_code, text, "")


# ---------------------------------------------------------------- exports

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\r=1", "'=1", "''=1", '=HYPERLINK("http://x")')


def exported(written: Written, *words: str) -> list[list[str]]:
    done = written.app.test_cli_runner().invoke(args=["data", "export", "papers", "--fields", "title", *words])
    assert done.exit_code == 0, done.output
    return list(csv.reader(io.StringIO(done.stdout_bytes.decode(), newline=""), strict=True))[5:]


def test_no_cell_of_an_export_is_a_formula(written: Written) -> None:
    rows = [{"id": 100 + n, "title": text, "owner": ALICE} for n, text in enumerate(FORMULAS)]
    assert written.send(("POST", "/items/papers/bulk", rows)).status_code == 201
    cells = [row[0] for row in exported(written)]
    assert cells == [f"'{text}" for text in FORMULAS]
    assert [row[0] for row in exported(written, "--raw")] == list(FORMULAS)
