"""Four processes that start at once on new definitions: one changes the tables, the others wait, all of them serve."""

import json
import multiprocessing
from pathlib import Path

from crud.snapshots.startup import assemble, configured
from sql.database import Database
from tests.evolution.defined import KEY, entity, rows, run, table

BEFORE = {"posts": entity({"title": {"type": "string"}})}
AFTER = {
    "authors": entity({"name": {"type": "string"}}),
    "posts": {
        "fields": {
            **KEY,
            "heading": {"type": "text", "required": True, "unique": True, "renamed_from": "title"},
            "author_id": {"references": "authors"},
        }
    },
}


def start(path: str) -> None:
    """What a worker does when it starts."""
    config, texts = configured(path)
    snapshot = assemble(config, [], texts)
    snapshot.system.fetch("SELECT count(*) FROM posts")


def written(folder: Path, database: Database, entities: object) -> Path:
    """The configuration of entities."""
    data = {
        "sources": {"default": {"url": database.url}},
        "auth": {"secret": "s" * 40},
        "sample": ".",
        "schemas": {"main": {"entities": entities}},
    }
    (folder / "config.yml").write_text(json.dumps(data))
    return folder / "config.yml"


def test_workers_that_start_at_once_agree(database: Database, tmp_path: Path) -> None:
    (tmp_path / "posts.json").write_text('[{"title": "first"}, {"title": "second"}]')
    (tmp_path / "authors.json").write_text('[{"name": "Ann"}]')
    start(str(written(tmp_path, database, BEFORE)))
    assert rows(database, "SELECT title FROM posts ORDER BY id") == [("first",), ("second",)]
    together(4, written(tmp_path, database, AFTER))
    assert rows(database, "SELECT heading, author_id FROM posts ORDER BY id") == [("first", None), ("second", None)]
    assert rows(database, "SELECT name FROM authors") == [("Ann",)]
    assert table(database, "posts").uniques == (("heading",),)
    run(database, "INSERT INTO posts (heading, author_id) VALUES ('third', 1)")


def together(count: int, path: Path) -> None:
    """As many processes, at once: of one that has loaded the modules and opened nothing, as gunicorn's workers are."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.evolution.test_workers"])
    workers = [context.Process(target=start, args=(str(path),)) for _ in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * count
