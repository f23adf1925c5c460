"""Resources and rows that a caller may not see: no answer tells that they exist, no count counts them."""

import json

import pytest
from flask.testing import FlaskClient

from tests.attacks.conftest import Ask, Token
from tests.attacks.world import PEOPLE
from tests.tables import each

# A place for the name of a resource in each dialect.
PLACES = [
    *("/api/~", "/api/~/1", "/api/~/schema", "/api/schema/~", "/json/~", "/json/~/1", "/v1/~", "/v1/~/1"),
    *("/api/v1/~", "/api/v1/~/1", "/schema/main/~", "/items/~", "/items/~/1"),
]
ODD = [(), (("no_such", "1"),), (("sort", "{"),), (("fields", "pin"),), (("where", '{"pin":"x"}'),), (("limit", "x"),)]
OWN_TABLES = ["_dragoman_users", "_dragoman_revoked", "sqlite_master"]


def bare(client: FlaskClient, path: str, name: str, headers: Token, parameters: object) -> tuple[int, str]:
    answer = client.get(path.replace("~", name), query_string=dict(parameters), headers=headers)  # type: ignore[call-overload]
    return answer.status_code, answer.get_data(as_text=True).replace(name, "~")


@each("place", PLACES)
@each("hidden", ["vaults", *OWN_TABLES])
def test_a_hidden_resource_is_answered_as_a_missing_one(
    client: FlaskClient, user: Token, place: str, hidden: str
) -> None:
    missing = "z" * len(hidden)
    for headers, parameters in [(user, ODD[0]), (user, ODD[1]), (user, ODD[4]), ({}, ODD[0])]:
        found = bare(client, place, hidden, headers, parameters)
        assert found == bare(client, place, missing, headers, parameters)
        assert found[0] == 404


@each("place", PLACES)
@each("name", ["ledgers", "shut"])
def test_a_forbidden_resource_is_refused_before_its_parameters_are_read(
    client: FlaskClient, user: Token, place: str, name: str
) -> None:
    answers = {bare(client, place, name, user, parameters) for parameters in ODD}
    assert len(answers) == 1
    assert answers.pop()[0] in (401, 403)


@each("schema", ["zzzz", "pg_catalog", "information_schema", "system", "sqlite_master"])
def test_schemas_of_the_database_are_not_there(client: FlaskClient, user: Token, schema: str) -> None:
    for path in ("/schema/~", "/schema/~/people", "/schema/~/users"):
        assert bare(client, path, schema, user, ()) == bare(client, path, "z" * len(schema), user, ())


DOORS = ["/v1/user", "/api/v1/user", "/v1/auth/user", "/api/v1/auth/user", "/auth/me", "/auth/check", "/user/info"]


@each("path", [*DOORS, "/permissions", "/permissions/explain?resource=people&action=read"])
def test_no_door_names_a_table_of_ours(client: FlaskClient, user: Token, path: str) -> None:
    """The callers of this world may not read accounts, not even their own."""
    for headers in (user, {}):
        text = client.get(path, headers=headers).get_data(as_text=True)
        assert "_dragoman" not in text and "argon2" not in text, text


def test_a_listing_of_entities_names_what_the_caller_may_read(ask: Ask) -> None:
    names = {row["name"] for row in ask("/schema/main").json["rows"]}
    assert names == {"teams", "people", "notes", "blanks", "grants", "shares", "mine", "news"}


ITEMS = ["/api/people/~", "/json/people/~", "/v1/people/~", "/api/v1/people/~", "/items/people/~"]


@each("place", ITEMS)
@each("missing", ["901", "99999999999999999999999", "x", "1 or 1=1", "900.0", "%00", "--", "'"])
def test_a_hidden_row_is_answered_as_a_missing_one(client: FlaskClient, user: Token, place: str, missing: str) -> None:
    hidden = client.get(place.replace("~", "900"), headers=user)
    absent = client.get(place.replace("~", missing), headers=user)
    assert hidden.status_code == absent.status_code
    assert "GHOSTMARK" not in hidden.get_data(as_text=True)
    strip = [one.get_data(as_text=True).replace(missing, "~").replace("900", "~") for one in (hidden, absent)]
    assert strip[0] == strip[1]


# ---------------------------------------------------------------- rows


