"""The catalog out of introspection and definitions."""

from typing import Any

import pytest

from crud.definitions.config import Config
from crud.definitions.document import parse_document
from crud.definitions.problems import ConfigError
from crud.definitions.reading import config_for_database, config_of
from crud.definitions.settings import Source
from crud.loader import Loaded
from sql.catalog import Column, Default, Relation, Table
from sql.introspection import TableInfo
from sql.types import INTEGER, STRING
from tests.crud.tables import blog, loaded, table
from tests.tables import each

PLAIN = config_for_database("sqlite:///x.sqlite", {})


def configured(text: str) -> Config:
    """The configuration of a YAML text."""
    config, problems = config_of(parse_document(text, {}))
    assert config and not problems, [str(problem) for problem in problems]
    return config


def wrong(text: str, *tables: Any) -> list[str]:
    """What the loader finds wrong."""
    with pytest.raises(ConfigError) as caught:
        loaded(configured(text), *tables)
    return [str(problem) for problem in caught.value.problems]


def relations(built: Loaded, resource: str) -> dict[str, tuple[str, str]]:
    """name → (kind, target) of a resource's relations."""
    return {n: (r.kind, r.target) for n, r in built.catalog.resource(resource).relations.items()}


def test_every_table_is_a_resource_and_ours_are_not_among_them() -> None:
    built = loaded(PLAIN, *blog())
    own = [resource.name for resource in built.catalog if not resource.system]
    assert own == ["people", "posts", "tags", "post_tags", "events"]


def test_foreign_keys_are_relations_both_ways() -> None:
    built = loaded(PLAIN, *blog())
    assert relations(built, "posts") == {
        "author": ("to_one", "people"),
        "editor": ("to_one", "people"),
        "post_tags": ("to_many", "post_tags"),
        "tags": ("to_many", "tags"),
    }
    assert relations(built, "people") == {
        "boss": ("to_one", "people"),
        "people": ("to_many", "people"),
        "posts_by_author": ("to_many", "posts"),
        "posts_by_editor": ("to_many", "posts"),
    }


def test_a_junction_gives_its_two_ends() -> None:
    tags = loaded(PLAIN, *blog()).catalog.resource("posts").relation("tags")
    assert tags.through is not None
    assert (tags.through.resource, tags.through.near, tags.through.far) == (
        "post_tags",
        (("id", "post_id"),),
        (("tag_id", "id"),),
    )


def test_a_column_keeps_its_name() -> None:
    child = table("notes", "id", "author", "author_id", keys={"author_id": "people"})
    assert "author_rel" in relations(loaded(PLAIN, *blog(), child), "notes")


def test_a_junction_to_itself_is_told_apart() -> None:
    friends = table(
        "friends",
        "user_id",
        "friend_id",
        key=("user_id", "friend_id"),
        keys=dict.fromkeys(("user_id", "friend_id"), "people"),
    )
    found = relations(loaded(PLAIN, *blog(), friends), "people")
    assert {"friends_by_user", "friends_by_friend", "people_by_user", "people_by_friend"} <= set(found)


def test_a_view_is_readable_only() -> None:
    seen = loaded(PLAIN, table("totals", "name", key=(), view=True)).catalog.resource("totals")
    assert not seen.writable and seen.key == ()


def test_schemas_of_the_database_are_schemas_of_their_names() -> None:
    built = loaded(PLAIN, table("orders", "id", schema="sales"))
    order = built.catalog.resource("sales.orders")
    assert (order.namespace, order.entity) == ("sales", "orders")
    assert built.presentations["metal"].entity("sales", "orders") is order


ANNOTATED = """
schemas:
  main:
    tables: all
    entities:
      articles:
        table: posts
        aliases: [Article]
        fields:
          title: {max: 200, required: true}
        relations:
          writer: {target: people, columns: {author_id: id}}
          posts_tags: {target: tags, through: post_tags}
"""


