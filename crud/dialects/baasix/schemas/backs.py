"""What all kinds of relationships share: free names, the ends of others, and the ways back.

In: the shelf and a relationship. Out: the shelf with the way back named, or forgotten. A way back stands in the schema
of its collection; where that is declared elsewhere, the relation that leads there says what it is called.
"""

from collections.abc import Mapping
from typing import Any

from crud.dialects.baasix.schemas.documents import refused, relations
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.dialects.baasix.schemas.ways import End, index_name
from crud.errors import ApiError

Data = Mapping[str, Any]
ACTIONS = ("onDelete", "onUpdate", "description")


def actions(said: Data) -> dict[str, Any]:
    return {key: said[key] for key in ACTIONS if key in said}


def bare(name: str) -> str:
    """A collection's name as a part of others."""
    return name.replace(".", "_")


def free(shelf: Shelf, collection: str, name: str) -> None:
    if name == collection:
        raise refused([("name", "a relation cannot have the name of its collection")])
    if name in shelf.schema(collection)["fields"]:
        raise ApiError("conflict", "Field already exists", details=f"{collection!r} has a field {name!r}")


def end_for(shelf: Shelf, name: str) -> End:
    end = shelf.end(name)
    if end is None:
        raise ApiError("unknown_resource", "Source or target collection not found")
    if len(end.key) != 1:
        raise refused([("target", f"{name!r} has no key of one column")])
    return end


def way_back(shelf: Shelf, said: Data, back: Data) -> dict[str, Any]:
    """Name the way back in the target's schema. Out: what the relation says of it, where that cannot be changed."""
    if "alias" not in said:
        return {}
    if said["target"] in shelf.schemas:
        name_back(shelf, said["target"], said["alias"], back)
        return {}
    return {"alias": said["alias"]}


def name_back(shelf: Shelf, target: str, alias: str, back: Data) -> None:
    free(shelf, target, alias)
    shelf.field(target, alias, {"as": alias, **back})


def backs_of(shelf: Shelf, collection: str, field: Data) -> list[tuple[str, str]]:
    """Where the way back of a relation is said: (collection, name)."""
    there = shelf.schemas.get(field["target"])
    found = []
    for member, other in relations(there).items() if there else ():
        same = other.get("through") == field.get("through") and other["target"] == collection
        mirrored = other.get("foreignKey") == field.get("otherKey", field["foreignKey"])
        if same and mirrored and other is not field and other["relType"] != "BelongsTo":
            found.append((field["target"], member))
    return found


def forget_backs(shelf: Shelf, collection: str, key: str) -> None:
    for holder, written in list(shelf.schemas.items()):
        for member, field in relations(written).items():
            if field["relType"] in ("HasMany", "HasOne") and (field["target"], field["foreignKey"]) == (
                collection,
                key,
            ):
                shelf.field(holder, member, None)


def forget_back(shelf: Shelf, table: str, junction: str) -> None:
    for member, field in relations(shelf.schemas.get(table, {"fields": {}})).items():
        if field.get("through") == junction:
            shelf.field(table, member, None)


def forget_key(shelf: Shelf, collection: str, key: str) -> None:
    """The column that was made for a relationship, and its index."""
    written = shelf.schema(collection)
    if any(field.get("foreignKey") == key for field in relations(written).values() if field["relType"] == "BelongsTo"):
        return
    left = [index for index in written.get("indexes", []) if index["name"] != index_name(collection, key)]
    if written["fields"].get(key, {}).get("SystemGenerated"):
        left = [index for index in left if key not in index["fields"]]
        shelf.field(collection, key, None)
    shelf.put(collection, {**shelf.schema(collection), "indexes": left})
