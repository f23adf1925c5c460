"""Relations that are there only where a column says so: one column that leads to rows of several resources.

A section of a layout shows a post or a page; post 1 and page 1 have the same id. Wherever the relation is followed, a section
of a page has no post.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from tests.dialects.conftest import Fresh, with_callers

SECTIONS = """
      sections:
        fields:
          id: {type: integer, key: true, default: increment}
          layout_id: {type: integer, references: layouts}
          item_id: {type: integer}
          collection: {type: enum, values: [posts, pages]}
          place: {type: integer}
        relations:
          post: {target: posts, kind: to_one, columns: {item_id: id}, only: {collection: posts}, inverse: sections}
          page: {target: pages, kind: to_one, columns: {item_id: id}, only: {collection: pages}}
        rules:
          - {role: user, actions: [read], where: {post.title: First}}
          - {role: anon, actions: [read], fields: [id, item_id, place]}
"""
CONFIG = f"""
sources: {{default: {{database: "${{DATABASE_URL}}"}}}}
rules: [{{role: user, resource: posts, actions: [read]}}, {{role: anon, resource: posts, actions: [read]}}]
schemas:
  main:
    entities:
      layouts:
        fields: {{id: {{type: integer, key: true, default: increment}}, name: {{type: string}}}}
        relations:
          posts: {{target: posts, through: sections, near: {{id: layout_id}}, far: {{item_id: id}}, only: {{collection: posts}}, inverse: layouts}}
      posts:
        fields: {{id: {{type: integer, key: true, default: increment}}, title: {{type: string}}}}
      pages:
        fields: {{id: {{type: integer, key: true, default: increment}}, name: {{type: string}}}}
        relations:
          early: {{target: sections, kind: to_many, columns: {{id: item_id}}, only: {{collection: pages, place: 1}}}}
{SECTIONS}"""
ROWS = {
    "layouts": [{"name": "Front"}, {"name": "Back"}],
    "posts": [{"title": "First"}, {"title": "Second"}],
    "pages": [{"name": "About"}, {"name": "Terms"}],
    "sections": [
        {"layout_id": 1, "item_id": 1, "collection": "posts", "place": 1},
        {"layout_id": 1, "item_id": 1, "collection": "pages", "place": 2},
        {"layout_id": 1, "item_id": 2, "collection": "posts", "place": 3},
        {"layout_id": 2, "item_id": 2, "collection": "pages", "place": 1},
        {"layout_id": 2, "item_id": 1, "collection": None, "place": 2},
    ],
}


@pytest.fixture
def links(make_app: Callable[..., Flask], empty_url: str) -> Fresh:
    made = with_callers(make_app(CONFIG, empty_url))
    for name, rows in ROWS.items():
        for row in rows:
            assert made.client.post(f"/items/{name}", json=row, headers=made.admin).status_code == 201
    return made


def get(links: Fresh, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
    asked = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
    answer = links.client.get(f"{path}?{urlencode(asked)}", headers=links.admin if headers is None else headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json["data"] if isinstance(answer.json, dict) and "data" in answer.json else answer.json


def ids(rows: Any) -> list[int]:
    return [row["id"] for row in rows]


def test_a_row_that_is_linked_with_something_else_has_no_such_parent(links: Fresh) -> None:
    rows = get(links, "/items/sections", fields=["id", "post.title", "page.name"], sort=["id"])
    assert [(row["post"] and row["post"]["title"], row["page"] and row["page"]["name"]) for row in rows] == [
        ("First", None),
        (None, "About"),
        ("Second", None),
        (None, "Terms"),
        (None, None),
    ]
    shown = get(links, "/json/section", include="post,page")
    assert [(row["post"] and row["post"]["id"], row["page"] and row["page"]["id"]) for row in shown] == [
        *((1, None), (None, 1), (2, None), (None, 2), (None, None))
    ]


def test_conditions_over_the_relation_speak_of_its_rows_alone(links: Fresh) -> None:
    assert ids(get(links, "/items/sections", filter={"post.title": {"eq": "First"}})) == [1]
    assert ids(get(links, "/api/sections", **{"where[post.title]": "First"})) == [1]
    condition = [{"field": "post.title", "comparison": "equals", "value": "First"}]
    assert ids(get(links, "/json/section", filter=condition)) == [1]
    assert ids(get(links, "/v1/sections", **{"filters[post][title][$eq]": "First"})) == [1]
    assert ids(get(links, "/items/sections", filter={"page.id": {"eq": 2}})) == [4]


def test_rows_are_sorted_and_grouped_by_what_is_there(links: Fresh) -> None:
    assert ids(get(links, "/items/sections", sort={"post.title": "desc", "id": "asc"})) == [2, 4, 5, 3, 1]
    groups = get(
        links, "/items/sections", groupBy=["post.title"], aggregate={"n": {"function": "count", "field": "id"}}
    )
    assert sorted((str(row["post.title"]), int(row["n"])) for row in groups) == [
        ("First", 1),
        ("None", 3),
        ("Second", 1),
    ]


def test_children_are_those_of_the_right_kind(links: Fresh) -> None:
    rows = get(links, "/items/posts", fields=["id", "sections.place"], sort=["id"])
    assert [[child["place"] for child in row["sections"]] for row in rows] == [[1], [3]]
    shown = get(links, "/json/post", include="sections")
    assert [[child["id"] for child in row["sections"]] for row in shown] == [[1], [3]]
    pages = get(links, "/items/pages", fields=["id", "early.id"], sort=["id"])
    assert [[child["id"] for child in row["early"]] for row in pages] == [[], [4]]
    assert ids(get(links, "/items/posts", filter={"sections.place": {"eq": 2}})) == []
    assert ids(get(links, "/items/pages", filter={"early.place": {"eq": 1}})) == [2]


def test_a_junction_leads_on_only_where_it_says_so(links: Fresh) -> None:
    rows = get(links, "/items/layouts", fields=["id", "posts.title"], sort=["id"])
    assert [[post["title"] for post in row["posts"]] for row in rows] == [["First", "Second"], []]
    assert ids(get(links, "/items/layouts", filter={"posts.title": {"eq": "First"}})) == [1]
    assert ids(get(links, "/items/posts", filter={"layouts.name": {"eq": "Back"}})) == []
    first = get(links, "/json/layout", include="posts")[0]
    assert [post["title"] for post in first["posts"]] == ["First", "Second"]


def test_a_rule_over_the_relation_lets_through_its_rows_alone(links: Fresh) -> None:
    assert ids(get(links, "/items/sections", links.user)) == [1]
    assert ids(get(links, "/api/sections", links.user)) == [1]
    rows = get(links, "/items/posts", links.user, fields=["id", "sections.id"])
    assert [ids(row["sections"]) for row in rows] == [[1], []]


def test_who_may_not_see_the_column_may_not_follow_the_relation(links: Fresh) -> None:
    for path in ("/items/sections", "/json/section"):
        assert links.client.get(path).status_code == 200
    asked = urlencode({"filter": json.dumps({"post.title": {"eq": "First"}})})
    refused = links.client.get(f"/items/sections?{asked}")
    unknown = links.client.get(f"/items/sections?{asked.replace('post.title', 'none.title')}")
    assert refused.status_code == unknown.status_code == 400
    assert json.dumps(refused.json).replace("post", "none") == json.dumps(unknown.json)


def stored(links: Fresh, *names: str) -> list[tuple[object, ...]]:
    return links.rows(f"SELECT {', '.join(names)} FROM sections WHERE id > 5 ORDER BY id")


def test_rows_within_rows_get_the_value_that_leads_to_them(links: Fresh) -> None:
    for body, path in (
        ({"place": 6, "post": {"title": "Third"}}, "/items/sections"),
        ({"title": "Fourth", "sections": [{"place": 7}]}, "/items/posts"),
        ({"name": "Side", "posts": [1, {"title": "Fifth"}]}, "/items/layouts"),
        ({"name": "Legal", "early": [{"layout_id": 2}]}, "/items/pages"),
    ):
        answer = links.client.post(path, json=body, headers=links.admin)
        assert answer.status_code == 201, answer.get_data(as_text=True)
    assert stored(links, "item_id", "collection", "layout_id")[:4] == [
        *((3, "posts", None), (4, "posts", None)),
        *((1, "posts", 3), (5, "posts", 3)),
    ]
    assert stored(links, "item_id", "collection", "layout_id", "place")[4:] == [(3, "pages", 2, 1)]


def test_xond_and_phantom_fill_it_in_as_well(links: Fresh) -> None:
    for body, path in (
        ({"place": 6, "post": {"title": "Third"}}, "/json/section"),
        ({"title": "Fourth", "sections": [{"place": 7}]}, "/json/post"),
        ({"place": 8, "page": 2}, "/api/sections"),
    ):
        answer = links.client.post(path, json=body, headers=links.admin)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    assert stored(links, "item_id", "collection", "place") == [(3, "posts", 6), (4, "posts", 7), (2, "pages", 8)]
    clash = links.client.post("/api/sections", json={"page": 2, "collection": "posts"}, headers=links.admin)
    assert clash.status_code == 400


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{collection: post}", "relations.post.only.collection: 'post' is not one of posts, pages"),
        ("{nothing: x}", "relations.post.only.nothing: sections has no column 'nothing' to compare"),
        ("{}", "relations.post.only: must not be empty"),
        ("{collection: null}", "relations.post.only.collection: must be a text or a number or true or false"),
    ],
)
def test_mistakes_are_told(make_app: Callable[..., Flask], empty_url: str, said: str, message: str) -> None:
    with pytest.raises(Exception, match="relations.post.only") as told:
        make_app(CONFIG.replace("{collection: posts}, inverse: sections", f"{said}, inverse: sections"), empty_url)
    assert message in str(told.value)
