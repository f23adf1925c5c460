"""What a caller may see holds for every table that a plan reads, whatever the steps make of it."""

import pytest

from tests.plans.conftest import Shop
from tests.tables import each

HIDDEN = "it reads what you may not read"


def test_rows_of_others_do_not_show_in_figures(shop: Shop) -> None:
    assert shop.rows("one", "reports.revenue") == [{"country": "FR", "revenue": 30.3, "orders": 2}]
    assert shop.rows("two", "reports.revenue") == [{"country": "FR", "revenue": 40.4, "orders": 1}]
    assert [row["id"] for row in shop.rows("two", "reports.people")] == [4, 3]
    assert shop.rows("one", "reports.grouped") == [{"country": "DE", "people": 1}, {"country": "FR", "people": 1}]


def test_a_rule_on_the_plan_speaks_of_its_columns(shop: Shop) -> None:
    assert [row["total"] for row in shop.rows("one", "reports.mine")] == [20.2]


def test_columns_that_nobody_named_are_not_there(shop: Shop) -> None:
    assert list(shop.rows("boss", "reports.people")[0]) == ["id", "tenant", "name", "country", "email"]
    assert list(shop.rows("one", "reports.people")[0]) == ["id", "name", "country"]
    assert list(shop.rows("one", "reports.everybody")[0]) == ["id", "name", "country"]


@each("parameters", [{"filter": '{"email":"x"}'}, {"sort": "email asc"}, {"fields": "email"}, {"filter": '{"zzz":1}'}])
def test_a_hidden_column_of_a_plan_is_answered_as_an_unknown_one(shop: Shop, parameters: dict[str, str]) -> None:
    answer = shop.ask("one", "/schema/reports/people", **parameters)
    (parameter,) = parameters
    name = "zzz" if "zzz" in parameters[parameter] else "email"
    assert (answer.status_code, answer.json) == (400, {"error": f"Unknown field '{name}' in {parameter}"})


REFUSED = {
    "spied": "entity 'spied', step 1 (select)",
    "sorted_by_secret": "entity 'sorted_by_secret', step 2 (sort)",
    "told_apart_by_secret": "entity 'told_apart_by_secret', step 2 (remove-duplicates)",
    "joined_by_secret": "entity 'joined_by_secret', step 2 (join)",
    "counted_secrets": "entity 'counted_secrets', step 2 (aggregate)",
    "united_with_secrets": "entity 'united_with_secrets', step 2 (union)",
    "found_by_masked": "entity 'found_by_masked', step 1 (select)",
}


@each(("entity", "spot"), REFUSED.items())
def test_what_a_plan_names_and_the_caller_may_not_read_is_refused(shop: Shop, entity: str, spot: str) -> None:
    said = f"Plan 'sales', {spot}: {HIDDEN}"
    for path in (f"/schema/reports/{entity}", f"/items/reports.{entity}", f"/json/reports.{entity}"):
        answer = shop.ask("one", path)
        assert (answer.status_code, said in answer.get_data(as_text=True)) == (403, True), answer.get_data(as_text=True)
    assert entity not in [row["name"] for row in shop.rows("one", "reports")]


def test_who_has_no_rule_for_a_plan_is_refused_before_it_is_read(shop: Shop) -> None:
    answer = shop.ask("anon", "/schema/reports/people")
    assert (answer.status_code, answer.json) == (401, {"message": "Unauthorized"})
    said = shop.ask("anon", "/schema/reports/revenue")
    assert said.status_code == 403 and HIDDEN in said.json["error"]


def test_hashes_are_all_that_follows_a_step_of_them(shop: Shop) -> None:
    rows = shop.rows("one", "reports.hashed")
    hashes = [str(row["name"]) for row in rows]
    assert [row["id"] for row in rows] == [1, 2] and all(len(text) == 64 for text in hashes)
    assert shop.rows("one", "reports.hashed", filter='{"name":"Ann"}') == []
    assert shop.rows("one", "reports.hashed", filter=f'{{"name":"{hashes[0]}"}}') == rows[:1]
    assert [row["name"] for row in shop.rows("one", "reports.hashed", sort="name asc")] == sorted(hashes)


def test_what_a_schema_shows_as_hashes_is_the_same_hash_in_a_plan(shop: Shop) -> None:
    assert shop.rows("one", "reports.masked") == shop.rows("one", "closed.people")
    assert shop.rows("boss", "reports.masked") == shop.rows("boss", "closed.people")


def test_entities_are_listed_as_far_as_the_caller_may_read_them(shop: Shop) -> None:
    def listed(name: str) -> list[object]:
        return [row["name"] for row in shop.rows(name, "reports.listed")]

    assert listed("boss") == ["customers", "orders", "secrets"]
    assert listed("one") == ["customers", "orders"]


@pytest.mark.parametrize("name", ["one", "two"])
def test_answers_are_not_kept_across_callers(shop: Shop, name: str) -> None:
    shop.rows("boss", "reports.people", cache="60")
    assert "email" not in shop.rows(name, "reports.people", cache="60")[0]
    assert [row["id"] for row in shop.rows("one", "reports.people", cache="60")] == [2, 1]
