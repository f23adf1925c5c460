"""Relationships: made, changed and taken away in the schemas of all collections that they touch.

In: the shelf, a collection, and a relationship. Out: the shelf with other schemas. The foreign key stands with the
collection that belongs to another (M2O, O2O; O2M is M2O from the other side); M2M and M2A have a junction collection.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from crud.dialects.baasix.schemas.backs import ACTIONS, Data, backs_of, forget_backs, forget_key, way_back
from crud.dialects.baasix.schemas.documents import (
    KINDS,
    RELATIONSHIP,
    RELATIONSHIP_CHANGE,
    is_relation,
    refused,
    relations,
    shaped,
)
from crud.dialects.baasix.schemas.foreign import m2o, o2m, o2o
from crud.dialects.baasix.schemas.junctions import change_tables, m2a, m2m
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.errors import ApiError


def create(shelf: Shelf, collection: str, body: Mapping[str, object]) -> None:
    """A new relationship. Raises ApiError."""
    shelf.schema(collection)
    said = shaped(body, RELATIONSHIP)
    needed = "tables" if said["type"] == "M2A" else "target"
    if needed not in said:
        raise refused([(needed, "is missing")])
    _MAKERS[said["type"]](shelf, collection, said)


def change(shelf: Shelf, collection: str, name: str, body: Mapping[str, object]) -> None:
    """Another action on delete, another way back, other tables. Raises ApiError."""
    field, said = way(shelf, collection, name), shaped(body, RELATIONSHIP_CHANGE)
    if "tables" in said:
        change_tables(shelf, collection, field, said["tables"])
    if "alias" in said:
        _change_alias(shelf, collection, name, said["alias"])
    for holder, member in _holders(shelf, collection, name):
        held = shelf.schema(holder)["fields"][member]
        shelf.field(holder, member, held | {key: said[key] for key in ACTIONS if key in said})
    tables = {"tables": said["tables"]} if "tables" in said else {}
    shelf.field(collection, name, way(shelf, collection, name) | {k: said[k] for k in ACTIONS if k in said} | tables)


def delete(shelf: Shelf, collection: str, name: str) -> None:
    """One relationship less: with its foreign key or its junction, and the ways back. Raises ApiError."""
    field = way(shelf, collection, name)
    junction = field.get("through") or (field["target"] if field.get("polymorphic") else None)
    shelf.field(collection, name, None)
    if junction is not None and junction in shelf.schemas:
        shelf.drop(junction)
    elif field["relType"] == "BelongsTo":
        forget_backs(shelf, collection, field["foreignKey"])
        forget_key(shelf, collection, field["foreignKey"])


def way(shelf: Shelf, collection: str, name: str) -> dict[str, Any]:
    """A field of a collection that is a relation. Raises ApiError."""
    field: dict[str, Any] | None = shelf.schema(collection)["fields"].get(name)
    if field is None or not is_relation(field):
        raise ApiError("unknown_resource", "Relationship field not found")
    return field


def _change_alias(shelf: Shelf, collection: str, name: str, alias: str) -> None:
    """Another name for the way back, or the first one."""
    field = way(shelf, collection, name)
    if field["relType"] not in ("BelongsTo", "BelongsToMany"):
        raise refused([("alias", "goes with the side that belongs to another")])
    for holder, member in backs_of(shelf, collection, field):
        shelf.field(holder, member, None)
    said = {"target": field["target"], "alias": alias}
    shelf.field(collection, name, field | way_back(shelf, said, _mirrored(shelf, collection, field)))


def _mirrored(shelf: Shelf, collection: str, field: Data) -> Data:
    """A relation from its other end."""
    if "through" in field:
        keys = {"foreignKey": field["otherKey"], "otherKey": field["foreignKey"]}
        return {"target": collection, "relType": "BelongsToMany", "through": field["through"], **keys}
    alone = shelf.schema(collection)["fields"][field["foreignKey"]].get("unique")
    return {"target": collection, "relType": "HasOne" if alone else "HasMany", "foreignKey": field["foreignKey"]}


def _holders(shelf: Shelf, collection: str, name: str) -> list[tuple[str, str]]:
    """The relations that hold the foreign keys of a relationship: (collection, name)."""
    field = way(shelf, collection, name)
    holder = field.get("through", collection if field["relType"] == "BelongsTo" else field["target"])
    keys = {field.get("foreignKey"), field.get("otherKey")}
    found = relations(shelf.schemas.get(holder, {"fields": {}}))
    return [
        (holder, member)
        for member, way in found.items()
        if way["relType"] == "BelongsTo" and way["foreignKey"] in keys and way.get("constraints") is not False
    ]


_MAKERS: Mapping[str, Callable[[Shelf, str, Data], None]] = MappingProxyType(
    dict(zip(KINDS, (m2o, o2m, o2o, m2m, m2a), strict=True))
)
