"""The rewrite: what a role may not see is pruned where it was not named and refused, as unknown, where it was."""

from types import MappingProxyType

import pytest

from crud.access.permissions import Gate, authorize
from crud.access.policy import Policy
from crud.definitions.declared import RuleDefinition
from crud.errors import ApiError
from sql.catalog import Catalog, Column, Relation, Resource, SoftDelete, Table
from sql.expressions import (
    TRUE,
    ActorValue,
    And,
    Compare,
    Const,
    Filter,
    Hop,
    Not,
    Or,
    Origin,
    Path,
    Relevance,
    Search,
    Slot,
    Some,
)
from sql.query import Aggregate, Include, Query, Select, Sort
from sql.types import BOOLEAN, INTEGER, STRING, Type
from tests.tables import each

TERM = Slot(0, STRING)
NAMED = Origin("secret", "somewhere")
SECRET = Path("secret", origin=NAMED)


def resource(name: str, columns: dict[str, Type], relations: tuple[Relation, ...] = (), **more: object) -> Resource:
    made = {key: Column(key, type) for key, type in columns.items()}
    by_name = MappingProxyType({relation.name: relation for relation in relations})
    return Resource(name, Table(name), MappingProxyType(made), ("id",), by_name, **more)  # type: ignore[arg-type]


AUTHORS = resource(
    "authors",
    {"id": INTEGER, "name": STRING, "secret": STRING, "live": BOOLEAN},
    (Relation("posts", "to_many", "posts", (("id", "author_id"),)),),
)
POSTS = resource(
    "posts",
    {"id": INTEGER, "title": STRING, "secret": STRING, "author_id": INTEGER, "gone": STRING, "tenant": STRING},
    (Relation("author", "to_one", "authors", (("author_id", "id"),)),),
    soft_delete=SoftDelete("gone"),
    tenant="tenant",
)
HIDDEN = resource("hidden", {"id": INTEGER}, hidden=True)
CATALOG = Catalog(MappingProxyType({each.name: each for each in (AUTHORS, POSTS, HIDDEN)}))

ALIVE = Compare(Path("gone"), "is_null")
OWN_TENANT = Compare(Path("tenant"), "eq", (ActorValue("tenant", STRING),))
LIVE_AUTHOR = Compare(Path("live", origin=NAMED), "eq", (Const(True, BOOLEAN),))

RULES = (
    RuleDefinition("reader", "authors", ("read",), fields=("*", "-secret"), where={"live": True}),
    RuleDefinition("reader", "posts", ("read",), fields=("*", "-secret", "-tenant")),
)


def gate(*roles: str, rules: tuple[RuleDefinition, ...] = RULES, tenantless: bool = False) -> Gate:
    return Gate(Policy(CATALOG, rules), CATALOG, frozenset(roles), tenantless)


def rewritten(query: Query, by: Gate | None = None) -> Query:
    return authorize(query, by or gate("reader")).query


def test_nothing_is_allowed_without_a_rule() -> None:
    with pytest.raises(ApiError) as refusal:
        rewritten(Query("posts"), gate("stranger"))
    assert refusal.value.kind == "forbidden"


def test_a_hidden_resource_answers_as_an_unknown_one() -> None:
    with pytest.raises(ApiError) as refusal:
        rewritten(Query("hidden"))
    assert refusal.value.kind == "unknown_resource"


def test_columns_nobody_named_are_pruned() -> None:
    star = tuple(Select(Path(name), name) for name in AUTHORS.columns)
    assert [item.alias for item in rewritten(Query("authors", star)).select] == ["id", "name", "live"]


AUTHOR = (Hop("author"),)
FAR = Path("secret", AUTHOR, NAMED)
POSITIONS = {
    "select": Query("posts", (Select(SECRET, "x"),)),
    "select over a hop": Query("posts", (Select(FAR, "x"),)),
    "filter": Query("posts", where=Compare(SECRET, "eq", (TERM,))),
    "filter over a hop": Query("posts", where=Compare(FAR, "eq", (TERM,))),
    "the right side of a filter": Query("posts", where=Compare(Path("title"), "eq", (SECRET,))),
    "a negated filter": Query("posts", where=Not(Or((Compare(SECRET, "eq", (TERM,)), TRUE)))),
    "a child's filter": Query("authors", where=Some("posts", Compare(SECRET, "eq", (TERM,)))),
    "search": Query("posts", where=Search((SECRET,), TERM)),
    "relevance": Query("posts", sort=(Sort(Relevance((SECRET,), TERM)),)),
    "sort": Query("posts", sort=(Sort(SECRET),)),
    "sort over a hop": Query("posts", sort=(Sort(FAR),)),
    "group": Query("posts", group=(Select(SECRET, "x"),)),
    "aggregate": Query("posts", aggregates=(Aggregate("x", "min", SECRET),)),
    "include": Query("posts", include=(Include("author", "author", Query("authors", (Select(SECRET, "x"),))),)),
}


@each("position", POSITIONS)
def test_a_named_column_that_may_not_be_seen_is_unknown_wherever_it_stands(position: str) -> None:
    with pytest.raises(ApiError) as refusal:
        rewritten(POSITIONS[position])
    assert (refusal.value.kind, refusal.value.message) == ("unknown_field", "Unknown field 'secret' in somewhere")


def test_a_default_search_leaves_out_what_may_not_be_seen() -> None:
    where = Search((Path("title"), Path("secret")), TERM)
    assert Search((Path("title"),), TERM) in _parts(rewritten(Query("posts", where=where)).where)


