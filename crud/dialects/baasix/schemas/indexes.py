"""Indexes of a collection: added and removed one by one.

In: the shelf, a collection, and an index. Out: the shelf with another schema of the collection.
"""

from collections.abc import Mapping
from typing import Any

from crud.dialects.baasix.schemas.documents import INDEX, columns, refused, relations, shaped
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.dialects.baasix.schemas.ways import index_name
from crud.errors import ApiError


def add(shelf: Shelf, collection: str, body: Mapping[str, object]) -> None:
    """Another index. Raises ApiError."""
    written, index = shelf.schema(collection), shaped(body, INDEX)
    named = {"name": "_".join((collection, *index["fields"], "idx")), **index}
    there: list[Mapping[str, Any]] = written.get("indexes", [])
    if any(each["name"] == named["name"] for each in there):
        raise ApiError("conflict", "Index already exists", details=f"There is an index {named['name']!r}")
    missing = [name for name in index["fields"] if name not in columns(written)]
    if missing:
        raise refused([("fields", f"there is no column {name!r}") for name in missing])
    shelf.put(collection, {**written, "indexes": [*there, named]})


def remove(shelf: Shelf, collection: str, name: str) -> None:
    """One index less. Raises ApiError."""
    written = shelf.schema(collection)
    there: list[Mapping[str, Any]] = written.get("indexes", [])
    left = [each for each in there if each["name"] != name]
    if len(left) == len(there):
        raise ApiError("unknown_resource", "Index not found")
    foreign = [way["foreignKey"] for way in relations(written).values() if way["relType"] == "BelongsTo"]
    for key in foreign:
        if name == index_name(collection, key) and not any(each["fields"] == [key] for each in left):
            raise ApiError("conflict", "The index of a foreign key goes with its relationship")
    shelf.put(collection, {**written, "indexes": left})
