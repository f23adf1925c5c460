"""Each dialect's envelope: one shape of success, one of refusal, whatever is asked."""

import pytest
from flask.testing import FlaskClient

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
SUCCESS: dict[str, set[str]] = {
    "phantom": {"success", "data"},
    "xond": {"success", "data", "pagination", "error"},
    "sonicjs": set(),
    "metal": {"schema", "entity", "status", "metadata", "fields", "rows"},
    "baasix": {"data", "totalCount"},
}
REFUSAL: dict[str, tuple[set[str], ...]] = {
    "phantom": ({"success", "error"},),
    "xond": ({"success", "data", "pagination", "error"},),
    "sonicjs": ({"message"},),
    "metal": ({"error"}, {"message", "errors"}),
    "baasix": ({"error"},),
}


@pytest.mark.parametrize(("dialect", "url"), [(name, url) for name, urls in GOOD.items() for url in urls])
def test_success_has_its_shape(client: FlaskClient, dialect: str, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert isinstance(answer.json, list) if dialect == "sonicjs" else set(answer.json) >= SUCCESS[dialect]
    assert answer.mimetype == "application/json" and answer.headers["X-Request-Id"]


@pytest.mark.parametrize(("dialect", "url"), [(name, url) for name, urls in BAD.items() for url in urls])
def test_refusals_have_their_shape(client: FlaskClient, dialect: str, url: str) -> None:
    answer = client.get(url)
    assert 400 <= answer.status_code < 500
    assert any(set(answer.json) >= shape for shape in REFUSAL[dialect]) and answer.headers["X-Request-Id"]
    assert answer.json.get("success") is not True
