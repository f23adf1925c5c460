"""Two databases in one configuration, one SQLite and one PostgreSQL: resources of one refer to rows of the other.

Both ways round: the default source is each of the two in turn. Libraries have readers and loans, shops (the other
source) have books and reviews.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from app import StartError
from tests.dialects.conftest import Fresh, close, sibling, with_callers
from tests.postgres import new_postgres
from tests.tables import each

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}"}
  trade: {database: "OTHER"}
rules:
  - {role: user, resource: readers, actions: [read]}
  - {role: user, resource: loans, actions: [read, create]}
  - {role: user, resource: shop.books, actions: [read], where: {price: {lt: 20}}, fields: [id, code, title, donor_id]}
  - {role: editor, resource: loans, actions: [read]}
schemas:
  main:
    source: default
    entities:
      readers:
        fields: {id: {type: integer, key: true, default: increment}, name: {type: string}}
      loans:
        fields:
          id: {type: integer, key: true, default: increment}
          reader_id: {type: integer, references: readers}
          book_id: {type: integer, references: shop.books}
          code: {type: string}
        relations:
          coded: {target: shop.books, kind: to_one, columns: {code: code}, inverse: coded_loans}
  shop:
    source: trade
    entities:
      books:
        fields:
          id: {type: bigint, key: true, default: increment}
          code: {type: uuid, unique: true}
          title: {type: string, required: true}
          price: {type: decimal, precision: 8, scale: 2}
          donor_id: {type: integer, references: readers, on_delete: restrict}
      reviews:
        fields:
          id: {type: integer, key: true, default: increment}
          book_id: {type: bigint, references: shop.books, on_delete: cascade}
          stars: {type: integer}
"""
CODES = [f"{number}0000000-0000-4000-8000-00000000000a" for number in range(1, 4)]
ROWS = {
    "readers": [{"name": "Ann"}, {"name": "Bob"}, {"name": "Cid"}],
    "shop.books": [
        {"code": CODES[0], "title": "Alpha", "price": 10, "donor_id": 1},
        {"code": CODES[1], "title": "Beta", "price": 30, "donor_id": 1},
        {"code": CODES[2], "title": "Gamma", "price": 12.5, "donor_id": None},
    ],
    "shop.reviews": [{"book_id": 1, "stars": 5}, {"book_id": 1, "stars": 3}, {"book_id": 3, "stars": 4}],
    "loans": [
        {"reader_id": 1, "book_id": 1, "code": CODES[2]},
        {"reader_id": 2, "book_id": 2, "code": CODES[0].upper()},
        {"reader_id": 2, "book_id": 77, "code": "no code at all"},
        {"reader_id": None, "book_id": None, "code": None},
    ],
}


