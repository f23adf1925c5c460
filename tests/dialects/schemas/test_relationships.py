"""Relationships and indexes as edits of schemas, without a service."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from crud.dialects.baasix.schemas import indexes, relationships
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.errors import ApiError
from tests.dialects.schemas.written import UUID, collection, problems, shelf, stored

KINDS: dict[str, Mapping[str, Any]] = {
    "M2O": {"type": "M2O", "name": "author", "target": "people", "alias": "posts"},
    "O2O": {"type": "O2O", "name": "author", "target": "people", "alias": "post"},
    "O2M": {"type": "O2M", "name": "remarks", "target": "notes", "alias": "post"},
    "M2M": {"type": "M2M", "name": "writers", "target": "people", "alias": "posts"},
    "M2A": {"type": "M2A", "name": "about", "tables": ["people", "places"], "alias": "posts"},
    "user": {"type": "M2O", "name": "author", "target": "baasix_User", "alias": "posts"},
    "self": {"type": "M2O", "name": "parent", "target": "posts", "alias": "children"},
    "selves": {"type": "M2M", "name": "like", "target": "posts", "alias": "liked"},
}


@pytest.fixture
def work() -> Shelf:
    """Posts, and what they may be related to."""
    return shelf(
        posts=collection(title={"type": "String"}),
        notes=collection(),
        people={"fields": {"id": UUID}},
        places={"fields": {"id": UUID}},
    )


def created(work: Shelf, said: Mapping[str, Any], collection: str = "posts") -> Shelf:
    """The shelf with one relationship more."""
    relationships.create(work, collection, dict(said))
    return stored(work)


def field(work: Shelf, collection: str, name: str) -> Mapping[str, Any]:
    """A field of a schema."""
    found: Mapping[str, Any] = work.schemas[collection]["fields"][name]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_definitions_take_every_kind(work: Shelf, kind: str) -> None:
    assert problems(created(work, KINDS[kind]).stored) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "O2M"])
def test_what_is_created_and_deleted_leaves_nothing(work: Shelf, kind: str) -> None:
    before = copy.deepcopy(work.schemas)
    made = created(work, KINDS[kind])
    relationships.delete(made, "posts", KINDS[kind]["name"])
    assert stored(made).schemas == {name: {"indexes": [], **written} for name, written in before.items()}


def test_many_to_one(work: Shelf) -> None:
    made = created(work, KINDS["M2O"])
    assert field(made, "posts", "author") == {
        "as": "author",
        "target": "people",
        "relType": "BelongsTo",
        "foreignKey": "author_id",
    }
    assert field(made, "posts", "author_id") == {"type": "UUID", "allowNull": True, "SystemGenerated": True}
    back = {"as": "posts", "target": "posts", "relType": "HasMany", "foreignKey": "author_id"}
    assert field(made, "people", "posts") == back
    assert made.schemas["posts"]["indexes"] == [
        {"name": "posts_author_id_idx", "fields": ["author_id"], "unique": False}
    ]


def test_one_to_one_is_unique_and_its_way_back_leads_to_one(work: Shelf) -> None:
    made = created(work, KINDS["O2O"])
    assert field(made, "posts", "author_id")["unique"] is True
    assert field(made, "people", "post")["relType"] == "HasOne"
    assert made.stored["people"]["relations"]["post"]["kind"] == "to_one"


def test_one_to_many_is_many_to_one_from_the_other_side(work: Shelf) -> None:
    made = created(work, KINDS["O2M"])
    assert field(made, "posts", "remarks")["relType"] == "HasMany"
    assert field(made, "notes", "post") == {
        "as": "post",
        "target": "posts",
        "relType": "BelongsTo",
        "foreignKey": "posts_id",
    }
    relationships.delete(made, "posts", "remarks")
    assert "post" in stored(made).schemas["notes"]["fields"]


def test_many_to_many_makes_a_junction(work: Shelf) -> None:
    made = created(work, KINDS["M2M"])
    junction = made.schemas["posts_people_writers_junction"]
    assert junction["isJunction"] and {"id", "posts_id", "people_id", "posts", "people", "createdAt"} <= set(
        junction["fields"]
    )
    assert junction["indexes"][0]["unique"] is True
    assert {index["name"] for index in junction["indexes"]} == {
        "posts_people_writers_junction_unique",
        "posts_people_writers_junction_posts_id_idx",
        "posts_people_writers_junction_people_id_idx",
    }
    assert field(made, "posts", "writers")["otherKey"] == "people_id"
    assert field(made, "people", "posts")["foreignKey"] == "people_id"


def test_many_to_any_has_a_relation_for_each_table(work: Shelf) -> None:
    made = created(work, KINDS["M2A"])
    junction = made.stored["posts_about_junction"]
    assert junction["relations"]["places"] == {
        "target": "places",
        "kind": "to_one",
        "columns": {"item_id": "id"},
        "only": {"collection": "places"},
    }
    assert junction["fields"]["item_id"]["type"] == "uuid"
    assert field(made, "posts", "about")["tables"] == ["people", "places"]


def test_the_tables_of_a_many_to_any_change(work: Shelf) -> None:
    made = created(work, {**KINDS["M2A"], "tables": ["people"]})
    relationships.change(made, "posts", "about", {"tables": ["places"]})
    again = stored(made)
    assert "people" not in again.schemas["posts_about_junction"]["fields"]
    assert "posts" not in again.schemas["people"]["fields"] and "posts" in again.schemas["places"]["fields"]
    assert again.stored == created(fresh(work), {**KINDS["M2A"], "tables": ["places"]}).stored


def fresh(work: Shelf) -> Shelf:
    """The shelf as it was stored."""
    return Shelf(work.stored, work.others, work.declared, work.source)


def test_the_tables_of_a_many_to_any_have_keys_of_one_type(work: Shelf) -> None:
    with pytest.raises(ApiError, match="one type"):
        created(work, {**KINDS["M2A"], "tables": ["people", "notes"]})


def test_the_way_back_from_what_is_declared_elsewhere_is_said_by_the_relation(work: Shelf) -> None:
    made = created(work, KINDS["user"])
    assert made.stored["posts"]["relations"]["author"] == {
        "target": "_dragoman_users",
        "kind": "to_one",
        "columns": {"author_id": "id"},
        "inverse": "posts",
    }


def test_a_way_back_is_renamed_and_the_action_changed(work: Shelf) -> None:
    made = created(work, KINDS["M2O"])
    relationships.change(made, "posts", "author", {"alias": "texts", "onDelete": "SET NULL"})
    again = stored(made)
    assert "posts" not in again.schemas["people"]["fields"]
    assert field(again, "people", "texts")["foreignKey"] == "author_id"
    assert again.stored["posts"]["fields"]["author_id"]["on_delete"] == "set null"


def test_the_action_of_a_junction_stands_with_its_keys(work: Shelf) -> None:
    made = created(work, KINDS["M2M"])
    relationships.change(made, "posts", "writers", {"onDelete": "RESTRICT"})
    keys = stored(made).stored["posts_people_writers_junction"]["fields"]
    assert (keys["posts_id"]["on_delete"], keys["people_id"]["on_delete"]) == ("restrict", "restrict")


def test_ways_back_go_with_their_column(work: Shelf) -> None:
    made = created(work, KINDS["M2O"])
    fields = {name: each for name, each in made.schemas["posts"]["fields"].items() if not name.startswith("author")}
    made.put("posts", {**made.schemas["posts"], "fields": fields, "indexes": []})
    assert "posts" not in stored(made).schemas["people"]["fields"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"type": "M2O", "name": "title", "target": "people"}, "Field already exists"),
        ({"type": "M2O", "name": "posts", "target": "people"}, "name of its collection"),
        ({"type": "M2O", "name": "author"}, "target: is missing"),
        ({"type": "M2A", "name": "author"}, "tables: is missing"),
        ({"type": "M2O", "name": "author", "target": "nobody"}, "not found"),
        ({"type": "M2X", "name": "author", "target": "people"}, "M2X"),
        ({"type": "M2M", "name": "writers", "target": "people", "through": "notes"}, "Junction already exists"),
        ({"type": "O2M", "name": "remarks", "target": "orders"}, "config.yml"),
    ],
)
def test_what_no_relationship_is(work: Shelf, said: Mapping[str, Any], words: str) -> None:
    with pytest.raises(ApiError, match=words):
        relationships.create(work, "posts", dict(said))


def test_what_is_declared_elsewhere_gets_no_relationship(work: Shelf) -> None:
    with pytest.raises(ApiError, match=r"config\.yml"):
        relationships.create(work, "orders", {**KINDS["M2O"]})
    with pytest.raises(ApiError, match="Schema not found"):
        relationships.create(work, "nobody", {**KINDS["M2O"]})


# ---------------------------------------------------------------- indexes


def test_indexes_are_added_and_removed(work: Shelf) -> None:
    indexes.add(work, "posts", {"name": "by_title", "fields": ["title"], "unique": True})
    made = stored(work)
    assert made.stored["posts"]["indexes"] == [{"name": "by_title", "fields": ["title"], "unique": True}]
    assert problems(made.stored) == []
    indexes.remove(made, "posts", "by_title")
    assert stored(made).schemas["posts"]["indexes"] == []


def test_what_no_index_is(work: Shelf) -> None:
    made = created(work, KINDS["M2O"])
    indexes.add(made, "posts", {"fields": ["title"]})
    for body, words in (
        ({"fields": ["title"]}, "already"),
        ({"fields": ["nothing"]}, "no column"),
        ({"fields": ["author"]}, "no column"),
        ({"fields": []}, "fields"),
        ({"name": "x"}, "fields"),
    ):
        with pytest.raises(ApiError, match=words):
            indexes.add(made, "posts", body)
    with pytest.raises(ApiError, match="not found"):
        indexes.remove(made, "posts", "nothing")
    with pytest.raises(ApiError, match="foreign key"):
        indexes.remove(made, "posts", "posts_author_id_idx")
