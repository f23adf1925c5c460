"""A plan over Chinook gives the same rows on SQLite, on PostgreSQL, and brought together from both and a folder of CSV.

`make test-long CHINOOK=folder`. The form for one source is one statement; how long it takes beside the same SQL by hand
is told, and asserted nowhere.
"""

import csv
import sqlite3
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from app import create_app
from crud import service
from crud.access.actor import Actor
from crud.snapshots.state import Context
from sql.expressions import Path as Column
from sql.query import Asked, Query, Select
from sql.sqlite.functions import register
from tests.long.chinook_plans import by_hand, steps
from tests.long.test_chinook import postgres_url, sqlite_url

pytestmark = pytest.mark.long
NAMES = ("country", "genre", "revenue", "sold")
TIMES = 60
HEAD = 'auth: {secret: "a secret of the tests, long enough for HS256"}\n'
CONFIGS = {
    "sqlite": HEAD
    + "sources: {default: {url: SQLITE}}\n"
    + steps(dict.fromkeys(("InvoiceLine", "Invoice", "Track", "Genre"), "main")),
    "postgres": HEAD
    + "sources: {default: {url: POSTGRES}}\n"
    + steps(
        dict.fromkeys(("InvoiceLine", "Invoice", "Track", "Genre"), "main"),
        frozenset({"InvoiceLine", "Invoice", "Track", "Genre"}),
    ),
    "three sources": HEAD
    + """
sources:
  default: {url: SQLITE}
  sales: {url: POSTGRES}
  lists: {provider: files, options: {folder: lists}}
schemas:
  main: {source: default}
  sales: {source: sales}
  lists: {source: lists}
"""
    + steps(
        {"InvoiceLine": "sales", "Invoice": "sales", "Track": "main", "Genre": "lists"},
        frozenset({"InvoiceLine", "Invoice"}),
    ),
}


@pytest.fixture(scope="module")
def urls(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"SQLITE": sqlite_url(tmp_path_factory), "POSTGRES": postgres_url(postgres_server)}


@pytest.fixture
def ask(urls: dict[str, str], tmp_path: Path) -> Callable[[str], Callable[[], list[dict[str, object]]]]:
    (tmp_path / "lists").mkdir()
    with sqlite3.connect(urls["SQLITE"].removeprefix("sqlite:///")) as connection:
        rows = connection.execute("SELECT GenreId, Name FROM Genre").fetchall()
    with (tmp_path / "lists" / "Genre.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("GenreId", "Name"), *rows])

    def asked(name: str) -> Callable[[], list[dict[str, object]]]:
        text = CONFIGS[name]
        for word, url in urls.items():
            text = text.replace(f"url: {word}", f'url: "{url}"')
        (tmp_path / "config.yml").write_text(text)
        state = create_app(tmp_path / "config.yml").extensions["dragoman"].state
        context = Context(state.current(), Actor(roles=frozenset({"admin"})))
        question = Asked(Query("chinook.revenue", tuple(Select(Column(name), name) for name in NAMES)))
        return lambda: service.read(context, question).rows

    return asked


def plain(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(row["country"], row["genre"], Decimal(str(row["revenue"])), row["sold"]) for row in rows]


def test_the_same_rows_come_from_each_database_and_from_three_sources(
    ask: Callable[[str], Callable[[], list[dict[str, object]]]], urls: dict[str, str]
) -> None:
    found = {name: plain(ask(name)()) for name in CONFIGS}
    assert found["sqlite"] == found["postgres"] == found["three sources"]
    with psycopg.connect(urls["POSTGRES"]) as connection:
        hand = connection.execute(by_hand("postgres"))
        rows = hand.fetchall()
    assert sorted(map(str, rows)) == sorted(
        str((c, g, r.quantize(Decimal("0.01")), n)) for c, g, r, n in found["sqlite"]
    )
    assert len(rows) > 150 and rows[0][2] == found["sqlite"][0][2]


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_how_long_it_takes_beside_the_same_by_hand(
    ask: Callable[[str], Callable[[], list[dict[str, object]]]],
    urls: dict[str, str],
    name: str,
    record_property: Callable[[str, object], None],
) -> None:
    read = ask(name)
    if name == "sqlite":
        connection = sqlite3.connect(urls["SQLITE"].removeprefix("sqlite:///"))
        register(connection)
        hand = {"sum": by_hand(name), "an exact sum": by_hand(name, "dragoman_sum")}
    else:
        connection = psycopg.connect(urls["POSTGRES"], autocommit=True)  # type: ignore[assignment]
        hand = {"sum": by_hand(name)}
    runs = {
        "plan": read,
        **{word: lambda text=text: connection.execute(text).fetchall() for word, text in hand.items()},
    }
    assert len({len(run()) for run in runs.values()}) == 1
    took: dict[str, list[float]] = {word: [] for word in runs}
    for _ in range(TIMES):
        for word, run in runs.items():
            begun = time.perf_counter()
            run()
            took[word].append(time.perf_counter() - begun)
    connection.close()
    medians = {word: statistics.median(times) * 1000 for word, times in took.items()}
    said = ", ".join(
        f"{medians['plan'] / medians[word]:.2f} times by hand with {word} ({medians[word]:.2f} ms)" for word in hand
    )
    record_property("figures", f"plan over Chinook on {name}: {medians['plan']:.2f} ms, {said}")
