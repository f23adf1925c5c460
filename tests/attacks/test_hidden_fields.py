"""A field that the caller may not read is answered exactly as one that does not exist, wherever it is named."""

import json

import pytest

from tests.attacks.conftest import Ask, Token
from tests.attacks.world import MARKS
from tests.tables import each

# (dialect, path, parameters): `~` stands for the name of a field of people. Values are wrong for some type each, so that
# a message about a type would tell a hidden field from a missing one.
XOND = ("equals", "greaterThan", "contains", "in", "isNull", "no-such-word")
BAASIX = ("eq", "gt", "like", "in", "between", "isNull", "jsonbHasKey", "arraycontains", "no-such-word")
PHANTOM = ("eq", "gt", "contains", "in", "between", "json_has_key", "no_such_word")
SONIC = ("$eq", "$gt", "$contains", "$in", "$between", "$null", "$empty", "$intersects", "$no_such_word")
Position = tuple[str, tuple[tuple[str, str], ...]]


def xond(comparison: str) -> str:
    return json.dumps([{"field": "~", "value": "zz", "comparison": comparison}])


POSITIONS: list[Position] = [
    *[("/api/people", (("where", json.dumps({"~": {word: "zz"}})),)) for word in PHANTOM],
    *[("/api/people", ((f"where[~][{word}]", "zz"),)) for word in PHANTOM[1::2]],
    ("/api/people", (("where", '{"~":null}'),)),
    ("/api/people", (("where", '{"~":{}}'),)),
    ("/api/people", (("where", '{"~":{"json_path_exists":"$.a[?(@)]"}}'),)),
    ("/api/people", (("where[~]", "zz"),)),
    ("/api/people", (("sort", "~"),)),
    ("/api/people", (("sort", "-~"),)),
    ("/api/people", (("sort", "~:desc"),)),
    ("/api/people", (("select", "~"),)),
    ("/api/people", (("select", "name,~"),)),
    ("/api/people", (("select", "x:~"),)),
    ("/api/people", (("populate", "~"),)),
    ("/api/people", (("populate", "~.team"),)),
    ("/api/people", (("select", "~"), ("limit", "0"))),
    ("/api/people/1", (("select", "~"),)),
    ("/api/people/1", (("populate", "~"),)),
    ("/api/people/77777", (("select", "~"),)),
    *[("/json/people", (("filter", xond(word)),)) for word in XOND],
    *[("/json/people", (("baseFilter", xond(word)),)) for word in XOND[1::2]],
    ("/json/people", (("filter", xond("equals")), ("filterClause", "or"))),
    ("/json/people", (("filter", '[{"field":"~","comparison":"equals"}]'),)),
    ("/json/people", (("textSearchFields", "~"), ("textSearchValue", "SECRET"))),
    ("/json/people", (("textSearchFields", "name,~"), ("textSearchValue", "SECRET"))),
    ("/json/people", (("sort", '[{"field":"~","direction":"asc"}]'),)),
    ("/json/people", (("sort", '[{"field":"~","direction":"asc"}]'), ("page", "0"))),
    ("/json/people", (("columns", "~"),)),
    ("/json/people", (("include", "~"),)),
    ("/json/people", (("include", "~.team"),)),
    ("/json/people", (("count", "true"), ("filter", xond("equals")))),
    ("/json/people", (("count", "true"), ("columns", "~"))),
    ("/json/people/1", (("columns", "~"),)),
    ("/json/people/1", (("include", "~"),)),
    ("/json/people/1", (("baseFilter", xond("startsWith")),)),
    *[("/v1/people", ((f"filters[~][{word}]", "zz"),)) for word in SONIC],
    *[("/api/v1/people", ((f"filters[~][{word}]", "zz"),)) for word in SONIC[1::3]],
    *[(f"{at}/people", ((f"sort{key}", "~:desc"),)) for at in ("/v1", "/api/v1") for key in ("", "[0]", "[]")],
    ("/v1/people", (("filters[~]", "zz"),)),
    ("/v1/people", (("sort", "name,~"),)),
    ("/schema/main/people", (("filter", '{"~":"zz"}'),)),
    ("/schema/main/people", (("filter", '{"~":{"gt":1}}'),)),
    ("/schema/main/people", (("filter", "{~:'zz'}"),)),
    ("/schema/main/people", (("filter", '{"~":[1,"zz"]}'),)),
    *[
        ("/schema/main/people", (("filter-expression", f"{text}"),))
        for text in (
            *("~ = 'zz'", "'zz' = ~", "~ > 1", "~ = TRUE", "~ LIKE '%SECRET%'", "~ NOT ILIKE 'S%'", "~ IN ('a', 1)"),
            *("~ BETWEEN 1 AND 'b'", "~ IS NULL", "~ IS NOT NULL", "name = ~", "~ = age", "NOT (~ <> 3)", '"~" = 1'),
            *("id = 1 OR ~ = 'x'", "~ ~ 'x'", "~", "~ ="),
        )
    ],
    ("/schema/main/people", (("fields", "~"),)),
    ("/schema/main/people", (("fields", "name,~"),)),
    ("/schema/main/people", (("sort", '{"~":"asc"}'),)),
    ("/schema/main/people", (("sort", "~ desc"),)),
    ("/schema/main/people", (("sort", "~ sideways"),)),
    *[("/items/people", (("filter", json.dumps({"~": {word: "zz"}})),)) for word in BAASIX],
    ("/items/people", (("filter", '{"~":"zz"}'),)),
    ("/items/people", (("filter", '{"~":{}}'),)),
    ("/items/people", (("filter", '{"OR":[{"name":"x"},{"NOT":{"~":{"gt":[]}}}]}'),)),
    ("/items/people", (("filter", '{"~":{"eq":1,"cast":"bytes"}}'),)),
    ("/items/people", (("filter", '{"name":{"eq":"$COL(~)"}}'),)),
    ("/items/people", (("filter", '{"age":{"gt":"$COL(~)"}}'),)),
    ("/items/people", (("sort", "~"),)),
    ("/items/people", (("sort", '{"~":"desc"}'),)),
    ("/items/people", (("sort", '["-~"]'),)),
    ("/items/people", (("fields", "~"),)),
    ("/items/people", (("fields", '["*","~"]'),)),
    ("/items/people", (("fields", "~.*"),)),
    ("/items/people", (("groupBy", "~"),)),
    ("/items/people", (("groupBy", "date:year:~"),)),
    ("/items/people", (("groupBy", "date:hour:~"),)),
    *[
        ("/items/people", (("aggregate", json.dumps({"x": {"function": word, "field": "~"}})),))
        for word in ("count", "distinct", "sum", "avg", "min", "max", "array_agg")
    ],
    ("/items/people", (("search", "SECRET"), ("searchFields", "~"))),
    ("/items/people", (("search", "SECRET"), ("searchFields", "~"), ("sortByRelevance", "true"))),
    ("/items/people", (("relConditions", '{"~":{"x":1}}'),)),
    ("/items/people/1", (("fields", "~"),)),
    ("/items/people/77777", (("fields", "~"),)),
]

