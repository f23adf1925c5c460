"""What Baasix refuses: each mistake is a 4xx in its envelope, and a hidden name is answered as an unknown one."""

import json

import pytest
from flask.testing import FlaskClient

from tests.tables import each

Token = dict[str, str]
Params = dict[str, object]


def ask(client: FlaskClient, path: str, params: Params, headers: Token | None = None) -> tuple[int, str]:
    query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    answer = client.get(path, headers=headers, query_string=query or None)
    error = answer.json["error"]
    assert set(error) == {"message", "details", "statusCode"} and error["statusCode"] == answer.status_code
    assert set(answer.json) == {"error"}
    return answer.status_code, error["message"]


def deep(levels: int) -> object:
    tree: object = {"id": 1}
    for number in range(levels):
        tree = {"AND" if number % 2 else "OR": [tree, {"id": 2}]}
    return tree


# where a field can be named → the parameters that name it
POSITIONS: dict[str, Params] = {
    "fields": {"fields": "FIELD"},
    "fields beside a star": {"fields": ["*", "FIELD"]},
    "filter": {"filter": {"FIELD": {"startsWith": "a"}}},
    "filter, wrong type": {"filter": {"FIELD": {"between": "a"}}},
    "filter, unknown operator": {"filter": {"FIELD": {"zap": 1}}},
    "filter in OR": {"filter": {"OR": [{"id": 1}, {"FIELD": {"isNull": True}}]}},
    "filter, other column": {"filter": {"name": "$COL(FIELD)"}},
    "filter, cast": {"filter": {"FIELD": {"eq": "1", "cast": "zap"}}},
    "sort": {"sort": "-FIELD"},
    "sort, object": {"sort": {"FIELD": "desc"}},
    "search": {"search": "a", "searchFields": "FIELD"},
    "relevance": {"search": "a", "searchFields": "FIELD", "sortByRelevance": "true"},
    "aggregate": {"aggregate": {"x": {"function": "min", "field": "FIELD"}}},
    "aggregate, wrong type": {"aggregate": {"x": {"function": "sum", "field": "FIELD"}}},
    "groupBy": {"groupBy": "FIELD"},
    "groupBy, part of a date": {"groupBy": "date:year:FIELD"},
    "relConditions": {"relConditions": {"FIELD": {"id": 1}}},
}


@each("position", POSITIONS)
def test_a_hidden_field_is_as_unknown_as_one_that_does_not_exist(
    client: FlaskClient, user: Token, position: str
) -> None:
    text = json.dumps(POSITIONS[position])
    for prefix, path in (("", "/items/customers"), ("customer.", "/items/orders")):
        if prefix and position.startswith(("rel", "filter, other")):
            continue
        hidden = ask(client, path, json.loads(text.replace("FIELD", f"{prefix}email")), user)
        unknown = ask(
            client, path, json.loads(text.replace("FIELD", f"{prefix}zzzzz").replace('"name', f'"{prefix}name')), user
        )
        assert hidden[0] == 400 and (hidden[0], hidden[1].replace("email", "zzzzz")) == unknown
        assert unknown[1].startswith(f"Unknown field '{prefix}zzzzz' in ")


@each("position", [name for name in POSITIONS if not name.startswith("filter, other")])
def test_a_hidden_relation_is_as_unknown_as_one_that_does_not_exist(client: FlaskClient, position: str) -> None:
    text = json.dumps(POSITIONS[position]).replace("name,", "")
    hidden = ask(client, "/items/comments", json.loads(text.replace("FIELD", "author.email")))
    unknown = ask(client, "/items/comments", json.loads(text.replace("FIELD", "nobody.email")))
    assert hidden[0] == 400 and (hidden[0], hidden[1].replace("author", "nobody")) == unknown


