"""Each dialect's envelope: one shape of success, one of refusal, whatever is asked."""

import json

from flask.testing import FlaskClient

from tests.dialects.conftest import Token
from tests.dialects.envelopes import SUCCESS, is_refusal
from tests.tables import each

GOOD: dict[str, tuple[str, ...]] = {
    "phantom": ("/api/posts", "/api/posts/1", "/api/Post?limit=1", "/api/posts/schema"),
    "xond": ("/json/post", "/json/posts/1", "/json/product?count=true"),
    "sonicjs": ("/v1/content", "/v1/posts?limit=1"),
    "metal": ("/schema/main/posts", "/schema/my-schema/my-entity"),
    "baasix": ("/items/posts?limit=1", "/items/products?groupBy=category"),
}
BAD: dict[str, tuple[str, ...]] = {
    "phantom": ("/api/nope", "/api/posts/99999", "/api/posts?nope=1", "/api/posts/1/2/3"),
    "xond": ("/json/nope", "/json/post/99999", "/json/post?nope=1", "/json/post/1/2/3"),
    "sonicjs": ("/v1/nope", "/v1/posts/99999", "/v1/posts?nope=1", "/v1/posts/1/2/3"),
    "metal": ("/schema/nope/posts", "/schema/main/nope", "/schema/main/posts?nope=1", "/schema/main/posts/1/2"),
    "baasix": ("/items/nope", "/items/posts/99999", "/items/posts?nope=1", "/items/posts/1/2/3"),
}
# Writes that are refused: the method, the path, the body (None: broken JSON), and whether an administrator sends it.
Write = tuple[str, str, object, bool]
REFUSED: dict[str, tuple[Write, ...]] = {
    "phantom": (
        ("POST", "/api/categories", None, True),
        ("POST", "/api/categories", {"zap": 1}, True),
        ("POST", "/api/categories", {"body": "b"}, True),
        ("POST", "/api/categories", {"title": "Logic"}, True),
        ("POST", "/api/categories", {"title": "T"}, False),
        ("PUT", "/api/categories/9999", {"title": "T"}, True),
        ("PATCH", "/api/categories/1", {"title": "T"}, True),
        ("DELETE", "/api/customers/1", {}, True),
        ("POST", "/api/categories/createIfNotExists", {"data": {}}, True),
        ("POST", "/api/batch", {"requests": 1}, True),
        ("POST", "/api/nope", {}, True),
        ("POST", "/api/products", {"name": "n", "released": 2**70}, True),
        ("POST", "/api/Product/read", {"where": {"released": -(2**70)}}, True),
    ),
    "xond": (
        ("POST", "/json/category", None, True),
        ("POST", "/json/category", {"zap": 1}, True),
        ("POST", "/json/category", {"body": "b"}, True),
        ("POST", "/json/category", {"title": "Logic"}, True),
        ("POST", "/json/category", {"title": "T"}, False),
        ("PUT", "/json/category", {"title": "T"}, True),
        ("PUT", "/json/category/9999", {"title": "T"}, True),
        ("PATCH", "/json/category/1", {"title": "T"}, True),
        ("DELETE", "/json/customer/1", {}, True),
        ("DELETE", "/json/customer", {}, True),
        ("POST", "/json/nope", {}, True),
    ),
    "sonicjs": (
        ("POST", "/v1/categories", None, True),
        ("POST", "/v1/categories", {"title": "T"}, True),
        ("POST", "/v1/categories", {"data": {"zap": 1}}, True),
        ("POST", "/v1/categories", {"data": {"body": "b"}}, True),
        ("POST", "/v1/categories", {"data": {"title": "Logic"}}, True),
        ("POST", "/v1/categories", {"data": {"title": "T"}}, False),
        ("PUT", "/v1/categories/9999", {"data": {"title": "T"}}, True),
        ("PATCH", "/v1/categories/1", {"data": {"title": "T"}}, True),
        ("DELETE", "/v1/customers/1", {}, True),
        ("POST", "/v1/nope", {"data": {}}, True),
    ),
    "metal": (
        ("POST", "/schema/main/categories", None, True),
        ("POST", "/schema/main/categories", {"zap": 1}, True),
        ("POST", "/schema/main/categories", {"data": {"zap": 1}}, True),
        ("POST", "/schema/main/categories", {"data": {"body": "b"}}, True),
        ("POST", "/schema/main/categories", {"data": {"title": "Logic"}}, True),
        ("POST", "/schema/main/customers", {"data": {"name": "N"}}, False),
        ("PATCH", "/schema/main/categories", {"filter": {"zap": 1}, "data": {}}, True),
        ("PUT", "/schema/main/categories", {"data": {"title": "T"}}, True),
        ("DELETE", "/schema/main/customers", {"filter": {"id": 1}}, True),
        ("POST", "/schema/main/nope", {"data": {}}, True),
    ),
    "baasix": (
        ("POST", "/items/products", {"name": "n", "released": 2**70}, True),
        ("POST", "/items/products/bulk", [{"name": "n", "released": -(2**70)}], True),
        ("POST", "/items/categories", None, True),
        ("POST", "/items/categories", {"body": "b"}, True),
        ("POST", "/items/categories", {"title": "Logic"}, True),
        ("POST", "/items/categories", {"title": "T"}, False),
        ("PATCH", "/items/categories/9999", {"title": "T"}, True),
        ("PUT", "/items/categories/1", {"title": "T"}, True),
        ("DELETE", "/items/customers/1", {}, True),
        ("PATCH", "/items/categories/bulk", {}, True),
        ("POST", "/items/categories/1/restore", {}, True),
        ("POST", "/items/categories/import-csv", {}, True),
        ("POST", "/items/nope", {}, True),
    ),
}
WRITES = [(name, *write) for name, writes in REFUSED.items() for write in writes]


@each(("dialect", "url"), [(name, url) for name, urls in GOOD.items() for url in urls])
def test_success_has_its_shape(client: FlaskClient, dialect: str, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert isinstance(answer.json, list) if dialect == "sonicjs" else set(answer.json) >= SUCCESS[dialect]
    assert answer.mimetype == "application/json" and answer.headers["X-Request-Id"]


@each(("dialect", "url"), [(name, url) for name, urls in BAD.items() for url in urls])
def test_refusals_have_their_shape(client: FlaskClient, dialect: str, url: str) -> None:
    answer = client.get(url)
    assert 400 <= answer.status_code < 500
    assert is_refusal(dialect, answer.json) and answer.headers["X-Request-Id"]


@each(("dialect", "method", "url", "body", "signed"), WRITES)
def test_refused_writes_have_the_same_shape(
    client: FlaskClient, admin: Token, *, dialect: str, method: str, url: str, body: object, signed: bool
) -> None:
    data = b"{" if body is None else json.dumps(body)
    answer = client.open(
        url, method=method, data=data, content_type="application/json", headers=admin if signed else {}
    )
    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert is_refusal(dialect, answer.json) and answer.headers["X-Request-Id"]
    assert answer.mimetype == "application/json"