def test_totals_count_what_the_rules_show(ask: Ask) -> None:
    shown = PEOPLE + 1  # and one with a strange name
    assert ask("/json/people").json["pagination"]["totalRecords"] == shown
    assert ask("/json/people", ("count", "true")).json["data"] == {"count": shown}
    assert ask("/api/v1/people", ("limit", "1")).json["total"] == shown
    assert ask("/items/people", ("limit", "1")).json["totalCount"] == shown
    assert len(ask("/schema/main/people").json["rows"]) == shown
    counted = ask("/items/people", ("aggregate", '{"n":{"function":"count"}}'))
    assert counted.json["data"][0]["n"] == shown
    grouped = ask("/items/notes", ("aggregate", '{"n":{"function":"count"}}'), ("groupBy", "person_id"))
    assert {row["person_id"]: row["n"] for row in grouped.json["data"]} == {1: 5, 900: 1}


def xond(field: str, value: object, comparison: str = "equals") -> str:
    return json.dumps([{"field": field, "value": value, "comparison": comparison}])


# A condition through relations that only a hidden row meets.
HIDDEN_ROWS = [
    ("/api/people", "where", '{"notes.body":{"contains":"DRAFT"}}'),
    ("/api/people", "where[notes.body][contains]", "DRAFT"),
    ("/api/people", "where", '{"notes.id":101}'),
    ("/api/notes", "where", '{"person.name":"GHOSTMARK"}'),
    ("/api/teams", "where", '{"people.name":"GHOSTMARK"}'),
    ("/api/teams", "where", '{"people.notes.body":{"contains":"DRAFT"}}'),
    ("/api/teams", "where", '{"people.notes.body":"By a ghost"}'),
    ("/json/people", "filter", xond("notes.body", "DRAFT", "contains")),
    ("/json/people", "baseFilter", xond("notes.body", "DRAFT", "contains")),
    ("/json/notes", "filter", xond("person.name", "GHOSTMARK")),
    ("/v1/people", "filters[notes][body][$contains]", "DRAFT"),
    ("/v1/notes", "filters[person][name]", "GHOSTMARK"),
    ("/schema/main/people", "filter", '{"notes.body":"DRAFTMARK 1"}'),
    ("/schema/main/people", "filter-expression", "notes.body LIKE 'DRAFT%'"),
    ("/schema/main/notes", "filter-expression", "person.name = 'GHOSTMARK'"),
    ("/schema/main/notes", "filter-expression", "NOT (person.name <> 'GHOSTMARK') AND person.name IS NOT NULL"),
    ("/items/people", "filter", '{"notes.body":{"like":"DRAFT"}}'),
    ("/items/people", "filter", '{"OR":[{"notes.body":{"startsWith":"DRAFT"}}]}'),
    ("/items/notes", "filter", '{"person.name":"GHOSTMARK"}'),
    ("/items/teams", "filter", '{"people.name":{"iLike":"GHOST"}}'),
]


@each(("path", "name", "value"), HIDDEN_ROWS)
def test_conditions_through_relations_do_not_find_hidden_rows(ask: Ask, path: str, name: str, value: str) -> None:
    answer = ask(path, (name, value))
    assert answer.status_code == 200, answer.json
    found = answer.json
    rows = found if isinstance(found, list) else found.get("data", found.get("rows"))
    assert rows == []


def test_a_search_over_relations_does_not_find_hidden_rows(ask: Ask) -> None:
    sought = ask("/items/people", ("search", "DRAFT"), ("searchFields", "notes.body"))
    assert sought.json == {"data": [], "totalCount": 0}
    found = ask("/json/people", ("textSearchFields", "notes.body"), ("textSearchValue", "DRAFT"))
    assert found.json["data"] == []


def test_included_rows_are_those_of_the_rules(ask: Ask) -> None:
    five = [1, 2, 3, 4, 5]
    assert [row["id"] for row in ask("/api/people/1", ("populate", "notes")).json["data"]["notes"]] == five
    assert [row["id"] for row in ask("/json/people/1", ("include", "notes")).json["data"]["notes"]] == five
    assert [row["id"] for row in ask("/v1/people/1", ("includeRelations", "true")).json["notes"]] == five
    assert [row["id"] for row in ask("/items/people/1", ("fields", "*,notes.*")).json["data"]["notes"]] == five
    narrowed = ask("/items/people/1", ("fields", "*,notes.*"), ("relConditions", '{"notes":{"body":{"like":"D"}}}'))
    assert narrowed.json["data"]["notes"] == []