@each(
    ("params", "words"),
    [
        ({"where": {"id": 1}}, "Unknown query parameter 'where'"),
        ({"baseFilter": {"id": 1}}, "Unknown query parameter 'baseFilter'"),
        ({"filters[id][$eq]": "1"}, "Unknown query parameter"),
        ({"filter[id][eq]": "1"}, "Unknown query parameter"),
        ({"select": "id"}, "Unknown query parameter 'select'"),
        ({"$filter": "id"}, "Unknown query parameter"),
        ({"__proto__": "id"}, "Unknown query parameter"),
        ({"offset": "1"}, "Unknown query parameter 'offset'"),
        ({"filter": "{"}, "not valid JSON"),
        ({"filter": "[]"}, "expected an object"),
        ({"filter": '{"id":1,"id":2}'}, "given twice"),
        ({"filter": '{"id":NaN}'}, "NaN"),
        ({"filter": '{"id":' + "9" * 30 + "}"}, "is not an integer"),
        ({"filter": '{"title":"\\ud800"}'}, "half of a surrogate pair is no text"),
        ({"filter": {"id": "x"}}, "is not an integer"),
        ({"filter": {"id": {"zap": 1}}}, "Unknown operator 'zap'"),
        ({"filter": deep(40)}, "at most"),
        ({"filter": '{"AND":[' * 1000 + "]}" * 1000}, "nested too deeply"),
        ({"filter": {"OR": [{"id": number} for number in range(300)]}}, "at most"),
        ({"filter": {"title": {"like": "%_" * 10_000}}}, "at most"),
        ({"filter": {'title"; DROP TABLE posts; --': 1}}, "Unknown field"),
        ({"sort": "title'--"}, "Unknown field"),
        ({"sort": "{"}, "not valid JSON"),
        ({"sort": [{"title": "desc"}]}, "expected"),
        ({"sort": {"title": "down"}}, "asc or desc"),
        ({"sort": "comments.id"}, "many rows"),
        ({"sort": ",".join(["id"] * 30)}, "at most"),
        ({"fields": '["id"'}, "not valid JSON"),
        ({"fields": [1]}, "expected a list of names"),
        ({"fields": "comments." + "post.comments." * 3 + "id"}, "at most"),
        ({"fields": ".".join(["*"] * 9)}, "expected"),
        ({"page": "0"}, "page"),
        ({"page": "x"}, "page"),
        ({"page": "1" * 30}, "page"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-2"}, "limit"),
        ({"limit": "1e9"}, "limit"),
        ({"limit": "-1", "page": "2"}, "page"),
        ({"searchFields": "title"}, "needs search"),
        ({"sortByRelevance": "true"}, "needs search"),
        ({"search": "a", "searchFields": "id"}, "does not hold text"),
        ({"search": "a\x00"}, "NUL"),
        ({"aggregate": {"x": {"function": "zap", "field": "id"}}}, "Unsupported aggregate function: zap"),
        ({"aggregate": {"x": {"function": "sum", "field": "title"}}}, "does not apply"),
        ({"aggregate": {"x": {"function": "sum"}}}, "takes the name"),
        ({"aggregate": {str(n): {"function": "count"} for n in range(500)}}, "at most"),
        ({"aggregate": []}, "expected"),
        ({"aggregate": {"id": {"function": "count"}}, "groupBy": "id"}, "already"),
        ({"groupBy": "date:zap:createdAt"}, "not a part"),
        ({"groupBy": "date:year:title"}, "has no year"),
        ({"groupBy": "comments.id"}, "many rows"),
        ({"groupBy": "title", "sort": "id"}, "sorted by"),
        ({"groupBy": "title", "fields": "id"}, "groups hold"),
        ({"relConditions": {"comments": {"id": 1}}}, "Unknown field 'comments' in relConditions"),
        ({"relConditions": "[]"}, "expected an object"),
    ],
)
def test_a_mistake_is_a_400(client: FlaskClient, params: Params, words: str) -> None:
    status, message = ask(client, "/items/posts", params)
    assert status == 400 and words in message


@each("name", ["nope", "_dragoman_users", "posts;--", "POSTS", "%00", "baasix_User"])
def test_unknown_and_hidden_collections_are_alike(client: FlaskClient, name: str) -> None:
    assert ask(client, f"/items/{name}", {"filter": "{"})[0] == 404


def test_what_is_not_permitted_is_a_403_before_anything_is_parsed(client: FlaskClient) -> None:
    expected = (403, "You don't have permission to read items in this collection")
    assert ask(client, "/items/customers", {"filter": "{", "nope": "1"}) == expected
    assert ask(client, "/items/customers/1", {}) == expected


@each("key", ["9999", "abc", "9", "47", "1,2", "1 OR 1=1"])
def test_missing_hidden_and_impossible_rows_are_alike(client: FlaskClient, key: str) -> None:
    expected = (403, "Item not found or you don't have permission to read it")
    assert ask(client, f"/items/posts/{key}", {}) == expected


@pytest.mark.parametrize("word", ["bulk", "import-csv", "import-json", "export"])
def test_reserved_words_are_no_ids(client: FlaskClient, word: str) -> None:
    assert ask(client, f"/items/posts/{word}", {})[0] == 405


def test_other_methods_and_paths_are_answered_in_the_envelope(client: FlaskClient) -> None:
    assert client.put("/items/posts/1").json["error"]["statusCode"] == 405
    assert ask(client, "/items/posts/1/2", {})[0] == 404
    assert ask(client, "/items/posts", {}, {"Authorization": "Bearer nonsense"})[0] == 401
