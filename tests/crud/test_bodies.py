"""Bodies: what is read, what is refused, and which column a member means."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crud.errors import ApiError
from crud.presentation import STYLES, Shown, View
from crud.presenting import view_of
from crud.wire.bodies import Parsed, beside_key, read_json, row_of
from crud.wire.strict import MOST_LEVELS
from sql.catalog import Column, Relation, Resource, Table
from sql.types import DATETIME, DATETIME_LOCAL, INTEGER, JSON, STRING
from sql.values import coerce, coerce_strict
from tests.tables import each

READ = [
    (b'{"a": 1}', {"a": 1}),
    (b"\xef\xbb\xbf[]", []),
    (b"9007199254740993", 9007199254740993),
    (b"123456789012345678901234567890", 123456789012345678901234567890),
    (b"0.1", Decimal("0.1")),
    (b"1.50", Decimal("1.50")),
    (b"1e3", Decimal("1e3")),
    (b"1e-400", Decimal("1e-400")),
    (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
    ('"\N{GRINNING FACE}"'.encode(), "\N{GRINNING FACE}"),
    (b'{"a": {"b": 1}, "b": {"a": 1}}', {"a": {"b": 1}, "b": {"a": 1}}),
    (b"null", None),
]


@each(("data", "value"), READ)
def test_json_is_read_exactly(data: bytes, value: object) -> None:
    found = read_json(data)
    assert found == value and type(found) is type(value)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


REFUSED = [
    (b"", "position 0"),
    (b"{", "position 1"),
    (b'{"a": 1} x', "position 9"),
    (b"{'a': 1}", "not valid JSON"),
    (b'{"a": 1, "a": 2}', "given twice"),
    (b'[{"b": {"a": 1, "\\u0061": 2}}]', "given twice"),
    (b"NaN", "NaN"),
    (b'{"a": -Infinity}', "Infinity"),
    (b"1e999", "too large"),
    (b"-1e999", "too large"),
    (b"1e99999999999999999999", "too large"),
    (b"1" * 5000, "too large"),
    (b"0." + b"1" * 5000, "too large"),
    (nested(MOST_LEVELS + 1), "nested too deeply"),
    (nested(100_000), "nested too deeply"),
    (b'{"a":' * 70 + b"1" + b"}" * 70, "nested too deeply"),
    (b"[" * 200_000, "nested too deeply"),
    (b'"\\ud800"', "surrogate"),
    (b'{"\\udc00": 1}', "surrogate"),
    (b'{"a": 1.5, "b": ["\\ude00\\ud83d"]}', "surrogate"),
    ('{"name": "é"}'.encode("latin-1"), "not UTF-8"),
    ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ('{"a": 1}'.encode("utf-16-le"), "not valid JSON"),
    (b"\xed\xa0\x80", "not UTF-8"),
    (b'"\x00"', "not valid JSON"),
    (b'"a\nb"', "not valid JSON"),
]


@each(("data", "problem"), REFUSED, ids=[repr(data[:24]) for data, _ in REFUSED])
def test_what_is_no_json_or_could_be_read_in_two_ways_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(ApiError) as refusal:
        read_json(data)
    assert (refusal.value.kind, refusal.value.status, refusal.value.parameter) == ("bad_body", 400, "body")
    assert problem in refusal.value.message and refusal.value.message.startswith("body: ")


def test_as_many_levels_as_allowed_are_read() -> None:
    assert read_json(nested(MOST_LEVELS)) is not None


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ud80019.eE+-ntrfals ', max_size=60).map(str.encode))
def test_any_bytes_are_a_value_or_a_bad_body(data: bytes) -> None:
    try:
        read_json(data)
    except ApiError as refusal:
        assert refusal.kind == "bad_body"


# ---------------------------------------------------------------- rows


def a_view(style: str = "baasix", times: str = "iso") -> View:
    columns = (
        Column("id", INTEGER, nullable=False),
        Column("first_name", STRING),
        Column("secret", STRING, write_only=True),
        Column("made_at", DATETIME),
        Column("local_at", DATETIME_LOCAL),
        Column("meta", JSON),
    )
    boss = Relation("line_boss", "to_one", "people", (("id", "id"),))
    resource = Resource("people", Table("people"), {c.name: c for c in columns}, ("id",), {boss.name: boss})
    return view_of(resource, Shown(times=times), STYLES[style], name="people")


WRITABLE = ("first_name", "secret", "made_at", "local_at", "meta")


def row(view: View, data: object, *, drop_unknown: bool = False, at: str = "", relations: bool = False) -> Parsed:
    columns = {name: view.resource.columns[name] for name in WRITABLE}
    return row_of(view, columns, data, drop_unknown=drop_unknown, at=at, relations=relations)


@pytest.mark.parametrize(
    ("style", "written", "exact"),
    [
        ("baasix", "first_name", "first_name"),
        ("xond", "firstName", "first_name"),
        ("xond", "first_name", "first_name"),
        ("metal", "First_Name", "first_name"),
        ("baasix", "secret", "secret"),
    ],
)
def test_a_member_is_found_as_its_dialect_writes_it(style: str, written: str, exact: str) -> None:
    assert row(a_view(style), {written: "x"}) == Parsed({exact: "x"})


@pytest.mark.parametrize("name", ["nope", "id", "line_boss", "", "__proto__", "first_name ", "x" * 5000])
def test_what_may_not_be_written_is_unknown_alike(name: str) -> None:
    with pytest.raises(ApiError) as refusal:
        row(a_view(), {name: 1})
    assert refusal.value.kind == "unknown_field"
    assert refusal.value.message == f"Unknown field {name[:100]!r} in body"
    assert row(a_view(), {name: 1, "first_name": "x"}, drop_unknown=True) == Parsed({"first_name": "x"})


@pytest.mark.parametrize("data", [None, [], [{}], "x", 1, True])
def test_a_row_is_an_object(data: object) -> None:
    with pytest.raises(ApiError, match=r"items\[2\]: expected an object") as refusal:
        row(a_view(), data, at="items[2]")
    assert refusal.value.kind == "bad_body"


@pytest.mark.parametrize(
    ("style", "data"),
    [("xond", {"firstName": "a", "first_name": "b"}), ("metal", {"first_name": "a", "FIRST_NAME": "b"})],
)
def test_one_column_in_two_spellings_is_refused(style: str, data: dict[str, object]) -> None:
    with pytest.raises(ApiError, match="'first_name' is given twice"):
        row(a_view(style), data)


def test_relations_are_parsed_where_they_are_wanted() -> None:
    view = a_view("xond")
    found = row(view, {"lineBoss": {"a": 1}, "firstName": "x"}, relations=True)
    assert found == Parsed({"first_name": "x"}, {"line_boss": (view.resource.relations["line_boss"], {"a": 1})})


@each("name", ["made_at", "local_at"])
@each("raw", [0, 1704067200123, Decimal("1704067200000"), -1])
def test_a_dialect_that_counts_milliseconds_is_read_so(name: str, raw: object) -> None:
    view = a_view("sonicjs", "epoch_ms")
    assert row(view, {name: raw}).row == {name: coerce(view.resource.columns[name].type, raw)}


@pytest.mark.parametrize("raw", [True, "2024-01-01T00:00:00Z", None, 10**30, [], {}])
def test_what_is_no_count_is_left_to_validation(raw: object) -> None:
    assert row(a_view("sonicjs", "epoch_ms"), {"made_at": raw}).row == {"made_at": raw}


def test_a_number_is_no_time_in_other_dialects() -> None:
    assert row(a_view(), {"made_at": 5, "meta": 5}).row == {"made_at": 5, "meta": 5}


@pytest.mark.parametrize(
    ("raw", "loose", "strict"), [(7, True, True), ("7", True, False), (8, False, False), (None, False, False)]
)
def test_only_the_key_as_it_is_may_stand_in_a_body(raw: object, loose: bool, strict: bool) -> None:
    view, data = a_view(), {"id": raw, "first_name": "x"}
    for read, passed in ((coerce, loose), (coerce_strict, strict)):
        rest, columns = beside_key(view, view.resource.columns, data, key={"id": 7}, read=read)
        assert rest == ({"first_name": "x"} if passed else data) and "id" not in columns
    assert beside_key(view, {}, [1], key={"id": 7}) == ([1], {})
