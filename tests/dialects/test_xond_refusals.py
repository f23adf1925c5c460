"""What Xond refuses: everything unknown, everything hidden in the same words, everything out of range; never a 500."""

import json
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.tables import each

Token = dict[str, str]


def term(field: str, value: object = "x", comparison: str = "equals") -> str:
    return json.dumps([{"field": field, "value": value, "comparison": comparison}])


def get(client: FlaskClient, path: str, headers: Token | None, query: str = "") -> tuple[int, str | None]:
    """Status and message of a refusal, in the four keys."""
    answer = client.get(path, query_string=query, headers=headers)
    assert answer.content_type == "application/json"
    body = answer.get_json()
    assert set(body) == {"success", "data", "pagination", "error"}
    if answer.status_code != 200:
        assert (body["success"], body["data"], body["pagination"]) == (False, None, None)
    return answer.status_code, body["error"]


# Each has one place for the name of a field of `customers`.
POSITIONS = [
    "filter=" + term("{}"),
    "filter=" + term("{}", None),
    "filter=" + term("{}", None, "isNull"),
    "filter=" + term("{}", [1]),
    "filter=" + term("{}", "a\x00"),
    "filter=" + term("{}") + "&nope=1",
    "baseFilter=" + term("{}"),
    'filter=[{"field":"name","value":"Ann","comparison":"equals"},' + term("{}")[1:] + "&filterClause=or",
    'sort=[{"field":"{}","direction":"asc"}]',
    "textSearchFields={}&textSearchValue=a",
    "textSearchFields=name,{}&textSearchValue=a",
    "columns={}",
    "columns=name,{}",
    "include={}",
    "count=true&filter=" + term("{}"),
    'count=true&sort=[{"field":"{}","direction":"asc"}]',
    "count=true&columns={}",
]


@each("position", POSITIONS)
def test_a_hidden_field_is_answered_as_an_unknown_one(client: FlaskClient, user: Token, position: str) -> None:
    hidden = get(client, "/json/customer", user, position.replace("{}", "email"))
    unknown = get(client, "/json/customer", user, position.replace("{}", "nope"))
    assert unknown[0] == 400
    assert str(unknown[1]).startswith("Unknown field 'nope' in ")
    assert hidden == (400, str(unknown[1]).replace("nope", "email"))


@each("position", POSITIONS)
def test_a_hidden_field_behind_a_relation_too(client: FlaskClient, user: Token, position: str) -> None:
    hidden = get(client, "/json/order", user, position.replace("name", "status").replace("{}", "customer.email"))
    unknown = get(client, "/json/order", user, position.replace("name", "status").replace("{}", "customer.nope"))
    assert unknown[0] == 400
    assert hidden == (400, str(unknown[1]).replace("nope", "email"))


@each("field", ["password", "passwordHash", "password_hash", "organization.nope", "nope.name"])
@each("position", POSITIONS)
def test_a_password_does_not_exist(client: FlaskClient, admin: Token, field: str, position: str) -> None:
    query = position.replace('"name"', '"email"').replace("name,", "email,").replace("{}", field)
    status, message = get(client, "/json/user", admin, query)
    assert (status, str(message).startswith(f"Unknown field {field!r} in ")) == (400, True)


