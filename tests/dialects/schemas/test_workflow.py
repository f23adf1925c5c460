"""The complete example workflow of Baasix's document, as it is printed, on an empty database."""

import json
from collections.abc import Callable
from typing import Any

from flask import Flask

from tests.dialects.schemas.conftest import EMPTY

ADMIN = {"email": "admin@example.com", "password": "Adm1n-Passw0rd!", "name": "Super Admin"}
USER = {"email": "user@example.com", "password": "Us3r-Passw0rd!", "firstName": "User"}
SCHEMA = """{
    "collectionName": "posts",
    "schema": {
      "name": "Post",
      "fields": {
        "id": { "type": "Integer", "primaryKey": true, "defaultValue": { "type": "AUTOINCREMENT" } },
        "title": { "type": "String", "allowNull": false },
        "content": { "type": "String", "allowNull": false },
        "published": { "type": "Boolean", "default": false },
        "authorId": { "type": "String", "allowNull": false }
      },
      "paranoid": true
    }
  }"""
PERMISSION = """{
    "role_Id": "%s",
    "collection": "posts",
    "action": "%s",
    "fields": ["*"]
  }"""
ITEM = """{
    "title": "My First Post",
    "content": "Hello World",
    "authorId": "user-123",
    "published": true
  }"""


def test_the_complete_example_workflow(empty_url: str, make_app: Callable[..., Flask]) -> None:
    client = make_app(EMPTY, empty_url).test_client(use_cookies=False)

    def post(path: str, body: str, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = client.post(path, data=body, headers=headers, content_type="application/json")
        assert answer.status_code < 300, answer.text
        return answer

    admin = post("/auth/setup", json.dumps(ADMIN)).json["token"]
    user = post("/auth/register", json.dumps(USER)).json["token"]
    roles = client.get("/items/baasix_Role", headers={"Authorization": f"Bearer {admin}"}).json["data"]
    role = next(each["id"] for each in roles if each["name"] == "user")

    created = post("/schemas", SCHEMA, admin)
    assert (created.status_code, created.json) == (201, {"message": "Schema created successfully"})
    for action in ("read", "create"):
        granted = post("/permissions", PERMISSION % (role, action), admin)
        assert granted.status_code == 201 and granted.json["collection"] == "posts"
    item = post("/items/posts", ITEM, user)
    row = {"title": "My First Post", "content": "Hello World", "authorId": "user-123", "published": True}
    assert item.status_code == 201 and item.json["data"].items() >= {"id": 1, **row}.items()

    filter = '{"published":{"eq":true}}'
    found = client.get("/items/posts", query_string={"filter": filter}, headers={"Authorization": f"Bearer {user}"})
    assert found.status_code == 200 and found.json["totalCount"] == 1
    assert found.json["data"][0].items() >= {"id": 1, **row}.items()
    schema = client.get("/schemas/posts", headers={"Authorization": f"Bearer {user}"}).json["data"]
    assert schema["collectionName"] == "posts" and schema["schema"]["name"] == "Post"
    assert schema["schema"]["fields"]["published"] == {"type": "Boolean", "default": False}
