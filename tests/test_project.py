"""The sample project is whole: its rows fit together, and what the dialects' documents print is there."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml

from tests.tables import each

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = {path.stem: orjson.loads(path.read_bytes()) for path in sorted((ROOT / "sample").glob("*.json"))}
CONFIG = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))

JOHN = "00000000-0000-0000-0000-000000000001"
ACME = "00000000-0000-0000-0000-000000000002"

COUNTS = {
    "accounts": 150,
    "categories": 12,
    "comments": 72,
    "contacts": 5,
    "content": 2,
    "customers": 40,
    "my-schema.my-country": 9,
    "my-schema.my-entity": 22,
    "notifications": 30,
    "order_items": 221,
    "orders": 110,
    "posts": 47,
    "products": 30,
    "tenants": 2,
    "user_roles": 151,
}


def entities() -> dict[str, Mapping[str, Any]]:
    schemas = CONFIG["schemas"].items()
    return {
        entity if schema == "main" else f"{schema}.{entity}": definition
        for schema, declared in schemas
        for entity, definition in declared["entities"].items()
    }


def key_of(name: str) -> str:
    fields = entities()[name]["fields"] if name in entities() else {}
    return next((field for field, said in fields.items() if said.get("key")), "id")


REFERENCES = [
    (name, field, said["references"])
    for name, definition in entities().items()
    for field, said in definition["fields"].items()
    if "references" in said
] + [("accounts", "tenant_id", "tenants"), ("user_roles", "user_id", "accounts")]


@each(("name", "count"), COUNTS.items())
def test_a_table_has_its_rows(name: str, count: int) -> None:
    assert len(SAMPLE[name]) == count


def test_every_file_is_a_table_and_every_declared_entity_has_a_file() -> None:
    assert set(SAMPLE) == set(COUNTS)
    assert set(entities()) <= set(SAMPLE)


@each("name", entities())
def test_rows_have_exactly_the_declared_fields(name: str) -> None:
    declared = set(entities()[name]["fields"])
    assert all(set(row) == declared for row in SAMPLE[name])


@each("name", sorted(SAMPLE))
def test_keys_are_unique(name: str) -> None:
    counted = Counter(row[key_of(name)] for row in SAMPLE[name])
    assert max(counted.values()) == 1


@each(("name", "field", "target"), REFERENCES)
def test_foreign_keys_lead_to_rows(name: str, field: str, target: str) -> None:
    there = {row[key_of(target)] for row in SAMPLE[target]} | {None}
    assert {row[field] for row in SAMPLE[name]} <= there


def test_every_account_has_a_role_and_its_own_e_mail() -> None:
    assert {row["user_id"] for row in SAMPLE["user_roles"]} == {row["id"] for row in SAMPLE["accounts"]}
    assert len({row["email"].lower() for row in SAMPLE["accounts"]}) == 150


def test_forty_two_accounts_are_active() -> None:
    assert sum(row["status"] == "active" for row in SAMPLE["accounts"]) == 42


def test_the_sum_of_an_order_is_the_sum_of_its_items() -> None:
    sums: Counter[int] = Counter()
    for item in SAMPLE["order_items"]:
        sums[item["order_id"]] += round(item["quantity"] * item["price"] * 100)
    assert {row["id"]: round(row["total_amount"] * 100) for row in SAMPLE["orders"]} == sums


DOCUMENTED = [
    ("accounts", {"id": JOHN, "name": "John Doe", "email": "john@example.com", "tenant_id": ACME}),
    ("accounts", {"id": "9d370085-c116-47c9-9b22-7f33061ec7b1", "name": "John"}),
    ("accounts", {"id": "90bb70b9-333d-4265-a68e-cc6f86b299fd", "name": "Kate"}),
    ("accounts", {"email": "test@example.com", "first_name": "Test", "last_name": "User"}),
    ("tenants", {"id": ACME, "name": "Acme Corp"}),
    ("content", {"id": "9d370085-c116-47c9-9b22-7f33061ec7b1", "name": "John", "created_on": 1688780261122}),
    ("content", {"id": "90bb70b9-333d-4265-a68e-cc6f86b299fd", "name": "Kate", "updated_on": 1689293023190}),
    ("posts", {"id": 1, "title": "Test Post", "content": "This is a test post", "published": True}),
    ("categories", {"title": "hello"}),
    ("products", {"id": ACME, "category": "electronics"}),
    ("my-schema.my-entity", {"name": "Facebook", "color": "blue"}),
    ("my-schema.my-entity", {"name": "YouTube", "color": "red"}),
    ("my-schema.my-entity", {"name": "John", "location": "USA"}),
    ("my-schema.my-entity", {"name": "Spring"}),
]


@each(("name", "wanted"), DOCUMENTED)
def test_a_documented_row_is_there(name: str, wanted: Mapping[str, object]) -> None:
    assert sum(row.items() >= wanted.items() for row in SAMPLE[name]) == 1


def test_one_post_belongs_to_the_test_user() -> None:
    tester = next(row["id"] for row in SAMPLE["accounts"] if row["email"] == "test@example.com")
    assert [row["id"] for row in SAMPLE["posts"] if row["authorId"] == tester] == [1]


def test_an_order_answers_the_longest_printed_query() -> None:
    smiths = {row["id"] for row in SAMPLE["customers"] if "smith" in row["email"]}
    found = [
        row
        for row in SAMPLE["orders"]
        if row["user_id"] == JOHN
        and row["year"] == 2024
        and row["status"] == "completed"
        and row["total_amount"] > 100
        and row["customer_id"] in smiths
    ]
    assert len(found) >= 2


def test_no_password_is_in_the_project() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "sample").glob("*.json")]
    assert not [text for text in texts if "password" in text.lower()]
    assert "users" not in CONFIG
