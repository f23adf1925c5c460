"""The sixth dialect: PostgREST's words, served beside the five by one line in `create_app`'s list."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud.dialects import DIALECTS
from tests.dialects.conftest import ROOT
from tests.dialects.postgrest import dialect
from tests.tables import each


@pytest.fixture(scope="module")
def rest(make_app: Callable[..., Flask], database_url: str) -> FlaskClient:
    """A client of the sample project in six dialects."""
    return make_app(ROOT / "config.yml", database_url, dialects=(*DIALECTS.values(), dialect)).test_client()


@each(
    ("query", "expected"),
    [
        ("categories?select=id,title&id=lt.3", [{"id": 1, "title": "Mathematics"}, {"id": 2, "title": "Logic"}]),
        ("categories?select=id&id=gte.2&id=lte.3&order=id.desc", [{"id": 3}, {"id": 2}]),
        ("categories?select=id&order=title.desc,id&limit=1&offset=1", [{"id": 4}]),
        ('categories?select=id&title=in.(Logic,"Hardware")', [{"id": 2}, {"id": 3}]),
        ("categories?select=id&title=like.Math*", [{"id": 1}]),
        ("categories?select=id&title=ilike.*LOGIC*", [{"id": 2}]),
        ("categories?select=id&id=not.gt.1", [{"id": 1}]),
        ("categories?select=id&title=is.null", []),
        ("posts?select=id&published=is.false", []),
        (
            "posts?select=id,category(title),comments(id,post(id))&id=eq.2",
            [{"id": 2, "category": {"title": "Mathematics"}, "comments": [{"id": 2, "post": {"id": 2}}]}],
        ),
        ("posts?select=id&category.title=eq.Mathematics&id=neq.2&limit=0", []),
    ],
)
def test_rows(rest: FlaskClient, query: str, expected: object) -> None:
    answer = rest.get(f"/rest/{query}")
    assert answer.status_code == 200 and answer.json == expected


@each(
    ("query", "status"),
    [
        ("nope", 404),
        ("customers", 403),
        ("posts?nope=eq.1", 400),
        ("posts?id=zap.1", 400),
        ("posts?id=eq.x", 400),
        ("posts?id=is.x", 400),
        ("posts?select=nope", 400),
        ("posts?select=(id)", 400),
        ("posts?order=nope", 400),
        ("posts?order=id.down", 400),
        ("posts?limit=-1", 400),
        ("posts/1", 404),
    ],
)
def test_refusals(rest: FlaskClient, query: str, status: int) -> None:
    answer = rest.get(f"/rest/{query}")
    assert answer.status_code == status and set(answer.get_json()) == {"code", "message", "details", "hint"}
