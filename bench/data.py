"""The data set of the measurements: 1 000 authors, 100 000 posts of eight columns, 300 000 comments.

In: a file or a database. Out: the same rows in SQLite and in PostgreSQL, made once and kept. No random numbers: two
machines measure the same rows.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from rich.progress import Progress

AUTHORS, POSTS, COMMENTS = 1_000, 100_000, 300_000
CATEGORIES = 50
CHUNK = 10_000
Row = tuple[object, ...]

_START = datetime(2020, 1, 1, tzinfo=UTC)
_PLACES = ("Poland", "Norway", "Chile", "Japan", "Kenya", "India", "Italy")

SQLITE = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, country VARCHAR(40) NOT NULL);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, title VARCHAR(200) NOT NULL, body TEXT NOT NULL, category VARCHAR(40) NOT NULL,
    author_id INTEGER NOT NULL REFERENCES authors (id), published BOOLEAN NOT NULL, views INTEGER NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL REFERENCES posts (id), body TEXT NOT NULL,
    created_at DATETIME NOT NULL
);
"""
POSTGRES = (
    SQLITE.replace("INTEGER PRIMARY KEY", "integer PRIMARY KEY")
    .replace("DATETIME", "timestamptz")
    .replace("VARCHAR(40)", 'varchar(40) COLLATE "C"')
)
INDEXES = """
CREATE INDEX posts_category ON posts (category, created_at);
CREATE INDEX posts_author ON posts (author_id);
CREATE INDEX comments_post ON comments (post_id);
"""


def authors() -> Iterator[Row]:
    """Rows of (id, name, country)."""
    for number in range(1, AUTHORS + 1):
        yield number, f"Author {number:04d}", _PLACES[number % len(_PLACES)]


def posts() -> Iterator[Row]:
    """Rows of eight columns; the numbers are spread by factors that are prime to the row counts."""
    for number in range(1, POSTS + 1):
        yield (
            number,
            f"Post {number:06d}",
            f"The text of post {number}. " * 4,
            f"category-{number * 7 % CATEGORIES:02d}",
            number * 7919 % AUTHORS + 1,
            number % 10 != 0,
            number * 104_729 % 100_000,
            _START + timedelta(minutes=number * 7 % POSTS * 20),
        )


def comments() -> Iterator[Row]:
    """Rows of (id, post_id, body, created_at)."""
    for number in range(1, COMMENTS + 1):
        yield number, number * 13 % POSTS + 1, f"Comment {number}", _START + timedelta(minutes=number * 8)


TABLES = (
    ("authors", AUTHORS, authors, "?, ?, ?"),
    ("posts", POSTS, posts, "?, ?, ?, ?, ?, ?, ?, ?"),
    ("comments", COMMENTS, comments, "?, ?, ?, ?"),
)


def make_sqlite(path: Path, progress: Progress) -> None:
    """Write the data set into a new SQLite file. A file that is there is taken as it is."""
    if path.exists():
        return
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SQLITE)
    for table, count, rows, marks in TABLES:
        counted = _counted(f"SQLite {table}", count, rows(), progress)
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", map(_text_times, counted))
    connection.commit()
    connection.executescript(INDEXES + "ANALYZE;")
    connection.close()
    draft.rename(path)


def _text_times(row: Row) -> Row:
    return tuple(value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value for value in row)


def make_postgres(url: str, progress: Progress) -> None:
    """Write the data set into a PostgreSQL database that does not have it yet."""
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('comments')").fetchone() != (None,):
            return
        connection.execute(POSTGRES.encode())
        for table, count, rows, _ in TABLES:
            with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                for row in _counted(f"PostgreSQL {table}", count, rows(), progress):
                    copy.write_row(row)
        connection.execute(INDEXES.encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _counted(label: str, count: int, rows: Iterator[Row], progress: Progress) -> Iterator[Row]:
    task = progress.add_task(label, total=count)
    for number, row in enumerate(rows, 1):
        yield row
        if number % CHUNK == 0:
            progress.update(task, completed=number)
    progress.update(task, completed=count)
