"""Columns that a schema anonymises: nobody finds out more of them than which rows have the same value."""

import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from itertools import product
from urllib.parse import urlencode

import pytest
from click.testing import Result
from flask import Flask

from app import StartError
from crud.identity.signing import mask_key
from tests.attacks.conftest import Token
from tests.attacks.test_hidden_fields import EVERYTHING, POSITIONS, Position
from tests.attacks.world import CONFIG, MARKS, fill
from tests.dialects.conftest import empty_url, sibling, token_of

__all__ = ["empty_url"]

COLUMNS = ("secret", "pinnum", "docket", "hiring", "salary", "labels", "spying")
MASKED = CONFIG.replace("  main:\n", f"  main:\n    anonymize: '{', '.join(COLUMNS)}, remark, budget'\n", 1)
MASKED = MASKED.replace(
    f'fields: ["*", {", ".join(f"{chr(34)}-{name}{chr(34)}" for name in COLUMNS)}]', "fields: ['*']"
)
MASKED = MASKED.replace('fields: ["*", "-budget"]', "fields: ['*']").replace(
    "fields: [id, person_id, body], where", "where"
)
# Where a name says what an answer shall have, and not what rows it has.
SHOWING = frozenset({"select", "columns", "fields", "include", "count", "limit"})
Fetch = Callable[[str, tuple[tuple[str, str], ...], Token], tuple[int, str]]