@pytest.fixture(scope="session")
def other_url(database_url: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an empty database of the other kind."""
    if database_url.startswith("sqlite"):
        return new_postgres(request.getfixturevalue("postgres_server"))
    return f"sqlite:///{tmp_path_factory.mktemp('trade') / 'trade.sqlite'}"


@pytest.fixture(scope="session")
def both(make_app: Callable[..., Flask], database_url: str, other_url: str, tmp_path_factory: Any) -> Fresh:
    """The application of both, with its rows; tests of reading share it."""
    return filled(make_app, sibling(database_url, tmp_path_factory), other_url)


def filled(make_app: Callable[..., Flask], url: str, other: str) -> Fresh:
    made = with_callers(make_app(CONFIG.replace("OTHER", other), url))
    for name, rows in ROWS.items():
        for row in rows:
            answer = made.client.post(f"/items/{name}", json=row, headers=made.admin)
            assert answer.status_code == 201, answer.get_data(as_text=True)
    return made


def ask(made: Fresh, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
    asked = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
    return made.client.get(f"{path}?{urlencode(asked)}", headers=made.admin if headers is None else headers)


def get(made: Fresh, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
    answer = ask(made, path, headers, **query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json["data"] if isinstance(answer.json, dict) and "data" in answer.json else answer.json


def titles(rows: Any, name: str) -> list[str | None]:
    return [row[name] and row[name]["title"] for row in rows]


# ---------------------------------------------------------------- reading


def test_a_parent_of_another_source_is_included(both: Fresh) -> None:
    rows = get(both, "/items/loans", fields=["id", "book.title"], sort=["id"])
    assert titles(rows, "book") == ["Alpha", "Beta", None, None]


def test_keys_of_other_types_meet_and_what_cannot_be_a_key_finds_nothing(both: Fresh) -> None:
    rows = get(both, "/items/loans", fields=["id", "coded.title"], sort=["id"])
    assert titles(rows, "coded") == ["Gamma", "Alpha", None, None]


def test_children_of_another_source_are_included_sorted_and_paged(both: Fresh) -> None:
    rows = get(both, "/json/reader", include="books")
    assert [[book["title"] for book in row["books"]] for row in rows] == [["Alpha", "Beta"], [], []]
    assert rows[0]["books"][0]["price"] == 10
    rows = get(both, "/items/shop.books", fields=["title", "loans.id", "coded_loans.id"], sort=["id"])
    assert [[[loan["id"] for loan in row[name]] for row in rows] for name in ("loans", "coded_loans")][0] == [
        [1],
        [2],
        [],
    ]


def test_an_include_goes_there_and_back_and_on(both: Fresh) -> None:
    fields = ["id", "book.title", "book.donor.name", "book.reviews.stars", "book.loans.reader.name"]
    rows = get(both, "/items/loans", fields=fields, sort=["id"])
    assert rows[0]["book"] == {
        "title": "Alpha",
        "donor": {"name": "Ann"},
        "reviews": [{"stars": 5}, {"stars": 3}],
        "loans": [{"reader": {"name": "Ann"}}],
    }


def test_xond_includes_them(both: Fresh) -> None:
    assert get(both, "/json/loan", include="book")[0]["book"]["title"] == "Alpha"


def test_permissions_hold_on_the_other_side(both: Fresh) -> None:
    rows = get(both, "/items/loans", both.user, fields=["id", "book.title"], sort=["id"])
    assert titles(rows, "book") == ["Alpha", None, None, None]
    rows = get(both, "/items/readers", both.user, fields=["name", "books.*"], sort=["id"])
    assert [set(book) for book in rows[0]["books"]] == [{"id", "code", "title", "donor_id"}]
    assert ask(both, "/items/loans", both.user, fields=["book.price"]).status_code == 400
    assert ask(both, "/items/loans", both.user, fields=["book.reviews.stars"]).status_code == 400


@each(
    "path, query",
    [
        ("/items/loans", {"filter": {"book.title": {"eq": "Alpha"}}}),
        ("/items/readers", {"filter": {"books.title": {"eq": "Alpha"}}}),
        ("/items/loans", {"sort": ["book.title"]}),
        ("/items/loans", {"groupBy": ["book.title"], "aggregate": {"n": {"function": "count", "field": "id"}}}),
        ("/items/loans", {"search": "x", "searchFields": ["book.title"]}),
        ("/items/readers", {"filter": {"loans.book.title": {"eq": "Alpha"}}}),
        ("/api/loans", {"where[book.title]": "Alpha"}),
        ("/api/loans", {"sort": "book.title"}),
        ("/json/loan", {"filter": [{"field": "book.title", "comparison": "equals", "value": "Alpha"}]}),
        ("/json/loan", {"sort": [{"field": "book.title", "direction": "ASC"}]}),
        ("/v1/loans", {"filters[book][title][$eq]": "Alpha"}),
        ("/v1/loans", {"sort": "book.title"}),
        ("/schema/main/loans", {"filter-expression": "book.title = 'Alpha'"}),
        ("/schema/main/loans", {"sort": "book.title asc"}),
    ],
)
def test_what_another_database_holds_is_not_asked_for(both: Fresh, path: str, query: dict[str, Any]) -> None:
    answer = ask(both, path, **query)
    assert answer.status_code == 400
    assert "another database" in answer.get_data(as_text=True)


# ---------------------------------------------------------------- writing


@pytest.fixture
def writable(make_app: Callable[..., Flask], empty_url: str, sqlite_url: str, postgres_url: str) -> Fresh:
    """The same, for one test."""
    return filled(make_app, empty_url, postgres_url if empty_url == sqlite_url else sqlite_url)


def test_rows_refer_to_rows_of_another_source_which_stay(writable: Fresh) -> None:
    row = {"reader_id": 1, "book_id": 3}
    made = writable.client.post("/json/loan?include=book", json=row, headers=writable.admin)
    assert made.status_code in (200, 201), made.get_data(as_text=True)
    assert titles(get(writable, "/items/loans", fields=["book.title"], sort=["id"]), "book")[-1] == "Gamma"
    for path in ("/items/readers/1", "/items/shop.books/1"):
        assert writable.client.delete(path, headers=writable.admin).status_code == 409
    assert writable.client.delete("/items/readers/3", headers=writable.admin).status_code == 200
    assert len(get(writable, "/items/shop.reviews")) == 3


def test_a_write_into_two_sources_is_refused_and_nothing_is_written(writable: Fresh) -> None:
    bodies = [
        ("/json/loan", {"readerId": 1, "book": {"title": "New"}}),
        ("/json/reader", {"name": "New", "books": [{"title": "New"}]}),
        ("/items/readers", {"name": "New", "books": [{"title": "New"}]}),
        ("/items/loans", {"reader_id": 1, "book": {"title": "New"}}),
    ]
    for path, body in bodies:
        answer = writable.client.post(path, json=body, headers=writable.admin)
        assert (path, answer.status_code) == (path, 400), answer.get_data(as_text=True)
        assert "databases" in answer.get_data(as_text=True)
    steps = [
        {"resource": "readers", "action": "create", "data": {"name": "New"}},
        {"resource": "shop.books", "action": "create", "data": {"title": "New"}},
    ]
    answer = writable.client.post("/api/batch", json={"requests": steps}, headers=writable.admin)
    assert answer.status_code == 400
    assert [len(get(writable, f"/items/{name}")) for name in ROWS] == [len(rows) for rows in ROWS.values()]


# ---------------------------------------------------------------- definitions


@pytest.mark.parametrize(
    ("said", "instead", "problem"),
    [
        ("on_delete: restrict", "on_delete: cascade", "two databases at once"),
        ("inverse: coded_loans}", "}\n          through: {target: readers, through: shop.reviews}", "in one source"),
        ("where: {price: {lt: 20}}", "where: {donor.name: Ann}", "another database"),
        ("title: {type: string, required: true}", "title: {type: json, references: readers}", "cannot be looked for"),
    ],
)
def test_what_cannot_be_across_sources_is_a_mistake(
    make_app: Callable[..., Flask], sqlite_url: str, tmp_path: Any, said: str, instead: str, problem: str
) -> None:
    text = CONFIG.replace(said, instead).replace("OTHER", f"sqlite:///{tmp_path / 'trade.sqlite'}")
    with pytest.raises(StartError, match=problem):
        close(make_app(text, sqlite_url))
