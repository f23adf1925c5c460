"""Relationships with a junction: M2M, and M2A, whose junction says of each row which table it leads to.

In: the shelf, a collection, and a relationship. Out: the shelf with the junction, the relation and its ways back.
"""

from collections.abc import Mapping
from typing import Any

from crud.dialects.baasix.schemas.backs import Data, actions, bare, end_for, forget_back, free, name_back, way_back
from crud.dialects.baasix.schemas.documents import Written, refused
from crud.dialects.baasix.schemas.shelf import Shelf
from crud.dialects.baasix.schemas.ways import End
from crud.errors import ApiError


def m2m(shelf: Shelf, collection: str, said: Data) -> None:
    target, end = said["target"], end_for(shelf, said["target"])
    free(shelf, collection, said["name"])
    mine, theirs = f"{bare(collection)}_id", f"{bare(target)}_id" + ("_2" if target == collection else "")
    junction = said.get("through", f"{bare(collection)}_{bare(target)}_{said['name']}_junction")
    fields = {
        **_end_fields(mine, bare(collection), collection, end_for(shelf, collection), said),
        **_end_fields(theirs, theirs.replace("_id", "", 1), target, end, said),
    }
    _make_junction(shelf, junction, fields, unique=[mine, theirs])
    across = {"relType": "BelongsToMany", "through": junction}
    field = {"as": said["name"], "target": target, **across, "foreignKey": mine, "otherKey": theirs, **actions(said)}
    back = {"target": collection, **across, "foreignKey": theirs, "otherKey": mine}
    shelf.field(collection, said["name"], field | way_back(shelf, said, back))


def m2a(shelf: Shelf, collection: str, said: Data) -> None:
    free(shelf, collection, said["name"])
    mine = f"{bare(collection)}_id"
    item = _same_key(shelf, said["tables"])
    junction = said.get("through", f"{bare(collection)}_{said['name']}_junction")
    fields = {
        **_end_fields(mine, bare(collection), collection, end_for(shelf, collection), said),
        "item_id": {**item.column, "allowNull": False, "SystemGenerated": True},
        "collection": {"type": "String", "allowNull": False, "SystemGenerated": True},
        **{table: _one_of(table) for table in said["tables"] if table != bare(collection)},
    }
    if bare(collection) in said["tables"]:
        raise refused([("tables", "a collection is no table of itself")])
    _make_junction(shelf, junction, fields, unique=[mine, "collection", "item_id"])
    field = {
        **{"as": said["name"], "target": junction, "relType": "HasMany", "foreignKey": mine},
        **{"polymorphic": True, "tables": said["tables"], **actions(said)},
        **({"alias": said["alias"]} if "alias" in said else {}),
    }
    shelf.field(collection, said["name"], field)
    for table in said["tables"] if "alias" in said else ():
        name_back(shelf, table, said["alias"], _any_back(collection, junction, table, mine))


def _any_back(collection: str, junction: str, table: str, mine: str) -> Data:
    """The way from one of the tables of a many-to-any."""
    return {
        **{"target": collection, "relType": "BelongsToMany", "through": junction},
        **{"foreignKey": "item_id", "otherKey": mine, "scope": {"collection": table}},
    }


def _one_of(table: str) -> dict[str, Any]:
    """The way from the junction of a many-to-any to the rows of one table."""
    return {
        **{"as": table, "target": table, "relType": "BelongsTo", "foreignKey": "item_id"},
        **{"constraints": False, "scope": {"collection": table}, "SystemGenerated": True},
    }


def _make_junction(shelf: Shelf, name: str, fields: Mapping[str, Data], *, unique: list[str]) -> None:
    if name in shelf.schemas or shelf.end(name) is not None:
        raise ApiError("conflict", "Junction already exists", details=f"There is a collection {name!r}")
    key = {"type": "Integer", "primaryKey": True, "defaultValue": {"type": "AUTOINCREMENT"}}
    index = {"name": f"{name}_unique", "fields": unique, "unique": True}
    written: Written = {
        **{"name": name, "isJunction": True, "timestamps": True},
        **{"fields": {"id": key, **fields}, "indexes": [index]},
    }
    shelf.put(name, written)


def _end_fields(key: str, name: str, target: str, end: End, said: Data) -> dict[str, Data]:
    """The column of a junction that refers to a collection, and the relation over it."""
    return {
        key: {**end.column, "allowNull": False, "SystemGenerated": True},
        name: {
            **{"as": name, "target": target, "relType": "BelongsTo", "foreignKey": key},
            **{"onDelete": said.get("onDelete", "CASCADE"), "SystemGenerated": True},
        },
    }


def _same_key(shelf: Shelf, tables: list[str]) -> End:
    """The keys of all tables of a many-to-any stand in one column."""
    ends = [end_for(shelf, table) for table in tables]
    for table, end in zip(tables, ends, strict=True):
        if end.word != ends[0].word:
            message = f"the keys of all tables must be of one type: {tables[0]} has {ends[0].word}, {table} {end.word}"
            raise refused([("tables", message)])
    return ends[0]


def change_tables(shelf: Shelf, collection: str, field: Data, tables: list[str]) -> None:
    if not field.get("polymorphic"):
        raise refused([("tables", "goes with M2A")])
    _same_key(shelf, tables)
    junction, former = field["target"], field.get("tables", [])
    for table in former:
        if table not in tables:
            shelf.field(junction, table, None)
            forget_back(shelf, table, junction)
    for table in tables:
        if table not in former:
            free(shelf, junction, table)
            shelf.field(junction, table, _one_of(table))
            if "alias" in field:
                name_back(shelf, table, field["alias"], _any_back(collection, junction, table, field["foreignKey"]))
