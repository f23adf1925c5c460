"""Texts made to be slow, deep, long or something else than a condition: each is refused at once."""

from crud.wire.expression import DEPTH, TERMS
from tests.crud.test_expression import line, refused
from tests.tables import each

ATTACKS = [
    "id IN (SELECT id FROM posts)",
    "id = (SELECT 1)",
    "EXISTS (SELECT 1)",
    "upper(title) = 'A'",
    "load_extension('x') = 1",
    "pg_sleep(10) = 1",
    "title = pg_sleep(10)",
    "title = 'a' UNION SELECT password FROM users",
    "title = 'a'; DROP TABLE posts",
    "title = 'a' -- comment",
    "title = 'a' /* comment */",
    "title = 'a' # comment",
    "ATTACH DATABASE 'x' AS y",
    "PRAGMA table_info(posts)",
    "title = 'a' COLLATE NOCASE",
    "CASE WHEN id = 1 THEN 1 END = 1",
    "title || 'a' = 'b'",
    "views + 1 = 2",
    "title = $1",
    "title = ?",
    "title = :name",
    "title = @name",
    "title = E'\\x41'",
    "title::text = 'a'",
    "title = x'41'",
    "title REGEXP 'a'",
    "title GLOB 'a'",
    "posts.title = 'a'",
    "title = \x00",
    "title = 'a\x00b'",
    "title = \u2018a\u2019",
    "views = NaN",
    "views = Infinity",
    "views = 1e999999999",
    "views = 1e99999999999999999999999",
    "views = " + "9" * 5000,
    "(" * 2000 + "id = 1" + ")" * 2000,
    "NOT " * 2000 + "id = 1",
    "id = 1" + " AND id = 1" * 20_000,
    "id = 1" + " OR id = 1" * 20_000,
    "author.posts." * 5000 + "id = 1",
    "'" * 60_001,
    '"' * 60_001,
    "`" * 60_001,
    "'a" + "''" * 30_000,
    "(" * 60_000,
    "1" * 60_000,
    "1." * 30_000,
    "1e" * 30_000,
    " " * 60_000,
    "a" * 60_000,
    "a." * 30_000,
    "id IN (" + "1," * 30_000,
    "title LIKE" * 6_000,
]


@each("text", ATTACKS, ids=[text[:30] for text in ATTACKS])
def test_an_attack_is_refused_in_few_words(text: str) -> None:
    message = refused(text)
    assert len(message) < len(text) + 200


def test_levels_are_counted_up_to_the_limit() -> None:
    assert line("(" * DEPTH + "id = 1" + ")" * DEPTH) == "id eq 1"
    assert "more than 32 levels deep" in refused("(" * (DEPTH + 1) + "id = 1" + ")" * (DEPTH + 1))


def test_conditions_are_counted_up_to_the_limit() -> None:
    assert line("id = 1" + " OR id = 1" * (TERMS - 1)).count("eq") == TERMS
    assert "more than 200 conditions" in refused("id = 1" + " OR id = 1" * TERMS)
