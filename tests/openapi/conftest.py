"""The small world of `tests.openapi.world`, served on each backend: an administrator, Test User, nobody."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from tests.dialects.conftest import (
    Token,
    applications,
    close,
    database_url,
    empty_url,
    make_app,
    sibling,
    with_callers,
)
from tests.openapi.world import CONFIG, ROOT

__all__ = ["applications", "database_url", "empty_url", "make_app"]
DIALECTS = ("phantom", "xond", "sonicjs", "metal", "baasix")


@dataclass(frozen=True)
class World:
    """The application, and headers by who sends them. The administrator is one of the configuration: no request for
    accounts makes him another."""

    app: Flask
    callers: dict[str, Token]


@pytest.fixture(scope="module")
def world(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The world on each backend."""
    made = begun(make_app(CONFIG, sibling(database_url, tmp_path_factory)))
    yield made
    close(made.app)


@pytest.fixture
def own_world(
    make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The world on each backend, for one test alone: an administrator may take everything away in it."""
    made = begun(make_app(CONFIG, sibling(database_url, tmp_path_factory)))
    yield made
    close(made.app)


@pytest.fixture(scope="module")
def home(make_app: Callable[..., Flask], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world on SQLite alone, for what has nothing to do with the database."""
    made = begun(make_app(CONFIG, f"sqlite:///{tmp_path_factory.mktemp('home') / 'home.sqlite'}"))
    yield made
    close(made.app)


def begun(app: Flask) -> World:
    """A world with its callers and a few rows."""
    user, client = with_callers(app).user, app.test_client()
    admin = {"Authorization": f"Bearer {client.post('/user/login', json=ROOT).json['token']}"}
    for number in range(1, 4):
        kind = {
            "word": f"w{number}",
            "mood": "sad",
            "day": "2024-01-31",
            "moment": "2024-01-31T10:00:00Z",
            "price": 1.5,
        }
        for path, row in (
            ("kinds", kind | {"doc": {"a": [number]}, "words": ["a", "b"], "raw": "AP8=", "span": {"lower": number}}),
            ("owners", {"name": f"owner {number}"}),
            ("things", {"shelf": number, "box": "b", "kind_id": number}),
            ("Order%20Details", {"line": f"line {number}"}),
        ):
            assert client.post(f"/json/{path}", json=row, headers=admin).status_code == 201
    return World(app, {"admin": admin, "user": user, "anon": {}})