def test_a_hidden_parent_is_null_in_an_answer(ask: Ask) -> None:
    assert ask("/api/notes/50", ("populate", "person")).json["data"]["person"] is None
    assert ask("/json/notes/50", ("include", "person")).json["data"]["person"] is None
    assert ask("/v1/notes/50", ("includeRelations", "true")).json["person"] is None
    assert ask("/items/notes/50", ("fields", "*,person.*")).json["data"]["person"] is None
    rows = ask("/schema/main/notes", ("fields", "id,person.name"), ("filter", '{"id":50}')).json["rows"]
    assert rows == [{"id": 50, "person.name": None}]


def test_sorting_and_grouping_by_a_hidden_parent_see_nothing(ask: Ask) -> None:
    # The ghost's name begins with G, between no others: visible, it would sort before `Person`; hidden it is NULL.
    ordered = ask("/items/notes", ("sort", "person.name"))
    assert [row["id"] for row in ordered.json["data"]][-1] == 50
    grouped = ask("/items/notes", ("groupBy", "person.name"), ("aggregate", '{"n":{"function":"count"}}'))
    assert {row["person.name"]: row["n"] for row in grouped.json["data"]} == {"Person 001": 5, None: 1}


def test_a_rule_over_more_than_a_hundred_related_rows_is_exact(ask: Ask) -> None:
    exact = list(range(1, 151))
    assert [row["id"] for row in ask("/api/shares", ("limit", "1000")).json["data"]] == exact
    assert [row["id"] for row in ask("/json/shares", ("pageSize", "1000")).json["data"]] == exact
    assert [row["id"] for row in ask("/v1/shares").json] == exact
    assert [row["id"] for row in ask("/schema/main/shares").json["rows"]] == exact
    assert [row["id"] for row in ask("/items/shares").json["data"]] == exact
    included = ask("/items/teams", ("fields", "id,people.shares.id"))
    assert sorted(s["id"] for t in included.json["data"] for p in t["people"] for s in p["shares"]) == exact


def test_a_value_of_the_caller_cannot_widen_a_rule(ask: Ask) -> None:
    for path in ("/api/mine", "/json/mine", "/v1/mine", "/api/v1/mine", "/schema/main/mine", "/items/mine"):
        found = ask(path).json
        rows = found if isinstance(found, list) else found.get("rows") or found["data"]
        assert [row["id"] for row in rows] == [1]


# ---------------------------------------------------------------- what rules give and take


@each("path", ["/api/blanks", "/json/blanks", "/v1/blanks", "/schema/main/blanks", "/items/blanks"])
def test_an_empty_list_of_fields_is_none_not_all(ask: Ask, path: str) -> None:
    answer = ask(path)
    text = answer.get_data(as_text=True)
    assert answer.status_code in (200, 403)
    assert "SECRETMARK" not in text
    assert '"name"' not in text
    assert '"id":' not in text


@pytest.mark.parametrize("field", ["id", "name"])
def test_an_empty_list_of_fields_lets_nothing_be_asked(ask: Ask, field: str) -> None:
    assert ask("/api/blanks", ("sort", field)).status_code == 400
    assert ask("/json/blanks", ("filter", xond(field, "1"))).status_code == 400
    assert ask("/v1/blanks", (f"filters[{field}]", "1")).status_code == 400
    assert ask("/schema/main/blanks", ("filter", json.dumps({field: 1}))).status_code == 400
    assert ask("/items/blanks", ("filter", json.dumps({field: 1}))).status_code == 400
    assert ask("/items/blanks", ("fields", field)).status_code == 400


def test_a_denied_field_and_a_denied_row_stay_denied_under_two_allows(ask: Ask) -> None:
    rows = ask("/items/grants").json
    assert rows["data"] == [{"id": 1, "name": "One", "kind": "open"}, {"id": 3, "name": "Three", "kind": "open"}]
    assert rows["totalCount"] == 2
    assert ask("/items/grants", ("filter", '{"code":"SECRETMARK"}')).status_code == 400


def test_a_denied_resource_stays_denied_under_an_allow(ask: Ask, admin: Token) -> None:
    assert ask("/items/shut").status_code == 403
    assert ask("/items/shut", headers=admin).status_code == 200
