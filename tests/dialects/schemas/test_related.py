"""Each kind of relationship: created, written with rows inside rows, read, filtered, and deleted."""

from typing import Any

import pytest

from tests.dialects.schemas.conftest import Home
from tests.dialects.schemas.written import UUID

TITLE = {"type": "String"}
Row = dict[str, Any]


def relate(home: Home, collection: str, **said: object) -> None:
    """A relationship of a collection."""
    created = home.well("POST", f"/schemas/{collection}/relationships", said)
    assert created == {"message": "Relationship created successfully"}


def unrelate(home: Home, name: str, field: str) -> None:
    """A relationship less."""
    deleted = home.well("DELETE", f"/schemas/{name}/relationships/{field}")
    assert deleted == {"message": "Relationship deleted successfully"}


def tables(home: Home) -> dict[str, set[str]]:
    """The tables of the database, with their columns."""
    return {info.table.name: {column.name for column in info.columns} for info in home.snapshot.system.tables()}


def titles(rows: list[Row]) -> list[str]:
    """The titles of rows, in order."""
    return sorted(row["title"] for row in rows)


def test_many_to_one(home: Home) -> None:
    home.define("writers", title=TITLE)
    home.define("books", title=TITLE)
    relate(home, "books", type="M2O", name="writer", target="writers", alias="books", onDelete="SET NULL")
    made = home.made("books", title="Emma", writer={"title": "Jane"})
    home.made("writers", title="Mary", books=[{"title": "Frankenstein"}, {"title": "Mathilda"}])
    assert made["writer_id"] == 1
    (index,) = next(info.indexes for info in home.snapshot.system.tables() if info.table.name == "books")
    assert (index.name, index.columns) == ("books_writer_id_idx", ("writer_id",))
    (row,) = home.items("books", filter={"title": "Emma"}, fields="title,writer.*")
    assert row == {"title": "Emma", "writer": {"id": 1, "title": "Jane"}}
    (mary,) = home.items("writers", filter={"books.title": {"startsWith": "Math"}}, fields="title,books.title")
    assert titles(mary["books"]) == ["Frankenstein", "Mathilda"]
    assert titles(home.items("books", filter={"writer.title": "Mary"})) == ["Frankenstein", "Mathilda"]
    home.well("DELETE", "/items/writers/2")
    assert len(home.items("books", filter={"writer_id": {"isNull": True}})) == 2
    unrelate(home, "books", "writer")
    assert tables(home)["books"] == {"id", "title"} and len(home.items("books")) == 3
    assert home.schema("writers")["fields"].keys() == {"id", "title"}
    assert home.ask("GET", "/items/writers", fields="books.*")[0] == 400


def test_a_foreign_key_deletes_what_belongs_to_the_row_unless_it_says_otherwise(home: Home) -> None:
    home.define("owners", title=TITLE)
    home.define("pets", title=TITLE)
    relate(home, "pets", type="M2O", name="owner", target="owners")
    home.made("pets", title="Rex", owner={"title": "Ann"})
    home.well("DELETE", "/items/owners/1")
    assert home.items("pets") == []
    home.made("pets", title="Tom", owner={"title": "Bob"})
    home.well("PATCH", "/schemas/pets/relationships/owner", {"onDelete": "RESTRICT"})
    assert home.ask("DELETE", "/items/owners/2")[0] == 409
    assert home.schema("pets")["fields"]["owner"]["onDelete"] == "RESTRICT"


def test_one_to_one(home: Home) -> None:
    home.define("persons", title=TITLE)
    home.define("passports", title=TITLE)
    relate(home, "passports", type="O2O", name="person", target="persons", alias="passport")
    home.made("passports", title="P1", person={"title": "Ann"})
    home.made("persons", title="Bob", passport={"title": "P2"})
    rows = home.items("persons", fields="title,passport.title", sort='["title"]')
    assert rows == [
        {"title": "Ann", "passport": {"title": "P1"}},
        {"title": "Bob", "passport": {"title": "P2"}},
    ]
    assert home.items("persons", filter={"passport.title": "P2"}, fields="title") == [{"title": "Bob"}]
    assert home.ask("POST", "/items/passports", {"title": "P3", "person_id": 1})[0] == 409
    assert home.schema("persons")["fields"]["passport"]["relType"] == "HasOne"
    unrelate(home, "passports", "person")
    assert tables(home)["passports"] == {"id", "title"}


