"""Plans are read in every dialect, as views are, and written in none."""

import re

import pytest

from tests.plans.conftest import Shop

REVENUE = [{"country": "FR", "revenue": 70.7, "orders": 3}, {"country": "DE", "revenue": 30.3, "orders": 1}]
LISTS = {
    "phantom": ("/api/reports.revenue", {"limit": "1"}, lambda body: body["data"]),
    "xond": ("/json/reports.revenue", {"pageSize": "1"}, lambda body: body["data"]),
    "sonicjs": ("/v1/reports.revenue", {"limit": "1"}, lambda body: body),
    "metal": ("/schema/reports/revenue", {"filter": '{"country":"FR"}'}, lambda body: body["rows"]),
    "baasix": ("/items/reports.revenue", {"limit": "1"}, lambda body: body["data"]),
}


@pytest.mark.parametrize("dialect", LISTS)
def test_its_rows_are_answered_in_its_order(shop: Shop, dialect: str) -> None:
    path, parameters, rows = LISTS[dialect]
    answer = shop.ask("boss", path, **parameters)
    assert (answer.status_code, rows(answer.json)) == (200, REVENUE[:1])


def test_what_is_asked_stands_around_the_plan(shop: Shop) -> None:
    assert shop.rows("boss", "reports.revenue", sort="country asc", fields="country") == [
        {"country": "DE"},
        {"country": "FR"},
    ]
    assert shop.rows("boss", "reports.revenue", **{"filter-expression": "revenue < 50"}) == REVENUE[1:]
    counted = shop.ask("boss", "/json/reports.revenue", pageSize="1", page="2", count="true").json
    assert counted["data"]["count"] == 2
    total = shop.ask("boss", "/items/reports.revenue", aggregate='{"all":{"function":"sum","field":"revenue"}}').json
    assert total["data"] == [{"all": 101.0}]
    assert shop.ask("boss", "/items/reports.revenue", search="fr").json["data"] == REVENUE[:1]
    assert shop.ask("boss", "/items/turnover", limit="2", page="2").json == {"data": [], "totalCount": 2}


def test_names_of_dialects_are_those_of_its_definition(shop: Shop) -> None:
    (first, *_) = shop.ask("boss", "/json/ours").json["data"]
    assert first == {"id": 4, "sum": 40.4, "day": "2024-01-04"}


def test_metal_lists_them_and_says_debug(shop: Shop) -> None:
    listed = shop.rows("boss", "reports")
    assert {"name": "revenue", "type": "plan"} in listed and len(listed) == 14
    assert "copied" not in [row["name"] for row in listed]
    answer = shop.ask("boss", "/schema/reports/revenue").json
    assert answer["metadata"] == {"__PLAN_DEBUG__": "told", "__PLAN_ERRORS__": []}
    kept = shop.ask("boss", "/schema/reports/revenue", cache="60").json
    assert kept["metadata"]["__PLAN_DEBUG__"] == "told" and kept["metadata"]["__CACHE__"] is True


WRITES = [
    ("POST", "/schema/reports/revenue", 400),
    ("PATCH", "/schema/reports/revenue", 400),
    ("DELETE", "/schema/reports/revenue", 400),
    ("POST", "/items/reports.revenue", 405),
    ("POST", "/json/reports.revenue", 405),
    ("POST", "/v1/reports.revenue", 405),
    ("POST", "/api/reports.revenue", 405),
    ("PATCH", "/items/reports.revenue/1", 405),
    ("DELETE", "/v1/reports.revenue/1", 405),
]


def test_it_is_never_written(shop: Shop) -> None:
    client = shop.app.test_client(use_cookies=False)
    for method, path, status in WRITES:
        answer = client.open(path, method=method, json={"data": {"country": "x"}}, headers=shop.headers("boss"))
        assert answer.status_code == status, (method, path, answer.get_data(as_text=True))
        if status == 400:
            assert answer.json == {"error": "Not allowed for plans"}


def test_it_is_one_statement(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    database = shop.snapshot.system
    fetch = type(database).fetch
    monkeypatch.setattr(
        type(database), "fetch", lambda self, text, *rest: found.append(text) or fetch(self, text, *rest)
    )
    shop.rows("one", "reports.revenue", sort="revenue asc")
    plans = [text for text in found if "_dragoman_step_1" in text]
    others = {re.sub(r".* FROM (\S+).*", r"\1", text, flags=re.DOTALL) for text in found if text not in plans}
    assert len(plans) == 1 and plans[0].count("AS (SELECT") == 4
    assert all("_dragoman_" in table for table in others), others


def test_expressions_are_evaluated_at_each_reading(shop: Shop) -> None:
    assert shop.rows("anon", "words.letters") == [{"letter": "a", "number": 1}, {"letter": "b", "number": 2}]
    assert shop.rows("anon", "words.late") == [{"day": "2024-01-01"}]
    for path in ("/schema/words/broken", "/items/words.broken", "/json/words.broken", "/v1/words.broken"):
        answer = shop.ask("anon", path)
        said = answer.get_data(as_text=True)
        assert (
            answer.status_code == 400
            and "Plan 'words', entity 'broken', step 2 (filter): ${{ nothing.at.all }}" in said
        )


def test_a_kept_answer_follows_every_table_that_steps_read(shop: Shop) -> None:
    client = shop.app.test_client(use_cookies=False)
    before = shop.ask("boss", "/schema/reports/people", cache="600").json
    assert before["metadata"]["__CACHE__"] is True
    changed = client.patch(
        "/schema/main/customers", json={"filter": {"id": 4}, "data": {"name": "Zora"}}, headers=shop.headers("boss")
    )
    assert changed.status_code == 204
    after = shop.ask("boss", "/schema/reports/people", cache="600").json
    assert after["rows"][0]["name"] == "Zora" and before["rows"][0]["name"] == "Zoe"
    again = {"filter": {"id": 4}, "data": {"name": "Zoe"}}
    client.patch("/schema/main/customers", json=again, headers=shop.headers("boss"))
    first = shop.ask("anon", "/schema/words/letters", cache="600").json
    assert first["metadata"] == {} or first["rows"]
