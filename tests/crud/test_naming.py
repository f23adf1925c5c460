"""Names made of names."""

import pytest

from crud import naming
from tests.tables import each


@each(
    ("columns", "target", "name"),
    [
        (["author_id"], "users", "author"),
        (["SupportRepId"], "Employee", "support_rep"),
        (["ownerID"], "users", "owner"),
        (["AlbumId"], "Album", "album"),
        (["ReportsTo"], "Employee", "reports_to_employee"),
        (["parent"], "categories", "parent_category"),
        (["paid"], "people", "paid_person"),
        (["id"], "people", "id_person"),
    ],
)
def test_a_to_one_relation_is_named_after_its_column(columns: list[str], target: str, name: str) -> None:
    assert naming.to_one_name(columns, target) == name


@pytest.mark.parametrize(
    ("child", "name"),
    [("InvoiceLine", "invoice_lines"), ("tags", "tags"), ("person", "people"), ("Order Details", "Order Details")],
)
def test_a_to_many_relation_is_the_child_in_the_plural(child: str, name: str) -> None:
    assert naming.to_many_name(child) == name


@pytest.mark.parametrize(
    ("table", "phantom", "xond"),
    [
        ("posts", "Post", "post"),
        ("order_items", "OrderItem", "orderItem"),
        ("InvoiceLine", "InvoiceLine", "invoiceLine"),
        ("people", "Person", "person"),
        ("Order Details", "Order Details", "Order Details"),
        ("größe", "größe", "größe"),
    ],
)
def test_customary_forms(table: str, phantom: str, xond: str) -> None:
    assert (naming.pascal_singular(table), naming.camel_singular(table)) == (phantom, xond)


@each(
    ("column", "shown"),
    [
        ("first_name", "firstName"),
        ("FirstName", "firstName"),
        ("firstName", "firstName"),
        ("URLPath", "urlPath"),
        ("ID", "id"),
        ("_id", "_id"),
        ("unit price", "unit price"),
        ("naïve_a", "naïve_a"),
    ],
)
def test_camel_case(column: str, shown: str) -> None:
    assert naming.camel(column) == shown


def test_names_that_would_meet_both_stay() -> None:
    shown = naming.restyled(["first_name", "FirstName", "last_name"], naming.camel)
    assert shown == {"first_name": "first_name", "FirstName": "FirstName", "last_name": "lastName"}


def test_a_taken_name_gets_an_ending() -> None:
    assert naming.distinct("author", {"author", "author_rel"}) == "author_rel_rel"