def test_one_to_many(home: Home) -> None:
    home.define("albums", title=TITLE)
    home.define("tracks", title=TITLE)
    relate(home, "albums", type="O2M", name="tracks", target="tracks", foreignKey="album_id", alias="album")
    home.made("albums", title="Blue", tracks=[{"title": "Carey"}, {"title": "River"}])
    (row,) = home.items("albums", fields="title,tracks.*")
    assert titles(row["tracks"]) == ["Carey", "River"]
    assert len(home.items("tracks", filter={"album.title": "Blue"})) == 2
    unrelate(home, "tracks", "album")
    assert tables(home)["tracks"] == {"id", "title"} and "tracks" not in home.schema("albums")["fields"]


def test_many_to_many(home: Home) -> None:
    home.define("texts", title=TITLE)
    home.define("labels", title=TITLE)
    relate(home, "texts", type="M2M", name="labels", target="labels", alias="texts")
    home.made("texts", title="One", labels=[{"title": "red"}, {"title": "blue"}])
    home.made("texts", title="Two", labels=[1])
    rows = home.items("texts", fields="title,labels.title", sort='["title"]')
    assert [titles(row["labels"]) for row in rows] == [["blue", "red"], ["red"]]
    (red,) = home.items("labels", filter={"title": "red"}, fields="title,texts.title")
    assert titles(red["texts"]) == ["One", "Two"]
    assert titles(home.items("texts", filter={"labels.title": "blue"})) == ["One"]
    junction = "texts_labels_labels_junction"
    assert home.ask("POST", f"/items/{junction}", {"texts_id": 1, "labels_id": 1})[0] == 409
    assert {row["labels"]["title"] for row in home.items(junction, fields="labels.title")} == {"red", "blue"}
    home.well("DELETE", "/items/labels/1")
    assert len(home.items(junction)) == 1
    unrelate(home, "texts", "labels")
    assert junction not in tables(home) and "texts" not in home.schema("labels")["fields"]
    assert titles(home.items("texts")) == ["One", "Two"]


def test_many_to_any(home: Home) -> None:
    for name in ("remarks", "places", "films"):
        home.define(name, title=TITLE)
    relate(home, "remarks", type="M2A", name="about", tables=["places", "films"], alias="remarks")
    junction = "remarks_about_junction"
    home.made("places", title="Rome")
    home.made("films", title="Roma")
    home.made(
        "remarks", title="Fine", about=[{"collection": "places", "item_id": 1}, {"collection": "films", "item_id": 1}]
    )
    home.made("remarks", title="Dull", about=[{"films": {"title": "Cats"}}])
    home.made("places", title="Oslo", remarks=[{"title": "Cold"}])
    rows = home.items("remarks", fields="title,about.collection,about.places.title,about.films.title", sort='["id"]')
    told = [
        sorted((each["collection"], (each[each["collection"]] or {}).get("title")) for each in row["about"])
        for row in rows
    ]
    assert told == [[("films", "Roma"), ("places", "Rome")], [("films", "Cats")], [("places", "Oslo")]]
    for each in (each for row in rows for each in row["about"]):
        assert each[{"films": "places", "places": "films"}[each["collection"]]] is None
    assert titles(home.items("remarks", filter={"about.films.title": "Roma"})) == ["Fine"]
    assert titles(home.items("remarks", filter={"about.places.title": "Roma"})) == []
    (rome,) = home.items("places", filter={"title": "Rome"}, fields="title,remarks.title")
    assert titles(rome["remarks"]) == ["Fine"]
    assert titles(home.items("films", filter={"remarks.title": "Dull"})) == ["Cats"]
    assert home.refused("DELETE", "/schemas/films")[0] == 409
    fewer = {"tables": ["places"]}
    assert home.refused("PATCH", "/schemas/remarks/relationships/about", fewer)[0] == 409
    for row in home.items(junction, filter={"collection": "films"}):
        home.well("DELETE", f"/items/{junction}/{row['id']}")
    home.well("PATCH", "/schemas/remarks/relationships/about", fewer)
    assert "films" not in home.schema(junction)["fields"]
    unrelate(home, "remarks", "about")
    assert junction not in tables(home) and "remarks" not in home.schema("places")["fields"]


