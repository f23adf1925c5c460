"""A request whose tables become others before its statement runs is begun again, once, with what is in force then."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from crud.snapshots.run_time import change, created
from crud.web.dialect import context
from tests.reload.conftest import World
from tests.reload.test_run_time import BOOKS, fields_of

ALL = {"rules": [{"role": "anon", "actions": ["read", "create", "update", "delete"]}]}
RENAMED = {**ALL, "fields": fields_of("name")}


@contextmanager
def overtaken(world: World, meanwhile: Callable[[], object]) -> Iterator[list[object]]:
    """Other definitions come once the next request has its snapshot. Gives the snapshots with which it ran."""
    app: Flask = world.workers[0]
    seen: list[object] = []

    def late() -> None:
        seen.append(context().snapshot)
        if len(seen) == 1:
            meanwhile()

    app.before_request_funcs[None].append(late)
    try:
        yield seen
    finally:
        app.before_request_funcs[None].remove(late)


def renaming(world: World) -> object:
    edit = lambda old: {**old, "books": RENAMED}  # noqa: E731
    return change(world.admin(1), edit, renamed={"books": {"name": "title"}})


@pytest.fixture
def books(two: World) -> World:
    """Two workers and a resource with one row."""
    change(two.admin(), created("books", BOOKS | ALL))
    assert two.client().post("/api/books", json={"title": "Emma"}).status_code == 201
    return two


READS: dict[str, Callable[[World], TestResponse]] = {
    "a list": lambda world: world.client().get("/api/books"),
    "one row": lambda world: world.client().get("/items/books/1"),
    "a body that is read again": lambda world: world.client().post("/schema/main/books", json={"filter": {"id": 1}}),
}


def test_a_read_that_was_overtaken_is_answered_with_what_is_in_force(books: World) -> None:
    for read in READS.values():
        with overtaken(books, lambda: renaming(books)) as seen:
            answer = read(books)
        assert answer.status_code == 200 and '"name":"Emma"' in answer.text and "title" not in answer.text
        assert len(seen) == 2 and seen[1] is books.snapshot(0)
        back = {**ALL, "fields": fields_of("title")}
        change(books.admin(), lambda old, back=back: {**old, "books": back}, renamed={"books": {"title": "name"}})


def test_a_write_that_was_overtaken_is_judged_by_what_is_in_force(books: World) -> None:
    with overtaken(books, lambda: renaming(books)) as seen:
        answer = books.client().post("/api/books", json={"title": "Persuasion"})
    assert answer.status_code == 400 and len(seen) == 2  # there is no such field any more
    assert books.rows("SELECT name FROM books") == [("Emma",)]


def test_a_write_that_lacks_what_is_required_now_is_told_so(books: World) -> None:
    more = {**ALL, "fields": {**fields_of("title"), "pages": {"type": "integer", "required": True}}}
    books.client().delete("/api/books/1")
    with overtaken(books, lambda: change(books.admin(1), lambda old: {**old, "books": more})) as seen:
        answer = books.client().post("/api/books", json={"title": "Persuasion"})
    assert answer.status_code == 400 and "pages" in answer.text and len(seen) == 2


def test_what_was_sent_as_a_stream_is_to_be_sent_again(books: World) -> None:
    headers = books.headers()
    sent = {"csvFile": (io.BytesIO(b"title\nPersuasion\n"), "books.csv")}
    with overtaken(books, lambda: renaming(books)):
        answer = books.client().post("/items/books/import-csv", data=sent, headers=headers)
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"]
    assert books.rows("SELECT count(*) FROM books") == [(1,)]


def test_a_table_that_somebody_has_dropped_is_not_asked_for_twice(books: World) -> None:
    with books.snapshot().system.transaction() as session:
        session.execute("DROP TABLE books")
    with overtaken(books, lambda: None) as seen:
        answer = books.client().get("/api/books")
    assert answer.status_code == 500 and len(seen) == 1


def test_what_is_dropped_meanwhile_is_not_there(books: World) -> None:
    with overtaken(books, lambda: change(books.admin(1), lambda old: {})) as seen:
        answer = books.client().get("/api/books")
    assert answer.status_code == 404 and len(seen) == 2
