"""The shop of `tests.plans.world`, served by the real application on SQLite and on PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from crud.snapshots.state import Snapshot
from tests.dialects.conftest import Token, applications, database_url, empty_url, make_app, token_of
from tests.plans.world import CONFIG, fill

__all__ = ["applications", "database_url", "empty_url", "make_app"]


@dataclass(frozen=True)
class Shop:
    """The application, and the accounts by name."""

    app: Flask
    ids: dict[str, str]

    @property
    def snapshot(self) -> Snapshot:
        """What is in force."""
        found: Snapshot = self.app.extensions["dragoman"].state.current()
        return found

    def headers(self, name: str) -> Token:
        """The headers of an account; none of `anon`."""
        return {} if name == "anon" else {"Authorization": f"Bearer {token_of(self.app, self.ids[name])}"}

    def ask(self, name: str, path: str, **parameters: str) -> TestResponse:
        """The answer to a GET of somebody."""
        client = self.app.test_client(use_cookies=False)
        return client.get(f"{path}?{urlencode(parameters)}", headers=self.headers(name))

    def rows(self, name: str, entity: str, **parameters: str) -> list[dict[str, object]]:
        """The rows of an entity, as Metal gives them."""
        answer = self.ask(name, f"/schema/{entity.replace('.', '/')}", **parameters)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: list[dict[str, object]] = answer.json["rows"]
        return found


@pytest.fixture(scope="session")
def shop(make_app: Callable[..., Flask], database_url: str) -> Shop:
    """The shop with its rows and accounts."""
    app = make_app(CONFIG, database_url)
    return Shop(app, fill(app.extensions["dragoman"].state.current().system))
