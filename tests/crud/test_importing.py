"""Imports: files of rows, all or none, every bad row named, on both databases."""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from crud.access.actor import Actor
from crud.errors import ApiError
from crud.exporting import exported, stream
from crud.jsontext import json_bytes
from sql.query import Asked
from tests.crud.shop import ADMIN, Shop, shop_over

CLERK = Actor("7", frozenset({"clerk"}))


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with shop_over(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def lite(sqlite_url: str, tmp_path: Path) -> Iterator[Shop]:
    """Where the database makes no difference."""
    with shop_over(sqlite_url, tmp_path) as made:
        yield made


# ---------------------------------------------------------------- what comes in

WHOLE = (
    "sku,title,price,amount,active,born,seen,data,tags\r\n"
    'A1,"Big, ""red""\r\nthing",1.50,30,true,2024-01-31,2024-01-31T10:00:00+02:00,"{""k"":[1,2.5]}","[""a"",""b,c""]"\r\n'
    "\r\n"
    "A2,,,,,,,,\r\n"
)


def test_cells_become_values_of_their_columns(shop: Shop) -> None:
    assert shop.put(WHOLE).imported == 2
    first, second = _read(shop)
    assert first["title"] == 'Big, "red"\r\nthing'
    assert (first["price"], first["amount"], first["active"]) == (Decimal("1.5"), 30, True)
    assert (first["born"], first["seen"]) == ("2024-01-31", "2024-01-31T08:00:00.000Z")
    assert (first["data"], first["tags"]) == ({"k": [1, 2.5]}, ["a", "b,c"])
    assert second["title"] is None and second["active"] is True and second["createdAt"] is not None


def _read(shop: Shop, resource: str = "things") -> list[dict[str, object]]:
    asked = Asked(exported(shop.view(resource)))
    return [_plain(row) for rows in stream(shop.context(), asked) for row in rows]


def _plain(row: dict[str, object]) -> dict[str, object]:
    """JSON columns are texts on their way to the answer."""
    return {name: orjson.loads(json_bytes(v)) if name in ("data", "tags") else v for name, v in row.items()}


ITEMS = [
    {"sku": "A1", "price": 1.10, "data": {"deep": {"er": [1]}}, "tags": ["x"], "amount": 5},
    {"tags": [], "sku": "A2", "title": "é"},
]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("json", json.dumps(ITEMS)),
        ("json", "\ufeff \n" + json.dumps(ITEMS, indent=4, ensure_ascii=False)),
        ("ndjson", "\n\n".join(json.dumps(item) for item in ITEMS)),
    ],
)
def test_objects_become_rows(shop: Shop, form: str, text: str) -> None:
    assert shop.put(text, form).imported == 2
    first, second = _read(shop)
    assert (first["price"], first["data"], first["amount"]) == (Decimal("1.1"), {"deep": {"er": [1]}}, 5)
    assert (second["title"], second["tags"], second["data"]) == ("é", [], None)


def test_decimals_keep_their_digits(lite: Shop) -> None:
    assert lite.put('[{"sku":"A","price":12345678.91}]', "json").imported == 1
    assert _read(lite)[0]["price"] == Decimal("12345678.91")
    assert (
        lite.put('[{"sku":"B","price":0.001}]', "json").errors[0].message
        == "price: Value 0.001 has more than 2 decimals"
    )


@pytest.mark.parametrize("dialect", ["xond", "baasix"])
def test_columns_are_named_as_the_dialect_shows_them(lite: Shop, dialect: str) -> None:
    header = {"xond": "itemCode", "baasix": "sku"}[dialect]
    assert lite.put(f"{header},amount\nA,1\n", dialect=dialect).imported == 1
    assert lite.put("sku\nB\n", dialect="xond").imported == 1  # the exact name is accepted, too


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_skipped(lite: Shop, start: bytes) -> None:
    assert lite.put(start + b"sku\nA\n").imported == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(lite: Shop, end: str) -> None:
    assert lite.put(end.join(["sku,amount", "A,1", "", "B,2"])).imported == 2


def test_an_empty_file_of_rows_imports_nothing(lite: Shop) -> None:
    assert [lite.put("sku\n").imported, lite.put("[]", "json").imported, lite.put("", "ndjson").imported] == [0, 0, 0]


