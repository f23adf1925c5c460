"""Computed columns over the wire: filtered, sorted and shown as any other, and written by nobody."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask

from app import StartError
from crud.web.dialect import served
from sql.opening import open_database
from tests.dialects.conftest import Fresh, with_callers
from tests.dialects.speakers import Speaker, everyone

SOURCES = 'sources: {default: {database: "${DATABASE_URL}"}}'
CONFIG = f"""
{SOURCES}
accounts: {{fields: {{first: {{type: string}}, greeting: {{formula: "'Dear ' || first"}}}}}}
schemas:
  main:
    entities:
      lines:
        fields:
          id: {{type: integer, key: true, default: increment}}
          word: {{type: string, required: true}}
          price: {{type: decimal, precision: 10, scale: 2}}
          count: {{type: integer}}
          total: {{type: decimal, precision: 12, scale: 2, formula: "price * count"}}
          label: {{formula: "UPPER(word) || ': ' || total"}}
          many: {{formula: "count > 9"}}
        unique: [[label]]
        dialects: {{xond: {{columns: {{label: caption}}}}}}
"""
ROWS = [("a", "1.10", 3), ("b", "0.05", 20), ("c", "100", 1), ("d", None, 7)]


@pytest.fixture
def computed(make_app: Callable[..., Flask], empty_url: str) -> Fresh:
    return with_callers(make_app(CONFIG, empty_url))


def filled(fresh: Fresh) -> Speaker:
    speaker = Speaker(fresh, "metal")
    for word, price, count in ROWS:
        made = speaker.create(
            "lines", {"word": word, "price": None if price is None else Decimal(price), "count": count}
        )
        assert made.status_code in (200, 201), made.get_data(as_text=True)
    return speaker


def test_every_dialect_shows_and_finds_what_was_computed(computed: Fresh) -> None:
    filled(computed)
    for speaker in everyone(computed):
        (row,) = speaker.find("lines", "total", 3.3)
        assert (row["label"], row["many"], row["total"]) == ("A: 3.30", False, Decimal("3.30")), speaker.dialect
        assert [each["word"] for each in speaker.find("lines", "label", "B: 1.00")] == ["b"]
        (row,) = speaker.find("lines", "word", "d")
        assert (row["total"], row["label"], row["many"]) == (None, None, False)


def test_rows_are_sorted_by_what_was_computed(computed: Fresh) -> None:
    filled(computed)
    answers = {
        "phantom": computed.client.get("/api/lines?sort=-total", headers=computed.admin),
        "baasix": computed.client.get('/items/lines?sort={"total":"desc"}', headers=computed.admin),
        "metal": computed.client.get('/schema/main/lines?sort={"total":"desc"}', headers=computed.admin),
    }
    for dialect, answer in answers.items():
        rows = answer.json["rows" if dialect == "metal" else "data"]
        assert [row["word"] for row in rows] == ["d", "c", "a", "b"], (dialect, answer.json)


def test_nobody_writes_a_computed_column_and_it_follows_a_change(computed: Fresh) -> None:
    filled(computed)
    for speaker in everyone(computed):
        told = speaker.update("lines", 1, {"total": 5, "word": "z"})
        assert told.status_code == (200 if speaker.dialect == "baasix" else 400), speaker.dialect
        assert speaker.update("lines", 1, {"word": speaker.dialect, "count": 10}).status_code in (200, 204)
        row = speaker.one("lines", 1)
        assert (row["label"], row["many"]) == (f"{speaker.dialect.upper()}: 11.00", True)


def test_a_computed_column_of_accounts_is_shown(computed: Fresh) -> None:
    client, path = computed.client, "/items/baasix_User"
    (john,) = client.get(f'{path}?filter={{"email":"john@example.org"}}', headers=computed.admin).json["data"]
    assert client.patch(f"{path}/{john['id']}", json={"first": "John"}, headers=computed.admin).status_code == 200
    found = client.get(f'{path}?filter={{"greeting":"Dear John"}}', headers=computed.admin).json["data"]
    assert [row["email"] for row in found] == ["john@example.org"]


def test_a_table_that_is_there_must_compute_the_column_itself(make_app: Callable[..., Flask], empty_url: str) -> None:
    database = open_database(empty_url)
    with database.transaction() as session:
        session.execute("CREATE TABLE lines (id integer PRIMARY KEY, word varchar, label varchar)")
    database.close()
    text = SOURCES + "\nschemas: {main: {entities: {lines: {fields: {label: {formula: UPPER(word)}}}}}}"
    with pytest.raises(StartError, match="the column exists, and the database does not compute it"):
        make_app(text, empty_url)
    with pytest.raises(StartError, match="names 'words', which is no column; there are id, word, label"):
        make_app(text.replace("UPPER(word)", "UPPER(words)"), empty_url)


def test_the_catalog_knows_the_formula(computed: Fresh) -> None:
    with computed.app.app_context():
        column = served().state.current().catalog.resource("lines").column("label")
    assert (column.formula, column.generated, column.type.name) == ("UPPER(word) || ': ' || total", True, "text")


def test_an_export_leaves_out_what_is_computed_so_that_it_can_be_imported(computed: Fresh) -> None:
    filled(computed)
    run = computed.app.test_cli_runner()
    exported = run.invoke(args=["data", "export", "lines", "--format", "csv"]).output
    assert exported.splitlines()[0] == "id,word,price,count"
    assert run.invoke(args=["data", "export", "lines", "--fields", "total", "--format", "ndjson"]).exit_code == 0
    for speaker in everyone(computed)[:1]:
        for key in range(1, 5):
            assert speaker.delete("lines", key).status_code == 200
    again = run.invoke(args=["data", "import", "-", "lines", "--format", "csv"], input=exported)
    assert again.exit_code == 0, again.output
    assert [row["word"] for row in Speaker(computed, "metal").find("lines", "label", "B: 1.00")] == ["b"]
