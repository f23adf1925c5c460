"""How each dialect shows the catalog."""

import pytest

from crud.definitions.reading import config_for_database
from crud.loader import Loaded
from crud.presentation import Declared, Shown, View
from crud.presenting import present
from crud.system import ACCOUNTS, TENANTS
from sql.catalog import Catalog, Column, Resource, Table
from sql.errors import UnknownResource
from sql.expressions import Path
from sql.introspection import TableInfo
from sql.query import Select
from sql.types import DATE, DATETIME, INTEGER, STRING
from tests.crud.tables import blog, loaded, table
from tests.tables import each


def built(*tables: TableInfo) -> Loaded:
    """The blog, or these tables, declared by nobody."""
    return loaded(config_for_database("sqlite:///x.sqlite", {}), *(tables or blog()))


def one(shown: Shown, dialect: str = "phantom", *columns: Column) -> tuple[Resource, View]:
    """A resource of one declared presentation, and its view in the dialect."""
    made = columns or (
        Column("id", INTEGER),
        Column("user_name", STRING),
        Column("made_at", DATETIME),
        Column("day", DATE),
    )
    resource = Resource("people", Table("people"), {column.name: column for column in made}, ("id",))
    said = Declared(shown={"people": {dialect: shown}})
    return resource, present(dialect, Catalog({"people": resource}), said).view(resource)


@each(
    ("dialect", "word", "resource"),
    [
        ("phantom", "Post", "posts"),
        ("phantom", "PostTag", "post_tags"),
        ("phantom", "posts", "posts"),
        ("xond", "postTag", "post_tags"),
        ("xond", "post_tags", "post_tags"),
        ("sonicjs", "posts", "posts"),
        ("baasix", "posts", "posts"),
        ("phantom", "User", ACCOUNTS),
        ("xond", "user", ACCOUNTS),
        ("xond", "organization", TENANTS),
        ("sonicjs", "users", ACCOUNTS),
        ("metal", "accounts", ACCOUNTS),
        ("baasix", "baasix_User", ACCOUNTS),
        ("baasix", "users", ACCOUNTS),
    ],
)
def test_a_resource_is_reached_by_its_words(dialect: str, word: str, resource: str) -> None:
    assert built().presentations[dialect].resource(word).name == resource


@pytest.mark.parametrize(
    ("dialect", "word"),
    [("sonicjs", "Post"), ("metal", "post"), ("phantom", "POSTS"), ("xond", ""), ("baasix", "_dragoman_users")],
)
def test_other_words_are_unknown(dialect: str, word: str) -> None:
    with pytest.raises(UnknownResource):
        built().presentations[dialect].resource(word)


def test_no_dialect_shows_our_own_names() -> None:
    made = built()
    for presentation in made.presentations.values():
        names = [presentation.name(resource) for resource in made.catalog]
        assert not [name for name in (*names, *presentation.words) if name.startswith("_dragoman_")]


def test_a_table_of_the_user_wins_over_ours() -> None:
    made = built(table("users", "id"), table("accounts", "id"))
    phantom, sonicjs = made.presentations["phantom"], made.presentations["sonicjs"]
    assert (phantom.resource("User").name, phantom.resource("accounts").name) == ("users", "accounts")
    assert phantom.name(made.catalog.resource(ACCOUNTS)) == "system.users"
    assert sonicjs.resource("system.users").name == ACCOUNTS
    assert "phantom: User is a table of yours, not our own users" in phantom.notes


def test_a_customary_form_that_two_would_share_is_not_offered() -> None:
    phantom = built(table("order_items", "id"), table("OrderItems", "id")).presentations["phantom"]
    assert "OrderItem" not in phantom.words
    assert any("OrderItem is not offered for order_items" in note for note in phantom.notes)


def test_xond_writes_camel_case_and_understands_exact_names() -> None:
    made = built()
    people = made.catalog.resource("people")
    view = made.presentations["xond"].view(people)
    assert list(view.columns) == ["id", "firstName", "createdAt", "bossId"]
    assert "postsByAuthor" in view.relations
    assert view.column("firstName") is view.column("first_name") is people.column("first_name")
    assert view.relation("posts_by_author") is view.relation("postsByAuthor")
    assert view.shown("first_name") == "firstName"


