"""The limits of a request and of its answer hold in every dialect: lengths of headers, bodies, forms, answers; rows."""

import io
import json
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.attacks.conftest import World
from tests.attacks.test_limits import LISTS
from tests.attacks.world import CONFIG, QUOTED_NAME
from tests.dialects.conftest import token_of
from tests.tables import each

SMALL = {"header_bytes": 3000, "body_bytes": 4000, "form_parts": 3, "response_bytes": 3000, "max_rows": 60}
MOST = {"/api/people": "limit=1000", "/json/people": "pageSize=1000", "/v1/people": "limit=1000", "/api/v1/people": "limit=1000"}  # fmt: skip
Send = Callable[..., TestResponse]


@pytest.fixture(scope="session")
def narrow(make_app: Callable[..., Flask], world: World) -> Send:
    """`narrow(method, path, …)`: an answer of the world with small limits, to the user or to who shows `headers`."""
    app = make_app(f"{CONFIG}\nlimits: {json.dumps(SMALL)}\n", world.url)
    token = {"Authorization": f"Bearer {token_of(app, world.ids[QUOTED_NAME])}"}
    admin = {"Authorization": f"Bearer {token_of(app, world.ids['admin'])}"}

    def send(method: str, path: str, *, by: str = "user", headers: dict[str, str] | None = None, **more: object) -> TestResponse:  # fmt: skip
        own = {"user": token, "admin": admin, "nobody": {}}[by]
        return app.test_client(use_cookies=False).open(path, method=method, headers={**own, **(headers or {})}, **more)  # type: ignore[arg-type]

    return send


EVERYWHERE = [*LISTS, "/auth/me", "/user/info", "/permissions", "/server/info", "/docs", "/nowhere"]


@each("path", EVERYWHERE)
def test_headers_have_a_length(narrow: Send, path: str) -> None:
    long = {f"X-Part-{number}": "x" * 300 for number in range(10)}
    for headers in (long, {"Cookie": "a=" + "x" * 3000}, {"Authorization": "Bearer " + "x" * 3000}):
        answer = narrow("GET", path, headers=headers)
        assert answer.status_code == 431 and "3000 bytes" in answer.get_data(as_text=True), path
        assert answer.is_json or answer.mimetype == "application/problem+json"
    assert narrow("GET", path, headers={"X-Part": "x" * 1500}).status_code != 431


ROW = {"id": 1, "title": "x" * 5000}
BODIES: list[tuple[str, str, object]] = [
    ("POST", "/api/news", ROW),
    ("POST", "/api/batch", {"requests": [{"resource": "news", "action": "create", "data": ROW}]}),
    ("POST", "/api/news/read", {"where": {"title": "x" * 5000}}),
    ("PUT", "/json/news/1", ROW),
    ("POST", "/json/news", ROW),
    ("POST", "/v1/news", {"data": ROW}),
    ("POST", "/api/v1/news", {"data": ROW}),
    ("POST", "/schema/main/news", {"data": ROW}),
    ("PATCH", "/schema/main/news", {"data": ROW}),
    ("POST", "/items/news", ROW),
    ("POST", "/items/news/bulk", [ROW]),
    ("POST", "/permissions", {"role_id": "x" * 5000}),
]


@each(("method", "path", "body"), BODIES)
def test_bodies_have_a_length(narrow: Send, method: str, path: str, body: object) -> None:
    answer = narrow(method, path, by="admin", json=body)
    assert answer.status_code == 413 and answer.is_json, answer.get_data(as_text=True)[:200]
    unsaid = {"wsgi.input": io.BytesIO(json.dumps(body).encode()), "wsgi.input_terminated": True}
    unsaid["HTTP_TRANSFER_ENCODING"] = "chunked"
    answer = narrow(method, path, by="admin", content_type="application/json", environ_overrides=unsaid)
    assert answer.status_code == 413, answer.get_data(as_text=True)[:200]


@each("path", LISTS)
def test_an_answer_has_so_many_rows(narrow: Send, path: str) -> None:
    answer = narrow("GET", f"{path}?{MOST.get(path, '')}")
    assert answer.status_code == 413 and answer.is_json, answer.get_data(as_text=True)[:200]


LONG = {
    "/api/people": "limit=50",
    "/json/people": "pageSize=50",
    "/v1/people": "limit=50",
    "/api/v1/people": "limit=50",
    "/schema/main/people": "filter-expression=id%3C50",
    "/items/people": "limit=50",
}


@each(("path", "query"), [*LONG.items()])
def test_an_answer_has_a_length(narrow: Send, path: str, query: str) -> None:
    answer = narrow("GET", f"{path}?{query}")
    assert answer.status_code == 413 and len(answer.data) < 300, answer.get_data(as_text=True)[:200]
    assert narrow("GET", f"{path}?{query.replace('50', '5')}").status_code == 200


FORM = "multipart/form-data; boundary=x"
PART = '--x\r\nContent-Disposition: form-data; name="p{0}"\r\n\r\n{0}\r\n'


@each("path", ["/items/news/import-csv", "/items/news/import-json"])
def test_a_form_has_so_many_parts(narrow: Send, path: str) -> None:
    def form(parts: int) -> bytes:
        return ("".join(PART.format(number) for number in range(parts)) + "--x--\r\n").encode()

    assert narrow("POST", path, by="admin", data=form(4), content_type=FORM).status_code == 413
    assert narrow("POST", path, by="admin", data=form(3), content_type=FORM).status_code == 400


@each(("path", "by"), [*((path, "admin") for path in LISTS), ("/auth/login", "nobody"), ("/user/login", "nobody")])
def test_elsewhere_no_form_is_read(narrow: Send, path: str, by: str) -> None:
    many = "&".join(f"p{number}=1" for number in range(500))
    answer = narrow("POST", path, by=by, data=many, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 415, (path, answer.status_code)
