"""Metal's list of a schema: what kind each entity is, and how many rows it has, where that is known and may be told."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.dialects.conftest import Fresh, with_callers
from tests.dialects.test_across_sources import ask, get

FIELDS = "{id: {type: integer, key: true}, name: {type: string}}"
CONFIG = f"""
sources:
  default: {{database: "${{DATABASE_URL}}"}}
  mem: {{provider: memory}}
schemas:
  main:
    entities:
      all: {{fields: {FIELDS}, rules: [{{role: user, actions: [read]}}]}}
      some: {{fields: {FIELDS}, rules: [{{role: user, actions: [read], where: {{name: seen}}}}]}}
      marked: {{fields: {FIELDS}, soft_delete: {{column: name, active: seen, deleted: gone}}, rules: [{{role: user, actions: [read]}}]}}
      none: {{fields: {FIELDS}}}
  mem:
    source: mem
    entities:
      kept: {{fields: {FIELDS}, rules: [{{role: user, actions: [read], where: {{name: seen}}}}]}}
"""


@pytest.fixture
def listed(make_app: Callable[..., Flask], empty_url: str) -> Fresh:
    made = with_callers(make_app(CONFIG, empty_url))
    rows = [{"id": number, "name": "seen" if number < 3 else "other"} for number in range(7)]
    for path in ("main/all", "main/some", "main/marked", "main/none", "mem/kept"):
        answer = made.client.post(f"/schema/{path}", json={"data": rows}, headers=made.admin)
        assert answer.status_code == 201, answer.get_data(as_text=True)
    return made


def entities(made: Fresh, schema: str, headers: dict[str, str]) -> dict[str, tuple[str, int | None]]:
    rows = get(made, f"/schema/{schema}", headers)["rows"]
    return {row["name"]: (row["type"], row.get("size")) for row in rows}


def test_sizes_are_those_that_the_database_has_noted(listed: Fresh) -> None:
    with listed.snapshot.system.transaction() as session:
        session.execute("ANALYZE")
    sizes = dict.fromkeys(("all", "some", "none"), ("table", 7))
    assert entities(listed, "main", listed.admin) == {**sizes, "marked": ("table", None)}


def test_who_does_not_see_every_row_is_told_no_number_of_them(listed: Fresh) -> None:
    with listed.snapshot.system.transaction() as session:
        session.execute("ANALYZE")
    assert entities(listed, "main", listed.user) == {
        **{"all": ("table", 7), "some": ("table", None), "marked": ("table", None)}
    }


def test_what_is_in_memory_is_counted_as_the_caller_sees_it(listed: Fresh) -> None:
    assert entities(listed, "mem", listed.admin) == {"kept": ("datatable", 7)}
    assert entities(listed, "mem", listed.user) == {"kept": ("datatable", 3)}


def test_metal_says_how_long_an_answer_took(listed: Fresh) -> None:
    for path in ("/schema/main", "/schema/main/all", "/schema/main/nope", "/server/info", "/schema/main/all?nope=1"):
        taken = ask(listed, path.partition("?")[0], **({"nope": "1"} if "?" in path else {})).headers["X-Response-Time"]
        assert taken.endswith("ms") and 0 <= float(taken.removesuffix("ms")) < 60_000
    assert "X-Response-Time" not in ask(listed, "/items/all").headers
