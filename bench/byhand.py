"""The workloads as Flask views written by hand: one statement each, made for exactly this question.

In: `DATABASE_URL` and `BYHAND_SECRET` from the environment. Out: the data that Dragoman answers, in the same
envelopes. A token, where one is sent, is verified; nothing else is: no rules, no field lists, no limits. sqlite3 or
psycopg and orjson.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import cache

import jwt
import orjson
from flask import Flask, Response, request

URL = os.environ["DATABASE_URL"]
SECRET = os.environ["BYHAND_SECRET"]
POSTGRES = URL.startswith("postgres")
COLUMNS = "p.id, p.title, p.body, p.category, p.author_id, p.published, p.views, p.created_at"

application = Flask(__name__)
_local = threading.local()
Fetch = Callable[[str, Sequence[object]], list[tuple[object, ...]]]


@cache
def _pool() -> Fetch:
    from psycopg_pool import ConnectionPool

    pool = ConnectionPool(URL, min_size=1, max_size=10, open=True, kwargs={"autocommit": True})

    def fetch(text: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        with pool.connection() as connection:
            return connection.execute(text.replace("?", "%s").encode(), values).fetchall()

    return fetch


def _fetch_sqlite(text: str, values: Sequence[object]) -> list[tuple[object, ...]]:
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = sqlite3.connect(URL.removeprefix("sqlite:///"))
    rows: list[tuple[object, ...]] = connection.execute(text, values).fetchall()
    return rows


def fetch(text: str, *values: object) -> list[tuple[object, ...]]:
    """Run one statement."""
    return (_pool() if POSTGRES else _fetch_sqlite)(text, values)


@application.before_request
def check_token() -> Response | None:
    """Refuse a token that does not hold."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    try:
        jwt.decode(header.removeprefix("Bearer "), SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return Response(status=401)
    return None


def answer(body: object) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), mimetype="application/json")


def post(row: tuple[object, ...]) -> dict[str, object]:
    """One row as an object."""
    return {
        "id": row[0],
        "title": row[1],
        "body": row[2],
        "category": row[3],
        "author_id": row[4],
        "published": bool(row[5]),
        "views": row[6],
        "created_at": row[7],
    }


@application.get("/posts/<int:number>")
def one(number: int) -> Response:
    """One post by its key."""
    rows = fetch(f"SELECT {COLUMNS} FROM posts p WHERE p.id = ?", number)
    return answer({"data": post(rows[0])}) if rows else Response(status=404)


@application.get("/posts/newest/<category>")
def newest(category: str) -> Response:
    """The 20 newest posts of a category."""
    rows = fetch(
        f"SELECT {COLUMNS} FROM posts p WHERE p.category = ? ORDER BY p.created_at DESC, p.id LIMIT 20", category
    )
    total = fetch("SELECT count(*) FROM posts WHERE category = ?", category)
    return answer({"data": [post(row) for row in rows], "totalCount": total[0][0]})


@application.get("/posts/authors")
def with_author() -> Response:
    """100 posts, each with its author."""
    rows = fetch(
        f"SELECT {COLUMNS}, a.id, a.name, a.country FROM posts p JOIN authors a ON a.id = p.author_id"
        " ORDER BY p.id LIMIT 100"
    )
    data = [post(row) | {"author": {"id": row[8], "name": row[9], "country": row[10]}} for row in rows]
    return answer({"data": data, "totalCount": fetch("SELECT count(*) FROM posts")[0][0]})


@application.get("/posts")
def thousand() -> Response:
    """1000 posts."""
    rows = fetch(f"SELECT {COLUMNS} FROM posts p ORDER BY p.id LIMIT 1000")
    return answer({"data": [post(row) for row in rows], "totalCount": fetch("SELECT count(*) FROM posts")[0][0]})


@application.get("/posts/count")
def count() -> Response:
    """How many posts there are."""
    total = fetch("SELECT count(*) FROM posts")[0][0]
    return answer({"success": True, "data": {"count": total}, "pagination": None, "error": None})
