"""The language of computed columns: what is taken, what is refused and why, and what it means."""

import pytest

from sql import formulas
from sql.catalog import Column, Default, Table
from sql.database import Database
from sql.ddl import add_column, create_table
from sql.errors import BadFormula
from sql.layout import Layout
from sql.types import Type
from tests.tables import each

DECIMAL = Type("decimal", precision=10, scale=2)
TYPES = {
    "first name": Type("string"),
    "last": Type("string"),
    "nick": Type("citext"),
    "qty": Type("integer"),
    "big": Type("bigint"),
    "price": DECIMAL,
    "loose": Type("decimal"),
    "x": Type("number"),
    "ok": Type("boolean"),
    "born": Type("date"),
    "ref": Type("uuid"),
}
COLUMNS = {name: Column(name, type) for name, type in TYPES.items()}


def column(text: str, type: Type | None = None, name: str = "made") -> Column:
    return Column(name, type or formulas.derived(text, COLUMNS), generated=True, formula=text)


@each(
    ("text", "message"),
    [
        ("", "ends too early"),
        ("last ||", "ends too early"),
        ("last last", "'last' is not expected (at character 6)"),
        ("last; DROP TABLE x", "'; DROP TAB' is not understood (at character 5)"),
        ("last -- note", "'note', which is no column"),
        ("(SELECT 1)", "'1' is not expected (at character 9)"),
        ("'open", '"\'open" is not understood'),
        ("'a\x00b' || last", "a character that no text can hold"),
        ("missing || 'x'", "'missing', which is no column; there are first name, last"),
        ("NOW()", "calls NOW, which is none of CONCAT, COALESCE"),
        ("random()", "calls RANDOM"),
        ("pg_sleep(10)", "calls PG_SLEEP"),
        ("UPPER(last, last)", "gives UPPER 2 arguments"),
        ("UPPER(qty)", "a whole number where a text is expected"),
        ("last + 1", "computes with a text"),
        ("- last", "a minus before a text"),
        ("last || x", "makes a text of a floating number"),
        ("qty OR ok", "a whole number where a condition is expected"),
        ("last = qty", "a text and a whole number in one place"),
        ("COALESCE(last, 0)", "a text and a whole number in one place"),
        ("COALESCE(last, NULL)", "NULL stands only after IS"),
        ("born", "values of the type date"),
        ("loose + 1", "decimals of a stated precision"),
        ("price / 3", "a quotient of decimals may have no end: ROUND(a / b, 2)"),
        ("qty * 0.00000000001 * 0.00000000001", "more than 18 decimals"),
        ("ROUND(price, qty)", "how many decimals is a number between 0 and 15, written out"),
        ("SUBSTR(last, 0)", "is a number between 1 and"),
        ("UPPER('a') || last", "computes with literals alone"),
        ("COALESCE('a', last)", "computes with literals alone"),
        ("CASE WHEN TRUE THEN last END", "computes with literals alone"),
        ("CASE last END", "CASE is followed by WHEN"),
        ("CAST(last AS date)", "CAST goes to text or to number"),
        ("1234567890123456 + qty", "more than 15 digits"),
        ("(" * 30 + "qty" + ")" * 30, "nested deeper than 20"),
        (" + ".join(["qty"] * 150), "has more than 200 parts"),
        ("||".join(["last"] * 1000), "longer than 2000 characters"),
        ("x" + " * x" * 12, "is too long"),
    ],
)
def test_what_cannot_be_the_same_everywhere_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadFormula) as told:
        formulas.check(column(text), COLUMNS)
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("text", "type", "message"),
    [
        ("qty + 1", "string", "gives a whole number, and the type is string"),
        ("last", "integer", "gives a text, and the type is integer"),
        ("x + 1", "decimal", "gives a floating number, and the type is decimal"),
        ("last", "enum", "gives a text, and the type is enum"),
        ("price * 1.195", DECIMAL, "gives 5 decimals, and the type has 2: ROUND(…, 2)"),
        ("price", Type("decimal", precision=20, scale=2), "no more than 15 digits"),
    ],
)
def test_the_value_must_fit_the_type(text: str, type: Type | str, message: str) -> None:
    with pytest.raises(BadFormula) as told:
        formulas.check(column(text, Type(type) if isinstance(type, str) else type), COLUMNS)
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("\"first name\" || ' ' || last", Type("text")),
        ("qty / 10", Type("bigint")),
        ("LENGTH(last)", Type("integer")),
        ("qty > 3 AND ok IS NOT NULL", Type("boolean")),
        ("COALESCE(price, qty)", Type("decimal", precision=12, scale=2)),
        ("x * qty", Type("number")),
        ("ref", Type("uuid")),
    ],
)
def test_a_formula_tells_its_type(text: str, type: Type) -> None:
    assert formulas.derived(text, COLUMNS) == type