def test_chunks_follow_each_other(shop: Shop) -> None:
    text = "sku\n" + "".join(f"S{i}\n" for i in range(1203))
    assert shop.put(text).imported == 1203
    assert [sku for (sku,) in shop.rows()] == [f"S{i}" for i in range(1203)]


# ---------------------------------------------------------------- headers and files that are refused at once

HEADERS = [
    ("sku,sku\nA,B\n", "bad_body", "file: the column 'sku' is given twice"),
    ("sku,\nA,B\n", "bad_body", "file: column 2 has no name in the header"),
    ("sku,nothing\nA,B\n", "unknown_field", "Unknown field 'nothing' in header"),
    ("sku,createdAt\nA,B\n", "unknown_field", None),
    ("", "bad_body", "file: is empty; its first line must name the columns"),
    ('"sku\nA', "bad_body", "file: the header cannot be read: line 2: a quote is not closed"),
    (",".join(f"c{i}" for i in range(2001)), "bad_body", "file: has 2001 columns, at most 2000 are allowed"),
    (",".join(f"c{i}" for i in range(1_000_000)), "bad_body", None),
    ("sku\nA\n".encode("utf-16"), "bad_body", "file: is not UTF-8 (it looks like UTF-16); save it as UTF-8"),
    ("sku\nA\n".encode("utf-16-le"), "bad_body", "file: is not UTF-8 (it looks like UTF-16); save it as UTF-8"),
]


@pytest.mark.parametrize(("text", "kind", "message"), HEADERS, ids=range(len(HEADERS)))
def test_a_bad_header_is_refused_at_once(lite: Shop, text: str | bytes, kind: str, message: str | None) -> None:
    if message is None and kind == "unknown_field":
        return _refuses_hidden(lite)
    with pytest.raises(ApiError) as refusal:
        lite.put(text)
    assert refusal.value.kind == kind and refusal.value.status == 400
    assert message is None or refusal.value.message == message
    return None


def _refuses_hidden(lite: Shop) -> None:
    """A column that this caller may not set answers as one that does not exist."""
    for name in ("price", "nothing"):
        with pytest.raises(ApiError) as refusal:
            lite.put(f"sku,{name}\nA,1\n", actor=CLERK)
        assert (refusal.value.kind, refusal.value.message) == ("unknown_field", f"Unknown field {name!r} in header")


@pytest.mark.parametrize("text", ["{}", '"x"', "", "   ", "12", '{"item":[]}'])
def test_json_that_is_no_array_is_refused_at_once(lite: Shop, text: str) -> None:
    with pytest.raises(ApiError, match="must be a JSON array of objects"):
        lite.put(text, "json")


def test_who_may_not_create_may_not_import(lite: Shop) -> None:
    with pytest.raises(ApiError) as refusal:
        lite.put("name\nA\n", resource="makers", actor=ADMIN) and lite.put("", "ndjson", resource="makers", actor=CLERK)
    assert refusal.value.kind == "forbidden"


# ---------------------------------------------------------------- rows that are bad

GOOD = "".join(f"G{i},{i}\n" for i in range(3))
BROKEN = [
    ('X,"1\n' + GOOD, 4, "a quote is not closed"),
    ('X,"1"2\n', 4, "text stands after a closing quote"),
    ("X,1\0\n", 4, "holds a NUL character"),
    (b"X\xff,1\n", 4, "is not UTF-8"),
    (b"X\xed\xa0\x80,1\n", 4, "is not UTF-8"),
    ('X,"' + "y" * 1_000_001, 4, "is longer than 1000000 characters"),
    ("X\n", 4, "Expected 2 cells, found 1"),
    ("X,1,2\n", 4, "Expected 2 cells, found 3"),
    ("X,abc\n", 4, "amount: Expected an integer"),
    (",1\n", 4, "sku cannot be null"),
    ("G1,5\n", 4, "A row with this value exists already (sku)"),
    (f"{'y' * 41},1\n", 4, "sku: Text of 41 characters is longer than 40"),
]


