"""Explanations: what the rules are said to give is what they give, and nobody learns more than he may know."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain, combinations
from types import MappingProxyType

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crud import inquiry
from crud.access.actor import Actor
from crud.access.explaining import Explanation, Line, explain
from crud.access.policy import Policy
from crud.access.settable import offer
from crud.access.wording import OPERATORS, words
from crud.definitions.declared import RuleDefinition
from crud.inquiry import ACTIONS, UNSAID
from crud.snapshots.state import Snapshot
from crud.web.dialect import served
from sql import operators
from sql.catalog import Catalog, Column, Relation, Resource, SoftDelete, Table
from sql.expressions import (
    FALSE,
    TRUE,
    ActorValue,
    And,
    Cast,
    Compare,
    Const,
    DatePart,
    Filter,
    Hop,
    JsonKind,
    JsonLength,
    JsonPath,
    Not,
    Now,
    Or,
    Path,
    Relevance,
    Search,
    Slot,
    Some,
    both,
)
from sql.types import DATE, DATETIME, INTEGER, JSON, STRING, UUID
from tests.tables import each

Token = dict[str, str]

# ---------------------------------------------------------------- the explanation is the decision


def recombined(resource: Resource, found: Explanation, *, tenantless: bool) -> tuple[frozenset[str], Filter]:
    """Columns and rows put together again from the lines that are said to apply, without the policy."""
    fixed: Filter = TRUE
    for line in found.added:
        fixed = both(fixed, line.where)
    if "admin" in found.roles:
        return offer(resource, found.action, tenantless=tenantless).possible, fixed
    allows = [line for line in found.lines if line.standing == "applies" and line.allow]
    denies = [line for line in found.lines if line.standing == "applies" and not line.allow]
    rows = TRUE if any(line.rows == TRUE for line in allows) else joined([line.rows for line in allows])
    columns = {name for name in resource.columns if given_everywhere(name, allows)}
    for line in denies:
        columns -= {*(line.fields or ())}
        rows = both(rows, Not(line.rows)) if line.fields is None else rows
    return frozenset(columns), both(fixed, rows)


def joined(wheres: list[Filter]) -> Filter:
    distinct = tuple(dict.fromkeys(wheres))
    return distinct[0] if len(distinct) == 1 else Or(distinct)


def given_everywhere(name: str, allows: list[Line]) -> bool:
    giving = {line.rows for line in allows if name in (line.fields or ())}
    return TRUE in giving or (bool(giving) and giving == {line.rows for line in allows})


def agrees(policy: Policy, resource: Resource, roles: frozenset[str], action: str, *, tenantless: bool) -> bool:
    """Whether an explanation says what the policy decides. Returns whether anything is allowed."""
    access = policy.access(resource, roles, action, tenantless=tenantless)
    found = explain(policy, resource, roles, action, tenantless=tenantless)
    assert (found.allowed, frozenset(found.columns), found.where) == (access.allowed, access.columns, access.where)
    if not access.allowed:
        assert not [line for line in found.lines if line.allow and line.standing == "applies"]
        return False
    columns, where = recombined(resource, found, tenantless=tenantless)
    if action == "create":  # what of a new row is checked is `rows`; it is not soft-deleted by its making
        where, expected = found.rows, access.rows
    else:
        expected = access.where
    assert (columns, where) == (access.columns, expected), (resource.name, roles, action)
    assert {name for name, _ in found.withheld} == (
        set() if action == "delete" else resource.columns.keys() - access.columns
    )
    return True


def snapshot_of(app: Flask) -> Snapshot:
    with app.app_context():
        return served().state.current()


def test_an_explanation_is_the_decision_for_all_roles_of_the_sample(sample: Flask) -> None:
    snapshot, allowed = snapshot_of(sample), 0
    names = ("admin", "anon", "user", "nobody")
    sets = chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
    for roles in map(frozenset, sets):
        for resource in snapshot.catalog:
            for action in ACTIONS:
                for tenantless in (True, False):
                    allowed += agrees(snapshot.policy, resource, roles, action, tenantless=tenantless)
    assert allowed > 500


def resource_of(name: str, *names: str, **more: object) -> Resource:
    columns = MappingProxyType({each: Column(each, INTEGER) for each in names})
    return Resource(name, Table(name), columns, ("id",), **more)  # type: ignore[arg-type]


NOTES = resource_of("notes", "id", "a", "b", "c", "gone", "owner", soft_delete=SoftDelete("gone"), tenant="owner")
OWN = resource_of("_dragoman_own", "id", "a", system=True)
CATALOG = Catalog(MappingProxyType({each.name: each for each in (NOTES, OWN)}))
PARTS = tuple(
    RuleDefinition(role, about, ("read", "create"), fields=fields, where=where, allow=allow, place=f"config.yml:{n}")
    for n, (role, about, fields, where, allow) in enumerate(
        [
            ("clerk", "*", None, None, True),
            ("clerk", "notes", ("a", "b"), {"a": 1}, True),
            ("clerk", "notes", ("*", "-a"), None, True),
            ("clerk", "notes", ("c",), None, False),
            ("clerk", "notes", None, {"b": 2}, False),
            ("guest", "*", None, None, False),
            ("guest", "notes", (), None, True),
            ("guest", "_dragoman_own", ("id",), None, True),
            ("guest", "notes", ("a", "c"), {"a": 1}, True),
        ],
        start=1,
    )
)


@pytest.mark.parametrize("size", range(1, 5))
def test_an_explanation_is_the_decision_whatever_rules_meet(size: int) -> None:
    for chosen in combinations(PARTS, size):
        policy = Policy(CATALOG, chosen)
        for roles in (frozenset({"clerk"}), frozenset({"guest"}), frozenset({"clerk", "guest"})):
            for resource in CATALOG:
                for action in ("read", "create", "update"):
                    agrees(policy, resource, roles, action, tenantless=False)


def standings(*numbers: int, resource: Resource = NOTES) -> Mapping[str, str]:
    chosen = tuple(PARTS[number - 1] for number in numbers)
    found = explain(Policy(CATALOG, chosen), resource, frozenset({"clerk", "guest"}), "read", tenantless=False)
    return {line.place.removeprefix("config.yml:"): line.standing for line in found.lines}


def test_a_rule_for_the_resource_replaces_that_for_all_of_the_same_role() -> None:
    assert standings(1, 2) == {"1": "replaced", "2": "applies"}
    assert standings(1, 7) == {"1": "applies", "7": "applies"}


def test_a_deny_of_every_row_overrides_every_allow() -> None:
    assert standings(2, 3, 6) == {"2": "overridden", "3": "overridden", "6": "applies"}


def test_a_rule_for_all_resources_does_not_reach_our_own() -> None:
    assert standings(1, 6, 8, resource=OWN) == {"1": "ours", "6": "ours", "8": "applies"}
    misfit = RuleDefinition("clerk", "*", ("read",), where={"nothing_of_ours": 1})
    assert not Policy(CATALOG, (misfit,)).access(OWN, frozenset({"clerk"}), "read", tenantless=False).allowed


def test_each_field_that_is_withheld_has_its_reason() -> None:
    other = RuleDefinition("guest", "notes", ("read",), fields=("a", "c"), where={"b": 2})
    policy = Policy(CATALOG, (PARTS[1], PARTS[3], other))
    found = explain(policy, NOTES, frozenset({"clerk", "guest"}), "read", tenantless=False)
    assert found.columns == ("a",)
    assert dict(found.withheld) == {
        **dict.fromkeys(("id", "gone", "owner"), "no rule gives it"),
        "b": "given on some of the rows only, and so on none",
        "c": "denied by config.yml:4",
    }


def test_what_is_added_to_every_rule_is_named() -> None:
    found = explain(Policy(CATALOG, PARTS), NOTES, frozenset({"admin"}), "read", tenantless=False)
    assert [each.why for each in found.added] == ["soft delete", "tenant"] and found.lines == ()


# ---------------------------------------------------------------- words

A = Path("a")
ONE = Const(1, INTEGER)


@each(
    ("node", "expected"),
    [
        (TRUE, "every row"),
        (FALSE, "no row"),
        (Compare(A, "eq", (ONE,)), "a is 1"),
        (Compare(A, "is_null"), "a is empty"),
        (Compare(A, "between", (ONE, Const(3, INTEGER))), "a is between 1 and 3"),
        (Compare(A, "in", (Const((1, 2), INTEGER, True),)), "a is one of [1,2]"),
        (Compare(A, "not_istarts_with", (Const("x\ny", STRING),)), 'a not istarts with "x\\ny"'),
        (Compare(Path("name", (Hop("author"),)), "ne", (A,)), "author.name is not a"),
        (Compare(A, "eq", (ActorValue("id", UUID),)), "a is the caller's id"),
        (Compare(A, "eq", (ActorValue("tenant", UUID),)), "a is the caller's tenant"),
        (Compare(A, "eq", (ActorValue("age", INTEGER),)), "a is the caller's age"),
        (Compare(A, "lt", (Now(DATETIME),)), "a is less than now"),
        (Compare(A, "gte", (Now(DATETIME, -7),)), "a is at least now - 7 days"),
        (Compare(Cast(A, STRING), "eq", (Slot(0, STRING),)), "a as string is a value that is asked"),
        (Compare(DatePart("year", A), "eq", (ONE,)), "the year of a is 1"),
        (Compare(JsonPath(A, Const("k", STRING)), "eq", (ONE,)), '"k" in a is 1'),
        (Compare(JsonLength(A), "gt", (ONE,)), "the length of a is more than 1"),
        (Compare(JsonKind(A), "eq", (ONE,)), "the kind of a is 1"),
        (Compare(Relevance((A,), ONE), "gt", (ONE,)), "how well a fit 1 is more than 1"),
        (Search((A, Path("b")), ONE), "a, b contain 1"),
        (Not(Compare(A, "eq", (ONE,))), "not (a is 1)"),
        (And((Compare(A, "is_null"), Or((Compare(A, "is_null"), TRUE)))), "a is empty and (a is empty or every row)"),
        (Or((And((Compare(A, "is_null"), TRUE)), FALSE)), "(a is empty and every row) or no row"),
        (Some("tags", Compare(A, "eq", (ONE,)), (Hop("post"),)), "some row of post.tags has (a is 1)"),
        (Compare(A, "eq", (Const(None, DATE),)), "a is null"),
        (Compare(A, "json_contains", (Const({"k": [1]}, JSON),)), 'a json contains {"k":[1]}'),
    ],
)
def test_a_condition_in_words(node: Filter, expected: str) -> None:
    assert words(node) == expected


def test_every_operator_with_words_exists() -> None:
    assert OPERATORS.keys() <= operators.OPERATORS.keys()


# ---------------------------------------------------------------- flask access explain


def asked(app: Flask, *words: str) -> str:
    done = app.test_cli_runner().invoke(args=["access", "explain", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_says_which_rule_gives_what(sample: Flask) -> None:
    lines = asked(sample, "--as", "test@example.com", "--resource", "posts", "--action", "read").splitlines()
    assert lines[1] == "allowed for some rows"
    place, role, _ = lines[3].strip().split(" ", 2)
    assert "config.yml:" in place and role == "user"
    assert lines[3].endswith("where authorId is the caller's id")
    assert "added (soft delete): deletedAt is empty" in lines
    assert "rows: deletedAt is empty and authorId is the caller's id" in lines
    assert lines[-1].startswith("sql: SELECT ") and '"authorId" = :current_user' in lines[-1].replace("::uuid", "")


@each("action", ACTIONS)
@each("name", ["posts", "comments", "customers", "_dragoman_users", "my-schema.my-entity"])
@each("who", [("--as", "anon"), ("--as", "test@example.com"), ("--role", "admin")])
def test_the_sql_has_a_symbol_for_each_parameter(sample: Flask, who: tuple[str, str], name: str, action: str) -> None:
    found = json.loads(asked(sample, *who, "--resource", name, "--action", action, "--json"))
    assert (found["sql"] is None) == (not found["allowed"])
    text = (found["sql"] or "").replace("'%", "")
    assert "?" not in text and "%s" not in text
    assert "5081778e" not in text


def test_roles_may_be_named_instead_of_somebody(sample: Flask) -> None:
    found = json.loads(
        asked(sample, "--role", "user", "--role", "public", "--resource", "Post", "--action", "read", "--json")
    )
    assert found["as"] == {"id": None, "roles": ["anon", "user"], "tenant": None}
    assert found["rows"] == "deletedAt is empty and (published is true or authorId is the caller's id)"
    assert {rule["role"] for rule in found["rules"]} == {"anon", "user"}


@each(
    "words",
    [
        ("--as", "no@body.com", "--resource", "posts", "--action", "read"),
        ("--as", "00000000-0000-0000-0000-0000000000ff", "--resource", "posts", "--action", "read"),
        ("--as", "anon", "--resource", "nothing", "--action", "read"),
        ("--as", "anon", "--resource", "posts", "--action", "list"),
        ("--resource", "posts", "--action", "read"),
        ("--as", "anon", "--role", "user", "--resource", "posts", "--action", "read"),
    ],
)
def test_what_cannot_be_asked_is_told(sample: Flask, words: tuple[str, ...]) -> None:
    done = sample.test_cli_runner().invoke(args=["access", "explain", *words])
    assert done.exit_code != 0 and "Traceback" not in done.output and done.output.strip()


# ---------------------------------------------------------------- GET /permissions/explain

HERE = "/permissions/explain"


def test_an_administrator_asks_about_anybody(client: FlaskClient, admin: Token) -> None:
    query = {"as": "test@example.com", "resource": "customers", "action": "read"}
    found = client.get(HERE, query_string=query, headers=admin).json["data"]
    assert (found["allowed"], found["fields"]) == (True, ["id", "name", "city", "country"])
    assert {each["field"] for each in found["withheld"]} == {"email", "phone", "status"}
    assert found["sql"].startswith("SELECT ")


def test_a_caller_asks_about_himself_and_learns_nothing_of_what_is_hidden(client: FlaskClient, user: Token) -> None:
    answer = client.get(HERE, query_string={"resource": "customers", "action": "read"}, headers=user)
    found = answer.json["data"]
    assert found["fields"] == ["id", "name", "city", "country"]
    assert found["rules"][0]["place"].startswith("config.yml:")
    assert "sql" not in found and "withheld" not in found
    assert not any(hidden in answer.text for hidden in ("phone", "status", "email", "SELECT", "/config"))
    for written in (found["as"]["id"], "TEST@example.com"):
        assert client.get(HERE, query_string={"as": written, "resource": "posts"}, headers=user).status_code == 200


def test_conditions_beyond_relations_are_told() -> None:
    rule = RuleDefinition("clerk", "posts", ("read",), related={"comments": {"approved": 1}})
    comments = resource_of("comments", "id", "approved", "post_id")
    link = Relation("comments", "to_many", "comments", (("id", "post_id"),))
    posts = replace(resource_of("posts", "id"), relations=MappingProxyType({"comments": link}))
    catalog = Catalog(MappingProxyType({each.name: each for each in (posts, comments)}))
    found = explain(Policy(catalog, (rule,)), posts, frozenset({"clerk"}), "read", tenantless=True)
    assert [(name, words(where)) for name, where in found.related] == [("comments", "approved is 1")]


SECRETIVE = """
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      docs:
        fields: {id: {type: integer, key: true}, title: {type: string}, grade: {type: string}}
        rules:
          - {role: anon, actions: [read], fields: [id, title], where: {grade: classified}}
