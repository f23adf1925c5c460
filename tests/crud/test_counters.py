"""Keys that count by themselves, and texts whose uniqueness ignores case: the same on both databases."""

from collections.abc import Iterator

import pytest

from crud import service
from crud.access.actor import Actor
from crud.definitions.reading import read_config
from crud.errors import ApiError
from crud.snapshots.startup import assemble
from crud.snapshots.state import Context
from sql.commands import Insert

CONFIG = """
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    source: default
    entities:
      "odd 100% \\"name\\"":
        fields:
          "the id": {type: integer, key: true, auto: increment}
          word: {type: citext, unique: true}
"""
NAME = 'odd 100% "name"'


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def context(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Context]:
    monkeypatch.setenv("DATABASE_URL", request.getfixturevalue(request.param))
    path = tmp_path_factory.mktemp("counters") / "config.yml"
    path.write_text(CONFIG)
    snapshot = assemble(read_config(path), ())
    yield Context(snapshot, Actor("1", frozenset({"admin"})))
    snapshot.system.close()


def put(context: Context, **row: object) -> object:
    given = {name.replace("_", " "): value for name, value in row.items()}
    return service.write(context, [Insert(NAME, (given,))])[0].keys[0]["the id"]


def test_a_counter_goes_on_after_a_key_that_was_given(context: Context) -> None:
    assert put(context, word="a") == 1
    assert put(context, the_id=7, word="b") == 7
    assert put(context, word="c") == 8
    assert put(context, the_id=3, word="d") == 3
    assert put(context, word="e") == 9


@pytest.mark.parametrize(("first", "second", "clash"), [("Abc", "aBC", True), ("É", "é", False), ("a", "b", False)])
def test_a_unique_text_without_case_is_unique_without_case(
    context: Context, first: str, second: str, clash: bool
) -> None:
    put(context, word=first)
    if not clash:
        put(context, word=second)
        return
    with pytest.raises(ApiError) as caught:
        put(context, word=second)
    assert caught.value.kind == "conflict"


def test_a_bulk_folds_as_the_database_does(context: Context) -> None:
    service.write(context, [Insert(NAME, ({"word": "É"}, {"word": "é"}))])
    with pytest.raises(ApiError):
        service.write(context, [Insert(NAME, ({"word": "X"}, {"word": "x"}))])
