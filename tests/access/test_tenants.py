"""What one tenant can learn of another, or do to it: nothing, by any channel, in any dialect.

Most tests ask the same of databases that differ in the other tenant's rows alone, and compare the answers whole. Each
is asked as the other tenant, too, whose answers must differ: else the request could tell nobody anything.
"""

import io
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask

from crud import exporting, service
from crud.access.actor import Actor
from crud.identity.accounts import load_account
from crud.presentation import Shown, Style
from crud.presenting import view_of
from crud.snapshots.state import Context
from sql.commands import Upsert
from sql.query import Asked
from tests.access import tenants
from tests.access.tenants import (
    ACME,
    BIN,
    BOOK,
    CALLERS,
    CONFIG,
    FREE,
    GHOST_BIN,
    GHOST_BOOK,
    GHOST_SHELF,
    GHOST_TAG,
    GONE_BIN,
    NOTE,
    OTHER,
    SHELF,
    STATES,
    WORDS,
    Row,
    Tenants,
    Way,
)
from tests.attacks.writing import CREATE, DELETE, UPDATE
from tests.dialects.conftest import sibling
from tests.tables import each


@pytest.fixture(scope="session")
def settled(make_app: Callable[..., Flask], database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Tenants:
    """The world of two tenants, over a database of its own."""
    return tenants.settle(make_app(CONFIG, sibling(database_url, tmp_path_factory)))


@pytest.fixture
def world(settled: Tenants) -> Tenants:
    """The world with the rows of both."""
    settled.fill()
    return settled


# ---------------------------------------------------------------- reading


def xond(**conditions: object) -> str:
    """A filter of Xond: field and value, or field and (comparison, value)."""
    listed = []
    for field, value in conditions.items():
        word, given = value if isinstance(value, tuple) else ("equals", value)
        listed.append({"field": field.replace("__", "."), "comparison": word, "value": given})
    return quote(json.dumps(listed))


def j(value: object) -> str:
    """JSON in a URL."""
    return quote(json.dumps(value))


# channel → requests; what they tell must not depend on the other tenant's rows
READS: dict[str, tuple[str, ...]] = {
    "list": (
        *("/api/{0}", "/json/{0}", "/v1/{0}", "/api/v1/{0}", "/schema/main/{0}", "/items/{0}"),
        "/api/shelves?limit=1&offset=1",
        "/json/shelves?page=2&pageSize=1",
    ),
    "count": (
        "/json/books?count=true",
        "/json/books?pageSize=1",
        "/api/v1/books?limit=1",
        "/items/books?limit=1",
        f"/json/genres?count=true&filter={xond(books__title='ghost')}",
    ),
    "one by key": (
        *(f"{base}/books/{GHOST_BOOK}" for base in ("/api", "/json", "/v1", "/api/v1", "/items")),
        f"/schema/main/books?filter={j({'id': GHOST_BOOK})}",
    ),
    "filter": (
        "/api/books?where[title]=ghost",
        f"/api/books?where={j({'rank': {'gt': 40}})}",
        f"/json/books?filter={xond(title=('contains', 'gho'))}",
        f"/json/books?baseFilter={xond(rank=('greaterThan', 40))}",
        "/v1/books?filters[title]=ghost",
        "/api/v1/books?filters[rank][$between]=40,60",
        f"/schema/main/books?filter={j({'title': 'ghost'})}",
        f"/schema/main/books?filter-expression={quote('rank > 40')}",
        f"/items/books?filter={j({'title': {'like': 'gho'}})}",
    ),
    "filter by the tenant": (
        f"/api/books?where[org]={OTHER}",
        f"/json/books?filter={xond(org=OTHER)}",
        f"/v1/books?filters[org]={OTHER}",
        f"/schema/main/books?filter={j({'org': OTHER})}",
        f"/items/books?filter={j({'org': OTHER})}",
    ),
    "filter over related rows": (
        "/api/genres?where[books.title]=ghost&select=id,name",
        f"/json/genres?filter={xond(books__title='ghost')}&columns=id",
        "/v1/genres?filters[books.title]=ghost",
        "/api/v1/genres?filters[books][rank][$gt]=40",
        f"/schema/main/genres?filter-expression={quote('books.rank > 40')}&fields=id",
        f"/items/genres?filter={j({'books.title': 'ghost'})}&fields=id",
        f"/items/genres?filter={j({'NOT': {'books.rank': {'gt': 40}}})}&fields=id",
    ),
    "sort": (
        "/api/books?sort=-rank&limit=1",
        f"/json/books?sort={j([{'field': 'rank', 'direction': 'desc'}])}&pageSize=1",
        "/v1/books?sort=rank:desc&limit=1",
        "/api/v1/books?sort=title&limit=1&offset=1",
        f"/schema/main/books?sort={j({'rank': 'desc'})}",
        "/items/books?sort=-rank&limit=1",
    ),
    "search": (
        "/json/books?textSearchFields=title&textSearchValue=gho",
        "/json/genres?textSearchFields=books.title&textSearchValue=gho&columns=id",
        "/items/books?search=gho&searchFields=title",
        "/items/books?search=o&sortByRelevance=true",
    ),
    "aggregate": (
        f"/items/books?aggregate={j({'n': {'function': 'count', 'field': 'id'}})}",
        f"/items/books?aggregate={j({'top': {'function': 'max', 'field': 'rank'}, 'low': {'function': 'min', 'field': 'rank'}})}",
        f"/items/books?aggregate={j({'all': {'function': 'array_agg', 'field': 'title'}})}",
        f"/items/books?aggregate={j({'sum': {'function': 'sum', 'field': 'rank'}})}&groupBy=genre_id",
        "/items/books?groupBy=title",
        "/items/books?groupBy=shelf.code",
    ),
    "include": (
        "/api/genres?populate=books&select=id",
        "/json/genres?include=books&columns=id",
        "/v1/genres?includeRelations=true",
        "/items/genres?fields=id,books.*",
        "/items/genres?fields=id,books.title,books.shelf.code",
        f"/items/genres?fields=id,books.*&relConditions={j({'books': {'rank': {'gt': 0}}})}",
    ),
    "junction": (
        "/api/books?populate=tags",
        "/json/books?include=tags",
        "/items/books?fields=id,tags.word",
        "/api/books?where[tags.word]=ghost",
        f"/items/books?filter={j({'tags.word': 'ghost'})}",
        f"/schema/main/books?filter-expression={quote(chr(34) + 'tags' + chr(34) + '.word LIKE ' + chr(39) + 'gho%' + chr(39))}",
        "/v1/books?filters[tags.word][$starts_with]=gho",
    ),
    "soft deleted": ("/api/bins", f"/items/bins/{GHOST_BIN}", "/v1/bins"),
}
LISTED = ("books", "shelves", "tags", "bins")


def requests(channel: str) -> list[Way]:
    """The requests of a channel, for each resource where they name none."""
    paths = [path.format(name) if "{0}" in path else path for path in READS[channel] for name in LISTED]
    return [("GET", path, None) for path in dict.fromkeys(paths)]


@each("channel", READS)
def test_what_a_tenant_reads_does_not_depend_on_another(settled: Tenants, channel: str) -> None:
    ways = requests(channel)
    mine = [settled.answers(state, ways) for state in STATES]
    theirs = [[*settled.answers(s, ways, by="bob"), *settled.answers(s, ways, by="root")] for s in STATES]
    for index, way in enumerate(ways):
        assert len({told[index] for told in mine}) == 1, [told[index] for told in mine]
        assert len({(told[index], told[index + len(ways)]) for told in theirs}) > 1, (
            way
        )  # else the request tells nobody anything
        assert mine[0][index][1][0] in "24", mine[0][index]


# Rows that lead from shared rows to the other tenant's: only what stands in those differs.
LINKED = (
    "/api/genres?where[featured.title]=ghost",
    "/api/genres?populate=featured&sort=featured.rank",
    f"/json/genres?filter={xond(featured__title='ghost')}&include=featured",
    f"/json/genres?sort={j([{'field': 'featured.rank', 'direction': 'asc'}])}",
    "/json/genres?textSearchFields=featured.title&textSearchValue=gho",
    "/v1/genres?filters[featured.title]=ghost",
    "/v1/genres?includeRelations=true&sort=featured.rank",
    "/schema/main/genres?fields=id,featured.title,featured.rank",
    f"/schema/main/genres?filter-expression={quote('featured.rank > 40')}",
    "/schema/main/genres?sort=featured.rank",
    "/items/genres?fields=id,featured.*,featured.shelf.code&sort=featured.rank",
    f"/items/genres?filter={j({'featured.title': {'like': 'gho'}})}",
    "/items/genres?groupBy=featured.title",
    f"/items/genres?aggregate={j({'m': {'function': 'max', 'field': 'featured.rank'}})}",
    "/items/books?fields=*,tags.*,sequel.*",
    "/api/books?populate=tags,sequel&sort=sequel.rank",
    "/api/books?where[sequel.rank][gt]=40",
    "/api/books?where[tags.word]=ghost",
    f"/items/books?filter={j({'featured.books.title': 'ghost'})}",
)


def test_a_link_to_another_tenants_row_leads_nowhere(settled: Tenants) -> None:
    ways: list[Way] = [("GET", path, None) for path in LINKED]
    mine = [settled.answers(state, ways, linked=True) for state in WORDS]
    root = [settled.answers(state, ways, by="root", linked=True) for state in WORDS]
    for index, way in enumerate(ways):
        assert len({told[index] for told in mine}) == 1, [told[index] for told in mine]
        assert "ghost" not in mine[0][index][1], mine[0][index]
        if mine[0][index][1].startswith("2"):
            assert len({told[index] for told in root}) > 1, way


@pytest.mark.parametrize("tag", ['"x"', "*"])
def test_a_tag_of_another_tenants_row_tells_nothing(world: Tenants, tag: str) -> None:
    for base in ("/api", "/json", "/v1", "/api/v1", "/items"):
        for header in ("If-None-Match", "If-Match"):
            ways: list[Way] = [("GET", f"{base}/books/{key}", None) for key in (GHOST_BOOK, FREE)]
            told = [tenants.worded(world.send(way, headers={header: tag})) for way in ways]
            assert told[0].replace(GHOST_BOOK, "") == told[1].replace(FREE, "")
            assert told[0][0] == "4"


def test_an_export_has_the_rows_of_its_tenant(world: Tenants) -> None:
    snapshot = world.app.extensions["dragoman"].state.current()
    view = view_of(snapshot.catalog.resource("books"), Shown(), Style(), name="books")
    for tenant, titles in ((ACME, ["own", "also own"]), (OTHER, ["ghost"])):
        context = Context(snapshot, Actor("1", frozenset({"user"}), tenant))
        rows = [row for some in exporting.stream(context, Asked(exporting.exported(view))) for row in some]
        assert [row["title"] for row in rows] == titles


# ---------------------------------------------------------------- writing

CSV = {"content_type": "multipart/form-data"}


def batch(*actions: tuple[str, str, object]) -> Way:
    """Phantom's batch of these actions."""
    steps = [{"resource": name, "action": action, "data": data} for name, action, data in actions]
    return "POST", "/api/batch", {"requests": steps}


def by_key(resource: str, key: str, change: Row) -> list[Way]:
    """Every way to change or remove the row of a key."""
    ways = [make(resource, key, change) for make in UPDATE.values()]
    return [*ways, *(make(resource, key) for make in DELETE.values())]


def creations(resource: str, row: Row) -> list[Way]:
    """Every way to make a row."""
    none = {"filter": {"id": FREE}, "data": row}
    ways = [make(resource, row) for name, make in CREATE.items() if name != "phantom ensure"]
    return [*ways, ("POST", f"/api/{resource}/createIfNotExists", none)]


# channel → requests; the other tenant's answers differ between the states
WRITES: dict[str, list[Way]] = {
    "a change by key": by_key("books", GHOST_BOOK, {"title": "HACKED"}),
    "a change of a deleting resource": by_key("bins", GHOST_BIN, {"label": "HACKED"}),
    "restoring": [("POST", f"/items/bins/{GONE_BIN}/restore", None)],
    "a change by condition": [
        ("PATCH", "/schema/main/books", {"filter": {"title": "ghost"}, "data": {"title": "HACKED"}}),
        ("DELETE", "/schema/main/books", {"filter-expression": "rank > 40"}),
        ("DELETE", f"/json/books?filter={xond(title='ghost')}", None),
        ("POST", "/api/books/updateIfExists", {"filter": {"title": "ghost"}, "data": {"title": "HACKED"}}),
        ("POST", "/api/books/updateIfExists", {"filter": {"rank": {"gt": 40}}, "data": {"title": "HACKED"}}),
    ],
    "a unique value": [
        *creations("shelves", {"code": "ghost"}),
        *(make("shelves", SHELF, {"code": "ghost"}) for make in UPDATE.values()),
        ("POST", "/items/shelves/bulk", [{"code": "new"}, {"code": "ghost"}]),
        *creations("tags", {"word": "GHOST"}),
    ],
    "ensuring": [
        ("POST", "/api/shelves/createIfNotExists", {"filter": {"code": "ghost"}, "data": {"code": "new"}}),
        ("POST", "/api/books/createIfNotExists", {"filter": {"rank": {"gt": 40}}, "data": {"title": "new"}}),
    ],
    "a reference": [
        *creations("books", {"title": "x", "shelf_id": GHOST_SHELF}),
        *creations("notes", {"text": "x", "book_id": GHOST_BOOK}),
        *creations("books", {"title": "x", "sequel_id": GHOST_BOOK}),
        *(make("notes", NOTE, {"book_id": GHOST_BOOK}) for make in UPDATE.values()),
        ("POST", "/items/books/bulk", [{"title": "x", "shelf_id": GHOST_SHELF}, {"id": BOOK, "title": "twice"}]),
        ("POST", "/items/shelves/bulk", [{"code": "n"}, {"code": "n"}]),
        ("POST", "/items/genres", {"id": 9, "books": [{"title": "x", "shelf_id": GHOST_SHELF}]}),
        ("POST", "/json/genres", {"id": 9, "books": [{"title": "x", "shelf_id": GHOST_SHELF}]}),
        ("POST", "/items/books", {"title": "x", "tags": [GHOST_TAG]}),
        ("PATCH", "/schema/main/notes", {"filter": {"id": NOTE}, "data": {"book_id": GHOST_BOOK}}),
    ],
    "a batch": [
        batch(("books", "read", {"id": GHOST_BOOK}), ("books", "update", {"id": GHOST_BOOK, "title": "HACKED"})),
        batch(("shelves", "create", {"code": "ghost"}), ("books", "delete", {"id": GHOST_BOOK})),
        batch(("books", "create", {"title": "x", "shelf_id": GHOST_SHELF})),
    ],
}
ALIKE_FOR_ALL = ("/items/shelves/bulk",)  # what only an own pair of rows decides


@each("channel", WRITES)
def test_what_a_tenant_writes_does_not_depend_on_another(settled: Tenants, channel: str) -> None:
    ways = WRITES[channel]
    told: dict[str, list[tuple[str, str]]] = {}
    for state in ("ghost", "nothing"):
        found = []
        for way in ways:
            settled.fill(state)
            before = settled.others()
            found.append((repr(way), tenants.worded(settled.send(way))))
            assert settled.others() == before, way
        told[state] = found
    theirs = [[_outcome(settled, state, way) for way in ways] for state in ("ghost", "nothing")]
    differ = 0
    for mine, gone, *other in zip(told["ghost"], told["nothing"], *theirs, strict=True):
        assert mine == gone
        differ += other[0] != other[1]
    assert differ >= len(ways) * 2 // 3, differ


def _outcome(world: Tenants, state: str, way: Way) -> tuple[str, bool]:
    """The other tenant's own answer, and whether his rows have changed."""
    world.fill(state)
    before = world.others()
    return tenants.worded(world.send(way, by="bob")), world.others() != before


@pytest.mark.parametrize("dialect", [*CREATE])
def test_a_reference_to_another_tenants_row_is_answered_as_one_to_a_missing_row(world: Tenants, dialect: str) -> None:
    for target in (GHOST_SHELF, FREE):
        answer = world.send(CREATE[dialect]("books", {"title": "x", "shelf_id": target}))
        if dialect == "phantom ensure":  # its filter does not fit these keys
            continue
        assert answer.status_code == 409, answer.get_data(as_text=True)
        assert "GHOST" not in answer.get_data(as_text=True).upper()


FORMS = {
    "books": (f"title,shelf_id\nx,{GHOST_SHELF}\n", [{"title": "x", "shelf_id": GHOST_SHELF}]),
    "shelves": ("code\nghost\n", [{"code": "ghost"}]),
    "notes": (f"text,book_id\na,{NOTE}\nx,{GHOST_BOOK}\n", [{"text": "x", "book_id": GHOST_BOOK}]),
}


@pytest.mark.parametrize("resource", FORMS)
def test_what_a_tenant_imports_does_not_depend_on_another(settled: Tenants, resource: str) -> None:
    text, rows = FORMS[resource]
    for form, data in (("csv", text.encode()), ("json", json.dumps(rows).encode())):
        told = []
        for state in ("ghost", "nothing"):
            settled.fill(state)
            before = settled.others()
            told.append(tenants.worded(imported(settled, resource, form, data)))
            assert settled.others() == before
        assert told[0] == told[1]
        if resource != "notes":  # which belong to nobody: there a tenant has no effect
            assert imported(settled, resource, form, data, tenant=OTHER).status_code == 403


def imported(world: Tenants, resource: str, form: str, data: bytes, *, by: str = "ann", **fields: str):  # type: ignore[no-untyped-def]
    """The answer to an import."""
    parts = {**fields, f"{form}File": (io.BytesIO(data), f"rows.{form}")}
    return world.send(("POST", f"/items/{resource}/import-{form}", None), by=by, data=parts, **CSV)


# ---------------------------------------------------------------- uniques


def test_a_value_is_unique_within_a_tenant(world: Tenants) -> None:
    for dialect, make in CREATE.items():
        if dialect == "phantom ensure":
            continue
        assert world.send(make("shelves", {"code": "mine"})).status_code == 409, dialect
        assert world.send(make("shelves", {"code": f"new {dialect}"})).status_code in (200, 201), dialect
    assert world.send(("POST", "/items/tags", {"word": "MINE"})).status_code == 409
    clash = world.send(("POST", "/items/shelves", {"code": "mine"}))
    assert clash.json["error"]["details"]["message"] == "A row with this value exists already (code)"


def test_rows_of_one_request_are_compared_within_their_tenants(world: Tenants) -> None:
    twice = [{"code": "t", "org": ACME}, {"code": "t", "org": OTHER}]
    assert world.send(("POST", "/items/shelves/bulk", twice), by="root").status_code == 201
    assert world.send(("POST", "/items/shelves/bulk", [*twice, twice[0]]), by="root").status_code == 409
    assert world.send(("POST", "/items/shelves/bulk", [{"code": "u"}, {"code": "u"}])).status_code == 409


def test_an_administrator_ensures_a_row_within_the_tenant_that_he_names(world: Tenants) -> None:
    body = {"filter": {"code": "ghost"}, "data": {"code": "ghost", "org": ACME}}
    made = world.send(("POST", "/api/shelves/createIfNotExists", body), by="root")
    assert made.status_code == 201 and made.json["data"]["org"] == ACME
    assert world.send(("POST", "/api/shelves/createIfNotExists", body), by="root").status_code == 200


@pytest.mark.parametrize(
    ("actor", "org"),
    [
        (Actor("1", frozenset({"user"}), ACME), None),
        (Actor("1", frozenset({"admin"})), ACME),
    ],
)
def test_an_upsert_changes_no_row_of_another_tenant(world: Tenants, actor: Actor, org: str | None) -> None:
    before = world.others()
    row = {"code": "ghost", **({"org": org} if org else {})}
    with world.app.app_context():
        context = Context(world.app.extensions["dragoman"].state.current(), actor)
        made = [service.write(context, (Upsert("shelves", row, by=("code",)),))[0] for _ in range(2)]
    assert [each.created for each in made] == [True, False]
    assert world.others() == before


EXISTING = CONFIG.split("      books:")[0]
TABLE = """CREATE TABLE shelves (id {0} PRIMARY KEY, org {0} NOT NULL, code varchar(50) UNIQUE)"""


def test_a_wider_unique_of_an_existing_table_tells_no_more_than_a_conflict(
    make_app: Callable[..., Flask], empty_url: str
) -> None:
    config = EXISTING.replace("relations: {featured: {target: books, columns: {featured_id: id}, kind: to_one}}", "")
    app = make_app("sources: {default: {database: '${DATABASE_URL}'}}\nauth: {secret: '${DRAGOMAN_SECRET}'}", empty_url)
    database = app.extensions["dragoman"].state.current().databases["default"]
    with database.transaction() as session:
        session.execute(TABLE.format("uuid" if database.backend.name == "postgres" else "text"))
    world = tenants.settle(make_app(config, empty_url))
    first = world.send(("POST", "/api/shelves", {"code": "ghost"}), by="bob")
    assert first.status_code == 201, first.json
    answer = world.send(("POST", "/api/shelves", {"code": "ghost"}))
    assert answer.status_code == 409
    assert not {OTHER, str(first.json["data"]["id"]), "UNIQUE", "shelves_code_key"} & set(
        json.dumps(answer.json).replace('"', " ").split()
    )


# ---------------------------------------------------------------- administrators


@pytest.mark.parametrize("dialect", [name for name in CREATE if name != "phantom ensure"])
def test_an_administrator_without_a_tenant_names_one(world: Tenants, dialect: str) -> None:
    assert world.send(CREATE[dialect]("shelves", {"code": "c"}), by="root").status_code == 400
    made = world.send(CREATE[dialect]("shelves", {"code": "c", "org": ACME}), by="root")
    assert made.status_code in (200, 201), made.json
    lost = world.send(CREATE[dialect]("shelves", {"code": "d", "org": FREE}), by="root")
    assert lost.status_code == 409, lost.json


def test_an_administrator_links_no_rows_of_two_tenants(world: Tenants) -> None:
    for way in (
        ("POST", "/api/books", {"org": OTHER, "title": "x", "shelf_id": SHELF}),
        ("PUT", f"/api/books/{BOOK}", {"shelf_id": GHOST_SHELF}),
        ("PATCH", "/schema/main/books", {"filter": {"id": BOOK}, "data": {"sequel_id": GHOST_BOOK}}),
        ("PATCH", "/schema/main/books", {"data": {"shelf_id": SHELF}}),
        ("PUT", f"/api/books/{BOOK}", {"org": OTHER}),  # its shelf stays behind
        ("PUT", f"/api/shelves/{SHELF}", {"org": OTHER}),  # its books stay behind
    ):
        before = world.rows("SELECT id, org, shelf_id, sequel_id FROM books ORDER BY id")
        assert world.send(way, by="root").status_code == 409, way
        assert world.rows("SELECT id, org, shelf_id, sequel_id FROM books ORDER BY id") == before
    moved = world.send(("PUT", f"/api/bins/{BIN}", {"org": OTHER}), by="root")
    assert moved.status_code == 200, moved.json


def test_an_administrator_of_a_tenant_has_all_of_it_and_nothing_else(world: Tenants) -> None:
    seen = world.send(("GET", "/items/books", None), by="head").json
    assert {row["org"] for row in seen["data"]} == {ACME} and seen["totalCount"] == 2
    made = world.send(("POST", "/items/shelves", {"code": "by head"}), by="head")
    assert made.status_code == 201 and made.json["data"]["org"] == ACME
    assert world.send(("DELETE", f"/items/books/{GHOST_BOOK}", None), by="head").status_code == 403
    before = world.rows("SELECT * FROM _dragoman_users ORDER BY id"), world.rows("SELECT * FROM _dragoman_user_roles")
    for way in (
        ("GET", "/items/baasix_User", None),
        ("GET", "/items/baasix_UserRole", None),
        ("PATCH", f"/items/baasix_User/{world.ids['head']}", {"tenant_Id": OTHER}),
        ("POST", "/items/baasix_UserRole", {"user_Id": world.ids["head"], "role_Id": world.ids["head"]}),
        ("GET", "/api/genres", None),
    ):
        assert world.send(way, by="head").status_code in (403, 404), way
    assert before == (
        world.rows("SELECT * FROM _dragoman_users ORDER BY id"),
        world.rows("SELECT * FROM _dragoman_user_roles"),
    )


# ---------------------------------------------------------------- who is where

MEMBERSHIPS: dict[str, tuple[str | None, set[str]]] = {
    "ann": (ACME, {"user"}),
    "bob": (OTHER, {"user"}),
    "head": (ACME, {"tenant-admin"}),
    "root": (None, {"admin"}),
    "loner": (None, {"user"}),
    "both": (None, {"guest"}),  # two tenants, and nothing says which: the roles of neither
    "moved": (ACME, {"guest"}),  # the role of the tenant that he has left is none
    "clerk": (ACME, {"cashier"}),
    "stray": (None, {"guest"}),  # a tenant's role without a tenant
}


@each("name", CALLERS)
def test_a_role_holds_in_the_tenant_of_its_link(settled: Tenants, name: str) -> None:
    account = load_account(settled.database, settled.ids[name])
    assert account is not None
    assert (account.tenant, account.roles) == MEMBERSHIPS[name]


def test_who_belongs_to_no_tenant_sees_and_refers_to_nobodys_rows(world: Tenants) -> None:
    for path in ("/api/books", "/v1/books"):
        found = world.send(("GET", path, None), by="loner").json
        assert (found["data"] if path == "/api/books" else found) == []
    for target in (BOOK, GHOST_BOOK, FREE):
        answer = world.send(("POST", "/api/notes", {"text": "x", "book_id": target}), by="loner")
        assert answer.status_code == 409
    refused = world.send(("POST", "/api/shelves", {"code": "x", "org": ACME}), by="loner")
    assert refused.status_code == 400, refused.json