"""


def test_a_default_of_a_hidden_field_is_not_told(client: FlaskClient, admin: Token, user: Token) -> None:
    query = {"resource": "comments", "action": "create"}
    assert client.get(HERE, query_string=query, headers=user).json["data"]["defaults"] == []
    told = client.get(HERE, query_string={**query, "as": "test@example.com"}, headers=admin).json["data"]
    assert told["defaults"] == ["authorId"]


def test_a_condition_on_a_hidden_field_is_not_told(make_app: Callable[..., Flask], empty_url: str) -> None:
    app = make_app(SECRETIVE, empty_url)
    answer = app.test_client().get(HERE, query_string={"resource": "docs"})
    assert (answer.json["data"]["rows"], answer.json["data"]["rules"][0]["rows"]) == (UNSAID, UNSAID)
    assert "grade" not in answer.text and "classified" not in answer.text
    told = asked(app, "--as", "anon", "--resource", "docs", "--action", "read")
    assert 'rows: grade is "classified"' in told and "classified" not in told.split("sql: ")[1]


@pytest.mark.parametrize("query", [{"as": "john@example.org"}, {"as": "no@body.com"}, {"as": "anon"}, {"role": "user"}])
def test_who_is_no_administrator_asks_about_nobody_else(
    client: FlaskClient, user: Token, query: dict[str, str]
) -> None:
    answer = client.get(HERE, query_string={"resource": "posts", **query}, headers=user)
    assert (answer.status_code, answer.json["error"]["message"]) == (403, "You may only ask about yourself")


def test_nobody_asks_about_nobody_alone(client: FlaskClient) -> None:
    assert client.get(HERE, query_string={"resource": "posts"}).json["data"]["as"]["roles"] == ["anon"]
    assert client.get(HERE, query_string={"resource": "posts", "as": "anon"}).status_code == 200
    assert client.get(HERE, query_string={"resource": "posts", "as": "test@example.com"}).status_code == 403


@pytest.mark.parametrize("name", ["baasix_User", "permissions", "nothing", "_dragoman_users"])
def test_a_resource_that_may_not_be_known_is_unknown(client: FlaskClient, name: str) -> None:
    answer = client.get(HERE, query_string={"resource": name})
    assert (answer.status_code, answer.json["error"]["message"]) == (404, f"Model {name} not found")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"resource": "posts", "action": "list"},
        {"resource": "posts", "nonsense": "1"},
        {"resource": "posts", "as": "x", "role": "y"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(client: FlaskClient, admin: Token, query: dict[str, str]) -> None:
    assert client.get(HERE, query_string=query, headers=admin).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_word_is_reserved_for_all_methods(client: FlaskClient, admin: Token, method: str) -> None:
    answer = client.open(HERE, method=method, headers=admin)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_a_scope_that_does_not_cover_it_refuses(sample: Flask) -> None:
    snapshot = snapshot_of(sample)
    posts = snapshot.catalog.resource("posts")
    for scopes, allowed in ((frozenset({"read:comments"}), False), (frozenset({"read:posts"}), True), (None, True)):
        actor = Actor("7", frozenset({"user"}), scopes=scopes)
        found = inquiry.answer(snapshot, actor, posts, "read")
        assert (found.explanation.allowed, bool(found.explanation.columns), found.sql is not None) == (allowed,) * 3
        assert ("scopes" in found.explanation.verdict) == (not allowed)
        assert inquiry.data(found)["rows"] != "no row" or not allowed


# ---------------------------------------------------------------- symbols

TIMED = """
sources: {default: {database: "${DATABASE_URL}"}}
schemas:
  main:
    entities:
      "what? 100%s":
        fields: {id: {type: integer, key: true}, "ok?": {type: string}, at: {type: datetime}, on: {type: date}}
        rules:
          - role: anon
            actions: [read]
            where:
              AND:
                - {"ok?": {startsWith: "a%s?"}}
                - {at: {gt: $NOW-DAYS_7}}
                - {on: {lt: $NOW}}
                - {at: {gt: $NOW-YEARS_9000}}
                - {id: {in: [1, 2]}}
                - {id: {eq: $CURRENT_USER.age}}
accounts: {fields: {age: {type: integer}}}
"""


def test_symbols_stand_where_the_parameters_are(make_app: Callable[..., Flask], empty_url: str) -> None:
    app = make_app(TIMED, empty_url)
    found = json.loads(asked(app, "--as", "anon", "--resource", "what? 100%s", "--action", "read", "--json"))
    text = found["sql"]
    assert text.count('"what? 100%s"') == 1 and '"ok?"' in text
    symbols = re.findall(r":(?!:)([a-z_]+[.\w]*)", re.sub(r"::\w+(\[\])?", "", text))
    assert [name for name in symbols if not name.startswith("constant")] == ["now", "now", "now", "current_user.age"]
    assert "a%s" not in text and len([name for name in symbols if name.startswith("constant")]) >= 3