def test_the_other_dialects_show_names_as_they_are() -> None:
    made = built()
    view = made.presentations["phantom"].view(made.catalog.resource("people"))
    assert list(view.columns) == ["id", "first_name", "created_at", "boss_id"]
    assert view.column("firstName") is None and view.relation("postsByAuthor") is None


def test_metal_ignores_case_where_only_one_column_fits() -> None:
    _, view = one(Shown(), "metal", Column("Name", STRING), Column("a", STRING), Column("A", STRING))
    assert view.column("name") is view.columns["Name"]
    assert view.column("a") is view.columns["a"]
    _, view = one(Shown(), "metal", Column("ab", STRING), Column("AB", STRING))
    assert view.column("Ab") is None


def test_a_declared_presentation() -> None:
    resource, view = one(Shown(name="who", columns={"id": "userId"}, hide=("day",), times="epoch_ms"))
    assert view.name == "who"
    assert view.star == (
        Select(Path("id"), "userId"),
        Select(Path("user_name"), "user_name"),
        Select(Path("made_at"), "made_at", "epoch_ms"),
    )
    assert view.column("id") is None and view.column("day") is None


def test_only_listed_columns_are_shown() -> None:
    assert list(one(Shown(show=("user_name",)))[1].columns) == ["user_name"]


def test_a_declared_name_keeps_a_restyled_one_away() -> None:
    _, view = one(Shown(columns={"id": "userName"}), "xond")
    assert list(view.columns)[:2] == ["userName", "user_name"]


def test_a_write_only_column_can_be_written_and_not_read() -> None:
    _, view = one(Shown(), "phantom", Column("id", INTEGER), Column("secret", STRING, write_only=True))
    assert view.column("secret") is None and view.input("secret") is view.inputs["secret"]
    assert [select.alias for select in view.star] == ["id"]


@pytest.mark.parametrize(
    ("dialect", "names"),
    [
        ("phantom", {"isActive", "createdAt", "updatedAt", "role", "firstName"}),
        ("xond", {"userId", "organizationId", "isActive", "createdAt"}),
        ("sonicjs", {"id", "role", "created_on", "updated_on"}),
        ("baasix", {"firstName", "lastName", "tenant_Id", "createdAt"}),
        ("metal", {"id", "email", "created_at"}),
    ],
)
def test_accounts_answer_as_each_system_prints_them(dialect: str, names: set[str]) -> None:
    made = built()
    view = made.presentations[dialect].view(made.catalog.resource(ACCOUNTS))
    assert names <= set(view.columns) and "password" in view.inputs
    assert not {"password", "password_hash"} & set(view.columns)


@pytest.mark.parametrize(
    ("dialect", "names"),
    [("xond", {"organization", "roles", "permissions"}), ("baasix", {"userRoles", "tenant"}), ("phantom", {"roles"})],
)
def test_accounts_have_each_systems_relations(dialect: str, names: set[str]) -> None:
    made = built()
    assert names <= set(made.presentations[dialect].view(made.catalog.resource(ACCOUNTS)).relations)


def test_sonicjs_prints_the_times_of_accounts_as_numbers() -> None:
    made = built()
    view = made.presentations["sonicjs"].view(made.catalog.resource(ACCOUNTS))
    assert {select.alias: select.form for select in view.star}["created_on"] == "epoch_ms"


def test_metal_has_schemas_of_entities() -> None:
    metal = built().presentations["metal"]
    assert {resource.name for resource in metal.entities("main") or ()} == {r.table.name for r in blog()}
    assert metal.entity("system", "users").name == ACCOUNTS == metal.entity("system", "accounts").name
    assert metal.entities("nowhere") is None
    with pytest.raises(UnknownResource):
        metal.entity("main", "users")


def test_a_schema_of_the_user_called_system_keeps_its_entities() -> None:
    metal = built(table("users", "id", schema="system")).presentations["metal"]
    assert metal.entity("system", "users").name == "system.users"


def test_a_dialect_without_customs_shows_everything_as_it_is() -> None:
    made = built()
    sixth = made.presentation("postgrest")
    assert sixth.name(sixth.resource("posts")) == "posts"
