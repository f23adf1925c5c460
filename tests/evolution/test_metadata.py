"""Phantom's metadata: a file appears and there is a table with its endpoints; a field is added and there is a column."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from tests.dialects.conftest import applications, close, database_url, empty_url, fresh_app, make_app, with_callers

__all__ = ["applications", "database_url", "empty_url", "make_app"]

POST = {
    "fields": {
        "title": {"type": "string", "required": True},
        "author": {"type": "relation", "target": "User", "onDelete": "cascade"},
    },
    "permissions": {"create": ["user", "admin"], "read": ["anon", "user", "admin"], "update": ["admin"], "delete": []},
}


def test_the_metadata_story(make_app: Callable[..., Flask], empty_url: str, tmp_path: Path) -> None:
    meta = tmp_path / "meta"
    meta.mkdir()
    config = tmp_path / "config.yml"
    config.write_text(f'sources: {{default: {{url: "{empty_url}"}}}}\nmetadata: meta\nauth: {{secret: "{"s" * 40}"}}\n')

    def started(**files: object) -> Flask:
        for name, content in files.items():
            (meta / f"{name}.json").write_text(json.dumps(content))
        return make_app(config, empty_url)

    app = started()
    people = with_callers(app)
    assert app.test_client().get("/api/Post", headers=people.admin).status_code == 404
    close(app)

    app = started(Post=POST)  # a file appears
    client, people = app.test_client(), fresh_app(app)
    me = client.get("/auth/me", headers=people.user).json["user"]["id"]
    made = client.post("/api/Post", json={"title": "First", "authorId": me}, headers=people.user)
    assert made.status_code == 201, made.json
    post: dict[str, Any] = made.json["data"]
    assert {"id", "title", "authorId", "created_at", "updated_at"} <= set(post)
    assert client.get("/api/Post").json["data"][0]["title"] == "First"
    assert client.post("/api/Post", json={"title": "x"}).status_code == 401
    change = {"json": {"title": "Changed"}}
    assert client.put(f"/api/Post/{post['id']}", headers=people.user, **change).status_code == 403
    assert client.put(f"/api/Post/{post['id']}", headers=people.admin, **change).status_code == 200
    assert client.delete(f"/api/Post/{post['id']}", headers=people.user).status_code == 403
    assert client.post("/api/Post", json={"authorId": me}, headers=people.user).status_code == 400
    close(app)

    tags = {"type": "string", "required": True, "default": "none", "unique": False}
    fields = {**POST["fields"], "tags": tags, "views": {"type": "integer"}}
    app = started(Post={**POST, "fields": fields}, Comment={"fields": {"post": {"type": "relation", "target": "Post"}}})
    client, people = app.test_client(), fresh_app(app)
    (found,) = client.get("/api/Post").json["data"]
    assert (found["id"], found["title"], found["tags"], found["views"]) == (post["id"], "Changed", "none", None)
    schema = client.get("/api/Post/schema", headers=people.admin).json["schema"]
    assert {"tags", "views"} <= set(schema["fields"])
    comment = client.post("/api/Comment", json={"postId": post["id"]}, headers=people.admin)
    assert comment.status_code == 201, comment.json
    assert client.get("/items/Comment?fields=post.title", headers=people.admin).json["data"][0]["post"] == {
        "title": "Changed"
    }