@pytest.mark.parametrize(("line", "number", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_bad_row_is_named_and_nothing_is_written(shop: Shop, line: str | bytes, number: int, message: str) -> None:
    data = line.encode() if isinstance(line, str) else line
    done = shop.put(b"sku,amount\n" + GOOD.encode() + data)
    assert (done.imported, done.failed) == (0, 1)
    assert done.errors[0].number == number and message in done.errors[0].message
    assert shop.rows() == []


OBJECTS = [
    ('{"sku":"A","amount":"18"}', 2, "amount: Expected an integer"),
    ('{"sku":"A","amount":1.5}', 2, "amount: Expected an integer"),
    ('{"sku":"A","nothing":1}', 2, "Unknown field 'nothing' in row"),
    ('{"sku":"A","sku":"B"}', 2, "a key is given twice"),
    ('{"sku":"A","amount":NaN}', 2, "NaN is no number"),
    ('{"sku":"A","amount":' + "9" * 5000 + "}", 2, "not valid JSON"),
    ('{"sku":"\\ud800"}', 2, "half of a surrogate pair"),
    ('{"sku":"A\\u0000"}', 2, "sku: Expected a text"),
    ('{"amount":1}', 2, "sku is required"),
    ('{"sku":"A","title":{"nested":1}}', 2, "title: Expected a text"),
    ('{"sku":"A","data":' + "[" * 5000 + "]" * 5000 + "}", 2, "nested too deeply"),
    ('{"sku":"A","data":' + "[" * 80 + "]" * 80 + "}", 2, "nested too deeply"),
    ("17", 2, "expected an object"),
    ('{"sku":}', 2, "not valid JSON"),
    ('{"sku":"A"', 2, "not valid JSON"),
    ('{"sku":"A"} {"sku":"B"}', 3, "not valid JSON"),
    ('{"sku":"A"},', 3, "not valid JSON"),
    (b'{"sku":"\xff"}', 2, "is not UTF-8"),
    ('{"sku":"' + "y" * 1_100_000, 2, "longer than 1000000 characters"),
]


@pytest.mark.parametrize(("item", "number", "message"), OBJECTS, ids=range(len(OBJECTS)))
def test_a_bad_object_is_named_and_nothing_is_written(lite: Shop, item: str | bytes, number: int, message: str) -> None:
    data = item.encode() if isinstance(item, str) else item
    done = lite.put(b'[{"sku":"G"},' + data + b"]", "json")
    assert (done.imported, done.failed) == (0, 1)
    assert done.errors[0].number == number and message in done.errors[0].message
    assert lite.rows() == []


def test_rows_after_a_bad_one_are_looked_at_too(shop: Shop) -> None:
    lines = [f"S{i},{i}" for i in range(1100)]
    lines[9], lines[700], lines[1050] = "S1,1", "X,many", "S700x,x"
    lines[1060] = "S20,0"
    done = shop.put("sku,amount\n" + "\n".join(lines))
    assert [error.number for error in done.errors] == [10, 701, 1051, 1061]
    assert (done.imported, done.failed) == (0, 4) and shop.rows() == []


def test_references_to_missing_rows_are_named(shop: Shop) -> None:
    shop.put("id,name\n1,One\n", resource="makers")
    done = shop.put("sku,maker_id\nA,1\nB,2\nC,\nD,9\n")
    assert [(error.number, error.message) for error in done.errors] == [
        (2, "The row refers to a missing row, or others refer to it"),
        (4, "The row refers to a missing row, or others refer to it"),
    ]


def test_an_import_stops_looking_at_the_limit(sqlite_url: str, tmp_path: Path) -> None:
    with shop_over(sqlite_url, tmp_path, "limits: {import_errors: 5}") as shop:
        done = shop.put("sku\n" + ",\n" * 2000)
        assert [error.number for error in done.errors] == [1, 2, 3, 4, 5] and done.failed == 5


def test_a_report_keeps_the_cells_short_and_no_secret(lite: Shop) -> None:
    done = lite.put(f"sku,title,amount,secret\nA,{'t' * 900},x,hush\n")
    assert done.errors[0].data == {"sku": "A", "title": "t" * 200 + "…", "amount": "x"}
    done = lite.put('[{"title":null,"secret":"hush"}]', "json")
    assert done.errors[0].data == {"title": None}


def test_what_was_there_before_stays(shop: Shop) -> None:
    shop.put("sku\nA\n")
    assert shop.put("sku\nB\nA\n").failed == 1
    assert shop.rows() == [("A",)]


# ---------------------------------------------------------------- whose rows


def test_rows_must_be_ones_that_their_writer_may_write(shop: Shop) -> None:
    assert shop.put("sku,amount\nA,1\nB,99\n", actor=CLERK).imported == 2
    done = shop.put("sku,amount\nC,1\nD,100\n", actor=CLERK)
    assert [(error.number, error.message) for error in done.errors] == [
        (2, "The row would not be one that you may write")
    ]
    assert shop.rows() == [("A",), ("B",)]


@pytest.mark.parametrize(
    ("actor", "tenant", "org"),
    [
        (Actor("7", frozenset({"clerk"}), "mine"), None, "mine"),
        (Actor("7", frozenset({"clerk"}), "mine"), "other", "mine"),
        (ADMIN, "other", "other"),
    ],
)
def test_rows_belong_to_the_tenant(shop: Shop, actor: Actor, tenant: str | None, org: str) -> None:
    assert shop.put("name\nA\nB\n", resource="stock", actor=actor, tenant=tenant).imported == 2
    assert shop.rows("SELECT DISTINCT org FROM stock") == [(org,)]


def test_an_administrator_must_say_whose_rows_they_are(lite: Shop) -> None:
    done = lite.put("name\nA\n", resource="stock")
    assert [error.message for error in done.errors] == ["org is required"]
    assert lite.put("sku\nA\n", tenant="whoever").imported == 1  # the rows of `things` are nobody's


# ---------------------------------------------------------------- hooks

HOOKS = """
told = []
def before(event):
    if event.row["sku"] == "bad":
        from crud.hooks import Refused
        raise Refused("Not this one", field="sku")
    return {**event.row, "title": "from a hook"}
def after(event):
    told.append((event.row["sku"], event.key["id"]))
"""
"""What the tests write beside the configuration."""


def test_hooks_see_every_row(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "shop_hooks.py").write_text(HOOKS)
    more = "hooks: [{resource: things, when: before_create, call: 'shop_hooks:before'}, {resource: things, when: after_create, call: 'shop_hooks:after'}]"
    with shop_over(sqlite_url, tmp_path, more) as shop:
        assert shop.put("sku\nA\nB\n").imported == 2
        import shop_hooks  # type: ignore[import-not-found]

        assert shop.rows("SELECT title FROM things") == [("from a hook",), ("from a hook",)]
        assert shop_hooks.told == [("A", 1), ("B", 2)]
        assert [(e.number, e.message) for e in shop.put("sku\nC\nbad\n").errors] == [(2, "sku: Not this one")]
        assert len(shop_hooks.told) == 2


def test_accounts_are_imported_with_a_hash_and_a_role(shop: Shop) -> None:
    rows = '[{"email":"a@example.org","password":"S3cret-Passw0rd","role":"admin"}]'
    name = next(r.name for r in shop.snapshot.catalog if r.system and r.entity == "users")
    assert shop.put(rows, "json", resource=name).imported == 1
    ((stored,),) = shop.rows("SELECT password_hash FROM _dragoman_users")
    assert str(stored).startswith("$argon2")


# ---------------------------------------------------------------- size; the full forms are tests/long/test_big_files.py

ROOT = Path(__file__).resolve().parents[2]


def test_row_3_999_of_4_000_is_named_and_undoes_everything(shop: Shop) -> None:
    text = "sku\n" + "".join(f"S{1 if i == 3_999 else i}\n" for i in range(1, 4_001))
    done = shop.put(text)
    assert [(e.number, e.message) for e in done.errors] == [(3_999, "A row with this value exists already (sku)")]
    assert shop.rows() == []


@pytest.mark.parametrize("work", ["import", "export"])
def test_a_megabyte_takes_no_more_memory_than_a_little(lite: Shop, work: str) -> None:
    if work == "export":
        lite.put("sku\n" + "".join(f"SKU-{i}\n" for i in range(6000)))
    command = [sys.executable, "-m", "tests.long.big", work, str(lite.path), "6000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["rows"] == 6000 and told["grown"] < 15
