"""Relationships of one foreign key: M2O, O2O, and O2M, which is M2O from the other side.

In: the shelf, a collection, and a relationship. Out: the shelf with the column, the relation and its way back.
"""

from crud.dialects.baasix.schemas.backs import Data, actions, bare, end_for, free, way_back
from crud.dialects.baasix.schemas.documents import is_relation, relations
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.errors import ApiError


def _belongs_to(shelf: Shelf, collection: str, said: Data, *, alone: bool) -> None:
    end = end_for(shelf, said["target"])
    key = said.get("foreignKey", f"{said['name']}_id")
    free(shelf, collection, said["name"])
    fields = shelf.schema(collection)["fields"]
    column = fields.get(key, {**end.column, "allowNull": True, "SystemGenerated": True})
    if is_relation(column):
        raise ApiError("conflict", f"{key!r} is a relation, not a column")
    shelf.field(collection, key, {**column, "unique": True} if alone else column)
    field = {"as": said["name"], "target": said["target"], "relType": "BelongsTo", "foreignKey": key, **actions(said)}
    back = {"target": collection, "relType": "HasOne" if alone else "HasMany", "foreignKey": key}
    shelf.field(collection, said["name"], field | way_back(shelf, said, back))


def m2o(shelf: Shelf, collection: str, said: Data) -> None:
    _belongs_to(shelf, collection, said, alone=False)


def o2o(shelf: Shelf, collection: str, said: Data) -> None:
    _belongs_to(shelf, collection, said, alone=True)


def o2m(shelf: Shelf, collection: str, said: Data) -> None:
    """The same from the other side: the target belongs to this collection."""
    key = said.get("foreignKey", f"{bare(collection)}_id")
    target = shelf.schema(said["target"])
    there = [field for field in relations(target).values() if field["relType"] == "BelongsTo"]
    free(shelf, collection, said["name"])
    if not any((field["target"], field["foreignKey"]) == (collection, key) for field in there):
        name = said.get("alias", key.removesuffix("_id"))
        other = {"type": "M2O", "name": name, "target": collection, "foreignKey": key, **actions(said)}
        _belongs_to(shelf, said["target"], other, alone=False)
    field = {"as": said["name"], "target": said["target"], "relType": "HasMany", "foreignKey": key}
    shelf.field(collection, said["name"], field)
