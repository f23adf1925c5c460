"""Baasix reading: every GET that its document prints, and what its wire sheet adds."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.tables import each

Token = dict[str, str]
TEST_POST = {"id": 1, "title": "Test Post", "content": "This is a test post"}


def read(client: FlaskClient, path: str, headers: Token | None = None, **params: object) -> Any:
    query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    answer = client.get(path, headers=headers, query_string=query or None)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


def ids(client: FlaskClient, path: str, headers: Token | None = None, **params: object) -> list[object]:
    return [row["id"] for row in read(client, path, headers, **params)["data"]]


@pytest.mark.parametrize("query", ["", "?limit=10&page=1", '?filter={"published":{"eq":true}}'])
def test_printed_posts(client: FlaskClient, user: Token, query: str) -> None:
    body = read(client, f"/items/posts{query}", user)
    assert body["totalCount"] == 1 and len(body["data"]) == 1
    assert {**TEST_POST, "published": True}.items() <= body["data"][0].items() and body["data"][0]["authorId"]


def test_printed_field_selection(client: FlaskClient, user: Token) -> None:
    url = "/items/posts?fields=%5B%22id%22%2C%22title%22%2C%22content%22%5D"
    assert read(client, url, user) == {"data": [TEST_POST], "totalCount": 1}


TEST_USER = {"email": "test@example.com", "firstName": "Test", "lastName": "User"}
FIELDS = '["*", "userRoles.role.name"]'


def test_printed_relations(client: FlaskClient, user: Token) -> None:
    body = read(client, "/items/baasix_User", user, fields=FIELDS)
    assert body["totalCount"] == 1 and TEST_USER.items() <= body["data"][0].items()
    assert body["data"][0]["userRoles"] == [{"role": {"name": "user"}}]
    assert "password" not in json.dumps(body)


def test_printed_filter(client: FlaskClient, user: Token, admin: Token) -> None:
    tree = '{"AND":[{"userRoles.role.name":{"eq":"user"}},{"firstName":{"eq":"Test"}}]}'
    for headers in (user, admin):
        body = read(client, "/items/baasix_User", headers, filter=tree, fields=FIELDS, limit="10", page="1")
        assert body["totalCount"] == 1 and TEST_USER.items() <= body["data"][0].items()


def test_one_item(client: FlaskClient, user: Token) -> None:
    assert read(client, "/items/posts/1", user, fields="id,title,content") == {"data": TEST_POST}
    assert read(client, "/items/posts/1/", user, fields="comments.id", relConditions={"comments": {"id": 0}}) == {
        "data": {"comments": []}
    }


@pytest.mark.parametrize("sort", ["-released,name", '["-released","name"]', '{"released":"DESC","name":"asc"}'])
def test_sort(client: FlaskClient, sort: str) -> None:
    rows = read(client, "/items/products", sort=sort, fields="name", limit="3")["data"]
    names = ["Raspberry Pi Model B", "Kindle, first generation", "iPhone, first generation (4 GB)"]
    assert [row["name"] for row in rows] == names


def test_sort_over_a_relation(client: FlaskClient) -> None:
    rows = read(client, "/items/posts", sort="category.title,-id", fields="category.title")["data"]
    titles = [row["category"]["title"] for row in rows if row["category"]]
    assert titles == sorted(titles)


@each(
    ("params", "count"),
    [({}, 12), ({"limit": "-1"}, 12), ({"limit": "5"}, 5), ({"page": "2"}, 2), ({"limit": "5", "page": "3"}, 2)],
)
def test_pages(client: FlaskClient, params: dict[str, Any], count: int) -> None:
    body = read(client, "/items/categories", **params)
    assert len(body["data"]) == count and body["totalCount"] == 12


def test_a_page_past_the_end_is_empty(client: FlaskClient) -> None:
    assert read(client, "/items/categories", page="99999999999") == {"data": [], "totalCount": 12}


@pytest.mark.parametrize("fields", ["id,title", '["id","title"]'])
def test_fields_in_each_form(client: FlaskClient, fields: str) -> None:
    assert read(client, "/items/categories/1", fields=fields)["data"] == {"id": 1, "title": "Mathematics"}
    repeated = client.get("/items/categories/1?fields=id&fields=title").get_json()
    assert repeated["data"] == {"id": 1, "title": "Mathematics"}


@each("fields", ["*.*", "post.*", "post", "**", "post.**", "*.*.*"])
def test_wildcards_load_relations(client: FlaskClient, admin: Token, fields: str) -> None:
    row = read(client, "/items/comments/1", admin, fields=fields)["data"]
    assert TEST_POST.items() <= row["post"].items()


def test_wildcards_leave_out_what_is_hidden(client: FlaskClient) -> None:
    assert "author" not in read(client, "/items/comments/1", fields="*.*")["data"]
    assert "author" not in read(client, "/items/comments/1", fields="**")["data"]


def test_related_rows_are_narrowed_alone(client: FlaskClient) -> None:
    body = read(client, "/items/posts", fields="id,comments.id", relConditions={"comments": {"id": {"lte": 2}}})
    assert body["totalCount"] > 40
    assert body["data"][:3] == [
        {"id": 1, "comments": [{"id": 1}]},
        {"id": 2, "comments": [{"id": 2}]},
        {"id": 3, "comments": []},
    ]


@pytest.mark.parametrize("tree", [{"comments": {"post": {"id": 2}}}, {"comments.post": {"id": 2}}])
def test_conditions_on_relations_of_relations(client: FlaskClient, tree: object) -> None:
    row = read(client, "/items/posts/1", fields="comments.post.id", relConditions=tree)["data"]
    assert row == {"comments": [{"post": None}]}


def test_search(client: FlaskClient) -> None:
    assert ids(client, "/items/products", search="APPLE", searchFields="name", sort="released,name") == [
        f"00000000-0000-0000-0000-0000000000{number}" for number in ("02", "03", "15")
    ]
    assert ids(client, "/items/comments", search="Test Post", searchFields="post.title") == [1]
    assert ids(client, "/items/posts", search="read it", searchFields="title,comments.body") == [1]
    assert ids(client, "/items/posts", search='secret:word* NEAR "x') == []
    ranked = read(client, "/items/posts", search="formal", sortByRelevance="true", fields="title")["data"]
    assert ranked[0]["title"] == "Formal Logic"


def test_search_leaves_out_hidden_columns(client: FlaskClient, user: Token) -> None:
    assert ids(client, "/items/customers", user, search="555-0107") == []
    assert ids(client, "/items/customers", user, search="ann smith") == [1]


def test_aggregates(client: FlaskClient) -> None:
    wanted = {
        "n": {"function": "count", "field": "*"},
        "kinds": {"function": "distinct", "field": "category"},
        "low": {"function": "min", "field": "price"},
        "high": {"function": "max", "field": "price"},
        "total": {"function": "sum", "field": "price"},
        "mean": {"function": "avg", "field": "released"},
    }
    body = read(client, "/items/products", aggregate=wanted, filter={"category": "calculators"})
    assert body == {
        "data": [{"n": 2, "kinds": 1, "low": 395, "high": 795, "total": 1190, "mean": 1973}],
        "totalCount": 1,
    }


@pytest.mark.parametrize("group", ["category", '["category"]'])
def test_groups(client: FlaskClient, group: str) -> None:
    body = read(
        client,
        "/items/products",
        aggregate={"n": {"function": "count"}, "years": {"function": "array_agg", "field": "released"}},
        groupBy=group,
        sort="-category",
        limit="2",
    )
    assert body["totalCount"] == 5
    assert [(row["category"], row["n"]) for row in body["data"]] == [("software", 4), ("handhelds", 4)]
    assert sorted(body["data"][0]["years"]) == [1979, 1983, 1983, 1985]


def test_groups_by_relations_and_parts_of_dates(client: FlaskClient) -> None:
    body = read(client, "/items/comments", groupBy="post.category.title,date:year:createdAt", limit="1")
    assert set(body["data"][0]) == {"post.category.title", "date:year:createdAt"}
    assert body["data"][0]["date:year:createdAt"] == 2024 and body["totalCount"] > 1


def test_groups_and_totals_count_what_the_caller_may_see(client: FlaskClient, user: Token) -> None:
    counted = {"n": {"function": "count", "field": "id"}}
    assert read(client, "/items/posts", user, aggregate=counted)["data"] == [{"n": 1}]


def test_variables(client: FlaskClient, user: Token) -> None:
    assert ids(client, "/items/orders", user, filter={"user_id": {"in": ["$CURRENT_USER"]}}) == [5, 48]
    assert ids(client, "/items/orders", user, filter={"user.email": "$CURRENT_USER.email"}) == [5, 48]
    assert ids(client, "/items/posts", filter={"authorId": "$CURRENT_USER"}) == []
    assert len(ids(client, "/items/products", user, filter={"organization_id": "$CURRENT_TENANT"})) > 0