def test_an_annotation_changes_only_what_it_says() -> None:
    article = loaded(configured(ANNOTATED), *blog()).catalog.resource("articles")
    assert dict(article.column("title").rules) == {"max": 200, "required": True}
    assert article.column("title").nullable and article.column("author_id").type.name == "integer"


def test_a_declared_relation_replaces_the_derived_one() -> None:
    article = loaded(configured(ANNOTATED), *blog()).catalog.resource("articles")
    assert article.relation("writer") == Relation("writer", "to_one", "people", (("author_id", "id"),))
    assert "author" not in article.relations and "tags" not in article.relations


def test_a_relation_is_renamed() -> None:
    text = "schemas: {main: {entities: {posts: {relations: {author: {rename: writer}}}, people: {}}}}"
    assert set(relations(loaded(configured(text), *blog()), "posts")) == {"writer", "editor"}


INVERSE = [
    ("posts: {relations: {writer: {target: people, columns: {author_id: id}, inverse: works}}}", "people", "works"),
    ("people: {relations: {works: {target: posts, columns: {id: author_id}, inverse: writer}}}", "posts", "writer"),
    ("posts: {relations: {words: {target: tags, through: post_tags, inverse: texts}}}", "tags", "texts"),
]


@pytest.mark.parametrize(("text", "owner", "name"), INVERSE)
def test_a_relation_names_the_way_back(text: str, owner: str, name: str) -> None:
    declared = configured(f"schemas: {{main: {{tables: all, entities: {{{text}}}}}}}")
    there, back = relations(loaded(PLAIN, *blog()), owner), relations(loaded(declared, *blog()), owner)
    assert len(back) == len(there) and set(back) - set(there) == {name}
    assert back[name] in there.values()


def test_a_way_back_takes_no_name_that_is_taken() -> None:
    for name in ("id", "people", "boss"):
        said = f"{{writer: {{target: people, columns: {{author_id: id}}, inverse: {name}}}}}"
        entities = f"{{posts: {{relations: {said}}}, people: {{}}}}"
        assert "already" in wrong(f"schemas: {{main: {{entities: {entities}}}}}", *blog())[0]


def test_only_declared_tables_are_served_where_entities_are_declared() -> None:
    built = loaded(configured("schemas: {main: {entities: {tags: {}}}}"), *blog())
    assert [resource.name for resource in built.catalog if not resource.system] == ["tags"]


def test_a_table_may_refer_to_accounts() -> None:
    text = "schemas: {main: {entities: {tags: {fields: {name: {references: accounts}}}}}}"
    built = loaded(configured(text), *blog())
    assert relations(built, "tags")["name_user"] == ("to_one", "_dragoman_users")
    assert relations(built, "_dragoman_users")["tags"] == ("to_many", "tags")


def test_a_default_that_the_database_has_already_is_left_to_it() -> None:
    made = Column("state", STRING, nullable=False, default=Default("sql", "'new'::text"))
    orders = TableInfo(Table("orders"), "table", (Column("id", INTEGER), made), ("id",))
    text = "schemas: {main: {entities: {orders: {fields: {state: {required: true, default: $}}}}}}"
    same = loaded(configured(text.replace("$", "new")), orders).catalog.resource("orders").column("state")
    assert same.default == made.default and "required" not in same.rules
    other = loaded(configured(text.replace("$", "old")), orders).catalog.resource("orders").column("state")
    assert other.default == Default("literal", "old")


def test_a_resource_of_the_default_schema_is_named_with_it_where_another_has_its_name() -> None:
    text = """
      schemas:
        main: {entities: {posts: {}}}
        old: {entities: {posts: {table: tags, fields: {name: {references: main.posts}}}}}
    """
    built = loaded(configured(text), *blog())
    assert relations(built, "old.posts")["name_post"] == ("to_one", "posts")