@pytest.fixture(scope="session")
def masked(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The world, everything shown to everybody, with its secrets anonymised."""
    assert MASKED.count("fields: ['*']") == 2
    return make_app(MASKED, sibling(database_url, tmp_path_factory))


@pytest.fixture(scope="session")
def callers(masked: Flask) -> dict[str, Token]:
    """The headers of the administrator and of somebody whose role is `user`."""
    ids = fill(masked)
    return {name: {"Authorization": f"Bearer {token_of(masked, ids[name])}"} for name in ("admin", "other")}


@pytest.fixture(scope="session")
def fetch(masked: Flask) -> Fetch:
    """The status and the text of an answer."""
    client = masked.test_client(use_cookies=False)

    def fetched(path: str, parameters: tuple[tuple[str, str], ...], caller: Token) -> tuple[int, str]:
        answer = client.get(path, query_string=urlencode(parameters), headers=caller)
        return answer.status_code, answer.get_data(as_text=True)

    return fetched


def named(position: Position, name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    path, parameters = position
    return path, tuple((key.replace("~", name), value.replace("~", name)) for key, value in parameters)


def answered(fetch: Fetch, position: Position, name: str, caller: Token) -> tuple[int, str]:
    status, text = fetch(*named(position, name), caller)
    return status, text.replace(name, "~")


def has_mark(text: str) -> bool:
    return any(mark in text for mark in MARKS[:5])


def is_shown(position: Position) -> bool:
    return {key for key, _ in position[1]} <= SHOWING


def test_anonymised_columns_are_shown_and_otherwise_unknown(fetch: Fetch, callers: dict[str, Token]) -> None:
    wrong, shown, missing = [], 0, {}
    for position, name in product(POSITIONS, COLUMNS[:4]):
        other = "z" * len(name)
        if (position, other) not in missing:
            missing[position, other] = answered(fetch, position, other, callers["admin"])
        found = answered(fetch, position, name, callers["admin"])
        shown += is_shown(position) and found[0] == 200
        if has_mark(found[1]) or (found != missing[position, other] and not is_shown(position)):
            wrong.append((position, name, found, missing[position, other]))
    assert wrong == []
    assert shown > 50


def test_no_answer_has_an_anonymised_value(fetch: Fetch, callers: dict[str, Token]) -> None:
    for path, parameters in EVERYTHING:
        status, text = fetch(path, parameters, callers["other"])
        assert status in (200, 413), text
        assert not has_mark(text), (path, parameters)
    status, text = fetch("/permissions/explain", (("resource", "people"), ("action", "read")), callers["admin"])
    assert status == 200 and not has_mark(text)


def test_a_search_does_not_look_into_anonymised_columns(fetch: Fetch, callers: dict[str, Token]) -> None:
    found = fetch("/items/people", (("search", "SECRETMARK"),), callers["admin"])
    assert json.loads(found[1]) == {"data": [], "totalCount": 0}


def test_rows_of_conditions_that_write_are_not_found_by_anonymised_values(
    masked: Flask, callers: dict[str, Token]
) -> None:
    client, unknown = masked.test_client(use_cookies=False), []
    for name in ("secret", "zzzzzz"):
        sent = {"filter": {name: "SECRETMARK"}, "data": {"name": "found"}}
        answer = client.patch("/schema/main/people", json=sent, headers=callers["admin"])
        unknown.append((answer.status_code, answer.get_data(as_text=True).replace(name, "~")))
    assert unknown[0] == unknown[1] and unknown[0][0] == 400


def hashed(masked: Flask, text: str) -> str:
    key = mask_key(masked.extensions["dragoman"].state.held.config)
    return hmac.new(key, text.encode(), sha256).hexdigest()


def test_a_hash_is_that_of_the_text_in_either_database(fetch: Fetch, masked: Flask, callers: dict[str, Token]) -> None:
    row = json.loads(fetch("/items/people/950", (), callers["admin"])[1])["data"]
    texts = {
        **{"secret": "SECRETMARK", "pinnum": "918273645", "hiring": "2077-07-07", "salary": "5463728.19"},
        **{"docket": '{"k":"SECRETDOC"}', "spying": "true"},
    }
    assert {name: row[name] for name in texts} == {name: hashed(masked, text) for name, text in texts.items()}
    assert row["labels"] is None
    fields = json.loads(fetch("/schema/main/people", (("fields", "id,salary"),), callers["admin"])[1])["fields"]
    assert fields == {"id": "number", "salary": "string"}


def test_equal_values_stay_equal_and_what_is_written_is_the_value(
    fetch: Fetch, masked: Flask, callers: dict[str, Token]
) -> None:
    client = masked.test_client(use_cookies=False)
    sent = {"id": 5000, "name": "New", "secret": "SECRETMARK", "pinnum": 1}
    made = client.post("/items/people", json=sent, headers=callers["admin"])
    assert made.status_code in (200, 201), made.get_data(as_text=True)
    assert (made.json["data"]["secret"], made.json["data"]["pinnum"]) == (
        hashed(masked, "SECRETMARK"),
        hashed(masked, "1"),
    )
    rows = json.loads(fetch("/items/people", (("fields", "id,secret"),), callers["admin"])[1])["data"]
    same = {row["id"] for row in rows if row["secret"] == made.json["data"]["secret"]}
    assert {5000, 1} <= same and 2 not in same
    database = masked.extensions["dragoman"].state.held.system
    assert database.fetch("SELECT secret FROM people WHERE id = 5000") == [("SECRETMARK",)]
    client.delete("/items/people/5000", headers=callers["admin"])


def test_an_export_has_hashes(masked: Flask, callers: dict[str, Token]) -> None:
    found: Result = masked.test_cli_runner().invoke(args=["data", "export", "people"])
    assert found.exit_code == 0, found.output
    assert hashed(masked, "SECRETMARK") in found.stdout and "SECRETMARK" not in found.stdout


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_asterisk_is_all_but_keys_and_references(make_app: Callable[..., Flask], empty_url: str) -> None:
    app = make_app(CONFIG.replace("  main:\n", "  main:\n    anonymize: '*'\n", 1), empty_url)
    people = app.extensions["dragoman"].state.held.catalog.resource("people")
    assert [name for name, column in people.columns.items() if not column.masked] == ["id", "team_id"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("said", "why"), [("name, id", "of[)] the key of teams"), ("nmae", "no entity of main")])
def test_keys_and_what_is_not_there_cannot_be_anonymised(
    make_app: Callable[..., Flask], empty_url: str, said: str, why: str
) -> None:
    with pytest.raises(StartError, match=f"schemas.main.anonymize: .*{why}"):
        make_app(CONFIG.replace("  main:\n", f"  main:\n    anonymize: {said}\n", 1), empty_url)
