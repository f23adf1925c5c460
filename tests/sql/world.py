"""A small world for the tests of the builder: authors, posts, tags and one table with every type.

In: a database. Out: its tables, filled; the catalog that describes them (the same on both backends).
"""

from collections.abc import Iterable

from sql.catalog import Catalog, Column, Relation, Resource, Table, Through
from sql.database import Database
from sql.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    CITEXT,
    DATE,
    DATETIME,
    DATETIME_LOCAL,
    INTEGER,
    JSON,
    NUMBER,
    TEXT,
    TIME,
    UUID,
    Type,
    array_of,
    range_of,
)

MOOD = Type("enum", values=("sad", "ok", "happy"))
MONEY = Type("decimal", precision=12, scale=2)

DDL = {
    "sqlite": """
CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL, boss_id INTEGER REFERENCES author, alive BOOLEAN);
CREATE TABLE post (id INTEGER PRIMARY KEY, title TEXT, author_id INTEGER REFERENCES author, price NUMERIC,
  stars INTEGER);
CREATE TABLE tag (lang TEXT, code TEXT, label TEXT, PRIMARY KEY (lang, code));
CREATE TABLE post_tag (post_id INTEGER, lang TEXT, code TEXT);
CREATE TABLE "it""em 100%s ]ü" ("i d" INTEGER PRIMARY KEY, "select %s {0}" TEXT, "q""u;o" INTEGER);
CREATE TABLE thing (id INTEGER PRIMARY KEY, n INTEGER, big INTEGER, f REAL, d NUMERIC, ok BOOLEAN, t TEXT, c TEXT,
  mood TEXT, u TEXT, day TEXT, clock TEXT, at TEXT, local TEXT, j TEXT, a TEXT, words TEXT, r TEXT, b BLOB);
""",
    "postgres": """
CREATE TABLE author (id int PRIMARY KEY, name text COLLATE "C" NOT NULL, boss_id int REFERENCES author, alive boolean);
CREATE TABLE post (id int PRIMARY KEY, title text COLLATE "C", author_id int REFERENCES author, price numeric(12,2),
  stars int);
CREATE TABLE tag (lang text, code text, label text, PRIMARY KEY (lang, code));
CREATE TABLE post_tag (post_id int, lang text, code text);
CREATE TABLE "it""em 100%s ]ü" ("i d" int PRIMARY KEY, "select %s {0}" text, "q""u;o" int);
CREATE TYPE "mo%od" AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE thing (id int PRIMARY KEY, n int, big bigint, f float8, d numeric(12,2), ok boolean, t text COLLATE "C",
  c text COLLATE "C", mood "mo%od", u uuid, day date, clock time, at timestamptz, local timestamp, j jsonb, a int[],
  words text[], r int4range, b bytea);
""",
}

ROWS = """
INSERT INTO author VALUES (1, 'Ann', NULL, {true}), (2, 'bob', 1, {false}), (3, 'Éva', 2, NULL);
INSERT INTO post VALUES (1, 'alpha', 1, 10.10, 5), (2, 'Beta', 1, 0.20, 3), (3, NULL, 2, NULL, 4),
  (4, 'delta', NULL, 7, NULL), (5, '50%_x', 3, 0.05, 1);
INSERT INTO tag VALUES ('en', 'a', 'Red'), ('en', 'b', 'Blue'), ('de', 'a', 'Rot');
INSERT INTO post_tag VALUES (1, 'en', 'a'), (1, 'de', 'a'), (2, 'en', 'b'), (3, 'en', 'a');
INSERT INTO "it""em 100{percent}s ]ü" VALUES (1, 'x', 7), (2, '%s', NULL);
INSERT INTO thing VALUES
  (1, 1, 9007199254740993, 1.5, 10.10, {true}, 'Straße É', 'Ann', 'sad', '00000000-0000-0000-0000-00000000000a',
   '2024-02-29', '10:00:00', {at1}, {local1}, '{json1}', {a1}, {w1}, '[1,5)', {b1}),
  (2, -7, -1, 0.1, 0.20, {false}, 'a%b_c\\d', 'aNN', 'ok', '00000000-0000-0000-0000-00000000000b',
   '2021-01-03', '23:59:59.5', {at2}, {local2}, '{json2}', {a2}, {w2}, 'empty', {b2}),
  (3, 0, 0, 1e20, 0, {true}, '', '', 'happy', NULL, '0001-01-01', '00:00:00', {at3}, {local3}, '{json3}', {a3}, {w3},
   '(,5)', {b3}),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (5, 2, 5, -2.5, -1.01, NULL, '18.5', 'ÉCLAIR', 'ok', NULL, NULL, NULL, NULL, NULL, '{json5}', NULL, NULL, NULL, NULL),
  (6, 3, 6, 0, 3, NULL, ' 12 ', 'éclair', 'sad', NULL, NULL, NULL, NULL, NULL, 'null', NULL, NULL, NULL, NULL)
"""
JSONS = {
    "json1": '{"a": 1, "b": [1, 2, "x"], "s": "Hello", "n": null, "deep": {"k": [{"v": 5}, {"v": 1}]}, "t": true}',
    "json2": '{"a": 1.0, "b": [], "s": "World", "deep": {"k": []}, "t": false}',
    "json3": '[1, "x", {"a": 2}]',
    "json5": '"x"',
}
WORDS = {
    "sqlite": {
        "true": "1",
        "false": "0",
        "at1": "'2024-02-29T10:00:00.000000Z'",
        "at2": "'2021-01-03T23:59:59.500250Z'",
        "at3": "'1970-01-01T00:00:00.000000Z'",
        "local1": "'2024-02-29T10:00:00.000000'",
        "local2": "'2021-01-03T23:59:59.500250'",
        "local3": "'1970-01-01T00:00:00.000000'",
        "a1": "'[1,2,null]'",
        "a2": "'[2,3]'",
        "a3": "'[]'",
        "w1": """'["A","b,c"]'""",
        "w2": """'["a"]'""",
        "w3": "'[]'",
        "b1": "x'00ff'",
        "b2": "x''",
        "b3": "x'41'",
    },
    "postgres": {
        "true": "true",
        "false": "false",
        "at1": "'2024-02-29T10:00:00Z'",
        "at2": "'2021-01-03T23:59:59.500250Z'",
        "at3": "'1970-01-01T00:00:00Z'",
        "local1": "'2024-02-29T10:00:00'",
        "local2": "'2021-01-03T23:59:59.500250'",
        "local3": "'1970-01-01T00:00:00'",
        "a1": "'{1,2,NULL}'",
        "a2": "'{2,3}'",
        "a3": "'{}'",
        "w1": """'{A,"b,c"}'""",
        "w2": "'{a}'",
        "w3": "'{}'",
        "b1": r"'\x00ff'",
        "b2": r"'\x'",
        "b3": r"'\x41'",
    },
}


