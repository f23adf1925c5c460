"""The tables of the property test: a column of every type, parents, children, a junction and a self-reference.

In: nothing. Out: `TYPES`, the columns that there is one of for each type, and `CATALOG`.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from sql.catalog import Catalog, Column, Relation, Resource, Table, Through
from sql.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    CITEXT,
    DATE,
    DATETIME,
    DATETIME_LOCAL,
    EPOCH_MS,
    INTEGER,
    JSON,
    NUMBER,
    STRING,
    TEXT,
    TIME,
    UUID,
    Type,
    array_of,
    range_of,
)

WORDS = ("low", "mid", "High", "\u00e9t\u00e9", "", "z_z")
TYPES: Mapping[str, Type] = MappingProxyType(
    {
        "whole": INTEGER,
        "big": BIGINT,
        "real": NUMBER,
        "price": Type("decimal", precision=12, scale=3),
        "stamp": EPOCH_MS,
        "flag": BOOLEAN,
        "line": STRING,
        "body": TEXT,
        "mail": Type("email"),
        "level": Type("enum", values=WORDS),
        "handle": CITEXT,
        "code": UUID,
        "day": DATE,
        "clock": TIME,
        "moment": DATETIME,
        "local": DATETIME_LOCAL,
        "doc": JSON,
        "counts": array_of(INTEGER),
        "labels": array_of(TEXT),
        "span": range_of(INTEGER),
        "season": range_of(DATE),
        "blob": BYTES,
    }
)


def _columns(*, nullable: bool) -> dict[str, Column]:
    storage = {"date": "date", "time": "time6o", "datetime": "iso6z", "datetime_local": "iso6"}
    return {name: Column(name, type, nullable, storage=storage.get(type.name)) for name, type in TYPES.items()}


def _plain(name: str, type: Type = INTEGER, *, nullable: bool = False) -> Column:
    return Column(name, type, nullable)


def _resource(name: str, columns: dict[str, Column], key: tuple[str, ...], **relations: Relation) -> Resource:
    return Resource(name, Table(name), MappingProxyType(columns), key, MappingProxyType(relations))


def _to_one(name: str, target: str, column: str) -> Relation:
    return Relation(name, "to_one", target, ((column, "id"),))


def _to_many(name: str, target: str, column: str) -> Relation:
    return Relation(name, "to_many", target, (("id", column),))


def _with_constants(tags: Relation) -> dict[str, Relation]:
    """Ways that are there only where columns of this side, of the other, or of the junction have a value."""
    assert tags.through is not None
    up, downs = _to_one("", "thing", "up_id"), _to_many("", "thing", "up_id")
    ways = {
        "flagged_up": replace(up, only=(("flag", True),)),
        "low_up": replace(up, only_there=(("level", "low"),)),
        "flagged_downs": replace(downs, only_there=(("flag", True),)),
        "low_downs": replace(downs, only=(("flag", False),)),
        "second_tags": replace(tags, through=replace(tags.through, only=(("tag_id", 2),))),
    }
    return {name: replace(way, name=name) for name, way in ways.items()}


def _catalog() -> Catalog:
    owner = {"id": _plain("id"), "name": _plain("name", TEXT), "city": _plain("city", CITEXT, nullable=True)}
    links = {name: _plain(name, nullable=True) for name in ("owner_id", "up_id")}
    tag = {"id": _plain("id"), "word": _plain("word", STRING), "weight": Column("weight", TYPES["price"])}
    note = {"thing_id": _plain("thing_id"), "number": _plain("number"), "said": _plain("said", TEXT, nullable=True)}
    seen = Column("seen", DATETIME, True, storage="iso6z")
    tags = Relation(
        "tags", "to_many", "tag", (), Through(Table("mark"), "mark", (("id", "thing_id"),), (("tag_id", "id"),))
    )
    back = Relation(
        "things", "to_many", "thing", (), Through(Table("mark"), "mark", (("id", "tag_id"),), (("thing_id", "id"),))
    )
    thing = {"id": _plain("id"), **links, **_columns(nullable=True)}
    made = (
        _resource("owner", owner, ("id",), things=_to_many("things", "thing", "owner_id")),
        _resource(
            "thing",
            thing,
            ("id",),
            owner=_to_one("owner", "owner", "owner_id"),
            up=_to_one("up", "thing", "up_id"),
            downs=_to_many("downs", "thing", "up_id"),
            notes=_to_many("notes", "note", "thing_id"),
            tags=tags,
            **_with_constants(tags),
        ),
        _resource("solid", {"id": _plain("id"), **_columns(nullable=False)}, ("id",)),
        _resource("tag", tag, ("id",), things=back),
        _resource("mark", {"thing_id": _plain("thing_id"), "tag_id": _plain("tag_id")}, ("thing_id", "tag_id")),
        _resource("note", note | {"seen": seen}, ("thing_id", "number"), thing=_to_one("thing", "thing", "thing_id")),
    )
    return Catalog(MappingProxyType({resource.name: resource for resource in made}))


CATALOG = _catalog()