def test_the_tables_of_a_many_to_any_have_keys_of_one_type(home: Home) -> None:
    home.define("with_uuid", {"fields": {"id": UUID}})
    home.define("with_number")
    home.define("source")
    body = {"type": "M2A", "name": "about", "tables": ["with_uuid", "with_number"]}
    status, text = home.refused("POST", "/schemas/source/relationships", body)
    assert status == 400 and "one type" in text


@pytest.mark.parametrize("target", ["baasix_User", "orders"])
def test_a_collection_that_is_declared_elsewhere_is_a_target(home: Home, target: str) -> None:
    name = f"notes_{target}".lower()
    home.define(name, title=TITLE)
    relate(home, name, type="M2O", name="of", target=target, alias=f"{name}_back")
    relate(home, name, type="M2M", name="many", target=target, alias=f"{name}_many")
    key = home.items(target)[0]["id"] if target == "baasix_User" else home.made("orders", total=3)["id"]
    home.made(name, title="a", of_id=key, many=[key])
    (row,) = home.items(name, fields="title,of.id,many.id")
    assert row == {"title": "a", "of": {"id": key}, "many": [{"id": key}]}
    (back,) = home.items(target, filter={f"{name}_back.title": "a"}, fields=f"{name}_back.title,{name}_many.title")
    assert back == {f"{name}_back": [{"title": "a"}], f"{name}_many": [{"title": "a"}]}
    assert {f"{name}_back", f"{name}_many"} <= home.schema(target)["fields"].keys()
    assert home.schema(name)["fields"]["of"]["alias"] == f"{name}_back"
    home.well("DELETE", f"/schemas/{name}")
    assert not {f"{name}_back", f"{name}_many"} & home.schema(target)["fields"].keys()


def test_a_collection_is_related_to_itself(home: Home) -> None:
    home.define("nodes", title=TITLE)
    relate(home, "nodes", type="M2O", name="parent", target="nodes", alias="children")
    relate(home, "nodes", type="M2M", name="like", target="nodes", alias="liked")
    home.made("nodes", title="root", children=[{"title": "leaf", "like": [{"title": "other"}]}])
    (leaf,) = home.items("nodes", filter={"title": "leaf"}, fields="title,parent.title,like.title")
    assert leaf == {"title": "leaf", "parent": {"title": "root"}, "like": [{"title": "other"}]}
    (other,) = home.items("nodes", filter={"title": "other"}, fields="liked.title")
    assert other == {"liked": [{"title": "leaf"}]}
    home.well("DELETE", "/schemas/nodes")
    assert not {"nodes", "nodes_nodes_like_junction"} & tables(home).keys()


def test_relations_stand_in_a_schema(home: Home) -> None:
    home.define("shelves", title=TITLE)
    fields = {
        "shelf": {"relType": "BelongsTo", "target": "shelves", "foreignKey": "shelf_no", "onDelete": "RESTRICT"},
        "shelf_no": {"type": "Integer", "allowNull": False},
    }
    home.define("volumes", title=TITLE, **fields)
    shelves = home.schema("shelves")
    shelves["fields"]["volumes"] = {"relType": "HasMany", "target": "volumes", "foreignKey": "shelf_no"}
    home.well("PATCH", "/schemas/shelves", {"schema": shelves})
    home.made("shelves", title="A", volumes=[{"title": "I"}, {"title": "II"}])
    (row,) = home.items("shelves", fields="volumes.title")
    assert titles(row["volumes"]) == ["I", "II"]
    assert home.ask("POST", "/items/volumes", {"title": "III", "shelf_no": 9})[0] == 409
    without = {key: field for key, field in home.schema("volumes")["fields"].items() if not key.startswith("shelf")}
    home.well("PATCH", "/schemas/volumes", {"schema": {"fields": without}})
    assert "volumes" not in home.schema("shelves")["fields"] and tables(home)["volumes"] == {"id", "title"}
