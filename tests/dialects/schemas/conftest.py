"""A service over a database that was empty, in which collections are defined by request.

`home` is shared by the tests of a file, each with collections of its own name; `empty_home` is one's own.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud.snapshots.state import Snapshot
from tests.dialects.conftest import Token, close, sibling, with_callers
from tests.dialects.schemas.written import collection

EMPTY = """
sources: {default: {database: "${DATABASE_URL}"}}
auth: {secret: "${DRAGOMAN_SECRET}", registration: open}
schemas:
  main:
    source: default
    entities:
      orders:
        fields:
          id: {type: integer, key: true, default: increment}
          total: {type: decimal, precision: 10, scale: 2, required: true}
          secret: {type: string}
          account_id: {type: uuid, references: accounts}
          created_at: {type: datetime, auto: created_at}
        rules: [{role: user, actions: [read], fields: ["*", -secret]}]
"""
Answer = tuple[int, Any]


@dataclass
class Home:
    """The application, and the headers of an administrator and of a user."""

    app: Flask
    admin: Token
    user: Token

    @property
    def client(self) -> FlaskClient:
        """A client without cookies."""
        return self.app.test_client(use_cookies=False)

    @property
    def snapshot(self) -> Snapshot:
        """What is in force."""
        found: Snapshot = self.app.extensions["dragoman"].state.current()
        return found

    def ask(self, method: str, path: str, body: object = None, who: Token | None = None, **args: object) -> Answer:
        """(status, body) of a request; a refusal of Baasix has its envelope."""
        query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in args.items()}
        headers = self.admin if who is None else who
        answer = self.client.open(path, method=method, json=body, headers=headers, query_string=query)
        data = answer.json if answer.data else None
        if answer.status_code >= 400 and path.startswith(("/items", "/schemas", "/permissions")):
            assert set(data["error"]) == {"message", "details", "statusCode"}, data
        return answer.status_code, data

    def well(self, method: str, path: str, body: object = None, who: Token | None = None, **args: object) -> Any:
        """The body of an answer that says yes."""
        status, data = self.ask(method, path, body, who, **args)
        assert status < 300, (method, path, data)
        return data

    def refused(self, method: str, path: str, body: object = None, who: Token | None = None) -> tuple[int, str]:
        """(status, message and details) of an answer that says no."""
        status, data = self.ask(method, path, body, who)
        assert status >= 400, (method, path, data)
        return status, f"{data['error']['message']} {data['error']['details']}"

    def define(self, name: str, written: Mapping[str, Any] | None = None, **fields: Any) -> None:
        """A collection of this schema, or of an id and these fields."""
        schema = collection(**fields) if written is None else written
        self.well("POST", "/schemas", {"collectionName": name, "schema": schema})

    def schema(self, name: str, who: Token | None = None) -> dict[str, Any]:
        """The schema of a collection."""
        found: dict[str, Any] = self.well("GET", f"/schemas/{name}", who=who)["data"]["schema"]
        return found

    def allow(self, collection: str, *actions: str, role: str = "user", fields: list[str] | None = None) -> None:
        """A rule that lets a role do this to a collection."""
        roles = self.well("GET", "/items/baasix_Role", filter={"name": role})
        for action in actions:
            rule = {"role_Id": roles["data"][0]["id"], "collection": collection, "action": action}
            self.well("POST", "/permissions", {**rule, "fields": fields or ["*"]})

    def made(self, collection: str, **row: object) -> Any:
        """A new row."""
        return self.well("POST", f"/items/{collection}", row)["data"]

    def items(self, name: str, who: Token | None = None, **args: object) -> list[Any]:
        """Rows of a collection."""
        found: list[Any] = self.well("GET", f"/items/{name}", who=who, **args)["data"]
        return found


def make_home(make_app: Callable[..., Flask], url: str) -> Home:
    """An application over an empty database."""
    made = with_callers(make_app(EMPTY, url))
    return Home(made.app, made.admin, made.user)


@pytest.fixture(scope="module")
def home(database_url: str, make_app: Callable[..., Flask], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The service that the tests of a file share."""
    made = make_home(make_app, sibling(database_url, tmp_path_factory))
    yield made
    close(made.app)


@pytest.fixture
def empty_home(empty_url: str, make_app: Callable[..., Flask]) -> Home:
    """A service of one's own."""
    return make_home(make_app, empty_url)
