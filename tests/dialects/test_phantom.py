"""Phantom: what its document prints, its parameters, and every refusal in its envelope."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.dialects.phantom.parameters import OPPOSITES, sort_key
from sql.operators import OPERATORS
from tests.tables import each

Token = dict[str, str]


def data(answer: TestResponse) -> list[dict[str, object]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.json["success"] is True
    rows: list[dict[str, object]] = answer.json["data"]
    return rows


def refused(answer: TestResponse, status: int = 400) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.json["success"] is False
    assert set(answer.json) <= {"success", "error", "details"}
    return str(answer.json["error"])


# ---------------------------------------------------------------- as the document prints it


def test_the_schema_of_user_as_printed(client: FlaskClient, admin: Token) -> None:
    answer = client.get("/api/User/schema", headers=admin)
    schema = answer.json["schema"]
    assert answer.json == {"success": True, "schema": schema, "data": schema}
    assert schema["fields"]["isActive"] == {"type": "boolean", "default": False} | schema["fields"]["isActive"]
    assert schema["fields"]["name"]["type"] == "string"
    assert schema["permissions"]["read"] == ["admin", "user"]
    assert schema["permissions"]["delete"] == ["admin"]


def test_the_list_of_users_as_printed(client: FlaskClient, admin: Token) -> None:
    rows = data(client.get("/api/User?limit=10&where[isActive]=true&sort=-createdAt", headers=admin))
    assert len(rows) == 10
    assert all(row["isActive"] is True for row in rows)
    times = [str(row["createdAt"]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert all(set(row) >= {"id", "name", "email"} and "password" not in row for row in rows)


def test_the_parameters_as_the_client_library_sends_them(client: FlaskClient, admin: Token) -> None:
    plain = client.get("/api/User?limit=10&where[isActive]=true&sort=-createdAt", headers=admin)
    asked = {"limit": "10", "where[isActive]": "true", "sort[]": "-createdAt"}
    assert data(client.get("/api/User", query_string=asked, headers=admin)) == data(plain)


def test_the_official_forms_of_one_resource_are_one_resource(client: FlaskClient) -> None:
    assert data(client.get("/api/Category")) == data(client.get("/api/categories"))


# ---------------------------------------------------------------- rows


def test_a_row_by_its_key(client: FlaskClient) -> None:
    row = client.get("/api/categories/12").json
    assert row["success"] is True
    assert row["data"]["title"] == "hello"


def test_a_missing_row_is_not_found(client: FlaskClient) -> None:
    assert client.get("/api/categories/9999").json == {"success": False, "error": "Not found"}
    assert refused(client.get("/api/categories/no-number"), 404) == "Not found"


def test_a_trailing_slash_is_tolerated(client: FlaskClient) -> None:
    assert data(client.get("/api/categories/")) == data(client.get("/api/categories"))


SORTS = ["-title", "title:desc", "title desc", "title DESC", "-title,id"]


@each("sort", SORTS)
def test_a_descending_sort_in_each_form(client: FlaskClient, sort: str) -> None:
    titles = [str(row["title"]) for row in data(client.get("/api/categories", query_string={"sort": sort}))]
    assert titles == sorted(titles, reverse=True)
    assert titles[0] == "hello"


LISTS = ["sort=published&sort=-title", "sort[]=published&sort[]=-title", "sort[1]=-title&sort[0]=published"]


@pytest.mark.parametrize("query", LISTS)
def test_a_list_of_sorts_in_each_form(client: FlaskClient, admin: Token, query: str) -> None:
    expected = data(client.get("/api/posts?sort=published,-title", headers=admin))
    assert data(client.get(f"/api/posts?{query}", headers=admin)) == expected


@pytest.mark.parametrize(
    ("text", "key"),
    [("f", ("f", False)), ("f asc", ("f", False)), ("a b desc", ("a b", True)), ("a:b:desc", ("a:b", True))],
)
def test_a_sort_key_is_a_field_and_a_direction(text: str, key: tuple[str, bool]) -> None:
    assert sort_key(text) == key


def test_pages(client: FlaskClient) -> None:
    keys = [row["id"] for row in data(client.get("/api/categories"))]
    assert keys == list(range(1, 13))
    assert [row["id"] for row in data(client.get("/api/categories?limit=5&page=2"))] == keys[5:10]
    assert [row["id"] for row in data(client.get("/api/categories?limit=5&offset=3"))] == keys[3:8]
    assert [row["id"] for row in data(client.get("/api/categories?limit=5&offset=3&page=9"))] == keys[3:8]
    assert [row["id"] for row in data(client.get("/api/categories?page=1"))] == keys
    assert data(client.get("/api/categories?page=2")) == []
    assert data(client.get("/api/categories?limit=5&page=999999999999")) == []


@pytest.mark.parametrize("query", ["select=id,title", "select=id&select=title", "select[]=id&select[1]=title"])
def test_selected_fields(client: FlaskClient, query: str) -> None:
    assert data(client.get(f"/api/categories?{query}&limit=1")) == [{"id": 1, "title": "Mathematics"}]


@pytest.mark.parametrize("query", ["populate=author,category", "populate=author&populate=category"])
def test_populated_relations(client: FlaskClient, admin: Token, query: str) -> None:
    row = client.get(f"/api/posts/1?{query}", headers=admin).json["data"]
    assert row["author"]["email"] == "test@example.com"
    assert "password" not in row["author"]
    assert row["category"]["title"] == "hello"
    assert row["authorId"] == row["author"]["id"]


def test_a_dotted_relation_is_populated_below_the_first(client: FlaskClient, admin: Token) -> None:
    row = client.get("/api/posts/1?populate=author.tenant&select=id", headers=admin).json["data"]
    assert row["author"]["tenant"]["name"] == "Acme Corp"
    assert set(row) == {"id", "author"}


def test_a_relation_to_a_row_that_may_not_be_seen_is_null(client: FlaskClient, user: Token) -> None:
    """Test User sees all comments, but no post of others."""
    posts = [row["post"] for row in data(client.get("/api/comments?populate=post", headers=user))]
    me = "5081778e-c036-5085-8adb-6f1892daaa73"
    assert None in posts
    assert {post["authorId"] for post in posts if isinstance(post, dict)} == {me}


# ---------------------------------------------------------------- where

WHERES = [
    ({"where[status]": "active"}, {"status": "active"}),
    ({"where[status][eq]": "active"}, {"status": {"eq": "active"}}),
    ({"where[age][gt]": "40", "where[age][lt]": "60"}, {"age": {"gt": 40, "lt": 60}}),
    ({"where[age][in]": "30,41"}, {"age": {"in": [30, 41]}}),
    ({"where[age][in][0]": "30", "where[age][in][1]": "41"}, {"age": {"in": [30, 41]}}),
    ({"where[age][between][1]": "41", "where[age][between][0]": "30"}, {"age": {"between": [30, 41]}}),
    ({"where[age][not_in]": "30"}, {"age": {"not_in": [30]}}),
    ({"where[phone][is_null]": "true"}, {"phone": None}),
    ({"where[phone][is_null]": "false"}, {"phone": {"is_not_null": True}}),
    ({"where[name][icontains]": "JOHN"}, {"name": {"icontains": "JOHN"}}),
    ({"where[name][like]": "J%n"}, {"name": {"like": "J%n"}}),
    ({"where[tenant.name]": "Acme Corp"}, {"tenant.name": "Acme Corp"}),
    ({"where[tags][array_contains]": "logic"}, {"tags": {"array_contains": ["logic"]}}),
    ({"where[metadata][json_contains]": '{"level":5}'}, {"metadata": {"json_contains": {"level": 5}}}),
    ({"where[metadata][json_has_key]": "born"}, {"metadata": {"json_has_key": "born"}}),
    ({"where[metadata][json_path_match]": "$.level > 4"}, {"metadata": {"json_path_match": "$.level > 4"}}),
    ({"where[createdAt][lt]": "2023-02-01"}, {"createdAt": {"lt": "2023-02-01T00:00:00Z"}}),
    ({"where[isActive]": "false"}, {"isActive": False}),
]


@each(("brackets", "tree"), WHERES)
def test_where_in_brackets_and_as_json(
    client: FlaskClient, admin: Token, brackets: dict[str, str], tree: dict[str, object]
) -> None:
    everything = data(client.get("/api/User?limit=1000", headers=admin))
    rows = data(client.get("/api/User", query_string={"limit": "1000", **brackets}, headers=admin))
    asked = {"limit": "1000", "where": json.dumps(tree)}
    assert data(client.get("/api/User", query_string=asked, headers=admin)) == rows
    assert 0 < len(rows) < len(everything)


def test_several_operators_on_one_field_all_hold(client: FlaskClient, admin: Token) -> None:
    rows = data(client.get("/api/User?where[age][gt]=40&where[age][lt]=50&limit=1000", headers=admin))
    assert {row["age"] for row in rows} <= set(range(41, 50))


def test_conditions_on_one_relation_speak_of_one_child(client: FlaskClient, admin: Token) -> None:
    comments = data(client.get("/api/comments?limit=1000", headers=admin))
    first, second = comments[0], next(row for row in comments if row["postId"] != comments[0]["postId"])
    tree = {"comments.id": first["id"], "comments.postId": second["postId"]}
    assert data(client.get("/api/posts", query_string={"where": json.dumps(tree)}, headers=admin)) == []


def test_operators_without_operand_have_an_opposite() -> None:
    assert set(OPPOSITES) == {name for name, operator in OPERATORS.items() if operator.operands == "none"}
    assert {OPPOSITES[OPPOSITES[name]] for name in OPPOSITES} == set(OPPOSITES)


# ---------------------------------------------------------------- access


def test_who_has_no_token_is_asked_for_one(client: FlaskClient) -> None:
    answer = client.get("/api/orders")
    assert answer.json == {"success": False, "error": "Access token required"}
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["Bearer nonsense", "Bearer a.b.c", "Basic abc", "Bearer "])
def test_a_bad_token_is_never_anonymous(client: FlaskClient, token: str) -> None:
    answer = client.get("/api/categories", headers={"Authorization": token})
    assert answer.json == {"success": False, "error": "Invalid or expired token"}
    assert answer.status_code == 403


def test_who_may_not_is_forbidden_and_a_hidden_resource_unknown(client: FlaskClient, user: Token) -> None:
    assert refused(client.get("/api/permissions", headers=user), 404) == "Resource 'permissions' not found"
    assert refused(client.get("/api/Nope", headers=user), 404) == "Resource 'Nope' not found"
    assert refused(client.get("/api/Nope/schema", headers=user), 404) == "Resource 'Nope' not found"


def test_the_cookie_carries_the_token(sample: Flask, user: Token) -> None:
    client = sample.test_client()
    client.set_cookie("token", user["Authorization"].removeprefix("Bearer "))
    assert data(client.get("/api/orders"))


def test_the_schema_says_what_definitions_say(client: FlaskClient, admin: Token) -> None:
    def fields(name: str) -> dict[str, object]:
        return client.get(f"/api/{name}/schema", headers=admin).json["schema"]["fields"]

    posts, items = fields("Post"), fields("OrderItem")
    assert posts["id"] == {
        "type": posts["id"]["type"],
        "key": True,
        "unique": True,
        "auto": "increment",
        "default": "increment",
    }
    assert posts["title"] == {"type": "string", "required": True, "max": 200}
    assert posts["published"] == {"type": "boolean", "default": False}
    assert posts["createdAt"] == {"type": "datetime", "auto": "created_at", "default": "now"}
    assert posts["author"]["onDelete"] == "CASCADE"
    assert items["price"] == {"type": "decimal", "required": True, "precision": 10, "scale": 2, "min": 0}
    assert items["quantity"] == {"type": "integer", "required": True, "min": 1}


def test_the_schema_shows_what_the_caller_may_read(client: FlaskClient, user: Token, admin: Token) -> None:
    mine = client.get("/api/schema/customers", headers=user).json["schema"]
    everything = client.get("/api/customers/schema", headers=admin).json["data"]
    assert set(mine["fields"]) - {"orders"} == {"id", "name", "city", "country"}
    assert {"email", "phone", "status"} <= set(everything["fields"])
    assert everything["fields"]["status"]["values"] == ["active", "pending", "archived"]
    assert everything["fields"]["email"]["unique"] is True
    assert everything["fields"]["name"]["required"] is True
    assert client.get("/api/schema/posts", headers=admin).json["schema"]["fields"]["author"] == {
        "type": "relation",
        "target": "User",
        "kind": "to_one",
        "onDelete": "CASCADE",
    }


# ---------------------------------------------------------------- refusals

PLACES = [
    "where[{}]=1",
    "where[{}][gt]=1",
    "where[{}][bogus]=1",
    "where[{}][in]=x&limit=0",
    'where={{"{}": 1}}',
    "sort={}",
    "sort=-{}",
    "sort[0]={}:desc",
    "select={}",
    "select=id,{}",
    "populate={}",
    "select={}&limit=0",
]


@each("place", PLACES)
@each("field", ["email", "phone", "status"])
def test_a_hidden_field_is_an_unknown_one_everywhere(client: FlaskClient, user: Token, place: str, field: str) -> None:
    hidden = client.get(f"/api/customers?{place.format(field)}", headers=user)
    unknown = client.get(f"/api/customers?{place.format('x' * len(field))}", headers=user)
    assert refused(hidden).replace(field, "x" * len(field)) == refused(unknown)
    assert hidden.get_data(as_text=True).replace(field, "x" * len(field)) == unknown.get_data(as_text=True)
    assert field in refused(hidden)


@each("place", [*PLACES[:4], *PLACES[5:]])
def test_a_password_is_no_field_for_anybody(client: FlaskClient, admin: Token, place: str) -> None:
    assert "Unknown field 'password'" in refused(client.get(f"/api/User?{place.format('password')}", headers=admin))


@each("place", PLACES)
def test_a_field_behind_a_hidden_relation_is_unknown(client: FlaskClient, place: str) -> None:
    assert "Unknown field" in refused(client.get(f"/api/posts?{place.format('author.email')}"))


FOREIGN = ["filter", "filters[title][$eq]", "baseFilter", "fields", "include", "search", "pageSize", "textSearchValue"]
FOREIGN += ["count", "aggregate", "groupBy", "filter-expression", "includeRelations", "$filter", "_where", "__proto__"]


@each("name", [*FOREIGN, "Limit", "wherex", "where]", "limit[]", "bogus"])
def test_a_parameter_nobody_knows_is_refused(client: FlaskClient, name: str) -> None:
    assert name in refused(client.get("/api/categories", query_string={name: "1"}))


@each("name", ["limit", "offset", "page", "sort", "where[title]", "bogus"])
def test_one_row_takes_select_and_populate_only(client: FlaskClient, name: str) -> None:
    assert refused(client.get("/api/categories/1", query_string={name: "1"}))


BAD = [
    ("limit=0", "Limit must be an integer between 1 and 1000"),
    ("limit=-1", "Limit must be an integer between 1 and 1000"),
    ("limit=1001", "Limit must be an integer between 1 and 1000"),
    ("limit=1e3", "Limit must be an integer between 1 and 1000"),
    ("limit=", "Limit must be an integer between 1 and 1000"),
    ("limit=1&limit=2", "limit"),
    ("offset=-1", "Offset"),
    ("offset=99999999999999999999", "Offset"),
    ("page=0", "Page"),
    ("page=x", "Page"),
    ("where={", "where"),
    ("where=[]", "where"),
    ("where=1", "where"),
    ("where=null", "where"),
    ('where={"title":{}}', "title"),
    ('where={"title":"a","title":"b"}', "where"),
    ('where={"id":NaN}', "where"),
    ('where={"id":[1]}', "id"),
    ('where={"id":{"gt":null}}', "id"),
    ('where={"id":{"eq":{"a":1}}}', "id"),
    ("where[id]=x", "id"),
    ("where[id]=1.5", "id"),
    ("where[id]=99999999999999999999", "id"),
    ("where[id][bogus]=1", "bogus"),
    ("where[id][contains]=1", "contains"),
    ("where[id][between]=1", "between"),
    ("where[id][is_null]=maybe", "where"),
    ("where[id][gt]=1&where[id][gt]=2", "gt"),
    ("where[id][gt][x]=1", "where"),
    ("where[id][gt][0][1]=1", "where"),
    ("where[id=1", "where"),
    ("where[]=1", "where"),
    ("where[title]=%00", "title"),
    ("sort[x]=id", "sort"),
    ("sort=posts.id", "posts.id"),
    ("populate=title", "title"),
    ("select=**", "**"),
]


@each(("query", "word"), BAD)
def test_what_cannot_be_read_is_refused(client: FlaskClient, query: str, word: str) -> None:
    assert word in refused(client.get(f"/api/categories?{query}"))


WIDE = {
    "where": json.dumps({"id": {"in": list(range(10_001))}}),
    "sort": ",".join(["id"] * 21),
    "populate": ".".join(["posts", "category"] * 4),
    "select": ".".join(["posts", "category"] * 4000),
    "where[" + "posts.category." * 20 + "id]": "1",
    "where[" + "posts.category." * 4000 + "id]": "1",
}


@each("name", WIDE, ids=lambda name: name[:20])
def test_too_deep_and_too_wide_are_refused(client: FlaskClient, name: str) -> None:
    refused(client.get("/api/categories", query_string={name: WIDE[name]}))


def test_json_that_nests_too_deeply_is_refused(client: FlaskClient) -> None:
    for depth in (70, 20_000):
        refused(client.get("/api/categories", query_string={"where": '{"id":' + "[" * depth + "]" * depth + "}"}))


FIELDS = ["title", "body", "posts.title", "posts.content", "posts.comments.body"]
FIELDS += [f"posts.author.{name}" for name in ("name", "email", "firstName", "lastName", "phone")]


def test_too_many_conditions_are_refused(client: FlaskClient, admin: Token) -> None:
    words = [name for name, operator in OPERATORS.items() if "text" in operator.families and operator.operands == "one"]
    tree = {name: dict.fromkeys(words, "a") for name in FIELDS}
    answer = client.get("/api/categories", query_string={"where": json.dumps(tree)}, headers=admin)
    assert "at most 200" in refused(answer)
    few = {name: tree[name] for name in FIELDS[:2]}
    assert client.get("/api/categories", query_string={"where": json.dumps(few)}).status_code == 200


RESERVED = ["/api/batch", "/api/schema", *(f"/api/posts/{word}" for word in ("create", "read", "update", "delete"))]
RESERVED += ["/api/posts/createIfNotExists", "/api/posts/updateIfExists"]


@each("path", RESERVED)
@each("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_reserved_word_is_never_a_resource_or_a_key(
    client: FlaskClient, admin: Token, path: str, method: str
) -> None:
    assert "not allowed" in refused(client.open(path, method=method, headers=admin), 405)


@pytest.mark.parametrize("path", ["/api", "/api/batch/1", "/api/a/b/c/d"])
def test_an_unknown_path_is_told_in_the_envelope(client: FlaskClient, path: str) -> None:
    assert client.get(path).json["success"] is False
    assert refused(client.get(path), 404) == "Route not found"


NAMES = [
    'x"; DROP TABLE posts; --',
    "posts'",
    "posts--",
    "a" * 64,
    "\u201cposts\u201d",
    "posts%00",
    "..",
    "sqlite_master",
]


@each("name", NAMES)
def test_a_name_that_is_no_resource_reaches_nothing(client: FlaskClient, admin: Token, name: str) -> None:
    assert client.get(f"/api/{name}", headers=admin).status_code == 404


@each("name", NAMES)
def test_a_name_that_is_no_field_reaches_nothing(client: FlaskClient, name: str) -> None:
    for parameter in ("sort", "select", "populate", "where"):
        key, value = (f"where[{name}]", "1") if parameter == "where" else (parameter, name)
        refused(client.get("/api/categories", query_string={key: value}))


def test_a_doubled_slash_is_answered_in_the_envelope(client: FlaskClient) -> None:
    answer = client.get("/api//categories")
    assert (answer.status_code, answer.json) == (404, {"success": False, "error": "Route not found"})
