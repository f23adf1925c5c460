"""What expressions give: the kinds of values, texts with results in them, dates, failures."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crud.definitions.settings import Limits
from crud.scripting.filling import ScriptError, Scripts
from crud.scripting.pool import Pool
from tests.scripting.conftest import PATIENT, value
from tests.tables import each

EPOCH = "new Date(Date.UTC(2026, 0, 5, 15, 4, 9))"
VALUES: list[tuple[str, object]] = [
    ("1 + 1", 2),
    ("-0", 0),
    ("0.1 + 0.2", Decimal("0.30000000000000004")),
    ("1e21", Decimal("1e+21")),
    ("2n ** 70n", 2**70),
    ("'a' + \"b\" + `c${1}`", "abc1"),
    ("1 < 2", True),
    ("!1", False),
    ("null", None),
    ("undefined", ""),
    ("", ""),
    ("/* JS code here */", ""),
    ("'é😀\\u0001\\n'", "é😀\x01\n"),
    ("const a = [1, 2, 3]; let sum = 0; for (const n of a) sum += n; sum", 6),
    ("[3, 1, 2].sort().join()", "1,2,3"),
    ("(() => { const f = n => n < 2 ? n : f(n - 1) + f(n - 2); return f(12) })()", 144),
    ('JSON.parse(\'{"a": {"b": 7}}\').a.b', 7),
    ("'x'.replace(/[x']/g, '}}')", "}}"),
    ("'2026-01-05'.split('-').map(Number).reduce((a, b) => a + b)", 2032),
    (EPOCH, "2026-01-05T15:04:09.000Z"),
    (f"{EPOCH}.toLocaleDateString()", "1/5/2026"),
    (f'{EPOCH}.toLocaleDateString("en-US")', "1/5/2026"),
    (f'{EPOCH}.toLocaleDateString("sv-SE")', "2026-01-05"),
    (f'{EPOCH}.toLocaleDateString("en-US", {{year: "numeric", month: "2-digit", day: "2-digit"}})', "01/05/2026"),
    (f'{EPOCH}.toLocaleDateString("en-US", {{year: "2-digit", month: "numeric"}})', "1/26"),
    (f'{EPOCH}.toLocaleDateString("sv-SE", {{year: "numeric", timeZone: "UTC"}})', "2026"),
    (f'{EPOCH}.toLocaleTimeString("en-US")', "3:04:09 PM"),
    (f'{EPOCH}.toLocaleTimeString("sv-SE")', "15:04:09"),
    (f'{EPOCH}.toLocaleString("en-US")', "1/5/2026, 3:04:09 PM"),
    (f'{EPOCH}.toLocaleString("sv-SE")', "2026-01-05 15:04:09"),
    ('new Date(Date.UTC(2026, 6, 1)).toLocaleTimeString("en-US")', "12:00:00 AM"),
    ('new Date(NaN).toLocaleDateString("en-US")', "Invalid Date"),
    ("new Date(2026, 6, 1).getTimezoneOffset()", 0),
    ("new Date(2026, 6, 1).toISOString()", "2026-07-01T00:00:00.000Z"),
    ("new Date('2026-07-01T12:00:00+02:00').getHours()", 10),
]


@each(("source", "expected"), VALUES)
def test_an_expression_keeps_the_type_of_its_result(shared: Pool, source: str, expected: object) -> None:
    found = value(shared, source)
    assert (type(found), found) == (type(expected), expected)


def test_today_is_today(shared: Pool) -> None:
    before = datetime.now(UTC)
    found = value(shared, 'new Date().toLocaleDateString("en-US")')
    assert found in [f"{day:%-m/%-d/%Y}" for day in (before, datetime.now(UTC))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        (" ${{ 1 }}", " 1"),
        ("${{ 1 }}${{ 2 }}", "12"),
        ("<${{ undefined }}|${{ null }}|${{ true }}|${{ NaN }}|${{ 5n }}>", "<|null|true|NaN|5>"),
        ("${{ '${' + '{ 1 }}' }}", "${{ 1 }}"),
        ("a ${{ '$' }}{{ 1 }}", "a ${{ 1 }}"),
    ],
)
def test_within_a_longer_text_a_result_is_text_and_is_not_read_again(shared: Pool, text: str, expected: str) -> None:
    assert Scripts(PATIENT, shared).value(text) == expected
    assert Scripts(PATIENT, shared).text(text) == expected


def test_data_keeps_its_shape(shared: Pool) -> None:
    data = {"a": ["${{ 1 }}", {"b": "x${{ 1 }}"}, 2, None], "c": True, "d": "plain"}
    assert Scripts(PATIENT, shared).inside(data) == {"a": [1, {"b": "x1"}, 2, None], "c": True, "d": "plain"}


FAILURES: list[tuple[str, str]] = [
    ("x", "${{ x }}: ReferenceError: 'x' is not defined"),
    ("1 +", "${{ 1 + }}: SyntaxError: "),
    ("throw 'so'", "${{ throw 'so' }}: so"),
    ("throw {toString() { throw 1 }}", "an error without words"),
    ("({a: 1})", "the result is of type object"),
    ("[1]", "the result is of type object"),
    ("() => 1", "the result is of type function"),
    ("Symbol('x')", "the result is of type symbol"),
    ("Promise.resolve(1)", "the result is of type object"),
    ("NaN", "NaN is no number"),
    ("1 / 0", "Infinity is no number"),
    ("10n ** 2000n", "is no number that could be kept"),
    ("new Date(NaN)", "RangeError"),
    ("'\\ud800'", "half of a surrogate pair is no text"),
    ('new Date().toLocaleDateString("de-DE")', "the locale de-DE is not known here, only en-US and sv-SE"),
    ('new Date().toLocaleDateString("en-US", {weekday: "long"})', "the option weekday: long is not known here"),
    ('new Date().toLocaleTimeString("en-US", {timeZone: "Europe/Berlin"})', "the option timeZone: Europe/Berlin"),
    ("throw new Error('e'.repeat(1000))", "e" * 190),
    ("'x'.repeat(100001)", "the result is longer than 100000 characters"),
    ("1;" * 5001, "is longer than 10000 characters"),
]


@each(("source", "part"), FAILURES, ids=[source[:40] for source, _ in FAILURES])
def test_a_failure_names_the_expression_and_nothing_of_this_machine(shared: Pool, source: str, part: str) -> None:
    with pytest.raises(ScriptError) as told:
        value(shared, source)
    assert part in str(told.value) and str(told.value).startswith("${{ ")
    assert len(str(told.value)) < 400
    assert not any(word in str(told.value) for word in ("<eval>", "<input>", ".py", ".js", "    at", "Traceback"))


def test_a_name_holds_no_expression(shared: Pool) -> None:
    with pytest.raises(ScriptError, match="stands in a name"):
        Scripts(PATIENT, shared).inside({"a": [{"${{ 1 }}": 1}]})


def test_expressions_are_counted_together(shared: Pool) -> None:
    scripts = Scripts(Limits(scripts=3, script_seconds=10), shared)
    assert scripts.inside(["${{ 1 }}", "${{ 2 }} ${{ 3 }}"]) == [1, "2 3"]
    with pytest.raises(ScriptError, match="more than 3 expressions"):
        scripts.value("${{ 4 }}")


def test_expressions_share_their_time(shared: Pool) -> None:
    source = "const end = Date.now() + 300; while (Date.now() < end); 1"
    scripts = Scripts(Limits(script_seconds=0.5, script_wait_seconds=10), shared)
    with pytest.raises(ScriptError, match=r"took longer than 0\.5 seconds"):
        for _ in range(2):
            scripts.value(f"${{{{ {source} }}}}")