MISTAKES = [
    ("{posts: {fields: {nope: {type: string}}}}", "no column 'nope'"),
    ("{posts: {key: [nope]}}", "no column 'nope'"),
    ("{posts: {tenant: nope}}", "no column 'nope'"),
    ("{posts: {soft_delete: nope}}", "no column 'nope'"),
    ("{posts: {dialects: {xond: {columns: {title: id}}}}}", "would both be shown as 'id'"),
    ("{posts: {dialects: {xond: {columns: {nope: x}}}}}", "has no 'nope'"),
    ("{posts: {relations: {nope: {rename: x}}}}", "no relation 'nope' to rename"),
    ("{posts: {relations: {title: {target: people, columns: {author_id: id}}}}}", "has this name already"),
    ("{posts: {relations: {x: {target: people}}}}", "several foreign keys lead there"),
    ("{posts: {relations: {x: {target: people, columns: {nope: id}}}}}", "no column posts.nope"),
    ("{posts: {relations: {x: {target: nope, columns: {id: id}}}}}", "no resource 'nope'"),
    ("{posts: {fields: {title: {references: nope}}}}", "no resource 'nope'"),
    ("{posts: {fields: {title: {references: people.nope}}}}", "no column 'nope'"),
    ("{posts: {fields: {title: {type: integer, default: many}}}}", "is not an integer"),
    ("{posts: {rules: [{role: user, actions: [read], fields: [nope]}]}}", "no column 'nope'"),
    ("{nothing: {}}", "no table 'nothing'"),
]


@each(("entities", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(entities: str, message: str) -> None:
    text = f"schemas:\n  main:\n    tables: all\n    entities: {entities}\n"
    problems = wrong(text, *blog())
    assert any(message in problem and problem.startswith("config.yml:4: ") for problem in problems), problems


def test_all_mistakes_are_told_at_once() -> None:
    text = (
        "schemas: {main: {entities: {posts: {key: [a], tenant: b}}}}\nrules: [{role: x, resource: y, actions: [read]}]"
    )
    assert len(wrong(text, *blog())) == 3


def test_rules_are_gathered_under_exact_names() -> None:
    text = """
roles: {editor: cru, admin: a}
accounts: {rules: [{role: user, actions: [read], where: {id: $CURRENT_USER}}]}
schemas: {main: {entities: {posts: {aliases: [Article], permissions: {create: [user, administrator]}}}}}
rules: [{role: public, resource: Article, actions: read, fields: ["*", -title]}]
"""
    rules = loaded(configured(text), *blog()).rules
    assert [(rule.role, rule.resource, rule.actions) for rule in rules] == [
        ("user", "posts", ("create",)),
        ("admin", "posts", ("create",)),
        ("user", "_dragoman_users", ("read",)),
        ("anon", "posts", ("read",)),
        ("editor", "*", ("create", "read", "update")),
        ("admin", "*", ("read", "create", "update", "delete", "list", "reload")),
    ]
    assert [rule.place for rule in rules][3] == "config.yml:5"


def test_letters_reach_only_the_schemas_that_let_the_role_in() -> None:
    text = """
roles: {editor: r}
schemas: {main: {roles: [user], entities: {posts: {}}}, other: {roles: [editor], entities: {tags: {}}}}
"""
    rules = loaded(configured(text), *blog()).rules
    assert [(rule.role, rule.resource) for rule in rules] == [("editor", "other.tags")]


def test_letters_stay_for_the_actions_of_which_no_rule_speaks() -> None:
    text = """
roles: {editor: cr}
schemas: {main: {roles: [editor], entities: {posts: {rules: [{role: editor, actions: [read], fields: [id]}]}}}}
"""
    rules = loaded(configured(text), *blog()).rules
    assert [(rule.resource, rule.actions, rule.fields) for rule in rules] == [
        ("posts", ("read",), ("id",)),
        ("posts", ("create",), None),
    ]


def test_a_read_only_source_takes_no_writes() -> None:
    config = Config(sources={"default": Source("default", "sqlite:///x", read_only=True)}, schemas=PLAIN.schemas)
    assert not loaded(config, *blog()).catalog.resource("posts").writable