def fill(database: Database) -> None:
    """Create the tables and their rows."""
    name = database.backend.name
    words = {**JSONS, **WORDS[name], "percent": "%"}
    rows = ROWS
    for word, text in words.items():
        rows = rows.replace("{" + word + "}", text)
    script = f"{DDL[name]}{rows}"
    if name == "postgres":
        script = script.replace("%", "%%")
    with database.transaction() as transaction:
        for statement in script.split(";\n"):
            transaction.execute(statement)


def _columns(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


def _ids(*names: str) -> Iterable[Column]:
    return (Column(name, INTEGER, nullable=name != "id") for name in names)


AUTHOR = Resource(
    "author",
    Table("author"),
    _columns(*_ids("id", "boss_id"), Column("name", TEXT, nullable=False), Column("alive", BOOLEAN)),
    ("id",),
    {
        "boss": Relation("boss", "to_one", "author", (("boss_id", "id"),)),
        "posts": Relation("posts", "to_many", "post", (("id", "author_id"),)),
    },
)
POST = Resource(
    "post",
    Table("post"),
    _columns(*_ids("id", "author_id", "stars"), Column("title", TEXT), Column("price", MONEY)),
    ("id",),
    {
        "author": Relation("author", "to_one", "author", (("author_id", "id"),)),
        "tags": Relation(
            "tags",
            "to_many",
            "tag",
            through=Through(Table("post_tag"), "post_tag", (("id", "post_id"),), (("lang", "lang"), ("code", "code"))),
        ),
    },
)
TAG = Resource(
    "tag",
    Table("tag"),
    _columns(Column("lang", TEXT, False), Column("code", TEXT, False), Column("label", TEXT)),
    ("lang", "code"),
    {"links": Relation("links", "to_many", "post_tag", (("lang", "lang"), ("code", "code")))},
)
POST_TAG = Resource(
    "post_tag", Table("post_tag"), _columns(*_ids("post_id"), Column("lang", TEXT), Column("code", TEXT))
)
ODD = Resource(
    "odd",
    Table('it"em 100%s ]ü'),
    _columns(Column("i d", INTEGER, False), Column("select %s {0}", TEXT), Column('q"u;o', INTEGER)),
    ("i d",),
)
THING = Resource(
    "thing",
    Table("thing"),
    _columns(
        Column("id", INTEGER, False, native="integer"),
        Column("n", INTEGER, native="integer"),
        Column("big", BIGINT, native="bigint"),
        Column("f", NUMBER, native="double precision"),
        Column("d", MONEY, native="numeric(12,2)"),
        Column("ok", BOOLEAN, native="boolean"),
        Column("t", TEXT, native="text"),
        Column("c", CITEXT, native="text"),
        Column("mood", MOOD, native='"mo%od"'),
        Column("u", UUID, native="uuid"),
        Column("day", DATE, native="date"),
        Column("clock", TIME, native="time without time zone"),
        Column("at", DATETIME, native="timestamp with time zone"),
        Column("local", DATETIME_LOCAL, native="timestamp without time zone"),
        Column("j", JSON, native="jsonb"),
        Column("a", array_of(INTEGER), native="integer[]"),
        Column("words", array_of(CITEXT), native="text[]"),
        Column("r", range_of(INTEGER), native="int4range"),
        Column("b", BYTES, native="bytea"),
    ),
    ("id",),
)
CATALOG = Catalog({resource.name: resource for resource in (AUTHOR, POST, TAG, POST_TAG, ODD, THING)})
