"""One scenario through all five dialects, on both databases: five addresses of one table give the same data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from tests.tables import each

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Wire:
    """One dialect: the URL of each step, where the rows are, and what the keys are called."""

    steps: Mapping[str, str]
    rows: Callable[[Any], Rows] = lambda body: body["data"]
    product: str = "id"
    comment: str = "id"
    post: str = "id"
    total: Callable[[Any], int] | None = None


WIRES = {
    "phantom": Wire(
        {
            "list": "/api/products",
            "filter": "/api/products?where[category]=handhelds",
            "sort": "/api/products?sort=-released&limit=1",
            "page": "/api/products?sort=name&limit=5&page=2",
            "one": "/api/products/00000000-0000-0000-0000-000000000016",
            "include": "/api/comments?where[id]=2&populate=post",
            "unknown": "/api/customers?where[zzzzz]=a",
            "forbidden": "/api/customers?where[email]=a",
            "closed": "/api/customers",
        }
    ),
    "xond": Wire(
        {
            "list": "/json/product?pageSize=100",
            "count": "/json/product?count=true",
            "filter": '/json/product?filter=[{"field":"category","comparison":"equals","value":"handhelds"}]',
            "sort": '/json/product?sort=[{"field":"released","direction":"desc"}]&pageSize=1',
            "page": '/json/product?sort=[{"field":"name","direction":"asc"}]&pageSize=5&page=2',
            "one": "/json/product/00000000-0000-0000-0000-000000000016",
            "include": '/json/comment?include=post&baseFilter=[{"field":"commentId","comparison":"equals","value":2}]',
            "unknown": '/json/customer?filter=[{"field":"zzzzz","comparison":"equals","value":"a"}]',
            "forbidden": '/json/customer?filter=[{"field":"email","comparison":"equals","value":"a"}]',
            "closed": "/json/customer",
        },
        product="productId",
        comment="commentId",
        post="postId",
        total=lambda body: body["data"]["count"],
    ),
    "sonicjs": Wire(
        {
            "list": "/v1/products",
            "filter": "/v1/products?filters[category][$eq]=handhelds",
            "sort": "/v1/products?sort=released:desc&limit=1",
            "page": "/v1/products?sort=name&limit=5&offset=5",
            "one": "/v1/products/00000000-0000-0000-0000-000000000016",
            "include": "/v1/comments?filters[id][$eq]=2&includeRelations=true",
            "unknown": "/v1/customers?filters[zzzzz][$eq]=a",
            "forbidden": "/v1/customers?filters[email][$eq]=a",
            "closed": "/v1/customers",
        },
        rows=lambda body: body,
    ),
    "metal": Wire(
        {
            "list": "/schema/main/products",
            "filter": '/schema/main/products?filter={"category":"handhelds"}',
            "sort": "/schema/main/products?sort=released desc",
            "unknown": '/schema/main/customers?filter={"zzzzz":"a"}',
            "forbidden": '/schema/main/customers?filter={"email":"a"}',
            "closed": "/schema/main/customers",
        },
        rows=lambda body: body["rows"],
        total=lambda body: len(body["rows"]),
    ),
    "baasix": Wire(
        {
            "list": "/items/products",
            "filter": '/items/products?filter={"category":"handhelds"}',
            "sort": "/items/products?sort=-released&limit=1",
            "page": "/items/products?sort=name&limit=5&page=2",
            "one": "/items/products/00000000-0000-0000-0000-000000000016",
            "include": '/items/comments?fields=*,post.*&filter={"id":2}',
            "unknown": '/items/customers?filter={"zzzzz":"a"}',
            "forbidden": '/items/customers?filter={"email":"a"}',
            "closed": "/items/customers",
        },
        total=lambda body: body["totalCount"],
    ),
}
DATA_STEPS = {"list": 30, "filter": 4, "sort": 1, "page": 5, "one": 1}


def having(step: str) -> list[str]:
    return [name for name, wire in WIRES.items() if step in wire.steps]


def rows(client: FlaskClient, name: str, step: str) -> Rows:
    wire = WIRES[name]
    answer = client.get(wire.steps[step])
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = wire.rows(answer.json)
    return found if isinstance(found, list) else [found]


def products(client: FlaskClient, name: str, step: str) -> list[tuple[object, ...]]:
    key = WIRES[name].product
    return [(row[key], row["name"], row["price"], row["released"]) for row in rows(client, name, step)]


@each("step", DATA_STEPS)
def test_a_step_gives_the_same_rows_in_the_same_order(client: FlaskClient, step: str) -> None:
    expected = products(client, "baasix", step)
    assert len(expected) == DATA_STEPS[step]
    for name in having(step):
        assert products(client, name, step)[: len(expected)] == expected, name


def test_related_rows_are_the_same(client: FlaskClient) -> None:
    for name in having("include"):
        wire = WIRES[name]
        (row,) = rows(client, name, "include")
        assert (row[wire.comment], row["post"][wire.post]) == (2, 2), name
        assert row["post"]["title"] == "Notes on the Analytical Engine", name


def test_totals_are_the_same(client: FlaskClient) -> None:
    for name, wire in WIRES.items():
        if wire.total is not None:
            assert wire.total(client.get(wire.steps.get("count", wire.steps["list"])).json) == 30, name


@each("name", WIRES)
def test_unknown_and_forbidden_fields_are_alike(client: FlaskClient, user: dict[str, str], name: str) -> None:
    unknown, forbidden = (client.get(WIRES[name].steps[step], headers=user) for step in ("unknown", "forbidden"))
    assert unknown.status_code == forbidden.status_code == 400
    assert forbidden.get_data(as_text=True).replace("email", "zzzzz") == unknown.get_data(as_text=True)


@each("name", WIRES)
def test_what_is_not_permitted_is_refused(client: FlaskClient, name: str) -> None:
    assert client.get(WIRES[name].steps["closed"]).status_code in (401, 403)
