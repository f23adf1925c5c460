"""Conditions on the rows that are reached over a relation: `relConditions` of a permission, `related` of a rule."""

from itertools import product
from typing import Any

import pytest

from crud.access.policy import Policy
from crud.definitions.declared import RuleDefinition
from sql.expressions import TRUE, And, Filter
from tests.access.ruling import items, permit, person
from tests.crud.test_permissions import CATALOG
from tests.dialects.conftest import Fresh, Token

DRAFT = ("Draft", "Not yet")


@pytest.fixture
def reader(fresh: Fresh) -> Token:
    """Reads categories and comments, and posts over both only where they are published."""
    headers = person(fresh, "reader")
    permit(fresh, "categories", role="reader", relConditions={"posts": {"published": True}})
    permit(fresh, "comments", role="reader", relConditions={"post": {"published": {"eq": True}}})
    permit(fresh, "posts", role="reader")
    fresh.client.post("/items/posts", json=_post(fresh), headers=fresh.admin)
    (draft,) = [row["id"] for row in items(fresh.client, fresh.admin, 'posts?filter={"title":"DRAFTMARK"}')]
    comment = {"postId": draft, "body": "On a draft"}
    assert fresh.client.post("/items/comments", json=comment, headers=fresh.admin).status_code == 201
    return headers


def _post(fresh: Fresh) -> dict[str, object]:
    author = str(fresh.rows("SELECT id FROM _dragoman_users LIMIT 1")[0][0])
    return {"title": "DRAFTMARK", "content": "DRAFTMARK", "published": False, "authorId": author, "categoryId": 1}


def test_the_rows_themselves_are_not_concerned(fresh: Fresh, reader: Token) -> None:
    assert items(fresh.client, reader, 'posts?filter={"title":"DRAFTMARK"}')


INCLUDES = (
    "/api/categories?populate=posts&limit=1000",
    "/api/comments?populate=post&limit=1000",
    "/json/category?include=posts&pageSize=1000",
    "/json/comment?include=post&pageSize=1000",
    "/v1/categories?includeRelations=true",
    "/v1/comments?includeRelations=true",
    "/items/categories?fields=*,posts.*",
    "/items/comments?fields=*,post.*",
    "/items/comments?fields=*,post.category.*,post.title",
)


def test_included_rows_satisfy_them(fresh: Fresh, reader: Token) -> None:
    for path in INCLUDES:
        assert "DRAFTMARK" in fresh.client.get(path, headers=fresh.admin).get_data(as_text=True)
        answer = fresh.client.get(path, headers=reader)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200, text
        assert "DRAFTMARK" not in text and "Notes on the Analytical Engine" in text, path


CONDITIONS = (
    "/api/categories?where[posts.title]={}",
    "/api/comments?where[post.title]={}",
    '/json/category?filter=[{{"field":"posts.title","comparison":"equals","value":"{}"}}]',
    '/json/comment?filter=[{{"field":"post.title","comparison":"equals","value":"{}"}}]',
    '/items/categories?filter={{"posts.title":"{}"}}',
    '/items/comments?filter={{"post.title":"{}"}}',
)


def test_conditions_over_them_find_nothing_else(fresh: Fresh, reader: Token) -> None:
    for path, (title, found) in product(CONDITIONS, (("DRAFTMARK", 0), ("Notes on the Analytical Engine", 1))):
        answer = fresh.client.get(path.format(title), headers=reader)
        assert answer.status_code == 200, answer.json
        assert min(1, len(answer.json["data"])) == found, (path, answer.json)
        assert fresh.client.get(path.format(title), headers=fresh.admin).json["data"]


def test_a_sort_and_a_group_over_them_see_nothing(fresh: Fresh, reader: Token) -> None:
    path = '/items/comments?aggregate={"n":{"function":"count"}}&groupBy=post.title'
    groups = fresh.client.get(path, headers=reader).json["data"]
    assert "DRAFTMARK" not in {group["post.title"] for group in groups}
    found = items(fresh.client, reader, "comments?sort=-post.title&fields=body,post.title")
    parents = [row["post"] for row in found]
    without = parents.index(None), parents.count(None)
    assert without[0] == 0 and None not in parents[without[1] :]  # no parent is NULL, which comes first
    assert "On a draft" in [row["body"] for row in found[: without[1]]]


# ---------------------------------------------------------------- several rules


def related(*rules: RuleDefinition) -> Filter:
    policy = Policy(CATALOG, rules)
    access = policy.access(CATALOG.resource("authors"), frozenset({"a", "b"}), "read", tenantless=True)
    return access.beyond("posts")


def allowing(role: str, beyond: Any = None, where: Any = None) -> RuleDefinition:
    given = {} if beyond is None else {"posts": {"id": beyond}}
    return RuleDefinition(role, "authors", ("read",), where=where, related=given)


ONE, TWO = related(allowing("a", 1)), related(allowing("a", 2))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((allowing("a", 1), allowing("b", 1)), ONE),
        ((allowing("a", 1), allowing("b")), TRUE),
        ((allowing("a", 1), allowing("b", where={"id": 7})), ONE),
        ((allowing("a", 1, where={"id": 7}), allowing("b")), TRUE),
        ((allowing("a", 1, where={"id": 7}), allowing("b", where={"id": 8})), And((ONE, TRUE))),
        ((allowing("a", 1, where={"id": 7}), allowing("b", 2, where={"id": 8})), And((ONE, TWO))),
        ((allowing("a", {"in": []}), allowing("b", where={"id": 8})), related(allowing("a", {"in": []}))),
    ],
)
def test_what_is_reached_satisfies_a_rule_that_shows_the_row(
    rules: tuple[RuleDefinition, ...], expected: Filter
) -> None:
    assert ONE != TWO != TRUE
    assert related(*rules) == expected


# ---------------------------------------------------------------- in the configuration

CONFIGURED = """
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}"}
schemas:
  main:
    entities:
      authors:
        fields: {id: {type: integer, key: true}}
        rules: [{role: anon, actions: [read], related: {books: {open: true}}}]
      books:
        fields:
          id: {type: integer, key: true}
          open: {type: boolean}
          author_id: {type: integer, references: authors}
        rules: [{role: anon, actions: [read]}]
"""


def test_a_rule_of_the_configuration_has_them_too(make_app: Any, empty_url: str) -> None:
    app = make_app(CONFIGURED, empty_url)
    with app.extensions["dragoman"].state.held.system.transaction() as session:
        session.execute("INSERT INTO authors (id) VALUES (1)")
        session.execute("INSERT INTO books (id, open, author_id) VALUES (1, true, 1), (2, false, 1)")
    answer = app.test_client().get("/items/authors?fields=books.id")
    assert answer.json["data"] == [{"books": [{"id": 1}]}]