# (hidden, missing): names of the same length, since messages tell positions.
OWN = [(name, "zzzzzz") for name in ("secret", "pinnum", "docket", "hiring", "labels", "phrase")]
RELATED = [
    *(("team.budget", "team.zzzzzz"), ("notes.remark", "notes.zzzzzz"), ("vaults.pin", "zzzzzz.pin")),
    ("ledgers.amount", "zzzzzzz.amount"),
]


@pytest.fixture(scope="session")
def missing_answers(database_url: str) -> dict[object, tuple[int, str]]:
    """What is answered to missing names, asked once per backend."""
    return {}


def answered(ask: Ask, position: Position, name: str) -> tuple[int, str]:
    path, parameters = position
    answer = ask(path, *((key.replace("~", name), value.replace("~", name)) for key, value in parameters))
    head = name.partition(".")[0] if "relConditions" in dict(parameters) else name  # which tells no more than that
    return answer.status_code, answer.get_data(as_text=True).replace(name, "~").replace(head, "~")


@pytest.mark.parametrize(("hidden", "missing"), [*OWN, *RELATED])
def test_a_hidden_name_is_answered_as_a_missing_one(
    ask: Ask, missing_answers: dict[object, tuple[int, str]], hidden: str, missing: str
) -> None:
    told = []
    for position in POSITIONS:
        if (position, missing) not in missing_answers:
            missing_answers[position, missing] = answered(ask, position, missing)
        unknown, found = missing_answers[position, missing], answered(ask, position, hidden)
        if found != unknown or unknown[0] != 400:
            told.append((position, found, unknown))
    assert told == []


@pytest.mark.parametrize("name", ["SECRET", "Secret", "pinNum"])
def test_metal_finds_no_hidden_column_under_another_case(ask: Ask, name: str) -> None:
    position = ("/schema/main/people", (("filter", '{"~":"zz"}'),))
    assert answered(ask, position, name) == answered(ask, position, "Zzzzzz")