REFUSED = [
    ("nope=1", "Unknown query parameter 'nope'"),
    ("where[name]=a", "Unknown query parameter 'where[name]'"),
    ("filters[name][$eq]=a", "Unknown query parameter"),
    ("filter-expression=id=1", "Unknown query parameter"),
    ("fields=name", "Unknown query parameter 'fields'"),
    ("limit=1", "Unknown query parameter 'limit'"),
    ("populate=customer", "Unknown query parameter 'populate'"),
    ("__proto__=1", "Unknown query parameter"),
    ("filter[0]=1", "Unknown query parameter"),
    ("page=1&page=2", "page: given 2 times"),
    ("filter=[]&filter=[]", "filter: given 2 times"),
    ("page=0", "page: '0' is not an integer between 1 and"),
    ("page=-1", "page: '-1' is not an integer"),
    ("page=x", "page: 'x' is not an integer"),
    ("page=1.5", "page:"),
    ("page=1e3", "page:"),
    ("page=99999999999999999999", "page:"),
    ("pageSize=0", "pageSize: '0' is not an integer between 1 and 1000"),
    ("pageSize=1001", "pageSize: '1001' is not an integer between 1 and 1000"),
    ("pageSize=-1", "pageSize:"),
    ("count=maybe", "count: 'maybe' is not true or false"),
    ("filter={", "filter: not valid JSON at position 1"),
    ("filter=", "filter: not valid JSON"),
    ("filter={}", "filter: expected a JSON list of objects"),
    ("filter=[1]", "filter: expected a JSON list of objects"),
    ("filter=null", "filter: expected a JSON list of objects"),
    ("filter=[{}]", "filter: field is missing or no text"),
    ('filter=[{"field":"year","value":1}]', "filter: comparison is missing or no text"),
    ('filter=[{"field":"year","comparison":"equals"}]', "filter: value is missing for comparison equals"),
    ('filter=[{"field":1,"value":1,"comparison":"equals"}]', "filter: field is missing or no text"),
    ('filter=[{"field":"year","value":1,"comparison":"equals","or":[]}]', "filter: Unknown key 'or'"),
    (
        'filter=[{"field":"year","field":"id","value":1,"comparison":"equals"}]',
        "filter: not valid JSON: a key is given twice",
    ),
    ('filter=[{"field":"year","value":NaN,"comparison":"equals"}]', "NaN is no number"),
    ("filter=" + term("year", 1, "regex"), "filter: Unknown comparison 'regex'; expected one of equals, "),
    ("filter=" + term("year", 1, "Equals"), "filter: Unknown comparison 'Equals'"),
    ("filter=" + term("year", "x"), "filter: 'x' for field 'year' is not an integer"),
    ("filter=" + term("year", True), "for field 'year' is not an integer"),
    ("filter=" + term("year", 2**70), "for field 'year' is not an integer"),
    ("filter=" + term("year", [1]), "for field 'year' is not an integer"),
    ("filter=" + term("year", {"a": 1}), "for field 'year' is not an integer"),
    ("filter=" + term("year", None, "greaterThan"), "'null' for field 'year'"),
    ("filter=" + term("year", "2", "contains"), "filter: operator contains does not apply to field 'year'"),
    ("filter=" + term("createdAt", "yesterday"), "for field 'createdAt' is not a time"),
    ("filter=" + term("userId", "user-uuid"), "for field 'userId' is not a UUID"),
    ("filter=" + term("status", "a\x00b"), "for field 'status' is not a text"),
    ("filter=" + term("status", "\ud800"), "half of a surrogate pair is no text"),
    ("filter=[]&filterClause=xor", "filterClause: 'xor' is not and or or"),
    ("sort=name", "sort: not valid JSON"),
    ('sort={"field":"year"}', "sort: expected a JSON list of objects"),
    ('sort=[{"direction":"asc"}]', "sort: field is missing or no text"),
    ('sort=[{"field":"year","direction":"up"}]', "sort: direction 'up' is not asc or desc"),
    ('sort=[{"field":"year","nulls":"first"}]', "sort: Unknown key 'nulls'"),
    ('sort=[{"field":"orderItems.price"}]', "sort: 'orderItems.price' leads to many rows"),
    ("textSearchFields=status", "textSearchValue: textSearchFields and textSearchValue are given together"),
    ("textSearchValue=a", "textSearchFields: textSearchFields and textSearchValue are given together"),
    ("textSearchFields=&textSearchValue=a", "textSearchFields: expected a comma list"),
    ("textSearchFields=year&textSearchValue=2", "textSearchFields: operator icontains does not apply to field 'year'"),
    ("columns=", "columns: expected a comma list"),
    ("columns=customer", "Unknown field 'customer' in columns"),
    ("columns=customer.name", "Unknown field 'customer.name' in columns"),
    ("include=", "include: expected a comma list"),
    ("include=customer.nope.name", "Unknown field 'customer.nope.name' in include"),
    ("include=" + "customer.orders." * 4 + "customer", "include: a name of 9 steps, at most 6 relations"),
    ("include=" + "customer.orders." * 3000 + "customer", "include: a name of 6001 steps"),
    ("filter=" + term("customer.orders." * 2000 + "year", 1), "filter: a name of 4001 steps"),
    ("filter=" + json.dumps([{"field": "year", "value": 1, "comparison": "equals"}] * 300), "at most 200 are allowed"),
    ("filter=" + "[" * 3000, "filter: "),
    ("filter=" + "[" * 3000 + "]" * 3000, "filter: nested too deeply"),
    ("filter=" + "x" * 70_000, "The query string is longer than 65536 bytes"),
]


@each(("query", "part"), REFUSED, ids=[query[:60] for query, _ in REFUSED])
def test_a_mistake_is_a_400_that_names_it(client: FlaskClient, admin: Token, query: str, part: str) -> None:
    status, message = get(client, "/json/order", admin, query.replace("\x00", quote("\x00")))
    assert status == 400
    assert part in str(message)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/json/order/2", "page=1"),
        ("/json/order/2", "filter=[]"),
        ("/json/order/2", "count=true"),
        ("/json/order/2", "x=1"),
    ],
)
def test_one_record_takes_fewer_parameters(client: FlaskClient, admin: Token, path: str, query: str) -> None:
    assert get(client, path, admin, query)[0] == 400


@each(
    ("path", "status"),
    [
        ("/json/nope", 404),
        ("/json/nope/1", 404),
        ("/json/order/0", 404),
        ("/json/order/x", 404),
        ("/json/order/1,2", 404),
        ("/json/user/not-a-uuid", 404),
        ("/json", 404),
        ("/json/order/1/items", 404),
        ("/json/_dragoman_users", 404),
    ],
)
def test_what_is_not_there_is_a_404(client: FlaskClient, admin: Token, path: str, status: int) -> None:
    assert get(client, path, admin)[0] == status


def test_who_may_not_read(client: FlaskClient, user: Token) -> None:
    assert get(client, "/json/order", None)[0] == 401
    assert get(client, "/json/permissions", user)[0] in (403, 404)
    assert get(client, "/json/order", {"Authorization": "Bearer nonsense"})[0] == 401
    assert get(client, "/json/order", {"Authorization": "Basic YTpi"})[0] == 401
    assert get(client, "/json/post", None)[0] == 200


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/json/order/2"), ("PATCH", "/json/order"), ("POST", "/json/order/2")]
)
def test_a_wrong_method_is_a_405(client: FlaskClient, admin: Token, method: str, path: str) -> None:
    answer = client.open(path, method=method, headers=admin)
    assert answer.status_code == 405
    assert set(answer.get_json()) == {"success", "data", "pagination", "error"}