def test_the_root_carries_soft_deletion_tenancy_and_the_rule() -> None:
    assert set(_parts(rewritten(Query("posts")).where)) == {ALIVE, OWN_TENANT}
    assert rewritten(Query("authors")).where == LIVE_AUTHOR


def test_hops_relations_and_includes_carry_the_filter_of_where_they_lead() -> None:
    path = Compare(Path("name", AUTHOR), "eq", (TERM,))
    hop = rewritten(Query("posts", where=path)).where
    guarded = Compare(Path("name", (Hop("author", LIVE_AUTHOR),)), "eq", (TERM,))
    assert guarded in _parts(hop)
    some = rewritten(Query("authors", where=Some("posts", Compare(Path("title"), "eq", (TERM,))))).where
    found = next(part for part in _parts(some) if isinstance(part, Some))
    assert set(_parts(found.guard)) == {ALIVE, OWN_TENANT}
    include = rewritten(Query("posts", include=(Include("author", "author", Query("authors")),))).include[0]
    assert include.query.where == LIVE_AUTHOR


def test_a_relation_to_a_forbidden_resource_is_unknown_where_named_and_dropped_where_not() -> None:
    only_posts = gate("reader", rules=RULES[1:])
    named = Include("author", "author", Query("authors"), origin=Origin("author", "include"))
    with pytest.raises(ApiError, match="Unknown field 'author' in include"):
        rewritten(Query("posts", include=(named,)), only_posts)
    assert rewritten(Query("posts", include=(Include("author", "author", Query("authors")),)), only_posts).include == ()


def test_a_relation_over_a_hidden_link_is_unknown() -> None:
    no_link = RuleDefinition("reader", "posts", ("read",), fields=("title",))
    path = Path("name", AUTHOR, Origin("author.name", "filter"))
    with pytest.raises(ApiError, match="Unknown field 'author.name' in filter"):
        rewritten(Query("posts", where=Compare(path, "eq", (TERM,))), gate("reader", rules=(RULES[0], no_link)))


def test_an_administrator_sees_everything_but_deleted_rows() -> None:
    assert rewritten(Query("posts"), gate("admin", tenantless=True)).where == ALIVE


def test_an_administrator_of_a_tenant_sees_that_tenant() -> None:
    assert set(_parts(rewritten(Query("posts"), gate("admin")).where)) == {ALIVE, OWN_TENANT}


def test_an_empty_field_list_means_none() -> None:
    star = tuple(Select(Path(name), name) for name in AUTHORS.columns)
    nothing = RuleDefinition("reader", "authors", ("read",), fields=())
    assert rewritten(Query("authors", star), gate("reader", rules=(nothing,))).select == ()


DENIES = {
    "of the resource": RuleDefinition("reader", "authors", ("read",), allow=False),
    "of everything": RuleDefinition("reader", "*", ("read",), allow=False),
}


@pytest.mark.parametrize("deny", DENIES.values(), ids=list(DENIES))
def test_a_deny_wins_however_general(deny: RuleDefinition) -> None:
    with pytest.raises(ApiError):
        rewritten(Query("authors"), gate("reader", rules=(*RULES, deny)))


def test_a_deny_of_fields_takes_them_away() -> None:
    deny = RuleDefinition("reader", "*", ("read",), fields=("name",), allow=False)
    with pytest.raises(ApiError, match="Unknown field"):
        rewritten(Query("authors", sort=(Sort(Path("name", origin=NAMED)),)), gate("reader", rules=(*RULES, deny)))


def test_a_deny_of_rows_takes_them_away() -> None:
    deny = RuleDefinition("reader", "authors", ("read",), where={"id": 1}, allow=False)
    where = rewritten(Query("authors"), gate("reader", rules=(*RULES, deny))).where
    assert Not(Compare(Path("id", origin=NAMED), "eq", (Const(1, INTEGER),))) in _parts(where)


def test_the_rule_of_a_resource_replaces_the_general_one() -> None:
    general = RuleDefinition("reader", "*", ("read",))
    assert rewritten(Query("authors"), gate("reader", rules=(*RULES, general))).where == LIVE_AUTHOR


def test_the_allows_of_two_roles_add_up() -> None:
    other = RuleDefinition("editor", "authors", ("read",), fields=("*", "-secret"), where={"id": 7})
    where = rewritten(Query("authors"), gate("reader", "editor", rules=(*RULES, other))).where
    assert where in (Or((Compare(Path("id", origin=NAMED), "eq", (Const(7, INTEGER),)), LIVE_AUTHOR)),)


def test_a_column_that_only_some_of_the_rows_show_is_not_shown_on_the_others() -> None:
    everything_of_one = RuleDefinition("editor", "authors", ("read",), where={"id": 7})
    star = tuple(Select(Path(name), name) for name in AUTHORS.columns)
    both = rewritten(Query("authors", star), gate("reader", "editor", rules=(*RULES, everything_of_one)))
    assert "secret" not in [item.alias for item in both.select]


def test_a_rules_own_hops_lead_past_deleted_rows_and_need_no_permission() -> None:
    rule = RuleDefinition("reader", "authors", ("read",), where={"posts.title": "x"})
    where = rewritten(Query("authors"), gate("reader", rules=(rule,))).where
    assert isinstance(where, Some) and where.guard == ALIVE


def _parts(where: Filter) -> list[Filter]:
    """The terms of nested conjunctions."""
    return [part for term in where.terms for part in _parts(term)] if isinstance(where, And) else [where]