VISIBLE: list[Position] = [
    ("/api/people", (("where", '{"~":"Person 001"}'), ("sort", "~"), ("select", "~"))),
    ("/json/people", (("filter", xond("equals")), ("sort", '[{"field":"~"}]'), ("columns", "~"))),
    ("/v1/people", (("filters[~][$eq]", "zz"), ("sort", "~:desc"))),
    ("/api/v1/people", (("filters[~][$eq]", "zz"), ("sort", "~:desc"))),
    ("/schema/main/people", (("filter", '{"~":"zz"}'), ("filter-expression", "~ = 'zz'"), ("fields", "~"))),
    ("/items/people", (("filter", '{"~":{"eq":"$COL(~)"}}'), ("sort", "~"), ("search", "x"), ("searchFields", "~"))),
    ("/items/people", (("groupBy", "~"), ("aggregate", '{"x":{"function":"max","field":"~"}}'))),
]


@each("position", VISIBLE)
def test_a_visible_name_is_answered_in_the_same_places(ask: Ask, position: Position) -> None:
    assert answered(ask, position, "name")[0] == 200


def test_sorting_never_falls_back_to_another_order(ask: Ask, admin: Token) -> None:
    path = "/api/people"
    assert ask(path, ("sort", "pinnum"), headers=admin).status_code == 200
    assert ask(path, ("sort", "pinnum")).status_code == 400


EVERYTHING: list[Position] = [
    ("/api/people", (("populate", "team,notes,shares"),)),
    ("/api/people/1", (("populate", "team.people,notes.person"),)),
    ("/api/people/schema", ()),
    ("/api/schema/people", ()),
    ("/json/people", (("include", "team,notes,shares,team.people,notes.person"), ("pageSize", "1000"))),
    ("/json/people/1", (("include", "notes,team"),)),
    ("/v1/people", (("includeRelations", "true"), ("includeContentType", "true"))),
    ("/v1/people/1", (("includeRelations", "true"), ("includeContentType", "true"))),
    ("/api/v1/people", (("includeRelations", "true"), ("includeContentType", "true"))),
    ("/schema/main/people", ()),
    ("/schema/main/people", (("fields", "*,team.name"),)),
    ("/schema/main/notes", (("fields", "*,person.name"),)),
    ("/schema/main", ()),
    ("/items/people", ()),
    ("/items/people", (("fields", '["*","*.*"]'),)),
    ("/items/people", (("fields", "team.**"), ("limit", "1"))),
    ("/items/people/1", (("fields", '["*","*.*.*"]'),)),
    ("/items/notes", (("fields", "*,person.*,person.team.*"),)),
    ("/items/teams", (("fields", "*,people.*"),)),
    ("/items/people", (("groupBy", "team_id"), ("aggregate", '{"n":{"function":"array_agg","field":"name"}}'))),
]
NAMES = ("secret", "pinnum", "docket", "hiring", "salary", "spying", "phrase", "budget", "remark", "vaults", 'pin"')


@each("position", EVERYTHING)
def test_no_answer_holds_a_hidden_value_or_name(ask: Ask, position: Position) -> None:
    path, parameters = position
    answer = ask(path, *parameters)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200, text
    assert [mark for mark in (*MARKS, *NAMES) if mark in text] == []


def test_the_administrator_sees_the_values_but_never_a_write_only_one(ask: Ask, admin: Token) -> None:
    for path in ("/api/people", "/json/people", "/v1/people", "/api/v1/people", "/schema/main/people", "/items/people"):
        text = ask(path, headers=admin).get_data(as_text=True)
        assert "918273645" in text
        assert "phrase" not in text


def test_a_write_only_column_is_unknown_to_the_administrator_too(ask: Ask, admin: Token) -> None:
    for path, parameters in POSITIONS[::4]:
        answers = [
            ask(path, *((k.replace("~", name), v.replace("~", name)) for k, v in parameters), headers=admin)
            for name in ("phrase", "zzzzzz")
        ]
        texts = [answer.get_data(as_text=True) for answer in answers]
        assert texts[0].replace("phrase", "~") == texts[1].replace("zzzzzz", "~"), (path, parameters)
        assert answers[0].status_code == answers[1].status_code == 400


def test_search_does_not_look_into_hidden_columns(ask: Ask, admin: Token) -> None:
    assert ask("/items/people", ("search", "SECRETMARK"), headers=admin).json["totalCount"] > 0
    assert ask("/items/people", ("search", "SECRETMARK")).json == {"data": [], "totalCount": 0}
    assert ask("/items/notes", ("search", "SECRETMARK")).json == {"data": [], "totalCount": 0}


def test_relevance_does_not_weigh_hidden_columns(ask: Ask) -> None:
    ranked = ask("/items/people", ("search", "Person"), ("sortByRelevance", "true"), ("limit", "10"))
    assert [row["id"] for row in ranked.json["data"]] == list(range(1, 11))


def test_the_definitions_tell_no_hidden_field(ask: Ask) -> None:
    fields = ask("/api/people/schema").json["schema"]["fields"]
    assert {"name", "team", "notes"} <= set(fields)
    assert not {"secret", "phrase", "vaults", "ledgers"} & set(fields)