def test_computed_columns_may_use_each_other_but_not_in_a_circle() -> None:
    one, other = column("qty + 1", Type("integer"), "one"), column("one * 2", Type("bigint"), "other")
    formulas.check(other, {**COLUMNS, "one": one, "other": other})
    back = column("other + 1", Type("integer"), "one")
    with pytest.raises(BadFormula, match="in a circle: one → other → one"):
        formulas.check(back, {**COLUMNS, "one": back, "other": other})


def test_what_is_never_shown_is_not_computed_with() -> None:
    secret = {"password": Column("password", Type("string"), write_only=True)}
    with pytest.raises(BadFormula, match="never shown"):
        formulas.check(column("UPPER(password)", Type("string")), {**COLUMNS, **secret})


def test_names_are_found_and_renamed() -> None:
    text = "UPPER(last) || ' last ' || \"first name\" || CASE WHEN ok THEN upper END"
    assert formulas.names(text) == ("last", "first name", "ok", "upper")
    made = formulas.renamed(text, {"last": 'a "b"', "first name": "given", "UPPER": "no", "upper": "u"})
    assert made == 'UPPER("a ""b""") || \' last \' || "given" || CASE WHEN ok THEN "u" END'


def rows(database: Database, layout: Layout, texts: dict[str, str], values: str) -> tuple[object, ...]:
    """Make the table with the first formula, add the others to it, and read what a row gives."""
    backend = database.backend
    made = [column(text, name=name) for name, text in texts.items()]
    first = Layout(layout.table, (*layout.columns, made[0]), layout.key)
    with database.transaction() as session:
        for statement in create_table(first, backend):
            session.execute(statement)
        names = ", ".join(backend.ident(name) for name in ("id", *TYPES))
        session.execute(f"INSERT INTO t ({names}) VALUES {values}")
        for index, each in enumerate(made[1:], 2):
            grown = Layout(layout.table, (*layout.columns, *made[:index]), layout.key)
            for statement in add_column(grown, each, backend):
                session.execute(statement)
        return session.fetch("SELECT " + ", ".join(map(backend.ident, texts)) + " FROM t")[0]


def test_both_databases_compute_the_same_in_new_and_in_old_tables(database: Database) -> None:
    texts = {
        "name": "TRIM(\"first name\") || ', 100%: ' || UPPER(last)",
        "words": "CONCAT(nick, '/', qty, '/', price, '/', ok, '/', ref)",
        "cut": "qty / 2",
        "zero": "qty / (qty - qty)",
        "tax": "ROUND(price * 1.19, 2)",
        "each": "ROUND(price / qty, 3)",
        "real": "ROUND(x * 100, 1)",
        "long": "big + 1",
        "same": "nick = 'ann'",
        "size": "CASE WHEN qty < 0 THEN 'less' WHEN price > 10 THEN 'more' END",
    }
    layout = Layout(
        Table("t"), (Column("id", Type("bigint"), default=Default("increment")), *COLUMNS.values()), ("id",)
    )
    values = "(1, ' Zoë ', 'Čapek é', 'Ann', -7, 9223372036854775807, 12.35, 1.5, 0.125, TRUE, '2024-01-01', "
    values += "'00000000-0000-4000-8000-000000000001')"
    got = rows(database, layout, texts, values)
    uuid = "00000000-0000-4000-8000-000000000001"
    assert got[:4] == ("Zoë, 100%: ČAPEK é".replace("Č", "Č"), f"Ann/-7/12.35/true/{uuid}", -3, None)
    assert [str(value) for value in got[4:7]] == ["14.70", "-1.764", "12.5"] or got[4:7] == (14.7, -1.764, 12.5)
    assert (got[7], bool(got[8]), got[9]) == (None, False, "less")
    assert database.tables()[0].columns[-1].generated


def test_nesting_that_is_taken_is_not_too_deep_for_any_parser(database: Database) -> None:
    deep = "qty"
    while True:
        further = f"COALESCE(ABS({deep} * 2), qty)"
        try:
            formulas.check(column(further), COLUMNS)
        except BadFormula:
            break
        deep = further
    assert deep.count("ABS") >= 3
    layout = Layout(
        Table("t"), (Column("id", Type("bigint"), default=Default("increment")), *COLUMNS.values()), ("id",)
    )
    values = "(1, 'a', 'b', 'c', 1, 1, 1.5, 1, 1, TRUE, '2024-01-01', '00000000-0000-4000-8000-000000000001')"
    assert rows(database, layout, {"made": deep}, values) == (2 ** deep.count("ABS"),)
