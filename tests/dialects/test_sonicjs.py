"""SonicJS: what its document prints, both generations' shapes, and every refusal in its envelope."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crud.dialects.sonicjs.forms import COMPONENTS
from crud.dialects.sonicjs.parameters import OPERATORS_BY_WORD, OPPOSITES
from sql.operators import OPERATORS
from sql.types import TYPES
from tests.tables import each

Token = dict[str, str]
Rows = list[dict[str, object]]
JOHN, KATE = "9d370085-c116-47c9-9b22-7f33061ec7b1", "90bb70b9-333d-4265-a68e-cc6f86b299fd"
PRINTED: Rows = [
    {"id": JOHN, "name": "John", "role": "admin", "created_on": 1688780261122, "updated_on": 1688780261122},
    {"id": KATE, "name": "Kate", "role": "user", "created_on": 1689293023190, "updated_on": 1689293023190},
]


def rows(answer: TestResponse) -> Rows:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert isinstance(answer.json, list)
    return answer.json


def refused(answer: TestResponse, status: int = 400) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert set(answer.json) == {"message"}
    return str(answer.json["message"])


def holds(row: object, printed: dict[str, object]) -> bool:
    assert isinstance(row, dict)
    return {**row, **printed} == row


# ---------------------------------------------------------------- as the document prints it


def test_the_content_as_printed(client: FlaskClient) -> None:
    """In the order of the key, which the document does not keep."""
    found = {row["id"]: row for row in rows(client.get("/v1/content"))}
    assert len(found) == len(PRINTED)
    assert all(holds(found[printed["id"]], printed) for printed in PRINTED)


def test_one_user_as_printed(client: FlaskClient, admin: Token) -> None:
    row = client.get(f"/v1/users/{JOHN}", headers=admin).json
    assert holds(row, PRINTED[0])
    assert "email" in row and not {"password", "password_hash"} & set(row)


def test_the_caller_as_printed(client: FlaskClient, user: Token, admin: Token) -> None:
    assert holds(client.get("/v1/user", headers=admin).json, PRINTED[0])
    row = client.get("/v1/user", headers=user).json
    assert holds(row, {"name": "Test User", "email": "test@example.com", "role": "user"})
    assert isinstance(row["created_on"], int) and isinstance(row["updated_on"], int)


def test_one_sort_as_printed(client: FlaskClient) -> None:
    titles = [row["title"] for row in rows(client.get("/v1/categories?sort=title"))]
    assert titles == sorted(titles, key=str)


def test_several_sorts_as_printed(client: FlaskClient) -> None:
    titles = [row["title"] for row in rows(client.get("/v1/categories?sort[0]=title:desc&sort[1]=body:asc"))]
    assert titles == sorted(titles, key=str, reverse=True)


def test_the_filter_as_printed(client: FlaskClient) -> None:
    assert [row["title"] for row in rows(client.get("/v1/categories?filters[title][$eq]=hello"))] == ["hello"]


# ---------------------------------------------------------------- the second generation


def test_the_second_generation_wraps_a_list(client: FlaskClient) -> None:
    answer = client.get("/api/v1/categories?limit=5").json
    assert set(answer) == {"data", "source", "total", "executionTime"}
    assert answer["total"] == 12
    assert len(answer["data"]) == 5
    assert isinstance(answer["executionTime"], int)
    bare = rows(client.get("/v1/categories?limit=5"))
    assert answer["data"] == [row | {"total": 12} for row in bare]


def test_the_second_generation_counts_what_the_filter_leaves(client: FlaskClient) -> None:
    assert client.get("/api/v1/categories?filters[id][$gt]=10&limit=1").json["total"] == 2
    assert client.get("/api/v1/categories?filters[id][$gt]=100").json["total"] == 0
    assert client.get("/api/v1/categories?offset=500").json["data"] == []


def test_the_second_generation_wraps_one_row(client: FlaskClient) -> None:
    answer = client.get("/api/v1/categories/12").json
    assert answer["total"] == 1
    assert answer["data"] == client.get("/v1/categories/12").json


def test_the_caller_in_the_second_generation(client: FlaskClient, user: Token) -> None:
    assert client.get("/api/v1/user", headers=user).json["data"] == client.get("/v1/user", headers=user).json


# ---------------------------------------------------------------- the caller


def test_a_session_as_a_parameter_is_the_bearer(client: FlaskClient, user: Token, admin: Token) -> None:
    token = user["Authorization"].removeprefix("Bearer ")
    printed = client.get("/v1/user", headers=user).json
    assert client.get("/v1/user", query_string={"sessionId": token}).json == printed
    assert client.get("/v1/user", query_string={"sessionId": token}, headers=user).json == printed
    refused(client.get("/v1/user", query_string={"sessionId": token}, headers=admin), 401)


def test_without_a_token_nobody_is_the_caller(client: FlaskClient) -> None:
    assert client.get("/v1/user").json == {"message": "Unauthorized"}
    assert refused(client.get("/v1/user?sessionId=nonsense"), 401) == "Unauthorized"
    refused(client.get("/v1/user?bogus=1"))


@each("path", ["/v1/categories", "/api/v1/categories", "/v1/user", "/v1/nope"])
@each("token", ["Bearer nonsense", "Basic abc", "Bearer"])
def test_a_bad_token_is_never_anonymous(client: FlaskClient, path: str, token: str) -> None:
    answer = client.get(path, headers={"Authorization": token})
    assert refused(answer, 401) == "Unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


# ---------------------------------------------------------------- filters

FILTERS = [
    ("filters[age]=30", lambda row: row["age"] == 30),
    ("filters[age][$eq]=30", lambda row: row["age"] == 30),
    ("filters[age][$neq]=30", lambda row: row["age"] not in (None, 30)),
    ("filters[age][$lt]=40", lambda row: row["age"] is not None and row["age"] < 40),
    ("filters[age][$lte]=41", lambda row: row["age"] is not None and row["age"] <= 41),
    ("filters[age][$gt]=80", lambda row: row["age"] is not None and row["age"] > 80),
    ("filters[age][$gte]=80", lambda row: row["age"] is not None and row["age"] >= 80),
    ("filters[phone][$null]=true", lambda row: row["phone"] is None),
    ("filters[phone][$null]=false", lambda row: row["phone"] is not None),
    ("filters[phone][$nnull]=true", lambda row: row["phone"] is not None),
    ("filters[name][$contains]=JOHN", lambda row: "john" in row["name"].lower()),
    ("filters[name][$contain]=john", lambda row: "john" in row["name"].lower()),
    ("filters[name][$ncontains]=john", lambda row: "john" not in row["name"].lower()),
    ("filters[name][$starts_with]=jo", lambda row: row["name"].lower().startswith("jo")),
    ("filters[name][$nstarts_with]=jo", lambda row: not row["name"].lower().startswith("jo")),
    ("filters[name][$ends_with]=N", lambda row: row["name"].lower().endswith("n")),
    ("filters[name][$nends_with]=n", lambda row: not row["name"].lower().endswith("n")),
    ("filters[age][$in]=30,41", lambda row: row["age"] in (30, 41)),
    ("filters[age][$in][0]=30&filters[age][$in][1]=41", lambda row: row["age"] in (30, 41)),
    ("filters[age][$in][]=30&filters[age][$in][]=41", lambda row: row["age"] in (30, 41)),
    ("filters[age][$nin]=30,41", lambda row: row["age"] not in (None, 30, 41)),
    ("filters[age][$nin]=30&filters[age][$nin]=41", lambda row: row["age"] not in (None, 30, 41)),
    ("filters[age][$between]=30,41", lambda row: row["age"] is not None and 30 <= row["age"] <= 41),
    ("filters[age][$nbetween]=30,41", lambda row: row["age"] is not None and not 30 <= row["age"] <= 41),
    ("filters[last_name][$empty]=true", lambda row: not row["last_name"]),
    ("filters[last_name][$nempty]=true", lambda row: bool(row["last_name"])),
    ("filters[last_name][$empty]=false", lambda row: bool(row["last_name"])),
    ("filters[tags][$intersects]=logic,admin", lambda row: bool({"logic", "admin"} & set(row["tags"] or ()))),
    ("filters[tags][$nintersects]=logic", lambda row: row["tags"] is not None and "logic" not in row["tags"]),
    ("filters[age]=30&filters[age]=41", lambda row: row["age"] in (30, 41)),
    ("filters[age][$gt]=90&filters[age][$lt]=95", lambda row: row["age"] is not None and 90 < row["age"] < 95),
    ("filters[created_on][$lt]=1675000000000", lambda row: row["created_on"] < 1675000000000),
    ("filters[is_active]=false", lambda row: row["is_active"] is False),
    ("filters[tenant.name]=Acme Corp", lambda row: row["tenant_id"] == "00000000-0000-0000-0000-000000000002"),
    ("filters[tenant][name][$eq]=Acme Corp", lambda row: row["tenant_id"] == "00000000-0000-0000-0000-000000000002"),
]


@each(("query", "fits"), FILTERS, ids=[query for query, _ in FILTERS])
def test_a_filter_gives_the_rows_that_fit(client: FlaskClient, admin: Token, query: str, fits: object) -> None:
    assert callable(fits)
    everything = rows(client.get("/v1/users", headers=admin))
    expected = [row for row in everything if fits(row)]
    assert 0 < len(expected) < len(everything)
    assert rows(client.get(f"/v1/users?{query}", headers=admin)) == expected


def test_every_operator_of_the_table_is_tried() -> None:
    assert {word for word in OPERATORS_BY_WORD if any(f"[{word}]" in query for query, _ in FILTERS)} == set(
        OPERATORS_BY_WORD
    )
    assert set(OPERATORS_BY_WORD.values()) <= set(OPERATORS)
    assert set(OPPOSITES) <= set(OPERATORS_BY_WORD.values())
    assert set(COMPONENTS) <= set(TYPES)


def test_a_repeated_key_holds_for_some_of_its_values(client: FlaskClient) -> None:
    query = "filters[title][$starts_with]=a&filters[title][$starts_with]=h&sort=id"
    titles = [row["title"] for row in rows(client.get(f"/v1/categories?{query}"))]
    assert titles == ["Hardware", "Artificial intelligence", "Algorithms", "hello"]


# ---------------------------------------------------------------- pages, relations, forms


def test_pages(client: FlaskClient) -> None:
    assert [row["id"] for row in rows(client.get("/v1/categories?limit=3&offset=4"))] == [5, 6, 7]
    assert [row["id"] for row in rows(client.get("/v1/categories?offset=10"))] == [11, 12]
    assert rows(client.get("/v1/categories?offset=999999999999")) == []


def test_relations_are_embedded_one_level_deep(client: FlaskClient, admin: Token) -> None:
    row = client.get("/v1/posts/1?includeRelations=true", headers=admin).json
    assert row["author"]["email"] == "test@example.com"
    assert row["category"]["title"] == "hello"
    assert [comment["id"] for comment in row["comments"]] == [1]
    assert not {"password", "password_hash", "tenant"} & set(row["author"])


def test_only_relations_that_the_caller_may_follow_are_embedded(client: FlaskClient) -> None:
    row = client.get("/v1/posts/1?includeRelations=true").json
    assert row["category"]["title"] == "hello"
    assert "author" not in row
    assert "author" not in client.get("/v1/posts/1?includeRelations=false").json


def test_the_content_type_is_a_form_of_what_may_be_read(client: FlaskClient, user: Token, admin: Token) -> None:
    for path in ("/v1/customers/1", "/api/v1/customers/1"):
        row = client.get(f"{path}?includeContentType=true", headers=user).json
        form = row.get("data", row)["contentType"]
        assert [part["key"] for part in form["components"]] == ["id", "name", "city", "country"]
        assert form["name"] == "customers"
    row = rows(client.get("/v1/customers?includeContentType=true&limit=1", headers=admin))[0]
    form = row["contentType"]
    assert isinstance(form, dict)
    parts = {part["key"]: part for part in form["components"]}
    assert parts["status"]["type"] == "select"
    assert [word["value"] for word in parts["status"]["data"]["values"]] == ["active", "pending", "archived"]
    assert parts["name"]["validate"] == {"required": True}
    assert parts["id"]["validate"] == {"required": False}
    assert "contentType" not in rows(client.get("/v1/customers?limit=1", headers=admin))[0]


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("mount", ["/v1", "/api/v1"])
def test_statuses(client: FlaskClient, user: Token, mount: str) -> None:
    assert refused(client.get(f"{mount}/orders"), 401) == "Unauthorized"
    assert refused(client.get(f"{mount}/nope"), 404) == 'Table "nope" not defined in your schema'
    assert refused(client.get(f"{mount}/nope/1"), 404) == 'Table "nope" not defined in your schema'
    assert refused(client.get(f"{mount}/permissions", headers=user), 404) == (
        'Table "permissions" not defined in your schema'
    )
    assert refused(client.get(f"{mount}/categories/9999"), 404) == "Not Found"
    assert refused(client.get(f"{mount}/categories/x"), 404) == "Not Found"
    assert refused(client.get(f"{mount}/categories/1/2"), 404) == "Not Found"
    assert refused(client.get(mount), 404 if mount == "/v1" else 405)


PLACES = [
    "filters[{}]=1",
    "filters[{}][$eq]=1",
    "filters[{}][$bogus]=1",
    "filters[{}][$null]=maybe",
    "filters[{}][$gt]=x&limit=0",
    "sort={}",
    "sort={}:desc",
    "sort[0]=id&sort[1]={}:desc",
    "sort={}&includeRelations=maybe",
]


@each("place", PLACES)
@each("field", ["email", "phone", "status"])
def test_a_hidden_field_is_an_unknown_one_everywhere(client: FlaskClient, user: Token, place: str, field: str) -> None:
    hidden = client.get(f"/v1/customers?{place.format(field)}", headers=user)
    unknown = client.get(f"/v1/customers?{place.format('x' * len(field))}", headers=user)
    assert refused(hidden).replace(field, "x" * len(field)) == refused(unknown)
    assert field in refused(hidden)


@each("place", PLACES)
@each("field", ["author.email", "author.password_hash", "author.nope"])
def test_a_field_behind_a_hidden_relation_is_unknown(client: FlaskClient, place: str, field: str) -> None:
    assert f"Unknown field {field!r}" in refused(client.get(f"/v1/posts?{place.format(field)}"))


@each("place", PLACES)
@each("field", ["password", "password_hash"])
def test_a_password_is_no_field_for_anybody(client: FlaskClient, admin: Token, place: str, field: str) -> None:
    assert f"Unknown field {field!r}" in refused(client.get(f"/v1/users?{place.format(field)}", headers=admin))


FOREIGN = ["filter", "where", "where[title]", "baseFilter", "fields", "include", "search", "page", "pageSize", "select"]
FOREIGN += ["populate", "count", "aggregate", "groupBy", "filter-expression", "$filter", "_where", "__proto__"]


@each("name", [*FOREIGN, "filters", "Limit", "limit[]", "sessionId", "filtersx"])
def test_a_parameter_nobody_knows_is_refused(client: FlaskClient, name: str) -> None:
    assert name in refused(client.get("/v1/categories", query_string={name: "1"}))
    assert name in refused(client.get("/api/v1/categories", query_string={name: "1"}))


@each("name", ["limit", "offset", "sort", "filters[title]", "bogus"])
def test_one_row_takes_the_two_switches_only(client: FlaskClient, name: str) -> None:
    assert name in refused(client.get("/v1/categories/1", query_string={name: "1"}))


BAD = [
    ("limit=0", "limit"),
    ("limit=-1", "limit"),
    ("limit=1001", "limit"),
    ("limit=x", "limit"),
    ("limit=1&limit=2", "limit"),
    ("offset=-1", "offset"),
    ("offset=99999999999999999999", "offset"),
    ("includeRelations=maybe", "includeRelations"),
    ("includeContentType=", "includeContentType"),
    ("filters[id]=x", "id"),
    ("filters[id]=1.5", "id"),
    ("filters[id]=NaN", "id"),
    ("filters[id]=99999999999999999999", "id"),
    ("filters[id][$bogus]=1", "$bogus"),
    ("filters[id][eq]=1", "id.eq"),
    ("filters[id][$contains]=1", "contains"),
    ("filters[id][$intersects]=1", "id"),
    ("filters[id][$between]=1", "between"),
    ("filters[id][$between]=1,2,3", "between"),
    ("filters[id][$eq][$gt]=1", "id"),
    ("filters[id", "filters"),
    ("filters[]=1", "filters"),
    ("filters[title]=%00", "title"),
    ("sort[x]=id", "sort"),
    ("sort=-id", "-id"),
    ("sort=id:down", "id:down"),
    ("sort=posts.id", "posts.id"),
]


@each(("query", "word"), BAD)
def test_what_cannot_be_read_is_refused(client: FlaskClient, query: str, word: str) -> None:
    assert word in refused(client.get(f"/v1/categories?{query}"))
    assert word in refused(client.get(f"/api/v1/categories?{query}"))


WIDE = [
    ("filters[id][$in]", ",".join(["1"] * 10_001)),
    ("sort", ",".join(["id"] * 21)),
    ("filters[" + "posts.category." * 20 + "id]", "1"),
    ("filters[" + "posts][category][" * 3000 + "id]", "1"),
    ("filters[" + "posts.category." * 4 + "posts.id]", "1"),
]


@each(("name", "value"), WIDE, ids=["list", "sort", "path", "longest path", "filter"])
def test_too_deep_and_too_wide_are_refused(client: FlaskClient, name: str, value: str) -> None:
    answer = client.get("/v1/categories", query_string={name: value})
    assert answer.status_code in (200, 400), answer.get_data(as_text=True)
    assert answer.status_code == 400 or value == "1"


def test_too_many_conditions_are_refused(client: FlaskClient) -> None:
    values = [("filters[id][$gt]", "1")] * 250
    assert "filter" in refused(client.get("/v1/categories", query_string=values))


@each("mount", ["/v1", "/api/v1"])
@each("word", ["user", "auth"])
@each("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_a_reserved_word_is_never_a_table(client: FlaskClient, user: Token, mount: str, word: str, method: str) -> None:
    answer = client.open(f"{mount}/{word}", method=method, headers=user)
    if (word, method) == ("user", "GET"):
        assert answer.status_code == 200
    else:
        assert "not allowed" in refused(answer, 405)
    if method == "GET":
        assert refused(client.get(f"{mount}/{word}/1", headers=user), 404) == "Not Found"


NAMES = ['x"; DROP TABLE posts; --', "posts'", "posts--", "a" * 64, "\u201cposts\u201d", "..", "sqlite_master"]


@each("name", NAMES)
def test_a_name_that_does_not_exist_reaches_nothing(client: FlaskClient, admin: Token, name: str) -> None:
    assert client.get(f"/v1/{name}", headers=admin).status_code == 404
    for key, value in (("sort", name), (f"filters[{name}]", "1"), ("filters[id][$" + name + "]", "1")):
        refused(client.get("/v1/categories", query_string={key: value}))
